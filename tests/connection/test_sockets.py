"""What the sockets of links count; that no redirect is followed is tested with the links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection, serve

from brayns_widget.connection.sockets import Connect, CountedSocket


def test_bytes_are_counted_as_they_come():
    async def main() -> None:
        go, rest = asyncio.Event(), asyncio.Event()

        async def handle(connection: ServerConnection) -> None:
            async def parts() -> AsyncIterator[bytes]:
                yield b"x" * 1000
                async with asyncio.timeout(5):
                    await rest.wait()
                yield b"y"

            await go.wait()
            await connection.send(parts())
            await connection.wait_closed()

        async with serve(handle, "127.0.0.1", 0, compression=None) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Connect(url, create_connection=CountedSocket, compression=None) as socket:
                assert isinstance(socket, CountedSocket)
                begun = socket.received
                message = asyncio.create_task(socket.recv())
                go.set()
                while socket.received < begun + 1000:  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(0.001)
                assert not message.done()
                rest.set()
                assert len(await message) == 1001

    asyncio.run(asyncio.wait_for(main(), 10))
