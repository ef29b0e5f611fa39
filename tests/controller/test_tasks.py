from __future__ import annotations

import asyncio
import concurrent.futures
import signal
import threading
from typing import Any

import pytest

from brayns_widget.connection.loop import LoopThread
from brayns_widget.connection.reports import Report
from brayns_widget.controller.tasks import Runner, Task, TaskProgress
from brayns_widget.protocol.errors import CircuitError, DeadlineExceeded, RequestCancelled


@pytest.fixture(scope="module")
def loop():
    thread = LoopThread("task tests")
    yield thread
    thread.close()


class Work:
    """A piece of work that ends when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = asyncio.Event()
        self.was_cancelled = False
        self.report: Report = lambda *_: None

    async def __call__(self, report: Report) -> str:
        self.report = report
        report(0.0, "begun")
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return "done"


@pytest.fixture
def work():
    return Work()


def start(loop: LoopThread, work: Any) -> Task[Any]:
    task = Task(loop, work, "work")
    if isinstance(work, Work):
        assert work.begun.wait(5)
    return task


async def fail(_: Report) -> None:
    raise CircuitError("no such thing")


def test_result_waits_for_the_result(loop, work):
    task = start(loop, work)
    states = [task.done]
    loop.post(work.go.set)
    assert task.result(5) == "done"
    states.append(task.done)
    assert states == [False, True]
    assert task.exception() is None


def test_errors_are_raised(loop):
    task = start(loop, fail)
    with pytest.raises(CircuitError, match="no such thing"):
        task.result(5)
    assert isinstance(task.exception(), CircuitError)
    assert "failed: no such thing" in repr(task)


def test_a_timeout_leaves_the_work_alone(loop, work):
    task = start(loop, work)
    with pytest.raises(DeadlineExceeded, match="'work' was not done"):
        task.result(0.01)
    loop.post(work.go.set)
    assert task.result(5) == "done"


def test_a_deadline_of_the_work_itself_is_raised_as_it_is(loop):
    async def late(_: Report) -> None:
        raise DeadlineExceeded("the renderer was late")

    with pytest.raises(DeadlineExceeded, match="the renderer was late"):
        start(loop, late).result(5)


def test_cancel_reaches_the_work_and_the_one_who_waits(loop, work):
    task = start(loop, work)
    task.cancel()
    with pytest.raises(RequestCancelled, match="'work' was cancelled"):
        task.result(5)
    assert work.was_cancelled


def test_a_cancel_before_the_work_began_counts(loop):
    ran = threading.Event()

    async def never(_: Report) -> None:
        ran.set()

    blocked = threading.Event()
    loop.post(blocked.wait, 5)
    task = Task(loop, never, "never")
    task.cancel()
    blocked.set()
    with pytest.raises(RequestCancelled):
        task.result(5)
    assert not ran.is_set()


def test_a_cancel_after_the_end_changes_nothing(loop, work):
    task = start(loop, work)
    loop.post(work.go.set)
    task.result(5)
    task.cancel()
    assert task.result(5) == "done"


def test_it_can_be_awaited_on_any_loop(loop, work):
    async def main() -> str:
        task = Task(loop, work, "work")
        loop.post(work.go.set)
        result: str = await asyncio.wait_for(task, 5)
        return result

    assert asyncio.run(main()) == "done"


def test_cancelling_the_awaiter_cancels_the_work(loop, work):
    async def main() -> Task[Any]:
        task = start(loop, work)
        waiting = asyncio.ensure_future(task._wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return task

    with pytest.raises(RequestCancelled):
        asyncio.run(main()).result(5)
    assert work.was_cancelled


def test_an_awaited_task_that_was_cancelled_does_not_look_like_the_awaiters_own_end(loop, work):
    async def main() -> None:
        task = start(loop, work)
        task.cancel()
        with pytest.raises(RequestCancelled):
            await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_progress_can_be_read_iterated_and_heard(loop, work):
    task = start(loop, work)
    assert task.progress == TaskProgress(0.0, "begun")
    heard: list[tuple[float | None, bool]] = []
    task.add_callback(lambda t: heard.append((t.progress.amount, t.done)))
    seen = []
    for progress in task:
        seen.append(progress.amount)
        if progress.amount == 0.0:
            loop.post(work.report, 0.5, "half")
        else:
            loop.post(work.go.set)
    assert seen == [0.0, 0.5]
    assert task.result(0) == "done"
    loop.submit(asyncio.sleep(0)).result(5)
    assert heard == [(0.0, False), (0.5, False), (0.5, True)]


def test_iterating_over_a_failed_task_ends(loop):
    task = start(loop, fail)
    assert list(task) == []
    with pytest.raises(CircuitError):
        task.result(0)


def test_a_callback_that_fails_does_not_stop_the_work(loop, work, caplog):
    task = start(loop, work)
    task.add_callback(lambda _: 1 / 0)
    loop.post(work.go.set)
    assert task.result(5) == "done"
    loop.submit(asyncio.sleep(0)).result(5)
    assert "ZeroDivisionError" in caplog.text


def test_who_waits_goes_on_when_the_watchers_have_been_told(loop):
    goes_on = threading.Event()
    told: list[object] = []

    async def end(_: Report) -> int:
        return await asyncio.wrap_future(go)

    def tell(task: Task[Any]) -> None:
        if task.done:
            told.append((task.result(), goes_on.wait(0.2)))

    def wait() -> None:
        assert task.result(5) == 7
        goes_on.set()

    go: concurrent.futures.Future[int] = concurrent.futures.Future()
    task = start(loop, end)
    task.add_callback(tell)
    waiter = threading.Thread(target=wait)
    waiter.start()
    go.set_result(7)
    waiter.join(5)
    assert told == [(7, False)]


def test_waiting_on_the_loop_thread_would_hang_so_it_is_refused(loop, work):
    task = start(loop, work)

    async def wait() -> None:
        task.result()

    with pytest.raises(RuntimeError, match="Await the task"):
        loop.submit(wait()).result(5)
    loop.post(work.go.set)
    task.result(5)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a signal to the main thread")
@pytest.mark.parametrize("way", ["result", "iterate"])
def test_an_interrupt_cancels_the_work(loop, work, way):
    task = start(loop, work)
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            task.result(5) if way == "result" else list(task)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    with pytest.raises(RequestCancelled):
        task.result(5)
    assert work.was_cancelled


async def answer() -> int:
    return 42


def test_a_runner_waits_and_awaits_on_any_loop(loop):
    runner = Runner(loop, lambda _: None)
    assert runner.wait(answer, "answer") == 42
    assert asyncio.run(runner.run(answer, "answer")) == 42
    assert loop.submit(runner.run(answer, "answer")).result(5) == 42


def test_a_runner_does_not_wait_on_its_own_loop(loop):
    runner = Runner(loop, lambda _: None)

    async def call() -> None:
        runner.wait(answer, "find_answer")

    with pytest.raises(RuntimeError, match=r"find_answer\(\) would wait for itself.* Await find_answer\.aio\(\)"):
        loop.submit(call()).result(5)


def test_a_cancel_before_a_runners_call_began_leaves_nothing_that_is_never_awaited(loop):
    made: list[object] = []

    async def never(_: Report) -> None:
        raise AssertionError

    def make(report: Report) -> Any:
        made.append(never(report))
        return made[-1]

    blocked = threading.Event()
    loop.post(blocked.wait, 5)
    task = Runner(loop, lambda _: None).start(make, "never")
    task.cancel()
    blocked.set()
    with pytest.raises(RequestCancelled):
        task.result(5)
    assert made == []


def test_a_runner_tells_of_long_calls_from_begin_to_end(loop, work):
    told: list[tuple[str, bool]] = []
    task = Runner(loop, lambda task: told.append((task.name, task.done))).start(work, "load_circuit")
    assert work.begun.wait(5)
    loop.post(work.go.set)
    assert task.result(5) == "done"
    loop.submit(asyncio.sleep(0)).result(5)
    assert set(told) == {("load circuit", False), ("load circuit", True)}
    assert told[-1] == ("load circuit", True)


def test_a_running_task_says_how_far_it_is(loop, work):
    task = start(loop, work)
    assert repr(task) == "<Task 'work': running 0% begun>"
    loop.post(work.go.set)
    task.result(5)
    assert repr(task) == "<Task 'work': done>"


def test_the_same_progress_again_is_no_progress(loop, work):
    task = start(loop, work)
    heard: list[TaskProgress] = []
    task.add_callback(lambda t: heard.append(t.progress))
    for amount in (0.5, 0.5):
        loop.post(work.report, amount, "half")
    loop.post(work.go.set)
    task.result(5)
    loop.submit(asyncio.sleep(0)).result(5)
    assert [progress.amount for progress in heard] == [0.0, 0.5, 0.5]  # at first, at its half, at the end
