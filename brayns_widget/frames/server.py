"""Loopback server of pages' sockets.

A page reaches it through the Jupyter server (jupyter-server-proxy), which has authenticated the page by its own cookie.
The first message on a socket is a ticket; it is not part of the address, because servers log addresses. After it the
page sends cameras and acknowledgements as JSON, and gets frames, each as one binary message (see ``messages``).
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import http
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from brayns_widget.connection.link import MUTE
from brayns_widget.connection.tokens import Token
from brayns_widget.frames.host import Host
from brayns_widget.frames.messages import FrameMessage, IdsMessage, fields, pack, read_steering
from brayns_widget.frames.tickets import Ticket, Tickets
from brayns_widget.protocol.origins import host_of, host_of_origin, is_loopback
from brayns_widget.stream import Frame, FrameIds

PATH = "/frames"
"""Path of pages' sockets."""

WELCOME = "welcome"
"""Text on a socket: the ticket was taken, and the view's frames come here from now on."""

FAREWELL = "kernel-ended"
"""Text on a socket: the kernel has ended, and so the socket closes."""

TICKET_DEADLINE = 10.0
"""Seconds that a socket may be open without a ticket."""

FAREWELL_DEADLINE = 1.0
"""Seconds that a page may take to hear the farewell."""

_WAITING_MAX = 64  # sockets without a ticket
_MESSAGE_MAX = 64 * 1024  # bytes
_QUEUE = 4  # frames of one socket; its window lets fewer come
_GOING_AWAY, _POLICY_VIOLATION = 1001, 1008  # RFC 6455 section 7.4.1
_LOG = logging.getLogger(__name__)

Handler = Callable[[ServerConnection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Seat:
    """What a ticket opens: a view of a host."""

    host: Host
    view: str


class FrameServer:
    """A server of pages' sockets on a port of its choice. Use it on one event loop; it closes with ``close``.

    Args:
        others: handlers of further paths, each with the bearer secret that it demands.
    """

    def __init__(self, others: dict[str, tuple[Token, Handler]] | None = None) -> None:
        self.port = 0
        self._others = others or {}
        self._tickets: Tickets[Seat] = Tickets()
        self._server: Server | None = None
        self._waiting = 0
        self._pages: set[ServerConnection] = set()

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            0,
            process_request=self._check,
            compression=None,  # pictures don't shrink, and deflating one takes 5 ms
            max_size=_MESSAGE_MAX,
            ping_timeout=None,  # pings keep proxies from closing an idle socket; a kernel that hangs answers none
            logger=MUTE,
            server_header=None,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def say_farewell(self) -> None:
        """Tell all pages that the kernel has ended, which this process sees at once, and Jupyter later."""
        pages, self._pages = self._pages, set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_DEADLINE):
                await asyncio.gather(*(page.send(FAREWELL) for page in pages), return_exceptions=True)

    async def close(self) -> None:
        """Close all sockets, and stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def admit(self, host: Host, view: str, secret: str, origin: str) -> None:
        """Let a page open a socket for a view, by a ticket.

        Args:
            host: has the view.
            view: name of the view.
            secret: the ticket.
            origin: scheme, host and port of the page, as browsers write it.
        """
        self._tickets.issue(Ticket(secret, origin, Seat(host, view)), asyncio.get_running_loop().time())

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if path in self._others:
            shown = request.headers.get("Authorization", "")
            if not hmac.compare_digest(shown.encode(), f"Bearer {self._others[path][0].reveal()}".encode()):
                return connection.respond(http.HTTPStatus.UNAUTHORIZED, "")
            return None
        if path != PATH:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "")
        if self._waiting >= _WAITING_MAX:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "")
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        path = urlsplit(request.path).path
        with contextlib.suppress(ConnectionClosed):
            if path in self._others:
                await self._others[path][1](connection)
                return
            seat = await self._enter(connection, request)
            if seat is None:
                await connection.close(_POLICY_VIOLATION, "the ticket is not valid")
            else:
                self._pages.add(connection)
                try:
                    await _Page(connection, seat).run()
                finally:
                    self._pages.discard(connection)

    async def _enter(self, connection: ServerConnection, request: Request) -> Seat | None:
        self._waiting += 1
        try:
            async with asyncio.timeout(TICKET_DEADLINE):
                said = json.loads(await connection.recv())
        except (TimeoutError, ValueError):
            return None
        finally:
            self._waiting -= 1
        secret = said.get("ticket") if isinstance(said, dict) else None
        origin = request.headers.get("Origin")
        host = request.headers.get("Host", "")
        if not isinstance(secret, str) or not _is_here(host, origin):
            return None
        return self._tickets.use(secret, origin, asyncio.get_running_loop().time())


def _is_here(host: str, origin: str | None) -> bool:
    """Whether a Host header names this machine, or the server that the page comes from.

    A page that was loaded from elsewhere can reach this port by a name of its own (DNS rebinding). It says that name as
    host and origin alike, but the ticket is bound to another origin.
    """
    name = host_of(host)
    return name is not None and (is_loopback(name) or (origin is not None and name == host_of_origin(origin)))


class _Page:
    """One page's socket: a sink of frames, and a source of cameras."""

    window = 1

    def __init__(self, connection: ServerConnection, seat: Seat) -> None:
        self._connection = connection
        self._seat = seat
        self._frames: asyncio.Queue[Frame | FrameIds] = asyncio.Queue(_QUEUE)
        self._ended = asyncio.Event()

    def send(self, frame: Frame) -> None:
        """Send a frame soon."""
        self._frames.put_nowait(frame)  # an error counts as a lost frame

    def send_ids(self, ids: FrameIds) -> None:
        """Send soon what the last frame shows."""
        self._frames.put_nowait(ids)

    async def run(self) -> None:
        """Serve the socket until it closes."""
        host, view = self._seat.host, self._seat.view
        await self._connection.send(WELCOME)
        writer = asyncio.create_task(self._write())
        closer = asyncio.create_task(self._close())
        host.attach(view, self, self._ended.set)
        try:
            async for raw in self._connection:
                try:
                    host.receive(read_steering(raw, view))
                except ValueError as error:
                    _LOG.warning("A page sent a malformed message (%s): %.200r", error, raw)
        finally:
            writer.cancel()
            closer.cancel()
            host.detach(view, self)
            await asyncio.wait([writer, closer])

    async def _close(self) -> None:
        await self._ended.wait()
        await self._connection.close(_GOING_AWAY)

    async def _write(self) -> None:
        while True:
            sent = await self._frames.get()
            if isinstance(sent, Frame):
                message = pack(fields(FrameMessage.of(sent)), sent.picture.data)
            elif self._frames.empty():
                message = pack(fields(IdsMessage.of(sent)), sent.ids.data)
            else:
                continue  # of a picture that is out of date already
            try:
                await self._connection.send(message)
            except ConnectionClosed:
                return  # the reader sees it, too
