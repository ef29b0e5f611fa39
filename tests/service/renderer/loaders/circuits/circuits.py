"""Small SONATA circuits for tests, written with h5py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import libsonata
import numpy as np

SWC = "1 1 0 0 0 2 -1\n2 3 3 0 0 1 1\n3 3 10 0 0 0.5 2\n"


def write_circuit(folder: Path, attributes: dict[str, Any], *, kind: str = "biophysical") -> Path:
    """Write a circuit with one population, "cells", whose morphologies are all "cell"; returns its configuration."""
    count = len(next(iter(attributes.values()))) if attributes else 0
    with h5py.File(folder / "nodes.h5", "w") as file:
        population = file.create_group("nodes/cells")
        population["node_type_id"] = np.full(count, -1)
        population.create_group("0")
        for name, values in {"morphology": ["cell"] * count, **attributes}.items():
            text = len(values) and isinstance(values[0], str)
            population["0"].create_dataset(name, data=values, dtype=h5py.string_dtype() if text else None)
    (folder / "morphologies").mkdir()
    (folder / "morphologies" / "cell.swc").write_text(SWC)
    (folder / "node_sets.json").write_text(json.dumps({"some": {"node_id": [1, 3]}, "none": {"node_id": []}}))
    settings = {"type": kind, "morphologies_dir": "morphologies", "biophysical_neuron_models_dir": "."}
    config = {
        "networks": {"nodes": [{"nodes_file": "nodes.h5", "populations": {"cells": settings}}], "edges": []},
        "node_sets_file": "node_sets.json",
    }
    path = folder / "circuit_config.json"
    path.write_text(json.dumps(config))
    return path


def places(count: int) -> dict[str, list[float]]:
    """Positions along the x axis, 10 µm apart."""
    return {"x": [10.0 * index for index in range(count)], "y": [0.0] * count, "z": [0.0] * count}


def write_edges(
    config: Path, sources: list[int], targets: list[int], *, attributes: Any = (), kind: str = "chemical", **more: str
) -> None:
    """Add the edge population "joins", from "cells" to "cells", to what ``write_circuit`` wrote."""
    file_name = config.parent / "edges.h5"
    with h5py.File(file_name, "w") as file:
        population = file.create_group("edges/joins")
        for name, values in (("source_node_id", sources), ("target_node_id", targets)):
            population.create_dataset(name, data=np.array(values, np.uint64)).attrs["node_population"] = "cells"
        population["edge_type_id"] = np.full(len(sources), -1)
        group = population.create_group("0")
        for name, values in dict(attributes).items():
            group[name] = np.asarray(values)
    count = max(*sources, *targets) + 1
    libsonata.EdgePopulation.write_indices(str(file_name), "joins", count, count)
    content = json.loads(config.read_text())
    content["networks"]["edges"] = [
        {"edges_file": "edges.h5", "populations": {"joins": {"type": kind, **more}}},
    ]
    config.write_text(json.dumps(content))


def write_report(
    path: Path, nodes: list[int], elements: list[list[int]], data: Any, *, step: float = 0.5, unit: str = "ms"
) -> None:
    """Write a report of population "cells": for each node the ids of its elements; ``data`` is (frames, elements)."""
    data = np.asarray(data, np.float32)
    with h5py.File(path, "w") as file:
        group = file.create_group("report/cells")
        group["data"] = data
        group["mapping/node_ids"] = np.array(nodes, np.uint64)
        group["mapping/index_pointers"] = np.cumsum([0, *map(len, elements)]).astype(np.uint64)
        group["mapping/element_ids"] = np.array([one for own in elements for one in own], np.uint32)
        group["mapping/time"] = np.array([0, step * len(data), step])
        group["mapping/time"].attrs["units"] = unit


def write_simulation(config: Path, kind: str, *, name: str = "recorded") -> Path:
    """Write a simulation configuration of a circuit with one report, in "<name>.h5" of the circuit's folder."""
    report = {"cells": "All", "type": kind, "variable_name": "v", "dt": 0.5, "start_time": 0, "end_time": 10}
    content = {
        "run": {"tstop": 10, "dt": 0.1, "random_seed": 0},
        "output": {"output_dir": "."},
        "network": config.name,
        "reports": {name: report},
    }
    path = config.parent / "simulation_config.json"
    path.write_text(json.dumps(content))
    return path
