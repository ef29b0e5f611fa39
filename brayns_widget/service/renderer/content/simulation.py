"""Simulations: the colors or radii of a model by the values of a report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from brayns_widget.service.reading.reader import Runner
from brayns_widget.service.renderer.content.coloring.base import Colors
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.ramps import NOT_A_NUMBER, ColorRamp
from brayns_widget.service.renderer.content.reports import Report
from brayns_widget.service.rpc.running import RunningRequest


class Simulation:
    """A simulation that colors slots by a report's values. Owns the report.

    Args:
        report: gives the values; closed by ``close``.
        columns: (slots,) index of each slot's value; -1: none, it keeps the model's own color.

    Attributes:
        enabled: whether the model shows it.
    """

    def __init__(self, report: Report, columns: npt.NDArray[np.intp]) -> None:
        self.timeline = report.timeline
        self._enabled = True
        self._report = report
        self._columns = np.maximum(columns, 0)
        self._without = np.flatnonzero(columns < 0)
        self._frame = self.timeline.start
        self._shown_frame: int | None = self._frame
        self._ramp = ColorRamp()
        self._table = self._ramp.table()

    @property
    def enabled(self) -> bool:
        """Whether the model shows it; a report that could not be read is tried again when this is set."""
        return self._enabled

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self._enabled = enabled
        if enabled:
            self._report.try_again()

    @property
    def outdated(self) -> bool:
        """Whether its models do not show the current frame."""
        return self._frame != self._shown_frame

    def shown(self, *, by_all: bool) -> None:
        """Note that all its models, or just some of them, show the current frame."""
        self._shown_frame = self._frame if by_all else None

    @property
    def ramp(self) -> ColorRamp:
        """The color ramp; assign another one to change it."""
        return self._ramp

    @ramp.setter
    def ramp(self, ramp: ColorRamp) -> None:
        self._ramp = ramp
        self._table = ramp.table()

    def seek(self, time: float) -> None:
        """Go to the frame of a time (in the report's unit), or the nearest one that exists."""
        line = self.timeline
        self._frame = min(max(line.start, round((time - line.origin) / line.dt)), line.end)

    def colors(self, own: Colors, request: RunningRequest | None = None) -> Colors:
        """Color all slots by the current frame; what is not a number has a color of its own.

        Args:
            own: (slots, 4) the model's own colors, for slots without a value.
            request: ends the reading when cancelled.

        Raises:
            OSError: the report cannot be read.
            RequestError: 20, ``request`` is cancelled.
        """
        if not self.enabled:
            return own
        values = self._report.read(self._frame, request)
        colors = self._table[self._ramp.levels(values)[self._columns]]
        if (unknown := np.isnan(values)).any():
            colors[unknown[self._columns]] = NOT_A_NUMBER
        colors[self._without] = own[self._without]
        return colors

    def shape(self, request: RunningRequest | None = None) -> Geometry | None:
        """Make the model's geometry of the current frame, before it is made thicker; None: no frame changes it.

        Args:
            request: ends the reading when cancelled.

        Raises:
            OSError: the report cannot be read.
            RequestError: 20, ``request`` is cancelled.
        """
        del request
        return None

    def read_by(self, runner: Runner) -> None:
        """Let another one read the report from now on."""
        self._report.read_by(runner)

    def close(self) -> None:
        """Close the report."""
        self._report.close()


class RadiiSimulation(Simulation):
    """A simulation that sets radii of segments by a report's values, one for both ends; colors stay. Owns the report.

    Args:
        report: gives the radii, in µm; closed by ``close``.
        columns: (slots,) the value that the segments of each slot have; -1: none, they keep their radii.
        plain: the model's geometry without the report; segments share no vertices.
        factor: for the radii.
    """

    def __init__(self, report: Report, columns: npt.NDArray[np.intp], plain: Geometry, factor: float) -> None:
        super().__init__(report, columns)
        self._plain = plain
        self._factor = factor
        shown = columns[plain.segment_slots]
        ends = plain.segments[shown >= 0].astype(np.intp)
        self._ends = np.stack((ends, ends + 1))
        self._shown = shown[shown >= 0]

    def colors(self, own: Colors, request: RunningRequest | None = None) -> Colors:
        """Return the model's own colors."""
        del request
        return own

    def shape(self, request: RunningRequest | None = None) -> Geometry:
        """Make the geometry of the current frame; radii that are NaN or negative become 0."""
        if not self.enabled:
            return self._plain
        radii = self._factor * np.nan_to_num(self._report.read(self._frame, request)[self._shown], posinf=0.0)
        vertices = self._plain.vertices.copy()
        vertices[self._ends, 3] = np.maximum(radii, 0.0)
        return replace(self._plain, vertices=vertices)
