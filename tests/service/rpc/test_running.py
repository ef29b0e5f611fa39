"""Progress and cancellation of running requests."""

from __future__ import annotations

import threading

import pytest

from brayns_widget.protocol.errors import CANCELLED, RequestError
from brayns_widget.service.rpc.running import RunningRequest


def test_progress_is_clamped_and_not_more_often_than_people_see(monkeypatch: pytest.MonkeyPatch):
    now = 0.0
    monkeypatch.setattr("brayns_widget.service.rpc.running.time.monotonic", lambda: now)
    seen: list[tuple[float, str]] = []
    request = RunningRequest(lambda amount, operation: seen.append((amount, operation)))
    for step in range(128):
        now = 10 + step / 64  # two seconds; reports at every fourth step
        request.progress(step / 64, "Reading")
    assert len(seen) == 32
    assert seen[0] == (0.0, "Reading")
    assert seen[-1][0] == 1.0
    request.progress(0.3, "Building")  # a new operation is told at once
    assert seen[-1] == (0.3, "Building")


def test_a_cancelled_task_stops_at_its_next_progress():
    request = RunningRequest()
    request.progress(0.1, "x")
    request.cancel()
    assert request.cancelled
    with pytest.raises(RequestError, match="Task has been cancelled") as caught:
        request.progress(0.2, "x")
    assert caught.value.code == CANCELLED
    with pytest.raises(RequestError):
        request.part(0.0, 0.5).check()


def test_a_part_reports_within_its_range():
    seen: list[float] = []
    request = RunningRequest(lambda amount, _operation: seen.append(amount))
    request.part(0.5, 1.0).part(0.0, 0.5).progress(1.0, "x")
    assert seen == [0.75]


def test_what_is_done_aside_gives_its_result_or_its_error():
    request = RunningRequest()
    assert request.aside(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        request.aside(lambda: 1 // 0)
    request.cancel()
    with pytest.raises(RequestError):
        request.aside(lambda: 7)


def test_who_cancels_does_not_wait_for_what_is_done_aside():
    may_end, ended = threading.Event(), threading.Event()
    seen: list[tuple[float, str]] = []

    def report(amount: float, operation: str) -> None:
        seen.append((amount, operation))
        request.cancel()

    def work() -> None:
        assert may_end.wait(20)
        ended.set()

    request = RunningRequest(report)
    with pytest.raises(RequestError) as caught:
        request.aside(work, "Encoding")
    assert caught.value.code == CANCELLED
    assert seen == [(1.0, "Encoding")]
    assert not ended.is_set()
    may_end.set()
    assert ended.wait(20)


def test_a_task_that_has_ended_calls_nothing_any_more():
    request = RunningRequest()
    called: list[str] = []
    request.when_cancelled(lambda: called.append("whole"))
    request.part(0.0, 1.0).when_cancelled(lambda: called.append("part"))
    request.end()
    request.cancel()
    assert called == []
    assert request.cancelled
