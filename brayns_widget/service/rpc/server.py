"""Server of declared methods over WebSocket.

Requests of one connection are answered in order. Methods run on worker threads: with one worker all requests of
all clients run one after another, as in the real renderer, but for two kinds (``methods.Turn``): those that only store
or read a few values run at once, and some run between the steps of a long one. Those overtake a long request of their
own connection as soon as it has read all that they may change. ``cancel`` overtakes everything (see ``cancelling``): it
is answered at once, and the request it names ends with error 20. When a client disconnects, what it has sent is done
all the same, except for methods whose result is for that client only (``RunningRequest.only_for_client``). After a
method that is the ``last`` one no request is served or answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response as HttpResponse
from websockets.protocol import State

from brayns_widget.protocol.errors import CANCELLED, INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.protocol.messages import (
    MAX_MESSAGE,
    ErrorReply,
    Progress,
    RawMessage,
    Reply,
    Request,
    RequestId,
    decode_request,
    encode_error,
    encode_progress,
    encode_reply,
)
from brayns_widget.service.access import Access
from brayns_widget.service.auth import Token
from brayns_widget.service.places import REQUEST_SECONDS, most_connections
from brayns_widget.service.rpc.cancelling import CANCEL_METHOD
from brayns_widget.service.rpc.connections import Connection, Connections
from brayns_widget.service.rpc.methods import Method, Methods, Turn
from brayns_widget.service.rpc.running import RunningRequest

logger = logging.getLogger(__name__)
# websockets logs every client that leaves before its handshake as an error with a traceback; probes of ports do.
_connections = logging.getLogger(f"{__name__}.connections")
_connections.setLevel(logging.CRITICAL)

C = TypeVar("C")

MAX_WAITING = 100_000  # requests of one connection; further ones are refused
MAX_WAITING_BYTES = 2 * MAX_MESSAGE  # that they hold; likewise
MAX_MALFORMED = 16  # malformed messages of one connection that wait for their answer; further ones are slowed
SLOWED = 0.01  # seconds that each of those takes its connection
MAX_TEXT = 2000  # characters of an error's message and of each problem; they quote what a client sent
MAX_PROBLEMS = 100  # that are listed of a request
CLOSE_TIMEOUT = 1.0  # seconds that a client gets to answer the end of its connection
READING_TIME = 0.25  # seconds that a client gets to read the last answer before the server closes the connection
SHUTDOWN_TIMEOUT = 5.0  # seconds that running requests get to end when the server does
# Seconds that a client beyond the limit waits for its handshake, as at the real renderer, before it is refused. The
# official client tries again after 10 s without an answer, but not after an answer or an end of the connection.
WAITING_TIME = 15.0
_LOOK = 0.05  # seconds between two looks whether there is room for a client


class RpcServer(Generic[C]):
    """Server of ``methods`` for any number of clients.

    Args:
        methods: the declared methods.
        context: passed to every method.
        for_client: makes the context of one connection, entered at its begin and left after its last request; None:
            all connections have ``context``.
        workers: where methods run; its owner shuts it down.
        between: where those run that may do so between the steps of a long one; None: there, too.
        require_version: refuse requests without ``jsonrpc``.
        max_clients: how many may be connected; others wait for room, at last they get HTTP status 503.
        secret: token that clients must send as ``Authorization: Bearer``, or they get HTTP status 401; None: no token.
    """

    def __init__(
        self,
        methods: Methods[C],
        context: C,
        workers: Executor,
        *,
        for_client: Callable[[], AbstractContextManager[C]] | None = None,
        between: Executor | None = None,
        require_version: bool = True,
        max_clients: int | None = None,
        secret: Token | None = None,
    ) -> None:
        self.methods = methods
        self.for_client = for_client or (lambda: contextlib.nullcontext(context))
        self.workers = workers
        self.between = between or workers
        self.require_version = require_version
        self.max_clients = max_clients
        self._access, self._host = Access(), "localhost"  # `serve` has them
        self._secret = secret
        self.running: set[RunningRequest] = set()  # also those whose clients are gone
        self.ended = False  # by a method that is the last one
        self._sessions: set[_Session[C]] = set()
        self._admitted: set[ServerConnection] = set()  # whose handshakes are not over

    @contextlib.asynccontextmanager
    async def serve(
        self, host: str, port: int, *, access: Access | None = None, **options: Any
    ) -> AsyncIterator[tuple[str, int]]:
        """Listen while the context lasts; yields the address (port 0: a free one).

        At the end running requests are given up, and answered if they end soon otherwise than by that: their clients
        learn from the end of the connection what has happened, and would take "cancelled" for an answer to them.

        Args:
            host: name or address to bind.
            port: port to bind.
            access: which web pages may connect; others get HTTP status 403; None: no page.
            options: passed to ``websockets.asyncio.server.serve``, for instance ``ssl``.
        """
        server: Server
        self._access, self._host = access or Access(), host
        async with serve(
            self._handle,
            host,
            port,
            logger=_connections,
            compression=None,  # pictures do not shrink, and it costs more than the relay
            ping_interval=None,  # the real server never pings; TCP tells us of peers that die
            max_size=MAX_MESSAGE,
            close_timeout=CLOSE_TIMEOUT,
            open_timeout=REQUEST_SECONDS + (0.0 if self.max_clients is None else WAITING_TIME),
            process_request=self._process_request,
            **Connections(most_connections()).options(tls=options.get("ssl") is not None),
            **options,
        ) as server:
            address = next(iter(server.sockets)).getsockname()
            try:
                yield address[0], address[1]
            finally:
                for running in list(self.running):
                    running.give_up()
                await asyncio.gather(*(session.finish() for session in list(self._sessions)))

    async def _handle(self, connection: ServerConnection) -> None:
        with self.for_client() as context:
            session = _Session(self, connection, context)
            self._sessions.add(session)
            self._admitted.discard(connection)
            try:
                await session.run()
            finally:
                self._sessions.discard(session)

    async def _process_request(self, connection: ServerConnection, request: HttpRequest) -> HttpResponse | None:
        assert isinstance(connection, Connection)
        connection.ask()
        if request.path == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "Ok")
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        if problem := self._access.refusal(origins, hosts, [self._host, connection.local_address[0]]):
            return connection.respond(http.HTTPStatus.FORBIDDEN, problem)
        if self._secret is not None and not self._secret.admits_headers(request.headers.get_all("Authorization")):
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "The token is missing or wrong.\n")
        if self.max_clients is not None and not await self._room(connection, self.max_clients):
            text = f"There are already {self.max_clients} clients (--max-clients {self.max_clients}).\n"
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, text)
        return None

    async def _room(self, connection: ServerConnection, most: int) -> bool:
        """Wait for room for a client and take it; False if there is none in time, or nobody is there to take it."""
        deadline = asyncio.get_running_loop().time() + WAITING_TIME
        while connection.state is State.CONNECTING and connection.server.is_serving():
            self._admitted = {other for other in self._admitted if other.state is not State.CLOSED}
            if len(self._admitted) + sum(session.connected for session in self._sessions) < most:
                self._admitted.add(connection)
                return True
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(_LOOK)
        return False


@dataclass
class _Known:
    """A request that waits or runs; ``settled`` is set when later ones of its connection may overtake it."""

    method: str
    running: RunningRequest
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class _Session(Generic[C]):
    """One connection: a reader that never waits for a method, and a runner that keeps the order.

    Attributes:
        connected: whether the client is connected; its requests may still run afterwards.
    """

    def __init__(self, server: RpcServer[C], connection: ServerConnection, context: C) -> None:
        self._server = server
        self._context = context
        self._connection = connection
        self._waiting: asyncio.Queue[tuple[Request | str, int] | None] = asyncio.Queue()  # with sizes; None: the end
        self._waiting_bytes = 0
        self._malformed = 0  # of those that wait
        self._requests: dict[RequestId, _Known] = {}
        self._running = RunningRequest()
        self._idle = asyncio.Event()
        self._idle.set()
        self._under_way = 0
        self._reader: asyncio.Task[None] | None = None
        self._runner: asyncio.Task[None] | None = None
        self._finishing = False
        self.connected = True

    async def run(self) -> None:
        self._runner = runner = asyncio.create_task(self._run_requests())
        self._reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait([self._reader])
        finally:
            self.connected = False
            for running in (self._running, *(known.running for known in self._requests.values())):
                running.leave()
            self._waiting.put_nowait(None)
            await asyncio.wait([runner])
            if not runner.cancelled():
                runner.result()

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):  # a client may disconnect in any way
            async for frame in self._connection:
                await self._receive(frame)

    async def _receive(self, frame: RawMessage) -> None:
        try:
            request = decode_request(frame, require_version=self._server.require_version)
        except RequestError as error:
            await self._refuse(_error_frame(None, error))
            return
        if self._server.ended:
            return
        if request.method == CANCEL_METHOD.name and CANCEL_METHOD in self._server.methods:
            await self._send(_answer(request, CANCEL_METHOD, self, RunningRequest()))
            return
        if not (self._under_way or self._waiting.qsize() or self._finishing) and (
            self._server.methods.turn(request.method) is Turn.AT_ONCE
        ):  # nobody is before it, so it need not wait for the runner
            await self._send(self._call(request, RunningRequest()))
            return
        if self._waiting.qsize() >= MAX_WAITING or self._waiting_bytes + len(frame) > MAX_WAITING_BYTES:
            problem = f"{self._waiting.qsize()} requests of {self._waiting_bytes} bytes wait already"
            await self._send(_failure(request, RequestError(problem, code=INTERNAL_ERROR)))
            return
        if request.id is not None and request.id not in self._requests:
            self._requests[request.id] = self._begin(request.method, request.id)
        self._put(request, len(frame))

    async def _refuse(self, answer: str) -> None:
        """Answer a malformed message when it is its turn; at once, and slowly, if many of them wait."""
        if self._server.ended:
            return
        if self._malformed < MAX_MALFORMED:
            self._malformed += 1
            self._put(answer, len(answer))
        else:
            await self._send(answer)
            await asyncio.sleep(SLOWED)

    def _put(self, item: Request | str, size: int) -> None:
        self._waiting.put_nowait((item, size))
        self._waiting_bytes += size

    def cancel(self, request_id: RequestId | None) -> None:
        """Cancel a running or waiting request of this connection.

        Raises:
            RequestError: -32602, there is none, or it cannot be cancelled.
        """
        if request_id is None:
            raise RequestError("Empty task ID", code=INVALID_PARAMS)
        if request_id not in self._requests:
            raise RequestError(f"No requests found with ID {request_id}.", code=INVALID_PARAMS)
        known = self._requests[request_id]
        running = known.running
        if not self._server.methods.cancellable(known.method):
            raise RequestError(f"Method {known.method!r} is not cancellable.", code=INVALID_PARAMS)
        if running.cancelled:
            raise RequestError(f"Request {request_id} already cancelled", code=INVALID_PARAMS)
        running.cancel()

    async def finish(self) -> None:
        """Begin no more requests, and wait a limited time until the running one is answered."""
        self._finishing = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), SHUTDOWN_TIMEOUT)
        # The official client forgets an answer that it has not read when the connection closes.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._connection.wait_closed(), READING_TIME)
        if self._reader is not None:
            self._reader.cancel()  # it may wait for a client that does not read its answers
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._connection.close(CloseCode.GOING_AWAY), CLOSE_TIMEOUT)
        self._connection.transport.abort()  # no client may keep the server from ending
        if self._runner is not None and not self._idle.is_set():
            self._runner.cancel()  # no call of the operating system either, such as one that waits for a lost disk

    async def _run_requests(self) -> None:
        overtaken: asyncio.Task[None] | None = None
        overtaken_id: RequestId | None = None
        while not self._finishing and (waiting := await self._waiting.get()) is not None:
            if self._server.ended:
                break
            item, size = waiting
            self._waiting_bytes -= size
            self._malformed -= isinstance(item, str)
            turn = Turn.OWN if isinstance(item, str) else self._server.methods.turn(item.method)
            item_id = None if isinstance(item, str) else item.id
            overtakes = turn in {Turn.BETWEEN, Turn.AT_ONCE} and item_id != overtaken_id
            if overtaken is not None and not overtakes:
                await overtaken
                overtaken = None
            self._under_way += 1
            self._idle.clear()
            known = None if item_id is None else self._requests.get(item_id)
            if turn is Turn.LONG and known is not None:
                answer = asyncio.create_task(self._answer(item))
                settled = asyncio.create_task(known.settled.wait())
                await asyncio.wait([answer, settled], return_when=asyncio.FIRST_COMPLETED)
                settled.cancel()
                overtaken, overtaken_id = answer, item_id
            else:
                await self._answer(item)
        if overtaken is not None:
            await overtaken

    async def _answer(self, item: Request | str) -> None:
        try:
            await self._send(item if isinstance(item, str) else await self._run_request(item))
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _run_request(self, request: Request) -> RawMessage:
        known = None if request.id is None else self._requests.get(request.id)
        running = RunningRequest() if known is None else known.running
        self._running = running
        if not self.connected:
            running.leave()
        turn = self._server.methods.turn(request.method)
        loop = asyncio.get_running_loop()
        if turn is Turn.AT_ONCE:
            try:
                return self._call(request, running)
            finally:
                if request.id is not None:
                    self._requests.pop(request.id, None)
        workers = self._server.between if turn is Turn.BETWEEN else self._server.workers
        work = loop.run_in_executor(workers, self._call, request, running)
        self._server.running.add(running)
        work.add_done_callback(lambda _work: self._server.running.discard(running))
        try:
            return await work
        finally:
            if request.id is not None:
                self._requests.pop(request.id, None)

    def _call(self, request: Request, running: RunningRequest) -> RawMessage:
        """Run on a worker thread; whatever happens becomes a frame."""
        if self._server.ended:  # while the request waited for its turn
            return ""
        try:
            method = self._server.methods[request.method]
        except RequestError as error:
            return _failure(request, error)
        try:
            return _answer(request, method, self._context, running)
        finally:
            running.end()
            self._server.ended |= method.last

    def _begin(self, method: str, request_id: RequestId) -> _Known:
        loop = asyncio.get_running_loop()

        def report(amount: float, operation: str) -> None:
            text = encode_progress(method, Progress(request_id, amount, operation))
            with contextlib.suppress(RuntimeError):  # the loop has ended: there is no client left
                loop.call_soon_threadsafe(lambda: _spawn(self._send(text)))

        def when_settled() -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(known.settled.set)

        known = _Known(method, RunningRequest(report, when_settled))
        return known

    async def _send(self, frame: RawMessage) -> None:
        if not frame:
            return
        with contextlib.suppress(ConnectionClosed):  # the reader notices and ends the session
            await self._connection.send(frame)


_sends: set[asyncio.Task[None]] = set()  # asyncio keeps only weak references


def _spawn(send: Any) -> None:
    task = asyncio.ensure_future(send)
    _sends.add(task)
    task.add_done_callback(_sends.discard)


def _answer(request: Request, method: Method[Any], context: Any, running: RunningRequest) -> RawMessage:
    """Call a method; its result or its error, or nothing for a request without an id."""
    try:
        if method.cancellable:
            running.check()
        result, payload = method.call(context, request.params, request.payload, running)
        return "" if request.id is None else _reply_frame(Reply(request.id, result, memoryview(payload)))
    except RequestError as error:
        return "" if running.given_up and error.code == CANCELLED else _failure(request, error)
    except MemoryError as error:
        logger.warning("Method %r: %s", request.method, error)
        return _failure(request, RequestError("There is not enough memory for that", code=INTERNAL_ERROR))
    except Exception as error:
        # An exception of a method must not take the scene of the other clients with it.
        logger.exception("Method %r failed", request.method)
        return _failure(request, RequestError(f"{type(error).__name__}: {error}", code=INTERNAL_ERROR))


def _reply_frame(reply: Reply) -> RawMessage:
    frame = encode_reply(reply)
    if len(frame) > MAX_MESSAGE:  # it would end the connection
        raise RequestError(
            f"The answer does not fit into a message, which may have {MAX_MESSAGE >> 20} MiB: ask for less at a time",
            code=INTERNAL_ERROR,
        )
    return frame


def _failure(request: Request, error: RequestError) -> RawMessage:
    if request.id is None:
        return ""
    return _error_frame(request.id, error)


def _error_frame(request_id: RequestId | None, error: RequestError) -> str:
    """Make the error answer; quotes of a client's request are shortened."""
    data = error.data
    if isinstance(data, list):
        more = [f"... and {len(data) - MAX_PROBLEMS} more"] if len(data) > MAX_PROBLEMS else []
        data = [_shortened(str(problem)) for problem in data[:MAX_PROBLEMS]] + more
    return encode_error(ErrorReply(request_id, error.code, _shortened(error.message), data))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."
