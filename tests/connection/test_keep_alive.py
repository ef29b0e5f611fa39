from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from brayns_widget.connection.keep_alive import COUNT, IDLE, INTERVAL, keep_alive


def test_tcp_finds_a_host_that_is_gone_within_half_a_minute():
    assert IDLE + INTERVAL * COUNT <= 30


def test_a_tcp_connection_asks_the_other_host():
    async def main() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            keep_alive(writer.transport)
            found = writer.transport.get_extra_info("socket")
            assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            if sys.platform == "linux":
                values = [getattr(socket, f"TCP_KEEP{name}") for name in ("IDLE", "INTVL", "CNT")]
                assert [found.getsockopt(socket.IPPROTO_TCP, value) for value in values] == [IDLE, INTERVAL, COUNT]
                assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
            writer.close()
            await writer.wait_closed()

    asyncio.run(asyncio.wait_for(main(), 10))


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_what_is_no_tcp_connection_is_left_alone():
    async def main() -> None:
        here, there = socket.socketpair(socket.AF_UNIX)
        _, writer = await asyncio.open_connection(sock=here)
        keep_alive(writer.transport)
        assert not writer.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        writer.close()
        await writer.wait_closed()
        there.close()

    asyncio.run(asyncio.wait_for(main(), 10))
