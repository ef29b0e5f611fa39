"""Kernels that mark the pixels whose camera rays may hit round primitives.

Neurons fill little of a picture, but rays that pass close to thin neurites cost Embree nearly as much as those that
hit them. So each segment is first projected, with a margin, into a mask of pixels; only these are traced. This takes
some 20 nanoseconds a segment and changes no picture.

A point that is seen at t' = x' / z' (x' along a side of the picture, z' the distance before the camera) and lies within
r of a point of the segment's axis with t = x / z fulfils ``|t' - t| <= r * sqrt(1 + t'^2) / z``: the difference is
``((x' - x) z' - (z' - z) x') / (z z')``. As t' ends at the picture's edge, the root is at most a constant.

A module of its own: it is compiled, or loaded, on another thread, while pictures are traced without it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.native import (
    inlined,
    kernel,
    load_float32,
    load_uint32,
    take_number,
)

GROUP = 8  # consecutive primitives that share a bounding sphere
CHUNK = 256  # groups that a thread takes at once
SMALL = np.float32(4)  # pixels up to which a group is marked as one square

# Entries of a lens, see ``cover.make_lens``: where it is, its axes, from x / z to pixels (factor and offset for each
# side), how many pixels a radius 1 spans at distance 1, the largest t', the error of coordinates, 1 if perspective.
ORIGIN, RIGHT, DOWN, FORWARD = 0, 3, 6, 9
SCALE_X, START_X, SCALE_Y, START_Y = 12, 13, 14, 15
REACH_X, REACH_Y, EDGE_X, EDGE_Y = 16, 17, 18, 19
UNSURE, PERSPECTIVE = 20, 21
LENS_SIZE = 22

# Columns of the table of primitives: addresses of vertices, segments (0: the vertices are spheres) and bounding spheres
# of groups; how many primitives; number of the first chunk, and of the first one of the next row.
VERTICES, SEGMENTS, GROUPS, COUNT, FIRST_CHUNK, NEXT_CHUNK = range(6)

STOP = 1  # entry of ``state``

ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_MARGIN = np.float32(0.05)  # pixels: more than what rounding moves a ray or a point on the screen
_LEVEL = np.float32(0.01)  # pixels of height below which a line counts as horizontal: its slope would overflow


@kernel
def group(vertices: Any, segments: Any, spheres: Any) -> None:
    """Find spheres around groups of primitives.

    Args:
        vertices: float32 (V, 4), x, y, z, radius.
        segments: uint32 (S,), each segment's first vertex; its second is the next one. (0,): the vertices are spheres.
        spheres: float32 (ceil(S or V / GROUP), 4), filled.
    """
    count = segments.shape[0] if segments.shape[0] > 0 else vertices.shape[0]
    ends = 2 if segments.shape[0] > 0 else 1
    for number in range(spheres.shape[0]):
        low_x, low_y, low_z = np.float32(np.inf), np.float32(np.inf), np.float32(np.inf)
        high_x, high_y, high_z = -low_x, -low_y, -low_z
        for primitive in range(number * GROUP, min(number * GROUP + GROUP, count)):
            first = np.int64(segments[primitive]) if ends == 2 else primitive
            for vertex in range(first, first + ends):
                x, y, z, radius = vertices[vertex, 0], vertices[vertex, 1], vertices[vertex, 2], vertices[vertex, 3]
                low_x, low_y, low_z = min(low_x, x - radius), min(low_y, y - radius), min(low_z, z - radius)
                high_x, high_y, high_z = max(high_x, x + radius), max(high_y, y + radius), max(high_z, z + radius)
        dx, dy, dz = high_x - low_x, high_y - low_y, high_z - low_z
        spheres[number, 0], spheres[number, 1], spheres[number, 2] = (
            low_x + HALF * dx,
            low_y + HALF * dy,
            low_z + HALF * dz,
        )
        spheres[number, 3] = HALF * math.sqrt(dx * dx + dy * dy + dz * dz)


@inlined
def _ceil(value: Any) -> Any:
    """Round up what is not negative."""
    whole = np.int32(value)
    return whole + 1 if np.float32(whole) < value else whole


@inlined
def _mark(  # noqa: PLR0917
    mask: Any, width: Any, height: Any, x: Any, y: Any, x2: Any, y2: Any, reach_x: Any, reach_y: Any
) -> None:
    """Mark the pixels within a box of twice the reach around any point of a line; pixel (i, j) lies at (i, j)."""
    if y2 < y:
        x, y, x2, y2 = x2, y2, x, y
    left, right = max(min(x, x2) - reach_x, ZERO), min(max(x, x2) + reach_x, np.float32(width - 1))
    top, bottom = max(y - reach_y, ZERO), min(y2 + reach_y, np.float32(height - 1))
    # Written so that NaN, from numbers of camera or scene that overflow, marks no pixel.
    if not (left <= right and top <= bottom):
        return
    first, last = _ceil(left), np.int32(right)
    row, last_row = _ceil(top), np.int32(bottom)
    if first > last or row > last_row:
        return
    straight = row == last_row or first == last or y2 - y < _LEVEL
    slope = ZERO if straight else (x2 - x) / (y2 - y)
    for j in range(row, last_row + 1):
        if not straight:
            start = x + slope * (max(np.float32(j) - reach_y, y) - y)
            end = x + slope * (min(np.float32(j) + reach_y, y2) - y)
            low, high = max(min(start, end) - reach_x, left), min(max(start, end) + reach_x, right)
            if not low <= high:
                continue
            first, last = _ceil(low), np.int32(high)
        for i in range(first, last + 1):
            mask[j, i] = 1


@inlined
def _view(lens: Any, x: Any, y: Any, z: Any) -> Any:
    """Transform a point to coordinates along the picture's sides and depth; with parallel rays the depth is 1."""
    dx, dy, dz = x - lens[ORIGIN], y - lens[ORIGIN + 1], z - lens[ORIGIN + 2]
    return (
        dx * lens[RIGHT] + dy * lens[RIGHT + 1] + dz * lens[RIGHT + 2],
        dx * lens[DOWN] + dy * lens[DOWN + 1] + dz * lens[DOWN + 2],
        ONE if lens[PERSPECTIVE] == ZERO else dx * lens[FORWARD] + dy * lens[FORWARD + 1] + dz * lens[FORWARD + 2],
    )


@inlined
def _mark_segment(  # noqa: PLR0917
    mask: Any, width: Any, height: Any, lens: Any, x: Any, y: Any, z: Any, x2: Any, y2: Any, z2: Any, radius: Any
) -> Any:
    """Mark the pixels of one segment; False if it is so close to the camera that it may be anywhere."""
    if z > z2:
        x, y, z, x2, y2, z2 = x2, y2, z2, x, y, z
    if lens[PERSPECTIVE] != ZERO and z < radius:
        if z2 < -radius:
            return True
        # A point that is seen and belongs to the axis where z is below the radius lies below two radii.
        start = (-radius - z) / (z2 - z) if z < -radius else ZERO
        end = (radius - z) / (z2 - z) if z2 > radius else ONE
        xa, xb, ya, yb = x + start * (x2 - x), x + end * (x2 - x), y + start * (y2 - y), y + end * (y2 - y)
        margin_x, margin_y = (TWO * lens[EDGE_X] + ONE) * radius, (TWO * lens[EDGE_Y] + ONE) * radius
        if min(xa, xb) < margin_x and max(xa, xb) > -margin_x and min(ya, yb) < margin_y and max(ya, yb) > -margin_y:
            return False
        if z2 <= radius:
            return True
        x, y, z = xb, yb, radius
    # In pieces: what counts is each one's nearest point.
    while True:
        far = min(TWO * z, z2)
        part = (far - z) / (z2 - z) if z2 > z else ONE
        xa, ya = x + part * (x2 - x), y + part * (y2 - y)
        near, beyond = ONE / z, ONE / far
        _mark(
            mask,
            width,
            height,
            lens[SCALE_X] * (x * near) + lens[START_X],
            lens[SCALE_Y] * (y * near) + lens[START_Y],
            lens[SCALE_X] * (xa * beyond) + lens[START_X],
            lens[SCALE_Y] * (ya * beyond) + lens[START_Y],
            lens[REACH_X] * (radius * near) + _MARGIN,
            lens[REACH_Y] * (radius * near) + _MARGIN,
        )
        if not z < far < z2:
            return True
        x, y, z = xa, ya, far


@kernel
def cover(  # noqa: PLR0917 - Numba knows no keywords
    table: Any, state: Any, lens: Any, width: Any, height: Any, mask: Any
) -> None:
    """Mark the pixels whose rays may hit round primitives, of the chunks that this thread takes.

    Args:
        table: int64 (P, 6), see above.
        state: int64 (2,), shared: number of the next chunk, and not 0 to stop before the next chunk.
        lens: float32 (LENS_SIZE,), see above.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        mask: uint8 (at least height, at least width), 1 is written, nothing else.
    """
    part = 0
    parallel = lens[PERSPECTIVE] == ZERO
    unsure = lens[UNSURE]
    scale_x, start_x, scale_y, start_y = lens[SCALE_X], lens[START_X], lens[SCALE_Y], lens[START_Y]
    wide_x, wide_y = lens[REACH_X], lens[REACH_Y]
    while state[STOP] == 0:
        chunk = take_number(state.ctypes.data)
        while part < table.shape[0] and chunk >= table[part, NEXT_CHUNK]:
            part += 1
        if part == table.shape[0]:
            break
        vertices, segments, groups = table[part, VERTICES], table[part, SEGMENTS], table[part, GROUPS]
        count = table[part, COUNT]
        first_group = (chunk - table[part, FIRST_CHUNK]) * CHUNK
        for number in range(first_group, min(first_group + CHUNK, (count + GROUP - 1) // GROUP)):
            radius = load_float32(groups, 4 * number + 3) + unsure
            x, y, z = _view(
                lens,
                load_float32(groups, 4 * number),
                load_float32(groups, 4 * number + 1),
                load_float32(groups, 4 * number + 2),
            )
            if z < -radius and not parallel:
                continue
            if z > radius or parallel:
                near = ONE / z
                screen_x, screen_y = scale_x * (x * near) + start_x, scale_y * (y * near) + start_y
                reach_x, reach_y = wide_x * (radius * near) + _MARGIN, wide_y * (radius * near) + _MARGIN
                if (
                    screen_x + reach_x < ZERO
                    or screen_x - reach_x > np.float32(width - 1)
                    or screen_y + reach_y < ZERO
                    or screen_y - reach_y > np.float32(height - 1)
                ):
                    continue
                if np.float32(4) * reach_x * reach_y < SMALL:
                    _mark(mask, width, height, screen_x, screen_y, screen_x, screen_y, reach_x, reach_y)
                    continue
            known: Any = -1
            x2, y2, z2, radius2 = ZERO, ZERO, ZERO, ZERO
            for primitive in range(number * GROUP, min(number * GROUP + GROUP, count)):
                first = load_uint32(segments, primitive) if segments != 0 else primitive
                if first == known:
                    x, y, z, radius = x2, y2, z2, radius2
                else:
                    radius = load_float32(vertices, 4 * first + 3)
                    x, y, z = _view(
                        lens,
                        load_float32(vertices, 4 * first),
                        load_float32(vertices, 4 * first + 1),
                        load_float32(vertices, 4 * first + 2),
                    )
                known = first + 1 if segments != 0 else first
                radius2 = load_float32(vertices, 4 * known + 3)
                x2, y2, z2 = _view(
                    lens,
                    load_float32(vertices, 4 * known),
                    load_float32(vertices, 4 * known + 1),
                    load_float32(vertices, 4 * known + 2),
                )
                thick = max(radius, radius2) + unsure
                if not _mark_segment(mask, width, height, lens, x, y, z, x2, y2, z2, thick):
                    for j in range(height):
                        for i in range(width):
                            mask[j, i] = 1
                    return
