"""A model's simulation: a report, and which of its values each colour slot shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.coloring import Colors
from brayns_widget.service.renderer.ramp import ColorRamp
from brayns_widget.service.renderer.reports import Report


class Simulation:
    """Colours of slots by a report's values. Owns the report.

    Args:
        report: gives the values; closed by ``close``.
        columns: (slots,) the value that each slot shows; -1: none, it keeps the model's own colour.

    Attributes:
        enabled: whether the model shows it.
    """

    def __init__(self, report: Report, columns: npt.NDArray[np.intp]) -> None:
        self.timeline = report.timeline
        self.enabled = True
        self._report = report
        self._columns = np.maximum(columns, 0)
        self._without = np.flatnonzero(columns < 0)
        self._frame = self.timeline.start
        self._ramp = ColorRamp()
        self._table = self._ramp.table()

    @property
    def ramp(self) -> ColorRamp:
        """Which colour a value has; assign another one to change it."""
        return self._ramp

    @ramp.setter
    def ramp(self, ramp: ColorRamp) -> None:
        self._ramp = ramp
        self._table = ramp.table()

    def seek(self, time: float) -> bool:
        """Go to the frame of a time (in the report's unit), or the nearest one that exists; False if it is there."""
        line = self.timeline
        frame = min(max(line.start, round((time - line.origin) / line.dt)), line.end)
        changed = frame != self._frame
        self._frame = frame
        return changed

    def colors(self, own: Colors) -> Colors:
        """Colour all slots by the current frame.

        Args:
            own: (slots, 4) the model's own colours, for slots without a value.

        Raises:
            OSError: the report cannot be read.
        """
        if not self.enabled:
            return own
        levels = self._ramp.levels(self._report.read(self._frame))
        colors = self._table[levels[self._columns]]
        colors[self._without] = own[self._without]
        return colors

    def close(self) -> None:
        """Close the report."""
        self._report.close()
