"""Serve declared methods over WebSocket.

Requests of one connection are answered in order. Methods run on worker threads: with one worker all requests of
all clients run one after another, as in the real renderer. Only ``cancel`` overtakes: it is answered at once, and
the request it names ends with error 20. A client that disconnects does not stop what it has started.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response as HttpResponse

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.protocol.messages import (
    ErrorReply,
    Frame,
    Progress,
    Reply,
    Request,
    RequestId,
    decode_request,
    encode_error,
    encode_progress,
    encode_reply,
)
from brayns_widget.service.rpc.methods import Methods, Task
from brayns_widget.service.rpc.schema import Object, validate

logger = logging.getLogger(__name__)

C = TypeVar("C")

MAX_MESSAGE = 64 << 20  # bytes; the real server has no limit, ours refuses what no client of it sends
MAX_QUEUED = 1024  # requests of one connection that wait; beyond it the socket is not read


class CancelParams(Object):
    """Parameters of ``cancel``."""

    id: int | str | None


_CANCEL = TypeAdapter(CancelParams)


class RpcServer(Generic[C]):
    """Serves ``methods`` to any number of clients.

    Args:
        methods: the declared methods; ``cancel`` is served besides them if ``can_cancel``.
        context: handed to every method.
        workers: where methods run; its owner shuts it down.
        require_version: refuse requests without ``jsonrpc``.
        can_cancel: offer ``cancel``.
    """

    def __init__(
        self,
        methods: Methods[C],
        context: C,
        workers: Executor,
        *,
        require_version: bool = True,
        can_cancel: bool = True,
    ) -> None:
        self.methods = methods
        self.context = context
        self.workers = workers
        self.require_version = require_version
        self.can_cancel = can_cancel

    @contextlib.asynccontextmanager
    async def serve(self, host: str, port: int, **options: Any) -> AsyncIterator[tuple[str, int]]:
        """Listen while the context lasts; gives the address (port 0: a free one).

        Args:
            host: name or address to bind.
            port: port to bind.
            options: passed to ``websockets.asyncio.server.serve``, for instance ``ssl``.
        """
        server: Server
        async with serve(
            self._handle,
            host,
            port,
            compression=None,  # pictures do not shrink, and it costs more than the relay
            ping_interval=None,  # the real server never pings; TCP tells us of peers that die
            max_size=MAX_MESSAGE,
            process_request=_health,
            **options,
        ) as server:
            address = next(iter(server.sockets)).getsockname()
            yield address[0], address[1]

    async def _handle(self, connection: ServerConnection) -> None:
        session = _Session(self, connection)
        await session.run()


class _Session(Generic[C]):
    """One connection: a reader that never waits for a method, and a runner that keeps the order."""

    def __init__(self, server: RpcServer[C], connection: ServerConnection) -> None:
        self._server = server
        self._connection = connection
        self._waiting: asyncio.Queue[Request | str] = asyncio.Queue(MAX_QUEUED)
        self._tasks: dict[RequestId, Task] = {}

    async def run(self) -> None:
        runner = asyncio.create_task(self._run_requests())
        try:
            async for frame in self._connection:
                await self._receive(frame)
        except ConnectionClosed:
            pass  # a client may leave as it likes
        finally:
            runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await runner

    async def _receive(self, frame: Frame) -> None:
        try:
            request = decode_request(frame, require_version=self._server.require_version)
        except RequestError as error:
            await self._waiting.put(encode_error(ErrorReply(None, error.code, error.message, error.data)))
            return
        if request.method == "cancel" and self._server.can_cancel:
            await self._cancel(request)
            return
        if request.id is not None and request.id not in self._tasks:
            self._tasks[request.id] = self._make_task(request.method, request.id)
        await self._waiting.put(request)

    async def _cancel(self, request: Request) -> None:
        reply: Frame
        try:
            params = validate(_CANCEL, request.params)
            if params.id is None:
                raise RequestError("Empty task ID", code=INVALID_PARAMS)
            task = self._tasks.get(params.id)
            if task is None:
                raise RequestError(f"No requests found with ID {params.id}.", code=INVALID_PARAMS)
            task.cancel()
            reply = "" if request.id is None else encode_reply(Reply(request.id, None))
        except RequestError as error:
            reply = "" if request.id is None else encode_error(_failure(request.id, error))
        await self._send(reply)

    async def _run_requests(self) -> None:
        while True:
            item = await self._waiting.get()
            if isinstance(item, str):
                await self._send(item)
                continue
            task = self._tasks.get(item.id) if item.id is not None else None
            work = asyncio.get_running_loop().run_in_executor(
                self._server.workers,
                self._run_request,
                item,
                task or Task(),
            )
            try:
                # Shielded: when the client leaves, what it started goes on, as in the real renderer.
                reply = await asyncio.shield(work)
            finally:
                if item.id is not None:
                    self._tasks.pop(item.id, None)
            await self._send(reply)

    def _run_request(self, request: Request, task: Task) -> Frame:
        """Run on a worker thread; whatever happens becomes a frame."""
        try:
            method = self._server.methods[request.method]
            if method.cancellable:
                task.check()
            result, payload = method.call(self._server.context, request.params, request.payload, task)
            return "" if request.id is None else encode_reply(Reply(request.id, result, memoryview(payload)))
        except RequestError as error:
            failure = _failure(request.id, error)
        except Exception as error:
            # A method that breaks must not take the scene of the other clients with it.
            logger.exception("Method %r failed", request.method)
            failure = ErrorReply(request.id, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        return "" if request.id is None else encode_error(failure)

    def _make_task(self, method: str, request_id: RequestId) -> Task:
        loop = asyncio.get_running_loop()

        def report(amount: float, operation: str) -> None:
            text = encode_progress(method, Progress(request_id, amount, operation))
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to tell
                loop.call_soon_threadsafe(lambda: _spawn(self._send(text)))

        return Task(report)

    async def _send(self, frame: Frame) -> None:
        if not frame:
            return
        with contextlib.suppress(ConnectionClosed):  # the reader notices and ends the session
            await self._connection.send(frame)


_sends: set[asyncio.Task[None]] = set()  # asyncio keeps only weak references


def _spawn(send: Any) -> None:
    task = asyncio.ensure_future(send)
    _sends.add(task)
    task.add_done_callback(_sends.discard)


def _failure(request_id: RequestId | None, error: RequestError) -> ErrorReply:
    return ErrorReply(request_id, error.code, error.message, error.data)


def _health(connection: ServerConnection, request: HttpRequest) -> HttpResponse | None:
    return connection.respond(http.HTTPStatus.OK, "Ok") if request.path == "/healthz" else None
