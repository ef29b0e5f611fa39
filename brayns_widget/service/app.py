"""The local service: master and slave on their ports, over one manager of jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from brayns_widget.protocol.errors import ServiceError
from brayns_widget.service.access import Access
from brayns_widget.service.connections import Connections
from brayns_widget.service.guard import guard
from brayns_widget.service.master import create_master
from brayns_widget.service.places import most_connections
from brayns_widget.service.slave import create_slave

if TYPE_CHECKING:
    from brayns_widget.service.auth import Token
    from brayns_widget.service.manager import JobManager

_GOODBYE_SECONDS = 2.0


@dataclass(frozen=True)
class Addresses:
    """URLs of master and slave."""

    master: str
    slave: str


@contextlib.asynccontextmanager
async def serve(
    manager: JobManager,
    token: Token,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    slave_port: int = 0,
    access: Access | None = None,
) -> AsyncIterator[Addresses]:
    """Run the service while the context lasts; at its end all jobs are stopped and the records closed.

    Args:
        manager: is closed at the end.
        token: the token that clients must send.
        host: address to listen on.
        port: the master's port, 0 for a free one.
        slave_port: the slave's port, 0 for a free one.
        access: which web pages may call; None: no page.

    Raises:
        ServiceError: a port is not available.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(manager.close)
        applications = create_master(manager, token), create_slave(manager, token)
        for application in applications:
            guard(application, access or Access())
        master = await _listen(stack, applications[0], host, port)
        slave = await _listen(stack, applications[1], host, slave_port)
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(manager.watch())
            try:
                yield Addresses(f"http://{master}", f"ws://{slave}")
            finally:
                watch.cancel()
                # Before the sockets close, so that the relays end with the reason.
                await manager.end_all("the service ended")


async def _listen(stack: contextlib.AsyncExitStack, application: web.Application, host: str, port: int) -> str:
    """Serve an application until the stack unwinds; return the host and port for a URL."""
    connections = Connections(application, most_connections(servers=2), _GOODBYE_SECONDS)
    try:
        name, number = await stack.enter_async_context(connections.listen(host, port))
    except OSError as error:
        raise ServiceError(
            f"The service can't listen on {host}:{port}: {error}.", hint="Port 0 takes a free one."
        ) from error
    return f"[{name}]:{number}" if ":" in name else f"{name}:{number}"
