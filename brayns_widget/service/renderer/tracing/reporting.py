"""How far a build is, told to who waits for it."""

from __future__ import annotations

from collections.abc import Callable

from brayns_widget.service.renderer.tracing.embree import Cancelled

_COPYING = 0.3  # of a build: the rest is Embree's


class BuildReporter:
    """Reports rising amounts only, and finds out whether to go on."""

    def __init__(self, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._amount = 0.0

    def copied(self, part: float) -> None:
        """Tell what part of the models has been copied.

        Raises:
            Cancelled: that is enough.
        """
        if not self._go_on(_COPYING * part):
            raise Cancelled("The build was cancelled.")

    def built(self, part: float) -> bool:
        """Tell how far Embree is; False if that is enough."""
        return self._go_on(_COPYING + (1 - _COPYING) * part)

    def _go_on(self, amount: float) -> bool:
        if self._progress is not None and amount >= self._amount + 0.01:
            self._amount = amount
            self._progress(amount)
        return self._cancelled is None or not self._cancelled()
