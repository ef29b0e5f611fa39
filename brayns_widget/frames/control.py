"""Messages between the kernel and its frame process: calls to hosts, and what hosts tell. No I/O.

A message is a list in JSON: the host's number, a name, and arguments. One with a picture is packed (see ``messages``).
Tokens among the arguments stay hidden at both ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brayns_widget.connection.tokens import Token
from brayns_widget.controller.camera import Camera
from brayns_widget.frames.host import Host
from brayns_widget.frames.messages import STEERING, PictureMessage, Steering, fields, pack, read_as, unpack
from brayns_widget.protocol.errors import BraynsWidgetError
from brayns_widget.stream import Picture

PATH = "/control"
"""Path of the kernel's socket."""

Message = tuple[int, str, list[Any]]

_HIDDEN = "\0token"  # the only key of an object that stands for a token

# ---------------------------------------------------------------------- calls to a host

CALLS: Mapping[str, Callable[..., None]] = {
    "add_view": Host.add_view,
    "remove_view": Host.remove_view,
    "resize": Host.resize,
    "set_visible": Host.set_visible,
    "receive": lambda host, kind, content: host.receive(read_as(STEERING[kind], content)),
    "set_camera": lambda host, camera, moving, number: host.set_camera(Camera.from_dict(camera), moving, number),
    "set_ao_samples": Host.set_ao_samples,
    "set_paths": Host.set_paths,
    "invalidate": Host.invalidate,
    "shift": Host.shift,
    "set_busy": Host.set_busy,
}
"""The calls that need nothing but the host, by name."""


def steering_arguments(message: Steering) -> list[Any]:
    """Return the arguments of the call "receive"."""
    from pydantic_core import to_jsonable_python

    kind = next(kind for kind, made in STEERING.items() if isinstance(message, made))
    return [kind, to_jsonable_python(message)]


def encode(host: int, name: str, arguments: list[Any]) -> str:
    """Encode a message without a picture.

    Raises:
        TypeError: an argument is neither JSON nor a ``Token``.
        AuthError, TokenUnavailable: see ``Token.reveal``.
    """
    return json.dumps([host, name, arguments], separators=(",", ":"), default=_reveal)


def decode(raw: str | bytes) -> tuple[Message, memoryview]:
    """Decode a message; without a picture, the bytes are empty."""
    said, data = (json.loads(raw, object_hook=_hide), memoryview(b"")) if isinstance(raw, str) else unpack(raw)
    host, name, arguments = said
    return (host, name, arguments), data


def _reveal(value: object) -> dict[str, str]:
    if not isinstance(value, Token):
        raise TypeError(f"{type(value).__name__} is no JSON")
    return {_HIDDEN: value.reveal()}


def _hide(value: dict[str, Any]) -> Any:
    return Token(value[_HIDDEN], optional=True) if _HIDDEN in value else value


# ---------------------------------------------------------------------- what a host tells


class Told:
    """Encoder of what one host tells; see ``HostEvents``.

    Args:
        host: its number.
        send: takes the messages.
    """

    def __init__(self, host: int, send: Callable[[str | bytes], None]) -> None:
        self._host = host
        self._send = send

    def frame(self, message: PictureMessage, data: memoryview) -> None:
        """Send a frame, or what it shows, to a view on the comm."""
        self._send(pack([self._host, "frame", [fields(message)]], data))

    def camera(self, camera: Camera, moving: bool, number: int) -> None:
        """Tell the camera that is seen now."""
        self._say("camera", camera.to_dict(), moving, number)

    def rested(self, picture: Picture, views: Sequence[str]) -> None:
        """Tell the finished picture of a scene at rest, and the views that it was made for."""
        described = {name: getattr(picture, name) for name in picture.__slots__ if name != "data"}
        self._send(pack([self._host, "rested", [described, views]], picture.data))

    def plugged(self, view: str, plugged: bool) -> None:
        """Tell that a view has a socket, or has it no more."""
        self._say("plugged", view, plugged)

    def late(self, late: bool) -> None:
        """Tell whether what is wanted has not been drawn for a while."""
        self._say("late", late)

    def failed(self, message: str, hint: str) -> None:
        """Tell that no picture can be had, or, without a message, that pictures come again."""
        self._say("failed", message, hint)

    def unreachable(self, error: BraynsWidgetError) -> None:
        """Tell that the renderer takes no link of this process."""
        self._say("unreachable", error.message, error.hint)

    def answer(self, number: int, value: Any) -> None:
        """Answer the question ``number``."""
        self._say("answer", number, value)

    def _say(self, name: str, *arguments: Any) -> None:
        self._send(encode(self._host, name, list(arguments)))
