"""Leases of jobs: a job with one ends when no client has given a sign of life for so long."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_SECONDS = 86400.0

# What passes between two looks counts as no more than this: a machine that slept, a stopped process or a clock that
# jumped must not cost jobs whose clients had no chance.
_LONGEST_STEP = 1.0


@dataclass
class _Lease:
    seconds: float
    unheard: float = 0.0
    users: int = 0


class Leases:
    """Leases of one service's jobs.

    Args:
        clock: returns seconds, from any time on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked = clock()
        self._leases: dict[str, _Lease] = {}

    def grant(self, job_id: str, seconds: float | None) -> None:
        """Give a job a lease from now on; None: it needs no signs of life any more."""
        users = self._leases[job_id].users if job_id in self._leases else 0
        self._leases[job_id] = _Lease(float("inf") if seconds is None else seconds, users=users)

    def heard(self, job_id: str) -> None:
        """Take in a sign of life of a client of a job."""
        if lease := self._leases.get(job_id):
            lease.unheard = 0.0

    @contextlib.contextmanager
    def in_use(self, job_id: str) -> Iterator[None]:
        """Take in that a client is connected to a job while the context lasts."""
        lease = self._leases.setdefault(job_id, _Lease(float("inf")))
        lease.users += 1
        try:
            yield
        finally:
            lease = self._leases.get(job_id, lease)  # it may have got another one meanwhile
            lease.users -= 1
            lease.unheard = 0.0

    def drop(self, job_id: str) -> None:
        """Forget a job that is over."""
        self._leases.pop(job_id, None)

    def look(self) -> dict[str, float]:
        """Count the time since the last look; return the jobs whose leases are over, with the seconds of these."""
        now = self._clock()
        passed, self._looked = min(max(0.0, now - self._looked), _LONGEST_STEP), now
        for lease in self._leases.values():
            lease.unheard = 0.0 if lease.users else lease.unheard + passed
        return {job_id: lease.seconds for job_id, lease in self._leases.items() if lease.unheard >= lease.seconds}
