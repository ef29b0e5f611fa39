"""When a silent link is asked whether it lives, and when it counts as dead. No I/O.

A renderer works on one request after the other, so what is asked behind a long load proves nothing. Only ``cancel``
overtakes, in our servers and in Brayns, and a cancel of nothing is refused at once in any state.
"""

from __future__ import annotations

from enum import Enum

IDLE = 10.0
"""Seconds of silence after which a server is asked."""

ANSWERS_WITHIN = 15.0
"""Seconds that it may take until anything is heard then."""

LOOK = 1.0
"""Longest time between two looks, in seconds."""

_LATE = 2.0  # s; a look that is later was held up, by a cell that holds the GIL or by a computer that slept


class Step(Enum):
    """What a look at a link asks for."""

    WAIT = "look again later"
    PROBE = "send the server's probe"
    OVERTAKE = "send what overtakes all requests"
    DEAD = "nothing comes any more"


class Silence:
    """The silence of one link.

    Args:
        now: the present time in seconds, as all times here.
        idle: see ``IDLE``.
        patience: see ``ANSWERS_WITHIN``.
    """

    def __init__(self, now: float, *, idle: float = IDLE, patience: float = ANSWERS_WITHIN) -> None:
        self._idle = idle
        self._patience = patience
        self._heard = now
        self._asked: float | None = None
        self._looked = now

    @property
    def pause(self) -> float:
        """Seconds until the next look."""
        return min(LOOK, self._idle / 4, self._patience / 4)

    def heard(self, now: float) -> None:
        """Take in that bytes have come, or that the other side has taken some."""
        self._heard = max(now, self._heard)
        self._asked = None

    def look(self, now: float, *, pending: bool, overtakes: bool) -> Step:
        """Return what is to be done now.

        Args:
            now: the time.
            pending: whether a request waits for its answer, behind which a probe would wait, too.
            overtakes: whether the server has something that overtakes.
        """
        held_up, self._looked = now - self._looked, now
        if self._asked is not None:
            if held_up > self.pause + _LATE:
                self._asked += held_up  # what came meanwhile has not been read yet
            return Step.DEAD if now - self._asked >= self._patience else Step.WAIT
        # Behind a long request of a server without anything that overtakes, only TCP can tell.
        if now - self._heard < self._idle or (pending and not overtakes):
            return Step.WAIT
        self._asked = now
        return Step.OVERTAKE if overtakes else Step.PROBE
