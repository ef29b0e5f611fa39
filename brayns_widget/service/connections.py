"""Bounds on a server's connections, so that a neighbour on this machine can't take the handles that jobs need."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

REQUEST_SECONDS = 10.0  # for complete request headers, and between the requests of a connection

_MOST = 500  # connections, whatever the system allows
# Master and slave take a share each, a second one for what the system has accepted before they look, and the slave
# one for its servers' ends. The rest is the reserve: the jobs' pipes, the records, the log.
_SHARE = 8


def most_connections() -> int:
    """Return how many connections one server may hold, from the process's limit of file handles."""
    if sys.platform == "win32":
        return _MOST  # its sockets have no such limit
    import resource

    handles, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if handles == resource.RLIM_INFINITY else max(1, min(_MOST, handles // _SHARE))


class Connections:
    """Connections of one application. A newcomer takes the place of the oldest that has no request in work.

    Args:
        application: is served, and gets a middleware.
        most: how many connections it may have.
        goodbye: seconds that the handlers have at the end.
    """

    def __init__(self, application: web.Application, most: int, goodbye: float) -> None:
        self._most = most
        self._at_work: set[asyncio.BaseProtocol] = set()

        @web.middleware
        async def work(request: web.Request, handler: Handler) -> web.StreamResponse:
            protocol = request.protocol
            self._at_work.add(protocol)
            try:
                return await handler(request)
            finally:
                self._at_work.discard(protocol)

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
            server = await asyncio.get_running_loop().create_server(self._admit, host, port, backlog=self._most)
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
        present = [connection for connection in server.connections if connection.connected]
        if len(present) >= self._most:
            oldest = next((connection for connection in present if connection not in self._at_work), None)
            if oldest is None:
                return _Refusal()
            oldest.force_close()
        return server()


class _Refusal(asyncio.Protocol):
    """Connection that is closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
