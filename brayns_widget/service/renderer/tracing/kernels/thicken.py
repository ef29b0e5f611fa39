"""The kernel that thickens and simplifies neurites for a camera's distance.

A module of its own: it is compiled, or loaded, when a radius floor is first applied.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.embree import NEIGHBOR_LEFT, NEIGHBOR_RIGHT
from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel


@inlined
def _distance(vertices: Any, index: Any, position: Any) -> Any:
    x, y, z = vertices[index, 0] - position[0], vertices[index, 1] - position[1], vertices[index, 2] - position[2]
    return math.sqrt(x * x + y * y + z * z)


@kernel
def thicken(  # noqa: PLR0917 - Numba knows no keywords
    vertices: Any,
    segments: Any,
    slots: Any,
    position: Any,
    base: Any,
    slope: Any,
    pixels: Any,
    out_vertices: Any,
    out_segments: Any,
    out_slots: Any,
    out_flags: Any,
) -> Any:
    """Copy neurites with a least radius and fewer vertices.

    A run of segments that continue one another keeps its ends, and of the vertices between them those that lie at
    least a pixel (along the neurite) behind the last one kept.

    Args:
        vertices: float32 (V, 4), x, y, z, radius.
        segments: uint32 (S,), each segment's first vertex; its second is the next one.
        slots: uint32 (S,); a segment that replaces several takes the slot of the last one.
        position: float32 (3,), the camera's.
        base: float32, see slope.
        slope: float32, a pixel's size is base + slope * distance.
        pixels: float32, the least radius.
        out_vertices: float32 (2 * S, 4), filled from the start.
        out_segments: uint32 (S,), filled from the start.
        out_slots: uint32 (S,), filled from the start.
        out_flags: uint8 (S,), NEIGHBOR_LEFT and NEIGHBOR_RIGHT, filled from the start.

    Returns:
        How many vertices and segments there are now.
    """
    count = len(segments)
    kept, made = 0, 0
    traveled = np.float32(0)
    left = 0
    starts = True
    for number in range(count):
        first = np.int64(segments[number])
        if starts:
            for column in range(3):
                out_vertices[kept, column] = vertices[first, column]
            pixel = base + slope * _distance(vertices, first, position)
            out_vertices[kept, 3] = max(vertices[first, 3], pixels * pixel)
            kept += 1
            traveled = np.float32(0)
            left = 0
        second = first + 1
        dx = vertices[second, 0] - vertices[first, 0]
        dy = vertices[second, 1] - vertices[first, 1]
        dz = vertices[second, 2] - vertices[first, 2]
        traveled += math.sqrt(dx * dx + dy * dy + dz * dz)
        ends = number + 1 == count or np.int64(segments[number + 1]) != second
        pixel = base + slope * _distance(vertices, second, position)
        if ends or traveled >= pixel:
            for column in range(3):
                out_vertices[kept, column] = vertices[second, column]
            out_vertices[kept, 3] = max(vertices[second, 3], pixels * pixel)
            out_segments[made] = kept - 1
            out_slots[made] = slots[number]
            out_flags[made] = left | (0 if ends else NEIGHBOR_RIGHT)
            left = NEIGHBOR_LEFT
            kept += 1
            made += 1
            traveled = np.float32(0)
        starts = ends
    return kept, made
