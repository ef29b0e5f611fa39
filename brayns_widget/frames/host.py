"""The host of one scene's frame stream: its views on pages, whichever way their frames go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from brayns_widget.controller.camera import Camera
from brayns_widget.frames.messages import Ack, CameraMessage, FrameMessage, IdsMessage, PictureMessage, Steering
from brayns_widget.protocol.errors import BraynsWidgetError
from brayns_widget.stream import (
    Frame,
    FrameIds,
    FrameSink,
    FrameStream,
    Picture,
    RequestFunction,
    StreamSettings,
    encode,
)

_LOG = logging.getLogger(__name__)

STEERED_PERIOD = 0.05
"""Seconds between two cameras of a gesture that are told; more would only cost the kernel."""


class HostEvents(Protocol):
    """What a host tells; none of these may wait."""

    def frame(self, message: PictureMessage, data: memoryview, /) -> None:
        """Send a frame, or what it shows, to a view on the comm."""

    def camera(self, camera: Camera, moving: bool, number: int, /) -> None:
        """Tell the camera that is seen now: set by a page (number 0), or by ``Host.set_camera`` with this number."""

    def rested(self, picture: Picture, views: Sequence[str], /) -> None:
        """Tell the finished picture of a scene at rest, and the views that it was made for."""

    def plugged(self, view: str, plugged: bool, /) -> None:
        """Tell that a view has a socket, or has it no more."""

    def late(self, late: bool, /) -> None:
        """Tell whether what is wanted has not been drawn for a while."""

    def failed(self, message: str, hint: str, /) -> None:
        """Tell that no picture can be had, or, without a message, that pictures come again."""


class Host:
    """The frame stream of one scene and its views, of any number of widgets, on one event loop.

    Args:
        events: is told what happens.
    """

    def __init__(self, events: HostEvents) -> None:
        self._events = events
        self._comm = _Comm(events.frame)
        self._first: dict[str, FrameSink] = {}  # by view, where its frames go without a socket
        self._stream = FrameStream(
            on_error=lambda error: events.failed(*_words(error)), on_rest=events.rested, on_late=events.late
        )
        self._sockets: dict[str, FrameSink] = {}
        self._ends: dict[FrameSink, Callable[[], None]] = {}
        self._steered: tuple[Camera, bool] | None = None  # untold
        self._timer: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """End the stream, and the sockets."""
        for end in self._ends.values():
            end()
        if self._timer is not None:
            self._timer.cancel()
        await self._stream.close()

    def stats(self) -> dict[str, Any]:
        """Return the statistics of the stream, and how each view's frames go."""
        stats = self._stream.stats()
        for name, view in stats["views"].items():
            view["transport"] = "socket" if name in self._sockets else "comm"
        return stats

    # ------------------------------------------------------------------ views

    def add_view(self, view: str, width: float, height: float, dpr: float, comm: bool = True) -> None:
        """Add a view, or start it anew; see ``FrameStream.add_view``. Without a socket its frames go over the comm.

        Args:
            view: its name.
            width: width of its canvas in CSS pixels.
            height: height of its canvas in CSS pixels.
            dpr: device pixels per CSS pixel.
            comm: whether the comm may be used.
        """
        self._first[view] = self._comm if comm else _NOWHERE
        # A greeting that a page has repeated starts the view anew beside the socket that the first one has opened.
        self._stream.add_view(view, self._sockets.get(view, self._first[view]), width, height, dpr)

    def remove_view(self, view: str) -> None:
        """Forget a view, and close its socket."""
        self._first.pop(view, None)
        if sink := self._sockets.pop(view, None):
            self._ends.pop(sink)()
            self._events.plugged(view, False)
        self._stream.remove_view(view)

    def resize(self, view: str, width: float, height: float, dpr: float) -> None:
        """Set the size of a view's canvas."""
        self._stream.resize(view, width, height, dpr)

    def set_visible(self, view: str, visible: bool) -> None:
        """Show or hide a view."""
        self._stream.set_visible(view, visible)

    def attach(self, view: str, sink: FrameSink, end: Callable[[], None] = lambda: None) -> None:
        """Send a view's frames over its socket from now on; ``end`` closes it with the view or the host."""
        if view not in self._first:  # it has gone while its ticket was under way
            end()
            return
        self._ends[sink] = end
        self._sockets[view] = sink
        self._stream.set_sink(view, sink)
        self._events.plugged(view, True)

    def detach(self, view: str, sink: FrameSink) -> None:
        """Take a view's socket away; its frames go over the comm again."""
        self._ends.pop(sink, None)
        if self._sockets.get(view) is sink:
            del self._sockets[view]
            self._events.plugged(view, False)
            self._stream.set_sink(view, self._first[view])

    def receive(self, message: Steering) -> None:
        """Take a view's camera, and its acknowledgements."""
        if isinstance(message, CameraMessage):
            calls = [encode(*call) for call in message.camera.calls()]
            if self._stream.set_camera(calls, message.moving, view=message.view, number=message.number):
                self._tell_steered(message.camera, message.moving)
        self._acknowledge(message.view, message.acks)

    def _acknowledge(self, view: str, acks: tuple[Ack, ...]) -> None:
        for ack in acks:
            self._stream.ack(view, ack.seq, shown=ack.shown, decode_ms=ack.decode_ms)

    # ------------------------------------------------------------------ the kernel's

    def set_camera(self, camera: Camera, moving: bool, number: int) -> None:
        """Show the scene through another camera; it is told back with its number, in order with those of pages."""
        self._forget_steered()
        self._stream.set_camera([encode(*call) for call in camera.calls()], moving)
        self._events.camera(camera, moving, number)

    def set_ao_samples(self, samples: int) -> None:
        """Set the ambient occlusion of pictures at rest."""
        self._stream.set_ao_samples(samples)

    def set_paths(self, paths: bool) -> None:
        """Set whether pictures at rest follow light along paths in the end."""
        self._stream.set_paths(paths)

    def invalidate(self) -> None:
        """Mark all pictures as out of date."""
        self._stream.invalidate()

    def shift(self) -> None:
        """Mark all pictures as out of date, because something moves in the scene; see ``FrameStream.shift``."""
        self._stream.shift()

    def set_busy(self, busy: bool) -> None:
        """Pause during a long call of the renderer."""
        self._stream.set_busy(busy)

    def set_request(self, request: RequestFunction | None, settings: StreamSettings | None = None) -> None:
        """Set the way to the renderer, or None while there is none."""
        self._stream.set_request(request, settings)

    # ------------------------------------------------------------------ cameras of pages

    def _tell_steered(self, camera: Camera, moving: bool) -> None:
        self._steered = camera, moving
        if not moving:
            self._tell()
        elif self._timer is None:
            self._tell()
            self._timer = asyncio.get_running_loop().call_later(STEERED_PERIOD, self._elapsed)

    def _elapsed(self) -> None:
        self._timer = None
        if self._steered is not None:
            self._tell_steered(*self._steered)

    def _tell(self) -> None:
        if self._steered is not None:
            camera, moving = self._steered
            self._steered = None
            self._events.camera(camera, moving, 0)

    def _forget_steered(self) -> None:
        self._steered = None


def _words(error: Exception | None) -> tuple[str, str]:
    """Return an error's message and hint, or no words without one; one that nobody raises on purpose is logged."""
    if error is None:
        return "", ""
    if isinstance(error, BraynsWidgetError):
        return error.message, error.hint
    _LOG.error("The frame stream failed", exc_info=error)
    return f"{type(error).__name__}: {error}", ""


class _Comm:
    """Sink that sends frames over the comm."""

    window = 2

    def __init__(self, send: Callable[[PictureMessage, memoryview], None]) -> None:
        self._send = send

    def send(self, frame: Frame) -> None:
        self._send(FrameMessage.of(frame), frame.picture.data)

    def send_ids(self, ids: FrameIds) -> None:
        self._send(IdsMessage.of(ids), ids.ids.data)


class _Nowhere:
    """Sink of a view that waits for its socket."""

    window = 0

    def send(self, frame: Frame) -> None:
        raise AssertionError(f"frame {frame.seq} was sent without a credit")

    def send_ids(self, ids: FrameIds) -> None:
        raise AssertionError(f"ids were sent without their frame {ids.seq}")


_NOWHERE = _Nowhere()
