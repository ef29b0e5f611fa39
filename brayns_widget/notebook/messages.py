"""Types of the custom messages between the kernel and a page.

``contract`` generates the front end's types from them. Every message has its ``view``, an id made by the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from annotated_types import Predicate

from brayns_widget.controller.camera import Camera
from brayns_widget.notebook.stills import Output

MAX_NAME = 64
"""Maximum length of a view's name."""

CANVAS_MIN, CANVAS_MAX = 16, 4096
"""Minimum and maximum side of a canvas, in CSS pixels; a larger one is a runaway layout."""

Finite = Annotated[float, Predicate(math.isfinite)]

# ---------------------------------------------------------------------- page to kernel


@dataclass(frozen=True, slots=True)
class ReadyMessage:
    """A view is on the page; it gets the newest frame. Sizes are in CSS pixels of ``dpr`` device pixels each."""

    view: str
    width: Finite
    height: Finite
    dpr: Finite


@dataclass(frozen=True, slots=True)
class ResizeMessage:
    """The view's canvas has another size."""

    view: str
    width: Finite
    height: Finite
    dpr: Finite


@dataclass(frozen=True, slots=True)
class VisibleMessage:
    """The view scrolled in or out; while it is hidden it gets no frames."""

    view: str
    visible: bool


@dataclass(frozen=True, slots=True)
class CameraMessage:
    """The newest camera; ``moving`` false ends a gesture."""

    view: str
    camera: Camera
    moving: bool


@dataclass(frozen=True, slots=True)
class AckMessage:
    """Frame ``seq`` was drawn (``shown``), or dropped for a newer one."""

    view: str
    seq: int
    shown: bool
    decode_ms: Finite


@dataclass(frozen=True, slots=True)
class GoneMessage:
    """The view was removed."""

    view: str


@dataclass(frozen=True, slots=True)
class CallMessage:
    """A call of a capability that is offered to pages; a ``ReplyMessage`` answers it."""

    view: str
    id: int
    method: str
    params: Mapping[str, Any]


PageMessage: TypeAlias = (
    ReadyMessage | ResizeMessage | VisibleMessage | CameraMessage | AckMessage | GoneMessage | CallMessage
)
PAGE_MESSAGES: Mapping[str, type[PageMessage]] = {
    "ready": ReadyMessage,
    "resize": ResizeMessage,
    "visible": VisibleMessage,
    "camera": CameraMessage,
    "ack": AckMessage,
    "gone": GoneMessage,
    "call": CallMessage,
}

# ---------------------------------------------------------------------- kernel to page


@dataclass(frozen=True, slots=True)
class WelcomeMessage:
    """The answer to ``ReadyMessage``: ``window`` frames may be unacknowledged."""

    view: str
    window: int


@dataclass(frozen=True, slots=True)
class FrameMessage:
    """An encoded picture in the message's buffer; ``width`` and ``height`` are in its own pixels."""

    view: str
    seq: int
    width: int
    height: int
    accumulation: int
    max_accumulation: int
    moving: bool
    mime: str


@dataclass(frozen=True, slots=True)
class ErrorData:
    """An error for a page."""

    type: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class ReplyMessage:
    """The answer to a ``CallMessage``: its result, or the error that it ended with."""

    view: str
    id: int
    result: Any = None
    error: ErrorData | None = None


@dataclass(frozen=True, slots=True)
class StillMessage:
    """Outputs for each page's notebook, to stand after the output that shows the widget ``model``."""

    view: str
    model: str
    outputs: Sequence[Output]


KernelMessage: TypeAlias = WelcomeMessage | FrameMessage | ReplyMessage | StillMessage
KERNEL_MESSAGES: Mapping[str, type[KernelMessage]] = {
    "welcome": WelcomeMessage,
    "frame": FrameMessage,
    "reply": ReplyMessage,
    "still": StillMessage,
}


def read_page_message(content: Any) -> PageMessage:
    """Decode a custom message of a page.

    Raises:
        ValueError: the message is malformed.
    """
    from pydantic import TypeAdapter

    kind = content.get("kind") if isinstance(content, Mapping) else None
    if not isinstance(kind, str) or kind not in PAGE_MESSAGES:
        raise ValueError(f"there is no message of the kind {kind!r:.80}")
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(PAGE_MESSAGES[kind])
    message: PageMessage = _ADAPTERS[kind].validate_python(dict(content), strict=False)
    if not 0 < len(message.view) <= MAX_NAME:
        raise ValueError(f"{message.view!r:.80} is not a name of a view")
    return message


_ADAPTERS: dict[str, Any] = {}


def kernel_message(message: KernelMessage) -> dict[str, Any]:
    """Encode a custom message for a page as JSON."""
    kind = next(kind for kind, made in KERNEL_MESSAGES.items() if isinstance(message, made))
    fields = {name: getattr(message, name) for name in message.__slots__}
    if isinstance(message, ReplyMessage):
        # A result may be null, so the page checks for an error.
        del fields["error" if message.error is None else "result"]
        if message.error is not None:
            fields["error"] = {name: getattr(message.error, name) for name in ErrorData.__slots__}
    if isinstance(message, StillMessage):
        fields["outputs"] = [{"data": dict(one.data), "metadata": dict(one.metadata)} for one in message.outputs]
    return {"kind": kind, **fields}
