"""The proxy slave: relays WebSocket messages between a client and a server of its job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import aiohttp
from aiohttp import ClientWebSocketResponse, WebSocketError, WSMsgType, web

from brayns_widget.protocol.messages import MAX_MESSAGE
from brayns_widget.service.allocators import SERVERS
from brayns_widget.service.jobs import Job, State

if TYPE_CHECKING:
    from brayns_widget.service.auth import Token
    from brayns_widget.service.manager import JobManager

_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
_SETTLE_SECONDS = 0.5
_SETTLE_LOOK_SECONDS = 0.02

# Close codes, RFC 6455 section 7.4.1. Those from 1005 on stand for "none" and "no close frame", and are never sent.
_NORMAL = 1000
_GOING_AWAY = 1001
_INTERNAL_ERROR = 1011
_NOT_SENT = (0, 1005, 1006, 1015)
_MAX_REASON = 123  # bytes

ClosingWords: TypeAlias = tuple[int, str]  # close code and reason
Upstream: TypeAlias = "ClientWebSocketResponse[Literal[False]]"  # gives text as bytes too: they only pass through
Side: TypeAlias = "web.WebSocketResponse[Literal[False]] | Upstream"


def create_slave(manager: JobManager, token: Token) -> web.Application:
    """Make the application with `/ID/renderer` and `/ID/backend`.

    Errors before the relay runs are answered before the upgrade, as an HTTP status.
    """
    session_key = web.AppKey("session", aiohttp.ClientSession)

    async def relay(request: web.Request) -> web.StreamResponse:
        if not token.admits(request, query=True):
            raise web.HTTPUnauthorized(text="the token is missing or wrong")
        job, server = manager.get(request.match_info["job_id"]), request.match_info["server"]
        if job is None or server not in SERVERS:
            raise web.HTTPNotFound(text="there is no such job")
        job = await manager.refresh(job)
        address = manager.address(job.id, server)
        if address is None:
            text = f"the job has no {server} now, it is {job.state}: {job.reason}"
            raise web.HTTPNotFound(text=text.rstrip(": "))
        client: web.WebSocketResponse[Literal[False]] = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS,
            autoclose=False,
            # Pictures don't shrink, and deflating them costs far more than the relay.
            compress=False,
            max_msg_size=MAX_MESSAGE,
            decode_text=False,
        )
        if not client.can_prepare(request):
            raise web.HTTPBadRequest(text="only WebSockets here")
        try:
            upstream = await _connect(request.app[session_key], *address, manager.secret(job.id))
        except (OSError, aiohttp.ClientError) as error:
            raise web.HTTPBadGateway(text=f"the {server} can't be reached: {error}") from error
        try:
            await client.prepare(request)
            with manager.leases.in_use(job.id):
                await _Relay(client, upstream, lambda: _why_it_ended(manager, job, server)).run()
        finally:
            await upstream.close()
        return client

    async def healthz(_: web.Request) -> web.Response:
        return web.Response()

    async def own_session(application: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["User-Agent"],
        ) as session:
            application[session_key] = session
            yield

    application = web.Application()
    application.cleanup_ctx.append(own_session)
    application.add_routes([web.get("/healthz", healthz), web.get("/{job_id}/{server}", relay)])
    return application


class _Relay:
    """Relay of messages both ways until one side ends; then it closes both with the same code and reason.

    Args:
        why_it_ended: returns why the server ended without a close frame.
    """

    def __init__(
        self,
        client: web.WebSocketResponse[Literal[False]],
        upstream: Upstream,
        why_it_ended: Callable[[], Awaitable[ClosingWords]],
    ) -> None:
        self._client = client
        self._upstream = upstream
        self._why_it_ended = why_it_ended
        self._over = False

    async def run(self) -> None:
        directions = [
            asyncio.create_task(self._pass_on(self._client, self._upstream)),
            asyncio.create_task(self._pass_on(self._upstream, self._client)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            # Both sides are closed now, which ends the other direction too, unless its peer has stopped reading.
            await asyncio.wait(directions, timeout=_CLOSE_SECONDS)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.wait(directions)
        for direction in directions:
            if not direction.cancelled():
                direction.result()

    async def _pass_on(self, source: Side, sink: Side) -> None:
        while (message := await source.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
            try:
                await sink.send_frame(message.data, message.type)
            except ConnectionError:  # the other direction, which reads from there, has the reason
                return
        if self._over:
            return
        self._over = True
        closing = _closing_words(message.type, message.data, message.extra)
        if source is self._upstream and closing == (_GOING_AWAY, ""):
            closing = None  # it was told to end, and does not know why
        if closing is None:
            closing = (_NORMAL, "") if source is self._client else await self._why_it_ended()
        code, reason = closing
        text = _shorten(reason)
        await asyncio.gather(sink.close(code=code, message=text), source.close(code=code, message=text))


async def _connect(session: aiohttp.ClientSession, host: str, port: int, secret: str) -> Upstream:
    async with asyncio.timeout(_CONNECT_SECONDS):
        # No heartbeat: the real renderer drops a connection that pings it.
        return await session.ws_connect(
            f"ws://{host}:{port}/",
            headers={"Authorization": f"Bearer {secret}"} if secret else None,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
            autoclose=False,
            compress=0,
            max_msg_size=MAX_MESSAGE,
            decode_text=False,
        )


async def _why_it_ended(manager: JobManager, job: Job, server: str) -> ClosingWords:
    # The death of a process may be noticed a moment later than the end of its sockets.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLE_SECONDS):
            while not (job := await manager.refresh(job)).state.final:  # noqa: ASYNC110 - another process
                await asyncio.sleep(_SETTLE_LOOK_SECONDS)
    if job.state.final:
        return _GOING_AWAY if job.state is State.ENDED else _INTERNAL_ERROR, job.reason
    return _INTERNAL_ERROR, f"the {server} dropped the connection"


def _closing_words(kind: WSMsgType, data: Any, extra: str | None) -> ClosingWords | None:
    """Read code and reason from the last message of a side; None if it ended without a close frame."""
    if kind is WSMsgType.CLOSE:
        return (_NORMAL if data in _NOT_SENT else data), extra or ""
    if kind is WSMsgType.ERROR and isinstance(data, WebSocketError):
        return data.code, str(data)
    return None


def _shorten(reason: str) -> bytes:
    return reason.partition("\n")[0].encode()[:_MAX_REASON].decode(errors="ignore").encode()
