"""Losses of frame processes: when the next one may be tried. No I/O."""

from __future__ import annotations

ROW_MAX = 3
"""Losses in a row after which no process is tried for a while; the kernel makes the frames then."""

STABLE = 60.0
"""Seconds after which a process that is lost counts as one that has run well."""

PAUSE, PAUSE_MAX = 60.0, 900.0
"""Seconds of the first such while, which doubles with each one in a row, and of the longest."""


class Losses:
    """The losses that one scene has seen.

    Attributes:
        total: processes that it has lost.
        pause: seconds until the next process may be tried; 0 if it may be at once.
    """

    def __init__(self) -> None:
        self.total = 0
        self.pause = 0.0
        self._row = 0
        self._next = PAUSE  # the next pause

    def add(self, lived: float) -> None:
        """Take in that a process is lost that has made frames for some seconds."""
        self.total += 1
        if lived >= STABLE:
            self._row, self._next = 0, PAUSE
        self._row += 1
        if self._row >= ROW_MAX:
            self.fail()

    def fail(self) -> None:
        """Take in that no process could be started: trying again at once would help as little."""
        self.pause = self._next
        self._next = min(2 * self._next, PAUSE_MAX)

    def relent(self) -> None:
        """Take in that the pause is over."""
        self.pause = 0.0
