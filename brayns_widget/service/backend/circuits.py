"""Contents of a SONATA configuration, read in a child process of ``reader`` (see there for the reason).

``python -m brayns_widget.service.backend.circuits QUESTION BASE PATH`` reads one line of JSON from its standard input,
further parameters of the question, and writes one to its standard output: ``{"result": …}`` or
``{"error": {"code": …, "message": …}}``; raw bytes may follow. It exits when its standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import libsonata

from brayns_widget.lifetime import when_stdin_closes
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend.base import BaseDirectory

MAX_CONFIG = 64 << 20  # bytes; real ones have a few thousand

VIRTUAL = "virtual"  # populations without cells to show


class Config:
    """A circuit's configuration, or a simulation's with that of its circuit.

    All files that it names have to be inside the base directory: otherwise a made-up configuration would open any
    file for its client.

    Args:
        base: the directory that the files are confined to.
        path: of the configuration, as the client gave it.

    Raises:
        RequestError: -32602, the file, or one that it names, is outside or missing; -32603, it cannot be read.
    """

    def __init__(self, base: BaseDirectory, path: str) -> None:
        self._base = base
        content = self._load(path)
        self.simulation: Any = None
        if "networks" not in content and ("network" in content or "run" in content):
            self.simulation = libsonata.SimulationConfig.from_file(str(base.regular_file(path)))
            path = self.simulation.network
            self._load(path, INTERNAL_ERROR)
        self.circuit: Any = libsonata.CircuitConfig.from_file(str(base.regular_file(path)))

    def _load(self, path: str, missing: int = INVALID_PARAMS) -> dict[str, Any]:
        real = self._base.regular_file(path, code=missing)
        if (size := real.stat().st_size) > MAX_CONFIG:
            raise RequestError(f"{path!r} is too large for a configuration: {size} bytes", code=INTERNAL_ERROR)
        try:
            content = json.loads(real.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise RequestError(f"{path!r} is not JSON: {error}", code=INTERNAL_ERROR) from error
        if not isinstance(content, dict):
            raise RequestError(f"{path!r} is not a SONATA configuration: it holds no object", code=INTERNAL_ERROR)
        return content

    def nodes(self) -> Iterator[tuple[str, Any]]:
        """Return type and opened population of each node population that is not virtual, by name."""
        for name in sorted(self.circuit.node_populations):
            properties = self.circuit.node_population_properties(name)
            if properties.type != VIRTUAL:
                self._check(properties)
                yield properties.type, self.circuit.node_population(name)

    def population(self, name: str) -> Any:
        """Open a node population, which may be virtual.

        Raises:
            RequestError: -32602, there is none of this name.
        """
        known = sorted(self.circuit.node_populations)
        if name not in known:
            there_are = f"there are {', '.join(map(repr, known))}" if known else "there is none"
            raise RequestError(f"There is no node population {name!r}; {there_are}", code=INVALID_PARAMS)
        self._check(self.circuit.node_population_properties(name))
        return self.circuit.node_population(name)

    def edges(self) -> Iterator[Any]:
        """Return the opened edge populations, by name."""
        for name in sorted(self.circuit.edge_populations):
            self._check(self.circuit.edge_population_properties(name))
            yield self.circuit.edge_population(name)

    def node_sets(self) -> Iterator[Any]:
        """Return the node sets of circuit and simulation; a missing file counts as empty, as in Brayns."""
        paths = {self.circuit.node_sets_path}
        if self.simulation is not None:
            paths.add(self.simulation.node_sets_file)
        for path in sorted(paths - {""}):
            real = self._base.resolve(path)
            if real.exists():
                yield libsonata.NodeSets.from_file(str(self._base.regular_file(path)))

    def _check(self, properties: Any) -> None:
        self._base.regular_file(properties.elements_path, code=INTERNAL_ERROR)
        if properties.types_path:
            self._base.regular_file(properties.types_path, code=INTERNAL_ERROR)


def populations(config: Config) -> dict[str, Any]:
    """Describe node populations, edge populations and reports."""
    return {
        "populations": [{"name": nodes.name, "type": kind, "size": nodes.size} for kind, nodes in config.nodes()],
        "reports": _reports(config.simulation),
        "edges": [
            {"name": edges.name, "size": edges.size, "source": edges.source, "target": edges.target}
            for edges in config.edges()
        ],
    }


def _reports(simulation: Any) -> list[dict[str, Any]]:
    """Describe the spikes, with an empty name, and the enabled reports; times in ms."""
    if simulation is None:
        return []
    run = simulation.run
    spikes = {"type": "spikes", "name": "", "start": 0.0, "end": run.tstop, "delta": run.dt, "unit": "ms"}
    reports = [spikes | {"cells": simulation.node_set or ""}]
    for name in sorted(simulation.list_report_names):
        report = simulation.report(name)
        if report.enabled:
            reports.append(
                {
                    "type": report.type.name,
                    "name": name,
                    "start": report.start_time,
                    "end": report.end_time,
                    "delta": report.dt,
                    "unit": report.unit,
                    "cells": report.cells,
                }
            )
    return reports


def node_sets(config: Config) -> dict[str, Any]:
    """Return the names of the node sets, sorted."""
    return {"node_sets": sorted({name for sets in config.node_sets() for name in sets.names})}


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
    nodes, sets = config.population(population), libsonata.NodeSets("{}")
    for some in config.node_sets():
        sets.update(some)
    found = []
    for name in node_sets:
        if name not in sets.names:
            raise RequestError(f"There is no node set {name!r}", code=INVALID_PARAMS)
        found.append(sets.materialize(name, nodes).flatten().astype("<i8"))
    return {"counts": list(map(len, found))}, b"".join(ids.tobytes() for ids in found)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "populations": populations,
    "node-sets": node_sets,
    "node-attributes": node_attributes,
    "get-node-attributes": get_node_attributes,
    "get-node-set-ids": get_node_set_ids,
}


def answer(question: str, base: str, path: str, **params: Any) -> dict[str, Any]:
    """Answer a question about a configuration, errors included; "payload" has the bytes after the line of JSON."""
    try:
        result = QUESTIONS[question](Config(BaseDirectory(base), path), **params)
    except RequestError as error:
        return {"error": {"code": error.code, "message": error.message}}
    except (libsonata.SonataError, RuntimeError, OSError, UnicodeDecodeError) as error:
        # RuntimeError: errors of HDF5 and of the JSON parser that libsonata passes on.
        return {"error": {"code": INTERNAL_ERROR, "message": f"{path!r} cannot be read: {error}"}}
    if isinstance(result, tuple):
        return {"result": result[0], "payload": result[1]}
    return {"result": result}


def _read_params() -> dict[str, Any]:
    line = bytearray()
    while not line.endswith(b"\n"):  # nothing follows the line
        if not (part := os.read(0, 1 << 20)):
            sys.exit(1)
        line += part
    params: dict[str, Any] = json.loads(line)
    return params


if __name__ == "__main__":
    params = _read_params()
    when_stdin_closes(lambda: os._exit(1))
    reply = answer(*sys.argv[1:], **params)
    payload = reply.pop("payload", b"")
    sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()
