"""Frames of one widget, as the kernel sees them: made by the frame process or, where there is none, by the kernel."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Any, Protocol

from brayns_widget.connection.process import PROCESS
from brayns_widget.controller.camera import Camera
from brayns_widget.frames.launched import FrameProcess
from brayns_widget.frames.makers import Apart, Here, Maker, MakerEvents, Target
from brayns_widget.frames.messages import CameraMessage, FrameMessage, Steering
from brayns_widget.frames.tickets import new_secret
from brayns_widget.protocol.errors import BraynsWidgetError
from brayns_widget.stream import Picture

STATS_DEADLINE = 5.0
LOSSES_MAX = 3
"""Frame processes that a widget may lose; then the kernel makes its frames."""

_LOG = logging.getLogger(__name__)


class FramesEvents(Protocol):
    """What is told to the widget; none of these may wait."""

    def frame(self, message: FrameMessage, data: memoryview) -> None:
        """Send a frame to a view on the comm."""

    def steered(self, camera: Camera, moving: bool) -> None:
        """Take a camera that a page has set."""

    def rested(self, picture: Picture) -> None:
        """Take the finished picture of a scene at rest."""

    def failed(self, message: str, hint: str) -> None:
        """Tell that no picture can be had."""


@dataclass(frozen=True, slots=True)
class _ViewState:
    width: float
    height: float
    dpr: float
    visible: bool = True


class Frames:
    """The frames of one widget. It lives on the loop thread; it knows what is wanted, so frames survive their maker.

    Args:
        events: is told what happens.
        comm: whether frames may go over the comm.
        apart: whether to use the frame process.
    """

    def __init__(self, events: FramesEvents, *, comm: bool = True, apart: bool = True) -> None:
        self._events = events
        self._comm = comm
        self._from_maker = MakerEvents(
            frame=events.frame,
            camera=self._told_camera,
            rested=events.rested,
            failed=events.failed,
            lost=self._lost,
            refused=self._refused,
        )
        self._maker: Maker | None = None
        self._ready = asyncio.Event()
        self._losses = 0 if apart else LOSSES_MAX
        # what is wanted
        self._views: dict[str, _ViewState] = {}
        self._target: Target | None = None
        self._camera: Camera | None = None
        self._number = 0  # of the camera that the kernel has set last
        self._heard = True  # whether the maker has told it back
        self._ao_samples = 0
        self._busy = False
        self._starting = asyncio.create_task(self._start(), name="start frames")

    async def close(self) -> None:
        """End the stream and close the sockets."""
        self._starting.cancel()
        await asyncio.wait([self._starting])
        if self._maker is not None:
            await self._maker.close()

    async def stats(self) -> dict[str, Any]:
        """Return the statistics of the stream, with ``made_by``, "process" or "kernel".

        Raises:
            TimeoutError: there is no answer.
        """
        async with asyncio.timeout(STATS_DEADLINE):
            await self._ready.wait()
            assert self._maker is not None
            return {"made_by": self._maker.place, **await self._maker.stats()}

    # ------------------------------------------------------------------ views

    def add_view(self, view: str, width: float, height: float, dpr: float) -> None:
        """Add a view, or start it anew, with a canvas in CSS pixels of ``dpr`` device pixels each."""
        self._views[view] = _ViewState(width, height, dpr)
        self._do("add_view", view, width, height, dpr)

    def remove_view(self, view: str) -> None:
        """Forget a view."""
        if self._views.pop(view, None):
            self._do("remove_view", view)

    def resize(self, view: str, width: float, height: float, dpr: float) -> None:
        """Set the size of a view's canvas; see ``add_view``."""
        if state := self._views.get(view):
            self._views[view] = replace(state, width=width, height=height, dpr=dpr)
            self._do("resize", view, width, height, dpr)

    def set_visible(self, view: str, visible: bool) -> None:
        """Show or hide a view."""
        if state := self._views.get(view):
            self._views[view] = replace(state, visible=visible)
            self._do("set_visible", view, visible)

    def receive(self, message: Steering) -> None:
        """Take a view's camera and its acknowledgements, which came over the comm."""
        if self._maker is not None:
            self._maker.receive(message)
        elif isinstance(message, CameraMessage):
            self._told_camera(message.camera, message.moving, 0)

    async def ticket(self, view: str, origin: str) -> tuple[int, str]:
        """Return the port for a view's socket, and a ticket that a page of this origin may show there once."""
        await self._ready.wait()
        assert self._maker is not None
        secret = new_secret()
        return self._maker.admit(view, secret, origin), secret

    # ------------------------------------------------------------------ what is wanted

    def set_target(self, target: Target | None) -> None:
        """Set the renderer, or None while there is none."""
        self._target = target
        if self._maker is not None:
            self._maker.set_target(target)

    def set_camera(self, camera: Camera, *, moving: bool) -> None:
        """Show the scene through another camera."""
        self._camera, self._number, self._heard = camera, self._number + 1, False
        if self._maker is not None:
            self._maker.set_camera(camera, moving, self._number)

    def set_ao_samples(self, samples: int) -> None:
        """Set the ambient occlusion of pictures at rest."""
        self._ao_samples = samples
        self._do("set_ao_samples", samples)

    def invalidate(self) -> None:
        """Mark all pictures as out of date."""
        self._do("invalidate")

    def set_busy(self, busy: bool) -> None:
        """Pause during a long call of the renderer."""
        self._busy = busy
        self._do("set_busy", busy)

    def _do(self, name: str, *arguments: Any) -> None:
        if self._maker is not None:
            self._maker.call(name, *arguments)

    # ------------------------------------------------------------------ from the maker

    def _told_camera(self, camera: Camera, moving: bool, number: int) -> None:
        """Take what is seen now. Until the kernel's own camera is told back, pages' cameras are older than it."""
        if number:
            self._heard = self._heard or number == self._number
        elif self._heard:
            self._camera = camera
            self._events.steered(camera, moving)

    def _lost(self) -> None:
        """Take in that the process is gone; the next one goes on."""
        self._maker = None
        self._ready.clear()
        self._losses += 1
        self._starting = asyncio.create_task(self._start(), name="start frames")

    def _refused(self, message: str) -> None:
        """Take in that the renderer takes no second link; the kernel uses its own."""
        _LOG.warning("The kernel makes the frames itself, because the frame process has no link: %s", message)
        self._losses = LOSSES_MAX
        gone, self._maker = self._maker, None
        self._ready.clear()
        self._starting = asyncio.create_task(self._start(gone), name="start frames")

    # ------------------------------------------------------------------ the maker

    async def _start(self, gone: Maker | None = None) -> None:
        if gone is not None:
            await gone.close()
        maker: Maker | None = None
        if self._losses < LOSSES_MAX:
            try:
                process = await PROCESS.shared("frames", FrameProcess.launch)
                await process.connect()
                maker = Apart(process, self._from_maker, comm=self._comm)
            except (BraynsWidgetError, TimeoutError) as error:
                _LOG.warning("The kernel makes the frames itself: %s", error)
        if maker is None:
            here = maker = Here(self._from_maker, comm=self._comm)
            await here.start()
        self._use(maker)

    def _use(self, maker: Maker) -> None:
        """Tell a new maker all that is wanted."""
        self._maker = maker
        maker.call("set_busy", self._busy)
        maker.call("set_ao_samples", self._ao_samples)
        if self._camera is not None:
            maker.set_camera(self._camera, moving=False, number=self._number)
        for name, view in self._views.items():
            maker.call("add_view", name, view.width, view.height, view.dpr)
            maker.call("set_visible", name, view.visible)
        maker.set_target(self._target)
        self._ready.set()
