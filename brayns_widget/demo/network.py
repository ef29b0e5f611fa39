"""A synthetic network as the Allen Institute's tools write them: types in CSV, SWC morphologies, point neurons.

Format: SONATA developer guide, "Representing Nodes" and "CSV", as BMTK's ``NetworkBuilder`` writes it. The cells are
those of ``circuit``; each fourth is a point neuron in a group of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np

from brayns_widget.demo import sonata
from brayns_widget.demo.circuit import MAX_CELLS, write_once
from brayns_widget.demo.cortex import HEIGHT
from brayns_widget.demo.growth import Tree, grow
from brayns_widget.demo.placement import Cells, place
from brayns_widget.protocol.errors import BraynsWidgetError

POPULATION = "cortex"
FORMAT = 1  # changes when the same parameters give another network
_POINTS = 4  # one cell of so many is a point neuron


def write_network(directory: str | os.PathLike[str], *, cells: int = 60, seed: int = 0) -> Path:
    """Write a synthetic network in the Allen Institute's form of SONATA, and return its configuration's path.

    The same parameters always give the same data. A directory that holds that network already is left as it is.

    Args:
        directory: where to write; it may be missing or empty.
        cells: number of cells, 1 to 10,000; a quarter of them are point neurons.
        seed: seed of all random numbers, 0 or more.

    Returns:
        The path of `circuit_config.json`.

    Raises:
        BraynsWidgetError: a parameter is out of range, the directory holds something else, or cannot be written.
    """
    if not 1 <= cells <= MAX_CELLS or seed < 0:
        raise BraynsWidgetError(f"There is no demo network of {cells} cells with the seed {seed}.")
    marker: dict[str, str | int] = {"generator": "write_network", "format": FORMAT, "cells": cells, "seed": seed}
    return write_once(directory, marker, lambda draft: _write(draft, cells, seed))


def _write(directory: Path, count: int, seed: int) -> None:
    for_places, for_growth = (np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2))
    cells = place(count, for_places)
    (directory / "morphologies").mkdir()
    trees = grow(list(cells.blueprints.values()), for_growth, floor=HEIGHT)
    for (name, blueprint), tree in zip(cells.blueprints.items(), trees, strict=True):
        write_swc(directory / "morphologies" / f"{name}.swc", tree, blueprint.radius)
    (directory / "network").mkdir()
    points = np.arange(count) % _POINTS == _POINTS - 1
    _write_nodes(directory / "network", cells, points, for_places.uniform(-np.pi, np.pi, count))
    config = {
        "manifest": {"$BASE_DIR": ".", "$NETWORK_DIR": "$BASE_DIR/network"},
        "components": {"morphologies_dir": "$BASE_DIR/morphologies"},
        "networks": {
            "nodes": [
                {
                    "nodes_file": f"$NETWORK_DIR/{POPULATION}_nodes.h5",
                    "node_types_file": f"$NETWORK_DIR/{POPULATION}_node_types.csv",
                }
            ]
        },
    }
    sonata.write_json(directory / "circuit_config.json", config)


def _write_nodes(directory: Path, cells: Cells, points: np.ndarray, angles: np.ndarray) -> None:
    """Write the nodes, cells with morphologies in group 0 and point neurons in group 1, and their types."""
    names = list(cells.blueprints)
    rows: dict[tuple[str, ...], int] = {}
    type_ids = np.empty(len(cells), np.int64)
    for index in range(len(cells)):
        kind = cells.of_type(index)
        how = ("point_neuron", "NULL") if points[index] else ("biophysical", f"{names[cells.morphology[index]]}.swc")
        row = (f'"{kind.mtype}"', "e" if kind.excitatory else "i", str(cells.layer[index]), *how)
        type_ids[index] = rows.setdefault(row, 100 + len(rows))
    lines = ["node_type_id pop_name ei layer model_type morphology"]
    lines += [" ".join((str(number), *row)) for row, number in rows.items()]
    (directory / f"{POPULATION}_node_types.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with h5py.File(directory / f"{POPULATION}_nodes.h5", "w") as file:
        population = file.create_group(f"nodes/{POPULATION}")
        population["node_id"] = np.arange(len(cells), dtype=np.uint64)
        population["node_type_id"] = type_ids
        population["node_group_id"] = points.astype(np.uint16)
        population["node_group_index"] = np.where(points, np.cumsum(points), np.cumsum(~points)).astype(np.uint64) - 1
        for group, own in (("0", ~points), ("1", points)):
            for axis, values in zip("xyz", cells.position[own].T, strict=True):
                population[f"{group}/{axis}"] = values
        population["0/rotation_angle_yaxis"] = angles[~points]


def write_swc(path: Path, tree: Tree, radius: float) -> None:
    """Write a morphology as SWC: the soma's one point, then each section without the point that repeats its parent's.

    Args:
        path: of the file.
        tree: the neurites.
        radius: of the soma, in µm.
    """
    lines = [f"1 1 0 0 0 {radius:.2f} -1"]
    last: list[int] = []  # the number of each section's last point
    for section, (kind, parent) in enumerate(zip(tree.kinds.tolist(), tree.parents.tolist(), strict=True)):
        begin = int(tree.offsets[section]) + (parent >= 0)
        before = 1 if parent < 0 else last[parent]
        for x, y, z, diameter in tree.points[begin : tree.offsets[section + 1]].tolist():
            number = len(lines) + 1
            lines.append(f"{number} {kind} {x:.2f} {y:.2f} {z:.2f} {diameter / 2:.3f} {before}")
            before = number
        last.append(before)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
