"""Connections of master and slave: as many as they have places for, and those that ask for nothing end soon."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from brayns_widget.service.places import REQUEST_SECONDS, Places

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler


class Connections:
    """Connections of one application, see ``places``.

    Args:
        application: is served, and gets a middleware.
        most: how many connections it may have.
        goodbye: seconds that the handlers have at the end.
    """

    def __init__(self, application: web.Application, most: int, goodbye: float) -> None:
        self._places: Places[RequestHandler] = Places(most, RequestHandler.force_close)

        @web.middleware
        async def work(request: web.Request, handler: Handler) -> web.StreamResponse:
            protocol = request.protocol
            self._places.at_work.add(protocol)
            try:
                return await handler(request)
            finally:
                self._places.at_work.discard(protocol)

        application.middlewares.append(work)
        self._runner = web.AppRunner(
            application,
            access_log=None,  # it would hold the tokens of the slave's addresses
            keepalive_timeout=REQUEST_SECONDS,
            shutdown_timeout=goodbye,
        )

    @contextlib.asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[tuple[str, int]]:
        """Serve while the context lasts; gives host and port.

        Raises:
            OSError: the port is not available.
        """
        try:
            await self._runner.setup()
            server = await asyncio.get_running_loop().create_server(self._admit, host, port, backlog=self._places.most)
            try:
                name, number = server.sockets[0].getsockname()[:2]
                yield name, number
            finally:
                server.close()
        finally:
            await self._runner.cleanup()

    def _admit(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server
        present = (connection for connection in server.connections if connection.connected)
        return server() if self._places.admit(present) else _Refusal()


class _Refusal(asyncio.Protocol):
    """Connection that is closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
