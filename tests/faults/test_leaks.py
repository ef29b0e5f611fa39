"""What tests leave behind is seen."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from brayns_widget.connection.process import PROCESS
from tests.faults.conftest import LOOKS


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
