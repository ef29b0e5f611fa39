"""What tests leave behind is seen."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from brayns_widget.connection.process import PROCESS
from tests.faults.conftest import LOOKS, watched


@contextlib.contextmanager
def thread() -> Iterator[None]:
    end = threading.Event()
    waiting = threading.Thread(target=end.wait)
    waiting.start()
    yield
    end.set()
    waiting.join()


@contextlib.contextmanager
def task() -> Iterator[None]:
    waiting = PROCESS.loop_thread().submit(asyncio.sleep(60))
    yield
    waiting.cancel()


@contextlib.contextmanager
def listening_socket() -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)):
        yield


@contextlib.contextmanager
def process() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield
        child.communicate(b"\n", timeout=10)


class Job:
    async def leave(self) -> None:
        pass

    def unfinished(self) -> str:
        return ""


@contextlib.contextmanager
def job() -> Iterator[None]:
    async def add(running: Job) -> None:
        PROCESS.add(running)

    running = Job()
    PROCESS.loop_thread().submit(add(running)).result(10)
    yield
    PROCESS.discard(running)


@pytest.mark.parametrize(
    ("name", "leak"),
    [("threads", thread), ("tasks", task), ("sockets", listening_socket), ("processes", process), ("jobs", job)],
)
def test_it_is_seen(name, leak):
    before = LOOKS[name]()
    with leak():
        assert len(LOOKS[name]() - before) == 1


async def forget_an_error() -> None:
    """Leave a future with an error in a cycle, which only a collection of garbage ends."""
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("nobody asks"))
    cycle: list[Any] = [future]
    cycle.append(cycle)


@pytest.fixture
def an_error_to_be_found(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Expect that what comes to light after the test itself is seen."""
    gc.disable()
    try:
        with pytest.raises(AssertionError, match="Future exception was never retrieved"), watched(caplog):
            yield
        assert caplog.get_records("call") == []
    finally:
        gc.enable()
    caplog.clear()  # it was meant


def test_an_error_that_comes_to_light_with_the_garbage_is_seen(an_error_to_be_found):
    PROCESS.loop_thread().submit(forget_an_error()).result(10)
