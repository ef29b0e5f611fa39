from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future

import pytest

from brayns_widget.service.rpc import turns as turns_module
from brayns_widget.service.rpc.turns import Turns

DEADLINE = 10.0


@pytest.fixture
def turns() -> Iterator[Turns]:
    with Turns() as turns:
        yield turns


class Long:
    """A sharing call whose steps a test takes one by one."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._steps = threading.Semaphore(0)
        self._taken = threading.Semaphore(0)
        self._last = False
        self.interruptions = threading.Semaphore(0)
        self.end: Future[None] = turns.submit(self._run)
        assert self._taken.acquire(timeout=DEADLINE)

    def _run(self) -> None:
        with self._turns.sharing(self.interruptions.release):
            while True:
                self._taken.release()
                assert self._steps.acquire(timeout=DEADLINE)
                if self._last:
                    return
                self._turns.pause()

    def step(self) -> None:
        """Let it pause once."""
        self._steps.release()
        assert self._taken.acquire(timeout=DEADLINE)

    def finish(self) -> None:
        self._last = True
        self._steps.release()
        self.end.result(DEADLINE)


def test_calls_run_one_after_another_in_their_order(turns: Turns):
    ran: list[int] = []
    ends = [(turns.between if number % 3 else turns).submit(ran.append, number) for number in range(100)]
    for end in ends:
        end.result(DEADLINE)
    assert ran == list(range(100))


def test_a_long_call_lets_some_run_between_its_steps_and_no_others(turns: Turns):
    ran: list[str] = []
    long = Long(turns)
    others = [turns.submit(ran.append, "other"), turns.between.submit(ran.append, "between")]
    assert long.interruptions.acquire(timeout=DEADLINE)
    assert ran == []
    long.step()
    others[1].result(DEADLINE)
    assert ran == ["between"]
    long.finish()
    others[0].result(DEADLINE)
    assert ran == ["between", "other"]


def test_what_still_waits_when_a_long_call_ends_runs_in_its_order(turns: Turns):
    ran: list[int] = []
    long = Long(turns)
    ends = [(turns.between if number % 2 else turns).submit(ran.append, number) for number in range(4)]
    long.finish()
    for end in ends:
        end.result(DEADLINE)
    assert ran == [0, 1, 2, 3]


def test_a_call_that_does_not_share_is_not_disturbed(turns: Turns):
    begun, go_on = threading.Event(), threading.Event()
    ran: list[str] = []

    def alone() -> None:
        begun.set()
        assert go_on.wait(DEADLINE)
        turns.pause()
        ran.append("alone")

    end = turns.submit(alone)
    assert begun.wait(DEADLINE)
    between = turns.between.submit(ran.append, "between")
    assert not turns.wanted
    go_on.set()
    end.result(DEADLINE)
    between.result(DEADLINE)
    assert ran == ["alone", "between"]


def test_a_long_call_gets_its_share_of_the_time(turns: Turns, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns_module, "_SHARE", 1e6)
    monkeypatch.setattr(turns_module, "_LONGEST_STEP", 1e6)
    long = Long(turns)
    first = turns.between.submit(time.sleep, 0.001)
    long.step()
    first.result(DEADLINE)
    assert long.interruptions.acquire(timeout=DEADLINE)
    second = turns.between.submit(lambda: None)
    long.step()
    assert not long.interruptions.acquire(blocking=False)
    assert not turns.wanted
    assert not second.done()
    long.finish()
    second.result(DEADLINE)


def test_who_comes_too_early_is_not_forgotten(turns: Turns, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns_module, "_SHARE", 1e6)
    monkeypatch.setattr(turns_module, "_LONGEST_STEP", 0.05)
    long = Long(turns)
    ends = [turns.between.submit(time.sleep, 0.001)]
    assert long.interruptions.acquire(timeout=DEADLINE)
    long.step()
    ends.append(turns.between.submit(lambda: None))
    assert long.interruptions.acquire(timeout=DEADLINE)
    assert turns.wanted
    long.step()
    for end in ends:
        end.result(DEADLINE)
    long.finish()


def test_nothing_that_runs_between_is_interrupted(turns: Turns):
    long = Long(turns)
    begun, go_on = threading.Event(), threading.Event()

    def between() -> None:
        begun.set()
        assert go_on.wait(DEADLINE)

    first = turns.between.submit(between)
    assert long.interruptions.acquire(timeout=DEADLINE)
    stepping = threading.Thread(target=long.step)
    stepping.start()
    assert begun.wait(DEADLINE)
    second = turns.between.submit(lambda: None)
    assert not long.interruptions.acquire(blocking=False)
    go_on.set()
    first.result(DEADLINE)
    stepping.join(DEADLINE)
    long.finish()
    second.result(DEADLINE)


@pytest.mark.parametrize("how", [lambda turns: turns, lambda turns: turns.between])
def test_who_waits_gets_the_error(turns: Turns, how: Callable[[Turns], Turns]):
    end = how(turns).submit(int, "x")
    with pytest.raises(ValueError, match="invalid literal"):
        end.result(DEADLINE)


def test_a_shutdown_ends_what_waits():
    turns = Turns()
    long = Long(turns)
    waiting = turns.submit(lambda: None)
    turns.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(CancelledError):
        waiting.result(DEADLINE)
    with pytest.raises(RuntimeError, match="after the shutdown"):
        turns.submit(lambda: None)
    long.finish()
    turns.shutdown()
