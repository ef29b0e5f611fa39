"""The kernel of the interactive renderer for scenes with volumes.

Between the surfaces that ``layers`` composites, each ray is marched through the volumes (``march``).
As in the real renderer, volumes are not lit: they emit their own color. They cast no shadow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.layers import SEEN, THROUGH, add_background, add_layer, start_layers
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
    pixel_number,
    prepare_rays,
    show_block,
    spread,
)

_ZERO = np.float32(0)


@inlined
def _add_volumes(f: Any, i: Any, volumes: Any, notes: Any, block: Any) -> Any:
    """Composite volumes in front of the next surface; returns how many lanes hit one that is still visible."""
    hits = 0
    shift_u, shift_v = np.float32(block.sample * SPREAD_U % 1), np.float32(block.sample * SPREAD_V % 1)
    for lane in range(16):
        if i[VALID, lane] == 0:
            continue
        jitter, _other = spread(pixel_number(block, lane), shift_u, shift_v)
        through = f[THROUGH, lane]
        red, green, blue, left, _place, _r, _g, _b = march(
            volumes, notes,
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
def _trace(f: Any, i: Any, scene: Any, volumes: Any, notes: Any, lighting: Any, block: Any) -> None:  # noqa: PLR0917
    """Trace one block, whose camera rays are aimed."""
    start_layers(f)
    for _layer in range(lighting.bounces):
        meet(f, i, scene, 0, VALID)
        if _add_volumes(f, i, volumes, notes, block) == 0:
            break
        find_surface(f, i, scene)
        light_surfaces(f, i, scene, lighting, block)
        if add_layer(f, i, scene) == 0:
            break


@kernel
def trace_volumes(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, volumes: Any, tiles: Any, camera: Any, lighting: Any, picture: Any
) -> None:
    """Add one sample to each pixel of the tiles that this thread takes.

    Arguments are those of ``layers.trace_layers``, and ``volumes``, see ``groups``.
    """
    notes = np.empty((volumes.numbers.shape[0], NOTES), np.float32)
    prepare_rays(f, i)
    for block in blocks(tiles, picture):
        aim(f, i, camera, block)
        _trace(f, i, scene, volumes, notes, lighting, block)
        add_background(f, picture.background)
        show_block(f, SEEN, block, picture)
