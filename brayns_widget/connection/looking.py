"""Whether something listens at the address of a proxy slave, to be known before a job is started for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from brayns_widget.connection.addresses import slave_address
from brayns_widget.connection.link import Unreachable, is_loopback
from brayns_widget.connection.recovery import shortened

PATIENCE = 5.0
"""Seconds in which a slave may come up, such as one that is restarted just now."""

_PAUSE = 0.25
_PORTS = {"ws": 80, "wss": 443}
_PROXIES = {"ws": {"ws", "socks", "https", "http"}, "wss": {"wss", "socks", "https"}}
"""The proxies that websockets uses for each scheme, by their names in the environment."""


async def check_listens(slave: str, patience: float = PATIENCE, on_wait: Callable[[], None] = lambda: None) -> None:
    """Check that something accepts connections at the address of a slave, unless a proxy leads there.

    Only TCP is tried: a slave says nothing of itself without a job.

    Args:
        slave: the address.
        patience: seconds in which that may come up.
        on_wait: called whenever it is refused.

    Raises:
        Unreachable: nothing does, so a job would run for nothing.
    """
    url = slave_address(slave)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if _is_proxied(url, host, port):
        return
    reason = f"nothing within {patience:g} s"
    try:
        async with asyncio.timeout(patience):
            while True:
                try:
                    _, writer = await asyncio.open_connection(host, port)
                except OSError as error:
                    reason = error.strerror or str(error)
                    if isinstance(error, socket.gaierror):  # the resolver has tried for long enough
                        raise _unreachable(url, reason) from None
                    on_wait()
                else:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
                    return
                await asyncio.sleep(shortened(_PAUSE))
    except TimeoutError:
        raise _unreachable(url, reason) from None


def _is_proxied(url: str, host: str, port: int) -> bool:
    """Whether links to an address go through a proxy that the environment or the system names."""
    from urllib.request import getproxies, proxy_bypass  # late: with all of http.client

    if is_loopback(url) or proxy_bypass(f"{host}:{port}"):
        return False
    return not _PROXIES[urlsplit(url).scheme].isdisjoint(getproxies())


def _unreachable(url: str, reason: str) -> Unreachable:
    error = Unreachable(f"No proxy slave answers at {url}, so no job was started: {reason}.")
    error.hint = "Check slave=…, and start first what leads there, such as a tunnel."
    return error
