from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from brayns_widget.controller.ending import Countdown, read_end, say_left
from tests.controller.scenes import WAIT, until
from tests.listening import Listener


class Clock:
    """A clock that every sleep sets forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1e9
        self.sleeps: list[float] = []

        async def sleep(seconds: float) -> None:
            self.sleeps.append(seconds)
            self.now += seconds

        monkeypatch.setattr("brayns_widget.controller.ending.asyncio.sleep", sleep)

    def run(self, left: float, *, probably: bool = False) -> list[str]:
        told: list[str] = []

        async def main() -> None:
            countdown = Countdown(told.append, lambda: self.now)
            countdown.start(self.now + left, probably=probably)
            assert countdown._task is not None
            await countdown._task

        asyncio.run(main())
        return [text.partition(", at")[0] for text in told]


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (7200, ["The job ends in 10 minutes", "The job ends in 2 minutes"]),
        (300, ["The job ends in 5 minutes", "The job ends in 2 minutes"]),
        (80, ["The job ends in 80 seconds"]),
        (-5, []),
    ],
)
def test_the_end_is_told_ten_and_two_minutes_before(clock, left, told):
    assert clock.run(left) == told


def test_a_clock_that_jumps_is_noticed_within_half_a_minute(clock):
    clock.run(7200)
    assert max(clock.sleeps) == 30


def test_a_guessed_zone_is_told():
    told: list[str] = []

    async def main() -> None:
        countdown = Countdown(told.append, lambda: 1e9)
        countdown.start(1e9 + 100, probably=True)
        await asyncio.sleep(0)
        countdown.stop()

    asyncio.run(main())
    assert "if its master's clock is that of this machine" in told[0]


NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, (None, False)),
        ("soon", (None, False)),
        (datetime.fromtimestamp(NOW + 60, UTC).isoformat(), (NOW + 60, False)),
        (datetime.fromtimestamp(NOW - 60, UTC).isoformat(), (NOW - 60, False)),
        (datetime.fromtimestamp(NOW + 60).isoformat(), (NOW + 60, True)),  # noqa: DTZ006 - as real masters write it
        (datetime.fromtimestamp(NOW - 60).isoformat(), (None, False)),  # noqa: DTZ006
        ("9999-12-31T23:59:59", (253402300799.0, True)),
    ],
)
def test_ends_are_read_as_masters_write_them(text, found):
    seconds, probably = read_end(text, NOW)
    assert probably is found[1]
    assert (seconds is None) == (found[0] is None)
    if seconds is not None and found[0] is not None:
        assert abs(seconds - found[0]) < 86400 * (found[0] > 1e11) + 1


def test_times_are_said_in_words():
    assert [say_left(seconds) for seconds in (600, 119, 90, 89, 0)] == [
        "10 minutes",
        "2 minutes",
        "2 minutes",
        "89 seconds",
        "0 seconds",
    ]


def test_a_controller_knows_and_tells_the_end_of_its_job(cluster, controller, caplog):
    cluster.end = datetime.now(UTC) + timedelta(seconds=100)
    notices = Listener(controller, lambda state: state.notice.text if state.notice else "")
    controller.start().result(WAIT)
    assert abs((controller.job.ends - cluster.end).total_seconds()) < 0.01
    assert notices.wait_for(bool).startswith("The job ends in 2 minutes, at ")
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.name for record in warned] == ["brayns_widget.controller.group"]
    controller.job.stop()
    assert controller.job.ends is None
    until(lambda: controller.status.state == "ended")
