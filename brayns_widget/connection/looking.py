"""Whether something listens at an address, to be known before a job is started for it, or left for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from brayns_widget.connection.addresses import slave_address
from brayns_widget.connection.link import Unreachable, is_loopback
from brayns_widget.connection.recovery import shortened

LISTENS_WITHIN = 5.0
"""Seconds in which a server may come up, such as one that is restarted just now."""

_PAUSE = 0.25
_PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443}
_PROXIES = {
    "ws": {"ws", "socks", "https", "http"},
    "wss": {"wss", "socks", "https"},
    "http": {"http", "all"},
    "https": {"https", "all"},
}
"""The proxies that websockets and httpx use for each scheme, by their names in the environment."""


async def check_listens(
    slave: str, patience: float = LISTENS_WITHIN, on_wait: Callable[[], None] = lambda: None
) -> None:
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
    if reason := await _why_not(url, patience, on_wait):
        error = Unreachable(f"No proxy slave answers at {url}, so no job was started: {reason}.")
        error.hint = "Check slave=…, and start first what leads there, such as a tunnel."
        raise error


async def check_before_leaving(servers: Mapping[str, str], patience: float = LISTENS_WITHIN) -> None:
    """Check that servers accept connections before a job is left for them; see ``check_listens``.

    Args:
        servers: their addresses, with schemes, by their names.
        patience: seconds in which they may come up.

    Raises:
        Unreachable: one does not.
    """
    for name, url in servers.items():
        if reason := await _why_not(url, patience, lambda: None):
            error = Unreachable(f"No {name} answers at {url}, so no job can be had there: {reason}.")
            error.hint = "Check the address, and start first what leads there, such as a tunnel."
            raise error


async def _why_not(url: str, patience: float, on_wait: Callable[[], None]) -> str | None:
    """Return why nothing accepts connections at an address, or None if something does."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if _is_proxied(url, host, port):
        return None
    reason = f"nothing within {patience:g} s"
    try:
        async with asyncio.timeout(patience):
            while True:
                try:
                    _, writer = await asyncio.open_connection(host, port)
                except OSError as error:
                    reason = error.strerror or str(error)
                    if isinstance(error, socket.gaierror):  # the resolver has tried for long enough
                        return reason
                    on_wait()
                else:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
                    return None
                await asyncio.sleep(shortened(_PAUSE))
    except TimeoutError:
        return reason


def _is_proxied(url: str, host: str, port: int) -> bool:
    """Whether links to an address go through a proxy that the environment or the system names."""
    from urllib.request import getproxies, proxy_bypass  # late: with all of http.client

    if is_loopback(url) or proxy_bypass(f"{host}:{port}"):
        return False
    return not _PROXIES[urlsplit(url).scheme].isdisjoint(getproxies())
