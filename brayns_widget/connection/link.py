"""One WebSocket to a renderer or a backend: JSON-RPC requests with progress, deadlines and cancel.

A real renderer drops a client that sends a ping, so keep-alive pings are off and a request serves as probe: once after
connecting (a proxy may accept a connection that leads nowhere), then whenever the link has been silent (see
``silence``). Below that, TCP asks the other host (see ``keep_alive``).
"""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import websockets

from brayns_widget.connection.keep_alive import keep_alive
from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.silence import ANSWERS_WITHIN, IDLE, Silence, Step
from brayns_widget.connection.tokens import Token, redact
from brayns_widget.protocol import origins
from brayns_widget.protocol.errors import (
    METHOD_NOT_FOUND,
    AuthError,
    BraynsWidgetError,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
    RequestError,
)
from brayns_widget.protocol.messages import MAX_MESSAGE, Progress, Reply, Request, encode_request
from brayns_widget.protocol.requests import Outcome, RequestTable

if TYPE_CHECKING:
    from brayns_widget.connection.sockets import CountedSocket

CANCEL_DEADLINE = 0.5
"""Seconds that a server may take to say that it has stopped what was cancelled; it may say so later, too."""

CLOSE_DEADLINE = 1.0

_NORMAL, _TOO_BIG = 1000, 1009  # RFC 6455, section 7.4.1

_NOTHING = "cancel", {"id": None}
"""A request that is refused at once, before all others, and has no effect: nothing has no id."""

# websockets logs each URL and header at DEBUG, tokens included. This logger is not part of the tree, so no
# configuration can switch it on.
MUTE = logging.Logger("brayns_widget.websockets", level=logging.CRITICAL + 1)  # noqa: LOG001

BROKE = "the connection broke"
"""What is said of a failure without a text of its own."""

ACCEPTED = 101
"""The HTTP status of a connection that was accepted."""


class Unreachable(ConnectionLost):
    """No server accepts the connection, or something before it does and closes it at once, as the proxies of 2023.

    Attributes:
        status: the HTTP status of the refusal, ``ACCEPTED`` if there was none, or None if nobody has answered.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    return origins.is_loopback(urlsplit(url).hostname or "")


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a server: ``ws://`` or ``wss://`` without a query, and the token that it wants."""

    url: str
    token: Token = field(repr=False)


class Link:
    """An open connection on one event loop. Make it with ``Link.open``.

    Args:
        socket: the connected WebSocket.
        name: name of the server in messages, such as "renderer".
        on_close: called once, on the loop, with the error that pending requests got, unless ``close`` was called.

    Attributes:
        cancellable: the methods that the server can cancel; asking it to cancel others is an error.
        overtakes: whether the server answers ``cancel`` before all other requests, so that it can always be asked.
        address: the server's.
        probe: the method that is the probe.
        closed: why the link closed, or None while it is open.
    """

    def __init__(self, socket: CountedSocket, name: str, on_close: Callable[[BraynsWidgetError], None]) -> None:
        self.name = name
        self.cancellable: frozenset[str] = frozenset()
        self.overtakes = False
        self.address: Address
        self.probe = ""
        self.closed: BraynsWidgetError | None = None
        self._socket = socket
        self._on_close = on_close
        self._table = RequestTable()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls,
        url: str,
        token: Token,
        *,
        name: str,
        probe: str,
        overtakes: bool = False,
        on_close: Callable[[BraynsWidgetError], None] = lambda _: None,
        timeout: float = 15.0,
        idle: float = IDLE,
        patience: float = ANSWERS_WITHIN,
    ) -> Link:
        """Connect and send a probe, to be sure that the server answers.

        Args:
            url: ``ws://`` or ``wss://`` address without a query.
            token: sent as the ``Authorization`` header and as the query parameter of the contract, unless it is "".
            name: name of the server in messages.
            probe: a method without parameters that the server answers at once, such as "get-version".
            overtakes: whether what overtakes is the probe after connecting, as for renderers, which may be busy for
                long with what others have asked; one that does not know it answers all the same.
            on_close: see the class.
            timeout: seconds for connecting and probing together.
            idle: seconds of silence after which the server is probed again.
            patience: seconds that it may stay silent then.

        Raises:
            AuthError: the server refuses the token, although its source was asked once more.
            Unreachable: no server accepts the connection, or it broke before the probe was answered.
            DeadlineExceeded: it took longer than ``timeout``.
        """
        try:
            async with asyncio.timeout(timeout):
                socket = await _connect(url, token, name)
                link = cls(socket, name, on_close)
                link.address, link.probe = Address(url, token), probe
                link._tasks.append(asyncio.create_task(link._read(), name=f"{name} reader"))
                try:
                    if overtakes:
                        link.overtakes = await link._refuses_nothing()
                    else:
                        await link.request(probe)
                except BaseException as error:
                    await finish_cleanup(link.close())
                    if isinstance(error, ConnectionLost):  # there was nothing to be lost yet
                        text = f"The {name} cannot be reached: the connection was closed at once{link._detail}."
                        raise Unreachable(text, status=ACCEPTED) from None
                    raise
        except TimeoutError:
            raise DeadlineExceeded(
                f"The {name} did not answer within {timeout:g} s.",
                hint="It may hang. Try again later, or stop it and start another.",
            ) from None
        link._tasks.append(asyncio.create_task(link._watch(probe, idle, patience), name=f"{name} watch"))
        return link

    def __repr__(self) -> str:
        return f"<Link to the {self.name}, {'closed' if self.closed else 'open'}>"

    @property
    def was_dismissed(self) -> bool:
        """Whether the other side has closed it in order (1000), as the proxies do when their server has ended.

        A network that breaks does not; a proxy that is restarted may.
        """
        protocol = self._socket.protocol
        return bool(protocol.close_rcvd_then_sent) and self._socket.close_code == _NORMAL

    async def request(
        self,
        method: str,
        params: Any = None,
        payload: bytes | memoryview = b"",
        *,
        on_progress: Callable[[Progress], None] | None = None,
        on_late: Callable[[Outcome], None] | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Send a request and wait for its answer.

        When the waiting task is cancelled, or the deadline passes, the server is asked to cancel the request (if the
        method allows it), and its answer is awaited for a moment, so that the server is known to be free again.

        Args:
            method: JSON-RPC method.
            params: JSON value; None leaves it out, as methods without parameters demand.
            payload: raw bytes that go with it.
            on_progress: called on the loop for each progress message.
            on_late: called on the loop with the outcome, if that comes when nobody waits for it any more: the answer,
                or the error, which is not a RequestError if the link closed before.
            timeout: seconds, None for no limit.

        Raises:
            RequestError: the server answered with an error.
            ConnectionLost: the link closed.
            DeadlineExceeded: no answer in time.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Reply] = loop.create_future()
        told: asyncio.Future[None] = loop.create_future()  # asyncio.shield would take one more turn of the loop

        def done(outcome: Outcome) -> None:
            if not answer.done():
                if isinstance(outcome, Reply):
                    answer.set_result(outcome)
                else:
                    answer.set_exception(outcome)
                if not told.done():
                    told.set_result(None)
            elif on_late is not None:
                on_late(outcome)

        def heard(progress: Progress) -> None:
            if on_progress is not None and not answer.done():
                on_progress(progress)

        request_id = self._table.open(method, done, heard)
        try:
            async with asyncio.timeout(timeout):
                await self._send(Request(method, params, request_id, memoryview(payload)))
                await told
                return answer.result()
        except (TimeoutError, asyncio.CancelledError) as error:
            await self._give_up(method, request_id, answer)
            if not answer.cancelled() and on_late is not None:
                failure = answer.exception()
                on_late(failure if isinstance(failure, BraynsWidgetError) else answer.result())
            if isinstance(error, TimeoutError):
                text = f"The {self.name} did not answer {method!r} within {timeout:g} s."
                raise DeadlineExceeded(text) from None
            raise
        finally:
            if on_late is None or not answer.cancelled():
                self._table.give_up(request_id)
            if answer.done() and not answer.cancelled():
                answer.exception()  # of a link that broke while this was sent: ``_send`` has raised it

    def silence(self) -> None:
        """Do not call ``on_close`` any more."""
        self._on_close = lambda _: None

    async def close(self, why: str = "") -> None:
        """Close the connection; pending requests fail with ConnectionLost. ``on_close`` is not called.

        Args:
            why: what they are told; "" says that it was closed.
        """
        self.silence()
        self._shut(ConnectionLost(why or f"The connection to the {self.name} was closed."))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def _refuses_nothing(self) -> bool:
        """Send what overtakes, and wait for its answer; return whether the server knows it."""
        try:
            await self.request(*_NOTHING)
        except RequestError as error:
            return error.code != METHOD_NOT_FOUND
        return True

    async def _send(self, request: Request) -> None:
        try:
            await self._socket.send(encode_request(request))
        except websockets.ConnectionClosed:
            # The reader sees the same and says why.
            self._shut(self._lost())
            assert self.closed is not None
            raise self.closed from None

    async def _give_up(self, method: str, request_id: int, answer: asyncio.Future[Reply]) -> None:
        """Ask the server to cancel a request; ``answer`` is done then, cancelled if the server has said nothing."""
        from brayns_widget.protocol.cancelling import CANCEL, CancelParams

        def heard(outcome: Outcome) -> None:
            if not isinstance(outcome, Reply):
                answer.cancel()  # it continues: no reason to wait

        try:
            if method in self.cancellable and not answer.done():
                with contextlib.suppress(BraynsWidgetError, TimeoutError):
                    async with asyncio.timeout(CANCEL_DEADLINE):
                        params = CANCEL.encode(CancelParams(id=request_id))
                        await self._send(Request(CANCEL.name, params, self._table.open(CANCEL.name, heard)))
                        await asyncio.wait([answer])
        finally:  # also when this is cancelled, for the link is closed
            answer.cancel()

    async def _read(self) -> None:
        try:
            async for raw in self._socket:
                self._table.receive(raw)
        except websockets.ConnectionClosed:
            pass
        except ProtocolError as error:
            self._shut(ProtocolError(f"The {self.name} broke the protocol: {error.message}"))
            await self._socket.close(1002)
        finally:
            self._shut(self._lost())

    async def _watch(self, probe: str, idle: float, patience: float) -> None:
        loop = asyncio.get_running_loop()
        silence = Silence(loop.time(), idle=idle, patience=patience)
        asked: int | None = None
        counted = 0, 0
        while self.closed is None:
            await asyncio.sleep(silence.pause)
            # A large message is heard, or taken, long before its end.
            size = self._socket.transport.get_write_buffer_size()
            received = self._socket.received
            if received != counted[0] or size < counted[1]:
                silence.heard(loop.time())
            counted = received, size
            pending = len(self._table) > (asked is not None and asked in self._table)
            step = silence.look(loop.time(), pending=pending, overtakes=self.overtakes)
            if step is Step.DEAD:
                self._shut(ConnectionLost(f"The {self.name} has stopped answering."))
                self._socket.transport.abort()  # a close frame would wait for an answer, too
            elif step is not Step.WAIT:
                if asked is not None:
                    self._table.give_up(asked)
                name, params = _NOTHING if step is Step.OVERTAKE else (probe, None)
                with contextlib.suppress(BraynsWidgetError, TimeoutError):
                    asked = self._table.open(name, _ignore)
                    async with asyncio.timeout(silence.pause):  # what cannot be sent is not answered
                        await self._send(Request(name, params, asked))

    @property
    def _detail(self) -> str:
        """What is told of the end of the connection, for the end of a sentence."""
        reason, code = self._socket.close_reason, self._socket.close_code
        # 1000 from a proxy does not mean a clean end, and 1006 is never sent: neither tells the user anything.
        return f" ({redact(reason)})" if reason else f" (close code {code})" if code not in {None, 1000, 1006} else ""

    def _lost(self) -> ConnectionLost:
        reason, code = self._socket.close_reason, self._socket.close_code
        sent = self._socket.protocol.close_sent
        if sent is not None and sent.code == _TOO_BIG and not self._socket.protocol.close_rcvd_then_sent:
            return ConnectionLost(
                f"The {self.name} sent a message of more than {MAX_MESSAGE >> 20} MiB, so the connection was closed.",
                hint="Ask for less at a time.",
            )
        if code == _TOO_BIG:
            limit = re.search(r"exceeds limit of (\d+) bytes", reason or "")
            most = f" It takes up to {int(limit[1]):,} bytes." if limit else ""
            return ConnectionLost(
                f"The {self.name} closed the connection, as it takes no message of that size.{most}",
                hint="Send less at a time, or load a file by its path on the server's machine.",
            )
        return ConnectionLost(f"The connection to the {self.name} was lost{self._detail}.")

    def _shut(self, error: BraynsWidgetError) -> None:
        if self.closed is not None:
            return
        self.closed = error
        self._table.close(error)
        self._on_close(error)


def _ignore(_: Outcome) -> None:
    pass


async def _connect(url: str, token: Token, name: str) -> CountedSocket:
    """Connect; if the token is refused, once more if its source knows another one then."""
    now = await token.fetch()
    try:
        return await _shake_hands(url, now, name)
    except AuthError:
        another = await token.fetch()
        if another.reveal() == now.reveal():
            raise
    return await _shake_hands(url, another, name)


async def _shake_hands(url: str, token: Token, name: str) -> CountedSocket:
    from brayns_widget.connection.sockets import Connect, CountedSocket  # late, to import the widget in 5 % less time

    try:
        socket = await Connect(
            f"{url}?token={quote(token.reveal(), safe='')}" if token.reveal() else url,
            create_connection=CountedSocket,
            additional_headers={"Authorization": f"Bearer {token.reveal()}"} if token.reveal() else None,
            compression=None,
            ping_interval=None,
            max_size=MAX_MESSAGE,
            open_timeout=None,
            close_timeout=CLOSE_DEADLINE,
            proxy=None if is_loopback(url) else True,
            logger=MUTE,
        )
    except websockets.InvalidStatus as error:
        status = error.response.status_code
        if status in {401, 403}:
            raise AuthError(f"The {name} refused the token (HTTP {status}).") from None
        raise Unreachable(f"The {name} cannot be reached (HTTP {status}).", status=status) from None
    except (
        OSError,
        EOFError,
        websockets.WebSocketException,
        ValueError,
        ImportError,
    ) as error:
        # A SOCKS proxy may need a package that is not installed.
        # "from None": the original exceptions hold the address with the token.
        text = token.blank(redact(str(error))) or BROKE
        raise Unreachable(f"The {name} cannot be reached: {text}.") from None
    assert isinstance(socket, CountedSocket)
    keep_alive(socket.transport)
    return socket
