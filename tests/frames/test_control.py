"""The kernel's language with its frame process: what one end encodes does the same at the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from brayns_widget.connection.tokens import Token
from brayns_widget.controller.camera import Camera
from brayns_widget.frames import control
from brayns_widget.frames.messages import Ack, AckMessage, CameraMessage, FrameMessage, IdsMessage, pack, read_fields
from brayns_widget.protocol.errors import AuthError
from brayns_widget.stream import Picture

CAMERA = Camera.orthographic((1, 2, 9), (0, 0, 0), height=12)
PICTURE = Picture(4, memoryview(b"jpeg"), 8, 6, 3, 16, moving=False, cameras={"v": 2})


class Host:
    """Keeps the calls that it gets."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))


def _through(name: str, arguments: list[Any]) -> tuple[str, list[Any]]:
    (number, name, arguments), data = control.decode(control.encode(7, name, arguments))
    assert number == 7
    assert bytes(data) == b""
    return name, arguments


@pytest.mark.parametrize("name", ["receive", "set_camera"])
def test_cameras_arrive_as_they_were(name: str) -> None:
    host = Host()
    if name == "receive":
        message = CameraMessage("v", 3, CAMERA, True, (Ack(1, True, 2.5),))
        _, arguments = _through(name, control.steering_arguments(message))
        control.CALLS[name](host, *arguments)
        assert host.calls == [("receive", message)]
    else:
        _, arguments = _through(name, [CAMERA.to_dict(), True, 5])
        control.CALLS[name](host, *arguments)
        assert host.calls == [("set_camera", CAMERA, True, 5)]


def test_acknowledgements_arrive_as_they_were() -> None:
    host, message = Host(), AckMessage("v", (Ack(1, True, 2.5), Ack(2, False, 0)))
    control.CALLS["receive"](host, *_through("receive", control.steering_arguments(message))[1])
    assert host.calls == [("receive", message)]


@pytest.mark.parametrize("change", [{"number": "x"}, {"camera": {"position": 3}}])
def test_a_malformed_message_of_a_page_is_an_error(change: dict[str, Any]) -> None:
    kind, content = control.steering_arguments(CameraMessage("v", 3, CAMERA, True))
    with pytest.raises(ValueError, match="CameraMessage"):
        control.CALLS["receive"](Host(), kind, content | change)


@pytest.mark.parametrize("token", ["of-somebody", ""])
def test_tokens_arrive_hidden(token: str) -> None:
    _, (target,) = _through("connect", [{"url": "ws://h", "token": Token(token, optional=True)}])
    assert target["token"].reveal() == token
    assert repr(target) == "{'url': 'ws://h', 'token': Token(…)}"


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="set is no JSON"):
        control.encode(7, "resize", [{1}])


def _told(tell: Any) -> tuple[str, list[Any], bytes]:
    said: list[str | bytes] = []
    tell(control.Told(7, said.append))
    (raw,) = said
    (number, name, arguments), data = control.decode(raw)
    assert number == 7
    return name, arguments, bytes(data)


def test_a_frame_is_told_with_its_picture() -> None:
    message = FrameMessage("v", 1, 2, 8, 6, 3, 16, False, "image/jpeg")
    name, arguments, data = _told(lambda told: told.frame(message, memoryview(b"jpeg")))
    assert name == "frame"
    assert read_fields(arguments[0]) == message
    assert data == b"jpeg"


def test_what_a_frame_shows_is_told_with_its_buffer() -> None:
    message = IdsMessage("v", 1, 8, 6, 2, ["soma", "axon"])
    name, arguments, data = _told(lambda told: told.frame(message, memoryview(b"packed")))
    assert name == "frame"
    assert read_fields(arguments[0]) == message
    assert data == b"packed"


def test_a_picture_at_rest_is_told() -> None:
    name, arguments, data = _told(lambda told: told.rested(PICTURE, ["a", "b"]))
    assert name == "rested"
    described, views = arguments
    assert Picture(data=memoryview(data), **described) == PICTURE
    assert views == ["a", "b"]


def test_a_camera_is_told() -> None:
    name, arguments, _ = _told(lambda told: told.camera(CAMERA, True, 3))
    assert (name, Camera.from_dict(arguments[0]), *arguments[1:]) == ("camera", CAMERA, True, 3)


def test_statistics_are_told() -> None:
    assert _told(lambda told: told.answer(2, {"size": (8, 6)})) == ("answer", [2, {"size": [8, 6]}], b"")


def test_errors_are_told_in_their_words() -> None:
    assert _told(lambda told: told.failed("Out of memory", "")) == ("failed", ["Out of memory", ""], b"")
    refusal = AuthError("It refuses the token.", hint="Take another.")
    name, arguments, _ = _told(lambda told: told.unreachable(refusal))
    assert (name, arguments) == ("unreachable", ["It refuses the token.", "Take another."])


@pytest.mark.parametrize(
    "raw", ["", "3", "[]", "[1]", '[1, "a"]', '[1, "a", [], 4]', b"", b"\x02\x00\x00\x00", pack(3, b"")]
)
def test_a_malformed_message_is_an_error(raw: str | bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        control.decode(raw)


def test_all_calls_are_methods_of_a_host() -> None:
    from brayns_widget.frames.host import Host as Real

    assert all(callable(getattr(Real, name)) for name in control.CALLS)
    assert json.loads(control.encode(1, "set_busy", [True])) == [1, "set_busy", [True]]
