"""What a SONATA simulation recorded: opens reports and spikes for the cells of a load.

Format: SONATA developer guide, "Simulation output": ``/report/<population>/data`` with ``mapping``, ``/spikes``. The
configuration and spikes are read with libsonata, frames of reports with h5py, which keeps the file open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import libsonata
import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.columns import CellColumns
from brayns_widget.service.renderer.loaders.morphology import Section
from brayns_widget.service.renderer.reports import FrameReport, SpikeReport, Timeline
from brayns_widget.service.renderer.simulation import Simulation

_CACHE = 1 << 26  # bytes; a chunk of a compressed report is unpacked once for all its frames
Ints = npt.NDArray[np.int64]


class Recording:
    """An open report of one population. Owns the file until ``simulation`` is called.

    Args:
        file: the open file.
        population: name of the group in ``/report``.
        ids: ids of the loaded cells.
    """

    def __init__(self, file: Any, population: str, ids: Ints) -> None:
        self._file = file
        group = file["report"][population]
        mapping = group["mapping"]
        self._data = group["data"]
        start, end, dt = (float(number) for number in mapping["time"][:3])
        frames = len(self._data)
        if not (dt > 0 and np.isfinite((start, end, dt)).all() and frames):
            raise ValueError(f"it has {frames} frames of {dt:g} from {start:g} to {end:g}")
        unit = mapping["time"].attrs.get("units", "ms")
        unit = unit.decode() if isinstance(unit, bytes) else str(unit)
        self._timeline = Timeline(dt, 0, frames - 1, unit, start)
        nodes, pointers = (np.asarray(mapping[name], np.int64) for name in ("node_ids", "index_pointers"))
        if len(pointers) != len(nodes) + 1 or (np.diff(pointers) < 0).any() or pointers[-1] > self._data.shape[1]:
            raise ValueError("its mapping does not fit its data")
        self.columns = CellColumns(ids, nodes, pointers, mapping["element_ids"])
        if not self.columns.count:
            raise ValueError("it has none of the cells that are to be loaded")

    def simulation(self) -> Simulation:
        """Make what the model shows; it owns the file from then on."""
        columns = self.columns
        report = FrameReport(self._file, self._data, self._timeline, columns.first, columns.last)
        return Simulation(report, columns.values())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_recording(config: Any, kind: str, name: str, population: str, ids: Ints) -> Recording:
    """Open a report.

    Args:
        config: a ``libsonata.SimulationConfig``.
        kind: the report's type as the client names it, ``compartment`` or ``summation``.
        name: of the report in the configuration.
        population: of the nodes.
        ids: of the cells that are loaded.

    Raises:
        RequestError: there is no such report, it has another type, or its file does not fit.
    """
    file_name = report_file(config, kind, name)
    file = _opened(file_name)
    try:
        if population not in file.get("report", {}):
            raise ValueError(f"it has no population {population}")
        return Recording(file, population, ids)
    except (OSError, KeyError, ValueError, IndexError) as error:
        file.close()
        text = error.args[0] if error.args else error
        raise failure(f"Report {name!r} in {file_name} cannot be used: {text}") from error


def report_file(config: Any, kind: str, name: str) -> str:
    """Find the file of a report and check its type.

    Raises:
        RequestError: there is no such report, or it has another type.
    """
    if name not in config.list_report_names:
        raise failure(f"The report {name!r} is not present in the simulation config file")  # the real renderer's words
    report = config.report(name)
    found = report.type.name
    if found.removesuffix("_set") != kind:  # a compartment_set is a report of some compartments
        raise failure(f"Report {name!r} is of type {found}, not {kind}")
    return str(report.file_name)


def _opened(file_name: str) -> Any:
    if not Path(file_name).is_file():
        raise failure(f"The report's file {file_name} does not exist; has the simulation been run?")
    try:
        return h5py.File(file_name, "r", rdcc_nbytes=_CACHE)
    except OSError as error:
        raise failure(f"{file_name} cannot be read as a report: {error}") from error


def spike_simulation(config: Any, population: str, ids: Ints, transition: float) -> Simulation:
    """Read the spikes of the loaded cells.

    Args:
        config: a ``libsonata.SimulationConfig``.
        population: of the nodes.
        ids: (N,) ascending, of the cells that are loaded.
        transition: ms around a spike during which a cell differs from rest.

    Raises:
        RequestError: there is no file of spikes, or none of these cells.
    """
    file_name = str(config.output.spikes_file)
    if not Path(file_name).is_file():
        raise failure(f"The simulation's spikes {file_name} do not exist; has it been run?")
    try:
        reader = libsonata.SpikeReader(file_name)
        names = reader.get_population_names()
        if population not in names:
            raise failure(f"{file_name} has no spikes of population {population}, but of: {', '.join(names)}")
        spikes = reader[population].get_dict()
    except (libsonata.SonataError, RuntimeError) as error:
        raise failure(f"{file_name} cannot be read as spikes: {error}") from error
    times, nodes = np.asarray(spikes["timestamps"], np.float64), np.asarray(spikes["node_ids"], np.int64)
    order = np.argsort(times, kind="stable")
    order = order[np.isin(nodes[order], ids) & np.isfinite(times[order]) & (times[order] >= 0)]
    if not len(order):
        raise failure(f"{file_name} has no spikes of the cells that are to be loaded")
    report = SpikeReport(times[order], np.searchsorted(ids, nodes[order]), len(ids), transition)
    return Simulation(report, np.arange(len(Section) * len(ids)) // len(Section))
