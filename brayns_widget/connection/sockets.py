"""WebSockets of links. Import it late: the package that it builds upon takes a while."""

from __future__ import annotations

from websockets.asyncio.client import ClientConnection, connect


class CountedSocket(ClientConnection):
    """WebSocket that counts the bytes that come: the end of a large message may be minutes away.

    Attributes:
        received: number of bytes that have come.
    """

    received = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        self.received += len(data)
        super().data_received(data)


class Connect(connect):
    """Connector that follows no redirect, which would carry the token to a server that the user did not name."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Refuse a redirect."""
        return exc
