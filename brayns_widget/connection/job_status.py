"""The state of a job, and the wait until it is ready, whoever tells of it."""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from brayns_widget.connection.recovery import shortened
from brayns_widget.connection.status import State
from brayns_widget.protocol.errors import (
    AllocationError,
    BraynsWidgetError,
    ConnectionLost,
    DeadlineExceeded,
    TokenUnavailable,
)

AWAY = 60.0
"""Seconds after which "cannot retreive job" counts as an unknown job, and gateways that answer as the master's end."""


GATEWAY = frozenset({502, 503, 504})
"""What stands before a proxy answers while that is away."""


class NoVerdict(AllocationError):
    """The master answered, but not what became of the job.

    Attributes:
        unsure: it may not know the job, see ``JobStatus``.
    """

    unsure = False


@dataclass(frozen=True, slots=True)
class JobStatus:
    """State of a job, as the proxy master reports it.

    Attributes:
        running: a node is allocated.
        ready: renderer and backend are up.
        gone: the master does not know the job any more.
        unsure: it may know it all the same: its database may be away.
        end_time: when the allocation expires, as the master writes it (often its local time without a zone), or None.
        reason: why the job ended, if the master reports it (ours does), or "".
        failed: whether it failed, if the master reports it.
        host: name of the machine that runs the job, if the master reports it (ours does), or "".
        renderer_url: the renderer's address, if the master reports it (the 2024 edition does), or "".
        trouble: why the master has not told it again since, as a sentence, or "".
    """

    running: bool = False
    ready: bool = False
    gone: bool = False
    unsure: bool = False
    end_time: str | None = None
    reason: str = ""
    failed: bool = False
    host: str = ""
    renderer_url: str = ""
    trouble: str = ""

    @property
    def waits(self) -> tuple[State, str]:
        """What a start waits for while the job is not ready, as a state and a text for people."""
        state: State = "starting" if self.running else "queued"
        usual = "Starting the renderer …" if self.running else "Waiting for a machine …"
        return state, f"{self.trouble} Asking again …" if self.trouble else usual


class StatusSource(ABC):
    """Who tells the state of jobs: a proxy master, or what stands for one.

    Attributes:
        url: its address.
    """

    url: str

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections to it."""

    @abstractmethod
    async def check_known(
        self, job_id: str, *, patience: float = AWAY, on_doubt: Callable[[str], None] = lambda _: None
    ) -> None:
        """Check that there is a job.

        Args:
            job_id: the job.
            patience: seconds in which an answer that says nothing of the job is asked for again.
            on_doubt: called with each of these answers, as a sentence.

        Raises:
            AllocationError: there is not.
            NoVerdict: that cannot be known.
            AuthError, ConnectionLost, DeadlineExceeded, ProtocolError
        """

    @abstractmethod
    async def log(self, job_id: str) -> str:
        """Return the last lines that the servers of a job have logged.

        Raises:
            AllocationError: no log is told.
            AuthError, ConnectionLost, DeadlineExceeded, ProtocolError
        """

    @abstractmethod
    async def status(self, job_id: str) -> JobStatus:
        """Ask for a job's state.

        Raises:
            AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """

    async def wait_ready(
        self,
        job_id: str,
        *,
        timeout: float,
        on_status: Callable[[JobStatus], None],
        pause: float = 1.0,
        told: float | None = None,
    ) -> JobStatus:
        """Poll until a job is ready. A master that is away meanwhile is asked again until the deadline.

        Args:
            job_id: the job.
            timeout: seconds.
            on_status: called with every answer until then, and with the last one and its ``trouble`` if none comes.
            pause: longest time between two polls, in seconds; the first ones come faster.
            told: seconds that the error tells, if a part of what was set has passed already.

        Raises:
            AllocationError: the job ended before it was ready.
            AuthError, ProtocolError: see ``status``; while the token's source fails, it is asked again, too.
            DeadlineExceeded: it was not ready in time.
        """
        loop = asyncio.get_running_loop()
        was_running = False
        unsure_since: float | None = None
        known = JobStatus()
        wait = min(0.05, pause)
        try:
            async with asyncio.timeout(timeout):
                while True:
                    try:
                        status = await self.status(job_id)
                    except (NoVerdict, TokenUnavailable, ConnectionLost, DeadlineExceeded) as error:
                        unsure_since = None
                        known = replace(known, trouble=error.message)
                        on_status(known)
                    else:
                        known = status
                        unsure_since = (unsure_since or loop.time()) if status.unsure else None
                        if status.ready:
                            return status
                        # The real ones don't tell "queued" from "died", but a job that ran and does not has ended.
                        gone = status.gone and (unsure_since is None or loop.time() - unsure_since > AWAY)
                        if gone or status.reason or (was_running and not status.running and not status.unsure):
                            raise _ended_early(status)
                        on_status(status)
                        was_running = was_running or status.running
                    await asyncio.sleep(shortened(wait))
                    wait = min(wait * 1.5, pause)
        except TimeoutError as error:
            if isinstance(error, BraynsWidgetError):
                raise
            raise DeadlineExceeded(
                f"The job was not ready within {told or timeout:g} s. {known.trouble}".rstrip(),
                hint="Allow it more time with start_timeout=…",
            ) from None


def _ended_early(status: JobStatus) -> AllocationError:
    why, _, log = (status.reason or "the proxy master gave no reason").partition("\n")
    error = AllocationError(f"The job ended before it was ready: {why.rstrip('.')}.")
    if log:
        error.add_note(log)
    return error
