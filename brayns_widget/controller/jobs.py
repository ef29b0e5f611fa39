"""Remote jobs that this user has started and that run still, such as those of a kernel that crashed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from brayns_widget.connection import records
from brayns_widget.connection.job import Job
from brayns_widget.connection.master import JobStatus, MasterClient, master_address
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.calls import waiting
from brayns_widget.controller.tasks import Runner
from brayns_widget.protocol.errors import AllocationError, BraynsWidgetError

if TYPE_CHECKING:
    from brayns_widget.controller.controller import Controller

LOOK_DEADLINE = 10.0
"""Seconds that a master may take to tell the state of a job."""


@dataclass(frozen=True, slots=True, repr=False)
class StartedJob:
    """A remote job that this user has started, by this kernel or another one.

    Attributes:
        record: what was recorded of it.
        state: its state, as its master says; "unknown" if that has not told it.
        end_time: when it expires, as the master writes it (often its local time without a zone), or None.
        detail: why the state is unknown, or "".
    """

    record: records.Record
    state: Literal["queued", "starting", "ready", "unknown"]
    end_time: str | None
    detail: str = ""
    _token: Token = field(default_factory=Token)
    _make: Callable[..., Controller] | None = None

    @property
    def id(self) -> str:
        """The proxy master's id of it."""
        return self.record.job_id

    @property
    def owner(self) -> str:
        """Who has started it, for people."""
        if self.record.is_own:
            return "this kernel"
        return f"{self.record.notebook or f'process {self.record.process}'} on {self.record.host}"

    def __repr__(self) -> str:
        record = self.record
        started = datetime.fromisoformat(record.started).astimezone().strftime("%Y-%m-%d %H:%M")
        what = f"{record.usecase}, {record.project}" if record.project else record.usecase
        ends = f", ends {self.end_time}" if self.end_time else ""
        why = f" ({self.detail})" if self.detail else ""
        return f"<Job {self.id} at {record.master}: {self.state}{why}, {what}, started {started} by {self.owner}{ends}>"

    def attach(self, **options: Any) -> Controller:
        """Return a controller of this job, whose ``close`` does not stop it; ``stop`` does.

        Args:
            options: further arguments of ``Controller``, such as ``start_timeout``.
        """
        assert self._make is not None
        record = self.record
        known = {"master": record.master, "slave": record.slave, "usecase": record.usecase, "project": record.project}
        return self._make(**{**known, "token": self._token, "attach_to": record.job_id, **options})

    @waiting
    async def stop(self) -> None:
        """Stop it: its master does, or else its servers are asked to quit.

        Raises:
            AllocationError: it may run on; the message says why, and until when.
        """
        if left := await Job.end(self.record, self._token, self.end_time):
            raise AllocationError(left)

    @property
    def _runner(self) -> Runner:
        return runner()


class StartedJobs(list[StartedJob]):
    """Jobs, one on each line when they are shown."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "No job that was started from here is known to run."


def runner() -> Runner:
    """Return what runs calls that belong to no controller."""
    return Runner(PROCESS.loop_thread(), lambda _: None)


async def find_jobs(
    master: str | None, slave: str | None, token: Token, make: Callable[..., Controller] | None = None
) -> StartedJobs:
    """Return the recorded jobs with their states; records of those that are over are removed.

    A token goes to one master only: if records name several and none of them is asked for, none is asked.

    Args:
        master: address of the only proxy master whose jobs are wanted, or None for all.
        slave: address of the proxy slave, or None for the recorded one.
        token: the bearer token.
        make: makes controllers; without it the jobs cannot be attached to.

    Raises:
        BraynsWidgetError: the address is invalid, or contains a credential.
    """
    found = await asyncio.to_thread(records.read_all)
    if master is not None:
        address = master_address(master)
        found = [record for record in found if record.master == address]
    masters = {record.master for record in found}
    if len(masters) > 1:
        detail = "there are jobs of several masters; say which one the token is for: master=…"
        return StartedJobs(StartedJob(one, "unknown", one.end_time, detail, token, make) for one in found)
    jobs = StartedJobs()
    for url in masters:  # one at most
        async with MasterClient(url, token) as client:
            looks = await asyncio.gather(*(_look(client, record) for record in found))
        for record, (status, detail) in zip(found, looks, strict=True):
            state = _state(record, status)
            if state == "over":
                await asyncio.to_thread(records.remove, record)
                continue
            end_time = (status and status.end_time) or record.end_time
            jobs.append(StartedJob(replace(record, slave=slave or record.slave), state, end_time, detail, token, make))
    return jobs


async def _look(client: MasterClient, record: records.Record) -> tuple[JobStatus | None, str]:
    with contextlib.suppress(TimeoutError):
        try:
            async with asyncio.timeout(LOOK_DEADLINE):
                return await client.status(record.job_id), ""
        except BraynsWidgetError as error:
            return None, error.message
    return None, f"the master did not answer within {LOOK_DEADLINE:g} s"


def _state(
    record: records.Record, status: JobStatus | None
) -> Literal["queued", "starting", "ready", "unknown", "over"]:
    if status is None or status.unsure:
        return "over" if record.expired(datetime.now(UTC)) else "unknown"
    if status.ready:
        return "ready"
    # Except for ours no master tells a job that has ended from one that is queued, unless it has been ready.
    if status.gone or status.reason or (record.ready and not status.running):
        return "over"
    return "starting" if status.running else "queued"
