"""Requests of one's own, for what a server offers beyond this package."""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Gt

from brayns_widget.controller.calls import waiting
from brayns_widget.controller.group import Group
from brayns_widget.protocol.messages import Reply

# Methods that leave the scene as it is; after all others it is read again.
_HARMLESS = ("get-", "render-image", "registry", "schema", "inspect", "snapshot", "export-", "cancel", "quit")

Seconds = Annotated[float, Gt(0)]


class Renderer(Group):
    """The renderer, for requests of one's own."""

    @waiting
    async def request(
        self, method: str, params: Any = None, payload: Any = b"", *, timeout: Seconds | None = None
    ) -> Reply:
        """Send any JSON-RPC request and return its answer; starts the job if need be.

        The models, lights and clipping shapes of the scene are read again afterwards.

        Args:
            method: the method's name.
            params: JSON value; None leaves it out, as methods without parameters demand.
            payload: raw bytes that go with it.
            timeout: seconds; None for as long as such a request may take.

        Raises:
            RequestError: the renderer refused it.
        """
        server = await self._core.renderer()
        reply = await server.request(method, params, payload, timeout=timeout)
        if not method.startswith(_HARMLESS):
            await self._core.scene.read(server)
            self._core.touch()
        return reply


class Backend(Group):
    """The backend, for requests of one's own."""

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
