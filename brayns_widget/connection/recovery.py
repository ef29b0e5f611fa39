"""What to do about a lost link to a job that may still run: when to ask for the job, when to try, when to stop. No I/O.

The master is asked first, and again before each attempt. While it cannot be asked, nothing is known, so attempts go on:
a network may be gone for hours, and a computer may sleep. While it says that the job runs, they end after
``REACHED_WITHIN``: some masters (the 2023 edition on AWS) call a job ready for ever. A job that cannot be reached is
left running.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from brayns_widget.protocol.errors import AuthError, BraynsWidgetError, TokenUnavailable

BASE, CAP = 0.5, 20.0
"""Seconds of the first pause at most, which doubles with each attempt, and of the longest. Each pause is a random part
of that ("full jitter"), so that the clients of a proxy that was restarted do not come all at once."""

REACHED_WITHIN = 600.0
"""Seconds for which a job may run, by its master's word, and be unreachable."""


# Of its own, so that it changes no numbers that users have seeded.
_JITTER = random.Random().random  # noqa: S311 - no secret


def pause_before(attempt: int, jitter: Callable[[], float] = _JITTER) -> float:
    """Return the seconds to wait before the attempt after ``attempt``."""
    return jitter() * min(CAP, BASE * 2.0 ** min(attempt - 1, 16))


def shortened(seconds: float) -> float:
    """Shorten a pause by chance, so that clients that lost the same master do not all come back at once."""
    return seconds * (0.5 + 0.5 * _JITTER())


def is_for_good(error: BraynsWidgetError) -> bool:
    """Whether another attempt would fail with the same error: a token is refused, though its source was asked again."""
    return isinstance(error, AuthError) and not isinstance(error, TokenUnavailable)


def with_new_token(job_id: str) -> str:
    """Return how people go on with a job whose servers refuse the token.

    Args:
        job_id: its id, or "" if no master has started it.
    """
    attach, there = (f"attach_to={job_id!r}, ", ", with its id as the job") if job_id else ("", "")
    return f"Use a new token: job.connect(…, {attach}token=…) goes on with it, and so does Connect in the panel{there}."


class Verdict(Enum):
    """What the master says of a job."""

    RUNS = "it runs"
    UNKNOWN = "no answer, or none that means anything"
    OVER = "it has ended"


class Step(Enum):
    """What is to be done next."""

    ASK = "ask the master for the job"
    OPEN = "open the link"
    PAUSE = "wait"
    OVER = "the job has ended"
    GIVE_UP = "the job runs, but cannot be reached"


@dataclass(slots=True)
class Recovery:
    """The recovery from one loss. All times are in seconds.

    Attributes:
        patience: see ``REACHED_WITHIN``.
        jitter: returns a random number from 0 to 1.
        attempt: number of the present attempt to open the link.
        verdict: what the master has said last.
        pause: seconds of the present pause.
    """

    patience: float = REACHED_WITHIN
    jitter: Callable[[], float] = _JITTER
    attempt: int = 1
    verdict: Verdict = Verdict.UNKNOWN
    pause: float = 0.0
    step: Step = Step.ASK
    _since: float | None = None  # when the master has begun to say that the job runs

    def told(self, now: float, verdict: Verdict) -> Step:
        """Take in what the master has said."""
        self.verdict = verdict
        if verdict is not Verdict.RUNS:
            self._since = None
        elif self._since is None:
            self._since = now
        self.step = Step.OVER if verdict is Verdict.OVER else Step.OPEN
        return self.step

    def failed(self, now: float, *, for_good: bool = False) -> Step:
        """Take in that the link could not be opened.

        Args:
            now: the time.
            for_good: another attempt would fail with the same error, such as a token that is refused.
        """
        if for_good or (self._since is not None and now - self._since >= self.patience):
            self.step = Step.GIVE_UP
        else:
            self.pause = pause_before(self.attempt, self.jitter)
            self.attempt += 1
            self.step = Step.PAUSE
        return self.step

    def paused(self) -> Step:
        """Take in that the pause is over."""
        self.step = Step.ASK
        return self.step
