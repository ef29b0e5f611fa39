"""The kernel of the interactive renderer for scenes with volumes.

Between the surfaces that ``layers`` composites, each ray is marched through the volumes (``march``).
As in the real renderer, volumes are not lit: they emit their own color. They cast no shadow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.layers import (
    MOST_FAINT,
    SEEN,
    THROUGH,
    add_background,
    add_layer,
    start_layers,
)
from brayns_widget.service.renderer.tracing.kernels.lights import NOTHING, light_surfaces
from brayns_widget.service.renderer.tracing.kernels.march import NOTES, march
from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel
from brayns_widget.service.renderer.tracing.kernels.surfaces import (
    DIR,
    GEOMETRY,
    NONE,
    ORG,
    SPREAD_U,
    SPREAD_V,
    TFAR,
    TNEAR,
    VALID,
    aim,
    blocks,
    find_surface,
    meet,
    prepare_rays,
    show_block,
    spread,
)

_ZERO, _ONE = np.float32(0), np.float32(1)


@inlined
def _add_volumes(  # noqa: PLR0917
    f: Any, i: Any, numbers: Any, places: Any, clips: Any, notes: Any, x0: Any, y0: Any, width: Any, sample: Any
) -> Any:
    """Composite volumes in front of the next surface; returns how many lanes hit one that is still visible."""
    hits = 0
    shift_u, shift_v = np.float32(sample * SPREAD_U % 1), np.float32(sample * SPREAD_V % 1)
    for lane in range(16):
        if i[VALID, lane] == 0:
            continue
        jitter, _other = spread((y0 + (lane >> 2)) * width + x0 + (lane & 3), shift_u, shift_v)
        through = f[THROUGH, lane]
        red, green, blue, left, _place, _r, _g, _b = march(
            numbers, places, clips, notes,
            f[ORG, lane], f[ORG + 1, lane], f[ORG + 2, lane], f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane],
            f[TNEAR, lane], f[TFAR, lane], jitter, NOTHING / through,
        )  # fmt: skip
        f[SEEN, lane] += through * red
        f[SEEN + 1, lane] += through * green
        f[SEEN + 2, lane] += through * blue
        through *= left
        if through < NOTHING:
            through = _ZERO
            i[GEOMETRY, lane] = NONE
        f[THROUGH, lane] = through
        hits += i[GEOMETRY, lane] != NONE
    return hits


@inlined
def _trace(  # noqa: PLR0917
    scene: Any,
    table: Any,
    materials: Any,
    numbers: Any,
    places: Any,
    clips: Any,
    notes: Any,
    f: Any,
    i: Any,
    x0: Any,
    y0: Any,
    width: Any,
    ambient: Any,
    lights: Any,
    ao_samples: Any,
    shadows: Any,
    background: Any,
    sample: Any,
    bounces: Any,
) -> None:
    """Trace one block, whose camera rays are aimed, through at most ``bounces`` surfaces."""
    start_layers(f, i)
    for _layer in range(bounces + MOST_FAINT):
        meet(f, i, scene, table, 0, VALID)
        if _add_volumes(f, i, numbers, places, clips, notes, x0, y0, width, sample) == 0:
            break
        find_surface(f, i, table)
        light_surfaces(
            f, i, scene, table, materials, x0, y0, width, ambient, lights, ao_samples, shadows, sample
        )  # fmt: skip
        if add_layer(f, i, materials, background, bounces) == 0:
            break


@kernel
def trace_volumes(  # noqa: PLR0917 - Numba knows no keywords
    scene: Any,
    table: Any,
    materials: Any,
    numbers: Any,
    places: Any,
    clips: Any,
    f: Any,
    i: Any,
    state: Any,
    done: Any,
    camera: Any,
    near: Any,
    ambient: Any,
    lights: Any,
    ao_samples: Any,
    shadows: Any,
    bounces: Any,
    background: Any,
    sample: Any,
    pixel_x: Any,
    pixel_y: Any,
    tone: Any,
    sums: Any,
    image: Any,
) -> None:
    """Add one sample to each pixel of the tiles that this thread takes.

    Args are those of ``layers.trace_layers``, where they have the same names, and:
        numbers: float32 (V, volumes.NUMBERS), see ``volumes.Packed``.
        places: int64 (V, volumes.PLACES).
        clips: float32, cut volumes, see ``tracing.clipping``.
    """
    height, width = image.shape
    near, pixel_x, pixel_y = np.float32(near), np.float32(pixel_x), np.float32(pixel_y)
    notes = np.empty((numbers.shape[0], NOTES), np.float32)
    prepare_rays(f, i)
    for x0, y0 in blocks(state, done, sample, width, height):
        aim(f, i, camera, x0, y0, width, height, pixel_x, pixel_y, near)
        _trace(
            scene, table, materials, numbers, places, clips, notes, f, i, x0, y0, width,
            ambient, lights, ao_samples, shadows, background, sample, bounces,
        )  # fmt: skip
        add_background(f, background)
        show_block(f, SEEN, x0, y0, background, sample, tone, sums, image)
