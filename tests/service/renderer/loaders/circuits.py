"""Small SONATA circuits for tests, written with h5py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
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
