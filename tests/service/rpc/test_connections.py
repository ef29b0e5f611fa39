"""How many connections a server holds, and how long those that ask for nothing last."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from brayns_widget.service.places import REQUEST_SECONDS
from brayns_widget.service.rpc import connections
from brayns_widget.service.rpc import server as server_module
from tests.service.rpc.bench import DEADLINE, open_client, receive, send, serving

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def half_open(address: str, words: bytes = b"") -> Streams:
    host, _, port = address.rpartition(":")
    streams = await asyncio.open_connection(host, int(port))
    streams[1].write(words)
    return streams


async def ends(streams: Streams) -> None:
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(streams[0].read(), DEADLINE) == b""
    streams[1].close()


async def works(address: str) -> None:
    async with open_client(address) as socket:
        await send(socket, 1, "echo", {"text": "here"})
        assert (await receive(socket))["result"] == "here"


@pytest.mark.parametrize("words", [b"", b"GET / HTTP/1.1\r\nX-Begun: "])
@pytest.mark.parametrize("limit", [None, 1])  # who waits for room waits longer
def test_a_connection_without_a_complete_request_ends(monkeypatch: pytest.MonkeyPatch, words: bytes, limit: int | None):
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)
    monkeypatch.setattr(server_module, "REQUEST_SECONDS", 100.0)

    async def scenario() -> None:
        async with serving(max_clients=limit) as (_state, address), open_client(address) as socket:
            await ends(await half_open(address, words))
            await send(socket, 1, "echo", {"text": "still here"})
            assert (await receive(socket))["result"] == "still here"

    asyncio.run(scenario())


def test_newcomers_take_the_place_of_the_oldest_without_a_request(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "most_connections", lambda: 3)
    for module in (connections, server_module):
        monkeypatch.setattr(module, "REQUEST_SECONDS", 100.0)

    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address) as socket:
            idle = [await half_open(address) for _ in range(20)]
            await works(address)
            await ends(idle[0])
            await send(socket, 1, "echo", {"text": "still here"})
            assert (await receive(socket))["result"] == "still here"
            for _reader, writer in idle:
                writer.close()

    asyncio.run(scenario())


def test_where_all_are_clients_a_newcomer_is_refused_until_one_leaves(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "most_connections", lambda: 2)

    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address):
            async with open_client(address):
                await ends(await half_open(address, b"GET /healthz HTTP/1.1\r\n\r\n"))
            await works(address)

    asyncio.run(scenario())


LIMITED = """
import resource, sys
from brayns_widget.cli import main
resource.setrlimit(resource.RLIMIT_NOFILE, (160, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
@pytest.mark.parametrize("server", ["backend", "renderer"])
def test_a_bare_server_that_a_neighbour_floods_goes_on_and_stays_quiet(server: str, tmp_path: Path):
    where = ["--port", "0"] if server == "backend" else ["--uri", "127.0.0.1:0"]
    command = [sys.executable, "-c", LIMITED, server, *where, "--base-directory", str(tmp_path), "--exit-with-stdin"]

    async def flood(address: str) -> None:
        idle = [await half_open(address) for _ in range(300)]
        for malformed in (b"GET / NONSENSE\r\n\r\n", b"\x16\x03\x01\0\0", b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"):
            for _ in range(20):
                _reader, writer = await half_open(address, malformed)
                writer.close()
        async with open_client(address) as socket:
            await send(socket, 1, "get-version" if server == "renderer" else "version")
            await receive(socket)
        for _reader, writer in idle:
            writer.close()

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            asyncio.run(asyncio.wait_for(flood(address), REQUEST_SECONDS - 1))  # none has ended by itself
            _out, told = process.communicate(timeout=3 * DEADLINE)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Traceback" not in told
    assert len(told.splitlines()) < 5, told
