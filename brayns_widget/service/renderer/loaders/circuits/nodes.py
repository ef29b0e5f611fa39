"""Selection of cells of a SONATA node population, and their positions and orientations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import libsonata
import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.rotations import axis_matrices, quaternion_matrices
from brayns_widget.service.renderer.loaders.base import failure

Floats = npt.NDArray[np.float64]


def evenly(count: int, wanted: int) -> npt.NDArray[np.int64]:
    """Choose ``wanted`` of ``count`` indices at even steps, the first always included (5 of 10: 0, 2, 4, 6, 8)."""
    return np.arange(wanted, dtype=np.int64) * count // max(1, wanted)


def select(
    population: Any,
    *,
    node_sets_paths: Sequence[str],
    node_sets: Sequence[str],
    node_ids: Sequence[int],
    percentage: float,
    limit: int,
) -> npt.NDArray[np.int64]:
    """Choose the cells to load; ids in ascending order.

    Args:
        population: a ``libsonata.NodePopulation``.
        node_sets_paths: files of node sets, or ""; later ones override earlier ones.
        node_sets: names of node sets whose union is taken; none: the whole population.
        node_ids: if given, exactly these cells; node sets, percentage and limit do not apply.
        percentage: the part of the cells to load, from 0 to 1, at even steps; 0 means all, as in Brayns.
        limit: load at most this many cells, at even steps; 0 means no limit.

    Raises:
        RequestError: unknown node set, an id outside the population, or no cell left.
    """
    if node_ids:
        if (largest := max(node_ids)) >= population.size:
            raise failure(
                f"Node id {largest} is not in population {population.name}, which has {population.size} nodes"
            )
        return np.unique(np.asarray(node_ids, dtype=np.int64))
    ids = _ids_of_node_sets(population, node_sets_paths, node_sets)
    if percentage > 0:
        ids = ids[evenly(len(ids), min(len(ids), max(1, round(percentage * len(ids)))))]
    if 0 < limit < len(ids):
        ids = ids[evenly(len(ids), limit)]
    if not len(ids):
        chosen = f"node sets {', '.join(node_sets)} of population" if node_sets else "population"
        raise failure(f"There are no cells in {chosen} {population.name}")
    return ids


def _ids_of_node_sets(population: Any, paths: Sequence[str], names: Sequence[str]) -> npt.NDArray[np.int64]:
    if not names:
        return np.arange(population.size, dtype=np.int64)
    sets = libsonata.NodeSets("{}")
    for path in filter(None, paths):
        if not Path(path).is_file():
            raise failure(f"The node sets file {path} does not exist")
        try:
            sets.update(libsonata.NodeSets.from_file(path))
        except (libsonata.SonataError, RuntimeError) as error:
            raise failure(f"{path} is not a node sets file: {error}") from error
    found: list[npt.NDArray[np.int64]] = []
    for name in names:
        if name not in sets.names:
            raise failure(f"Invalid node set: {name!r}")  # the real renderer's words
        try:
            found.append(sets.materialize(name, population).flatten().astype(np.int64))
        except (libsonata.SonataError, RuntimeError) as error:
            raise failure(f"Node set {name!r} can't be used on {population.name}: {error}") from error
    return np.unique(np.concatenate(found))


def positions(population: Any, selection: Any) -> Floats:
    """Read the positions of cells, (N, 3), in µm.

    Raises:
        RequestError: the population has no positions.
    """
    return np.stack([_attribute(population, axis, selection) for axis in ("x", "y", "z")], axis=1)


_QUATERNION = ("orientation_x", "orientation_y", "orientation_z", "orientation_w")
_ANGLES = ("rotation_angle_xaxis", "rotation_angle_yaxis", "rotation_angle_zaxis")


def rotations(population: Any, selection: Any) -> Floats:
    """Read the rotation matrices of cells, (N, 3, 3): ``world = matrix @ local + position``.

    Quaternions (``orientation_*``) if the population has them, else Euler angles (``rotation_angle_*axis``, radians,
    absent ones are 0), which SONATA applies about the fixed axes z, then y, then x, else no rotation.
    """
    names = population.attribute_names
    if names >= set(_QUATERNION):
        return quaternion_matrices(np.stack([_attribute(population, name, selection) for name in _QUATERNION], axis=1))
    if not names & set(_ANGLES):
        return np.broadcast_to(np.eye(3), (selection.flat_size, 3, 3))
    x, y, z = (
        _attribute(population, name, selection) if name in names else np.zeros(selection.flat_size) for name in _ANGLES
    )
    return axis_matrices(x, 0) @ axis_matrices(y, 1) @ axis_matrices(z, 2)


def _attribute(population: Any, name: str, selection: Any) -> Floats:
    if name not in population.attribute_names:
        raise failure(f"Population {population.name} has no attribute {name!r}, so its cells cannot be placed")
    values = np.asarray(population.get_attribute(name, selection), dtype=np.float64)
    if not np.isfinite(values).all():
        node = selection.flatten()[np.flatnonzero(~np.isfinite(values))[0]]
        raise failure(f"Node {node} of population {population.name} has no finite {name!r}")
    return values
