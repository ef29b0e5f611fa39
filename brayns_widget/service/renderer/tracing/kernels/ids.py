"""The kernel of id and depth buffers: what each pixel's middle shows, without shading."""

from __future__ import annotations

from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel, load_float32, load_uint32
from brayns_widget.service.renderer.tracing.kernels.surfaces import (
    EPSILON,
    GEOMETRY,
    INFINITE,
    NONE,
    PRIMITIVE,
    TFAR,
    TNEAR,
    VALID,
    ZERO,
    aim,
    any_marked,
    blocks,
    meet,
    prepare_rays,
)

MOST_UNSEEN = 64  # surfaces with an alpha of 0 that a ray passes


@inlined
def _slot(i: Any, table: Any, lane: Any) -> Any:
    return load_uint32(table[i[GEOMETRY, lane], 0], np.int64(i[PRIMITIVE, lane]))


@inlined
def _pass_unseen(f: Any, i: Any, table: Any) -> Any:
    """Send rays on that hit a color with an alpha of 0; returns how many."""
    count = 0
    for lane in range(16):
        if i[VALID, lane] == 0:
            continue
        i[VALID, lane] = 0
        geometry = i[GEOMETRY, lane]
        if geometry == NONE:
            continue
        row = _slot(i, table, lane) * (3 if table[geometry, 3] else 1)
        if load_float32(table[geometry, 1], 4 * row + 3) == ZERO:
            far = f[TFAR, lane]
            f[TNEAR, lane], f[TFAR, lane] = far + far * EPSILON, INFINITE
            i[GEOMETRY, lane] = NONE
            i[VALID, lane] = -1
            count += 1
    return count


@kernel
def trace_ids(  # noqa: PLR0917 - Numba knows no keywords
    scene: Any,
    table: Any,
    f: Any,
    i: Any,
    state: Any,
    done: Any,
    camera: Any,
    near: Any,
    mask: Any,
    ids: Any,
    depths: Any,
) -> None:
    """Find the first surface of each pixel that can be seen, for the tiles that this thread takes.

    Arguments are those of ``surfaces.trace``, but for:
        ids: int32 (height, width, 2), gets geomID and slot; where nothing is hit, -1 and -1. (0, 0, 2) if not wanted.
        depths: float32 (height, width), gets the distance along the ray, infinite where nothing is hit.
    """
    height, width = depths.shape
    keep = ids.shape[0] > 0
    half, near = np.float32(0.5), np.float32(near)
    prepare_rays(f, i)
    for x0, y0 in blocks(state, done, 0, width, height):
        traced = any_marked(mask, x0, y0)
        if traced:
            aim(f, i, camera, x0, y0, width, height, half, half, near)
            for lane in range(16):
                i[VALID, lane] = -np.int32(mask[y0 + (lane >> 2), x0 + (lane & 3)])
            for _ in range(MOST_UNSEEN):
                meet(f, i, scene, table, 0, VALID)
                if _pass_unseen(f, i, table) == 0:
                    break
        for row in range(min(4, height - y0)):
            for column in range(min(4, width - x0)):
                lane = 4 * row + column
                y, x = y0 + row, x0 + column
                hit = traced and i[GEOMETRY, lane] != NONE
                depths[y, x] = f[TFAR, lane] if hit else INFINITE
                if keep and hit:
                    ids[y, x, 0] = i[GEOMETRY, lane]
                    ids[y, x, 1] = np.int32(_slot(i, table, lane))
                elif keep:
                    ids[y, x, 0] = ids[y, x, 1] = -1
