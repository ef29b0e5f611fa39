"""Connections of the WebSocket server: as many as it has places for, and those that ask for nothing end soon."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from websockets.asyncio.server import ServerConnection

from brayns_widget.service.places import REQUEST_SECONDS, Places


class Connections:
    """The connections of one server.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self.places: Places[Connection] = Places(most, Connection.abort)
        self.present: dict[Connection, None] = {}  # the oldest first

    def options(self, *, tls: bool) -> dict[str, Any]:
        """Return the options of ``websockets.asyncio.server.serve`` by which it makes these connections."""
        encrypted = {"ssl_handshake_timeout": REQUEST_SECONDS} if tls else {}
        return {"create_connection": partial(Connection, connections=self), "backlog": self.places.most, **encrypted}


class Connection(ServerConnection):
    """A connection that ends if it sends no complete request in time, or if there is no place for it.

    Args:
        arguments: of ``ServerConnection``.
        connections: those of its server.
        options: of ``ServerConnection``.
    """

    def __init__(self, *arguments: Any, connections: Connections, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections = connections
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, or end."""
        super().connection_made(transport)
        if self._connections.places.admit(self._connections.present):
            self._connections.present[self] = None
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self.abort)
        else:
            self.abort()

    def ask(self) -> None:
        """Note that the request is there: it keeps its place from now on."""
        self._stop_clock()
        self._connections.places.at_work.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._stop_clock()
        self._connections.present.pop(self, None)
        self._connections.places.at_work.discard(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """End at once."""
        self._connections.present.pop(self, None)
        self.transport.abort()

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
