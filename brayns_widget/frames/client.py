"""Frames of one scene, as the kernel sees them: made by the frame process or, where there is none, by the kernel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from brayns_widget.connection.process import PROCESS
from brayns_widget.controller.camera import Camera
from brayns_widget.frames.launched import FrameProcess
from brayns_widget.frames.losses import Losses
from brayns_widget.frames.makers import Apart, Here, Maker, MakerEvents, Target
from brayns_widget.frames.messages import CameraMessage, PictureMessage, Steering
from brayns_widget.frames.tickets import new_secret
from brayns_widget.protocol.errors import DeadlineExceeded
from brayns_widget.stream import Picture

START_DEADLINE = 60.0
STATS_DEADLINE = 5.0

_LOG = logging.getLogger(__name__)


class FramesEvents(Protocol):
    """What is told of the frames; none of these may wait."""

    def frame(self, message: PictureMessage, data: memoryview) -> None:
        """Send a frame, or what it shows, to a view on the comm."""

    def steered(self, camera: Camera, moving: bool) -> None:
        """Take a camera that a page has set."""

    def rested(self, picture: Picture, views: Sequence[str]) -> None:
        """Take the finished picture of a scene at rest, and the views that it was made for."""

    def plugged(self, view: str, plugged: bool) -> None:
        """Take in that a view has a socket, or has it no more."""

    def silent(self, silent: bool) -> None:
        """Take in that what makes the frames does not answer or is gone, or that frames are made again."""

    def restarted(self) -> None:
        """Take in that another maker goes on, which numbers its frames anew."""

    def demoted(self, losses: int) -> None:
        """Take in that so many frame processes were lost that the kernel makes the frames for a while."""

    def late(self, late: bool) -> None:
        """Take whether what is wanted has not been drawn for a while."""

    def failed(self, message: str, hint: str) -> None:
        """Tell that no picture can be had, or, without a message, that pictures come again."""


@dataclass(frozen=True, slots=True)
class _ViewState:
    width: float
    height: float
    dpr: float
    comm: bool
    visible: bool = True
    plugged: bool = False


class Frames:
    """The frames of one scene. It lives on the loop thread; it knows what is wanted, so frames survive their maker.

    Args:
        events: is told what happens.
        apart: whether to use the frame process.
    """

    def __init__(self, events: FramesEvents, *, apart: bool = True) -> None:
        self._events = events
        self._from_maker = MakerEvents(
            frame=events.frame,
            camera=self._told_camera,
            rested=events.rested,
            plugged=self._told_plugged,
            late=events.late,
            failed=events.failed,
            silent=events.silent,
            lost=self._lost,
            refused=self._refused,
        )
        self._maker: Maker | None = None
        self._ready = asyncio.Event()
        self._apart = apart
        self._losses = Losses()
        self._since = 0.0  # when the maker began
        self._retrying: asyncio.Task[None] | None = None
        self._refused_by: Target | None = None  # the renderer that takes no link of the process
        # what is wanted
        self._views: dict[str, _ViewState] = {}
        self._target: Target | None = None
        self._camera: Camera | None = None
        self._number = 0  # of the camera that the kernel has set last
        self._heard = True  # whether the maker has told it back
        self._ao_samples = 0
        self._paths = False
        self._busy = False
        self._begun = False  # whether there was a maker before
        self._gone: Maker | None = None  # the last maker, until it is closed
        self._starting = asyncio.create_task(self._start(), name="start frames")

    async def close(self) -> None:
        """End the stream and close the sockets."""
        tasks = [self._starting, *([] if self._retrying is None else [self._retrying])]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for maker in (self._gone, self._maker):
            if maker is not None:
                await maker.close()

    async def stats(self) -> dict[str, Any]:
        """Return the statistics of the stream.

        ``made_by`` is "process" or "kernel", and ``processes_lost`` the number of processes that have died or hung.

        Raises:
            ServiceError: the frame process has ended meanwhile.
            DeadlineExceeded: there is no answer.
        """
        try:
            async with asyncio.timeout(STATS_DEADLINE):
                await self._ready.wait()
                assert self._maker is not None
                made = {"made_by": self._maker.place, "processes_lost": self._losses.total}
                return {**made, **await self._maker.stats()}
        except TimeoutError:
            raise DeadlineExceeded(f"There are no statistics of frames within {STATS_DEADLINE:g} s.") from None

    # ------------------------------------------------------------------ views

    def add_view(self, view: str, width: float, height: float, dpr: float, *, comm: bool = True) -> None:
        """Add a view, or start it anew; see ``Host.add_view``."""
        known = self._views.get(view)
        plugged = known is not None and known.plugged  # its socket stays
        self._views[view] = _ViewState(width, height, dpr, comm, plugged=plugged)
        self._do("add_view", view, width, height, dpr, comm)

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
            self._camera = message.camera
            self._events.steered(message.camera, message.moving)

    async def ticket(self, view: str, origin: str) -> tuple[int, str]:
        """Return the port for a view's socket, and a ticket that a page of this origin may show there once.

        Raises:
            ServiceError: the frame process has ended meanwhile.
            TimeoutError: nobody makes frames yet.
        """
        secret = new_secret()
        async with asyncio.timeout(START_DEADLINE):
            await self._ready.wait()
            assert self._maker is not None
            return await self._maker.admit(view, secret, origin), secret

    # ------------------------------------------------------------------ what is wanted

    def set_target(self, target: Target | None) -> None:
        """Set the renderer, or None while there is none."""
        self._target = target
        if self._refused_by is not None and target is not None and target != self._refused_by:
            self._refused_by = None
            self._replace()
        elif self._maker is not None:
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

    def set_paths(self, paths: bool) -> None:
        """Set whether pictures at rest follow light along paths in the end."""
        self._paths = paths
        self._do("set_paths", paths)

    def invalidate(self) -> None:
        """Mark all pictures as out of date."""
        self._do("invalidate")

    def shift(self) -> None:
        """Mark all pictures as out of date, because something moves in the scene; see ``FrameStream.shift``."""
        self._do("shift")

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

    def _told_plugged(self, view: str, plugged: bool) -> None:
        if view in self._views:
            self._views[view] = replace(self._views[view], plugged=plugged)
            self._events.plugged(view, plugged)

    def _lost(self) -> None:
        """Take in that the process is gone; the next one goes on."""
        self._events.silent(True)
        self._events.late(False)  # the next one tells it anew
        self._unplug()
        self._maker = None
        self._ready.clear()
        self._losses.add(asyncio.get_running_loop().time() - self._since)
        self._starting = asyncio.create_task(self._start(), name="start frames")

    def _refused(self, message: str) -> None:
        """Take in that the renderer takes no second link; the kernel uses its own."""
        _LOG.warning("The kernel makes the frames itself, because the frame process has no link: %s", message)
        self._refused_by = self._target
        self._replace()

    def _replace(self) -> None:
        """Let another maker go on."""
        gone, self._maker = self._maker, None
        if gone is not None:  # else one starts already
            self._gone = gone
            self._unplug()
            self._ready.clear()
            self._starting = asyncio.create_task(self._start(), name="start frames")

    def _unplug(self) -> None:
        """Take in that all sockets close with their maker."""
        for name, view in self._views.items():
            if view.plugged:
                self._told_plugged(name, False)

    # ------------------------------------------------------------------ the maker

    async def _start(self) -> None:
        if self._gone is not None:
            await self._gone.close()
            self._gone = None
        maker: Maker | None = None
        if self._apart and self._refused_by is None and not self._losses.pause:
            try:
                maker = Apart(await self._process(), self._from_maker)
            except Exception as error:  # whatever it is, the kernel can do without
                _LOG.warning("The kernel makes the frames itself: %s", error)
                self._losses.fail()
        if maker is None:
            here = maker = Here(self._from_maker)
            await here.start()
            if self._apart and self._refused_by is None:
                if self._losses.total:
                    self._events.demoted(self._losses.total)
                self._retrying = asyncio.create_task(self._retry(), name="try a frame process again")
        self._use(maker)

    async def _process(self) -> FrameProcess:
        process = await PROCESS.shared("frames", FrameProcess.launch)
        await process.connect()
        return process

    async def _retry(self) -> None:
        """Let a process go on after a while, if one can be had then; until it is there, the kernel makes the frames."""
        while True:
            await asyncio.sleep(self._losses.pause)
            try:
                await self._process()
            except Exception as error:
                _LOG.info("The kernel still makes the frames itself: %s", error)
                self._losses.fail()
            else:
                self._losses.relent()
                self._replace()
                return

    def _use(self, maker: Maker) -> None:
        """Tell a new maker all that is wanted."""
        self._maker = maker
        self._since = asyncio.get_running_loop().time()
        maker.call("set_busy", self._busy)
        maker.call("set_ao_samples", self._ao_samples)
        maker.call("set_paths", self._paths)
        if self._camera is not None:
            maker.set_camera(self._camera, moving=False, number=self._number)
        for name, view in self._views.items():
            maker.call("add_view", name, view.width, view.height, view.dpr, view.comm)
            maker.call("set_visible", name, view.visible)
        maker.set_target(self._target)
        self._ready.set()
        if self._begun:
            self._events.silent(False)
            self._events.restarted()
        self._begun = True
