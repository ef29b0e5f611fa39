"""A renderer process and a plain client for tests: no code of the kernel side, to see what is on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

DEADLINE = 60.0  # seconds; generous, since other tests may compile at the same time


@contextlib.contextmanager
def renderer_process(*flags: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a renderer; gives its HOST:PORT and the process, which is ended at last."""
    command = [sys.executable, "-m", "brayns_widget", "renderer", "--uri", "127.0.0.1:0", *flags]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), process.communicate(timeout=DEADLINE)[1]
            yield line.removeprefix("listening on ").strip(), process
        finally:
            process.kill()
            process.communicate(timeout=DEADLINE)


class Failed(Exception):
    """The server answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data")


class Client:
    """One connection; requests get the ids 1, 2, …"""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.count = 0
        self.progress: list[dict[str, Any]] = []
        self.payload = b""

    async def send(self, method: str, params: Any = None, payload: bytes = b"", **members: Any) -> int:
        self.count += 1
        message = {"jsonrpc": "2.0", "id": self.count, "method": method, **members}
        if params is not None:
            message["params"] = params
        text = json.dumps(message)
        await self.socket.send(struct.pack("<I", len(text)) + text.encode() + payload if payload else text)
        return self.count

    async def receive(self) -> dict[str, Any]:
        """The next frame's JSON; ``payload`` holds its bytes."""
        frame = await asyncio.wait_for(self.socket.recv(), DEADLINE)
        self.payload = b""
        if isinstance(frame, bytes):
            (size,) = struct.unpack_from("<I", frame)
            self.payload = frame[4 + size :]
            frame = frame[4 : 4 + size].decode()
        message: dict[str, Any] = json.loads(frame)
        return message

    async def reply(self, request_id: int) -> Any:
        """The answer to a request; progress that comes before is kept."""
        while True:
            message = await self.receive()
            if "method" in message:
                self.progress.append(message["params"])
            elif message["id"] == request_id:
                if "error" in message:
                    raise Failed(message["error"])
                return message["result"]

    async def call(self, method: str, params: Any = None) -> Any:
        return await self.reply(await self.send(method, params))


@contextlib.asynccontextmanager
async def client_of(address: str) -> AsyncIterator[Client]:
    async with connect(f"ws://{address}", max_size=None, compression=None, ping_interval=None) as socket:
        yield Client(socket)


def sonata(circuit: Any, population: str = "S1nonbarrel_neurons", **settings: Any) -> dict[str, Any]:
    """Parameters of ``add-model``; by default all cells with soma and dendrites."""
    settings.setdefault("node_percentage", 1.0)
    settings.setdefault("neuron_morphology_parameters", {"load_soma": True, "load_dendrites": True})
    return {
        "path": str(circuit),
        "loader_name": "SONATA loader",
        "loader_properties": {"node_population_settings": [{"node_population": population, **settings}]},
    }
