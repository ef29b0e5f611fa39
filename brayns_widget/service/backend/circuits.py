"""Contents of a SONATA configuration, read in a child process of ``reader`` (see there for the reason).

``python -m brayns_widget.service.backend.circuits QUESTION BASE PATH LINE`` reads one line of JSON from its standard
input, further parameters of the question, and writes one to its standard output: ``{"result": …, "size": …}``, which
``size`` raw bytes follow, or ``{"error": {"code": …, "message": …}}``. The question "report" opens a report; each
further line asks for a frame. It exits when its standard input closes, and on Linux when the ``line_of_life`` ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from brayns_widget.lifetime import end_with_line
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.confined import confined
from brayns_widget.service.hdf5 import without_links
from brayns_widget.service.sonata.config import (
    NodeSets,
    ReportConfig,
    SimulationConfig,
    read_configuration,
    read_node_sets,
)
from brayns_widget.service.sonata.folders import configuration_of
from brayns_widget.service.sonata.listing import VIRTUAL, Circuit, Listed
from brayns_widget.service.sonata.problems import UNREADABLE, words

if TYPE_CHECKING:
    from brayns_widget.service.sonata.populations import Population


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

    def report(self, name: str) -> ReportConfig:
        """Return a report of the simulation; its file may be opened.

        Raises:
            RequestError: -32602, there is none of this name; -32603, its file is missing.
        """
        if self.simulation is None:
            place = self.circuit.config.path
            raise RequestError(f"Selected nodes have no simulations: {place} tells of a circuit", code=INVALID_PARAMS)
        known = {item.name: item for item in self.simulation.reports.values() if item.enabled}
        if name not in known:
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
    """Return how many nodes of a population are in each node set, and their ids, as little-endian int64."""
    from brayns_widget.service.sonata.node_sets import nodes_of

    nodes, sets = config.population(population), config.node_sets()
    for name in node_sets:
        if name not in sets.values:
            raise RequestError(f"There is no node set {name!r} in {sets.place(name)}", code=INVALID_PARAMS)
    found = [nodes_of(sets, name, nodes).astype("<i8") for name in node_sets]
    return {"counts": list(map(len, found))}, b"".join(ids.tobytes() for ids in found)


def select_nodes(config: Config, population: str, count: int, node_sets: list[str]) -> tuple[dict[str, Any], bytes]:
    """Return how many nodes were selected, and their ids, as little-endian uint64."""
    from brayns_widget.service.backend import nodes

    return nodes.select(config, population, count, node_sets)


def node_positions(config: Config, population: str, ids: str) -> tuple[None, bytes]:
    """Return the positions of nodes, xyz in µm, as little-endian float32."""
    from brayns_widget.service.backend import nodes

    return None, nodes.positions(config.population(population), ids)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "populations": populations,
    "contents": contents,
    "node-sets": node_sets,
    "node-attributes": node_attributes,
    "get-node-attributes": get_node_attributes,
    "get-node-set-ids": get_node_set_ids,
    "select-nodes": select_nodes,
    "node-positions": node_positions,
}


def answer(question: str, base: str, path: str, **params: Any) -> dict[str, Any]:
    """Answer a question about a configuration, errors included; "payload" has the bytes after the line of JSON."""
    return _answered(path, lambda: QUESTIONS[question](Config(BaseDirectory(base), path), **params))


def _answered(path: str, read: Callable[[], Any]) -> dict[str, Any]:
    try:
        result = read()
    except RequestError as error:
        return {"error": {"code": error.code, "message": error.message}}
    except UNREADABLE as error:
        return {"error": {"code": INTERNAL_ERROR, "message": f"{path!r} cannot be read: {words(error)}"}}
    if isinstance(result, tuple):
        return {"result": result[0], "payload": result[1]}
    return {"result": result}


def _serve_report(base: str, path: str, requests: Iterator[dict[str, Any]]) -> None:
    """Open a report, and answer with its frames as long as somebody asks."""
    from brayns_widget.service.backend.frames import Frames

    opened: list[Frames] = []
    report = next(requests)
    _write(_answered(path, lambda: opened.append(Frames(Config(BaseDirectory(base), path), **report))))
    for frames in opened:
        for request in requests:
            _write(_answered(path, lambda: (None, frames.read(**request))))  # noqa: B023 - called at once


def _requests() -> Iterator[dict[str, Any]]:
    """Yield what the lines of the standard input say; the process ends with it, whatever it does then."""
    lines: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        rest = bytearray()
        while part := os.read(0, 1 << 20):
            rest += part
            if part.endswith(b"\n"):  # nobody sends a line before the answer to the last one
                lines.put(bytes(rest))
                rest.clear()
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def _write(reply: dict[str, Any]) -> None:
    payload = reply.pop("payload", b"")
    sys.stdout.buffer.write(json.dumps(reply | {"size": len(payload)}).encode() + b"\n")
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asked, base, path, line = sys.argv[1:]
    if line:
        end_with_line(int(line))
    import libsonata._libsonata

    without_links(libsonata._libsonata)  # noqa: SLF001 - it holds HDF5
    requests = _requests()
    with confined(base):
        if asked == "report":
            _serve_report(base, path, requests)
        else:
            _write(answer(asked, base, path, **next(requests)))
