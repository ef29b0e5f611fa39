import asyncio
import contextlib
import socket
import sys
from pathlib import Path

import pytest
from aiohttp import web

from brayns_widget.service import connections
from brayns_widget.service.connections import Connections

LIMITED = f"""
import resource, runpy
resource.setrlimit(resource.RLIMIT_NOFILE, (160, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
runpy.run_path({str(Path(__file__).with_name("service_with_fakes.py"))!r}, run_name="__main__")
"""


class Gate:
    """Requests of `/slow` knock and wait."""

    def __init__(self):
        self.knocked = asyncio.Semaphore(0)
        self.opened = asyncio.Event()

    async def answer(self, request):
        if request.path == "/slow":
            self.knocked.release()
            await self.opened.wait()
        return web.Response(text="here")


@contextlib.asynccontextmanager
async def listening(most):
    gate = Gate()
    application = web.Application()
    application.router.add_get("/{path:.*}", gate.answer)
    async with Connections(application, most, 0.1).listen("127.0.0.1", 0) as address:
        yield address, gate


async def ask_slow(address, gate):
    asked = await ask(address, "/slow")
    await gate.knocked.acquire()
    return asked


async def ask(address, path="/", head="Connection: close\r\n\r\n"):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\n{head}".encode())
    return reader, writer


async def close(*connected):
    for _, writer in connected:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("head", ["", "X-Begun: "])
def test_a_connection_without_complete_headers_ends(monkeypatch, head):
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)

    async def main():
        async with asyncio.timeout(10), listening(5) as (address, _):
            half_open = await ask(address, head=head)
            assert await half_open[0].read() == b""
            await close(half_open)

    asyncio.run(main())


def test_a_request_that_takes_long_is_not_cut(monkeypatch):
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.1)

    async def main():
        async with asyncio.timeout(10), listening(5) as (address, gate):
            slow, half_open = await ask_slow(address, gate), await ask(address, head="")
            assert await half_open[0].read() == b""  # its time was over, and so the older one's would be
            gate.opened.set()
            assert (await slow[0].read()).endswith(b"here")
            await close(slow, half_open)

    asyncio.run(main())


def test_newcomers_take_the_place_of_the_oldest_without_a_request():
    async def main():
        async with asyncio.timeout(10), listening(3) as (address, gate):
            slow = await ask_slow(address, gate)
            idle = [await ask(address, head="") for _ in range(20)]
            asked = await ask(address)
            assert (await asked[0].read()).endswith(b"here")
            assert await idle[0][0].read() == b""
            gate.opened.set()
            assert (await slow[0].read()).endswith(b"here")
            await close(slow, asked, *idle)

    asyncio.run(main())


def test_where_all_are_at_work_a_newcomer_is_refused():
    async def main():
        async with asyncio.timeout(10), listening(2) as (address, gate):
            slow = [await ask_slow(address, gate) for _ in range(2)]
            refused = await ask(address)
            with contextlib.suppress(ConnectionError):
                assert await refused[0].read() == b""
            gate.opened.set()
            for reader, _ in slow:
                assert (await reader.read()).endswith(b"here")
            await close(refused, *slow)

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_service_flooded_with_connections_goes_on(launch):
    # 160 handles, and a neighbour that holds more connections than that.
    run = launch("--exit-with-stdin", command=("-c", LIMITED))
    address = run.greeting["master"].removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(socket.create_connection((address[0], int(address[1])), timeout=5))
        run.start_job()
    run.process.stdin.close()
    assert run.process.wait(10) == 0
    assert "Traceback" not in run.process.stderr.read()
