"""The proxy slave: relays WebSocket messages between a client and a server of its job."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from aiohttp import web
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import CloseCode
from websockets.uri import parse_uri
from websockets.utils import accept_key

from brayns_widget.protocol.messages import MAX_MESSAGE
from brayns_widget.service.allocators import SERVERS
from brayns_widget.service.jobs import Job, State
from brayns_widget.service.relay import ClosingWords, Side, relay

if TYPE_CHECKING:
    from brayns_widget.service.auth import Token
    from brayns_widget.service.manager import JobManager

_CONNECT_SECONDS = 5.0
_SETTLE_SECONDS = 0.25  # clients are to be told within half a second
_SETTLE_LOOK_SECONDS = 0.02


def create_slave(manager: JobManager, token: Token) -> web.Application:
    """Make the application with `/ID/renderer` and `/ID/backend`.

    Errors before the relay runs are answered before the upgrade, as an HTTP status.
    """

    async def pass_on(request: web.Request) -> web.StreamResponse:
        if not token.admits(request, query=True):
            raise web.HTTPUnauthorized(text="the token is missing or wrong")
        job, server = manager.get(request.match_info["job_id"]), request.match_info["server"]
        if job is None or server not in SERVERS:
            raise web.HTTPNotFound(text="there is no such job")
        job = await manager.refresh(job)
        address = manager.address(job.id, server)
        if address is None:
            text = f"the job has no {server} now, it is {job.state}: {job.reason}".rstrip(": ")
            if job.state.final:
                raise web.HTTPNotFound(text=text)
            raise web.HTTPServiceUnavailable(text=text)  # it comes up, or another one takes its place
        if not web.WebSocketResponse().can_prepare(request):
            raise web.HTTPBadRequest(text="only WebSockets here")
        try:
            upstream = await _connect(*address, manager.secret(job.id))
        except (OSError, EOFError, InvalidHandshake) as error:
            raise web.HTTPBadGateway(text=f"the {server} can't be reached: {error}") from error
        try:
            try:
                response, client = await _upgrade(request)
            except ConnectionError as error:
                raise web.HTTPBadRequest(text="the client has gone") from error  # nobody hears it
            with manager.leases.in_use(job.id):
                await relay(client, upstream, lambda: _why_it_ended(manager, job, server))
        finally:
            upstream.transport.abort()
        return response

    async def healthz(_: web.Request) -> web.Response:
        return web.Response()

    application = web.Application()
    application.add_routes([web.get("/healthz", healthz), web.get("/{job_id}/{server}", pass_on)])
    return application


async def _upgrade(request: web.Request) -> tuple[web.StreamResponse, Side]:
    """Answer a request for a WebSocket, and take its connection over.

    Nothing is negotiated: pictures don't shrink, and deflating them costs far more than the relay.
    """
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client has gone")
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_key(request.headers["Sec-WebSocket-Key"]),
    }
    response = web.StreamResponse(status=101, headers=headers)
    client = Side(is_client=True, limit=MAX_MESSAGE, former=request.protocol)
    transport.pause_reading()  # or aiohttp would take what follows the request
    await response.prepare(request)
    client.take_over(transport)
    return response, client


async def _connect(host: str, port: int, secret: str) -> Side:
    """Open a WebSocket to a server; nothing of the client's request goes there."""
    async with asyncio.timeout(_CONNECT_SECONDS):
        transport, answer = await asyncio.get_running_loop().create_connection(_Answer, host, port)
        try:
            handshake = ClientProtocol(parse_uri(f"ws://{host}:{port}/"))
            request = handshake.connect()
            if secret:
                request.headers["Authorization"] = f"Bearer {secret}"
            handshake.send_request(request)
            transport.writelines(handshake.data_to_send())
            head, early = await answer.complete
            handshake.receive_data(head)
            handshake.receive_eof()  # what follows is the relay's
            if handshake.handshake_exc is not None:
                raise handshake.handshake_exc
        except BaseException:
            transport.abort()
            raise
    server = Side(is_client=False, limit=MAX_MESSAGE)
    server.take_over(transport, early)
    return server


class _Answer(asyncio.Protocol):
    """Waits for an answer's headers; ``complete`` gets them, and what follows. Then it reads no more."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.complete: asyncio.Future[tuple[bytes, bytes]] = asyncio.get_running_loop().create_future()
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if end and not self.complete.done():
            self.transport.pause_reading()
            self.complete.set_result((head + end, rest))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.complete.done():
            self.complete.set_exception(exc or EOFError("it closed the connection"))


async def _why_it_ended(manager: JobManager, job: Job, server: str) -> ClosingWords:
    # The death of a process may be noticed a moment later than the end of its sockets.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLE_SECONDS):
            while not (job := await manager.refresh(job)).state.final:  # noqa: ASYNC110 - another process
                await asyncio.sleep(_SETTLE_LOOK_SECONDS)
    if job.state.final:
        return CloseCode.GOING_AWAY if job.state is State.ENDED else CloseCode.INTERNAL_ERROR, job.reason
    return CloseCode.INTERNAL_ERROR, f"the {server} dropped the connection"
