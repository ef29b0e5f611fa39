from __future__ import annotations

import json

import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.notebook.messages import (
    AckMessage,
    CallMessage,
    CameraMessage,
    ErrorData,
    FrameMessage,
    GoneMessage,
    ReadyMessage,
    ReplyMessage,
    ResizeMessage,
    VisibleMessage,
    WelcomeMessage,
    kernel_message,
    read_page_message,
)

SIZE = {"width": 300, "height": 200.5, "dpr": 2}


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("ready", SIZE, ReadyMessage("v", 300.0, 200.5, 2.0)),
        ("resize", SIZE, ResizeMessage("v", 300.0, 200.5, 2.0)),
        ("visible", {"visible": False}, VisibleMessage("v", visible=False)),
        ("camera", {"camera": Camera().to_dict(), "moving": True}, CameraMessage("v", Camera(), moving=True)),
        ("ack", {"seq": 3, "shown": True, "decode_ms": 1.5}, AckMessage("v", 3, shown=True, decode_ms=1.5)),
        ("gone", {}, GoneMessage("v")),
        ("call", {"id": 1, "method": "a.b", "params": {"c": None}}, CallMessage("v", 1, "a.b", {"c": None})),
    ],
)
def test_messages_of_a_page_are_read(kind, fields, message):
    assert read_page_message({"kind": kind, "view": "v", **fields}) == message


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"kind": "explode", "view": "v"},
        {"kind": ["ready"], "view": "v"},
        {"kind": "gone"},
        {"kind": "gone", "view": ""},
        {"kind": "gone", "view": "v" * 65},
        {"kind": "ready", "view": "v", "width": float("nan"), "height": 1, "dpr": 1},
        {"kind": "ready", "view": "v", "width": float("inf"), "height": 1, "dpr": 1},
        {"kind": "camera", "view": "v", "camera": {"position": [0, 0, 0], "target": [0, 0, 0]}, "moving": True},
        {"kind": "ack", "view": "v", "seq": "one", "shown": True, "decode_ms": 1},
        {"kind": "call", "view": "v", "id": 1, "method": "a.b", "params": [1]},
    ],
)
def test_what_is_no_message_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own words, or ours
        read_page_message(content)


@pytest.mark.parametrize(
    ("message", "content"),
    [
        (WelcomeMessage("v", 2), {"kind": "welcome", "view": "v", "window": 2}),
        (ReplyMessage("v", 1), {"kind": "reply", "view": "v", "id": 1, "result": None}),
        (ReplyMessage("v", 1, result=[1]), {"kind": "reply", "view": "v", "id": 1, "result": [1]}),
        (
            ReplyMessage("v", 1, error=ErrorData("E", "no", "try")),
            {"kind": "reply", "view": "v", "id": 1, "error": {"type": "E", "message": "no", "hint": "try"}},
        ),
        (
            FrameMessage("v", 7, 4, 3, 1, 16, moving=True, mime="image/jpeg"),
            {
                "kind": "frame",
                "view": "v",
                "seq": 7,
                "width": 4,
                "height": 3,
                "accumulation": 1,
                "max_accumulation": 16,
                "moving": True,
                "mime": "image/jpeg",
            },
        ),
    ],
)
def test_messages_of_the_kernel_are_written_as_json(message, content):
    assert kernel_message(message) == content
    json.dumps(kernel_message(message), allow_nan=False)
