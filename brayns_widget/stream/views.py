"""Views of the stream: the sinks of frames, and the windows that limit frames in flight."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from brayns_widget.stream.ids import FrameIds
from brayns_widget.stream.quality import StreamSettings

_FORGET = 60.0  # s; an older acknowledgement says nothing about the present connection


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture as the renderer sent it.

    Attributes:
        number: serial number in its stream.
        data: the encoded picture, untouched.
        width: width of the picture in pixels, which may differ from the canvas'.
        height: height of the picture in pixels.
        accumulation: render passes in it.
        max_accumulation: render passes in the last picture of this scene.
        moving: whether it is a quick picture of a moving camera.
        cameras: by view, the number of its newest camera that the picture shows.
        mime: media type of ``data``.
    """

    number: int
    data: memoryview
    width: int
    height: int
    accumulation: int
    max_accumulation: int
    moving: bool
    cameras: Mapping[str, int]
    mime: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture in flight to one view, which acknowledges ``seq``."""

    seq: int
    view: str
    picture: Picture


class FrameSink(Protocol):
    """Transport of frames to one view.

    Attributes:
        window: frames that may be unacknowledged. Measured: 2 doubles the comm's frame rate; on a socket a second one
            only waits. 0 sends nothing.
    """

    window: int

    def send(self, frame: Frame) -> None:
        """Send ``frame`` without waiting. An exception counts as a lost frame."""

    def send_ids(self, ids: FrameIds) -> None:
        """Send what the frame sent last shows, without waiting; nobody acknowledges it. An exception counts as lost."""


class View:
    """A canvas on a page: its size, its visibility, and its credits.

    Args:
        name: the page's name of the view.
        sink: where its frames go.
        width: width of the canvas in device pixels.
        height: height of the canvas in device pixels.
        settings: times after which its credits return, and after which it is silent.
    """

    def __init__(self, name: str, sink: FrameSink, width: float, height: float, settings: StreamSettings) -> None:
        self.name = name
        self.sink = sink
        self.width = width
        self.height = height
        self.visible = True
        self.broken = False  # its sink failed last time
        self.camera = 0  # number of its newest camera
        self.picture = 0  # number of the newest picture sent
        self.ids = 0  # number of the picture whose ids were sent
        self.seq = 0  # of the newest frame
        self.rtt: float | None = None
        self.decode_ms: float | None = None
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._sent: dict[int, float] = {}  # seq → when, unacknowledged, oldest first
        self._asked: float | None = None  # when the first frame was sent after the last sign of life

    @property
    def timeout(self) -> float:
        """Age in seconds at which an unacknowledged frame's credit returns."""
        return max(self._settings.credit_timeout, 4 * (self.rtt or 0.0))

    def has_credit(self, now: float) -> bool:
        """Whether another frame may be sent."""
        return self.credit_at(now) is None

    def credit_at(self, now: float) -> float | None:
        """Time at which the next credit returns by itself, or None if there is one now."""
        if self.sink.window == 0:
            return math.inf
        returns = [sent + self.timeout for sent in self._sent.values()]
        pending = [moment for moment in returns if now < moment]
        return None if len(pending) < self.sink.window else pending[-self.sink.window]

    def sent(self, seq: int, picture: int, now: float) -> None:
        """Record that frame ``seq`` was sent with picture number ``picture``."""
        self._sent = {number: when for number, when in self._sent.items() if now - when < _FORGET}
        self._sent[seq] = now
        if self._asked is None:
            self._asked = now
        self.picture, self.seq = picture, seq
        self.counts["sent"] += 1

    def acknowledged(self, seq: int, now: float, *, shown: bool, decode_ms: float | None) -> bool:
        """Record an acknowledgement; return False for one of an unknown frame, from before a page's reload."""
        sent = self._sent.pop(seq, None)
        if sent is None:
            return False
        self.lives()
        trip = now - sent
        self.rtt = trip if self.rtt is None else 0.8 * self.rtt + 0.2 * trip
        self.decode_ms = decode_ms
        self.counts["shown" if shown else "dropped"] += 1
        return True

    def reset_window(self) -> None:
        """Return all credits, because the page was reloaded, or shows the view again."""
        self._sent.clear()
        self.lives()

    def lives(self) -> None:
        """Take in that its page has said something."""
        self._asked = None

    def is_silent(self, now: float) -> bool:
        """Whether it has answered nothing for long: a notebook's tab that is closed cannot say goodbye."""
        return self._asked is not None and now - self._asked >= self._settings.silence
