from __future__ import annotations

import asyncio
import os
import queue
import subprocess
import sys
import threading

import pytest

from brayns_widget.connection.loop import LoopThread


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


def test_the_shared_one_is_one():
    assert LoopThread.shared() is LoopThread.shared()


def test_a_closed_shared_one_is_replaced(monkeypatch):
    monkeypatch.setattr(LoopThread, "_shared", None)
    first = LoopThread.shared()
    first.close()
    second = LoopThread.shared()
    assert second is not first
    second.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_forked_child_gets_its_own():
    code = """
import os, warnings
from brayns_widget.connection.loop import LoopThread
warnings.simplefilter("ignore")  # Python warns that forking with threads is risky: that is the point
async def pid(): return os.getpid()
assert LoopThread.shared().submit(pid()).result(5) == os.getpid()
child = os.fork()
if child == 0:
    os._exit(0 if LoopThread.shared().submit(pid()).result(5) == os.getpid() else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
