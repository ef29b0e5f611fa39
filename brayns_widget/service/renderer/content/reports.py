"""Reports of simulations: values by frame, for the columns (compartments, synapses, cells) that a model shows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import CANCELLED, RequestError
from brayns_widget.service import hdf5
from brayns_widget.service.confined import check_confined
from brayns_widget.service.reading.reader import Here, Runner
from brayns_widget.service.renderer.content.ramps import RESTING, SPIKING
from brayns_widget.service.rpc.running import RunningRequest

Floats = npt.NDArray[np.float32]

_CACHE = 1 << 26  # bytes; a chunk of a compressed report is unpacked once for all its frames
LONGEST_READING = 5.0  # seconds for one frame, while all clients of the renderer wait for it
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

    def read(self, frame: int, request: RunningRequest | None = None) -> Floats:
        """Read the values (columns,) of a frame; valid until the next call. See ``FrameReport.read``."""

    def try_again(self) -> None:
        """Read the file again, although an earlier reading had to be ended."""

    def read_by(self, runner: Runner) -> None:
        """Let another one read files from now on."""

    def close(self) -> None:
        """Close the file."""


@dataclass(frozen=True)
class FrameSource:
    """Where a report's values are stored: some columns of a table (frames, columns) in an HDF5 file.

    Attributes:
        path: the file.
        table: the name of its dataset.
        first: the first column that is needed.
        last: the one behind the last column that is needed.
        file: device, inode and bytes of the file when it was found.
    """

    path: str
    table: str
    first: int
    last: int
    file: tuple[int, int, int]

    @classmethod
    def of(cls, data: Any, first: int, last: int) -> FrameSource:
        """Tell where an open dataset of h5py is."""
        path = Path(data.file.filename)
        stored = path.stat()
        return cls(str(path), data.name, first, last, (stored.st_dev, stored.st_ino, stored.st_size))


class _OpenFrames:
    """A source that is open: it is read again and again."""

    def __init__(self, source: FrameSource) -> None:
        import h5py  # here: who lets another process read needs none of it

        check_confined(source.path)
        self._source = source
        self._check(may_be_gone=False)
        self.file = h5py.File(source.path, "r", rdcc_nbytes=_CACHE)
        self._data = self.file[source.table]
        hdf5.check(self._data)
        self._columns = slice(source.first, source.last)
        self._values = np.empty(source.last - source.first, np.float32)

    def _check(self, *, may_be_gone: bool) -> None:
        """HDF5 would read zeros beyond the end of a file that has become shorter."""
        device, inode, size = self._source.file
        try:
            stored = Path(self._source.path).stat()
        except FileNotFoundError:
            if may_be_gone:  # the handle is still good
                return
            raise
        same = (stored.st_dev, stored.st_ino) == (device, inode)
        if same and stored.st_size < size:
            raise OSError(f"{self._source.path} has become shorter since it was opened")
        if not (same or may_be_gone):
            raise OSError(f"{self._source.path} has been replaced since it was loaded")

    def read(self, frame: int) -> Floats:
        self._check(may_be_gone=True)
        self._data.read_direct(self._values, np.s_[frame, self._columns])
        return self._values


_open_frames: dict[FrameSource, _OpenFrames] = {}


def read_frame(request: RunningRequest, source: FrameSource, frame: int) -> list[Floats]:
    """Read the values of a frame; the file stays open until ``close_frames``."""
    request.progress(0.0, "Reading")  # the process is there
    if source not in _open_frames:
        _open_frames[source] = _OpenFrames(source)
    return [_open_frames[source].read(frame)]


def close_frames(request: RunningRequest, source: FrameSource) -> list[Any]:
    """Close what ``read_frame`` has opened."""
    del request
    if source in _open_frames:
        _open_frames.pop(source).file.close()
    return []


class FrameReport:
    """A report that stores a value for each column and frame.

    Args:
        source: where.
        timeline: its frames.
    """

    def __init__(self, source: FrameSource, timeline: Timeline) -> None:
        self.timeline = timeline
        self._source = source
        self._runner: Runner = Here()
        self._unreadable = ""

    def read_by(self, runner: Runner) -> None:
        """Let another one read the file from now on."""
        self._runner = runner

    def try_again(self) -> None:
        """Read the file again, although an earlier reading had to be ended."""
        self._unreadable = ""

    def read(self, frame: int, request: RunningRequest | None = None) -> Floats:
        """Read a frame, within ``LONGEST_READING``.

        A file that kills its reader, or keeps it for longer, is not read again until ``try_again``: each attempt would
        hold all clients up.

        Args:
            frame: its number.
            request: ends the reading when cancelled.

        Raises:
            OSError: the file cannot be read any more.
            RequestError: 20, ``request`` is cancelled.
        """
        if self._unreadable:
            raise OSError(self._unreadable)
        request = request or RunningRequest()
        reading = RunningRequest(lambda _amount, _operation: deadline.start())
        deadline = threading.Timer(LONGEST_READING, reading.cancel)
        deadline.daemon = True
        request.when_cancelled(reading.cancel)
        request.check()
        try:
            values: Floats = self._runner.run(self._source.path, read_frame, reading, self._source, frame)[0]
        except RequestError as error:
            request.check()
            late = f"{self._source.path} did not give its frame {frame} within {LONGEST_READING:g} s"
            why = late if error.code == CANCELLED else error.message
            self._unreadable = f"{why}; it is not read again until the simulation is disabled and enabled"
            raise OSError(self._unreadable) from error
        finally:
            deadline.cancel()
        return values

    def close(self) -> None:
        """Close the file."""
        self._runner.tidy(close_frames, self._source)


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

    def try_again(self) -> None:
        """Do nothing: there is no file."""

    def read(self, frame: int, request: RunningRequest | None = None) -> Floats:
        """Compute the values of a frame: the spiking one at a spike, nearer to rest before and after it.

        As Brayns 3.10.1 does, fitted to reference pictures: linear in time on both sides.
        """
        del request
        now = frame * SPIKE_STEP
        reach = max(self._transition, SPIKE_STEP)  # less would fall between two frames
        first, last = np.searchsorted(self._times, (now - reach, now + reach))
        values = np.full(self._count, RESTING, np.float32)
        parts = 1.0 - np.abs(now - self._times[first:last]) / reach
        np.maximum.at(values, self._cells[first:last], (RESTING + (SPIKING - RESTING) * parts).astype(np.float32))
        return values

    def read_by(self, runner: Runner) -> None:
        """Do nothing: there is no file."""

    def close(self) -> None:
        """Do nothing: no file is open."""
