from __future__ import annotations

import asyncio
import queue
import threading

import pytest

from brayns_widget.connection.loop import LoopThread, finish_cleanup
from brayns_widget.protocol.errors import BraynsWidgetError


@pytest.fixture
def loop():
    thread = LoopThread("test loop")
    yield thread
    thread.close()


def test_coroutines_and_callbacks_run_on_its_thread(loop):
    async def where() -> tuple[str, bool]:
        return threading.current_thread().name, loop.is_current

    assert loop.submit(where()).result(5) == ("test loop", True)
    assert not loop.is_current
    posted: queue.Queue[str] = queue.Queue()
    loop.post(posted.put, "x")
    assert posted.get(timeout=5) == "x"


def test_it_goes_on_while_another_loop_runs(loop):
    async def outer() -> int:
        async def inner() -> int:
            return 7

        result: int = loop.submit(inner()).result(5)  # blocks the outer loop, and still arrives
        return result

    assert asyncio.run(outer()) == 7


def test_closing_cancels_what_runs_and_closes_the_loop():
    loop = LoopThread()
    begun = threading.Event()

    async def forever() -> None:
        begun.set()
        await asyncio.Event().wait()

    future = loop.submit(forever())
    assert begun.wait(5)
    loop.close()
    assert future.cancelled()
    assert loop.loop.is_closed()
    loop.close()  # a second time does nothing


@pytest.mark.parametrize("fault", [RuntimeError, OSError])
def test_work_for_other_threads_is_not_done_on_its_own_while_the_main_thread_runs(loop, monkeypatch, fault):
    def refuse(*_: object) -> None:
        raise fault("no")

    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.submit", refuse)
    with pytest.raises(fault):
        loop.submit(asyncio.to_thread(int)).result(5)


def test_work_for_other_threads_is_done_on_its_own_when_the_main_thread_has_ended(loop, monkeypatch):
    def refuse(*_: object) -> None:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    ended = threading.Thread()
    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.submit", refuse)
    monkeypatch.setattr(threading, "main_thread", lambda: ended)
    assert loop.submit(asyncio.to_thread(lambda: loop.is_current)).result(5)
    with pytest.raises(ZeroDivisionError):
        loop.submit(asyncio.to_thread(lambda: 1 / 0)).result(5)


def test_without_a_thread_there_is_none_and_the_error_says_why(monkeypatch):
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(BraynsWidgetError, match=r"can't create new thread .*\. If the main thread"):
        LoopThread()


def test_cleaning_up_is_finished_in_spite_of_cancels():
    async def main() -> None:
        go_on = asyncio.Event()
        done: list[str] = []

        async def clean() -> str:
            await go_on.wait()
            done.append("clean")
            return "clean"

        waiting = asyncio.create_task(finish_cleanup(clean()))
        for _ in range(3):
            await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.sleep(0)
        assert not waiting.done()
        go_on.set()
        assert await waiting == "clean"
        assert done == ["clean"]

    asyncio.run(asyncio.wait_for(main(), 5))
