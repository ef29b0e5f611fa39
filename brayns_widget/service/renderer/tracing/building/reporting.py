"""Progress of a build."""

from __future__ import annotations

from collections.abc import Callable

from brayns_widget.service.renderer.tracing.embree import Cancelled

_COPYING = 0.3  # share of a build that copying takes; the rest is Embree's


class BuildReporter:
    """Reports progress that only grows, and asks whether to proceed."""

    def __init__(self, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._amount = 0.0

    def copied(self, part: float) -> None:
        """Report which share of the models has been copied.

        Raises:
            Cancelled: the build is to stop.
        """
        if not self._proceed(_COPYING * part):
            raise Cancelled("The build was cancelled.")

    def built(self, part: float) -> bool:
        """Report Embree's share; False if the build is to stop."""
        return self._proceed(_COPYING + (1 - _COPYING) * part)

    def _proceed(self, amount: float) -> bool:
        if self._progress is not None and amount >= self._amount + 0.01:
            self._amount = amount
            self._progress(amount)
        return self._cancelled is None or not self._cancelled()
