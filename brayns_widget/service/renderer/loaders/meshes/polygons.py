"""Triangulation of faces with any number of corners."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Points = npt.NDArray[np.float64]

_MOST_CORNERS = 200  # of a concave face: what clipping takes grows with their square, in spirals with their cube


def triangulated(points: Points, sizes: Numbers, corners: Numbers) -> tuple[Numbers, Numbers]:
    """Cut faces into triangles: in fans, and where a face is concave by clipping its ears.

    Faces of fewer than three corners have no triangles.

    Args:
        points: (V, 3).
        sizes: (F,), how many corners each face has.
        corners: (sum of sizes,), valid indices of points, face after face.

    Returns:
        (T, 3), indices of points, in the order of the faces; (T,), the face of each triangle.
    """
    triangles, owners = fans(sizes, corners)
    counts, starts = np.maximum(sizes - 2, 0), np.cumsum(sizes) - sizes
    firsts = np.cumsum(counts) - counts
    folded = _folded(points, triangles, owners, counts)
    quads = folded[sizes[folded] == 4]  # there may be many, and they have only one other diagonal
    rings = corners[starts[quads][:, None] + [1, 2, 3, 0]]
    triangles[firsts[quads]], triangles[firsts[quads] + 1] = rings[:, :3], rings[:, [2, 3, 0]]
    for face in folded:
        if 4 < sizes[face] <= _MOST_CORNERS:
            ring = corners[starts[face] : starts[face] + sizes[face]]
            triangles[firsts[face] : firsts[face] + counts[face]] = ring[_ears(points[ring])]
    return triangles, owners


def fans(sizes: Numbers, corners: Numbers) -> tuple[Numbers, Numbers]:
    """Cut faces into fans: as many triangles as ``triangulated`` gives, but correct for convex faces only."""
    counts = np.maximum(sizes - 2, 0)
    owners = np.repeat(np.arange(len(sizes)), counts)
    first = (np.cumsum(sizes) - sizes)[owners]
    second = first + 1 + np.arange(len(owners)) - (np.cumsum(counts) - counts)[owners]
    return corners[np.stack([first, second, second + 1], axis=1)], owners


def _folded(points: Points, triangles: Numbers, owners: Numbers, counts: Numbers) -> Numbers:
    """Find faces whose fan has a triangle of the opposite orientation."""
    if not (fans := counts[owners] > 1).any():
        return np.empty(0, np.int64)
    owners = owners[fans]
    a, b, c = np.moveaxis(points[triangles[fans]], 1, 0)
    with np.errstate(all="ignore"):  # places that are far too large or no numbers are refused later
        normals = np.cross(b - a, c - a)
        begins = np.flatnonzero(np.diff(owners, prepend=-1))
        wholes = np.repeat(np.add.reduceat(normals, begins), np.diff(np.append(begins, len(owners))), axis=0)
        return np.unique(owners[(normals * wholes).sum(axis=1) < 0])


def _ears(places: Points) -> Numbers:
    """Cut a polygon (N, 3) into triangles (N - 2, 3), each a corner that sticks out and its neighbors.

    The method: G. H. Meisters, Polygons have ears, American Mathematical Monthly 82 (1975).
    """
    normal = np.cross(places[1:-1] - places[0], places[2:] - places[0]).sum(axis=0)
    axis = int(np.abs(normal).argmax())  # seen along it, the polygon is largest
    flat = places[:, [(axis + 1) % 3, (axis + 2) % 3]] * [np.sign(normal[axis]), 1]  # counter-clockwise

    def side(a: int, b: int, others: Points) -> npt.NDArray[np.float64]:
        (x, y), (dx, dy) = flat[a], flat[b] - flat[a]
        return np.asarray(dx * (others[:, 1] - y) - dy * (others[:, 0] - x))

    ring, ears = list(range(len(flat))), []
    while len(ring) > 3:
        for at, tip in enumerate(ring):
            a, c = ring[at - 1], ring[(at + 1) % len(ring)]
            others = flat[[corner for corner in ring if corner not in {a, tip, c}]]
            inside = (side(a, tip, others) >= 0) & (side(tip, c, others) >= 0) & (side(c, a, others) >= 0)
            if side(a, tip, flat[[c]])[0] > 0 and not inside.any():
                break
        else:  # it crosses itself, or has no area left
            at = 0
        ears.append((ring[at - 1], ring[at], ring[(at + 1) % len(ring)]))
        del ring[at]
    return np.array([*ears, tuple(ring)], np.int64)
