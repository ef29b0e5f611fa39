"""Where on its cell each primitive stands, as reports of compartments count: which section, and how far along it.

A place is a row of two numbers: the section's id (MorphIO's + 1; 0 is the soma, as simulators write it) and the part of
the section's path, 0 to 1. float32 holds ids up to 16 million exactly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.float32]

SOMA = 0  # the id of the soma


def soma_places(count: int) -> Places:
    """Places (N, 2) of primitives of the soma."""
    return np.tile(np.array([0.0, 0.5], np.float32), (count, 1))


def point_places(points: npt.NDArray[np.float32], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> Places:
    """Places (N, 2) of the points of sections.

    Args:
        points: (N, 3 or more), x, y, z, …
        starts: (S,) index of each section's first point; sections follow one another without gaps.
        ends: (S,) index behind each section's last point.
    """
    counts = ends - starts
    steps = np.zeros(len(points))
    steps[1:] = np.linalg.norm(np.diff(points[:, :3].astype(np.float64), axis=0), axis=1)
    path = np.cumsum(steps)
    held = counts > 0
    first = np.repeat(path[starts[held]], counts[held])
    length = np.repeat(path[ends[held] - 1], counts[held]) - first
    places = np.zeros((len(points), 2), np.float32)
    places[:, 0] = np.repeat(np.arange(1, len(starts) + 1), counts)
    np.divide(path - first, length, out=places[:, 1], where=length > 0, casting="unsafe")
    return places


def segment_places(places: Places, begins: npt.NDArray[np.bool_]) -> Places:
    """Places of segments' middles, from those of their points; ``begins`` tells which points begin a segment."""
    middles = places[begins]
    index = np.flatnonzero(begins)
    middles[:, 1] += places[index + 1, 1]
    middles[:, 1] /= 2
    return middles
