"""Messages between a page's view and its frame stream, over the comm or over the page's own socket.

``notebook.contract`` generates the front end's types from them. Every message of the comm has its ``view``, an id made
by the page; on a socket there is one view only.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from annotated_types import MaxLen, Predicate

from brayns_widget.controller.camera import Camera
from brayns_widget.stream import Frame, FrameIds

CANVAS_MIN, CANVAS_MAX = 16, 4096
"""Minimum and maximum side of a canvas, in CSS pixels; a larger one is a runaway layout."""

DECODE_MS_MAX = 10_000.0
"""Longest time, in ms, that a page may say it took to show a picture; its clock may have jumped."""

Finite = Annotated[float, Predicate(math.isfinite)]
_ACKS_MAX = 64

# ---------------------------------------------------------------------- page to stream


@dataclass(frozen=True, slots=True)
class Ack:
    """Frame ``seq`` was drawn (``shown``), or dropped for a newer one; ``decode_ms`` is from when it came until then.

    On a socket it is acknowledged when it comes, with the time of the frame before.
    """

    seq: int
    shown: bool
    decode_ms: Finite

    def __post_init__(self) -> None:
        # A wrong time would only distort the page's own quality; the acknowledgement counts all the same.
        object.__setattr__(self, "decode_ms", min(max(self.decode_ms, 0.0), DECODE_MS_MAX))


@dataclass(frozen=True, slots=True)
class CameraMessage:
    """The newest camera, the view's ``number``-th, and acknowledgements; ``moving`` false ends a gesture."""

    view: str
    number: int
    camera: Camera
    moving: bool
    acks: Annotated[tuple[Ack, ...], MaxLen(_ACKS_MAX)] = ()


@dataclass(frozen=True, slots=True)
class AckMessage:
    """Acknowledgements, while there is no newer camera."""

    view: str
    acks: Annotated[tuple[Ack, ...], MaxLen(_ACKS_MAX)]


Steering: TypeAlias = CameraMessage | AckMessage

# ---------------------------------------------------------------------- stream to page


@dataclass(frozen=True, slots=True)
class FrameMessage:
    """An encoded picture, which comes with the message.

    ``width`` and ``height`` are in its own pixels; ``camera`` is the number of the view's newest camera that it shows.
    """

    view: str
    seq: int
    camera: int
    width: int
    height: int
    accumulation: int
    max_accumulation: int
    moving: bool
    mime: str

    @classmethod
    def of(cls, frame: Frame) -> FrameMessage:
        """Describe a frame."""
        picture = frame.picture
        return cls(
            view=frame.view,
            seq=frame.seq,
            camera=picture.cameras.get(frame.view, 0),
            width=picture.width,
            height=picture.height,
            accumulation=picture.accumulation,
            max_accumulation=picture.max_accumulation,
            moving=picture.moving,
            mime=picture.mime,
        )


@dataclass(frozen=True, slots=True)
class IdsMessage:
    """What each pixel of the frame ``seq`` shows: a compressed buffer, which comes with the message.

    It is the payload of the renderer's ``render-ids`` for a picture of ``width`` by ``height`` with ``count`` entries,
    which refer to ``section_types``.
    """

    view: str
    seq: int
    width: int
    height: int
    count: int
    section_types: Sequence[str]

    @classmethod
    def of(cls, sent: FrameIds) -> IdsMessage:
        """Describe the ids of a view's frame."""
        ids = sent.ids
        return cls(sent.view, sent.seq, ids.width, ids.height, ids.count, tuple(ids.section_types))


PictureMessage: TypeAlias = FrameMessage | IdsMessage
PICTURES: Mapping[str, type[PictureMessage]] = {"frame": FrameMessage, "ids": IdsMessage}
"""Kinds of messages that bytes come with."""


def fields(message: PictureMessage) -> dict[str, Any]:
    """Return a description as JSON, with its kind."""
    kind = next(kind for kind, made in PICTURES.items() if isinstance(message, made))
    return {"kind": kind, **{name: getattr(message, name) for name in message.__slots__}}


def read_fields(said: Mapping[str, Any]) -> PictureMessage:
    """Make a description of what ``fields`` has returned."""
    content = dict(said)
    return PICTURES[content.pop("kind")](**content)


# ---------------------------------------------------------------------- on a socket

STEERING: Mapping[str, type[Steering]] = {"camera": CameraMessage, "ack": AckMessage}
"""Kinds of messages that a socket carries after its ticket."""

_LENGTH = struct.Struct("<I")


def read_steering(raw: str | bytes, view: str) -> Steering:
    """Decode a message of a view's socket.

    Raises:
        ValueError: it is malformed.
    """
    content = json.loads(raw)
    kind = content.pop("kind", None) if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in STEERING:
        raise ValueError(f"there is no message of the kind {kind!r:.80} on a socket")
    message: Steering = read_as(STEERING[kind], {**content, "view": view})
    return message


def read_as(kind: type[Any], content: Mapping[str, Any]) -> Any:
    """Make a message of JSON.

    Raises:
        ValueError: a field is missing or wrong.
    """
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind].validate_python(dict(content), strict=False)


_ADAPTERS: dict[type[Any], Any] = {}


def pack(header: Any, payload: memoryview | bytes) -> bytes:
    """Join a JSON value and bytes to one message: the JSON's length as 32 bits, little endian, the JSON, the bytes."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join((_LENGTH.pack(len(text)), text, payload))


def unpack(message: bytes) -> tuple[Any, memoryview]:
    """Take a message apart that ``pack`` has made.

    Raises:
        ValueError: it is none.
    """
    view = memoryview(message)
    if len(view) < _LENGTH.size:
        raise ValueError("the message is too short for its length")
    end = _LENGTH.size + _LENGTH.unpack_from(view)[0]
    if end > len(view):
        raise ValueError("the message is shorter than it says")
    return json.loads(bytes(view[_LENGTH.size : end])), view[end:]
