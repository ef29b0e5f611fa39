"""The list of one's remote jobs, for people who choose one to attach to or to stop."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from brayns_widget.connection.master import master_address
from brayns_widget.connection.place import Place
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.ending import read_end
from brayns_widget.controller.jobs import StartedJob, find_jobs, recorded
from brayns_widget.protocol.errors import AllocationError

_NOT_ASKED = "its master is asked when you are connected to it"


@dataclass(frozen=True, slots=True)
class JobEntry:
    """A remote job in a list.

    Attributes:
        id: its master's id.
        master: address of its proxy master.
        slave: address of the proxy slave, or None if the master tells it.
        usecase: what the master was asked for.
        project: the project, or None.
        state: its state; "unknown" if its master has not told it.
        detail: why the state is unknown, or "".
        owner: who has started it, for people.
        started: when, in seconds since the epoch.
        ends: when it ends, in seconds since the epoch, or None if that is not known.
        is_present: whether it is the one that is used now.
    """

    id: str
    master: str
    slave: str | None
    usecase: str
    project: str | None
    state: Literal["queued", "starting", "ready", "unknown"]
    detail: str
    owner: str
    started: float
    ends: float | None
    is_present: bool


class Listing:
    """The newest list of jobs."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, str], StartedJob] = {}
        self._asked: str | None = None  # the only master that its token is for
        self._token = Token()

    async def read(self, place: Place, job_id: str | None) -> tuple[JobEntry, ...]:
        """List the jobs, the present one first.

        The token of a place is sent to its master only, that of the environment to a single one.

        Args:
            place: where the present job runs.
            job_id: the present job's id.
        """
        asked, _, others = await recorded(place.master and master_address(place.master))
        token = Token() if place.master is None else place.token
        self._asked, self._token = asked, token
        found = [] if asked is None else await find_jobs(asked, None, token)
        found += [StartedJob(one, "unknown", one.end_time, _NOT_ASKED) for one in others]
        self._jobs = {(job.record.master, job.id): job for job in found}
        entries = [_entry(job, (job.record.master, job.id) == (asked, job_id)) for job in found]
        return tuple(sorted(entries, key=lambda entry: not entry.is_present))

    def place_of(self, master: str, job_id: str, present: Place) -> Place:
        """Return where a job of the list runs.

        Args:
            master: address of its master.
            job_id: its id.
            present: the present place; its token is used at its own master only.

        Raises:
            AllocationError: it is not in the list, or its master has not been asked.
        """
        record = self._find(master, job_id).record
        is_there = present.master is not None and master_address(present.master) == record.master
        if not is_there:
            self._check_asked(record.master)
        return replace(
            present,
            master=record.master,
            slave=record.slave,
            usecase=record.usecase,
            project=record.project,
            token=present.token if is_there else self._token,
            renderer=None,
            backend=None,
        )

    async def end(self, master: str, job_id: str) -> None:
        """Stop a job of the list.

        Raises:
            AllocationError: it is not in the list, its master has not been asked, or it may run on.
        """
        job = self._find(master, job_id)
        self._check_asked(job.record.master)
        await job.stop.aio()

    def _check_asked(self, master: str) -> None:
        """Check that a master was asked for the list, for only then a token is known to be for it."""
        if master != self._asked:
            raise AllocationError(
                f"No token for {master} is known here.", hint="Connect to it with its token, and list the jobs again."
            )

    def _find(self, master: str, job_id: str) -> StartedJob:
        try:
            return self._jobs[master_address(master), job_id]
        except KeyError:
            raise AllocationError(
                f"There is no job {job_id!r} of {master} in the list.", hint="List them again."
            ) from None


def _entry(job: StartedJob, is_present: bool) -> JobEntry:
    record = job.record
    return JobEntry(
        id=job.id,
        master=record.master,
        slave=record.slave,
        usecase=record.usecase,
        project=record.project,
        state=job.state,
        detail=job.detail,
        owner=job.owner,
        started=datetime.fromisoformat(record.started).timestamp(),
        ends=read_end(job.end_time, time.time())[0],
        is_present=is_present,
    )
