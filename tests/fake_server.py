"""A server of JSON-RPC over WebSocket that does as it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from websockets import ConnectionClosed
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame as FrameEvent
from websockets.frames import Opcode
from websockets.protocol import Event

from brayns_widget.protocol import messages
from brayns_widget.protocol.errors import CANCELLED, METHOD_NOT_FOUND, RequestError
from brayns_widget.protocol.messages import ErrorReply, Progress, RawMessage, Reply, Request

Result = tuple[Any, bytes]


class Connection(ServerConnection):
    """Drops a client that sends a ping or a pong, as the real renderer does."""

    def process_event(self, event: Event) -> None:
        if isinstance(event, FrameEvent) and event.opcode in {Opcode.PING, Opcode.PONG}:
            self.transport.abort()
        else:
            super().process_event(event)


class FakeServer:
    """Answers JSON-RPC requests in order, as the real servers do; ``cancel`` overtakes.

    Attributes:
        requests: what was asked, as (method, params), in order.
        errors: method → (code, message) to answer with.
        payloads: the raw bytes that came with requests.
        delays: method → seconds before the answer; a cancel ends the wait.
        silent: methods that are never answered.
        raw: method → messages to send instead of an answer.
        cut: methods at which the connection breaks.
        cancelled: methods of the requests that were cancelled.
        progress: method → progress messages, as (amount, operation), before the answer.
        answers: method → function from the params to the result.
        faults: mistakes of this fake itself.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.payloads: list[bytes] = []
        self.errors: dict[str, tuple[int, str]] = {}
        self.delays: dict[str, float] = {}
        self.silent: set[str] = set()
        self.raw: dict[str, list[RawMessage]] = {}
        self.cut: set[str] = set()
        self.cancelled: list[str] = []
        self.progress: dict[str, list[tuple[float, str]]] = {}
        self.faults: list[BaseException] = []
        self.sockets: set[ServerConnection] = set()
        self.answers: dict[str, Callable[[Any], Any]] = {}

    def methods(self) -> list[str]:
        """Return the methods that were asked, in order."""
        return [method for method, _ in self.requests]

    def answer(self, method: str, params: Any) -> Result:
        if method not in self.answers:
            raise RequestError("Method not found", code=METHOD_NOT_FOUND, data=method)
        return self.answers[method](params), b""

    async def handle(self, socket: ServerConnection) -> None:
        self.sockets.add(socket)
        queue: asyncio.Queue[Request] = asyncio.Queue()
        cancels: dict[Any, asyncio.Event] = {}
        worker = asyncio.create_task(self._work(socket, queue, cancels))
        try:
            while True:
                raw = await socket.recv()
                request = messages.decode_request(raw)
                self.requests.append((request.method, request.params))
                if request.payload:
                    self.payloads.append(bytes(request.payload))
                if request.method == "cancel" and "cancel" in self.errors:
                    await self._send(socket, messages.encode_error(ErrorReply(request.id, *self.errors["cancel"])))
                elif request.method == "cancel" and "cancel" in self.silent:
                    pass
                elif request.method == "cancel":
                    cancels.setdefault(request.params["id"], asyncio.Event()).set()
                    await self._send(socket, messages.encode_reply(Reply(request.id, None)))  # type: ignore[arg-type]
                else:
                    queue.put_nowait(request)
        except ConnectionClosed:
            pass
        finally:
            self.sockets.discard(socket)
            worker.cancel()
            (end,) = await asyncio.gather(worker, return_exceptions=True)
            if not isinstance(end, asyncio.CancelledError | ConnectionClosed | None):
                self.faults.append(end)

    async def _work(self, socket: ServerConnection, queue: asyncio.Queue[Request], cancels: dict[Any, Any]) -> None:
        while True:
            request = await queue.get()
            assert request.id is not None
            if request.method in self.cut:
                socket.transport.abort()
                return
            for amount, operation in self.progress.get(request.method, ()):
                progress = Progress(request.id, amount, operation)
                await self._send(socket, messages.encode_progress(request.method, progress))
            stop = cancels.setdefault(request.id, asyncio.Event())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.delays.get(request.method, 0))
            if stop.is_set():
                self.cancelled.append(request.method)
                error = ErrorReply(request.id, CANCELLED, "Task has been cancelled")
                await self._send(socket, messages.encode_error(error))
                continue
            if request.method in self.silent:
                continue
            for raw in self.raw.get(request.method) or [self._encode(request)]:
                await self._send(socket, raw)

    def _encode(self, request: Request) -> RawMessage:
        assert request.id is not None
        try:
            if request.method in self.errors:
                code, text = self.errors[request.method]
                raise RequestError(text, code=code)
            result, payload = self.answer(request.method, request.params)
        except RequestError as error:
            return messages.encode_error(ErrorReply(request.id, error.code, error.message, error.data))
        return messages.encode_reply(Reply(request.id, result, memoryview(payload)))

    async def _send(self, socket: ServerConnection, raw: RawMessage) -> None:
        await socket.send(raw)
