from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.controller.camera import Camera
from brayns_widget.frames.messages import (
    DECODE_MS_MAX,
    Ack,
    AckMessage,
    CameraMessage,
    FrameMessage,
    IdsMessage,
    pack,
    read_steering,
    unpack,
)
from brayns_widget.stream import Frame, FrameIds, Ids, Picture

ACK = {"seq": 3, "shown": True, "decode_ms": 1.5}
CAMERA = {"kind": "camera", "number": 2, "camera": Camera((1, 2, 9)).to_dict(), "moving": True, "acks": [ACK]}
LEAF = st.none() | st.booleans() | st.integers() | st.text()
JSON = LEAF | st.lists(LEAF | st.lists(LEAF, max_size=3), max_size=3)


@given(JSON, st.binary())
def test_what_is_packed_is_unpacked(header: Any, payload: bytes) -> None:
    read, data = unpack(pack(header, payload))
    assert read == header
    assert bytes(data) == payload


def test_a_packed_message_as_a_page_reads_it() -> None:
    message = pack({"seq": 1}, memoryview(b"jpeg"))
    assert message == b'\x09\x00\x00\x00{"seq":1}jpeg'


@pytest.mark.parametrize(("said", "taken"), [(-5, 0), (1e300, DECODE_MS_MAX), (7.5, 7.5)])
def test_a_time_that_cannot_be_is_taken_for_the_nearest_that_can(said, taken):
    message = read_steering(json.dumps({"kind": "ack", "acks": [ACK | {"decode_ms": said}]}), "v")
    assert message.acks == (Ack(3, True, taken),)
    assert message.acks[0].decode_ms == taken


@pytest.mark.parametrize("length", [0, 3, 4, 12])
def test_a_truncated_message_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"too short|shorter"):
        unpack(pack({"seq": 1}, b"")[:length])


def test_a_header_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        unpack(b"\x02\x00\x00\x00{{")


def test_a_camera_with_acknowledgements() -> None:
    message = read_steering(json.dumps(CAMERA), "v")
    assert message == CameraMessage("v", 2, Camera((1, 2, 9)), True, (Ack(3, True, 1.5),))


def test_acknowledgements_alone() -> None:
    assert read_steering(json.dumps({"kind": "ack", "acks": [ACK]}).encode(), "v") == AckMessage(
        "v", (Ack(3, True, 1.5),)
    )


def test_a_socket_speaks_for_its_own_view_only() -> None:
    assert read_steering(json.dumps(CAMERA | {"view": "another"}), "v").view == "v"


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        [],
        "camera",
        {},
        {"kind": None},
        {"kind": ["camera"]},
        {"kind": "gone"},
        {"kind": "ready", "width": 1, "height": 1, "dpr": 1, "origin": "", "loopback": False},
        {"kind": "ticket", "ticket": "x"},
    ],
)
def test_other_kinds_of_messages_are_refused(content: Any) -> None:
    with pytest.raises(ValueError, match="no message of the kind"):
        read_steering(json.dumps(content), "v")


@pytest.mark.parametrize(
    "change",
    [
        {"camera": None},
        {"camera": {"position": "x"}},
        {"camera": CAMERA["camera"] | {"position": [float("nan"), 0, 0]}},  # type: ignore[operator]
        {"camera": CAMERA["camera"] | {"position": [0, 0, 0], "target": [0, 0, 0]}},  # type: ignore[operator]
        {"number": "many"},
        {"moving": None},
        {"acks": 3},
        {"acks": [ACK | {"seq": None}]},
        {"acks": [ACK | {"seq": float("inf")}]},
        {"acks": [ACK | {"decode_ms": float("inf")}]},
        {"acks": [ACK] * 65},
    ],
)
def test_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"CameraMessage\n{next(iter(change))}"):
        read_steering(json.dumps(CAMERA | change), "v")


@pytest.mark.parametrize("raw", ["", "{", b"\xff\xfe\xff"])
def test_what_is_no_json_is_refused(raw: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"Expecting|decode"):
        read_steering(raw, "v")


def test_a_frame_is_described_for_its_view() -> None:
    picture = Picture(9, memoryview(b"jpeg"), 400, 300, 2, 16, moving=False, cameras={"v": 7, "w": 1})
    assert FrameMessage.of(Frame(5, "v", picture)) == FrameMessage("v", 5, 7, 400, 300, 2, 16, False, "image/jpeg")
    assert FrameMessage.of(Frame(5, "new", picture)).camera == 0


def test_ids_are_described_for_their_frame() -> None:
    ids = Ids(9, memoryview(b"packed"), 400, 300, 2, ["soma", "axon"])
    assert IdsMessage.of(FrameIds(5, "v", ids)) == IdsMessage("v", 5, 400, 300, 2, ("soma", "axon"))
