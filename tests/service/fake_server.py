"""A stand-in for a renderer or backend: echoes messages, and misbehaves as its arguments and messages ask it to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Opcode

from brayns_widget.lifetime import when_stdin_closes

MEGABYTE = bytes(1_000_000)


class Connection(ServerConnection):
    pings = 0

    def process_event(self, event):
        if getattr(event, "opcode", None) is Opcode.PING:
            Connection.pings += 1
        super().process_event(event)


class Server:
    sent = 0

    async def handle(self, connection):
        async for message in connection:
            match message.split(" ", 2) if isinstance(message, str) else [message]:
                case ["close", code, reason]:
                    await connection.close(int(code), reason)
                case ["die"]:
                    print("my last words", file=sys.stderr, flush=True)
                    os._exit(3)
                case ["request"]:
                    seen = {"path": connection.request.path, "headers": dict(connection.request.headers.raw_items())}
                    await connection.send(json.dumps(seen))
                case ["pings"]:
                    await connection.send(str(Connection.pings))
                case ["stream", count]:
                    for _ in range(int(count)):
                        await connection.send(MEGABYTE)
                        self.sent += 1
                case ["sent"]:
                    await connection.send(str(self.sent))
                case _:
                    await connection.send(message)


def answer(status):
    return lambda connection, request: connection.respond(status, "Ok") if request.path == "/healthz" else None


async def main(arguments):
    if "chatty" in arguments:
        lines = [*map(str, range(500)), f"the secret is {sys.stdin.readline().strip()}", "the end of it"]
        print("\n".join(lines), file=sys.stderr, flush=True)
    if "stubborn" in arguments:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        when_stdin_closes(lambda: os._exit(0))
    if "noisy" in arguments:
        print("x" * 5_000_000, file=sys.stderr, flush=True)
    if "broken" in arguments:
        sys.exit("no circuit, no fun")
    if "silent" in arguments:
        await asyncio.Event().wait()
    if "babbling" in arguments:
        print("hello world", flush=True)
    status = 503 if "unhealthy" in arguments else 200
    async with serve(
        Server().handle,
        "127.0.0.1",
        0,
        process_request=answer(status),
        create_connection=Connection,
        max_size=None,
    ) as server:
        print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
