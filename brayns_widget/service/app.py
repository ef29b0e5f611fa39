"""The local service as a whole: master and slave on their ports, over one manager of jobs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from brayns_widget.protocol.errors import ServiceError
from brayns_widget.service.master import create_master
from brayns_widget.service.slave import MAX_MESSAGE, Slave

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from brayns_widget.service.auth import Token
    from brayns_widget.service.manager import JobManager

_GOODBYE_SECONDS = 2


@dataclass(frozen=True)
class Addresses:
    """Where the service listens, as URLs."""

    master: str
    slave: str


@contextlib.asynccontextmanager
async def serve(
    manager: JobManager, token: Token, *, host: str = "127.0.0.1", port: int = 0, slave_port: int = 0
) -> AsyncIterator[Addresses]:
    """Run the service while the context lasts; at its end all jobs are stopped and the records closed.

    Args:
        manager: is closed at the end.
        token: what clients must present.
        host: address to listen on.
        port: the master's port, 0 for a free one.
        slave_port: the slave's port, 0 for a free one.

    Raises:
        ServiceError: a port can't be had.
        ExceptionGroup: a part of the service broke, which ends the whole.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(manager.close)
        master_socket = stack.enter_context(_listen(host, port))
        slave_socket = stack.enter_context(_listen(host, slave_port))
        servers = [
            (_Server(create_master(manager, token)), master_socket),
            (_Server(Slave(manager, token)), slave_socket),
        ]
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(manager.watch())
            serving = [group.create_task(server.serve(sockets=[listening])) for server, listening in servers]
            for server, _ in servers:
                await server.listening.wait()
            try:
                yield Addresses(f"http://{_name(master_socket)}", f"ws://{_name(slave_socket)}")
            finally:
                watch.cancel()
                # First the jobs: their relays then close with the reason.
                await manager.end_all("the service ended")
                for server, _ in servers:
                    server.should_exit = True
                await asyncio.wait(serving)


class _Server(uvicorn.Server):
    def __init__(self, application: ASGIApp) -> None:
        super().__init__(_configuration(application))
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: two servers run in this process, and its main function decides about its end."""
        yield


def _configuration(application: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE,
        # Pictures don't shrink, and deflating them costs far more than the relay.
        ws_per_message_deflate=False,
        # A kernel that computes may be silent for minutes; on the loopback the end of a peer ends its sockets.
        ws_ping_interval=None,
        lifespan="off",
        # An access log would hold the tokens of the slave's addresses.
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise ServiceError(
            f"The service can't listen on {host}:{port}: {error}.", hint="Port 0 takes a free one."
        ) from error


def _name(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if listening.family == socket.AF_INET6 else f"{host}:{port}"
