"""A connection against a fake cluster.

More than 600 lines, because all tests share what owns a connection and notes in which order it hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.connection import job as job_module
from brayns_widget.connection.connection import Connection, Ready
from brayns_widget.connection.job import EndOfJob
from brayns_widget.connection.place import Place
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.reports import ignore
from brayns_widget.connection.status import Status
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import (
    AllocationError,
    AuthError,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
    RequestCancelled,
    RequestError,
)
from tests.fakes import JOB_ID, FakeCluster

WAIT = 10
STOP = f"POST /stop/{JOB_ID}"
NEVER = 10**9


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(job_module, "CONNECT_PAUSE", 0.01)


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    assert not PROCESS._running


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


class Owner:
    """Owns a connection and notes what it hears, in order."""

    def __init__(self, cluster: FakeCluster, **options: Any) -> None:
        token = Token(options.pop("token", cluster.token))
        self.place = Place(cluster.master, cluster.slave, token, "SBO1", None, Path("/"))
        self.heard: list[Any] = []
        self.prepared: Callable[[Ready], Awaitable[None]] | None = None
        self.resumed: Callable[[Ready], Awaitable[None]] | None = None
        self._news = asyncio.Condition()
        defaults: dict[str, Any] = {"attach_to": None, "start_timeout": 30}
        self.connection = Connection(
            self.place,
            **(defaults | options),
            on_status=self._note,
            prepare=self._prepare,
            resume=self._resume,
            on_ready=self._note,
            on_away=lambda: self._note("away"),
            on_left=self._note,
            on_backend=lambda error: self._note(("backend", error)),
            on_left_behind=lambda text: self._note(("left behind", text)),
        )

    @property
    def statuses(self) -> list[str]:
        return [item.state for item in self.heard if isinstance(item, Status)]

    async def until(self, check: Callable[[], object]) -> None:
        async with self._news:
            await self._news.wait_for(check)

    async def _prepare(self, ready: Ready) -> None:
        self._note("prepare")
        assert self.connection.ready is None
        if self.prepared is not None:
            await self.prepared(ready)

    async def _resume(self, ready: Ready) -> None:
        self._note("resume")
        assert self.connection.ready is None
        if self.resumed is not None:
            await self.resumed(ready)

    def _note(self, item: Any) -> None:
        self.heard.append(item)
        asyncio.create_task(self._tell())  # noqa: RUF006 - ends at once

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


def play(cluster: FakeCluster, work: Callable[[Owner], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(WAIT):
            owner = Owner(cluster, **options)
            try:
                await work(owner)
            finally:
                await owner.connection.close()

    asyncio.run(main())


async def queued(owner: Owner) -> None:
    await owner.until(lambda: "queued" in owner.statuses)


# ---------------------------------------------------------------------- a start


def test_a_start_tells_its_status_prepares_and_is_ready(cluster):
    async def work(owner: Owner) -> None:
        connection = owner.connection
        assert (connection.status, connection.ready, connection.job_id) == (Status("idle", "Not started."), None, None)
        reports: list[tuple[float | None, str]] = []
        ready = await connection.ensure(lambda *report: reports.append(report))
        assert connection.ready is ready
        assert connection.job_id == JOB_ID
        assert owner.heard[-3:] == ["prepare", Status("ready", "Ready."), ready]
        assert owner.statuses[0] == "starting"
        assert "queued" in owner.statuses
        assert (None, "Waiting for a machine …") in reports
        assert (await ready.renderer.request("get-scene")).result["models"] == []
        assert ready.backend is not None
        assert ready.capabilities.offers("sonata-get-node-sets")
        assert await connection.ensure(ignore) is ready
        assert JOB_ID in repr(connection)

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 1
    assert cluster.paths()[-1] == STOP


def test_the_link_knows_which_methods_can_be_cancelled(cluster):
    async def work(owner: Owner) -> None:
        cluster.renderer.delays["snapshot"] = 60
        ready = await owner.connection.ensure(ignore)
        assert ready.capabilities.cancellable == {"add-model", "snapshot"}
        with pytest.raises(DeadlineExceeded):
            await ready.renderer.request("snapshot", {}, timeout=0.05)
        assert cluster.renderer.cancelled == ["snapshot"]

    play(cluster, work)


def test_a_job_without_backend_is_fine():
    async def work(owner: Owner) -> None:
        assert (await owner.connection.ensure(ignore)).backend is None

    with FakeCluster(backend=False) as cluster:
        play(cluster, work)


def test_an_attached_job_is_neither_started_nor_stopped(cluster):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)

    play(cluster, work, attach_to=JOB_ID)
    assert not {"POST /start", STOP} & set(cluster.paths())


def test_a_failed_start_is_told_and_can_be_tried_again(cluster):
    async def work(owner: Owner) -> None:
        cluster.failures["/start"] = [(500, "no node left")]
        with pytest.raises(AllocationError, match="no node left"):
            await owner.connection.ensure(ignore)
        assert owner.statuses[-1] == "failed"
        assert "no node left" in owner.connection.status.text
        assert not PROCESS._running
        await owner.connection.ensure(ignore)
        assert owner.statuses[-1] == "ready"

    play(cluster, work)


def test_a_refused_token_is_told(cluster):
    async def work(owner: Owner) -> None:
        with pytest.raises(AuthError):
            await owner.connection.ensure(ignore)

    play(cluster, work, token="other")


def test_a_start_that_takes_too_long_ends_and_stops_the_job(cluster):
    cluster.polls = NEVER

    async def work(owner: Owner) -> None:
        with pytest.raises(DeadlineExceeded, match="start_timeout"):
            await owner.connection.ensure(ignore)
        assert cluster.paths()[-1] == STOP

    play(cluster, work, start_timeout=0.3)


@pytest.mark.parametrize("late", [False, True])
def test_a_start_that_leaves_its_job_behind_tells_its_owner_and_in_its_status(cluster, monkeypatch, late):
    cluster.failures["/stop"] = [(403, "no")]
    monkeypatch.setattr(job_module, "GIVEN_UP_WATCH", 0.0)
    monkeypatch.setattr(job_module, "GIVING_UP", 5.0)  # on a busy machine, too

    async def work(owner: Owner) -> None:
        async def fail(_: Ready) -> None:
            raise ProtocolError("This fails.")

        if late:
            owner.prepared = fail
        else:
            cluster.refuse["renderer"] = 401
        with pytest.raises((ProtocolError, AuthError)) as caught:
            await owner.connection.ensure(ignore)
        told = [item[1] for item in owner.heard if isinstance(item, tuple)]
        assert told[0].startswith(f"The job {JOB_ID} of {cluster.master} may run on")
        assert str(caught.value).endswith(told[0])
        assert owner.connection.status == Status("failed", str(caught.value))
        await until_ended()

    play(cluster, work)


async def until_ended() -> None:
    while PROCESS._running:  # noqa: ASYNC110 - no event to wait for
        await asyncio.sleep(0.005)


def test_a_job_that_cannot_be_prepared_is_closed(cluster):
    async def fail(ready: Ready) -> None:
        await ready.renderer.request("no-such-method")

    async def work(owner: Owner) -> None:
        owner.prepared = fail
        with pytest.raises(RequestError, match="Method not found"):
            await owner.connection.ensure(ignore)
        assert owner.statuses[-1] == "failed"
        assert owner.heard.count(None) == 0  # it never was ready, so nothing has left
        assert cluster.paths()[-1] == STOP

    play(cluster, work)


@pytest.mark.parametrize("noticed", [True, False])
def test_a_link_that_breaks_while_it_is_prepared_fails_the_start(cluster, noticed):
    async def cut(ready: Ready) -> None:
        if noticed:
            cluster.renderer.cut.add("get-scene")
            await ready.renderer.request("get-scene")
        else:
            cluster.kill_renderer()
            while ready.renderer._open_link.closed is None:  # noqa: ASYNC110 - by another thread
                await asyncio.sleep(0.005)

    async def work(owner: Owner) -> None:
        owner.prepared = cut
        with pytest.raises(ConnectionLost, match="The connection to the renderer was lost"):
            await owner.connection.ensure(ignore)
        assert owner.statuses[-1] == "failed"
        assert owner.connection.ready is None

    play(cluster, work)


# ---------------------------------------------------------------------- those who wait


def test_a_cancelled_start_stops_the_job(cluster):
    cluster.polls = NEVER

    async def work(owner: Owner) -> None:
        waiting = asyncio.create_task(owner.connection.ensure(ignore))
        await queued(owner)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert owner.connection.status == Status("idle", "The start was cancelled.")
        assert cluster.paths()[-1] == STOP

    play(cluster, work)


def test_one_of_two_who_wait_may_give_up(cluster):
    cluster.polls = NEVER

    async def work(owner: Owner) -> None:
        first, second = (asyncio.create_task(owner.connection.ensure(ignore)) for _ in range(2))
        await queued(owner)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        cluster.polls = 1
        assert await second is owner.connection.ready

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 1


def test_who_comes_while_a_start_is_being_cancelled_gets_another(cluster):
    cluster.polls = NEVER

    async def work(owner: Owner) -> None:
        first = asyncio.create_task(owner.connection.ensure(ignore))
        await queued(owner)
        first.cancel()
        await asyncio.sleep(0)  # it asks the start to end, and waits for that
        assert not first.done()
        second = asyncio.create_task(owner.connection.ensure(ignore))
        with pytest.raises(asyncio.CancelledError):
            await first
        cluster.polls = 1
        assert await second is owner.connection.ready

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 2


# ---------------------------------------------------------------------- the end


def test_closing_stops_the_job_and_tells(cluster):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        owner.heard.clear()
        await asyncio.gather(owner.connection.close(), owner.connection.close())
        assert owner.heard == [None, Status("ended", "Closed.")]
        assert cluster.paths()[-1] == STOP
        assert cluster.paths().count(STOP) == 1
        with pytest.raises(ConnectionLost, match="was closed"):
            await owner.connection.ensure(ignore)

    play(cluster, work)


def test_closing_may_leave_the_job_running(cluster):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        await owner.connection.close(stop=False)

    play(cluster, work)
    assert STOP not in cluster.paths()


def test_a_closing_that_is_given_up_goes_on(cluster):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        closing = asyncio.create_task(owner.connection.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

    play(cluster, work)
    assert cluster.paths().count(STOP) == 1


def test_a_closed_connection_starts_nothing(cluster):
    async def work(owner: Owner) -> None:
        await owner.connection.close()
        assert owner.heard == []
        with pytest.raises(ConnectionLost, match="was closed"):
            await owner.connection.ensure(ignore)

    play(cluster, work)
    assert cluster.calls == []


def test_closing_while_it_starts_stops_the_job_and_tells_who_waits(cluster):
    cluster.polls = NEVER

    async def work(owner: Owner) -> None:
        waiting = asyncio.create_task(owner.connection.ensure(ignore))
        await queued(owner)
        await owner.connection.close()
        with pytest.raises(ConnectionLost, match="was closed"):
            await waiting
        assert cluster.paths()[-1] == STOP

    play(cluster, work)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (
            "the renderer was killed by signal 9\nits last words",
            Status("failed", "The job has ended: the renderer was killed by signal 9."),
        ),
        ("", Status("ended", "The job has ended. It was to end at 2026-11-22T21:39:49.")),
    ],
)
def test_a_lost_renderer_fails_what_is_pending_and_is_told_at_once_and_why_later(cluster, reason, status):
    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        cluster.renderer.silent.add("get-scene")
        pending = asyncio.create_task(ready.renderer.request("get-scene"))
        owner.heard.clear()
        await asyncio.sleep(0)
        cluster.kill_renderer(reason)
        with pytest.raises(ConnectionLost):
            await pending
        assert owner.connection.ready is None
        await owner.until(lambda: isinstance(owner.heard[-1], EndOfJob))
        stale, away, known, end = owner.heard
        assert away == "away"
        assert (stale.state, stale.text[-20:]) == ("stale", "Asking for the job …")
        assert known == owner.connection.status == status
        assert (end.text, end.failed, end.detail) == (status.text, bool(reason), reason.partition("\n")[2])
        cluster.renderer.silent.clear()
        await owner.connection.ensure(ignore)
        assert owner.statuses[-1] == "ready"

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 2


def test_closing_while_the_reason_is_asked_for_ends_without_it(cluster):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        cluster.kill_renderer("killed")
        await owner.until(lambda: "stale" in owner.statuses)
        await owner.connection.close()
        assert owner.heard[-1] == Status("ended", "Closed.")

    play(cluster, work)


@pytest.mark.parametrize("local", [True, False])
def test_at_the_end_of_the_process_only_remote_jobs_are_stopped(cluster, local):
    async def work(owner: Owner) -> None:
        assert owner.connection.unfinished() == ""
        await owner.connection.ensure(ignore)
        assert owner.connection._job is not None
        owner.connection._job.local = local
        if local:
            owner.connection.place = replace(owner.connection.place, master=None)
        assert (JOB_ID in owner.connection.unfinished()) is not local
        await owner.connection.leave()
        assert (STOP in cluster.paths()) is not local

    play(cluster, work)


# ---------------------------------------------------------------------- giving a job back


def test_a_job_that_is_given_back_is_stopped_and_another_one_comes_when_it_is_asked_for(cluster):
    cluster.dialect = "2024"

    async def work(owner: Owner) -> None:
        connection = owner.connection
        assert not connection.give_back("Nobody looks.")
        await connection.ensure(ignore)
        assert connection.give_back("Nobody looks.")
        assert owner.heard[-2:] == [Status("asleep", "Nobody looks."), None], "its owner is told that it has gone"
        ready = await connection.ensure(ignore)
        assert connection.ready is ready
        assert cluster.paths().count("POST /start") == 2
        await connection.close()
        assert cluster.paths().count(STOP) == 2

    play(cluster, work)


def test_a_cancelled_start_after_a_rest_leaves_it_asleep(cluster):
    async def work(owner: Owner) -> None:
        connection = owner.connection
        await connection.ensure(ignore)
        connection.give_back("Nobody looks.")
        cluster.polls = NEVER
        waiting = asyncio.create_task(connection.ensure(ignore))
        await queued(owner)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert connection.status == Status("asleep", "Nobody looks.")
        cluster.polls = 0
        await connection.ensure(ignore)
        assert connection.status.state == "ready"

    play(cluster, work)


def test_a_job_that_is_being_given_back_is_stopped_at_the_end_of_the_process(cluster):
    cluster.dialect = "2024"

    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        owner.connection.give_back("Nobody looks.")
        assert owner.connection in PROCESS._running
        await owner.connection.leave()  # as the hook at exit does, before the loop comes to it
        assert STOP in cluster.paths()

    play(cluster, work)


def test_a_start_that_is_cancelled_while_the_last_job_ends_leaves_that_to_the_process(cluster, monkeypatch):
    cluster.dialect = "2024"
    close = job_module.Job.close

    async def work(owner: Owner) -> None:
        go = asyncio.Event()

        async def wait_and_close(job: job_module.Job) -> None:
            await go.wait()
            await close(job)

        connection = owner.connection
        await connection.ensure(ignore)
        monkeypatch.setattr(job_module.Job, "close", wait_and_close)
        connection.give_back("Nobody looks.")
        waiting = asyncio.create_task(connection.ensure(ignore))
        await asyncio.sleep(0)  # it begins
        await asyncio.sleep(0)  # its start begins
        waiting.cancel()
        await asyncio.wait([waiting])
        assert cluster.paths().count("POST /start") == 1
        assert connection in PROCESS._running
        go.set()
        await connection.leave()  # as the hook at exit does
        assert STOP in cluster.paths()
        assert connection not in PROCESS._running

    play(cluster, work)


def test_a_start_is_cancelled_for_all_who_wait_for_it_and_its_job_is_ended(cluster):
    cluster.polls = NEVER

    async def work(owner: Owner) -> None:
        connection = owner.connection
        assert not await connection.cancel_start(), "there is none"
        waiting = [asyncio.create_task(connection.ensure(ignore)) for _ in range(2)]
        await queued(owner)
        assert await connection.cancel_start()
        for task in waiting:
            with pytest.raises(RequestCancelled, match="The start was cancelled"):
                await task
        assert connection.status == Status("idle", "The start was cancelled.")
        assert cluster.paths()[-1] == STOP
        cluster.polls = 0
        assert await connection.ensure(ignore) is connection.ready

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 2


@pytest.mark.parametrize("refused", [False, True])
def test_a_stop_says_what_came_of_it_when_that_is_known(cluster, monkeypatch, refused):
    if refused:
        cluster.failures["/stop"] = [(403, "no")]
    close = job_module.Job.close

    async def work(owner: Owner) -> None:
        go = asyncio.Event()

        async def wait_and_close(job: job_module.Job) -> str:
            await go.wait()
            return await close(job)

        connection = owner.connection
        await connection.ensure(ignore)
        monkeypatch.setattr(job_module.Job, "close", wait_and_close)
        owner.heard.clear()
        connection.stop()
        assert owner.heard == [Status("ended", "Stopping the job …"), None], "nobody sees a ready job that has gone"
        go.set()
        await asyncio.wait(connection._endings)
        if refused:
            assert connection.status == Status("failed", "The job could not be stopped, and may run on.")
            assert owner.heard[-1][1].startswith(f"The job {JOB_ID} of {cluster.master} may run on")
        else:
            assert connection.status == Status("ended", "The job was stopped.")

    play(cluster, work)


def test_what_came_of_a_stop_does_not_hide_the_next_start(cluster):
    cluster.dialect = "2024"

    async def work(owner: Owner) -> None:
        connection = owner.connection
        await connection.ensure(ignore)
        owner.heard.clear()
        connection.stop()
        cluster.polls = NEVER
        waiting = asyncio.create_task(connection.ensure(ignore))
        await queued(owner)
        texts = [item.text for item in owner.heard if isinstance(item, Status)]
        assert texts[:3] == ["Stopping the job …", "Leaving the last job …", "Asking for a job …"]
        waiting.cancel()
        await asyncio.wait([waiting])
        assert connection.status == Status("ended", "The job was stopped.")

    play(cluster, work)


def test_a_start_waits_for_the_end_of_a_job_of_the_same_master_only_and_within_its_time(cluster, monkeypatch):
    cluster.dialect = "2024"
    close = job_module.Job.close

    async def work(owner: Owner) -> None:
        go = asyncio.Event()

        async def wait_and_close(job: job_module.Job) -> str:
            await go.wait()
            return await close(job)

        connection = owner.connection
        await connection.ensure(ignore)
        with monkeypatch.context() as patch, FakeCluster(polls=0) as other:
            patch.setattr(job_module.Job, "close", wait_and_close)
            await connection.move(owner.place, attach_to=None, start_timeout=0.1)
            assert connection.status == Status("starting", "Leaving the last job …")
            with pytest.raises(DeadlineExceeded, match=r"The last job did not end within 0\.1 s\..*start_timeout"):
                await connection.ensure(ignore)
            there = replace(owner.place, master=other.master, slave=other.slave, token=Token(other.token))
            await connection.move(there, attach_to=None, start_timeout=5)
            await connection.ensure(ignore)
            assert other.paths().count("POST /start") == 1
            assert STOP not in cluster.paths()
            patch.undo()
            go.set()
            await connection.close()
        assert cluster.paths()[-1] == STOP

    play(cluster, work)
