"""The connection to a job, through its life cycle: started when needed, joined, reached again, and started anew.

It knows nothing of the job's scene. Its owner passes functions that prepare a job before it counts as ready, and is
told when a job is ready, when it is out of reach and when it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from brayns_widget.connection.busy import Patience
from brayns_widget.connection.capabilities import Capabilities, equip_backend, equip_renderer
from brayns_widget.connection.job import LEAVING, EndOfJob, Job
from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.mending import Mender
from brayns_widget.connection.place import Place
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.questioning import ask, attempt
from brayns_widget.connection.recovery import REACHED_WITHIN, Recovery, Step, is_for_good, with_new_token
from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.connection.status import State, Status
from brayns_widget.protocol.errors import CANCELLED, BraynsWidgetError, ConnectionLost, RequestCancelled

REACH_DEADLINE = 60.0
"""Seconds that a call waits for a job that is out of reach, and after which another one may replace it; attempts go on
all the same."""

START_TIMEOUT = 120.0
"""Seconds until a job must be connected, unless something else is asked for."""

T = TypeVar("T")

_CANCELLED = Status("idle", "The start was cancelled.")
_STOPPED = Status("ended", "The job was stopped.")
_NOT_STOPPED = Status("failed", "The job could not be stopped, and may run on.")
_AFTER_THE_END = (
    "The next call starts another job. "
    'controller.restore(), or "Start again" in the view, brings back what was loaded before.'
)


@dataclass(frozen=True, slots=True)
class Ready:
    """The servers of a ready job, and their capabilities; ``backend`` is None if the job has none.

    Each link to the renderer is another ``Server``, so that nothing of an earlier one is taken for an answer. The
    backend has no scene, so it stays the same ``Server`` over all its links.
    """

    renderer: Server
    backend: Server | None
    capabilities: Capabilities


class Connection:
    """A job that is started when needed. Use it on one event loop only.

    Args:
        place: where the job runs.
        attach_to: the id of a job that runs already, or None to start one, as is done when that one is over.
        start_timeout: seconds until a job must be connected, or None.
        on_status: called with each new status.
        prepare: awaited before a new job counts as ready; if it fails, the start fails and the job is closed.
        resume: awaited before a job that was out of reach counts as ready again; if it fails, it is tried again.
        on_ready: called when a job is ready, for the first time or again.
        on_away: called when a ready job is out of reach; it may still run.
        on_left: called when a job is over, with the reason, or None if that was wanted here.
        on_backend: called with the reason when the backend of a job is lost and cannot be reached at once, and with
            None when it is back.
        on_left_behind: called with what people have to know of a job that was left, and may run on.

    Of these functions only ``prepare`` and ``resume`` may raise.

    Attributes:
        place: as above.
        status: state of the job.
        ready: the job's servers while it is ready, else None.
        patience: how long the last start waits for its renderer; for ``prepare``.
    """

    def __init__(
        self,
        place: Place,
        *,
        attach_to: str | None,
        start_timeout: float | None,
        on_status: Callable[[Status], None],
        prepare: Callable[[Ready], Awaitable[None]],
        resume: Callable[[Ready], Awaitable[None]],
        on_ready: Callable[[Ready], None],
        on_away: Callable[[], None],
        on_left: Callable[[EndOfJob | None], None],
        on_backend: Callable[[BraynsWidgetError | None], None],
        on_left_behind: Callable[[str], None],
    ) -> None:
        self.place = place
        self.status = Status()
        self.ready: Ready | None = None
        self.patience: Patience
        self._attach_to = attach_to
        self._start_timeout = START_TIMEOUT if start_timeout is None else start_timeout
        self._on_status = on_status
        self._prepare = prepare
        self._resume = resume
        self._on_ready = on_ready
        self._on_away = on_away
        self._on_left = on_left
        self._on_backend = on_backend
        self._on_left_behind = on_left_behind
        self._job: Job | None = None
        self._servers: Ready | None = None  # as they were last, while the job is out of reach
        self._recovering: asyncio.Task[Ready] | None = None
        self._lost_at = 0.0  # on the loop's clock, when its link broke last
        self._mender: Mender | None = None  # of the backend's link
        self._closed = False
        self._resting = _CANCELLED  # the status after a cancelled start
        self._given_back: dict[Job, asyncio.Task[None]] = {}  # with the tasks that end them
        self._starting: asyncio.Task[Ready] | None = None
        self._withdrawn: asyncio.Task[Ready] | None = None  # the start that was cancelled for all its callers
        self._waiters: list[Report] = []
        self._reports = 0  # how many there were
        self._endings: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"<Connection to {self._job or 'no job'}: {self.status.state}>"

    @property
    def job_id(self) -> str | None:
        """The master's id of the job, or None while there is none."""
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

        A job that is out of reach is waited for, and not replaced.

        Args:
            report: called with the progress of the start.

        Raises:
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError: it failed.
            ConnectionLost: the job cannot be reached, or was found to have ended meanwhile; or ``close`` was called.
            RequestCancelled: ``cancel_start`` was called.
        """
        self._waiters.append(report)
        try:
            while True:
                if self._closed:
                    raise ConnectionLost("This connection was closed.", hint="Make a new controller or widget.")
                if self.ready is not None:
                    return self.ready
                if self._job is not None:
                    if self._recovering is None or self._recovering.done():
                        self._recover(self._job, patience=0.0)  # it was given up before
                    ready = await self._reached()
                    if ready is not None:
                        return ready
                    continue
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
            whether there was a job to give back: one that was started here.
        """
        if self._job is None or not self._job.owned:
            return False
        self._resting = Status("asleep", text)
        self._set_status("asleep", text)  # first, see ``stop``
        self._give_back()
        return True

    @property
    def out_of_reach(self) -> bool:
        """Whether there is a job that cannot be reached since ``REACH_DEADLINE``, although new attempts go on."""
        if self._job is None or self._recovering is None or self._recovering.done():
            return False
        return asyncio.get_running_loop().time() - self._lost_at >= REACH_DEADLINE

    def abandon(self) -> bool:
        """Leave a job that cannot be reached, so that the next ``ensure`` starts another one.

        It is stopped, as far as that is possible, if it was started here.

        Returns:
            whether there was one that a master can replace, and that is not tried any more, or in vain for
            ``REACH_DEADLINE``.
        """
        if self._job is None or self.ready is not None or self.place.renderer is not None:
            return False
        if self._recovering is not None and not self._recovering.done() and not self.out_of_reach:
            return False
        self._attach_to = None
        self._give_back()
        return True

    async def renew(self, place: Place, attach_to: str | None) -> bool:
        """Use the token of a place for the present job, if that is the one to attach to there.

        Args:
            place: where a job runs.
            attach_to: its id, or None.

        Returns:
            whether it is the present job, which goes on.

        Raises:
            AuthError, AllocationError: its master refuses the token, or does not know the job.
        """
        job = self._job
        if job is None or attach_to != job.id or not place.shares_master(self.place):
            return False
        await job.renew(place.token, place.slave)
        if self._job is not job:  # it ended meanwhile
            return False
        self.place = replace(self.place, token=place.token, slave=place.slave or self.place.slave)
        if self._mender is not None:
            self._mender.renewed()
        return True

    async def cancel_start(self) -> bool:
        """Cancel a start for all its callers, and end what it has begun.

        Returns:
            whether there was one to cancel.
        """
        if self._starting is None or self._starting.done():
            return False
        starting = self._withdrawn = self._starting
        starting.cancel()
        await asyncio.wait([starting])
        return starting.cancelled()

    def stop(self) -> None:
        """Leave the job, which is stopped if it was started here; the next ``ensure`` starts or joins one."""
        if self._job is not None:
            kind = "job" if self.place.renderer is None else "renderer"
            text = "Stopping the job …" if self._job.owned else f"The {kind} was left; it runs on."
            self._resting = Status("ended", text)
            self._set_status("ended", text)  # first, or what is seen as ready would be asked, and started again
            self._give_back(stopping=self._resting if self._job.owned else None)

    async def move(self, place: Place, *, attach_to: str | None, start_timeout: float | None) -> None:
        """Leave the job, which is stopped if it was started here, and use another place from now on.

        Args:
            place: where the next job runs; those who wait for a start wait for one there.
            attach_to: the id of a job that runs there, or None to start one.
            start_timeout: seconds until a job must be connected; None: as many as before.
        """
        self.place, self._attach_to = place, attach_to
        if start_timeout is not None:
            self._start_timeout = start_timeout
        self._resting = _CANCELLED
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._job is not None:
            self._starts("starting", LEAVING)
        self._give_back()

    def report(self, amount: float | None, text: str) -> None:
        """Report the progress of a start, or of a scene that comes back, to all that wait for it."""
        self._reports += 1
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
        if self._recovering is not None and not self._recovering.done():
            self._recovering.cancel()
            await asyncio.wait([self._recovering])
        job = self._leave(None)
        if job is not None:
            self._run_to_end(job.close(stop=stop), "close")
        if job is not None or self.status.state == "asleep":
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
        """Wait for a start; None if it was given up by its earlier callers, or by ``close``.

        Raises:
            RequestCancelled: it was cancelled for all its callers.
        """
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            me = asyncio.current_task()
            assert me is not None
            if starting.cancelled() and not me.cancelling():
                if starting is self._withdrawn:
                    raise RequestCancelled(_CANCELLED.text, code=CANCELLED) from None
                return None
            if len(self._waiters) == 1 and not starting.done():
                starting.cancel()
                await asyncio.wait([starting])
            raise

    async def _start(self) -> Ready:
        PROCESS.add(self)
        try:
            self.patience = Patience(self._start_timeout, partial(self._starts, "starting"))
            job = await Job.start(
                self.place,
                job_id=self._attach_to,
                # A cluster may have no room for two; on this machine the next one need not wait.
                after=[task for job, task in self._given_back.items() if job.is_at(self.place)],
                timeout=self._start_timeout,
                on_state=self._starts,
                on_lost=self._lost,
                on_backend_lost=self._backend_lost,
                on_left_behind=self._on_left_behind,
            )
            try:
                ready = await self._make_ready(job)
            except BaseException as error:
                await job.give_up(error)
                raise
        except asyncio.CancelledError:
            self._leave_process()
            self._set_status(self._resting.state, self._resting.text)
            raise
        except Exception as error:
            self._leave_process()
            self._set_status("failed", str(error))
            raise
        self._job = job
        self._resting = _CANCELLED
        ready = self._be_ready(ready)
        if self._mender is not None and not self._mender.server.reachable:
            away = job.backend_away if job.backend is None else job.backend.closed  # since the job was prepared
            assert away is not None
            self._mender.lost(away, tried=self._mender.methods is None)
        return ready

    async def _make_ready(self, job: Job) -> Ready:
        renderer, backend, mender = Server(job.renderer), None, None
        if job.backend is not None or job.backend_away is not None:
            mender = Mender(job, job.backend, self._tell_backend)
            backend = mender.server
        ready = Ready(renderer, backend, await Capabilities.ask(renderer, backend, self.patience))
        equip_renderer(job.renderer, ready.capabilities)
        if job.backend is not None and job.backend.closed is None and mender is not None:
            mender.methods = ready.capabilities.backend_methods
            equip_backend(job.backend, mender.methods)
        await self._prepare(ready)
        if job.renderer.closed is not None:  # after the last answer, so no request has failed with it
            raise job.renderer.closed
        self._mender = mender
        return ready

    def _be_ready(self, ready: Ready) -> Ready:
        self.ready = self._servers = ready = self._with_backend(ready)
        if self._mender is not None:
            self._mender.told = True
        self._set_status("ready", "Ready.")
        self._on_ready(ready)
        return ready

    def _with_backend(self, ready: Ready) -> Ready:
        """Take in the methods of a backend that was away at the start."""
        if self._mender is None or self._mender.methods in {None, ready.capabilities.backend_methods}:
            return ready
        return replace(ready, capabilities=replace(ready.capabilities, backend_methods=self._mender.methods))

    def _starts(self, state: State, text: str) -> None:
        self._set_status(state, text)
        for report in self._waiters:
            report(None, text)

    # ------------------------------------------------------------------ a job out of reach

    def _lost(self, error: BraynsWidgetError) -> None:
        if self.ready is None or self._job is None:
            return  # it broke while it was prepared, which fails with the reason
        self.ready = None
        self._lost_at = asyncio.get_running_loop().time()
        if self._mender is not None:
            self._mender.told = False  # the status tells more
        self._starts("stale", f"{error.message} Asking for the job …")
        self._on_away()
        self._recover(self._job, error, patience=REACHED_WITHIN)

    def _recover(self, job: Job, error: BraynsWidgetError | None = None, *, patience: float) -> None:
        reason = "The renderer is out of reach." if error is None else error.message
        work = self._reach(job, reason, Recovery(patience=patience))
        self._recovering = asyncio.create_task(work, name="reach the job")
        self._recovering.add_done_callback(_look_at)

    async def _reach(self, job: Job, reason: str, recovery: Recovery) -> Ready:
        """Reach a job again; raises if it has ended, or cannot be reached."""
        clock = asyncio.get_running_loop().time
        end: EndOfJob | None = None
        refused = False
        step, failure, said = recovery.step, reason, ""
        while True:
            self._check_job(job)
            if step is Step.ASK:
                verdict, said, end = await ask(job)
                step = recovery.told(clock(), verdict)
            elif step is Step.OPEN:
                self._starts(*attempt(job, reason, said, recovery.attempt, lasting=self.out_of_reach))
                try:
                    return await self._reopen(job)
                except BraynsWidgetError as error:
                    failure, refused = error.message, is_for_good(error)
                    step = recovery.failed(clock(), for_good=refused)
                except Exception as error:
                    self._set_status("failed", f"{type(error).__name__}: {error}")
                    raise
            elif step is Step.PAUSE:
                await asyncio.sleep(recovery.pause)
                step = recovery.paused()
            elif step is Step.OVER:
                assert end is not None
                self._set_status("failed" if end.failed else "ended", end.text)
                self._leave(end)
                self._attach_to = None  # it can be joined no more, so the next job is one of ours at the same place
                self._run_to_end(self._forget(job, end.text), "forget an ended job")
                raise ConnectionLost(end.text, hint=_AFTER_THE_END)
            else:
                text = f"Job {job.id} cannot be reached: {failure}" if job.id else failure
                new_token = with_new_token(job.id)
                self._set_status("failed", f"{text} {new_token}" if refused else text)
                again = f"It may still run. The next call tries again; {self._way_out}."
                raise ConnectionLost(text, hint=new_token if refused else again)

    async def _reopen(self, job: Job) -> Ready:
        assert self._servers is not None
        await job.renderer.close()
        link = await job.open_renderer()
        self._lost_at = asyncio.get_running_loop().time()  # if it breaks again
        try:
            equip_renderer(link, self._servers.capabilities)
            ready = replace(self._servers, renderer=Server(link))
            await self._resume(ready)
            if link.closed is not None:
                raise link.closed
            self._check_job(job)
        except BaseException:
            await finish_cleanup(link.close())
            raise
        return self._be_ready(ready)

    @property
    def _way_out(self) -> str:
        return "job.restore() replaces it" if self.place.renderer is None else "job.connect() uses another one"

    def _check_job(self, job: Job) -> None:
        """Give a recovery up whose job was left, also if its cancellation was taken for another error."""
        if self._job is not job:
            raise asyncio.CancelledError

    async def _reached(self) -> Ready | None:
        """Wait for a job that is out of reach; None if it was left, but for another one.

        Raises:
            ConnectionLost: it cannot be reached, or has ended, or was stopped.
        """
        recovering = self._recovering
        assert recovering is not None
        while not recovering.done():
            before = self._reports
            await asyncio.wait([recovering], timeout=REACH_DEADLINE)
            # Its scene may come back, which may take long, but does so step by step.
            if not recovering.done() and (self.status.state != "starting" or self._reports == before):
                text = f"The renderer has not been reached for {REACH_DEADLINE:g} s."
                raise ConnectionLost(text, hint=f"New attempts go on; call again when it is ready. {self._way_out}.")
        if not recovering.cancelled():
            return recovering.result()
        if self._resting.state in {"ended", "failed"}:
            text = "The job was left while this call waited for it."
            raise ConnectionLost(text, hint="The next call starts or joins one.")
        return None

    def _tell_backend(self, error: BraynsWidgetError | None) -> None:
        if error is None and self.ready is not None:
            self.ready = self._servers = self._with_backend(self.ready)
        self._on_backend(error)

    def _backend_lost(self, error: BraynsWidgetError) -> None:
        if self._mender is not None:
            self._mender.lost(error)

    # ------------------------------------------------------------------ the end

    def _give_back(self, *, stopping: Status | None = None) -> None:
        """End the job if it was started here; until that is done it counts as running.

        Args:
            stopping: the status until then, if it is to tell what came of it.
        """
        job = self._leave(None)
        if job is not None:
            PROCESS.add(self)
            self._given_back[job] = self._run_to_end(self._end(job, self._recovering, stopping), "give back")

    async def _end(self, job: Job, recovering: asyncio.Task[Ready] | None, stopping: Status | None) -> None:
        if recovering is not None:  # it may have opened a link, which it closes
            await asyncio.wait([recovering])
        left = await job.close()
        if stopping is not None and self._resting is stopping:  # no other job was ready meanwhile
            self._resting = _NOT_STOPPED if left else _STOPPED
            if self.status == stopping:  # no other one starts
                self._set_status(self._resting.state, self._resting.text)
        if left:
            self._on_left_behind(left)
        del self._given_back[job]
        if self._job is None and (self._starting is None or self._starting.done()):
            self._leave_process()

    def _leave(self, end: EndOfJob | None) -> Job | None:
        job, self._job, self.ready, self._servers = self._job, None, None, None
        if self._recovering is not None and end is None:  # else it is the recovery that leaves
            self._recovering.cancel()
        if self._mender is not None:
            self._run_to_end(self._mender.close(), "leave the backend")
            self._mender = None
        if job is not None:
            self._leave_process()
            self._on_left(end)
        return job

    async def _forget(self, job: Job, why: str) -> None:
        if left := await job.forget(why):
            self._on_left_behind(left)

    def _leave_process(self) -> None:
        """Have no job that the end of the process must stop; one that was given back counts until it has ended."""
        if not self._given_back:
            PROCESS.discard(self)

    def _run_to_end(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name=name)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        return task

    def _set_status(self, state: State, text: str) -> None:
        status = Status(state, text)
        if status != self.status:
            self.status = status
            self._on_status(status)


def _look_at(task: asyncio.Task[Ready]) -> None:
    """Have seen a failure: the status tells it, whether or not somebody waits."""
    if not task.cancelled():
        task.exception()
