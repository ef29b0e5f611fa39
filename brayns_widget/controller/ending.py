"""The end of a job's time: when it is, and the warnings before it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

WARNINGS = (600.0, 120.0)
"""Seconds before the end at which people are warned."""

_LOOK_PERIOD = 30.0
"""Longest time in seconds between two looks at the clock, which may jump, as when a computer wakes up."""

_LOG = logging.getLogger(__name__)


def read_end(text: str | None, now: float) -> tuple[float | None, bool]:
    """Read when a job ends.

    Args:
        text: as its master writes it, or None.
        now: the present time.

    Returns:
        the time, or None if it cannot be known, and whether it is only probable: real masters write their local time,
        without its zone, so this machine's is taken. Times are in seconds since the epoch.
    """
    try:
        end = datetime.fromisoformat(text or "")
        seconds = end.timestamp()
    except (ValueError, OverflowError, OSError):
        return None, False
    if end.tzinfo is not None:
        return seconds, False
    return (seconds, True) if seconds > now else (None, False)  # the job runs, so its master is in another zone


def say_left(seconds: float) -> str:
    """Return a time in words, such as "10 minutes"."""
    if seconds < 90:
        return f"{max(round(seconds), 0)} seconds"
    return f"{round(seconds / 60)} minutes"


class Countdown:
    """Warnings before the end of a job. Lives on the loop thread.

    Args:
        warn: called with a sentence.
        clock: the time, in seconds since the epoch.
    """

    def __init__(self, warn: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        self._warn = warn
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self, end: float | None, *, probably: bool = False) -> None:
        """Warn before an end, instead of before that of another job.

        Args:
            end: in seconds since the epoch; None: there is none.
            probably: whether it is only probable.
        """
        self.stop()
        if end is not None:
            self._task = asyncio.create_task(self._run(end, probably), name="count down")

    def stop(self) -> None:
        """Warn no more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, end: float, probably: bool) -> None:
        for mark, following in zip(WARNINGS, (*WARNINGS[1:], 0.0), strict=True):
            while (wait := end - mark - self._clock()) > 0:  # noqa: ASYNC110 - it is the clock that is waited for
                await asyncio.sleep(min(wait, _LOOK_PERIOD))
            left = end - self._clock()
            if left > following:
                at = datetime.fromtimestamp(end).astimezone().strftime("%H:%M")
                doubt = " (if its master's clock is that of this machine)" if probably else ""
                self._warn(f"The job ends in {say_left(left)}, at {at}{doubt}.")
