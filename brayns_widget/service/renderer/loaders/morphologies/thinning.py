"""Selection of points of a morphology's sections: every n-th, those at bends, those that have grown.

Each function answers with a mask (N,) of the points (N, 3 or more: x, y, z, …) of sections that follow one another
without gaps: section s has the points from ``starts[s]`` to before ``ends[s]``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def every_nth(count: int, starts: Ints, ends: Ints, step: int) -> Mask:
    """Keep every ``step``-th of ``count`` points of each section, the first included, and its last."""
    within = np.arange(count) - np.repeat(starts, ends - starts)
    kept: Mask = within % min(step, max(count, 1)) == 0
    kept[ends[ends > starts] - 1] = True  # where others begin
    return kept


def bends(points: Points, starts: Ints, ends: Ints, straight: float) -> Mask:
    """Drop points where a section is straight, but never its first and last.

    Args:
        points: of the sections.
        starts: of the sections.
        ends: of the sections.
        straight: the least cosine of the angle between two segments, from the last point that is kept and to the next
            one, with which they become one (Brayns' ``resampling``).
    """
    places = points[:, :3].astype(np.float64)
    kept = np.ones(len(points), np.bool_)
    last_kept = starts.copy()
    for step in range(1, int((ends - starts).max(initial=0)) - 1):  # all sections at once, point by point
        (sections,) = np.nonzero(ends - starts > step + 1)
        at = starts[sections] + step
        before, after = places[at] - places[last_kept[sections]], places[at + 1] - places[at]
        lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        dropped = (lengths > 0) & (np.einsum("ni,ni->n", before, after) >= straight * lengths)
        kept[at[dropped]] = False
        last_kept[sections[~dropped]] = at[~dropped]
    return kept


def grown(points: Points, starts: Ints, ends: Ints, parents: Ints, growth: float) -> Mask:
    """Keep the points that have grown, when all tips grow at once and arrive together.

    A point is kept if its way from its neurite's first point is shorter than ``growth`` times the way from there,
    through it, to the farthest tip; as Brayns 3.10 does.

    Args:
        points: of the sections.
        starts: of the sections, none of them empty.
        ends: of the sections.
        parents: (S,) the section that each continues, a lower number, or -1.
        growth: from 0, nothing, to below 1.
    """
    steps = np.zeros(len(points))
    steps[1:] = np.linalg.norm(np.diff(points[:, :3].astype(np.float64), axis=0), axis=1)
    path = np.cumsum(steps)
    begins, lengths = path[starts], path[ends - 1] - path[starts]
    before = np.zeros(len(starts))  # the way to each section's first point
    for section, parent in enumerate(parents):
        if parent >= 0:
            before[section] = before[parent] + lengths[parent]
    farthest = before + lengths
    for section in range(len(parents) - 1, -1, -1):
        if parents[section] >= 0:
            farthest[parents[section]] = max(farthest[parents[section]], farthest[section])
    ways = path + np.repeat(before - begins, ends - starts)
    kept: Mask = ways < growth * np.repeat(farthest, ends - starts)
    return kept
