"""TCP's own detection of dead connections: in any state, as far as the next host that ends TCP connections."""

from __future__ import annotations

import asyncio
import socket

IDLE, INTERVAL, COUNT = 10, 5, 3
"""Seconds of silence until the other host is asked, seconds between two such questions, and how many may stay open."""

UNACKNOWLEDGED = 20_000
"""Milliseconds that what was sent may stay without an acknowledgement; Linux only."""

# Names differ between platforms, and not each has all of them.
_OPTIONS = (
    ("TCP_KEEPIDLE", IDLE),
    ("TCP_KEEPALIVE", IDLE),  # macOS' name of the former
    ("TCP_KEEPINTVL", INTERVAL),
    ("TCP_KEEPCNT", COUNT),
    ("TCP_USER_TIMEOUT", UNACKNOWLEDGED),
)


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Let TCP find out within 25 s that the other host is gone; does nothing for what is no TCP connection."""
    connected = transport.get_extra_info("socket")
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        option = getattr(socket, name, None)
        if option is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
