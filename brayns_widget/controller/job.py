"""The job of a controller, its running tasks, and its notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from brayns_widget.connection.reports import Report
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.listing import JobEntry, Listing
from brayns_widget.controller.state import Level, Notice
from brayns_widget.controller.tasks import Task
from brayns_widget.controller.where import TAKING, Address, Name, Where
from brayns_widget.protocol.errors import AllocationError


class Job(Group):
    """The job that runs the renderer and the backend."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._listing = Listing()

    @property
    def id(self) -> str | None:
        """The proxy master's id of the job, or None if none is ready, or if no master has started it."""
        return self._core.connection.job_id or None

    @property
    def ends(self) -> datetime | None:
        """When the job ends, or None if that is not known. A master's time without a zone is taken for local time."""
        ends = self._store.state.job.ends
        return None if ends is None else datetime.fromtimestamp(ends).astimezone()

    @offered
    @long
    async def start(self, report: Report) -> None:
        """Start the job, or attach to it, and prepare the scene. Does nothing if it runs; joins a start on its way.

        Args:
            report: gets the progress.

        Raises (from the task):
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded
        """
        await self._core.connection.ensure(report)

    @offered
    @long
    @TAKING.long
    async def connect(self, report: Report, where: Where) -> None:  # noqa: D417 - the options are described there
        """Connect to another place: start a job there, or use one that runs. Running tasks are cancelled.

        The job that was used is stopped, if this controller has started it. Its scene can be brought back by
        ``restore``, as far as its files are there. To attach to the job that is used keeps it as it is, with the given
        token from now on.

        Args:
            report: gets the progress.
            options: where the job runs.

        Raises (from the task):
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded
        """
        await self._core.connect(where, report)

    @offered
    @long
    async def restore(self, report: Report) -> None:
        """Start a job in the place of one that has ended, and bring the scene back: all that these calls have made.

        What requests of your own have changed is not known, and so does not come back. A notice tells what is missing.
        If a job runs already, models and clipping shapes are added to its scene.

        Args:
            report: gets the progress.

        Raises (from the task):
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded
        """
        await self._core.restore(report)

    @offered
    @waiting
    async def stop(self) -> None:
        """Stop the job, or leave it running if it was attached to. The next call starts or joins one.

        A start on its way is cancelled, for all calls that wait for it. ``restore`` brings the scene back.
        """
        await self._core.stop()

    @offered
    @waiting
    async def log(self) -> str:
        """Return the last lines that the servers of the job have logged, below the name of each.

        Of a job that has ended these are its last words, if its master has told them. Our own master keeps 100 lines of
        each server, up to 16 KiB. "" if nothing was logged. The servers log what goes wrong, and no credentials.

        Raises:
            AllocationError: there is no job, or its master tells no log, as the public ones.
            AuthError, ConnectionLost, DeadlineExceeded: the master does not answer as one.
        """
        job = self._core.connection.job
        if job is not None:
            return await job.log()
        if last := self._store.state.job.log:
            return last
        raise AllocationError("There is no job, so there is no log.", hint="The next call starts or joins a job.")

    @offered
    @waiting
    async def list(self) -> tuple[JobEntry, ...]:
        """List the remote jobs that you have started and that run still, as ``Controller.jobs`` does.

        The token of the present job is sent to its master only, that of the environment to a single one.
        """
        return await self._listing.read(self._core.connection.place, self.id)

    @offered
    @long
    async def attach(self, report: Report, master: Address, job_id: Name) -> None:
        """Leave the present job, and use another one that ``list`` has found.

        Args:
            report: gets the progress.
            master: address of its proxy master.
            job_id: its id.

        Raises (from the task):
            AllocationError: it was not found.
            AuthError, ConnectionLost, DeadlineExceeded: it cannot be used.
        """
        place = self._listing.place_of(master, job_id, self._core.connection.place)
        await self._core.connect(Where(place, job_id, None), report)

    @offered
    @waiting
    async def end(self, master: Address, job_id: Name) -> None:
        """Stop a job that ``list`` has found.

        Args:
            master: address of its proxy master.
            job_id: its id.

        Raises:
            AllocationError: it was not found, or it may run on; the message says why, and until when.
        """
        await self._listing.end(master, job_id)

    @waiting
    async def close(self, *, stop: bool = True) -> None:
        """Stop the job if this controller started it, and close its links. It can't be used again.

        Args:
            stop: False leaves a remote job running, until its time is over; ``Controller.jobs`` finds it.
        """
        await self._core.close(stop=stop)


class Tasks(Group, Mapping[str, Task[Any]]):
    """The running tasks by their ids."""

    def __getitem__(self, task: str) -> Task[Any]:
        return self._core.tasks[task]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._core.tasks))

    def __len__(self) -> int:
        return len(self._core.tasks)

    @offered
    @waiting
    async def cancel(self, task: str) -> None:
        """Cancel a task; no effect on one that is done.

        Args:
            task: its id.
        """
        running = self._core.tasks.get(task)
        if running is not None:
            running.cancel()


class Notices(Group):
    """The notice for the user."""

    def tell(self, level: Level, text: str, hint: str = "") -> None:
        """Set the notice, with a hint what to do; on the loop thread only."""
        self._core.tell(level, text, hint)

    def take_back(self, notice: Notice | None) -> None:
        """Remove the notice if it is this one still; on the loop thread only."""
        if notice is not None and self._store.state.notice == notice:
            self._store.state = replace(self._store.state, notice=None)

    @offered
    @waiting
    async def dismiss(self) -> None:
        """Remove the notice."""
        self._store.state = replace(self._store.state, notice=None)
