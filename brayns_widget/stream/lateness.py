"""Whether what is wanted has not been drawn for so long that people should be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Lateness:
    """Tells that pictures are late, and that they are so no more. Lives on the event loop.

    Args:
        after: seconds without a picture after which they are.
        wanting: tells whether something is wanted that was not drawn yet.
        tell: is told whether pictures are late, when that changes.
    """

    def __init__(self, after: float, wanting: Callable[[], bool], tell: Callable[[bool], object]) -> None:
        self._after = after
        self._wanting = wanting
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self._late = False

    def look(self) -> None:
        """Take in that something else is wanted."""
        if not self._wanting():
            self.close()
            self._set(False)
        elif self._timer is None and not self._late:
            self._timer = asyncio.get_running_loop().call_later(self._after, self._elapsed)

    def drawn(self) -> None:
        """Take in that a picture was drawn; it may be of what was wanted before."""
        self.close()
        self._set(False)
        self.look()

    def close(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _elapsed(self) -> None:
        self._timer = None
        self._set(self._wanting())

    def _set(self, late: bool) -> None:
        if late != self._late:
            self._late = late
            self._tell(late)
