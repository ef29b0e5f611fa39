"""Contents of a SONATA configuration, read in a process that runs ``tasks``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brayns_widget.protocol.answers import check_answer
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.sonata.config import (
    NodeSets,
    ReportConfig,
    SimulationConfig,
    read_configuration,
    read_node_sets,
)
from brayns_widget.service.sonata.folders import configuration_of
from brayns_widget.service.sonata.listing import VIRTUAL, Circuit, Listed

if TYPE_CHECKING:
    from brayns_widget.service.sonata.populations import EdgePopulation, Population


class Config:
    """A circuit's configuration, or a simulation's with that of its circuit.

    All files that are opened have to be inside the base directory: otherwise a made-up configuration would open any
    file for its client.

    Args:
        base: the directory that the files are confined to.
        path: of the configuration, or of a directory that holds one, as the client gave it.

    Raises:
        RequestError: -32602, the file, or the circuit that it names, is outside or missing; -32603, it cannot be read.
    """

    def __init__(self, base: BaseDirectory, path: str) -> None:
        self._base = base
        base.regular_file(path, or_directory=True)
        # Not resolved, as in the renderer: what a link points to, such as a file of a cache, has other neighbors.
        file = configuration_of(Path(path), self._check)
        config, self.simulation, self.problems = read_configuration(file, self._check)
        self.circuit = Circuit(config, self._check)

    def _check(self, path: str) -> None:
        self._base.regular_file(path, code=INTERNAL_ERROR)

    def listed(self) -> list[Listed]:
        """Describe the node populations, by name.

        Raises:
            RequestError: there are some, and none of them can be read.
        """
        found = list(self.circuit.listed_nodes())
        errors = [*(item.error for item in found if item.error), *self.circuit.errors]
        if errors and all(item.error for item in found):
            raise errors[0]
        return found

    def population(self, name: str) -> Population:
        """Open a node population, which may be virtual.

        Raises:
            RequestError: -32602, there is none of this name.
        """
        known = list(self.circuit.node_files)
        if name not in known:
            there_are = f"there are {', '.join(map(repr, known))}" if known else "there is none"
            place = self.circuit.config.path
            raise RequestError(f"There is no node population {name!r} in {place}; {there_are}", code=INVALID_PARAMS)
        return self.circuit.nodes(name)

    def edges(self, name: str) -> EdgePopulation:
        """Open an edge population.

        Raises:
            RequestError: -32602, there is none of this name.
        """
        known = list(self.circuit.edge_files)
        if name not in known:
            there_are = f"there are {', '.join(map(repr, known))}" if known else "there is none"
            place = self.circuit.config.path
            raise RequestError(f"There is no edge population {name!r} in {place}; {there_are}", code=INVALID_PARAMS)
        return self.circuit.edges(name)

    def report(self, name: str) -> ReportConfig:
        """Return a report of the simulation; its file may be opened.

        Raises:
            RequestError: -32602, there is none of this name; -32603, it makes no sense, or its file is missing.
        """
        if self.simulation is None:
            place = self.circuit.config.path
            raise RequestError(f"Selected nodes have no simulations: {place} tells of a circuit", code=INVALID_PARAMS)
        self.simulation.check_report(name)
        known = {item.name: item for item in self.simulation.reports.values() if item.enabled}
        if name not in known:
            if name in self.simulation.reports:
                raise RequestError(
                    f"Report {name!r} of {self.simulation.path} is not enabled there, so that it was not written",
                    code=INVALID_PARAMS,
                )
            there_are = f"there are {', '.join(map(repr, known))}" if known else "there is none"
            raise RequestError(
                f"Invalid report name: {name!r} in {self.simulation.path}; {there_are}", code=INVALID_PARAMS
            )
        self._check(known[name].file)
        return known[name]

    def node_sets(self) -> NodeSets:
        """Return the node sets of circuit and simulation, by name; a missing file counts as empty, as in Brayns."""
        paths = [self.circuit.config.node_sets_file, self.simulation.node_sets_file if self.simulation else ""]
        found = [path for path in filter(None, paths) if self._base.resolve(path).exists()]
        return read_node_sets(found, self._check, circuit=str(self.circuit.config.path))


def populations(config: Config) -> dict[str, Any]:
    """Describe node populations that are not virtual, edge populations and reports."""
    return {
        "populations": [
            {"name": item.name, "type": item.type, "size": item.size}
            for item in config.listed()
            if item.type != VIRTUAL and not item.error
        ],
        "reports": _reports(config.simulation),
        "edges": _edges(config),
    }


def contents(config: Config) -> dict[str, Any]:
    """Describe all that there is, with what cannot be shown or read, and why."""
    listed = [
        {"name": item.name, "type": item.type, "size": item.size, "reason": item.reason} for item in config.listed()
    ]
    found = {"populations": listed, "reports": _reports(config.simulation), "edges": _edges(config)}
    simulation = config.simulation.problems if config.simulation else []
    return found | {"notices": [*config.circuit.problems, *config.problems, *simulation]}


def _edges(config: Config) -> list[dict[str, Any]]:
    return [
        {"name": edges.name, "size": edges.size, "source": edges.source, "target": edges.target}
        for edges in config.circuit.listed_edges()
    ]


def _reports(simulation: SimulationConfig | None) -> list[dict[str, Any]]:
    """Describe the spikes, with an empty name, and the enabled reports; times in ms."""
    if simulation is None:
        return []
    spikes = {"type": "spikes", "name": "", "start": 0.0, "end": simulation.tstop, "delta": simulation.dt, "unit": "ms"}
    reports = [spikes | {"cells": simulation.node_set}]
    for name, report in sorted(simulation.reports.items()):
        if report.enabled:
            reports.append(
                {
                    "type": report.type,
                    "name": name,
                    "start": report.start,
                    "end": report.end,
                    "delta": report.dt,
                    "unit": report.unit,
                    "cells": report.cells,
                }
            )
    return reports


def node_sets(config: Config) -> dict[str, Any]:
    """Return the names of the node sets, sorted."""
    return {"node_sets": sorted(config.node_sets().values)}


def node_attributes(config: Config, population: str) -> dict[str, Any]:
    """Return names and types of the attributes of a node population."""
    from brayns_widget.service.backend import attributes  # imports NumPy, which the other questions do not need

    return attributes.listed(config.population(population))


def get_node_attributes(
    config: Config, population: str, ids: list[int] | None, names: list[str] | None
) -> tuple[dict[str, Any], bytes]:
    """Read attributes of nodes; return the columns' descriptions and the columns."""
    from brayns_widget.service.backend import attributes

    return attributes.read(config.population(population), ids, names)


def get_node_set_ids(config: Config, population: str, node_sets: list[str]) -> tuple[dict[str, Any], bytes]:
    """Return how many nodes of a population are in each node set, and their ids, as little-endian int64.

    Raises:
        RequestError: -32602, there is no such population or node set, or they are too many for one answer.
    """
    from brayns_widget.service.sonata.node_sets import nodes_of

    nodes, sets = config.population(population), config.node_sets()
    for name in node_sets:
        if name not in sets.values:
            raise RequestError(f"There is no node set {name!r} in {sets.place(name)}", code=INVALID_PARAMS)
    found = []
    for name in node_sets:
        found.append(nodes_of(sets, name, nodes).astype("<i8", copy=False))
        check_answer(sum(ids.nbytes for ids in found), "ask for fewer or smaller node sets at once")
    return {"counts": list(map(len, found))}, b"".join(ids.tobytes() for ids in found)


_COUNTING = 30.0  # seconds, of the minute that one answer may take


def count_node_sets(config: Config, population: str) -> dict[str, Any]:
    """Return how many nodes of a population are in each node set, as far as there is time.

    Raises:
        RequestError: -32602, there is no such population.
    """
    from brayns_widget.service.sonata.node_sets import nodes_of

    nodes, sets, end = config.population(population), config.node_sets(), time.monotonic() + _COUNTING
    found: list[dict[str, Any]] = []
    for name in sorted(sets.values):
        if time.monotonic() > end:
            found.append({"name": name, "reason": ""})
            continue
        try:
            found.append({"name": name, "count": len(nodes_of(sets, name, nodes)), "reason": ""})
        except RequestError as error:
            found.append({"name": name, "reason": error.message})
    return {"node_sets": found}


def select_nodes(config: Config, population: str, count: int, node_sets: list[str]) -> tuple[dict[str, Any], bytes]:
    """Return how many nodes were selected, and their ids, as little-endian uint64."""
    from brayns_widget.service.backend import nodes

    return nodes.select(config, population, count, node_sets)


def node_positions(config: Config, population: str, ids: memoryview) -> tuple[None, bytes]:
    """Return the positions of nodes, xyz in µm, as little-endian float32."""
    from brayns_widget.service.backend import nodes

    return None, nodes.positions(config.population(population), ids)


def edge_attributes(config: Config, population: str) -> dict[str, Any]:
    """Return names and types of the attributes of an edge population."""
    from brayns_widget.service.backend import attributes

    edges = config.edges(population)
    return attributes.listed(edges) | {"source": edges.source, "target": edges.target}


def count_edges(config: Config, population: str, **between: Any) -> tuple[dict[str, Any], bytes]:
    """Count edges between nodes; see ``edges.count``."""
    from brayns_widget.service.backend import edges

    return edges.count(config.edges(population), **between)


def get_edges(config: Config, population: str, **wanted: Any) -> tuple[dict[str, Any], bytes]:
    """Read edges between nodes; see ``edges.read``."""
    from brayns_widget.service.backend import edges

    return edges.read(config.edges(population), **wanted)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "populations": populations,
    "contents": contents,
    "node-sets": node_sets,
    "node-attributes": node_attributes,
    "get-node-attributes": get_node_attributes,
    "get-node-set-ids": get_node_set_ids,
    "count-node-sets": count_node_sets,
    "select-nodes": select_nodes,
    "node-positions": node_positions,
    "edge-attributes": edge_attributes,
    "count-edges": count_edges,
    "get-edges": get_edges,
}
