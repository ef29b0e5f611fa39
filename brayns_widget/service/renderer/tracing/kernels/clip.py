"""The filter that Embree calls for each hit where something is clipped: it rejects hits that are cut away.

Scenes without clipping have no filter, and this module is compiled only when the first clip is set.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import types

from brayns_widget.service.renderer.tracing.kernels.native import (
    callback,
    inlined,
    load_float32,
    load_int64,
    load_uint32,
    store_int32,
)

# Kinds of shapes, and what their rows hold from NUMBERS on.
HALF_SPACE = 0  # unit normal n, distance d: n·p = d
BLOCK = 1  # least and greatest corner
BALL = 2  # center, radius
ROUND_CONE = 3  # end and radius, end and radius; neither ball holds the other
WINDOW = 4  # unit normal, distance, least and greatest corner

# Columns of a row: kind, whether it cuts what lies outside, whether it is the last of those of its clip, padding;
# then the first three rows of the matrix from the world to the shape's space.
KIND, OUTSIDE, LAST, MATRIX, NUMBERS = 0, 1, 2, 4, 16
COLUMNS = 28
FIRST_ROW = 4  # behind the number of rows

# RTCFilterFunctionNArguments, in words of 8 bytes: valid, user pointer, context, ray, hit, N (4 bytes).
_VALID, _DATA, _RAY, _COUNT = 0, 1, 3, 5
# Rows of RTCRayN.
_ORG, _DIR, _TFAR = 0, 4, 8

_SLACK = np.float32(1e-5)  # of a window's size: edges count


@inlined
def _along(table: Any, at: Any, axis: Any, x: Any, y: Any, z: Any) -> Any:  # noqa: PLR0917 - Numba knows no keywords
    """Compute one coordinate of a vector in the shape's space."""
    row = at + MATRIX + 4 * axis
    return load_float32(table, row) * x + load_float32(table, row + 1) * y + load_float32(table, row + 2) * z


@inlined
def _in_box(table: Any, at: Any, x: Any, y: Any, z: Any, slack: Any) -> Any:  # noqa: PLR0917 - Numba knows no keywords
    """Whether a point lies in the box whose corners stand at ``at``, or within a margin around it."""
    inside = True
    for axis in range(3):
        place = x if axis == 0 else y if axis == 1 else z
        low, high = load_float32(table, at + axis), load_float32(table, at + 3 + axis)
        margin = slack * max(abs(low), abs(high), high - low)
        inside = inside and low - margin <= place <= high + margin
    return inside


@inlined
def _in_round_cone(table: Any, at: Any, x: Any, y: Any, z: Any) -> Any:
    """Whether a point lies in a ball whose center and radius lie between those of the two ends.

    Of the balls along the axis the one that reaches the point best stands where its surface's tangent cone is
    perpendicular to the way to the point: it is moved from the point's foot by distance * k / sqrt(1 - k^2), where
    k is how fast the radius grows. Reach falls off to both sides of it, so that the nearest of the ends is next best.
    """
    ax, ay, az, ar = (
        load_float32(table, at),
        load_float32(table, at + 1),
        load_float32(table, at + 2),
        load_float32(table, at + 3),
    )
    bx, by, bz = (
        load_float32(table, at + 4) - ax,
        load_float32(table, at + 5) - ay,
        load_float32(table, at + 6) - az,
    )
    growth = load_float32(table, at + 7) - ar
    length = math.sqrt(bx * bx + by * by + bz * bz)
    px, py, pz = x - ax, y - ay, z - az
    foot = (px * bx + py * by + pz * bz) / length
    away = math.sqrt(max(px * px + py * py + pz * pz - foot * foot, np.float32(0)))
    k = growth / length
    place = min(max(foot + away * k / math.sqrt(np.float32(1) - k * k), np.float32(0)), length)
    radius = ar + k * place
    beside = foot - place
    return away * away + beside * beside <= radius * radius


@inlined
def is_cut(table: Any, ox: Any, oy: Any, oz: Any, dx: Any, dy: Any, dz: Any, far: Any) -> Any:  # noqa: PLR0917 - Numba knows no keywords
    """Whether the point of a ray at ``far`` is cut away."""
    x, y, z = ox + far * dx, oy + far * dy, oz + far * dz
    covered = False
    for row in range(np.int64(load_float32(table, 0))):
        start = FIRST_ROW + row * COLUMNS
        kind, at = np.int64(load_float32(table, start + KIND)), start + NUMBERS
        px = _along(table, start, 0, x, y, z) + load_float32(table, start + MATRIX + 3)
        py = _along(table, start, 1, x, y, z) + load_float32(table, start + MATRIX + 7)
        pz = _along(table, start, 2, x, y, z) + load_float32(table, start + MATRIX + 11)
        nx, ny, nz, last = (  # of a plane: the distance; of a ball: the radius
            load_float32(table, at),
            load_float32(table, at + 1),
            load_float32(table, at + 2),
            load_float32(table, at + 3),
        )
        inside = False
        if kind == HALF_SPACE:
            inside = nx * px + ny * py + nz * pz < last
        elif kind == BLOCK:
            inside = _in_box(table, at, px, py, pz, np.float32(0))
        elif kind == BALL:
            inside = (px - nx) ** 2 + (py - ny) ** 2 + (pz - nz) ** 2 <= last * last
        elif kind == ROUND_CONE:
            inside = _in_round_cone(table, at, px, py, pz)
        else:
            height = nx * px + ny * py + nz * pz - last
            ex, ey, ez = (
                _along(table, start, 0, dx, dy, dz),
                _along(table, start, 1, dx, dy, dz),
                _along(table, start, 2, dx, dy, dz),
            )
            slope = nx * ex + ny * ey + nz * ez
            if height < 0 and slope != 0:
                back = height / slope  # from where the ray passes through the plane to the point
                inside = far - back > 0 and _in_box(
                    table, at + 4, px - back * ex, py - back * ey, pz - back * ez, _SLACK
                )
        if load_float32(table, start + OUTSIDE) == 0:
            if inside:
                return True
        else:
            covered = covered or inside
            if load_float32(table, start + LAST) != 0:
                if not covered:
                    return True
                covered = False
    return False


def _reject_cut_hits(arguments: Any) -> None:
    """Embree's filter (RTCFilterFunctionN) for any number of rays."""
    valid, table, ray = load_int64(arguments, _VALID), load_int64(arguments, _DATA), load_int64(arguments, _RAY)
    count = load_uint32(arguments, 2 * _COUNT)
    for lane in range(count):
        if load_uint32(valid, lane) == 0:
            continue
        if is_cut(
            table,
            load_float32(ray, _ORG * count + lane),
            load_float32(ray, (_ORG + 1) * count + lane),
            load_float32(ray, (_ORG + 2) * count + lane),
            load_float32(ray, _DIR * count + lane),
            load_float32(ray, (_DIR + 1) * count + lane),
            load_float32(ray, (_DIR + 2) * count + lane),
            load_float32(ray, _TFAR * count + lane),
        ):
            store_int32(valid, lane, 0)


@functools.cache
def _compiled() -> Any:
    return callback(_reject_cut_hits, (types.int64,))


def filter_address() -> int:
    """Address of the filter; compiles it when asked first."""
    return int(_compiled().address)
