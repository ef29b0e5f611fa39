"""Veils: which primitives of a model are hidden or nearly clear, cell by cell.

Rays that would pass one of them after another take long, and would meet too many to get to what is behind. So hidden
primitives are not built at all, and faint ones are met by the rays of cameras alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Floats, Geometry
from brayns_widget.service.renderer.tracing.materials import FAINT_ALPHA

SEEN, FAINT, HIDDEN = range(3)


def veils_of(colors: Floats) -> NDArray[np.uint8] | None:
    """Tell for each color whether it is SEEN, FAINT or HIDDEN; None if all are seen.

    Args:
        colors: float32 (N, 4), RGBA.
    """
    alpha = colors[:, 3]
    if not len(alpha) or alpha.min() >= FAINT_ALPHA:
        return None
    return np.where(alpha <= 0, HIDDEN, np.where(alpha < FAINT_ALPHA, FAINT, SEEN)).astype(np.uint8)


def same_veils(one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> bool:
    """Whether the same is seen."""
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


def seen_as(geometry: Geometry, veils: NDArray[np.uint8], kind: int) -> Geometry:
    """Return the primitives whose slots are of one kind; vertices are shared with all."""
    segments, spheres, triangles = (
        veils[slots] == kind for slots in (geometry.segment_slots, geometry.sphere_slots, geometry.triangle_slots)
    )
    return replace(
        geometry,
        segments=geometry.segments[segments],
        segment_slots=geometry.segment_slots[segments],
        spheres=geometry.spheres[spheres],
        sphere_slots=geometry.sphere_slots[spheres],
        triangles=geometry.triangles[triangles],
        triangle_slots=geometry.triangle_slots[triangles],
    )
