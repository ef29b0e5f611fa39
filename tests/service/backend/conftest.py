"""A backend in this process, and clients of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from brayns_widget.demo import write_circuit
from brayns_widget.protocol.binary import unpack
from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.backend.methods import METHODS, Context
from brayns_widget.service.backend.reader import CircuitReader
from brayns_widget.service.rpc.server import RpcServer

DEADLINE = 30  # seconds


class Client:
    """One connection."""

    def __init__(self, socket):
        self.socket = socket

    async def exchange(self, frame):
        await self.socket.send(frame)
        return await self.receive()

    async def receive(self):
        async with asyncio.timeout(DEADLINE):
            reply = await self.socket.recv()
        assert isinstance(reply, str), "the backend's answers here have no payload"
        return json.loads(reply)

    async def call(self, method, **params):
        await self._send(method, params)
        return self._result(method, await self.receive())

    async def fetch(self, method, **params):
        """Call a method whose answer may have a payload; returns result and payload."""
        await self._send(method, params)
        reply, payload = await self.frame()
        return self._result(method, reply), payload

    async def frame(self):
        """Receive an answer and its payload."""
        async with asyncio.timeout(DEADLINE):
            frame = await self.socket.recv()
        text, payload = (frame, b"") if isinstance(frame, str) else unpack(frame)
        return json.loads(text), payload

    async def _send(self, method, params):
        request = {"jsonrpc": "2.0", "id": method, "method": method, **({"params": params} if params else {})}
        await self.socket.send(json.dumps(request))

    def _result(self, method, reply):
        assert reply["id"] == method
        if "error" in reply:
            raise RequestError(reply["error"]["message"], code=reply["error"]["code"], method=method)
        return reply["result"]


class Backend:
    """A listening backend."""

    def __init__(self, address, stopped):
        self.url = f"ws://{address[0]}:{address[1]}"
        self.stopped = stopped

    @contextlib.asynccontextmanager
    async def client(self):
        async with connect(self.url) as socket:
            yield Client(socket)


@contextlib.asynccontextmanager
async def serving(directory, **reader_options):
    """Serve a base directory while the context lasts."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    base = BaseDirectory(directory)
    reader = CircuitReader(base, **reader_options)

    def stop() -> None:
        loop.call_soon_threadsafe(stopped.set)

    context = Context(base, reader, stop)
    with ThreadPoolExecutor(8) as workers:
        server = RpcServer(METHODS, context, workers, for_client=context.for_client, require_version=False)
        async with server.serve("127.0.0.1", 0) as address:
            try:
                yield Backend(address, stopped)
            finally:
                reader.close()


@pytest.fixture
def with_client():
    """Run a coroutine function with a client of a backend on a directory."""

    def run(directory, use, **reader_options):
        async def main():
            async with serving(directory, **reader_options) as backend, backend.client() as client:
                return await use(client)

        return asyncio.run(main())

    return run


@pytest.fixture
def with_backend():
    """Run a coroutine function with a backend on a directory."""

    def run(directory, use, **reader_options):
        async def main():
            async with serving(directory, **reader_options) as backend:
                return await use(backend)

        return asyncio.run(main())

    return run


@pytest.fixture
def call(with_client):
    """Call one method of a backend on a directory."""

    def run(directory, method, **params):
        return with_client(directory, lambda client: client.call(method, **params))

    return run


@pytest.fixture
def fetch(with_client):
    """Call one method, whose answer may have a payload, of a backend on a directory."""

    def run(directory, method, **params):
        return with_client(directory, lambda client: client.fetch(method, **params))

    return run


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """The directory of a small circuit."""
    return write_circuit(tmp_path_factory.mktemp("backend") / "demo", cells=4, seed=0).parent
