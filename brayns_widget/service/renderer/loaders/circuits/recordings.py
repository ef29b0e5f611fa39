"""Recordings of SONATA simulations: reports and spikes of the loaded cells.

Format: SONATA developer guide, "Simulation output": see ``sonata.reports``, and ``/spikes``; BMTK's older names of
datasets are understood.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from brayns_widget.service import hdf5
from brayns_widget.service.confined import check_confined
from brayns_widget.service.recognised import check_file
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.reports import FrameReport, FrameSource, SpikeReport, Timeline
from brayns_widget.service.renderer.content.simulation import RadiiSimulation, Simulation
from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.circuits.columns import CellColumns
from brayns_widget.service.sonata.config import SimulationConfig
from brayns_widget.service.sonata.problems import UNREADABLE, words
from brayns_widget.service.sonata.reports import ReportFile, dataset, unit_of

_MILLISECONDS = {"ms": 1.0, "s": 1000.0}
Ints = npt.NDArray[np.int64]
Columns = npt.NDArray[np.intp]


class Recording(ReportFile):
    """An open report of one population."""

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
        """Make a simulation that changes colors; it opens the file again.

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
        timeline = Timeline(self.dt, 0, self.frames - 1, self.unit, self.start)
        report = FrameReport(FrameSource.of(self.data, first, last), timeline)
        return report, np.where(columns >= 0, columns - first, -1)


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
    file = report_file(config, kind, name)
    check_confined(file)
    return Recording(file, name, population)


def report_file(config: SimulationConfig, kind: str, name: str) -> str:
    """Find the file of a report and check its type.

    Raises:
        RequestError: there is no such report, or it has another type.
    """
    config.check_report(name)
    if name not in config.reports:
        has = f"it has {', '.join(sorted(config.reports))}" if config.reports else "it has none"
        # The first words are the real renderer's.
        raise failure(f"The report {name!r} is not present in the simulation config file {config.path}; {has}")
    found = config.reports[name].type
    # A compartment_set is a report of some compartments, and blood flow is recorded as compartments of vessels.
    if found.removesuffix("_set") != ("compartment" if kind.startswith("bloodflow") else kind):
        raise failure(f"Report {name!r} of {config.path} is of type {found}, not {kind}")
    return config.reports[name].file


def _spikes(file_name: str, population: str) -> tuple[npt.NDArray[np.float64], Ints]:
    """Read the times in ms and the nodes of all spikes; not with libsonata, which insists on a unit."""
    check_confined(file_name)
    try:
        check_file(Path(file_name), hdf5=True)
        with h5py.File(file_name, "r") as file:
            group = hdf5.found(file, "spikes")
            if group is None:
                raise KeyError("it has no group spikes")
            if "timestamps" not in group:  # BMTK's first files have them without a population
                if population not in group:
                    others = ", ".join(group)
                    raise failure(f"{file_name} has no spikes of population {population}, but of: {others}")
                group = group[population]
            hdf5.check(group)
            times, nodes = group["timestamps"], dataset(group, "node_ids", "gids")
            unit = unit_of(times)
            if unit not in _MILLISECONDS or times.ndim != 1 or times.shape != nodes.shape:
                raise ValueError(f"{times.shape} times in {unit!r} of {nodes.shape} nodes")
            return np.asarray(times, np.float64) * _MILLISECONDS[unit], np.asarray(nodes, np.int64)
    except UNREADABLE as error:
        raise failure(f"{file_name} cannot be read as spikes: {words(error)}") from error


def read_spikes(config: SimulationConfig, population: str, ids: Ints, transition: float) -> SpikeReport:
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
    return SpikeReport(times[order], np.searchsorted(ids, nodes[order]), len(ids), transition)
