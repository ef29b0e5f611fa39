"""A renderer, and maybe a backend, that run already, without proxies: no master started them, so none can stop them."""

from __future__ import annotations

from collections.abc import Callable

from brayns_widget.connection.job_status import AWAY, JobStatus, StatusSource
from brayns_widget.protocol.errors import AllocationError


class BareServers(StatusSource):
    """What stands for the proxy master where there is none: its only job is ready, and is never started or stopped.

    Args:
        renderer: address of the renderer.
    """

    def __init__(self, renderer: str) -> None:
        self.url = renderer

    async def aclose(self) -> None:
        """Close nothing."""

    async def check_known(
        self, job_id: str, *, patience: float = AWAY, on_doubt: Callable[[str], None] = lambda _: None
    ) -> None:
        """Accept the only job."""

    async def log(self, job_id: str) -> str:  # noqa: ARG002 - there is one only
        """Raise an error: the renderer's log is where somebody has started it."""
        raise AllocationError("Without a proxy master no log is told.", hint="Look where the renderer was started.")

    async def status(self, job_id: str) -> JobStatus:  # noqa: ARG002 - there is one only
        """Tell that the job is ready, as far as anybody knows."""
        return JobStatus(running=True, ready=True)
