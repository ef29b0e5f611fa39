"""The proxy slave: relays WebSocket messages between a client and a server of its job."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NoReturn

from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.frames import Close

from brayns_widget.service.allocators import SERVERS
from brayns_widget.service.jobs import Job, State

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from brayns_widget.service.auth import Token
    from brayns_widget.service.manager import JobManager

MAX_MESSAGE = 64 * 1024 * 1024

_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
_SETTLE_SECONDS = 0.5
_SETTLE_LOOK_SECONDS = 0.02

# Close codes, RFC 6455 section 7.4.1 and the IANA registry. The last three are never sent.
_NORMAL = 1000
_GOING_AWAY = 1001
_INTERNAL_ERROR = 1011
_NO_CLOSE_FRAME = 1006
_NOT_SENT = (1005, _NO_CLOSE_FRAME, 1015)
_MAX_REASON = 123  # bytes


class Slave:
    """The ASGI application: `/ID/renderer` and `/ID/backend`.

    What goes wrong before the relay runs is told before the upgrade, as an HTTP status.
    """

    def __init__(self, manager: JobManager, token: Token) -> None:
        self._manager = manager
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            answer = Response() if scope["path"] == "/healthz" else PlainTextResponse("only WebSockets here", 400)
            await answer(scope, receive, send)
            return
        client = WebSocket(scope, receive, send)
        await client.receive()  # the wish to connect
        try:
            job, server = await self._target(scope)
            upstream = await _connect(job, server, self._manager.address(job.id, server))
        except _RefusalError as refusal:
            await client.send_denial_response(PlainTextResponse(refusal.text, refusal.status))
            return
        async with upstream:
            await client.accept()
            await self._relay(client, upstream, job, server)

    async def _target(self, scope: Scope) -> tuple[Job, str]:
        """Find the job and the server that a path names."""
        if not self._token.admits(scope, query=True):
            raise _RefusalError(401, "the token is missing or wrong")
        match scope["path"].split("/"):
            case ["", job_id, server] if server in SERVERS and (job := self._manager.get(job_id)):
                return await self._manager.refresh(job), server
        raise _RefusalError(404, "there is no such job")

    async def _relay(self, client: WebSocket, upstream: ClientConnection, job: Job, server: str) -> None:
        """Pass messages both ways until one side closes, then close the other with the same code and reason."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_to_server(client, upstream))
                group.create_task(_to_client(client, upstream))
        except* _ClientGoneError as gone:
            await upstream.close(*_first(gone).args)
        except* ConnectionClosed as closed:
            error = _first(closed)
            assert isinstance(error, ConnectionClosed)
            # Where no close frame came but one was sent, it was ours, for a message that breaks the rules.
            code, reason = _sendable(error.rcvd or error.sent) or await self._obituary(job, server)
            with contextlib.suppress(WebSocketDisconnect):  # both sides may close at the same moment
                await client.close(code, _shorten(reason))

    async def _obituary(self, job: Job, server: str) -> tuple[int, str]:
        """Find out why a server dropped its connections without a word."""
        # Its death may be noticed a moment later than the end of its sockets.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                while not (job := await self._manager.refresh(job)).state.final:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(_SETTLE_LOOK_SECONDS)
        if job.state.final:
            return _GOING_AWAY if job.state is State.ENDED else _INTERNAL_ERROR, job.reason
        return _INTERNAL_ERROR, f"the {server} dropped the connection"


class _RefusalError(Exception):
    """The upgrade is refused with this HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class _ClientGoneError(Exception):
    """The client closed; the arguments are the code and the reason to pass on."""


async def _connect(job: Job, server: str, address: tuple[str, int] | None) -> ClientConnection:
    if address is None:
        raise _RefusalError(404, f"the job has no {server} now, it is {job.state}: {job.reason}".rstrip(": "))
    host, port = address
    try:
        return await connect(
            f"ws://{host}:{port}/",
            # Pictures don't shrink, and deflating them costs far more than the relay.
            compression=None,
            # The real renderer drops a connection that pings it.
            ping_interval=None,
            max_size=MAX_MESSAGE,
            # Messages that wait here while one is sent. Each pause of reading costs; back-pressure begins beyond.
            max_queue=4,
            open_timeout=_CONNECT_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            proxy=None,
            user_agent_header=None,
        )
    except (OSError, WebSocketException) as error:
        raise _RefusalError(502, f"the {server} can't be reached: {error}") from error


async def _to_server(client: WebSocket, upstream: ClientConnection) -> NoReturn:
    while True:
        message = await client.receive()
        if message["type"] == "websocket.disconnect":
            code, reason = message.get("code", _NORMAL), message.get("reason") or ""
            raise _ClientGoneError(_NORMAL if code in _NOT_SENT else code, reason)
        data = message.get("bytes")
        await upstream.send(message["text"] if data is None else data)


async def _to_client(client: WebSocket, upstream: ClientConnection) -> None:
    while True:
        data = await upstream.recv()
        try:
            await (client.send_text(data) if isinstance(data, str) else client.send_bytes(data))
        except WebSocketDisconnect:
            return  # the other direction learns the code


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _shorten(reason: str) -> str:
    return reason.partition("\n")[0].encode()[:_MAX_REASON].decode(errors="ignore")


def _sendable(close: Close | None) -> tuple[int, str] | None:
    if close is None or close.code == _NO_CLOSE_FRAME:
        return None
    return _NORMAL if close.code in _NOT_SENT else close.code, close.reason
