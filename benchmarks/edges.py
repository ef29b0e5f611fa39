"""Circuits of many synapses, and how long the backend takes for edges between two sets of their cells."""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import h5py
import numpy as np

T = TypeVar("T")

POPULATION = "cells"
EDGES = "cells__cells__chemical"


def write(folder: Path, cells: int, edges: int, seed: int = 0) -> Path:
    """Write a circuit of cells without morphologies, joined at random; returns its configuration.

    Args:
        folder: an empty directory.
        cells: number of cells; each fifth is inhibitory.
        edges: number of synapses, in the order of their targets, as SONATA's tools write them.
        seed: of the random numbers.
    """
    from brayns_widget.demo.sonata import edge_index, write_json

    random = np.random.default_rng(seed)
    places = random.uniform(0, 1000, (cells, 3)).astype(np.float32)
    with h5py.File(folder / "nodes.h5", "w") as file:
        nodes = file.create_group(f"nodes/{POPULATION}")
        nodes["node_type_id"] = np.full(cells, -1, np.int64)
        for axis, values in zip("xyz", places.T, strict=True):
            nodes[f"0/{axis}"] = values
        nodes["0/@library/synapse_class"] = np.array(["EXC", "INH"], h5py.string_dtype())
        nodes["0/synapse_class"] = (np.arange(cells) % 5 == 4).astype(np.uint32)
        nodes["0/layer"] = (1 + np.arange(cells) * 6 // cells).astype(np.int64)
    with h5py.File(folder / "edges.h5", "w") as file:
        population = file.create_group(f"edges/{EDGES}")
        targets = np.sort(random.integers(0, cells, edges, np.uint64))
        sources = random.integers(0, cells, edges, np.uint64)
        for end, ids in (("source", sources), ("target", targets)):
            population[f"{end}_node_id"] = ids
            population[f"{end}_node_id"].attrs["node_population"] = POPULATION
        population["edge_type_id"] = np.full(edges, -1, np.int64)
        for axis, values in zip("xyz", places.T, strict=True):
            population[f"0/afferent_center_{axis}"] = values[targets] + random.normal(0, 50, edges).astype(np.float32)
        population["0/conductance"] = random.lognormal(0, 0.4, edges).astype(np.float32)
        for name, ids in (("source_to_target", sources), ("target_to_source", targets)):
            rows, ranges = edge_index(ids, cells)
            population[f"indices/{name}/node_id_to_ranges"] = rows
            population[f"indices/{name}/range_to_edge_id"] = ranges
    config = {
        "version": 2.4,
        "networks": {
            "nodes": [{"nodes_file": "nodes.h5", "populations": {POPULATION: {"type": "point_neuron"}}}],
            "edges": [{"edges_file": "edges.h5", "populations": {EDGES: {"type": "chemical"}}}],
        },
    }
    write_json(folder / "circuit_config.json", config)
    return folder / "circuit_config.json"


class Row(NamedTuple):
    """A question and its answer: seconds, those of them on a processor, megabytes, and the most memory so far in MB."""

    question: str
    seconds: float
    cpu: float
    answer: float
    memory: float
    told: dict[str, int]


def measure(config: Path, cells: int) -> list[Row]:
    """Ask the questions, each in a process of its own, as the backend does."""
    from brayns_widget.service.backend.base import BaseDirectory
    from brayns_widget.service.backend.reader import CircuitReader
    from brayns_widget.service.rpc.running import RunningRequest

    reader, rows = CircuitReader(BaseDirectory(config.parent)), []
    for what, (question, params) in _questions(cells).items():
        begin, before = time.perf_counter(), _used()
        found, payload = reader.fetch(question, str(config), RunningRequest(), population=EDGES, **params)
        seconds, used = time.perf_counter() - begin, _used()
        told = {key: value for key, value in found.items() if key != "attributes"}
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        rows.append(Row(what, seconds, cpu, len(payload) / 1e6, used.ru_maxrss / 1024, told))
    reader.close()
    return rows


def _used() -> resource.struct_rusage:
    return resource.getrusage(resource.RUSAGE_CHILDREN)


def _questions(cells: int) -> dict[str, tuple[str, dict[str, Any]]]:
    half, few = list(range(0, cells, 2)), list(range(10))
    everything: dict[str, Any] = {"sources": None, "targets": None}
    page = {"names": ["conductance"], "limit": 100_000, "first": 0, "count": None}
    halves = {"sources": half, "targets": half}
    return {
        "count of all": ("count-edges", {**everything, "by": None}),
        "count of all by source": ("count-edges", {**everything, "by": "source"}),
        "count half to half": ("count-edges", {**halves, "by": None}),
        "count by partner of one cell": ("count-edges", {"sources": None, "targets": [7], "by": "source"}),
        "100,000 of all": ("get-edges", {**everything, **page}),
        "100,000 of half to half": ("get-edges", {**halves, **page}),
        "a page of 1,000,000 of half to half": ("get-edges", {**halves, **page, "limit": None, "count": 1_000_000}),
        "all from 10 cells": ("get-edges", {"sources": few, "targets": None, **page, "limit": None}),
        "all to 10 cells": ("get-edges", {"sources": None, "targets": few, **page, "limit": None}),
    }


def main() -> None:
    """Write a circuit into a temporary folder, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--json", type=Path, help="file for the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        config = _apart(write, Path(folder), options.cells, options.edges)
        print(f"{options.cells} cells, {options.edges} synapses, written in {time.perf_counter() - begin:.0f} s")
        print(f"{'':38}  seconds   CPU s  answer MB  memory MB")
        rows = _apart(measure, config, options.cells)
        for row in rows:
            numbers = f"{row.seconds:9.2f} {row.cpu:7.2f} {row.answer:10.1f} {row.memory:10.0f}"
            print(f"{row.question:38}{numbers}  {', '.join(f'{key} {value:,}' for key, value in row.told.items())}")
    if options.json:
        options.json.write_text(json.dumps([row._asdict() for row in rows], indent=2))


def _apart(call: Callable[..., T], *arguments: Any) -> T:
    """Call in a process of its own, so that what is measured begins with no memory of another's."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


if __name__ == "__main__":
    main()
