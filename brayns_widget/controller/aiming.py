"""Tells the renderer where the camera is, while no view does."""

from __future__ import annotations

import asyncio

from brayns_widget.connection.server import Server
from brayns_widget.controller.camera import FRONT, Camera
from brayns_widget.controller.group import Core
from brayns_widget.controller.weakly import weakly
from brayns_widget.protocol.errors import BraynsWidgetError

LAST_WORD = 1.0
"""Seconds that the last camera of a job that runs on may take to reach its renderer."""


class Aim:
    """Keeps the camera of a renderer that nobody looks at here, so that whoever attaches to its job sees through it.

    Views send the newest camera with each picture. Lives on the loop thread.

    Args:
        core: the controller's core.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._told: tuple[Server, Camera] | None = None
        self._aimed = False  # it was once another than that of a new renderer
        self._telling: asyncio.Task[None] | None = None
        core.store.listen(lambda state: state.camera, weakly(self.tell))

    def tell(self, _camera: Camera | None = None) -> None:
        """Tell the renderer the present camera, unless it knows it, or a view tells it."""
        if self._core.presence.seen:
            self._told = None  # what the view tells is not known here
        elif self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="tell the camera")

    def ready(self, renderer: Server, *, joined: bool) -> None:
        """Tell a renderer that has just become ready.

        Args:
            renderer: the renderer.
            joined: whether the camera was read from it just now.
        """
        if joined:
            self._told = renderer, self._core.store.state.camera
        self.tell()

    async def close(self, *, stop: bool) -> None:
        """Tell no more; unless ``stop``, finish what is being told, because the job runs on."""
        if self._telling is None:
            return
        await asyncio.wait([self._telling], timeout=0 if stop else LAST_WORD)
        self._telling.cancel()
        await asyncio.wait([self._telling])

    async def _tell(self) -> None:
        while (ready := self._core.connection.ready) is not None and not self._core.presence.seen:
            camera = self._core.store.state.camera
            if self._told == (ready.renderer, camera) or (not self._aimed and camera == FRONT):
                return
            self._aimed = True
            self._told = None
            try:
                for call in camera.calls():
                    await ready.renderer.call(*call)
            except BraynsWidgetError:
                return  # whoever asks next is told why, and the next job or link is told the camera
            self._told = ready.renderer, camera
