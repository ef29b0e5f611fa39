from __future__ import annotations

import json
from typing import Any

import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.frames.messages import Ack, AckMessage, CameraMessage, FrameMessage, IdsMessage
from brayns_widget.notebook.messages import (
    KERNEL_MESSAGES,
    PAGE_MESSAGES,
    CallMessage,
    ErrorData,
    GoneMessage,
    LateMessage,
    MakerMessage,
    NoSocketMessage,
    PingMessage,
    PongMessage,
    ReadyMessage,
    ReplyMessage,
    ResizeMessage,
    SocketMessage,
    VisibleMessage,
    WelcomeMessage,
    hide_token,
    kernel_message,
    read_page_message,
)

SIZE = {"width": 300, "height": 200.5, "dpr": 2}
HUB = "https://hub.example:8000"
ACK = {"seq": 3, "shown": True, "decode_ms": 1.5}
STEERED = {"number": 4, "camera": Camera().to_dict(), "moving": True}


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("ready", SIZE | {"origin": HUB, "loopback": True}, ReadyMessage("v", 300.0, 200.5, 2.0, HUB, loopback=True)),
        ("ready", SIZE | {"origin": "", "loopback": False}, ReadyMessage("v", 300.0, 200.5, 2.0, "", loopback=False)),
        ("resize", SIZE, ResizeMessage("v", 300.0, 200.5, 2.0)),
        ("visible", {"visible": False}, VisibleMessage("v", visible=False)),
        ("camera", STEERED, CameraMessage("v", 4, Camera(), moving=True)),
        ("camera", STEERED | {"acks": [ACK]}, CameraMessage("v", 4, Camera(), True, (Ack(3, True, 1.5),))),
        ("ack", {"acks": [ACK]}, AckMessage("v", (Ack(3, True, 1.5),))),
        ("no-socket", {"reason": "It was refused."}, NoSocketMessage("v", "It was refused.")),
        ("ping", {}, PingMessage("v")),
        ("gone", {}, GoneMessage("v")),
        ("call", {"id": 1, "method": "a.b", "params": {"c": None}}, CallMessage("v", 1, "a.b", {"c": None})),
    ],
)
def test_messages_of_a_page_are_read(kind, fields, message):
    assert read_page_message({"kind": kind, "view": "v", **fields}) == message
    assert PAGE_MESSAGES[kind] is type(message)


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
        {"kind": "ready", "view": "v", "width": float("nan"), "height": 1, "dpr": 1, "origin": "", "loopback": False},
        {"kind": "ready", "view": "v", "width": float("inf"), "height": 1, "dpr": 1, "origin": "", "loopback": False},
        {"kind": "ready", "view": "v", "width": 1, "height": 1, "dpr": 1},
        {"kind": "ready", "view": "v", "width": 1, "height": 1, "dpr": 1, "origin": "x" * 513, "loopback": False},
        {"kind": "camera", "view": "v", **STEERED, "camera": {"position": [0, 0, 0], "target": [0, 0, 0]}},
        {"kind": "camera", "view": "v", "camera": STEERED["camera"], "moving": True},
        {"kind": "camera", "view": "v" * 65, **STEERED},
        {"kind": "ack", "view": "v", "acks": [ACK | {"seq": "one"}]},
        {"kind": "ack", "view": "v", "acks": [ACK | {"seq": float("inf")}]},
        {"kind": "ack", "view": "v", "acks": [ACK] * 65},
        {"kind": "ack", "view": "v", **ACK},
        {"kind": "no-socket", "view": "v", "reason": "x" * 513},
        {"kind": "call", "view": "v", "id": 1, "method": "a.b", "params": [1]},
    ],
)
def test_what_is_no_message_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own words, or ours
        read_page_message(content)


@pytest.mark.parametrize(
    ("message", "content"),
    [
        (WelcomeMessage("v", binder=False), {"kind": "welcome", "view": "v", "binder": False}),
        (SocketMessage("v", 4711, "t"), {"kind": "socket", "view": "v", "port": 4711, "ticket": "t"}),
        (LateMessage("v", late=True), {"kind": "late", "view": "v", "late": True}),
        (MakerMessage("v", silent=True), {"kind": "maker", "view": "v", "silent": True}),
        (PongMessage("v"), {"kind": "pong", "view": "v"}),
        (ReplyMessage("v", 1), {"kind": "reply", "view": "v", "id": 1, "result": None}),
        (ReplyMessage("v", 1, result=[1]), {"kind": "reply", "view": "v", "id": 1, "result": [1]}),
        (
            ReplyMessage("v", 1, error=ErrorData("E", "no", "try", "/x")),
            {
                "kind": "reply",
                "view": "v",
                "id": 1,
                "error": {"type": "E", "message": "no", "hint": "try", "place": "/x"},
            },
        ),
        (
            FrameMessage("v", 7, 2, 4, 3, 1, 16, moving=True, mime="image/jpeg"),
            {
                "kind": "frame",
                "view": "v",
                "seq": 7,
                "camera": 2,
                "width": 4,
                "height": 3,
                "accumulation": 1,
                "max_accumulation": 16,
                "moving": True,
                "mime": "image/jpeg",
            },
        ),
        (
            IdsMessage("v", 7, 4, 3, 2, ["soma"]),
            {"kind": "ids", "view": "v", "seq": 7, "width": 4, "height": 3, "count": 2, "section_types": ["soma"]},
        ),
    ],
)
def test_messages_of_the_kernel_are_written_as_json(message, content):
    assert kernel_message(message) == content
    assert KERNEL_MESSAGES[content["kind"]] is type(message)
    json.dumps(kernel_message(message), allow_nan=False)


def test_a_ticket_does_not_show_in_a_repr():
    assert "t-1234" not in repr(SocketMessage("v", 4711, "t-1234"))


def test_a_typed_token_is_hidden_before_anything_can_show_it():
    content: dict[str, Any] = {
        "kind": "call",
        "view": "v",
        "id": 1,
        "method": "job.connect",
        "params": {"token": "canary-77"},
    }
    hide_token(content)
    assert "canary-77" not in repr(content) + repr(read_page_message(content))
    assert content["params"]["token"].reveal() == "canary-77"


@pytest.mark.parametrize(
    "content", [None, {}, {"params": None}, {"params": {"token": None}}, {"params": {"token": {}}}]
)
def test_where_there_is_none_nothing_is_hidden(content):
    before = repr(content)
    hide_token(content)
    assert repr(content) == before
