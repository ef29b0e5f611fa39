"""Links that open, or do not: what the server says at once, and what it makes of a token."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from brayns_widget.connection.link import ACCEPTED, Link, Unreachable
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import AuthError, ConnectionLost, DeadlineExceeded, TokenUnavailable
from tests.connection.links import talk
from tests.fakes import TOKEN, FakeCluster


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


def test_a_server_that_accepts_and_says_nothing_is_a_deadline(cluster):
    cluster.renderer.silent.add("get-version")
    with pytest.raises(DeadlineExceeded, match=r"The renderer did not answer within 0\.2 s"):
        talk(cluster, lambda link: link.request("get-scene"), timeout=0.2)


def test_a_server_that_accepts_and_hangs_up_cannot_be_reached(cluster):
    cluster.renderer.cut.add("get-version")
    with pytest.raises(Unreachable) as caught:
        talk(cluster, answers)
    assert str(caught.value) == "The renderer cannot be reached: the connection was closed at once."
    assert caught.value.status == ACCEPTED


def test_a_failure_without_a_text_of_its_own_is_told_in_words(cluster, monkeypatch):
    async def fail(*_: object, **__: object) -> None:
        raise EOFError

    monkeypatch.setattr("brayns_widget.connection.sockets.Connect", fail)
    with pytest.raises(Unreachable, match=r"^The renderer cannot be reached: the connection broke\.$"):
        talk(cluster, answers)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_an_auth_error(cluster, status):
    cluster.refuse["renderer"] = status
    with pytest.raises(AuthError, match=f"HTTP {status}"):
        talk(cluster, lambda link: link.request("get-scene"))


@pytest.mark.parametrize("is_async", [False, True])
def test_the_source_of_a_token_that_is_refused_is_asked_once_more(cluster, is_async):
    tokens = ["expired", TOKEN]

    async def later() -> str:
        return tokens.pop(0)

    assert talk(cluster, answers, token=later if is_async else lambda: tokens.pop(0)) == []
    assert len(cluster.handshakes) == 2


@pytest.mark.parametrize(("tokens", "handshakes"), [(["old", "old"], 1), (["old", "older"], 2)])
def test_a_source_of_refused_tokens_is_asked_twice_and_not_for_ever(cluster, tokens, handshakes):
    with pytest.raises(AuthError, match=r"refused the token \(HTTP 401\)"):
        talk(cluster, answers, token=lambda: tokens.pop(0))
    assert (tokens, len(cluster.handshakes)) == ([], handshakes)


def test_a_source_that_fails_when_it_is_asked_once_more_may_be_asked_later(cluster):
    tokens = ["expired"]
    with pytest.raises(TokenUnavailable, match="IndexError"):
        talk(cluster, answers, token=lambda: tokens.pop(0))


async def answers(link: Link) -> Any:
    return (await link.request("get-scene")).result["models"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_other_refusals_carry_their_status(cluster, status):
    cluster.refuse["renderer"] = status
    with pytest.raises(Unreachable) as caught:
        talk(cluster, lambda link: link.request("get-scene"))
    assert caught.value.status == status
    assert TOKEN not in str(caught.value)


def test_nobody_there():
    async def main() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        await Link.open(f"ws://127.0.0.1:{port}/1/renderer", Token(TOKEN), name="renderer", probe="get-version")

    with pytest.raises(Unreachable) as caught:
        asyncio.run(main())
    assert caught.value.status is None


def test_an_http_server_that_answers_raw_bytes_is_a_deadline_or_a_loss():
    # the 2024 slave accepts, then writes an HTTP answer into the WebSocket and leaves TCP open
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from websockets.http11 import Request
        from websockets.server import ServerProtocol

        protocol = ServerProtocol()
        while not (events := protocol.events_received()):
            protocol.receive_data(await reader.read(4096))
        assert isinstance(events[0], Request)
        protocol.send_response(protocol.accept(events[0]))
        writer.writelines(protocol.data_to_send())
        writer.write(b"HTTP/1.1 500 Internal Server Error\r\n\r\n")
        await reader.read()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            url = f"ws://127.0.0.1:{port}/1/renderer"
            with pytest.raises((ConnectionLost, DeadlineExceeded)):
                await Link.open(url, Token(TOKEN), name="renderer", probe="get-version", timeout=2)

    asyncio.run(main())
