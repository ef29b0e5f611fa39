"""A TCP proxy that breaks connections, for tests: on a thread of its own, on the loopback."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class TcpProxy:
    """Proxy to one server. A context manager.

    Args:
        url: address of the server.
        bandwidth: bytes per second each way, of each connection.

    Attributes:
        url: address of the proxy, with the rest of the server's.
        connections: number of connections that were made.
    """

    def __init__(self, url: str, bandwidth: float = math.inf) -> None:
        self._target = urlsplit(url)
        self._bandwidth = bandwidth
        self.url = ""
        self.connections = 0
        self._refuses = self._silent = False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> None:
        """Reset all connections."""
        self._do(_abort)

    def half_close(self) -> None:
        """Send no more to the clients; what they send still passes."""
        self._do(lambda writer: writer.write_eof(), sides=1)

    def refuse(self, refuses: bool) -> None:
        """Break new connections at once, or no more."""
        self._refuses = refuses

    def be_silent(self, silent: bool) -> None:
        """Let nothing pass, neither way, on connections that are there or come."""
        self._silent = silent

    def _do(self, work: Callable[[asyncio.StreamWriter], None], sides: int = 2) -> None:
        done = threading.Event()

        def run() -> None:
            for pair in list(self._pairs):
                for writer in pair[:sides]:
                    work(writer)
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(10)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = urlunsplit(self._target._replace(netloc=f"127.0.0.1:{port}"))
        self._listening.set()
        await self._stop.wait()
        server.close()
        for pair in list(self._pairs):
            for writer in pair:
                writer.transport.abort()
        for task in [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refuses:
            _abort(writer)
            return
        assert self._target.hostname is not None
        far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        pair = (writer, far_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        except asyncio.CancelledError:
            pass  # at the end; asyncio's server would log it
        finally:
            self._pairs.discard(pair)
            writer.close()
            far_writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                while self._silent:  # noqa: ASYNC110 - set by another thread
                    await asyncio.sleep(0.01)
                await asyncio.sleep(len(data) / self._bandwidth)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
