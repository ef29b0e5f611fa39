"""Places of primitives on their cell, as reports of compartments count: section, and how far along it.

A place is a row of two numbers: the section's id (MorphIO's + 1; 0 is the soma, as simulators write it) and the part of
the section's segments that come before, 0 to 1. Segments are counted, whatever their lengths, as Brayns 3.10.1 does: of
its pictures 58 pixels in 1.4 million differ much from ours; with parts of the section's path, 1458 do. float32 holds
ids up to 16 million exactly.

BMTK numbers the sections as NEURON has them. Cells of the Allen Institute (``model_processing`` ``aibs_…``) lose their
axon there, so that the dendrites come first, then the apical dendrites, each in the file's order: the synapses of
SONATA's 9_cells, which have ``sec_id`` and places, are 0.6 µm beside it (median).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.float32]

SOMA = 0  # the id of the soma
AXON, APICAL = 2, 4  # types, by the numbers of SWC


def soma_places(count: int) -> Places:
    """Places (N, 2) of primitives of the soma."""
    return np.tile(np.array([0.0, 0.5], np.float32), (count, 1))


def dendrites_first(types: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the ids (S,) that BMTK gives to sections after it has taken the axon: from 1; below 0 those of the axon.

    Args:
        types: (S,) numbers of SWC.
    """
    order = np.argsort(np.select([types == AXON, types == APICAL], [2, 1], 0), kind="stable")
    numbers = np.empty(len(types), np.int64)
    numbers[order] = np.arange(1, len(types) + 1)
    return np.where(types == AXON, -numbers, numbers)


def point_places(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]) -> Places:
    """Places (N, 2) of the points of sections.

    Args:
        starts: (S,) index of each section's first point; sections follow one another without gaps.
        ends: (S,) index behind each section's last point.
        numbers: (S,) ids of the sections.
    """
    counts = ends - starts
    within = np.arange(counts.sum()) - np.repeat(starts, counts)
    segments = np.repeat(np.maximum(counts - 1, 1), counts)
    return np.column_stack((np.repeat(numbers, counts), within / segments)).astype(np.float32)


def path_starts(
    points: npt.NDArray[np.float32],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    parents: npt.NDArray[np.int64],
) -> npt.NDArray[np.float32]:
    """Compute how far each section's start lies from its neurite's first point, along the neurite, in µm (S,).

    Args:
        points: (N, 3 or more) of the sections: x, y, z, …
        starts: (S,) index of each section's first point.
        ends: (S,) index behind each section's last point.
        parents: (S,) the section that each continues, a lower number, or -1.
    """
    if not len(starts):
        return np.empty(0, np.float32)
    steps = np.linalg.norm(np.diff(points[:, :3].astype(np.float64), axis=0), axis=1)
    path = np.concatenate(([0.0], np.cumsum(steps)))
    # Of each section: the length of what comes before it, up to the section that is still to be added.
    lengths = np.where(ends > starts, path[np.maximum(ends - 1, starts)] - path[starts], 0.0)
    before, next_up = np.where(parents >= 0, lengths[parents], 0.0), parents
    while (more := next_up >= 0).any():
        before = before + np.where(more, before[next_up], 0.0)
        next_up = np.where(more, next_up[next_up], -1)
    return before.astype(np.float32)
