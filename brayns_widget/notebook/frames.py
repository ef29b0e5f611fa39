"""Frames of a controller's scene, which all widgets that show it share; on the loop thread, without a comm.

A renderer has one camera, one picture size and one number of samples, so two streams would undo each other's settings.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.state import Notice, SlabState, State
from brayns_widget.controller.views import read_camera
from brayns_widget.frames.client import Frames
from brayns_widget.frames.makers import Target
from brayns_widget.frames.messages import PictureMessage, Steering
from brayns_widget.notebook.lines import camera_line
from brayns_widget.stream import Picture

_MAX_RESTS = 16
_LINK_REST = 0.3  # s; a linked camera that is not set again within it is at rest


class Audience(Protocol):
    """A widget's pages: what they are told. None of these may wait."""

    def frame(self, message: PictureMessage, data: memoryview) -> None:
        """Send a frame, or what it shows, to a view on the comm."""

    def looked(self, camera: Camera, moving: bool) -> None:
        """Take in the camera that is seen now."""

    def rested(self, picture: Picture) -> None:
        """Take the finished picture of a scene at rest, in the size of one of the views."""

    def plugged(self, view: str, plugged: bool) -> None:
        """Take in that a view has a socket, or has it no more."""

    def silent(self, silent: bool) -> None:
        """Take in that what makes the frames does not answer or is gone, or that frames are made again."""

    def late(self, late: bool) -> None:
        """Take in whether what is wanted has not been drawn for a while."""

    def restarted(self) -> None:
        """Take in that frames are numbered anew."""


class SceneFrames:
    """The frames of one controller's scene. ``of`` returns it.

    Args:
        controller: the controller.

    Attributes:
        is_silent: whether what makes the frames does not answer.
    """

    _open: WeakKeyDictionary[Controller, SceneFrames] = WeakKeyDictionary()  # used on the loop thread only

    def __init__(self, controller: Controller) -> None:
        self.is_silent = False
        self._controller = controller
        self._audiences: list[Audience] = []
        self._views: dict[str, Audience] = {}
        self._rest: asyncio.TimerHandle | None = None  # ends the movement of a camera that comes by its trait
        self._rests: deque[Camera] = deque(maxlen=_MAX_RESTS)  # cameras at which pages' gestures have ended
        self._steering = False  # the camera that is being set comes from a page
        self._failure: Notice | None = None  # what was told when no picture could be had
        self._frames = Frames(self)
        self._ends = [
            controller.listen(lambda state: state.camera, lambda _: self._look()),
            controller.listen(lambda state: state.capabilities, lambda _: self._connect()),
            controller.listen(lambda state: state.revision, lambda _: self._redraw()),
            # One that is off, as at first, changes nothing that is seen.
            controller.listen(_cutting, lambda _: self._frames.shift()),
            # The renderer answers in order: a picture asked for now would come when the long task is done.
            controller.listen(lambda state: state.holding, self._frames.set_busy),
        ]
        self._look()
        self._connect()

    @classmethod
    def of(cls, controller: Controller) -> SceneFrames:
        """Return the frames of a controller's scene; they begin with the first widget that joins them."""
        found = cls._open.get(controller)
        if found is None:
            found = cls._open[controller] = cls(controller)
        return found

    @classmethod
    def are_open(cls, controller: Controller) -> bool:
        """Whether any widget shows a controller's scene."""
        return controller in cls._open

    def join(self, audience: Audience) -> None:
        """Add a widget's pages, which are told the camera at once."""
        self._audiences.append(audience)
        audience.looked(self._controller.camera.value, moving=False)

    async def leave(self, audience: Audience) -> None:
        """Forget a widget's pages, with their views; the frames end with the last ones."""
        if audience not in self._audiences:
            return  # it has left already
        self._audiences.remove(audience)
        for view in self._of(audience, self._views):
            self.remove_view(view)
        if self._audiences:
            return
        del self._open[self._controller]
        for end in self._ends:
            end()
        if self._rest is not None:
            self._rest.cancel()
        await self._frames.close()

    async def stats(self, audience: Audience) -> dict[str, Any]:
        """Return the frames' statistics, with the views of one widget; see ``Frames.stats``."""
        stats = await self._frames.stats()
        views = stats["views"]
        return {**stats, "views": {view: views[view] for view in self._of(audience, views)}}

    def _of(self, audience: Audience, views: Iterable[str]) -> list[str]:
        return [view for view in views if self._views.get(view) is audience]

    # ------------------------------------------------------------------ from the pages

    def add_view(
        self, audience: Audience, view: str, width: float, height: float, dpr: float, *, comm: bool = True
    ) -> None:
        """Add a widget's view, or start it anew; see ``Host.add_view``."""
        self._views[view] = audience
        self._frames.add_view(view, width, height, dpr, comm=comm)

    def remove_view(self, view: str) -> None:
        """Forget a view."""
        if self._views.pop(view, None) is not None:
            self._frames.remove_view(view)
            self._end_gesture()  # it may have gone during one

    def resize(self, view: str, width: float, height: float, dpr: float) -> None:
        """Set the size of a view's canvas."""
        self._frames.resize(view, width, height, dpr)

    def set_visible(self, view: str, visible: bool) -> None:
        """Show or hide a view."""
        self._frames.set_visible(view, visible)

    def receive(self, message: Steering) -> None:
        """Take a view's camera and its acknowledgements, which came over the comm."""
        self._frames.receive(message)

    async def ticket(self, view: str, origin: str) -> tuple[int, str]:
        """Return a port and a ticket for a view's socket; see ``Frames.ticket``."""
        return await self._frames.ticket(view, origin)

    def follow(self, camera: Any) -> None:
        """Take the camera of a widget's trait, which a page has set."""
        if read_camera(camera) in self._rests:
            return  # the end of a gesture, which the host has told: this way may be late
        # A linked view's camera comes by its trait, many times a second while the other view is moved.
        moving = self._rest is not None
        if self._rest is not None:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(_LINK_REST, self._end_following)
        self._take_camera(camera)
        self._look(moving=moving)

    def _end_following(self) -> None:
        self._rest = None
        self._end_gesture()
        self._look()

    def _end_gesture(self) -> None:
        recorder = self._controller.recorder
        if recorder.turned():
            recorder.write(camera_line(self._controller.camera.value))

    def _take_camera(self, camera: Any) -> None:
        self._steering = True
        self._controller.recorder.turning()
        try:
            self._controller.camera._steer(read_camera(camera))  # noqa: SLF001 - of the same package
        finally:
            self._steering = False

    # ------------------------------------------------------------------ from the controller

    def _look(self, *, moving: bool = False) -> None:
        if not self._steering:
            camera = self._controller.camera.value
            self._frames.set_camera(camera, moving=moving)
            self._tell_camera(camera, moving)

    def _tell_camera(self, camera: Camera, moving: bool) -> None:
        for audience in self._audiences:
            audience.looked(camera, moving)

    def _connect(self) -> None:
        ready = self._controller.ready
        if ready is None:
            self._frames.set_target(None)
        else:
            from brayns_widget.protocol.brayns.additions import RENDER_IDS, SET_PICTURE_OPTIONS
            from brayns_widget.protocol.brayns.pictures import RENDER_IMAGE

            found, renderer = ready.capabilities, ready.renderer
            gives_way = RENDER_IMAGE.name in found.cancellable
            tells_ids = found.offers(RENDER_IDS.name)
            paths = found.offers(SET_PICTURE_OPTIONS.name)
            self._frames.set_target(
                Target(renderer.address, renderer.request, found.ours, gives_way, tells_ids, traces_paths=paths)
            )
            self._redraw()

    def _redraw(self) -> None:
        if self._controller.ready is not None:
            self._frames.set_ao_samples(self._controller.rendering.settings.ao_samples)
            self._frames.set_paths(self._controller.rendering.at_rest == "path tracer")
        self._frames.invalidate()

    # ------------------------------------------------------------------ from the frames

    def frame(self, message: PictureMessage, data: memoryview) -> None:
        """Hand a frame, or what it shows, on to its view."""
        if audience := self._views.get(message.view):
            audience.frame(message, data)

    def steered(self, camera: Camera, moving: bool) -> None:
        """Take a camera that a page has set."""
        self._take_camera(camera)
        if not moving:
            self._rests.append(camera)
            self._end_gesture()
        self._tell_camera(camera, moving)

    def rested(self, picture: Picture, views: Sequence[str]) -> None:
        """Hand the finished picture on to the widgets that it was made for."""
        for audience in self._audiences:
            if self._of(audience, views):
                audience.rested(picture)

    def plugged(self, view: str, plugged: bool) -> None:
        """Tell a view's pages that it has a socket, or has it no more."""
        if audience := self._views.get(view):
            audience.plugged(view, plugged)

    def silent(self, silent: bool) -> None:
        """Tell all pages whether what makes the frames does not answer or is gone."""
        self.is_silent = silent
        for audience in self._audiences:
            audience.silent(silent)

    def late(self, late: bool) -> None:
        """Tell all pages whether what is wanted has not been drawn for a while."""
        for audience in self._audiences:
            audience.late(late)

    def restarted(self) -> None:
        """Let the views begin anew, because frames are numbered anew."""
        for audience in self._audiences:
            audience.restarted()

    def demoted(self, losses: int) -> None:
        """Tell that the kernel makes the frames for a while."""
        text = f"The process that makes the pictures was lost {losses} times. For now the kernel makes them."
        self._controller.notices.tell("warning", text, "While a cell computes, they may wait.")

    def failed(self, message: str, hint: str) -> None:
        """Tell that no picture can be had, or take that back."""
        if message:
            text = f"No picture: {message}"
            self._controller.notices.tell("error", text, hint)
            self._failure = Notice("error", text, hint)
        else:
            self._controller.notices.take_back(self._failure)


def _cutting(state: State) -> SlabState | None:
    return state.slab if state.slab and state.slab.on else None
