"""Who runs a job's servers: the interface between the jobs and the machines they run on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from brayns_widget.service.jobs import Job, State

RENDERER = "renderer"
BACKEND = "backend"
SERVERS = (RENDERER, BACKEND)


@dataclass(frozen=True)
class Condition:
    """How a job's servers are doing.

    Attributes:
        reason: why it is so, for a person to read; never empty when it failed.
        addresses: server name → (host, port), complete when the state is READY.
        secret: what the servers want to hear as a bearer token, or "" if they ask for none.
    """

    state: State
    reason: str = ""
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    secret: str = field(default="", repr=False)


class Allocator(ABC):
    """Gets a job's renderer and backend to run somewhere.

    A job that has failed or ended by itself leaves nothing running: the allocator sees to that without being asked.
    """

    @abstractmethod
    async def start(self, job: Job) -> None:
        """Begin; returns before the servers are up.

        Raises:
            OSError: nothing could be started.
        """

    @abstractmethod
    async def poll(self, job_id: str) -> Condition:
        """Tell how a job is doing now; one that it does not know, or not yet, is queued."""

    @abstractmethod
    async def stop(self, job_id: str) -> None:
        """End a job and return when nothing of it runs any more; a job that is unknown or over is no error."""

    @abstractmethod
    async def close(self) -> None:
        """Stop all jobs and return when nothing of them runs any more."""
