"""Reports of simulations: values by frame, for the columns (compartments, synapses, cells) that a model shows."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.ramps import RESTING, SPIKING

Floats = npt.NDArray[np.float32]

SPIKE_STEP = 0.01  # ms, the duration of a frame of spikes


@dataclass(frozen=True)
class Timeline:
    """The frames of a report.

    Attributes:
        dt: duration of a frame, in ``unit``.
        start: the first frame; frames count from ``origin``.
        end: the last frame.
        unit: of time.
        origin: the time of frame 0, in ``unit``.
    """

    dt: float
    start: int
    end: int
    unit: str = "ms"
    origin: float = 0.0


class Report(Protocol):
    """A source of values; its owner closes it."""

    timeline: Timeline

    def read(self, frame: int) -> Floats:
        """Read the values (columns,) of a frame; valid until the next call."""

    def close(self) -> None:
        """Close the file."""


class FrameReport:
    """A report that stores a value for each column and frame, in an HDF5 file that stays open.

    Args:
        file: an open ``h5py.File``; closed with the report.
        data: its dataset (frames, all columns).
        timeline: its frames.
        first: the first column that is needed.
        last: the one behind the last column that is needed.
    """

    def __init__(self, file: Any, data: Any, timeline: Timeline, first: int, last: int) -> None:
        self.timeline = timeline
        self._file = file
        self._path = Path(file.filename)
        self._stored = self._path.stat()
        self._data = data
        self._columns = slice(first, last)
        self._values = np.empty(last - first, np.float32)

    def read(self, frame: int) -> Floats:
        """Read a frame.

        Raises:
            OSError: the file cannot be read any more.
        """
        # HDF5 would read zeros beyond the end of a file that has become shorter.
        with contextlib.suppress(FileNotFoundError):  # whose handle is still good
            stored = self._path.stat()
            if os.path.samestat(stored, self._stored) and stored.st_size < self._stored.st_size:
                raise OSError(f"{self._path} has become shorter since it was opened")
        self._data.read_direct(self._values, np.s_[frame, self._columns])
        return self._values

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class SpikeReport:
    """Spikes: a cell glows around the time of its spike.

    Args:
        times: (N,) ascending, in ms.
        cells: (N,) index of the cell that each belongs to.
        count: how many cells there are: as many columns.
        transition: ms during which a cell leaves rest before a spike, and returns to it after.
    """

    def __init__(
        self, times: npt.NDArray[np.float64], cells: npt.NDArray[np.intp], count: int, transition: float
    ) -> None:
        self._times = times
        self._cells = cells
        self._count = count
        self._transition = transition
        # Recorded times carry the rounding of sums of steps: 26.50000000009903 ms is frame 2650.
        start, end = (int(times[index] / SPIKE_STEP + 1e-6) for index in (0, -1))
        self.timeline = Timeline(SPIKE_STEP, start, end)

    def read(self, frame: int) -> Floats:
        """Compute the values of a frame: the spiking one at a spike, nearer to rest before and after it.

        As Brayns 3.10.1 does, fitted to reference pictures: linear in time on both sides.
        """
        now = frame * SPIKE_STEP
        reach = max(self._transition, SPIKE_STEP)  # less would fall between two frames
        first, last = np.searchsorted(self._times, (now - reach, now + reach))
        values = np.full(self._count, RESTING, np.float32)
        parts = 1.0 - np.abs(now - self._times[first:last]) / reach
        np.maximum.at(values, self._cells[first:last], (RESTING + (SPIKING - RESTING) * parts).astype(np.float32))
        return values

    def close(self) -> None:
        """Do nothing: no file is open."""
