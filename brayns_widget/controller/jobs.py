"""Remote jobs that this user has started and that run still, such as those of a kernel that crashed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from brayns_widget.connection import records
from brayns_widget.connection.job import Job
from brayns_widget.connection.job_status import JobStatus
from brayns_widget.connection.master import MasterClient, master_address
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
    _token: Token | None = None
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

        Raises:
            AllocationError: no token is known to be for its master, and none is given here.
        """
        assert self._make is not None
        record = self.record
        known: dict[str, Any] = {"master": record.master, "slave": record.slave}
        known |= {"usecase": record.usecase, "project": record.project}
        if "token" not in options:
            known["token"] = self._own_token()
        return self._make(**{**known, "attach_to": record.job_id, **options})

    @waiting
    async def stop(self) -> None:
        """Stop it: its master does, or else its servers are asked to quit.

        Raises:
            AllocationError: it may run on, and the message says why, and until when; or no token is known to be for its
                master.
        """
        if left := await Job.end(self.record, self._own_token(), self.end_time):
            raise AllocationError(left)

    def _own_token(self) -> Token:
        if self._token is None:
            master = self.record.master
            raise AllocationError(
                f"No token is known to be for {master}.", hint=f"Controller.jobs({master!r}, token=…) lists its jobs."
            )
        return self._token

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

    A token goes to one master only: if records name several and none of them is asked for, none is asked, and no job
    gets it.

    Args:
        master: address of the only proxy master whose jobs are wanted, or None for all.
        slave: address of the proxy slave, or None for the recorded one.
        token: the bearer token.
        make: makes controllers; without it the jobs cannot be attached to.

    Raises:
        BraynsWidgetError: the address is invalid, or contains a credential.
    """
    asked, found, others = await recorded(master and master_address(master))
    if asked is None:
        detail = "there are jobs of several masters; say which one the token is for: master=…"
        return StartedJobs(StartedJob(one, "unknown", one.end_time, detail, None, make) for one in others)
    jobs = StartedJobs()
    if not found:
        return jobs
    async with MasterClient(asked, token) as client:
        looks = await asyncio.gather(*(_look(client, record) for record in found))
    for record, (status, detail) in zip(found, looks, strict=True):
        state = _state(record, status)
        if state == "over":
            await asyncio.to_thread(records.remove, record)
            continue
        end_time = (status and status.end_time) or record.end_time
        jobs.append(StartedJob(replace(record, slave=slave or record.slave), state, end_time, detail, token, make))
    return jobs


async def recorded(master: str | None) -> tuple[str | None, list[records.Record], list[records.Record]]:
    """Read the records of jobs. Those of masters that are not asked go when their jobs are over by themselves.

    Args:
        master: address of the master that is to be asked, or None for the only one that there is.

    Returns:
        the master to ask, or None if there are several, or none; the records of its jobs; those of others.
    """
    known = await asyncio.to_thread(records.read_all)
    if master is None and len({record.master for record in known}) > 1:
        known = await asyncio.to_thread(records.drop_expired, known)
    masters = {record.master for record in known}
    if master is None and len(masters) == 1:
        (master,) = masters
    others = [record for record in known if record.master != master]
    kept = await asyncio.to_thread(records.drop_expired, others)
    return master, [record for record in known if record.master == master], kept


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
