"""A renderer, and maybe a backend, that run already, without proxies: no master started them, so none can stop them."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from brayns_widget.connection.job_status import JobStatus, StatusSource
from brayns_widget.connection.link import is_loopback
from brayns_widget.connection.tokens import redact
from brayns_widget.protocol.errors import AllocationError, BraynsWidgetError


def server_address(url: str, name: str, example: str = "ws://host:5000") -> str:
    """Check the address of a server or of a proxy slave; return it as that of a WebSocket, without a trailing slash.

    Args:
        url: the address; without a scheme it is ``ws://`` on this machine, else ``wss://``.
        name: of the server, such as "renderer".
        example: what such an address looks like.

    Raises:
        BraynsWidgetError: it is none, or contains a credential.
    """
    full = url if "://" in url else f"{'ws' if is_loopback(f'ws://{url}') else 'wss'}://{url}"
    parts = urlsplit(full)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    try:
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is none
        is_complete = False
    if scheme is None or not is_complete or parts.query or "@" in parts.netloc:
        raise BraynsWidgetError(
            f"{redact(full)!r} is not the address of a {name}.",
            hint=f"It looks like {example}, without a token or a user in it.",
        )
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def slave_address(url: str) -> str:
    """Check the address of a proxy slave; return it as ``server_address`` does.

    Raises:
        BraynsWidgetError: see ``server_address``.
    """
    return server_address(url, "proxy slave", "wss://host/path")


class BareServers(StatusSource):
    """What stands for the proxy master where there is none: its only job is ready, and is never started or stopped.

    Args:
        renderer: address of the renderer.
    """

    def __init__(self, renderer: str) -> None:
        self.url = renderer

    async def aclose(self) -> None:
        """Close nothing."""

    async def check_known(self, job_id: str) -> None:
        """Accept the only job."""

    async def log(self, job_id: str) -> str:  # noqa: ARG002 - there is one only
        """Raise an error: the renderer's log is where somebody has started it."""
        raise AllocationError("Without a proxy master no log is told.", hint="Look where the renderer was started.")

    async def status(self, job_id: str) -> JobStatus:  # noqa: ARG002 - there is one only
        """Tell that the job is ready, as far as anybody knows."""
        return JobStatus(running=True, ready=True)
