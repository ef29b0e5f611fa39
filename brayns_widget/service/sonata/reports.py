"""Files of reports: which values of which nodes they hold, and of which times.

Format: SONATA developer guide, "Simulation output": ``/report/<population>/data`` with ``mapping``; BMTK's older names
of datasets are understood. Read with h5py, which keeps the file open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service import hdf5
from brayns_widget.service.recognised import check_file
from brayns_widget.service.sonata.problems import UNREADABLE, failure, words

_CACHE = 1 << 26  # bytes; a chunk of a compressed report is unpacked once for all its frames
Ints = npt.NDArray[np.int64]


class ReportFile:
    """An open report of one population: a value for each column and frame. Its owner closes it.

    Args:
        file_name: path of its file.
        name: of the report, for messages.
        population: of the nodes.

    Attributes:
        file: the open ``h5py.File``.
        data: its dataset (frames, columns).
        start: the time of the first frame, in ``unit``.
        dt: time between two frames, in ``unit``.
        frames: how many there are.
        unit: of time; "ms" where the file says "s", so that reports play together.
        node_ids: (M,) ids of its nodes.
        index_pointers: (M + 1,) where each node's columns begin and, last, end.
        element_ids: dataset of all columns' ids of sections or synapses.
        element_pos: dataset of all columns' places within their section, from 0 to 1, or None.

    Raises:
        RequestError: -32603, the file is missing, has no such population, or cannot be used.
    """

    def __init__(self, file_name: str, name: str, population: str) -> None:
        self._title = f"Report {name!r} in {file_name}"
        self.file = _opened(file_name)
        try:
            group = _group(self.file, population)
            hdf5.check(group)
            self._read(group)
        except UNREADABLE as error:
            self.close()
            raise self.refusal(words(error)) from error
        except BaseException:
            self.close()
            raise

    def _read(self, group: Any) -> None:
        mapping = group["mapping"]
        self.data = group["data"]
        node_ids = dataset(mapping, "node_ids", "gids")
        if self.data.ndim != 2 or mapping["time"].ndim != 1 or node_ids.ndim != 1:
            raise ValueError("its data must be a table of frames and columns, its times and node ids lists")
        if self.data.dtype.kind not in "iuf":
            raise ValueError(f"its data are no numbers, but {self.data.dtype}")
        if len(mapping["time"]) < 3:
            raise ValueError(f"its times must be start, end and step, got {len(mapping['time'])} numbers")
        start, end, dt = (float(number) for number in mapping["time"][:3])
        self.frames = len(self.data)
        if not (dt > 0 and np.isfinite((start, end, dt)).all() and self.frames):
            raise ValueError(f"it has {self.frames} frames of {dt:g} from {start:g} to {end:g}")
        unit = unit_of(mapping["time"])
        if unit == "s":  # as simulators of blood flow write
            start, dt, unit = 1000 * start, 1000 * dt, "ms"
        self.start, self.dt, self.unit = start, dt, unit
        self.node_ids = np.asarray(node_ids, np.int64)
        # The guide's first edition, and so BMTK, has the singular.
        self.index_pointers = np.asarray(dataset(mapping, "index_pointers", "index_pointer"), np.int64)
        self.element_ids, self.element_pos = dataset(mapping, "element_ids", "element_id"), mapping.get("element_pos")
        if self.element_ids.dtype.kind not in "iu":
            raise ValueError(f"its element ids are no whole numbers, but {self.element_ids.dtype}")
        places = self.element_pos
        if places is not None and (places.dtype.kind not in "iuf" or places.shape != self.element_ids.shape):
            raise ValueError(f"its element_pos must be a number for each element, got {places.shape} of {places.dtype}")
        pointers = self.index_pointers
        width = min(self.data.shape[1], len(self.element_ids))
        if len(pointers) != len(self.node_ids) + 1 or (np.diff(pointers, prepend=0) < 0).any() or pointers[-1] > width:
            raise ValueError("its mapping does not fit its data")

    def refusal(self, problem: str) -> RequestError:
        """Make the error of a report that cannot be used."""
        return failure(f"{self._title} cannot be used: {problem}")

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def node_spans(ids: Ints, node_ids: Ints, index_pointers: Ints) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Find the columns of nodes in a report.

    Args:
        ids: (N,) ids of the nodes to find.
        node_ids: (M,) ids of the nodes in the report, in any order.
        index_pointers: (M + 1,) where each node's columns begin and, last, end (SONATA's ``mapping/index_pointers``).

    Returns:
        (N,) each node's first column, (N,) the one behind its last, (N,) whether the report has it; 0, 0 if not.
    """
    if not len(node_ids):
        nothing = np.zeros(len(ids), np.int64)
        return nothing, nothing, np.zeros(len(ids), np.bool_)
    order = np.argsort(node_ids, kind="stable")
    place = order[np.minimum(np.searchsorted(node_ids, ids, sorter=order), len(order) - 1)]
    found = node_ids[place] == ids
    return np.where(found, index_pointers[place], 0), np.where(found, index_pointers[place + 1], 0), found


def dataset(group: Any, *names: str) -> Any:
    """Return the dataset that has one of these names.

    Raises:
        KeyError: there is none.
    """
    found = next((name for name in names if name in group), None)
    if found is None:
        raise KeyError(f"{group.name} has no {names[0]}")
    return group[found]


def unit_of(times: Any) -> str:
    """Read the unit of a dataset of times; ms if there is none."""
    unit = times.attrs.get("units", "ms")
    return unit.decode() if isinstance(unit, bytes) else str(unit)


def _group(file: Any, population: str) -> Any:
    """Find the report of a population; BMTK's first files have one without a name, beside nothing else."""
    if "report" not in file and "data" in file:
        return file
    found = hdf5.found(file, f"report/{population}")
    if found is None:
        populations = hdf5.found(file, "report") or {}
        others = f", but of: {', '.join(populations)}" if len(populations) else ""
        raise ValueError(f"it has no population {population}{others}")
    return found


def _opened(file_name: str) -> Any:
    if not Path(file_name).is_file():
        raise failure(f"The report's file {file_name} does not exist; has the simulation been run?")
    try:
        check_file(Path(file_name), hdf5=True)
        return h5py.File(file_name, "r", rdcc_nbytes=_CACHE)
    except UNREADABLE as error:
        raise failure(f"{file_name} cannot be read as a report: {words(error)}") from error
