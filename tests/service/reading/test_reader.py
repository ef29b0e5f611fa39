"""Tasks that crash, hang and are cancelled, and the process that runs them."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import psutil
import pytest

from brayns_widget.protocol.errors import CANCELLED, INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.reading.process import Limits
from brayns_widget.service.reading.reader import Reader
from brayns_widget.service.rpc.running import RunningRequest
from tests.conftest import ROOT
from tests.service.reading import tasks

SOON = 2.0  # seconds
DEADLINE = 60.0


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the process reads with functions of these tests
    reader = Reader(partial(tasks.prepare, "prepared"))
    yield reader
    reader.close()
    assert reader.pid is None


def run(reader: Reader, task: Any, *arguments: Any, request: RunningRequest | None = None) -> Any:
    return reader.run("/a/circuit", task, request or RunningRequest(), *arguments)


def begun(reader: Reader, task: Any, *arguments: Any) -> tuple[RunningRequest, threading.Thread, list[RequestError]]:
    """A task that has told of its progress; the thread ends with it, and the list gets its error."""
    running, errors = threading.Event(), []
    request = RunningRequest(lambda _amount, _operation: running.set())

    def work() -> None:
        with pytest.raises(RequestError) as caught:
            run(reader, task, *arguments, request=request)
        errors.append(caught.value)

    thread = threading.Thread(target=work)
    thread.start()
    assert running.wait(DEADLINE)
    return request, thread, errors


def test_one_process_runs_task_after_task(reader: Reader):
    assert run(reader, tasks.word) == ["prepared"]
    assert run(reader, tasks.pid) == run(reader, tasks.pid) == [reader.pid]


def test_values_progress_and_logs_come_from_there(reader: Reader, caplog: pytest.LogCaptureFixture):
    told = []
    request = RunningRequest(lambda amount, operation: told.append((amount, operation)))
    with caplog.at_level(logging.WARNING):
        assert run(reader, tasks.echo, 1, "two", None, request=request) == [1, "two", None]
    assert told == [(0.25, "Repeating")]
    assert [(record.name, record.message) for record in caplog.records] == [("echo", "3 values")]


def test_large_arrays_go_both_ways(reader: Reader):
    large, table = np.arange(1 << 20), np.ones((1 << 18, 3), order="F")
    found = run(reader, tasks.echo, large, [table, {"small": np.arange(3)}], large[::2], memoryview_of(large))
    np.testing.assert_array_equal(found[0], large)
    np.testing.assert_array_equal(found[1][0], table)
    np.testing.assert_array_equal(found[1][1]["small"], np.arange(3))
    np.testing.assert_array_equal(found[2], large[::2])
    found[0][:] = 0  # it is the owner's


def memoryview_of(array: Any) -> Any:
    return np.frombuffer(memoryview(array), np.uint8)


def test_arrays_that_are_made_in_shared_memory_stay_there(reader: Reader):
    (ones, twos), threes = run(reader, tasks.made, 1 << 20)
    assert ones.shape == ((1 << 20) - 1, 4)
    assert (ones == 1).all()
    assert (twos == 2).all()
    assert (threes == 3).all()
    run(reader, tasks.made, 1 << 20)  # whose memory is another one
    assert (ones == 1).all()


def test_memory_and_files_are_given_back(reader: Reader):
    us = psutil.Process()

    def handles() -> int:
        return int(us.num_handles() if hasattr(us, "num_handles") else us.num_fds())

    run(reader, tasks.made, 1 << 20)
    them = psutil.Process(reader.pid)
    before = handles(), them.memory_info().rss
    for _ in range(50):
        run(reader, tasks.made, 1 << 20)
    assert handles() <= before[0] + 2
    assert them.memory_info().rss < before[1] + (100 << 20)  # of 1.4 GB


def test_errors_keep_what_they_say(reader: Reader):
    with pytest.raises(RequestError, match="odd") as caught:
        run(reader, tasks.refuse)
    assert (caught.value.code, caught.value.data) == (INVALID_PARAMS, ["a", "b"])
    with pytest.raises(FileNotFoundError, match="No such file") as missing:
        run(reader, tasks.lack)
    assert "in lack" in missing.value.__notes__[0]
    assert run(reader, tasks.word) == ["prepared"]


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("locked", "_Locked: what cannot be pickled"),
        ("refusing", "_Refusing: what refuses"),
        ("local", "Local: what nobody finds"),
        ("located", "_Located: /a/file, line 7"),
    ],
)
def test_errors_that_cannot_be_pickled_keep_their_words(reader: Reader, way: str, words: str):
    (before,) = run(reader, tasks.pid)
    with pytest.raises(RuntimeError, match=words) as caught:
        run(reader, tasks.fail_oddly, way)
    assert "in fail_oddly" in caught.value.__notes__[0]
    assert run(reader, tasks.pid) == [before]


def test_a_crash_costs_one_task(reader: Reader):
    (before,) = run(reader, tasks.pid)
    with pytest.raises(RequestError, match=r"^/a/circuit cannot be read: .* died .*it opened is /a/file$") as caught:
        run(reader, tasks.crash, "/a/file")
    assert caught.value.code == INTERNAL_ERROR
    (after,) = run(reader, tasks.pid)
    assert after != before
    assert not psutil.pid_exists(before)


def test_a_process_that_died_between_two_tasks_is_replaced(reader: Reader):
    (before,) = run(reader, tasks.pid)
    process = psutil.Process(before)
    process.kill()
    process.wait(DEADLINE)
    assert run(reader, tasks.pid) != [before]


@pytest.mark.measures
def test_what_hangs_with_pythons_lock_is_cancelled_soon(reader: Reader):
    request, thread, errors = begun(reader, tasks.hang, "/a/file")
    pid = reader.pid
    begin = time.monotonic()
    request.cancel()
    thread.join(DEADLINE)
    assert time.monotonic() - begin < SOON
    assert errors[0].code == CANCELLED
    assert not psutil.pid_exists(pid)
    assert run(reader, tasks.word) == ["prepared"]


def test_what_listens_is_cancelled_and_keeps_its_process(reader: Reader):
    request, thread, errors = begun(reader, tasks.wait)
    pid = reader.pid
    request.cancel()
    thread.join(DEADLINE)
    assert errors[0].code == CANCELLED
    assert run(reader, tasks.pid) == [pid]


def test_a_task_that_is_cancelled_before_it_begins_does_not_begin(reader: Reader):
    request = RunningRequest()
    request.cancel()
    with pytest.raises(RequestError, match="cancelled"):
        run(reader, tasks.crash, "/a/file", request=request)
    assert run(reader, tasks.word) == ["prepared"]


@pytest.mark.parametrize(
    ("limits", "task", "why"),
    [
        (Limits(silence=4.0), partial(tasks.hang, path="/a/file"), "did not return within 4 s; .* /a/file"),
        (Limits(stalled=1.5), tasks.stall, "no progress within 1.5 s"),
        (Limits(whole=1.5), tasks.chat, "could not be read within 1.5 s"),
    ],
)
def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, limits: Limits, task: Any, why: str):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with contextlib.closing(Reader(limits=limits)) as reader:
        run(reader, tasks.pid)
        pid = reader.pid
        with pytest.raises(RequestError, match=f"^/a/circuit cannot be read: .*{why}"):
            run(reader, task)
        assert not psutil.pid_exists(pid)


@pytest.fixture
def left_behind() -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were killed and go on, as the system keeps one that waits for a lost disk."""
    kept: list[subprocess.Popen[bytes]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "kill", lambda process: None if process in kept else kept.append(process))
        yield kept
    for process in kept:
        process.kill()
        process.wait(DEADLINE)


@pytest.mark.measures
def test_a_process_that_cannot_be_ended_is_left_behind(
    reader: Reader, left_behind: list[subprocess.Popen[bytes]], caplog: pytest.LogCaptureFixture
):
    request, thread, errors = begun(reader, tasks.hang, "/a/file")
    begin = time.monotonic()
    request.cancel()
    thread.join(DEADLINE)
    assert time.monotonic() - begin < SOON
    assert errors[0].code == CANCELLED
    (process,) = left_behind
    assert process.poll() is None
    assert run(reader, tasks.pid) != [process.pid]
    (told,) = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert told.startswith(f"The process {process.pid},")
    check_no_watch_is_left()


@pytest.mark.measures
@pytest.mark.parametrize("arguments", [(), ("x" * (1 << 22),)], ids=["who waits for it", "who sends to it"])
def test_a_process_that_neither_listens_nor_ends_keeps_nobody(
    monkeypatch: pytest.MonkeyPatch, left_behind: list[subprocess.Popen[bytes]], arguments: tuple[str, ...]
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    reader = Reader(tasks.hang_at_once, limits=Limits(whole=1.0))
    begin = time.monotonic()
    with pytest.raises(RequestError, match="/a/circuit cannot be read: it could not be read within 1 s"):
        run(reader, tasks.echo, *arguments)
    reader.close()
    assert time.monotonic() - begin < 1.0 + 2 * SOON
    assert len(left_behind) == 1
    check_no_watch_is_left()


@pytest.mark.measures
def test_closing_does_not_wait_for_a_process_that_cannot_be_ended(
    reader: Reader, left_behind: list[subprocess.Popen[bytes]]
):
    _request, thread, errors = begun(reader, tasks.hang, "/a/file")
    begin = time.monotonic()
    reader.close()
    thread.join(DEADLINE)
    assert time.monotonic() - begin < SOON
    assert "what reads it does not answer" in errors[0].message
    assert len(left_behind) == 1
    check_no_watch_is_left()


def check_no_watch_is_left() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("reading-"):
            thread.join(DEADLINE)
            assert not thread.is_alive()


@pytest.mark.measures
def test_the_end_of_the_reader_ends_what_runs(reader: Reader):
    _request, thread, errors = begun(reader, tasks.hang, "/a/file")
    pid = reader.pid
    begin = time.monotonic()
    reader.close()
    thread.join(DEADLINE)
    assert time.monotonic() - begin < SOON
    assert errors[0].code == INTERNAL_ERROR
    assert not psutil.pid_exists(pid)
    with pytest.raises(RequestError, match="closing"):
        run(reader, tasks.word)


def test_tidying_starts_no_process(reader: Reader):
    reader.tidy(tasks.crash, "/a/file")
    assert reader.pid is None
    run(reader, tasks.word)
    reader.tidy(tasks.crash, "/a/file")  # which nobody needs to hear of
    assert run(reader, tasks.word) == ["prepared"]
