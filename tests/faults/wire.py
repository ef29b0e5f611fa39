"""A TCP proxy between clients and a server that can be slow, break, close half and fall silent."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from brayns_widget.connection.loop import LoopThread

_CHUNK = 65_536
_DEADLINE = 10


class Wire:
    """The way to one server; a context manager. Its methods may be called on any thread and return when it is done.

    Args:
        target: host and port of the server.
        latency: seconds that each piece of data is late, in each direction.
        rate: bytes per second in each direction, or None.

    Attributes:
        refusing: new connections are reset.
        accepted: how many connections there were.
    """

    def __init__(self, target: tuple[str, int], *, latency: float = 0.0, rate: float | None = None) -> None:
        self.target = target
        self.latency = latency
        self.rate = rate
        self.refusing = False
        self.accepted = 0
        self.port = 0
        self._left: int | None = None  # bytes that the server may still send
        self._writers: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}  # to clients → to the server
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def to(cls, url: str, **options: Any) -> Self:
        """Make a wire to the server of a URL."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return cls((parts.hostname, parts.port), **options)

    def through(self, url: str) -> str:
        """The URL by which this wire leads to what a URL of the server names."""
        return urlunsplit(urlsplit(url)._replace(netloc=f"127.0.0.1:{self.port}"))

    def __enter__(self) -> Self:
        self._thread = LoopThread("wire")
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run(self._end())
        self._thread.close()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._writers)

    def reset(self) -> None:
        """Break all connections, as a crash of a machine or a firewall does."""
        self._each(_reset_both)

    def close_half(self) -> None:
        """End what the server sends to its clients; what they send still reaches it."""
        self._each(lambda client, _: client.write_eof())

    def silence(self) -> None:
        """Let nothing pass, without breaking anything: packets vanish."""
        self._call(self._passing.clear)

    def speak(self) -> None:
        """End the silence; what was sent meanwhile arrives."""
        self._call(self._passing.set)

    def cut_after(self, count: int) -> None:
        """Break the connection on which the server sends the byte after ``count`` more ones."""

        def set_left() -> None:
            self._left = count

        self._call(set_left)

    async def _listen(self) -> None:
        self._passing = asyncio.Event()
        self._passing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.refusing:
            _reset(client)
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            server_reader, server = await asyncio.open_connection(*self.target)
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
            await asyncio.sleep(self.latency + (len(data) / self.rate if self.rate else 0))
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
