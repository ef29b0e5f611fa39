"""Selection of cells of a SONATA node population, and their positions and orientations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import RequestError
from brayns_widget.protocol.ids import ascending
from brayns_widget.service.confined import check_confined
from brayns_widget.service.renderer.content.rotations import axis_matrices, quaternion_matrices
from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.notices import Notices
from brayns_widget.service.sonata.config import read_node_sets
from brayns_widget.service.sonata.node_sets import nodes_of
from brayns_widget.service.sonata.populations import Population
from brayns_widget.service.sonata.table import POSITIONS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_LARGEST = float(np.finfo(np.float32).max)  # that geometry can have


def evenly(count: int, wanted: int) -> npt.NDArray[np.int64]:
    """Choose ``wanted`` of ``count`` indices at even steps, the first always included (5 of 10: 0, 2, 4, 6, 8)."""
    return np.arange(wanted, dtype=np.int64) * count // max(1, wanted)


def select(
    population: Population,
    *,
    node_sets_paths: Sequence[str],
    node_sets: Sequence[str],
    node_ids: Sequence[int],
    percentage: float,
    limit: int,
    circuit: str = "the circuit",
) -> npt.NDArray[np.int64]:
    """Choose the cells to load; ids in ascending order.

    Args:
        population: a population of nodes.
        node_sets_paths: files of node sets, or ""; later ones override earlier ones.
        node_sets: names of node sets whose union is taken; none: the whole population.
        node_ids: if given, exactly these cells; node sets, percentage and limit do not apply.
        percentage: the part of the cells to load, from 0 to 1, at even steps; 0 means all, as in Brayns.
        limit: load at most this many cells, at even steps; 0 means no limit.
        circuit: the configuration, for messages.

    Raises:
        RequestError: unknown node set, an id outside the population, or no cell left.
    """
    if node_ids:
        if (largest := max(node_ids)) >= population.size:
            raise failure(
                f"Node id {largest} is not in population {population.name} of {population.file}, which has "
                f"{population.size} nodes"
            )
        return ascending(np.asarray(node_ids, dtype=np.int64))
    ids = _ids_of_node_sets(population, node_sets_paths, node_sets, circuit)
    if percentage > 0:
        ids = ids[evenly(len(ids), min(len(ids), max(1, round(percentage * len(ids)))))]
    if 0 < limit < len(ids):
        ids = ids[evenly(len(ids), limit)]
    if not len(ids):
        chosen = f"node sets {', '.join(node_sets)} of population" if node_sets else "population"
        raise failure(f"There are no cells in {chosen} {population.name} of {population.file}")
    return ids


def _ids_of_node_sets(population: Population, paths: Sequence[str], names: Sequence[str], circuit: str) -> Ints:
    if not names:
        return np.arange(population.size, dtype=np.int64)
    sets = read_node_sets(paths, check_confined, circuit=circuit)
    return ascending(np.concatenate([nodes_of(sets, name, population) for name in names]))


def positions(population: Population, ids: Ints, notices: Notices) -> Floats:
    """Read the positions of cells, (N, 3), in µm; without z they lie in the plane z = 0.

    Raises:
        RequestError: the population has no positions.
    """
    told = {*population.attribute_names, *population.unreadable}
    if POSITIONS in population.unreadable and "x" not in told:
        return _attribute(population, POSITIONS, ids)  # which tells why not
    axes = ["x", "y", "z"]
    if {"x", "y"} <= population.attribute_names and "z" not in told:
        notices.add("its nodes have no z, so that they lie in a plane", f"Population {population.name}")
        axes.pop()
    found = [_attribute(population, axis, ids) for axis in axes]
    return np.stack([*found, *([np.zeros(len(ids))] if len(found) < 3 else [])], axis=1)


def words(population: Population, name: str, ids: Ints, notices: Notices) -> npt.NDArray[np.str_]:
    """Read an attribute (N,) that cells can do without, as texts; "" if it cannot be read, with a notice."""
    if name in population.attribute_names:
        try:
            return population.attribute(name, ids).astype(np.str_)
        except RequestError as error:
            notices.add(error.message)
    return np.full(len(ids), "", np.str_)


def dendrites_first(population: Population, ids: Ints, notices: Notices) -> bool:
    """Tell whether BMTK numbers the sections of cells from the dendrites on; see ``morphologies.places``."""
    named = {*words(population, "model_processing", ids, notices).tolist()} - {""}  # point neurons have none
    return bool(named) and all(name.startswith("aibs_") for name in named)


_CENTERED = 5.0  # µm; somas of the Blue Brain Project's files lie up to 2.3 µm beside the origin, BMTK's hundreds


def recentered(population: Population, ids: Ints, positions: Floats, rotations: Floats, centers: Floats) -> Floats:
    """Move cells so that their somas stand at their positions; returns positions of their morphologies' origins.

    SONATA developer guide, "SWC Format additional requirements": somas are moved to the origin unless the attribute
    ``recenter`` is 0. Without that attribute, morphologies whose soma is about the origin stay as they are: those who
    wrote them have centered them, and other renderers show them so.

    Args:
        population: the nodes.
        ids: (N,) of the cells.
        positions: (N, 3) in µm.
        rotations: (N, 3, 3).
        centers: (N, 3) of the somas within their morphologies, in µm.
    """
    moved = np.linalg.norm(centers, axis=1) > _CENTERED
    if "recenter" in population.attribute_names:
        wanted = _numbers(population, "recenter", ids)
        moved = np.where(np.isnan(wanted), moved, wanted != 0)
    if not moved.any():
        return positions
    shifts = np.einsum("nij,nj->ni", rotations, centers)
    return np.where(moved[:, None], positions - shifts, positions)


PLANE_STEP = 20.0  # µm between neighbors: about the size of a cell body


def plane(count: int) -> Floats:
    """Make places (N, 3) in µm for cells that have none: rows and columns about the origin, in the plane z = 0."""
    width = max(1, math.ceil(math.sqrt(count)))
    rows, columns = np.divmod(np.arange(count), width)
    height = (count + width - 1) // width
    x, y = columns - (width - 1) / 2, (height - 1) / 2 - rows
    return np.stack([x, y, np.zeros(count)], axis=1) * PLANE_STEP


_QUATERNION = ("orientation_x", "orientation_y", "orientation_z", "orientation_w")
_ANGLES = ("rotation_angle_xaxis", "rotation_angle_yaxis", "rotation_angle_zaxis")


def rotations(population: Population, ids: Ints) -> Floats:
    """Read the rotation matrices of cells, (N, 3, 3): ``world = matrix @ local + position``.

    Quaternions (``orientation_*``) if the population has them, else Euler angles (``rotation_angle_*axis``, radians,
    absent ones are 0), which SONATA applies about the fixed axes z, then y, then x, else no rotation.
    """
    names = population.attribute_names
    if names >= set(_QUATERNION):
        return quaternion_matrices(np.stack([_attribute(population, name, ids) for name in _QUATERNION], axis=1))
    if not names & set(_ANGLES):
        return np.broadcast_to(np.eye(3), (len(ids), 3, 3))
    x, y, z = (_angles(population, name, ids) for name in _ANGLES)
    return axis_matrices(x, 0) @ axis_matrices(y, 1) @ axis_matrices(z, 2)


def _angles(population: Population, name: str, ids: Ints) -> Floats:
    """Read angles (N,) in radians; 0 for nodes whose group or type has none."""
    if name not in population.attribute_names:
        return np.zeros(len(ids))
    return _finite(population, name, _numbers(population, name, ids, missing=0.0), ids)


def _attribute(population: Population, name: str, ids: Ints) -> Floats:
    if name not in population.attribute_names:
        found = next((one for one in (name, "positions") if one in population.unreadable), None)
        why = f" that can be read ({population.unreadable[found]})" if found else ""
        raise failure(
            f"Population {population.name} of {population.file} has no attribute {name!r}{why}, so its cells cannot be "
            "placed"
        )
    return _finite(population, name, _numbers(population, name, ids), ids)


def _numbers(population: Population, name: str, ids: Ints, *, missing: float = np.nan) -> Floats:
    """Read numbers, (N,), also where they stand as texts."""
    values = population.attribute(name, ids, missing=missing)
    try:
        return values.astype(np.float64)
    except ValueError as error:
        raise failure(
            f"Attribute {name!r} of population {population.name} in {population.file}, or in its table of types, is no "
            f"number: {error}"
        ) from error


def _finite(population: Population, name: str, values: Floats, ids: Ints) -> Floats:
    wrong = ~(np.abs(values) < _LARGEST)
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise failure(
            f"Node {ids[first]} of population {population.name} in {population.file} has no finite {name!r}: "
            f"{values[first]}"
        )
    return values
