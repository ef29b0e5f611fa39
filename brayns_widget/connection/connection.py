"""The connection to a job, through its life cycle: started when needed, joined, lost, and started anew.

It knows nothing of the job's scene. Its owner passes a function that prepares a job before it counts as ready, and is
told when a job is ready and when it is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from brayns_widget.connection.capabilities import Capabilities
from brayns_widget.connection.job import EndOfJob, Job, Place
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.connection.status import State, Status
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost

_CANCELLED = Status("idle", "The start was cancelled.")


@dataclass(frozen=True, slots=True)
class Ready:
    """The servers of a ready job, and their capabilities; ``backend`` is None if the job has none."""

    renderer: Server
    backend: Server | None
    capabilities: Capabilities


class Connection:
    """A job that is started when needed. Use it on one event loop only.

    Args:
        place: where the job runs.
        attach_to: the id of a job that runs already, or None to start one.
        start_timeout: seconds until a job must be connected.
        on_status: called with each new status.
        prepare: awaited before a job counts as ready; if it fails, the start fails and the job is closed.
        on_ready: called when a job is ready.
        on_left: called with None as soon as a ready job is lost, and again with the reason if that was a failure.

    Of these functions only ``prepare`` may raise.

    Attributes:
        place: as above.
        status: state of the job.
        ready: the job's servers while it is ready, else None.
    """

    def __init__(
        self,
        place: Place,
        *,
        attach_to: str | None,
        start_timeout: float,
        on_status: Callable[[Status], None],
        prepare: Callable[[Ready], Awaitable[None]],
        on_ready: Callable[[Ready], None],
        on_left: Callable[[EndOfJob | None], None],
    ) -> None:
        self.place = place
        self.status = Status()
        self.ready: Ready | None = None
        self._attach_to = attach_to
        self._start_timeout = start_timeout
        self._on_status = on_status
        self._prepare = prepare
        self._on_ready = on_ready
        self._on_left = on_left
        self._job: Job | None = None
        self._closed = False
        self._resting = _CANCELLED  # the status after a cancelled start
        self._given_back: dict[Job, asyncio.Task[None]] = {}  # with the tasks that end them
        self._starting: asyncio.Task[Ready] | None = None
        self._waiters: list[Report] = []
        self._endings: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Connection to {self._job or 'no job'}: {self.status.state}>"

    @property
    def job_id(self) -> str | None:
        """The master's id of the job, or None while none is ready."""
        return None if self._job is None else self._job.id

    @property
    def attaches(self) -> bool:
        """Whether it uses what runs already, whose scene may be others' work."""
        return self._attach_to is not None or self.place.renderer is not None

    @property
    def job(self) -> Job | None:
        """The ready job, or None."""
        return self._job

    async def ensure(self, report: Report) -> Ready:
        """Return the ready job; starts it, or joins a running start, which ends if all its callers are cancelled.

        Args:
            report: called with the progress of the start.

        Raises:
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError: it failed.
            ConnectionLost: ``close`` was called.
        """
        self._waiters.append(report)
        try:
            while True:
                if self._closed:
                    raise ConnectionLost("This connection was closed.", hint="Make a new controller or widget.")
                if self.ready is not None:
                    return self.ready
                if self._starting is None or self._starting.done():
                    self._starting = asyncio.create_task(self._start(), name="start")
                ready = await self._join(self._starting)
                if ready is not None:
                    return ready
        finally:
            self._waiters.remove(report)

    def give_back(self, text: str) -> bool:
        """Give the job back until the next ``ensure`` starts another one; ``close`` awaits its end.

        Args:
            text: why, for people.

        Returns:
            whether there was a job to give back: one that is ready, and was started here.
        """
        if self._job is None or not self._job.owned:
            return False
        self._resting = Status("asleep", text)
        self._give_back()
        self._set_status("asleep", text)
        return True

    def stop(self) -> None:
        """Leave the job, which is stopped if it was started here; the next ``ensure`` starts or joins one."""
        if self._job is not None:
            kind = "job" if self.place.renderer is None else "renderer"
            text = "The job was stopped." if self._job.owned else f"The {kind} was left; it runs on."
            self._resting = Status("ended", text)
            self._give_back()
            self._set_status("ended", text)

    async def move(self, place: Place, *, attach_to: str | None, start_timeout: float) -> None:
        """Leave the job, which is stopped if it was started here, and use another place from now on.

        Args:
            place: where the next job runs; those who wait for a start wait for one there.
            attach_to: the id of a job that runs there, or None to start one.
            start_timeout: seconds until a job must be connected.
        """
        self.place, self._attach_to, self._start_timeout = place, attach_to, start_timeout
        self._resting = _CANCELLED
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait([self._starting])
        self._give_back()

    def report(self, amount: float | None, text: str) -> None:
        """Report the progress of a start to all that wait for it."""
        self._set_status("starting", text)
        for report in self._waiters:
            report(amount, text)

    async def close(self, *, stop: bool = True) -> None:
        """Close the links, and stop the job if it was started here. No job can be started afterwards.

        Args:
            stop: False leaves the job running.
        """
        self._closed = True
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait([self._starting])
        job = self._leave()
        if job is not None:
            self._run_to_end(job.close(stop=stop), "close")
        if self.status.state in {"ready", "stale", "asleep"}:
            self._set_status("ended", "Closed.")
        if self._endings:
            await asyncio.wait(self._endings)

    async def leave(self) -> None:
        """Close it at the end of the process. A job of the local service ends with the service."""
        await self.close(stop=self.place.master is not None)

    def unfinished(self) -> str:
        """Return what people have to know if there is no time for ``leave``."""
        return "" if self._job is None else self._job.unfinished()

    async def _join(self, starting: asyncio.Task[Ready]) -> Ready | None:
        """Wait for a start; None if it was given up by its earlier callers, or by ``close``."""
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            me = asyncio.current_task()
            assert me is not None
            if starting.cancelled() and not me.cancelling():
                return None
            if len(self._waiters) == 1 and not starting.done():
                starting.cancel()
                await asyncio.wait([starting])
            raise

    async def _start(self) -> Ready:
        PROCESS.add(self)
        try:
            # A cluster may have no room for two; on this machine the next one need not wait.
            if ending := [task for job, task in self._given_back.items() if not job.local]:
                await asyncio.wait(ending)
            job = await Job.start(
                self.place,
                job_id=self._attach_to,
                timeout=self._start_timeout,
                on_state=self._starts,
                on_lost=self._lost,
            )
            try:
                ready = await self._make_ready(job)
            except BaseException:
                await job.give_up()
                raise
        except asyncio.CancelledError:
            self._leave_process()
            self._set_status(self._resting.state, self._resting.text)
            raise
        except Exception as error:
            self._leave_process()
            self._set_status("failed", str(error))
            raise
        self._job, self.ready = job, ready
        self._resting = _CANCELLED
        self._set_status("ready", "Ready.")
        self._on_ready(ready)
        return ready

    async def _make_ready(self, job: Job) -> Ready:
        renderer, backend = Server(job.renderer), None if job.backend is None else Server(job.backend)
        ready = Ready(renderer, backend, await Capabilities.ask(renderer, backend))
        job.renderer.cancellable = ready.capabilities.cancellable
        await self._prepare(ready)
        if job.renderer.closed is not None:  # after the last answer, so no request has failed with it
            raise job.renderer.closed
        return ready

    def _starts(self, state: State, text: str) -> None:
        self._set_status(state, text)
        for report in self._waiters:
            report(None, text)

    def _lost(self, error: BraynsWidgetError) -> None:
        job = self._leave()
        if job is None:
            return  # it broke while it was prepared; the start fails with the reason
        self._set_status("stale", f"{error.message} Asking why …")
        self._run_to_end(self._tell_why(job, error), "tell why")

    async def _tell_why(self, job: Job, error: BraynsWidgetError) -> None:
        end = await job.why_it_ended(error)
        if self.status.state == "stale":  # else there is a newer job, or it was closed
            self._set_status("failed" if end.failed else "ended", end.text)
            self._on_left(end)
        await job.close()

    def _give_back(self) -> None:
        job = self._leave()
        if job is not None:
            PROCESS.add(self)
            self._given_back[job] = self._run_to_end(self._end(job), "give back")

    async def _end(self, job: Job) -> None:
        await job.close()
        del self._given_back[job]
        if self._job is None and (self._starting is None or self._starting.done()):
            self._leave_process()

    def _leave(self) -> Job | None:
        job, self._job, self.ready = self._job, None, None
        if job is not None:
            self._leave_process()
            self._on_left(None)
        return job

    def _leave_process(self) -> None:
        """Have no job that the end of the process must stop; one that was given back counts until it has ended."""
        if not self._given_back:
            PROCESS.discard(self)

    def _run_to_end(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        return task

    def _set_status(self, state: State, text: str) -> None:
        status = Status(state, text)
        if status != self.status:
            self.status = status
            self._on_status(status)
