"""A TCP proxy between clients and a server that can be slow, break, close half and fall silent."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from brayns_widget.connection.loop import LoopThread

_CHUNK = 65_536
_DEADLINE = 10


class TcpProxy:
    """The way to one server. A context manager; its methods may be called on any thread and return when it is done.

    Args:
        url: address of the server.
        bandwidth: bytes per second each way, of each connection.
        latency: seconds that each piece of data is late, each way.

    Attributes:
        url: address of the proxy, with the rest of the server's.
        connections: number of connections that were made.
    """

    def __init__(self, url: str, *, bandwidth: float = math.inf, latency: float = 0.0) -> None:
        self._target = urlsplit(url)
        self._bandwidth, self._latency = bandwidth, latency
        self.url = ""
        self.connections = 0
        self._refuses = False
        self._left: int | None = None  # bytes that the server may still send
        self._writers: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}  # to clients → to the server
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread = LoopThread("TCP proxy")
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run(self._end())
        self._thread.close()

    def reset(self) -> None:
        """Break all connections, as a crash of a machine or a firewall does."""
        self._each(_reset_both)

    def half_close(self) -> None:
        """End what the server sends to its clients; what they send still reaches it."""
        self._each(lambda client, _: client.write_eof())

    def refuse(self, refuses: bool) -> None:
        """Reset new connections at once, or no more."""
        self._refuses = refuses

    def be_silent(self, silent: bool) -> None:
        """Let nothing pass, without breaking anything: packets vanish. What was sent meanwhile arrives at the end."""
        self._call(self._passing.clear if silent else self._passing.set)

    def cut_after(self, count: int) -> None:
        """Break the connection on which the server sends the byte after ``count`` more ones."""

        def set_left() -> None:
            self._left = count

        self._call(set_left)

    async def _listen(self) -> None:
        self._passing = asyncio.Event()
        self._passing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = urlunsplit(self._target._replace(netloc=f"127.0.0.1:{port}"))

    async def _end(self) -> None:
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refuses:
            _reset(client)
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            server_reader, server = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            _reset(client)
            self._tasks.discard(task)
            return
        self._writers[client] = server
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(client_reader, server, limited=False))
                group.create_task(self._pump(server_reader, client, limited=True))
        except* (OSError, asyncio.CancelledError):
            pass  # one side is gone, or this wire is
        finally:
            del self._writers[client]
            _reset(client)
            _reset(server)
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, limited: bool) -> None:
        while data := await reader.read(_CHUNK):
            await self._passing.wait()
            await asyncio.sleep(self._latency + len(data) / self._bandwidth)
            if limited and self._left is not None:
                data, rest = data[: self._left], data[self._left :]
                self._left -= len(data)
                writer.write(data)
                if rest:
                    self._left = None
                    writer.close()  # what was written arrives, then the end
                    raise ConnectionResetError
            else:
                writer.write(data)
            await writer.drain()
        await self._passing.wait()
        if not writer.transport.is_closing():
            writer.write_eof()

    def _each(self, do: Callable[[asyncio.StreamWriter, asyncio.StreamWriter], object]) -> None:
        def work() -> None:
            for client, server in list(self._writers.items()):
                do(client, server)

        self._call(work)

    def _call(self, work: Callable[[], object]) -> None:
        async def run() -> None:
            work()

        self._run(run())

    def _run(self, work: Any) -> None:
        self._thread.submit(work).result(_DEADLINE)


def _reset_both(client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
    _reset(client)
    _reset(server)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if not writer.transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
