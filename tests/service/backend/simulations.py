"""A small simulation: two populations, of which each report has both."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

CELLS, OTHERS = "cells", "others"
FRAMES, STORED_STEP = 10, 0.1  # of the files; the configuration tells smaller steps


def write_simulation(folder: Path) -> Path:
    """Write it; returns its configuration.

    Node i of "cells" stands at 100 (i + 1) + (1, 2, 3). A frame's values are those of frame 0 plus its time; those of
    frame 0 are 0, 1, 2 … in "cells" and 5 more in "others".
    """
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "nodes.h5", "w") as file:
        for name in (CELLS, OTHERS):
            group = file.create_group(f"nodes/{name}")
            group["node_type_id"] = np.full(3, -1)
            for axis, offset in zip("xyz", (1, 2, 3), strict=True):
                group[f"0/{axis}"] = np.array([100.0, 200.0, 300.0], np.float32) + offset
    # Node 2 has the first columns.
    _write_report(folder / "soma_report.h5", [2, 0, 1], [1, 1, 1])
    _write_report(folder / "section_report.h5", [0, 1, 2], [2, 2, 3])
    _write_report(folder / "silent.h5", [0], [1])
    reports = {
        "soma_report": {"dt": 0.01},
        "section_report": {"dt": 0.02},
        "silent": {"dt": 0.1, "enabled": False},
        "missing": {"dt": 0.1},
    }
    simulation = {
        "network": "circuit_config.json",
        "run": {"tstop": 1.0, "dt": 0.01, "random_seed": 0},
        "output": {"output_dir": "."},
        "reports": {
            name: {"cells": "All", "type": "compartment", "start_time": 0, "end_time": 1, **more}
            for name, more in reports.items()
        },
    }
    nodes = {"nodes_file": "nodes.h5", "populations": {CELLS: {"type": "biophysical"}, OTHERS: {"type": "virtual"}}}
    sets = {"All": {}, "First": {"node_id": [0]}, "Ends": {"node_id": [0, 2]}, "Both": ["First", "Ends"]}
    circuit = {"node_sets_file": "node_sets.json", "networks": {"nodes": [nodes], "edges": []}}
    (folder / "node_sets.json").write_text(json.dumps(sets))
    (folder / "circuit_config.json").write_text(json.dumps(circuit))
    (folder / "simulation_config.json").write_text(json.dumps(simulation))
    return folder / "simulation_config.json"


def _write_report(path: Path, nodes: list[int], widths: list[int]) -> None:
    order = np.argsort(nodes)
    own = np.split(np.arange(sum(widths)), np.cumsum(np.array(widths)[order])[:-1])  # by ascending node
    values = np.concatenate([own[place] for place in np.argsort(order)])
    times = STORED_STEP * np.arange(FRAMES)
    with h5py.File(path, "w") as file:
        for name, offset in ((CELLS, 0), (OTHERS, 5)):
            group = file.create_group(f"report/{name}")
            group["data"] = (values + offset + times[:, None]).astype(np.float32)
            group["mapping/node_ids"] = np.array(nodes, np.uint64)
            group["mapping/index_pointers"] = np.cumsum([0, *widths]).astype(np.uint64)
            group["mapping/element_ids"] = np.zeros(len(values), np.uint32)
            group["mapping/time"] = np.array([0.0, FRAMES * STORED_STEP, STORED_STEP])
