"""Interface between jobs and the machines that their servers run on."""

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
    """Condition of a job's servers.

    Attributes:
        reason: an explanation for people; never empty after a failure.
        addresses: server name → (host, port), complete when the state is READY.
        secret: the bearer token that the servers require, or "".
    """

    state: State
    reason: str = ""
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    secret: str = field(default="", repr=False)


class Allocator(ABC):
    """Launcher of a job's renderer and backend.

    A job that has failed or ended by itself leaves nothing running: the allocator cleans up without being asked.
    """

    @abstractmethod
    async def start(self, job: Job) -> None:
        """Begin to start a job; returns before its servers are up.

        Raises:
            OSError: nothing could be started.
        """

    @abstractmethod
    async def poll(self, job_id: str) -> Condition:
        """Return the present condition of a job; an unknown one counts as queued."""

    @abstractmethod
    async def log(self, job_id: str) -> Mapping[str, str]:
        """Return the last lines that each server of a job has logged, without secrets; nothing if it is unknown."""

    @abstractmethod
    async def stop(self, job_id: str) -> None:
        """Stop a job and forget it, and return when none of its processes runs; one that is unknown is not an error."""

    @abstractmethod
    async def close(self) -> None:
        """Stop all jobs, and return when none of their processes runs."""
