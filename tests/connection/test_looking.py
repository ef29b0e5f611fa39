from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

import pytest

from brayns_widget.connection.link import Unreachable
from brayns_widget.connection.looking import check_before_leaving, check_listens

DEADLINE = 10


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "socks_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def look(slave: str, patience: float = 5.0) -> None:
    asyncio.run(asyncio.wait_for(check_listens(slave, patience), DEADLINE))


@pytest.mark.measures
def test_a_slave_that_is_there_is_asked_nothing_and_holds_nothing_up():
    async def main() -> None:
        heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.set_result(await reader.read())
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            began = time.monotonic()
            await check_listens(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            assert time.monotonic() - began < 1.0
            assert await heard == b""

    asyncio.run(asyncio.wait_for(main(), DEADLINE))


def test_a_slave_that_is_not_there_is_named_with_the_reason():
    slave = f"127.0.0.1:{free_port()}/path/"
    with pytest.raises(Unreachable) as caught:
        look(slave, 0.3)
    assert f"No proxy slave answers at ws://{slave.rstrip('/')}, so no job was started: " in caught.value.message
    assert "slave=" in caught.value.hint


def test_a_slave_that_comes_up_is_waited_for():
    async def main() -> None:
        port = free_port()
        looking = asyncio.create_task(check_listens(f"ws://127.0.0.1:{port}"))
        await asyncio.sleep(0.05)  # so that it was tried in vain
        assert not looking.done()
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port):
            await looking

    asyncio.run(asyncio.wait_for(main(), DEADLINE))


def test_a_host_that_says_nothing_is_waited_for_so_long(monkeypatch):
    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "open_connection", never)
    with pytest.raises(Unreachable, match=r"wss://host/path, .*: nothing within 0\.1 s\."):
        look("host/path", 0.1)


@pytest.mark.measures
def test_a_name_that_nobody_knows_is_told_at_once(monkeypatch):
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="Name or service not known"):
        look("wss://nobody.example")
    assert time.monotonic() - began < 2.0


def test_a_job_is_left_only_for_servers_that_are_there():
    async def main() -> None:
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
            there = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/path"
            await check_before_leaving({"proxy master": there})
            gone = f"ws://127.0.0.1:{free_port()}"
            with pytest.raises(Unreachable, match=f"No proxy slave answers at {gone}, so no job can be had there: "):
                await check_before_leaving({"proxy master": there, "proxy slave": gone}, 0.1)

    asyncio.run(asyncio.wait_for(main(), DEADLINE))


@pytest.mark.parametrize(("slave", "ports"), [("wss://host/a", [443]), ("ws://host", [80]), ("wss://host:7/a", [7])])
def test_the_port_is_that_of_the_scheme(monkeypatch, slave, ports):
    asked: list[tuple[str, int]] = []

    async def refuse(host: str, port: int) -> None:
        asked.append((host, port))
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setattr(asyncio, "open_connection", refuse)
    with pytest.raises(Unreachable):
        look(slave)
    assert asked == [("host", port) for port in ports]


@pytest.mark.parametrize(
    ("variable", "slave", "proxied"),
    [
        ("https_proxy", "wss://slave.example/path", True),
        ("https_proxy", "ws://slave.example", True),
        ("http_proxy", "ws://slave.example", True),
        ("http_proxy", "wss://slave.example", False),
        ("wss_proxy", "wss://slave.example", True),
        ("https_proxy", "wss://here.example", False),
        ("https_proxy", "ws://127.0.0.1", False),
    ],
)
def test_through_a_proxy_nothing_is_tried_as_only_that_can_know(monkeypatch, variable, slave, proxied):
    async def refuse(*_: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "here.example")
    monkeypatch.setattr(asyncio, "open_connection", refuse)
    with contextlib.nullcontext() if proxied else pytest.raises(Unreachable):
        look(slave)


@pytest.mark.parametrize(
    ("variable", "master", "proxied"),
    [
        ("all_proxy", "https://master.example", True),
        ("http_proxy", "http://master.example", True),
        ("https_proxy", "http://master.example", False),
        ("http_proxy", "http://127.0.0.1", False),
    ],
)
def test_a_master_behind_a_proxy_is_not_tried_either(monkeypatch, variable, master, proxied):
    async def refuse(*_: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setattr(asyncio, "open_connection", refuse)
    with contextlib.nullcontext() if proxied else pytest.raises(Unreachable):
        asyncio.run(asyncio.wait_for(check_before_leaving({"proxy master": master}), DEADLINE))
