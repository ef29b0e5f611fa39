"""Places of primitives on their cell, as reports of compartments count: section, and how far along it.

A place is a row of two numbers: the section's id (MorphIO's + 1; 0 is the soma, as simulators write it) and the part of
the section's segments that come before, 0 to 1. Segments are counted, whatever their lengths, as Brayns 3.10.1 does: of
its pictures 58 pixels in 1.4 million differ much from ours; with parts of the section's path, 1458 do. float32 holds
ids up to 16 million exactly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.float32]

SOMA = 0  # the id of the soma


def soma_places(count: int) -> Places:
    """Places (N, 2) of primitives of the soma."""
    return np.tile(np.array([0.0, 0.5], np.float32), (count, 1))


def point_places(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> Places:
    """Places (N, 2) of the points of sections.

    Args:
        starts: (S,) index of each section's first point; sections follow one another without gaps.
        ends: (S,) index behind each section's last point.
    """
    counts = ends - starts
    within = np.arange(counts.sum()) - np.repeat(starts, counts)
    segments = np.repeat(np.maximum(counts - 1, 1), counts)
    return np.column_stack((np.repeat(np.arange(1, len(starts) + 1), counts), within / segments)).astype(np.float32)
