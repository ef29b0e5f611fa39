"""The relay's two sides, on transports of memory; tests/service/test_slave.py has it on sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from websockets.frames import Close, Frame, Opcode

from brayns_widget.service.relay import ClosingWords, Side, relay

DEADLINE = 10


class Memory(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.reads = True
        self.side: asyncio.BaseProtocol | None = None
        self.closed = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.side = protocol

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def close(self) -> None:
        if not self.closed and self.side:
            self.closed = True
            self.side.connection_lost(None)

    abort = close


async def _unknown() -> ClosingWords:
    return 1011, "it died"


def relayed(
    use: Callable[[Side, Memory, Side, Memory, asyncio.Task[None]], Coroutine[Any, Any, None]],
    why: Callable[[], Awaitable[ClosingWords]] = _unknown,
) -> None:
    """Run a relay between two transports of memory, and use it."""

    async def main() -> None:
        sides, transports = [], [Memory(), Memory()]
        for transport, is_client in zip(transports, (True, False), strict=True):
            side = Side(is_client=is_client, limit=1000)
            side.take_over(transport)
            sides.append(side)
        async with asyncio.timeout(DEADLINE):
            running = asyncio.create_task(relay(sides[0], sides[1], why))
            await asyncio.sleep(0)
            await use(sides[0], transports[0], sides[1], transports[1], running)
            await running
        assert all(transport.closed for transport in transports)

    asyncio.run(main())


def frame(opcode: Opcode, payload: bytes, *, masked: bool) -> bytes:
    return Frame(opcode, payload).serialize(mask=masked)


CLOSE = Close(1000, "").serialize()


def test_a_frame_is_passed_on_as_it_comes_with_the_clients_mask():
    async def use(client, to_client, server, to_server, running):
        data = frame(Opcode.BINARY, b"x" * 900, masked=True)
        client.data_received(data[:400])
        assert to_server.sent == data[:400], "before it is complete"
        client.data_received(data[400:])
        assert to_server.sent == data
        client.data_received(frame(Opcode.CLOSE, CLOSE, masked=True))
        await asyncio.sleep(0)
        server.data_received(frame(Opcode.CLOSE, CLOSE, masked=False))

    relayed(use)


def test_a_pong_waits_for_the_end_of_the_frame_that_is_under_way():
    async def use(client, to_client, server, to_server, running):
        data = frame(Opcode.BINARY, b"x" * 900, masked=False)
        server.data_received(data[:400])
        client.data_received(frame(Opcode.PING, b"?", masked=True))
        assert to_client.sent == data[:400]
        server.data_received(data[400:])
        assert to_client.sent == data + frame(Opcode.PONG, b"?", masked=False)
        assert to_server.sent == b"", "the real renderer drops a client that pings"
        client.connection_lost(None)
        await asyncio.sleep(0)
        server.data_received(frame(Opcode.CLOSE, CLOSE, masked=False))

    relayed(use)


def test_a_client_that_takes_nothing_gets_one_pong_for_all_its_pings():
    async def use(client, to_client, server, to_server, running):
        client.pause_writing()
        for number in range(100):
            client.data_received(frame(Opcode.PING, b"%d" % number, masked=True))
        assert to_client.sent == b""
        client.resume_writing()
        assert to_client.sent == frame(Opcode.PONG, b"99", masked=False)
        client.connection_lost(None)
        await asyncio.sleep(0)
        server.data_received(frame(Opcode.CLOSE, CLOSE, masked=False))

    relayed(use)


@pytest.mark.parametrize("within", [False, True])
def test_a_server_that_dies_is_told_unless_its_last_frame_is_not_complete(within):
    async def use(client, to_client, server, to_server, running):
        data = frame(Opcode.BINARY, b"x" * 900, masked=False)
        server.data_received(data[: 400 if within else None])
        sent = to_client.sent
        server.connection_lost(None)
        closing = b"" if within else frame(Opcode.CLOSE, Close(1011, "it died").serialize(), masked=False)
        while to_client.sent != sent + closing or (within and not to_client.closed):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)
        client.data_received(frame(Opcode.CLOSE, CLOSE, masked=True))

    relayed(use)


def test_a_side_that_takes_nothing_holds_the_other_one_back():
    async def use(client, to_client, server, to_server, running):
        client.pause_writing()
        assert not to_server.reads
        client.resume_writing()
        assert to_server.reads
        client.pause_writing()
        client.connection_lost(None)
        while not to_server.reads:  # noqa: ASYNC110 - its close frame is still to come
            await asyncio.sleep(0)
        server.data_received(frame(Opcode.CLOSE, CLOSE, masked=False))

    relayed(use)


def test_what_a_server_says_at_once_is_not_lost():
    async def main():
        client, server = Side(is_client=True, limit=1000), Side(is_client=False, limit=1000)
        to_client, to_server = Memory(), Memory()
        data = frame(Opcode.TEXT, b"welcome", masked=False)
        server.take_over(to_server, data)
        client.take_over(to_client)
        client.connect(server)
        server.connect(client)
        assert to_client.sent == data

    asyncio.run(main())
