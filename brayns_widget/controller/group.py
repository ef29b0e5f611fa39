"""Groups of a controller's calls, and the core that they share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from brayns_widget.connection.connection import Connection, Ready
from brayns_widget.connection.job import EndOfJob, Job
from brayns_widget.connection.place import Place
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.reports import Report, ignore
from brayns_widget.connection.server import Server
from brayns_widget.connection.status import Status
from brayns_widget.controller.camera import FRONT
from brayns_widget.controller.ending import Countdown, read_end
from brayns_widget.controller.findings import Findings
from brayns_widget.controller.guarded import Guarded
from brayns_widget.controller.joining import seen_as_it_is
from brayns_widget.controller.journal import Journal
from brayns_widget.controller.scene import Scene, scene_lost
from brayns_widget.controller.state import Activity, JobState, Level, Notice, State, Store
from brayns_widget.controller.tasks import Runner, Task
from brayns_widget.controller.vocabulary import preload
from brayns_widget.controller.where import Where
from brayns_widget.protocol.errors import (
    AuthError,
    BraynsWidgetError,
    CircuitError,
    ConnectionLost,
    RequestCancelled,
)

if TYPE_CHECKING:
    from brayns_widget.controller.aiming import Aim
    from brayns_widget.controller.presence import Presence
    from brayns_widget.controller.restoring import Restorer
    from brayns_widget.controller.resuming import Resumer

FOLLOW_PERIOD = 3.0
"""Seconds after which the scene is read again, because other clients may have changed it."""

FOLLOW_DEADLINE = 10.0
FOLLOW_PAUSE = 60.0
"""Seconds that reading may take, and those until the next time after it took longer."""

NOT_BACK = Notice("warning", "The scene of the last job is not in this one.", "job.restore() brings it back.")
"""What is told of a job that a call has started after a crash, with a scene of its own."""

_LACK = "This job has no backend, so files cannot be listed, and circuits cannot be looked into."

ABANDON_LOOK = 0.2  # s
NO_BACKEND = "Files and node attributes cannot be read until it is back. What is loaded can be used meanwhile."

T = TypeVar("T")

_LOG = logging.getLogger(__name__)


class Core:
    """Core of one controller, shared by its groups: the connection, the state, the scene, the running tasks.

    Everything here lives on the loop thread and needs no lock. It holds neither the controller nor its groups, so that
    these are collected when nobody uses them any more, although the loop thread holds the core.

    Args:
        place: where the job runs.
        attach_to: the id of a job that runs already, or None to start one.
        start_timeout: seconds until the job must be ready, or None.
    """

    def __init__(self, place: Place, attach_to: str | None, start_timeout: float | None) -> None:
        self.loop = PROCESS.loop_thread()
        self.controller: Callable[[], object] = lambda: None  # held by all its groups and models
        self.runner = Runner(self.loop, self._watch)
        self.store = Store()
        self.store.state = State(job=_where(place))
        self.scene = Scene(self.store)
        self.journal = Journal()
        self.findings = Findings()
        self.aim: Aim  # tells the renderer the camera while no view does
        self.presence: Presence  # lets a scene sleep that nobody looks at
        self.resumer: Resumer  # goes on with a job that was out of reach
        self.restorer: Restorer  # brings back a scene that has lost its renderer
        self.tasks: dict[str, Task[Any]] = {}
        self.beside: frozenset[str] = frozenset()  # long calls between whose steps our renderer draws the view
        self.aspect = 4 / 3  # of the picture that cameras frame models for
        self.joined = False  # the scene is others' work, and is shown as it is
        self.aimed = False  # the camera was set for models that are still to come
        self.light: Callable[[Server], Awaitable[None]]  # lights a scene that has lost its lights
        self.prepare: Sequence[Callable[[Ready], Any]] = ()  # what groups do before a new job is ready, in order
        self.connection = Connection(
            place,
            attach_to=attach_to,
            start_timeout=start_timeout,
            on_status=self._set_status,
            prepare=self._prepare,
            resume=self._resume,
            on_ready=self._ready,
            on_away=self._away,
            on_left=self._left,
            on_backend=self._tell_backend,
            on_left_behind=self._tell_left_behind,
        )
        self._countdown = Countdown(self._warn)
        self._restoring = asyncio.Lock()  # of two that ask, the second finds nothing left to bring back
        self._again = False  # the job is ready again, after a loss
        self._own_camera = False  # it was set before the job was joined, whose renderer has another one
        self._no_backend: Notice | None = None
        self._left_behind: Notice | None = None  # until the next job is ready, whose notices are others
        self._not_back: tuple[Notice, Notice | None] = NOT_BACK, None  # as it was told, and what remains without it
        self._following: asyncio.Task[None] | None = None
        self._told: tuple[tuple[str, object], Notice] | None = None  # the last error, and the call that it is about

    # ------------------------------------------------------------------ servers

    async def renderer(self, report: Report = ignore) -> Server:
        """Return the renderer, for a call that needs the scene; starts the job if need be.

        Raises:
            SceneLost: the scene has gone with its renderer, and is not back yet.
        """
        self.scene.need()
        try:
            ready = await self.connection.ensure(report)
        except ConnectionLost:
            self.scene.need()  # it may just have been found to have ended
            raise
        self.scene.need()
        return ready.renderer

    async def any_renderer(self, report: Report = ignore) -> Server:
        """Return the renderer, for a call that adds models, which begin another scene if the last one is lost."""
        return (await self.connection.ensure(report)).renderer

    async def loaded_renderer(self, report: Report = ignore) -> Server:
        """Return the renderer, after the long calls that change the scene and began earlier, whatever came of them."""
        for task in [task for task in self.tasks.values() if not (task.name in self.beside or task.is_current)]:
            ended = asyncio.Event()
            task.add_callback(partial(_set_at_end, ended))
            await ended.wait()
        return await self.renderer(report)

    async def backend(self) -> Server:
        """Return the backend; starts the job if need be.

        Raises:
            CircuitError: this job has none.
        """
        return _backend(await self.connection.ensure(ignore))

    def backend_at_hand(self) -> Server:
        """Return the backend of the ready job, for calls that hold the scene's ``changing``.

        They must not wait for a job that is out of reach, because that is ready when its scene is read, with the lock.

        Raises:
            CircuitError: this job has none.
            ConnectionLost: there is no ready job.
        """
        if self.connection.ready is None:
            raise ConnectionLost("The job is out of reach.", hint="Call again when the view is ready.")
        return _backend(self.connection.ready)

    def sleep(self, text: str) -> bool:
        """Give the job back; the next call gets another one, with the same scene.

        Args:
            text: why, for people.

        Returns:
            whether there was a job to give back: one that is ready, and was started here.
        """
        wanted = not self.store.state.scene_lost  # which waits for the word of a person all the same
        self.restorer.wanted = wanted
        given = self.connection.give_back(text)
        self.restorer.wanted = wanted and (given or self.store.state.status.state == "asleep")
        return given

    async def connect(self, where: Where, report: Report) -> None:
        """Leave the job, cancel all other tasks, and start or join one elsewhere.

        If it is the present job, it is kept, and goes on with the given token.

        Raises:
            BraynsWidgetError: as far as can be known no job can be had there, so the one that is ready was not left.
        """
        if await self.connection.renew(where.place, where.attach_to):
            slave = self.connection.place.slave
            self.store.state = replace(self.store.state, job=replace(self.store.state.job, slave=slave))
            await self.connection.ensure(report)
            return
        if self.connection.ready is not None:
            report(None, f"Looking for {where.place.name} …")
            try:
                await Job.check(where.place, where.attach_to)
            except BraynsWidgetError as error:
                error.hint = f"{error.hint} The present job goes on.".lstrip()
                raise
        for task in self.tasks.values():
            if not task.is_current:
                task.cancel()
        self.restorer.wanted = False
        self.restorer.keep()  # with its camera
        self.aimed = False
        self.store.state = replace(self.store.state, job=_where(where.place), camera=FRONT, notice=None)
        await self.connection.move(where.place, attach_to=where.attach_to, start_timeout=where.start_timeout)
        await self.connection.ensure(report)

    async def stop(self) -> None:
        """Stop the job, or leave it running if it was not started here; the next call starts or joins one.

        A start is cancelled for all that wait for it; the scene waits on, as if it had not been asked for.
        """
        if await self.connection.cancel_start():
            return
        self.restorer.wanted = False
        self.connection.stop()

    async def restore(self, report: Report) -> None:
        """Start a job, if none runs, and bring the remembered scene back."""
        async with self._restoring:
            await self._restore(report)

    async def _restore(self, report: Report) -> None:
        before, self.restorer.wanted = self.restorer.wanted, True
        try:
            ready = await self._reach_or_replace(report)
            if self.restorer.remembers:  # the job ran already, with a scene of its own
                fresh = self.store.state.scene_lost  # … which has nothing but lights
                if fresh:
                    await self._darken(ready.renderer)
                await self.restorer.bring_back(ready.renderer, report, fresh=fresh)
                not_back, rest = self._not_back
                if self.store.state.notice in {not_back, Notice.of(scene_lost())}:
                    self.store.state = replace(self.store.state, notice=rest)
                self._tell_problems()
            self.restorer.wanted = False  # also if nothing was lost, or the next scene would come back unasked
        except BaseException:
            self.restorer.wanted = before
            if not before and self.connection.job_id is None:
                self.lose_scene()
            raise

    async def _reach_or_replace(self, report: Report) -> Ready:
        """Return the job that runs; start one in the place of one that has ended, or that cannot be reached."""
        known = self.connection.job_id
        if self.connection.out_of_reach:
            self.connection.abandon()
        try:
            return await self.connection.ensure(report)
        except ConnectionLost:
            if known is None or (self.connection.job_id is not None and not self.connection.abandon()):
                raise
        return await self.connection.ensure(report)

    async def _darken(self, renderer: Server) -> None:
        from brayns_widget.protocol.brayns.lights import CLEAR_LIGHTS

        await renderer.call(CLEAR_LIGHTS)
        self.scene.drop([light.id for light in self.store.state.lights])

    async def look(self, server: Server, request: Coroutine[Any, Any, T]) -> T:
        """Send the present camera, and right behind it a request that sees through it.

        Nobody else may have sent it: views send the newest camera when they come to it, and there may be none.
        """
        calls = [asyncio.ensure_future(server.call(*call)) for call in self.store.state.camera.calls()]
        looking = asyncio.ensure_future(request)
        try:
            await asyncio.gather(*calls, looking)
        finally:
            for task in (*calls, looking):
                task.cancel()
            await asyncio.gather(*calls, looking, return_exceptions=True)
        return looking.result()

    async def abandon(self) -> None:
        """Close it when the calls that run are done: nothing holds its controller any more."""
        while self.runner.running:  # noqa: ASYNC110 - calls are counted, not announced
            await asyncio.sleep(ABANDON_LOOK)
        await self.close()

    async def close(self, *, stop: bool = True) -> None:
        """Cancel running tasks, and close the connection; the job runs on unless ``stop``."""
        for task in self.tasks.values():
            task.cancel()
        await self.presence.close()
        await self._stop_following()
        await self.aim.close(stop=stop)
        await self.connection.close(stop=stop)
        await self.resumer.close()

    # ------------------------------------------------------------------ state

    def tell(self, level: Level, text: str, hint: str = "") -> None:
        """Set the notice for the user."""
        self.store.state = replace(self.store.state, notice=Notice(level, text, hint))

    def touch(self) -> None:
        """Mark the picture as out of date."""
        self.store.state = replace(self.store.state, revision=self.store.state.revision + 1)

    def _watch(self, task: Task[Any]) -> None:
        if not task.done:
            self.tasks[task.id] = task
        else:
            self.tasks.pop(task.id, None)
            self._tell_end(task)
        newest = next(reversed(self.tasks.values()), None)
        activity = None
        if newest is not None:
            activity = Activity(newest.id, newest.progress.operation or newest.name, newest.progress.amount)
        found = self.store.state.capabilities
        beside = self.beside if found is not None and found.ours else frozenset()
        holding = any(task.name not in beside for task in self.tasks.values())
        self.store.state = replace(self.store.state, progress=activity, holding=holding)

    def _tell_end(self, task: Task[Any]) -> None:
        """Tell the error of a task, and take it back when the same call has succeeded."""
        error, about = task.exception(), (task.name, task.subject)
        if error is None and self._told == (about, self.store.state.notice):
            self.store.state = replace(self.store.state, notice=None)
        elif error is not None and not isinstance(error, RequestCancelled):
            self._told = about, Notice.of(error)
            self.store.state = replace(self.store.state, notice=self._told[1])

    # ------------------------------------------------------------------ the job's life

    def _set_status(self, status: Status) -> None:
        if status.state == "starting" != self.store.state.status.state:
            asyncio.get_running_loop().run_in_executor(None, preload)
        self.store.state = replace(self.store.state, status=status)

    async def _prepare(self, ready: Ready) -> None:
        self.journal.clear()
        self.joined = False
        self.resumer.begin(ready.renderer)
        if self.restorer.wanted and self.restorer.remembers:
            await self.restorer.bring_back(ready.renderer, self.connection.report, fresh=True)
            await self._take_steps(ready)
        else:
            await self.connection.patience.wait(ready.renderer, self._join(ready))
        self._again = False

    async def _join(self, ready: Ready) -> None:
        await self.scene.read(ready.renderer)  # we may have attached to a job in use
        self.joined = self.connection.attaches and bool(self.store.state.models)
        self._own_camera = self.store.state.camera != FRONT
        if self.joined:
            self.store.state = await seen_as_it_is(ready.renderer, self.store.state, self.aspect)
        await self._take_steps(ready)

    async def _take_steps(self, ready: Ready) -> None:
        for step in self.prepare:
            await step(ready)

    async def _resume(self, ready: Ready) -> None:
        self._again = True
        await self.resumer.resume(ready)

    def _ready(self, ready: Ready) -> None:
        # Notices about the last job are obsolete. A job in use, to which we attach again, has its scene still.
        state = self.store.state
        notice, self._left_behind = self._left_behind, None
        if self.restorer.remembers and not state.models:
            self._not_back = NOT_BACK if notice is None else NOT_BACK.and_also(notice), notice
            notice = self._not_back[0]
        elif self._again and notice is None:
            notice = state.notice
        job = self._known_job(ready)
        self.store.state = replace(state, capabilities=ready.capabilities, notice=notice, job=job)
        self._countdown.start(job.ends, probably=job.ends_probably)
        self.restorer.wanted = False
        self._tell_problems()
        self.touch()
        self.aim.ready(ready.renderer, joined=self.joined and not (self._again or self._own_camera))
        self._following = asyncio.create_task(self._follow(ready.renderer), name="follow the scene")

    def _away(self) -> None:
        if self._following is not None:
            self._following.cancel()
        self.store.state = replace(self.store.state, capabilities=None)

    def _left(self, end: EndOfJob | None) -> None:
        self._away()
        self._countdown.stop()
        job = self.store.state.job.gone(log="" if end is None else end.detail)
        self.store.state = replace(self.store.state, job=job)
        self.restorer.keep()
        if not self.restorer.wanted:
            self.lose_scene(lost=end is not None)
        if end is not None:
            hint = "job.restore() starts a new job with the same scene."
            self.tell("error", end.text, f"{end.detail}\n{hint}" if end.detail else hint)

    def _known_job(self, ready: Ready) -> JobState:
        job = self.connection.job
        assert job is not None
        ends, probably = read_end(job.end_time, time.time())
        return replace(
            self.store.state.job.gone(),
            id=job.id or None,
            host=urlsplit(ready.renderer.address.url).hostname,
            node=job.host or None,
            ends=ends,
            ends_probably=probably,
            attached=not job.owned,
            lack=_LACK if ready.backend is None else "" if ready.backend.reachable else self.store.state.job.lack,
            brayns_backend=_is_brayns(ready),
            tells_ids=_tells_ids(ready),
        )

    def _warn(self, text: str) -> None:
        """Warn of the end of the job, where people see it."""
        self.tell("warning", text, "Save what you need. job.restore() brings the scene back on another job.")
        if not self.presence.seen:
            _LOG.warning(text)

    def lose_scene(self, *, lost: bool = True) -> None:
        """Empty the state's scene; ``lost``: it was not given back."""
        # A scene with nothing in it can be had again by any call.
        state = self.store.state
        lost = state.scene_lost or (lost and bool(state.models or state.clips))
        self.store.state = replace(self.scene.lose(state), scene_lost=lost)

    def _tell_backend(self, error: BraynsWidgetError | None) -> None:
        """Tell that the backend cannot be reached, or that it is back."""
        before, self._no_backend = self._no_backend, None
        if error is not None:
            hint = error.hint if isinstance(error, AuthError) and error.hint else NO_BACKEND
            self._no_backend = Notice("warning", error.message, hint)
        state = self.store.state
        notice = self._no_backend if error is not None or state.notice == before else state.notice
        job = replace(state.job, lack="" if error is None else error.message)
        capabilities = state.capabilities
        if error is None and (ready := self.connection.ready) is not None:  # it may have been away at the start
            capabilities, job = ready.capabilities, replace(job, brayns_backend=_is_brayns(ready))
        self.store.state = replace(state, notice=notice, job=job, capabilities=capabilities)

    def _tell_left_behind(self, text: str) -> None:
        """Tell of a job that was left and may run on."""
        left = Notice("warning", text, "Controller.jobs() lists it, and its stop() ends it if the master answers.")
        notice, self._left_behind = left, left
        if self.connection.ready is not None:  # the last job was elsewhere, so this one has not waited for its end
            self._left_behind = None
            if self.store.state.notice == NOT_BACK:
                self._not_back = NOT_BACK.and_also(left), left
                notice = self._not_back[0]
        self.store.state = replace(self.store.state, notice=notice)

    def _tell_problems(self) -> None:
        if problems := self.restorer.problems:
            self.restorer.problems = ()
            self.tell("warning", "Not all of the scene has come back.", "\n".join(problems))

    async def _follow(self, renderer: Server) -> None:
        pause = FOLLOW_PERIOD
        while True:
            await asyncio.sleep(pause)
            pause = FOLLOW_PERIOD
            if self.tasks:
                continue  # a renderer answers in order, so this would wait behind them
            try:
                async with asyncio.timeout(FOLLOW_DEADLINE):
                    await self.scene.read(renderer)
            except TimeoutError:
                pause = FOLLOW_PAUSE  # whether it has stopped answering is the link's to find out, when it is idle
            except BraynsWidgetError:
                pass  # whoever asks next is told
            except Exception:
                _LOG.exception("The scene could not be read")

    async def _stop_following(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])


def _backend(ready: Ready) -> Server:
    if ready.backend is None:
        raise CircuitError("This job has no backend, so neither files nor node attributes can be read.")
    return ready.backend


def _is_brayns(ready: Ready) -> bool:
    """Whether there is a backend that is known to be Brayns' own."""
    return bool(ready.capabilities.backend_methods) and not ready.capabilities.our_backend


def _tells_ids(ready: Ready) -> bool:
    from brayns_widget.protocol.brayns.additions import RENDER_IDS

    return ready.capabilities.offers(RENDER_IDS.name)


def _set_at_end(ended: asyncio.Event, task: Task[Any]) -> None:
    if task.done:
        ended.set()


class Group(Guarded):
    """A part of a controller's calls; see ``calls``."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._controller = core.controller()  # whoever has a part of it has all of it

    @property
    def _runner(self) -> Runner:
        """What calls run on."""
        return self._core.runner

    @property
    def _store(self) -> Store:
        return self._core.store

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of a job that is {self._store.state.status.state}>"


def _where(place: Place) -> JobState:
    """Return the state of a job that is to run at a place."""
    return JobState(place.master, place.slave, place.renderer, place.backend, place.usecase, place.project)
