"""The files of a SONATA circuit and simulation: nodes, edges, node sets, spikes, reports, configurations.

Format: https://github.com/AllenInstitute/sonata/blob/master/docs/SONATA_DEVELOPER_GUIDE.md and, for `h5v1`
morphologies and simulation configurations, https://sonata-extension.readthedocs.io.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from brayns_widget.demo.activity import DURATION, Spikes
from brayns_widget.demo.cortex import CELL_TYPES, REGION
from brayns_widget.demo.placement import Cells
from brayns_widget.demo.wiring import Synapses

POPULATION = "S1_neurons"
EDGE_POPULATION = f"{POPULATION}__{POPULATION}__chemical"
REPORTED = "Reported"
SOMA_STEP = 0.2  # ms
COMPARTMENT_STEP = 0.5  # ms


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a configuration as indented JSON."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_nodes(path: Path, cells: Cells) -> None:
    """Write the node population, with enumerations for repeated texts."""
    types = [cells.of_type(index) for index in range(len(cells))]
    names = list(cells.blueprints)
    enumerations = {
        "mtype": [t.mtype for t in types],
        "etype": [t.etype for t in types],
        "layer": [str(layer) for layer in cells.layer],
        "region": [REGION] * len(cells),
        "synapse_class": ["EXC" if t.excitatory else "INH" for t in types],
        "morph_class": ["PYR" if t.excitatory else "INT" for t in types],
        "model_type": ["biophysical"] * len(cells),
        "model_template": [f"hoc:{t.etype}_{t.mtype.replace(':', '')}" for t in types],
        "morphology": [names[index] for index in cells.morphology],
    }
    with h5py.File(path, "w") as file:
        population = file.create_group(f"nodes/{POPULATION}")
        population["node_type_id"] = np.full(len(cells), -1, np.int64)
        group = population.create_group("0")
        for axis, values in zip("xyz", cells.position.T, strict=True):
            group[axis] = values
        for axis, values in zip("wxyz", cells.orientation.T, strict=True):
            group[f"orientation_{axis}"] = values
        for name, values in enumerations.items():
            if name == "morphology":  # a string for each cell, as simulators require
                group.create_dataset(name, data=values, dtype=h5py.string_dtype())
                continue
            library, index = np.unique(values, return_inverse=True)
            group.create_dataset(f"@library/{name}", data=library.tolist(), dtype=h5py.string_dtype())
            group[name] = index.astype(np.uint32)


def write_edges(path: Path, synapses: Synapses, cells: int) -> None:
    """Write the edge population and its two indices; `cells` is the number of nodes."""
    count = len(synapses.source)
    with h5py.File(path, "w") as file:
        population = file.create_group(f"edges/{EDGE_POPULATION}")
        for name, ids in (("source", synapses.source), ("target", synapses.target)):
            population[f"{name}_node_id"] = ids
            population[f"{name}_node_id"].attrs["node_population"] = POPULATION
        population["edge_type_id"] = np.full(count, -1, np.int64)
        population["edge_group_id"] = np.zeros(count, np.int64)
        population["edge_group_index"] = np.arange(count, dtype=np.uint64)
        group = population.create_group("0")
        group["afferent_section_id"] = synapses.section
        group["afferent_section_pos"] = synapses.position
        for axis, values in zip("xyz", synapses.center.T, strict=True):
            group[f"afferent_center_{axis}"] = values
        group["syn_weight"] = synapses.weight
        group["delay"] = synapses.delay
        for name, ids in (("source_to_target", synapses.source), ("target_to_source", synapses.target)):
            nodes, ranges = edge_index(ids, cells)
            population[f"indices/{name}/node_id_to_ranges"] = nodes
            population[f"indices/{name}/range_to_edge_id"] = ranges


def edge_index(ids: NDArray[np.uint64], cells: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """SONATA's index of edges by node.

    Returns:
        For each node its first and past-last row in the second array, shape (cells, 2); for each run of edges
        with the same node its first and past-last edge, shape (runs, 2).
    """
    starts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]])) if len(ids) else np.zeros(0, np.int64)
    runs = np.column_stack([starts, np.append(starts[1:], len(ids))]) if len(ids) else np.zeros((0, 2), np.int64)
    owner = ids[starts].astype(np.int64)
    runs = runs[np.argsort(owner, kind="stable")]
    ends = np.cumsum(np.bincount(owner, minlength=cells))
    nodes = np.column_stack([np.concatenate([[0], ends[:-1]]), ends])
    return nodes.astype(np.uint64), runs.astype(np.uint64)


def write_spikes(path: Path, spikes: Spikes) -> None:
    """Write the spikes, which are sorted by time."""
    with h5py.File(path, "w") as file:
        group = file.create_group(f"spikes/{POPULATION}")
        order = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")
        group.attrs.create("sorting", 2, dtype=order)
        group["node_ids"] = spikes.node
        group["timestamps"] = spikes.time
        group["timestamps"].attrs["units"] = "ms"


def write_report(
    path: Path,
    nodes: NDArray[np.int64],
    elements: list[NDArray[np.uint32]],
    step: float,
    data: NDArray[np.float32],
) -> None:
    """Write a voltage report from 0 ms to `DURATION`.

    Args:
        path: of the file.
        nodes: reported node ids, ascending, shape (nodes,).
        elements: section ids of each node's columns.
        step: time between two rows of `data`, ms.
        data: voltages in mV, shape (frames, columns).
    """
    counts = [len(ids) for ids in elements]
    with h5py.File(path, "w") as file:
        group = file.create_group(f"report/{POPULATION}")
        group["data"] = data  # never compressed: the HDF5 inside libsonata's wheels has no filters
        group["data"].attrs["units"] = "mV"
        mapping = group.create_group("mapping")
        mapping["node_ids"] = nodes.astype(np.uint64)
        mapping["node_ids"].attrs["sorted"] = np.uint8(1)
        mapping["index_pointers"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint64)
        mapping["element_ids"] = np.concatenate(elements)
        mapping["time"] = np.array([0.0, DURATION, step])
        mapping["time"].attrs["units"] = "ms"


def node_sets(reported: NDArray[np.int64]) -> dict[str, Any]:
    """Node sets: everything, by synapse class, by layer, by type, and the cells of the compartment report."""
    return {
        "All": {"population": POPULATION},
        "Excitatory": {"synapse_class": "EXC"},
        "Inhibitory": {"synapse_class": "INH"},
        **{f"Layer{layer}": {"layer": str(layer)} for layer in range(1, 7)},
        **{cell_type.mtype: {"mtype": cell_type.mtype} for cell_type in CELL_TYPES},
        REPORTED: {"population": POPULATION, "node_id": reported.tolist()},
    }


def circuit_config() -> dict[str, Any]:
    """Return the circuit's configuration, with paths relative to it."""
    return {
        "version": 2.3,
        "manifest": {"$BASE_DIR": "."},
        "node_sets_file": "$BASE_DIR/node_sets.json",
        "networks": {
            "nodes": [
                {
                    "nodes_file": "$BASE_DIR/nodes.h5",
                    "populations": {
                        POPULATION: {
                            "type": "biophysical",
                            "alternate_morphologies": {"h5v1": "$BASE_DIR/morphologies"},
                            # libsonata requires it; there are no models, as the simulation is made up.
                            "biophysical_neuron_models_dir": "$BASE_DIR/models",
                        }
                    },
                }
            ],
            "edges": [{"edges_file": "$BASE_DIR/edges.h5", "populations": {EDGE_POPULATION: {"type": "chemical"}}}],
        },
    }


def simulation_config(seed: int) -> dict[str, Any]:
    """Return the configuration of the made-up simulation, with its spikes and reports."""

    def report(cells: str, sections: str, compartments: str, step: float, file: str) -> dict[str, Any]:
        return {
            "cells": cells,
            "sections": sections,
            "compartments": compartments,
            "type": "compartment",
            "variable_name": "v",
            "unit": "mV",
            "dt": step,
            "start_time": 0.0,
            "end_time": DURATION,
            "file_name": file,
            "enabled": True,
        }

    return {
        "version": 1,
        "manifest": {"$BASE_DIR": "."},
        "network": "$BASE_DIR/circuit_config.json",
        "node_sets_file": "$BASE_DIR/node_sets.json",
        "node_set": "All",
        "run": {"tstart": 0.0, "tstop": DURATION, "dt": 0.1, "random_seed": seed},
        "output": {"output_dir": "$BASE_DIR/output", "spikes_file": "spikes.h5", "spikes_sort_order": "by_time"},
        "reports": {
            "soma_voltage": report("All", "soma", "center", SOMA_STEP, "soma_voltage.h5"),
            "compartment_voltage": report(REPORTED, "all", "all", COMPARTMENT_STEP, "compartment_voltage.h5"),
        },
    }
