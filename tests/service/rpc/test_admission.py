"""Who is let in by a server, and who waits for room."""

from __future__ import annotations

import asyncio
import contextlib
import time
import urllib.request

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from brayns_widget.service.auth import Token
from brayns_widget.service.rpc import server as server_module
from tests.service.rpc.bench import DEADLINE, open_client, receive, send, serving


def test_a_client_beyond_the_limit_waits_for_room():
    async def scenario() -> None:
        async with serving(max_clients=1) as (_state, address), open_client(address) as socket:
            host, _, port = address.rpartition(":")
            _reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
            writer.write(b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            await writer.drain()
            writer.close()  # it left while it waited, and takes no room
            await writer.wait_closed()
            waiting = asyncio.create_task(_echoed(address))
            await send(socket, 1, "echo", {"text": "in"})
            assert (await receive(socket))["result"] == "in"
            assert not waiting.done()
            await socket.close()
            assert await asyncio.wait_for(waiting, DEADLINE) == "later"

    asyncio.run(scenario())


async def _echoed(address: str) -> str:
    async with open_client(address) as socket:
        await send(socket, 1, "echo", {"text": "later"})
        text: str = (await receive(socket))["result"]
        return text


def test_room_is_given_to_one_of_those_who_wait():
    async def scenario() -> None:
        async with serving(max_clients=1) as (_state, address):
            sockets = [asyncio.ensure_future(open_client(address)) for _ in range(5)]
            for _ in range(5):
                done, _rest = await asyncio.wait(sockets, timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
                (first,) = done
                sockets.remove(first)
                await first.result().close()

    asyncio.run(scenario())


@pytest.mark.measures
def test_a_server_that_ends_keeps_nobody_waiting():
    async def scenario() -> None:
        async with serving(max_clients=1) as (_state, address), open_client(address):
            waiting = asyncio.create_task(_echoed(address))
            await asyncio.to_thread(urllib.request.urlopen, f"http://{address}/healthz", None, DEADLINE)
        with pytest.raises((InvalidStatus, InvalidMessage, OSError)):
            await asyncio.wait_for(waiting, DEADLINE)

    begin = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - begin < server_module.WAITING_TIME / 2


def test_clients_beyond_the_limit_are_refused_at_last_and_let_in_later(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "WAITING_TIME", 0.1)

    async def scenario() -> None:
        async with serving(max_clients=1) as (_state, address):
            async with open_client(address) as socket:
                await send(socket, 1, "echo", {"text": "in"})
                await receive(socket)
                with pytest.raises(InvalidStatus) as caught:
                    await open_client(address)
                assert caught.value.response.status_code == 503
                assert b"--max-clients 1" in (caught.value.response.body or b"")
                await socket.close()
            async with asyncio.timeout(DEADLINE):
                while True:  # the server may notice the end a moment later
                    with contextlib.suppress(InvalidStatus):
                        async with open_client(address):
                            return

    asyncio.run(scenario())


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}])
def test_with_a_secret_only_who_knows_it_is_let_in(headers: dict[str, str]):
    async def scenario() -> None:
        async with serving(secret=Token("secret")) as (_state, address):
            with pytest.raises(InvalidStatus) as caught:
                await connect(f"ws://{address}", additional_headers=headers)
            assert caught.value.response.status_code == 401
            async with connect(f"ws://{address}", additional_headers={"Authorization": "Bearer secret"}) as socket:
                await send(socket, 1, "echo", {"text": "in"})
                assert (await receive(socket))["id"] == 1

    asyncio.run(scenario())


def test_health():
    async def scenario() -> None:
        async with serving(max_clients=1) as (_state, address), open_client(address):
            with await asyncio.to_thread(urllib.request.urlopen, f"http://{address}/healthz", None, DEADLINE) as reply:
                assert (reply.status, reply.read()) == (200, b"Ok")

    asyncio.run(scenario())


def test_who_leaves_before_the_handshake_is_no_error(caplog: pytest.LogCaptureFixture):
    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address) as socket:
            host, _, port = address.rpartition(":")
            for greeting in (b"", b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n"):
                _reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(greeting)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
            await send(socket, 1, "echo", {"text": "still here"})
            assert (await receive(socket))["result"] == "still here"

    asyncio.run(scenario())
    assert caplog.text == ""
