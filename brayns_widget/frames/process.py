"""``brayns-widget frames``: the process that makes the frames of one kernel's widgets.

It shares no interpreter with the user's cells, so frames go on whatever a cell does. The kernel starts it and speaks
with it over a socket (see ``control``); pages open sockets of their own (see ``server``).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from brayns_widget.connection.link import Address
from brayns_widget.connection.tokens import Token
from brayns_widget.frames import control
from brayns_widget.frames.host import Host
from brayns_widget.frames.renderer import RendererLink
from brayns_widget.frames.server import FrameServer
from brayns_widget.lifetime import read_stdin_line, when_stdin_closes
from brayns_widget.stream import settings_for

_LOG = logging.getLogger(__name__)


class Kernel:
    """The kernel's socket: its hosts, each with its link to a renderer.

    Args:
        server: lets pages in.
        socket: the kernel's.
    """

    def __init__(self, server: FrameServer, socket: ServerConnection) -> None:
        self._server = server
        self._socket = socket
        self._hosts: dict[int, Host] = {}
        self._told: dict[int, control.Told] = {}
        self._links: dict[int, RendererLink] = {}
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def run(self) -> None:
        """Serve the kernel until it hangs up."""
        writer = asyncio.create_task(self._write())
        try:
            async for raw in self._socket:
                (number, name, arguments), _ = control.decode(raw)
                del raw  # it may hold a token, which tracebacks with local variables would show
                try:
                    await self._call(number, name, arguments)
                except Exception:  # one widget's call must not end the others' frames
                    _LOG.exception("The call %r failed", name)
        finally:
            await self._server.say_farewell()
            for number in list(self._hosts):
                await self._close(number)
            writer.cancel()
            await asyncio.wait([writer])

    async def _call(self, number: int, name: str, arguments: list[Any]) -> None:
        if name == "open":
            told = self._told[number] = control.Told(number, self._outbox.put_nowait)
            self._hosts[number] = Host(told)
        elif name == "close":
            await self._close(number)
        elif name == "connect":
            await self._connect(number, *arguments)
        elif name == "admit":
            question, *admitted = arguments
            self._server.admit(self._hosts[number], *admitted)
            self._told[number].answer(question, None)
        elif name == "stats":
            self._told[number].answer(arguments[0], self._hosts[number].stats())
        else:
            control.CALLS[name](self._hosts[number], *arguments)

    async def _connect(self, number: int, target: dict[str, Any] | None) -> None:
        host, told = self._hosts[number], self._told[number]
        if number in self._links:
            await self._links.pop(number).close()
        host.set_request(None)
        if target is None:
            return
        settings = settings_for(**target["traits"])
        self._links[number] = RendererLink(
            Address(target["url"], target["token"]),
            frozenset({"render-image", "render-ids"} if settings.gives_way else ()),
            lambda request: host.set_request(request, settings),
            told.unreachable,
        )

    async def _close(self, number: int) -> None:
        if number in self._links:
            await self._links.pop(number).close()
        host = self._hosts.pop(number, None)
        self._told.pop(number, None)
        if host is not None:
            await host.close()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.send(await self._outbox.get())


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "frames", help="make the frames of a kernel's widgets (a kernel starts this by itself)"
    )
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        required=True,
        help="read the kernel's secret from the first line of the standard input, and exit when the input ends",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - the interface of subcommands
    """Serve until the standard input ends; return the exit code."""
    logging.basicConfig(level="WARNING", stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the kernel's; this process ends with the pipe
    asyncio.run(_serve(Token(read_stdin_line())))
    return 0


async def _serve(secret: Token) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def end() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it is over already
            loop.call_soon_threadsafe(over.set)

    when_stdin_closes(end)

    async def serve_kernel(socket: ServerConnection) -> None:
        await Kernel(server, socket).run()

    server = FrameServer({control.PATH: (secret, serve_kernel)})
    await server.start()
    try:
        print(json.dumps({"port": server.port, "pid": os.getpid()}), flush=True)
        await over.wait()
    finally:
        await server.say_farewell()
        await server.close()
