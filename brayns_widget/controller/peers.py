"""Any requests to a server, also for methods that this package does not cover."""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from annotated_types import Gt

from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import waiting
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.weakly import weakly
from brayns_widget.protocol import colors
from brayns_widget.protocol.messages import Reply

# Methods that see through the camera, tell it, or change a part of it.
_LOOKING = ("get-camera", "set-camera", "render-image", "snapshot", "export-", "inspect")
_AIMING = {f"set-camera-{what}" for what in ("view", "perspective", "orthographic", "cylindric")}
# Methods that do not change the scene; after all others it is read again.
_HARMLESS = ("get-", "render-image", "registry", "schema", "inspect", "snapshot", "export-", "cancel", "quit")

Seconds = Annotated[float, Gt(0)]


async def follow(core: Core, server: Server, method: str, params: Any) -> None:
    """Take in what a request of the user's own has changed besides the scene."""
    from brayns_widget.protocol.brayns import camera, renderers

    store = core.store
    if method == "color-model" and isinstance(params, dict):
        await core.scene.read_colors(server, params.get("id"))
    elif method == "set-color-ramp" and isinstance(params, dict):
        core.findings.forget(core.scene.key(params.get("id", -1)))
    elif method == "set-simulation-parameters":
        core.findings.forget(None)
    elif method.startswith("set-material-") and isinstance(params, dict):
        await core.scene.read_material(server, params.get("model_id"))
    elif method in _AIMING:
        view = await server.call(camera.GET_CAMERA_VIEW)
        values: dict[str, Any] = {"position": view.position, "target": view.target, "up": view.up}
        kind = await server.call(camera.GET_CAMERA_TYPE)
        if kind == "perspective":
            seen = await server.call(camera.GET_CAMERA_PERSPECTIVE)
            values |= {"type": "perspective", "fovy": seen.fovy, "aperture": seen.aperture_radius}
        elif kind == "cylindric":
            values |= {"type": "cylindric", "fovy": (await server.call(camera.GET_CAMERA_CYLINDRIC)).fovy}
        else:
            height = (await server.call(camera.GET_CAMERA_ORTHOGRAPHIC)).height
            values |= {"type": "orthographic", "height": height}
        store.state = replace(store.state, camera=replace(store.state.camera, **values))
    elif method == renderers.SET_RENDERER_INTERACTIVE.name:
        color = (await server.call(renderers.GET_RENDERER_INTERACTIVE)).background_color
        store.state = replace(store.state, background=colors.to_hex([float(channel) for channel in color]))


class Renderer(Group):
    """Any requests to the renderer."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._aimed: Server | None = None  # the server to which a request has sent the present camera
        core.store.listen(lambda state: state.camera, weakly(self._forget_camera))

    @waiting
    async def request(
        self, method: str, params: Any = None, payload: Any = b"", *, timeout: Seconds | None = None
    ) -> Reply:
        """Send any JSON-RPC request and return its answer; starts the job if need be.

        Whatever it has changed of the models, lights, clipping shapes, of the camera and the background is read again
        afterwards; colors are as far as the renderer tells them, which Brayns does not.

        Args:
            method: the method's name.
            params: JSON value; None leaves it out, as methods without parameters demand.
            payload: raw bytes that go with it.
            timeout: seconds; None for as long as such a request may take.

        Raises:
            RequestError: the renderer refused it.
        """
        server = await self._core.renderer()
        sent = server.request(method, params, payload, timeout=timeout)
        # A camera that was sent again would start a picture anew.
        if method.startswith(_LOOKING) and self._aimed is not server:
            self._aimed = server
            try:
                reply = await self._core.look(server, sent)
            except BaseException:
                self._aimed = None
                raise
        else:
            reply = await sent
        if not method.startswith(_HARMLESS):
            self._core.journal.altered = True
            self._core.journal.removed(method, params)
            await self._core.scene.read(server)
            await follow(self._core, server, method, params)
            self._core.touch()
        return reply

    def _forget_camera(self, _camera: Camera) -> None:
        # Even if it comes back to what it was: views and other calls have sent what was between.
        self._aimed = None


class Backend(Group):
    """Any requests to the backend."""

    @waiting
    async def request(
        self, method: str, params: Any = None, payload: Any = b"", *, timeout: Seconds | None = None
    ) -> Reply:
        """Send any JSON-RPC request and return its answer; starts the job if need be.

        Args:
            method: the method's name.
            params: JSON value; None leaves it out.
            payload: raw bytes that go with it.
            timeout: seconds; None for as long as such a request may take.

        Raises:
            CircuitError: this job has no backend.
            RequestError: the backend refused it.
        """
        return await (await self._core.backend()).request(method, params, payload, timeout=timeout)
