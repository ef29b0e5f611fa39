"""The outline of a model: a few points at its surface, from which clients can tell how much of a picture it takes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.geometry import Floats, Geometry

_DIRECTIONS = 128
_GRID = 200  # points are one if they are nearer than such a part of the outline's size
_CHUNK = 256  # points that are looked at together: loaders write neighbors one after another


def outline(geometry: Geometry) -> Floats:
    """Find the points of the surface that are outermost in some direction.

    The directions are spread over the sphere, the points of a Fibonacci lattice. The box around what a camera sees of
    the points is the box around what it sees of all of the geometry, less at most 3 % of a sphere's radius, which no
    other shape exceeds.

    Args:
        geometry: the primitives.

    Returns:
        float32 (N, 3), N at most 128, in the geometry's space, µm; empty if there is nothing.
    """
    directions = _lattice(_DIRECTIONS)
    sizes = np.full((len(directions),), -np.inf, np.float32)
    points = np.zeros((len(directions), 3), np.float32)
    flat = np.zeros((len(geometry.triangle_vertices), 1), np.float32)
    for balls in (geometry.vertices, geometry.spheres, np.hstack((geometry.triangle_vertices, flat))):
        if len(balls):
            found = _outermost(_candidates(balls, directions), directions)
            reaches = (found * directions).sum(axis=1)
            points = np.where((reaches > sizes)[:, None], found, points)
            sizes = np.maximum(sizes, reaches)
    return _apart(points) if np.isfinite(sizes).all() else np.empty((0, 3), np.float32)


def _apart(points: Floats) -> Floats:
    """Keep one of the points that are near one another: a thin neurite's end is outermost in many directions."""
    low = points.min(axis=0)
    size = (points - low).max() or np.float32(1)
    _, kept = np.unique(np.round((points - low) * (_GRID / size)), axis=0, return_index=True)
    return points[np.sort(kept)]


def _lattice(count: int) -> Floats:
    """Spread unit vectors (count, 3) over the sphere: equal steps of z, turned by the golden angle each."""
    steps = np.arange(count)
    z = 1 - (2 * steps + 1) / count
    angle = steps * (math.pi * (3 - math.sqrt(5)))
    radius = np.sqrt(1 - z * z)
    return np.stack((radius * np.cos(angle), radius * np.sin(angle), z), axis=1).astype(np.float32)


def _candidates(balls: Floats, directions: Floats) -> Floats:
    """Leave out balls (N, 4) that lie in boxes that reach less far in all directions than balls elsewhere do."""
    starts = np.arange(0, len(balls), _CHUNK)
    low = np.minimum.reduceat(balls[:, :3], starts)
    high = np.maximum.reduceat(balls[:, :3], starts)
    radius = np.maximum.reduceat(balls[:, 3], starts)
    most = (low + high) / 2 @ directions.T + (high - low) / 2 @ np.abs(directions.T) + radius[:, None]
    sure = (balls[starts, :3] @ directions.T + balls[starts, 3:]).max(axis=0)
    kept: npt.NDArray[np.bool_] = (most >= sure).any(axis=1)
    return balls[np.repeat(kept, np.diff(np.append(starts, len(balls))))]


def _outermost(balls: Floats, directions: Floats) -> Floats:
    """Find the point of the surface of balls (N, 4) that is outermost in each direction (D, 3)."""
    best = np.array([(balls[:, :3] @ direction + balls[:, 3]).argmax() for direction in directions])
    points: Floats = balls[best, :3] + balls[best, 3:] * directions
    return points
