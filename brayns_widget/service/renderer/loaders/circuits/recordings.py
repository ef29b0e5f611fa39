"""Recordings of SONATA simulations: reports and spikes of the loaded cells.

Format: SONATA developer guide, "Simulation output": ``/report/<population>/data`` with ``mapping``, ``/spikes``;
BMTK's older names of datasets are understood. Spikes and frames are read with h5py, which keeps the file open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.confined import check_confined
from brayns_widget.service.recognised import check_file
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.reports import FrameReport, SpikeReport, Timeline
from brayns_widget.service.renderer.content.simulation import RadiiSimulation, Simulation
from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.circuits.columns import CellColumns
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.sonata.config import SimulationConfig
from brayns_widget.service.sonata.problems import UNREADABLE, words

_CACHE = 1 << 26  # bytes; a chunk of a compressed report is unpacked once for all its frames
_MILLISECONDS = {"ms": 1.0, "s": 1000.0}
Ints = npt.NDArray[np.int64]
Columns = npt.NDArray[np.intp]


class Recording:
    """An open report of one population: a value for each column and frame. Owns the file until ``simulation``.

    Args:
        file: the open file.
        group: the population's group in it.
        title: of the report, for messages.

    Attributes:
        node_ids: (M,) ids of its nodes.
        index_pointers: (M + 1,) where each node's columns begin and, last, end.
        element_ids: dataset of all columns' ids of sections or synapses.
        element_pos: dataset of all columns' places within their section, from 0 to 1, or None.

    Raises:
        KeyError: a group or a dataset is missing.
        ValueError: the mapping does not fit the data.
    """

    def __init__(self, file: Any, group: Any, title: str) -> None:
        self._file = file
        self._title = title
        mapping = group["mapping"]
        self._data = group["data"]
        node_ids = _first(mapping, "node_ids", "gids")
        if self._data.ndim != 2 or mapping["time"].ndim != 1 or node_ids.ndim != 1:
            raise ValueError("its data must be a table of frames and columns, its times and node ids lists")
        if self._data.dtype.kind not in "iuf":
            raise ValueError(f"its data are no numbers, but {self._data.dtype}")
        if len(mapping["time"]) < 3:
            raise ValueError(f"its times must be start, end and step, got {len(mapping['time'])} numbers")
        start, end, dt = (float(number) for number in mapping["time"][:3])
        frames = len(self._data)
        if not (dt > 0 and np.isfinite((start, end, dt)).all() and frames):
            raise ValueError(f"it has {frames} frames of {dt:g} from {start:g} to {end:g}")
        unit = _unit(mapping["time"])
        if unit == "s":  # as simulators of blood flow write; reports play together in one unit
            start, dt, unit = 1000 * start, 1000 * dt, "ms"
        self._timeline = Timeline(dt, 0, frames - 1, unit, start)
        self.node_ids = np.asarray(node_ids, np.int64)
        # The guide's first edition, and so BMTK, has the singular.
        self.index_pointers = np.asarray(_first(mapping, "index_pointers", "index_pointer"), np.int64)
        self.element_ids, self.element_pos = _first(mapping, "element_ids", "element_id"), mapping.get("element_pos")
        if self.element_ids.dtype.kind not in "iu":
            raise ValueError(f"its element ids are no whole numbers, but {self.element_ids.dtype}")
        places = self.element_pos
        if places is not None and (places.dtype.kind not in "iuf" or places.shape != self.element_ids.shape):
            raise ValueError(f"its element_pos must be a number for each element, got {places.shape} of {places.dtype}")
        pointers = self.index_pointers
        width = min(self._data.shape[1], len(self.element_ids))
        if len(pointers) != len(self.node_ids) + 1 or (np.diff(pointers, prepend=0) < 0).any() or pointers[-1] > width:
            raise ValueError("its mapping does not fit its data")

    def cells(self, ids: Ints) -> CellColumns:
        """Find the columns of cells.

        Raises:
            RequestError: it has none of them.
        """
        columns = CellColumns(ids, self.node_ids, self.index_pointers, self.element_ids, self.element_pos)
        if not columns.count:
            raise self.refusal("it has none of the cells that are to be loaded")
        return columns

    def simulation(self, columns: Columns) -> Simulation:
        """Make a simulation that changes colors; it owns the file from then on.

        Args:
            columns: (slots,) the column that each slot shows; -1: none.

        Raises:
            RequestError: no slot shows any.
        """
        return Simulation(*self._report(columns))

    def radii(self, columns: Columns, plain: Geometry, factor: float) -> RadiiSimulation:
        """Make a simulation that changes radii; see ``simulation`` and ``RadiiSimulation``."""
        return RadiiSimulation(*self._report(columns), plain, factor)

    def _report(self, columns: Columns) -> tuple[FrameReport, Columns]:
        """Open the report, and find the value of each slot."""
        shown = columns[columns >= 0]
        if not len(shown):
            raise self.refusal("it has no values of what is to be loaded")
        first, last = int(shown.min()), int(shown.max()) + 1
        report = FrameReport(self._file, self._data, self._timeline, first, last)
        return report, np.where(columns >= 0, columns - first, -1)

    def refusal(self, problem: str) -> RequestError:
        """Make the error of a report that cannot be shown."""
        return failure(f"{self._title} cannot be used: {problem}")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_recording(config: SimulationConfig, kind: str, name: str, population: str) -> Recording:
    """Open a report.

    Args:
        config: the simulation.
        kind: the report's type as the client names it.
        name: of the report in the configuration.
        population: of the nodes.

    Raises:
        RequestError: there is no such report, it has another type, or its file cannot be used.
    """
    file_name = report_file(config, kind, name)
    title = f"Report {name!r} in {file_name}"
    file = _opened(file_name)
    try:
        return Recording(file, _group(file, population), title)
    except UNREADABLE as error:
        file.close()
        raise failure(f"{title} cannot be used: {words(error)}") from error
    except BaseException:
        file.close()
        raise


def _group(file: Any, population: str) -> Any:
    """Find the report of a population; BMTK's first files have one without a name, beside nothing else."""
    if "report" not in file and "data" in file:
        return file
    populations = file.get("report", {})
    if population not in populations:
        others = f", but of: {', '.join(populations)}" if len(populations) else ""
        raise ValueError(f"it has no population {population}{others}")
    return populations[population]


def _first(group: Any, *names: str) -> Any:
    """Return the dataset that has one of these names."""
    found = next((name for name in names if name in group), None)
    if found is None:
        raise KeyError(f"{group.name} has no {names[0]}")
    return group[found]


def _unit(times: Any) -> str:
    """Read the unit of a dataset of times; ms if there is none."""
    unit = times.attrs.get("units", "ms")
    return unit.decode() if isinstance(unit, bytes) else str(unit)


def report_file(config: SimulationConfig, kind: str, name: str) -> str:
    """Find the file of a report and check its type.

    Raises:
        RequestError: there is no such report, or it has another type.
    """
    if name not in config.reports and name in config.left_out:
        raise failure(f"Report {name!r} cannot be used: {config.left_out[name]}")
    if name not in config.reports:
        has = f"it has {', '.join(sorted(config.reports))}" if config.reports else "it has none"
        # The first words are the real renderer's.
        raise failure(f"The report {name!r} is not present in the simulation config file {config.path}; {has}")
    found = config.reports[name].type
    # A compartment_set is a report of some compartments, and blood flow is recorded as compartments of vessels.
    if found.removesuffix("_set") != ("compartment" if kind.startswith("bloodflow") else kind):
        raise failure(f"Report {name!r} of {config.path} is of type {found}, not {kind}")
    return config.reports[name].file


def _opened(file_name: str) -> Any:
    check_confined(file_name)
    if not Path(file_name).is_file():
        raise failure(f"The report's file {file_name} does not exist; has the simulation been run?")
    try:
        check_file(Path(file_name), hdf5=True)
        return h5py.File(file_name, "r", rdcc_nbytes=_CACHE)
    except UNREADABLE as error:
        raise failure(f"{file_name} cannot be read as a report: {words(error)}") from error


def _spikes(file_name: str, population: str) -> tuple[npt.NDArray[np.float64], Ints]:
    """Read the times in ms and the nodes of all spikes; not with libsonata, which insists on a unit."""
    check_confined(file_name)
    try:
        check_file(Path(file_name), hdf5=True)
        with h5py.File(file_name, "r") as file:
            group = file["spikes"]
            if "timestamps" not in group:  # BMTK's first files have them without a population
                if population not in group:
                    others = ", ".join(group)
                    raise failure(f"{file_name} has no spikes of population {population}, but of: {others}")
                group = group[population]
            times, nodes = group["timestamps"], _first(group, "node_ids", "gids")
            unit = _unit(times)
            if unit not in _MILLISECONDS or times.ndim != 1 or times.shape != nodes.shape:
                raise ValueError(f"{times.shape} times in {unit!r} of {nodes.shape} nodes")
            return np.asarray(times, np.float64) * _MILLISECONDS[unit], np.asarray(nodes, np.int64)
    except UNREADABLE as error:
        raise failure(f"{file_name} cannot be read as spikes: {words(error)}") from error


def spike_simulation(config: SimulationConfig, population: str, ids: Ints, transition: float) -> Simulation:
    """Read the spikes of the loaded cells.

    Args:
        config: the simulation.
        population: of the nodes.
        ids: (N,) ascending, of the cells that are loaded.
        transition: ms around a spike during which a cell differs from rest.

    Raises:
        RequestError: there is no file of spikes, or none of these cells.
    """
    file_name = config.spikes_file
    if not Path(file_name).is_file():
        raise failure(f"The simulation's spikes {file_name} do not exist; has it been run?")
    times, nodes = _spikes(file_name, population)
    order = np.argsort(times, kind="stable")
    order = order[np.isin(nodes[order], ids) & np.isfinite(times[order]) & (times[order] >= 0)]
    if not len(order):
        raise failure(f"{file_name} has no spikes of the cells that are to be loaded")
    report = SpikeReport(times[order], np.searchsorted(ids, nodes[order]), len(ids), transition)
    return Simulation(report, np.arange(len(Section) * len(ids)) // len(Section))
