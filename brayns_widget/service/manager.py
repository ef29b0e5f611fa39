"""Manager of a service's jobs, which records, starts, watches and ends them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from brayns_widget.service.allocators import Allocator, Condition
from brayns_widget.service.jobs import NO_LIMIT, USE_CASES, Job, JobStore, State
from brayns_widget.service.leases import Leases

_LOOK_SECONDS = 0.2

logger = logging.getLogger(__name__)


class UnknownUseCaseError(Exception):
    """There is no such use case; the message lists the existing ones."""


class KeyReusedError(Exception):
    """An idempotency key was reused with another use case."""


class JobManager:
    """Manager that keeps records and running servers consistent. It owns both and closes them.

    Args:
        duration: maximum run time of jobs, instead of the use case's; ``NO_LIMIT``: none.
        leases: which clients' signs of life jobs need.
    """

    def __init__(
        self,
        store: JobStore,
        allocator: Allocator,
        *,
        duration: timedelta | None = None,
        leases: Leases | None = None,
    ) -> None:
        self.leases = leases or Leases()
        self._store = store
        self._allocator = allocator
        self._duration = duration
        self._conditions: dict[str, Condition] = {}
        self._troubles: dict[str, str] = {}  # job id → what the last look at it failed with
        self._forgetting: set[asyncio.Task[None]] = set()
        # All servers die with their service, so unfinished jobs of an earlier one are over.
        for job in store.unfinished():
            store.update(job, State.ENDED, reason="the service ended while the job was running")

    async def start(self, usecase: object, key: str | None = None, lease: float | None = None) -> Job:
        """Record a job and start it. A job that can't be started is recorded as failed, with the reason.

        Args:
            usecase: name of a use case, as the client sent it.
            key: the client's idempotency key: the same key returns the same job.
            lease: seconds without a sign of life of any client after which the job ends, or None.

        Raises:
            UnknownUseCaseError: there is no such use case.
            KeyReusedError: the key belongs to a job of another use case.
            ServiceError: the job can't be recorded.
        """
        if not isinstance(usecase, str) or usecase not in USE_CASES:
            raise UnknownUseCaseError(f"there is no use case {usecase!r}; there are: {', '.join(USE_CASES)}")
        job, new = self._store.add(usecase, key)
        if not new:
            if job.usecase != usecase:
                raise KeyReusedError(f"the idempotency key was used for a job of use case {job.usecase!r}")
            self.leases.heard(job.id)
            return job
        self._conditions[job.id] = Condition(State.QUEUED)
        if lease is not None:
            self.leases.grant(job.id, lease)
        try:
            await self._allocator.start(job)
        except OSError as error:
            logger.warning("job %s can't be started: %s", job.id, error)
            self._conditions.pop(job.id, None)
            self.leases.drop(job.id)
            return self._store.update(job, State.FAILED, reason=f"its servers can't be started: {error}")
        if job.id not in self._conditions:  # it was stopped meanwhile
            await self._allocator.stop(job.id)
        return await self.refresh(job)

    def get(self, job_id: str) -> Job | None:
        return self._store.get(job_id)

    def all(self) -> list[Job]:
        """Return all recorded jobs, oldest first."""
        return self._store.all()

    async def refresh(self, job: Job) -> Job:
        """Update a job's record from its servers and return it."""
        condition = await self._allocator.poll(job.id) if job.id in self._conditions else None
        job = self._store.get(job.id) or job
        # It may have been stopped meanwhile; a final state stays.
        if condition is None or job.id not in self._conditions:
            return job
        self._conditions[job.id] = condition  # a backend that was replaced has another address
        if condition.state is job.state:
            return job
        end_time = job.end_time
        if condition.state is not State.QUEUED and end_time is None:
            duration = self._duration or USE_CASES[job.usecase]
            end_time = None if duration == NO_LIMIT else datetime.now(UTC) + duration
        if condition.state.final:
            del self._conditions[job.id]
            self.leases.drop(job.id)
            self._let_forget(job.id)
        logger.info("job %s is %s %s", job.id, condition.state, condition.reason.partition("\n")[0])
        return self._store.update(job, condition.state, reason=condition.reason, end_time=end_time)

    def _let_forget(self, job_id: str) -> None:
        """Let the allocator forget a job that has ended by itself: its reason, with its last words, is recorded."""
        task = asyncio.create_task(self._allocator.stop(job_id), name="forget a job")
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    def address(self, job_id: str, server: str) -> tuple[str, int] | None:
        """Return the address of a ready job's server, or None if the job is not ready or has no such server."""
        condition = self._conditions.get(job_id)
        return condition.addresses.get(server) if condition else None

    def secret(self, job_id: str) -> str:
        """Return the bearer token that the servers of a job require, or ""."""
        condition = self._conditions.get(job_id)
        return condition.secret if condition else ""

    async def log(self, job: Job) -> Mapping[str, str]:
        """Return the last lines that each server of a running job has logged; of one that is over, nothing."""
        return await self._allocator.log(job.id) if job.id in self._conditions else {}

    async def stop(self, job: Job, reason: str) -> Job:
        """Stop a job, and return its record when none of its processes runs; a job that is over does not change."""
        if self._conditions.pop(job.id, None):
            self.leases.drop(job.id)
            logger.info("job %s is over: %s", job.id, reason)
            job = self._store.update(job, State.ENDED, reason=reason)
        await self._allocator.stop(job.id)
        return job

    async def watch(self) -> None:
        """Keep all records up to date and end jobs at their end time or without clients, until cancelled.

        A job that this fails for is logged and tried again; the others don't notice.
        """
        while True:
            unused = self.leases.look()
            await asyncio.gather(*(self._look_after(job_id, unused.get(job_id)) for job_id in list(self._conditions)))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look_after(self, job_id: str, unused: float | None) -> None:
        try:
            job = self._store.get(job_id)
            assert job
            job = await self.refresh(job)
            if job.id in self._conditions and job.end_time and job.end_time <= datetime.now(UTC):
                await self.stop(job, "its time was over")
            elif unused is not None:
                await self.stop(job, f"none of its clients has been there for {unused:g} s")
        except Exception as error:  # whatever it is, it must not cost the other jobs
            # Told once, not at each of five looks a second.
            if self._troubles.get(job_id) != repr(error):
                self._troubles[job_id] = repr(error)
                logger.exception("job %s can't be watched; it is tried again", job_id)
        else:
            self._troubles.pop(job_id, None)

    async def end_all(self, reason: str) -> None:
        """Stop all jobs, and return when none of their processes runs."""
        running = list(self._conditions)
        self._conditions.clear()
        try:
            for job in filter(None, map(self._store.get, running)):
                self._store.update(job, State.ENDED, reason=reason)
        finally:
            await self._allocator.close()
            if self._forgetting:
                await asyncio.wait(self._forgetting)

    async def close(self) -> None:
        """Stop all jobs, then close the records."""
        try:
            await self.end_all("the service ended")
        finally:
            self._store.close()
