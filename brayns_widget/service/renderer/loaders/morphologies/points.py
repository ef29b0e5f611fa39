"""Tables of points, as SWC files have them, and the skeletons that they form, whatever their order and their roots."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.loaders.morphologies.skeleton import Skeleton, checked
from brayns_widget.service.renderer.loaders.morphologies.soma import Soma, linked_soma, no_soma

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_SOMA = 1
_LARGEST = 2**53  # up to here float64 holds whole numbers


@dataclass(frozen=True)
class PointTable:
    """The points of a morphology.

    Attributes:
        types: (N,) of the points.
        points: (N, 4) center and radius.
        parents: (N,) index of the point that each one continues; -1: none.
    """

    types: Ints
    points: Floats
    parents: Ints


def read_table(text: str) -> PointTable:
    """Read the points of an SWC file.

    Raises:
        ValueError: it is no table of seven numbers a line, or a point continues one that is not there.
    """
    rows = np.loadtxt(io.StringIO(text), np.float64, usecols=range(7), ndmin=2)
    if not np.isfinite(rows).all():
        raise ValueError("a number is not finite")
    return PointTable(_whole(rows[:, 1]), rows[:, 2:6].astype(np.float32), _parents(rows[:, 0], rows[:, 6]))


def read_depth(text: str) -> int:
    """Count the forks between the farthest point of an SWC file and its root.

    Raises:
        ValueError: it is no table, or its points do not form trees.
    """
    names, continued = np.loadtxt(io.StringIO(text), np.float64, usecols=(0, 6), unpack=True, ndmin=2)
    return depth(_parents(names, continued))


def _whole(numbers: npt.NDArray[np.float64]) -> Ints:
    if not (np.abs(numbers) <= _LARGEST).all() or ((whole := numbers.astype(np.int64)) != numbers).any():
        raise ValueError("a number, a type or a parent of its points is not whole")
    return whole


def _parents(numbers: npt.NDArray[np.float64], parents: npt.NDArray[np.float64]) -> Ints:
    """Find the index of the point that each one continues; -1: none."""
    names, continued = _whole(numbers), _whole(parents)
    if not len(names):
        raise ValueError("it has no points")
    if (names < 0).any():
        raise ValueError("a number of its points is below 0")
    order = np.argsort(names, kind="stable")
    (repeated,) = np.nonzero(np.diff(names[order]) == 0)
    if len(repeated):
        raise ValueError(f"two of its points have the number {names[order][repeated[0]]}")
    at = np.minimum(np.searchsorted(names[order], continued), len(order) - 1)
    found = names[order][at] == continued
    (missing,) = np.nonzero(~found & (continued > 0))
    if len(missing):
        raise ValueError(f"point {names[missing[0]]} continues point {continued[missing[0]]}, which is not there")
    return np.where(found, order[at], -1)


def depth(parents: Ints) -> int:
    """Count the forks between the farthest point and its root.

    Raises:
        ValueError: points continue one another in a circle.
    """
    parent = parents.copy()
    forks = np.bincount(parent[parent >= 0], minlength=len(parent)) > 1
    depth = np.where(parent >= 0, forks[parent], 0).astype(np.int64)
    for _round in range(int(np.ceil(np.log2(len(parent)))) + 1):  # each doubles how far up a point looks
        above = np.maximum(parent, 0)
        depth += np.where(parent >= 0, depth[above], 0)
        parent = np.where(parent >= 0, parent[above], -1)
    if (parent >= 0).any():
        raise ValueError("its sections continue one another in a circle")
    return int(depth.max())


def table_skeleton(table: PointTable) -> Skeleton:
    """Make the skeleton of any table, with the sections that MorphIO makes, in its order; lone points come last.

    Raises:
        ValueError: points continue one another in a circle.
    """
    depth(table.parents)
    is_soma = table.types == _SOMA
    parents = _rooted_at_somas(table.parents, is_soma)
    somas, anchor_of = _somas(table.points, parents, is_soma)
    children: list[list[int]] = [[] for _ in parents]
    roots: list[int] = []
    for point, parent in enumerate(parents.tolist()):
        if is_soma[point]:
            continue
        if parent >= 0 and not is_soma[parent]:
            children[parent].append(point)
        else:
            roots.append(point)
    lone = [point for point in roots if parents[point] < 0 and not children[point]]
    roots = [point for point in roots if parents[point] >= 0 or children[point]] + lone  # MorphIO does not count them
    chain, offsets, types, above = _sections(roots, children, table)
    points = table.points[chain]
    skeleton = checked(points[:, :3], points[:, 3], offsets, types, above, somas)
    heads = chain[offsets[:-1]]
    anchors = skeleton.anchors.copy()
    for section in np.flatnonzero(above < 0):
        parent = parents[heads[section]]
        if parent < 0:
            continue
        anchor, drawn = anchor_of[parent]
        # The real renderer draws nothing between cylinders and the neurites that continue them.
        if drawn or (offsets[section + 1] - offsets[section] == 1 and not children[heads[section]]):
            anchors[section] = anchor
    anchors[:, 3] = np.abs(anchors[:, 3])
    return replace(skeleton, anchors=anchors)


def _rooted_at_somas(parents: Ints, is_soma: npt.NDArray[np.bool_]) -> Ints:
    """Turn the way from each soma up to its tree's root around, unless there is another soma on it."""
    parents = parents.copy()
    for point in np.flatnonzero(is_soma & (parents >= 0)):
        if is_soma[parents[point]]:
            continue
        way = [int(point)]
        while parents[way[-1]] >= 0:
            way.append(int(parents[way[-1]]))
        if is_soma[way[1:]].any():
            continue
        for below, above in pairwise(way):
            parents[above] = below
        parents[point] = -1
    return parents


def _sections(roots: list[int], children: list[list[int]], table: PointTable) -> tuple[Ints, Ints, Ints, Ints]:
    """Cut trees into sections, depth first; returns their points one after another, offsets, types and parents.

    A section ends where it forks or changes its type. One that continues another begins with that one's last point,
    which some files repeat.
    """
    places, types = table.points[:, :3].tolist(), table.types.tolist()
    chain: list[int] = []
    offsets, kinds, above = [0], list[int](), list[int]()
    waiting = [(root, -1) for root in reversed(roots)]
    while waiting:
        point, parent = waiting.pop()
        if parent >= 0 and places[last := chain[offsets[parent + 1] - 1]] != places[point]:
            chain.append(last)
        kind = types[point]
        chain.append(point)
        while len(children[point]) == 1 and types[children[point][0]] == kind:
            (point,) = children[point]
            chain.append(point)
        waiting += [(child, len(kinds)) for child in reversed(children[point])]
        offsets.append(len(chain))
        kinds.append(kind)
        above.append(parent)
    return tuple(np.array(numbers, np.int64) for numbers in (chain, offsets, kinds, above))  # type: ignore[return-value]


def _somas(
    points: Floats, parents: Ints, is_soma: npt.NDArray[np.bool_]
) -> tuple[Soma, dict[int, tuple[Floats, bool]]]:
    """Make one soma of all somas of a file.

    Returns:
        the soma, and for each of its points what a neurite that continues it is drawn from, and whether one of
        several points is.
    """
    groups: dict[int, list[int]] = {}
    top: dict[int, int] = {}
    for point in np.flatnonzero(is_soma).tolist():
        way = [point]
        while parents[way[-1]] >= 0 and is_soma[parents[way[-1]]] and way[-1] not in top:
            way.append(int(parents[way[-1]]))
        first = top.get(way[-1], way[-1])
        top.update(dict.fromkeys(way, first))
        groups.setdefault(first, []).append(point)
    if not groups:
        return no_soma(), {}
    somas, anchor_of = [], {}
    for first, group in groups.items():
        members = [first, *(member for member in group if member != first)]
        number = {member: index for index, member in enumerate(members)}
        links = np.array([number.get(int(parents[member]), -1) for member in members], np.int64)
        soma = linked_soma(points[members], links)
        drawn = bool(len(soma.spheres))
        for member in members:
            anchor_of[member] = (soma.spheres[0] if drawn else points[member], drawn)
        if parents[first] >= 0:  # it continues a neurite of another soma
            link = np.stack((points[parents[first]], anchor_of[first][0]))[None]
            soma = replace(soma, cylinders=np.concatenate((soma.cylinders, link)))
        somas.append(soma)
    merged = Soma(
        np.concatenate([soma.spheres for soma in somas]),
        np.concatenate([soma.cylinders for soma in somas]),
        somas[0].center,
    )
    return merged, anchor_of
