"""Addresses of servers: they are checked, and made of what a slave's is and a job's."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from brayns_widget.connection.link import is_loopback
from brayns_widget.connection.tokens import redact
from brayns_widget.protocol.errors import BraynsWidgetError


def server_address(url: str, name: str, example: str = "ws://host:5000") -> str:
    """Check the address of a server or of a proxy slave; return it as that of a WebSocket, without a trailing slash.

    Args:
        url: the address; without a scheme it is ``ws://`` on this machine, else ``wss://``.
        name: of the server, such as "renderer".
        example: what such an address looks like.

    Raises:
        BraynsWidgetError: it is none, or contains a credential.
    """
    url = str(url)  # of a script that no type checker has read
    full = url if "://" in url else f"wss://{url}"
    if "://" not in url and split(full) is not None and is_loopback(full):
        full = f"ws://{url}"
    parts = split(full)
    scheme = None if parts is None else {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if parts is None or scheme is None or parts.query or "@" in parts.netloc:
        raise BraynsWidgetError(
            f"{redact(full)!r} is not the address of a {name}.",
            hint=f"It looks like {example}, without a token or a user in it.",
        )
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def split(url: str) -> SplitResult | None:
    """Split an address into its parts; None if it has no host, or a host or a port that is none."""
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname and parts.hostname.encode("idna")) and parts.port != 0
    except ValueError:
        return None
    return parts if is_complete else None


def slave_address(url: str) -> str:
    """Check the address of a proxy slave; return it as ``server_address`` does.

    Raises:
        BraynsWidgetError: see ``server_address``.
    """
    return server_address(url, "proxy slave", "wss://host/path")


def job_addresses(slave: str | None, renderer_url: str, job_id: str) -> tuple[str, str]:
    """Make the addresses of a job's renderer and backend.

    Args:
        slave: address of the proxy slave, or None if the master has told that of the renderer.
        renderer_url: what the master has told, with or without a scheme, or "".
        job_id: the master's id of the job.

    Raises:
        BraynsWidgetError: there is no address, or it is none; see ``server_address``.
    """
    address = slave or renderer_url.rsplit("/", 2)[0]
    if not address:
        raise BraynsWidgetError("The address of the proxy slave is not known.", hint="Pass slave=…")
    base = f"{slave_address(address)}/{quote(job_id, safe='')}"
    return f"{base}/renderer", f"{base}/backend"
