"""Frames of a report for selected nodes, read in the child process that runs ``circuits``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.answers import MAX_ANSWER
from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.backend.nodes import unpacked
from brayns_widget.service.sonata.reports import ReportFile, node_spans

if TYPE_CHECKING:
    from brayns_widget.service.backend.circuits import Config

_PIECE = 1 << 24  # columns that are read at once
_ROUNDING = 1e-6  # frames; times of files are sums of steps


class Frames:
    """An open report, of which frames are read.

    A frame's time is its number times the step that the configuration tells, as clients of Brayns count; the file may
    have stored fewer or more. It shows what was stored last at or before its time.

    Args:
        config: of the simulation.
        population: of the nodes.
        name: of the report.
        ids: of the nodes, see ``nodes.unpacked``.

    Attributes:
        first: number of the first frame.
        last: of the last one.

    Raises:
        RequestError: -32602, there is no such report; -32603, it cannot be used, or has none of the nodes.
    """

    def __init__(self, config: Config, population: str, name: str, ids: bytes | memoryview) -> None:
        report = config.report(name)
        self._file = ReportFile(report.file, name, population)
        self._step = report.dt if report.dt > 0 else self._file.dt
        end = self._file.start + self._file.frames * self._file.dt
        try:
            self.first = math.ceil(self._file.start / self._step - _ROUNDING)
            self.last = math.ceil(end / self._step - _ROUNDING) - 1
        except OverflowError as error:
            raise self._file.refusal(f"it ends at {end:g}, which are too many steps of {self._step:g}") from error
        nodes = unpacked(ids)
        begins, ends, found = node_spans(nodes, self._file.node_ids, self._file.index_pointers)
        if not found.any():
            raise self._file.refusal(f"it has none of the {len(nodes)} selected nodes")
        lengths = ends - begins
        if (count := int(lengths.sum())) > MAX_ANSWER:
            raise self._file.refusal(f"the selected nodes have {count} values a frame; select fewer")
        # Each node's columns, one node after the other.
        self._columns = np.repeat(begins - np.cumsum(lengths) + lengths, lengths) + np.arange(count)

    def read(self, frame: int, min_value: float, max_value: float) -> bytes:
        """Read a frame: a byte for each value of each node, 0 for ``min_value`` or less, 255 for ``max_value`` or more.

        Raises:
            RequestError: -32603, the report has no such frame.
        """
        if not self.first <= frame <= self.last:
            raise RequestError(
                f"There is no frame {frame}: the report has the frames {self.first} to {self.last}, "
                f"{self._step:g} {self._file.unit} apart",
                code=INTERNAL_ERROR,
            )
        stored = math.floor((frame * self._step - self._file.start) / self._file.dt + _ROUNDING)
        values = self._values(min(max(0, stored), self._file.frames - 1))
        with np.errstate(all="ignore"):
            parts = (values - min_value) * 255 / (max_value - min_value)
        return np.nan_to_num(parts, nan=0.0, posinf=255.0, neginf=0.0).clip(0, 255).astype(np.uint8).tobytes()

    def _values(self, row: int) -> npt.NDArray[np.float64]:
        values = np.zeros(len(self._columns))
        if not len(values):
            return values
        first, last = int(self._columns.min()), int(self._columns.max()) + 1
        for begin in range(first, last, _PIECE):
            piece = self._file.data[row, begin : min(begin + _PIECE, last)]
            inside = (self._columns >= begin) & (self._columns < begin + _PIECE)
            values[inside] = piece[self._columns[inside] - begin]
        return values
