"""Nothing may be left of a test: no thread, task, socket, process, job, or error that nobody has retrieved."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from brayns_widget.connection import job as job_module
from brayns_widget.connection.process import PROCESS
from tests.fakes import FakeCluster
from tests.faults.proxies import Proxies

DEADLINE = 5.0
"""Seconds that what a test has closed may take to go."""


def _tasks() -> set[str]:
    """The names of the tasks on the loop that all controllers share."""

    async def names() -> set[str]:
        return {f"{task.get_name()}: {task.get_coro()}" for task in asyncio.all_tasks() - {asyncio.current_task()}}

    return PROCESS.loop_thread().submit(names()).result(DEADLINE)


def _threads() -> set[str]:
    """The threads but for those of the shared loop, whose workers stay."""
    return {f"{one.name}, {one.ident}" for one in threading.enumerate() if not one.name.startswith("asyncio_")}


def _sockets() -> set[tuple[Any, ...]]:
    """The open sockets of this process; a loop's own ones are pairs without a port on most platforms."""
    found = psutil.Process().net_connections(kind="inet")
    return {(one.fd, one.laddr, one.raddr) for one in found if one.status != psutil.CONN_TIME_WAIT}


LOOKS: dict[str, Callable[[], set[Any]]] = {
    "threads": _threads,
    "tasks": _tasks,
    "sockets": _sockets,
    "processes": lambda: set(psutil.Process().children(recursive=True)),
    "jobs": lambda: set(PROCESS._running),
}


COMPLAINTS = ("Task exception was", "Future exception was", "Exception in callback", "Task was destroyed")
"""How asyncio begins to tell of an error that nobody has heard of, or of a task that nobody holds."""


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "CONNECT_PAUSE", 0.01)
    monkeypatch.setattr(job_module, "GIVEN_UP_PAUSE", 0.05)
    monkeypatch.setattr(job_module, "GIVEN_UP_WATCH", 2.0)


@contextlib.contextmanager
def watched(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check at the end that what was done has left nothing behind."""
    PROCESS.loop_thread()
    before = {name: look() for name, look in LOOKS.items()}
    yield
    gc.collect()
    deadline = time.monotonic() + DEADLINE
    for name, look in LOOKS.items():
        while left := look() - before[name]:
            assert time.monotonic() < deadline, f"these {name} are left: {left}"
            threading.Event().wait(0.01)
    # What the collection reveals is told while a fixture ends.
    records = [one for phase in ("call", "teardown") for one in caplog.get_records(phase)]
    said = [one.getMessage() for one in records if one.name == "asyncio"]
    assert [text for text in said if text.startswith(COMPLAINTS)] == []


@pytest.fixture(autouse=True)
def nothing_is_left(caplog: pytest.LogCaptureFixture, short_pauses: None) -> Iterator[None]:
    """Check after each test what it has left behind, while pauses are short still."""
    with watched(caplog):
        yield


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster(polls=0) as fake:
        yield fake


@pytest.fixture
def proxies(cluster: FakeCluster, request: pytest.FixtureRequest) -> Iterator[Proxies]:
    """The proxies of an edition, which a test names by a parameter, in front of the servers of ``cluster``."""
    with Proxies.of(cluster, request.param) as made:
        yield made
