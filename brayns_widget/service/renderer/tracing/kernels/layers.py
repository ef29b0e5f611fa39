"""The kernel of the interactive renderer for scenes with transparent or emissive surfaces, or sphere and quad lights.

It shades as ``surfaces.trace`` does, but continues rays behind transparent surfaces, and composites the layers from
front to back.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing import materials as m
from brayns_widget.service.renderer.tracing.embree import FAINT
from brayns_widget.service.renderer.tracing.kernels.lights import LIGHT_ROWS, NOTHING, is_faint, light_surfaces
from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel
from brayns_widget.service.renderer.tracing.kernels.surfaces import (
    COLOR,
    DIR,
    GEOMETRY,
    LIGHT,
    MASK,
    NONE,
    NORMAL,
    ORG,
    RAY,
    TFAR,
    TNEAR,
    VALID,
    aim,
    blocks,
    find_surface,
    fog_of,
    meet,
    prepare_rays,
    show_block,
)

# Rows of scratch after those of ``lights``: for each lane the light that reaches the viewer, the share of the light
# from behind that does, how much of ghosts lies in front, how much of all that is seen has faded in fog, how many
# surfaces were met that are not faint, and how many that are.
SEEN, THROUGH, HAZE, FADED, MET, PASSED = (LIGHT_ROWS + row for row in (0, 3, 4, 5, 6, 7))
LAYER_ROWS = LIGHT_ROWS + 8

MOST_FAINT = 8  # that a ray meets besides; it passes the others, which would add up to a wall of gray

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_INFINITE = np.float32(np.inf)
_LEAST = np.float32(1e-6)


@inlined
def cosine_to_viewer(f: Any, lane: Any) -> Any:
    """Compute the cosine between a lane's normal and the direction to the viewer."""
    turned = (
        f[NORMAL, lane] * f[DIR, lane] + f[NORMAL + 1, lane] * f[DIR + 1, lane] + f[NORMAL + 2, lane] * f[DIR + 2, lane]
    )
    return min(max(-turned, _LEAST), _ONE)


@inlined
def opacity_of(f: Any, material: Any, lane: Any) -> Any:
    """Compute the share of light that a lane's surface stops, or of a ghost its weight."""
    return material[m.OPACITY] * min(max(f[COLOR + 3, lane], _ZERO), _ONE)


@inlined
def thickened_haze(haze: Any, opacity: Any, cosine: Any) -> Any:
    """Add a ghost to those in front of it.

    In the real renderer's pictures the light that ghosts add is their color times 1 - exp(-haze), where haze is the sum
    of (1 - cosine to the viewer)^3 over all their surfaces; the sum is also what they add to the picture's opacity.

    Returns:
        The haze with this one, and the share of its color that it adds.
    """
    edge = _ONE - cosine
    thicker = haze + opacity * edge * edge * edge
    return thicker, math.exp(-haze) - math.exp(-thicker)


@inlined
def turn_over(f: Any, lane: Any) -> None:
    """Move the start of a lane's secondary rays to the other side of its surface."""
    far = f[TFAR, lane]
    for axis in range(3):
        place = f[ORG + axis, lane] + far * f[DIR + axis, lane]
        f[RAY + ORG + axis, lane] = _TWO * place - f[RAY + ORG + axis, lane]
        f[NORMAL + axis, lane] = -f[NORMAL + axis, lane]


@inlined
def add_layer(f: Any, i: Any, materials: Any, background: Any, bounces: Any) -> Any:
    """Composite the shaded layer, and start the rays that continue behind it; returns how many do."""
    count = 0
    for lane in range(16):
        if i[GEOMETRY, lane] == NONE:
            i[VALID, lane] = 0
            continue
        material = materials[i[GEOMETRY, lane]]
        opacity = opacity_of(f, material, lane)
        fog = fog_of(f, lane, background)
        if material[m.GHOST] != _ZERO:
            f[HAZE, lane], added = thickened_haze(f[HAZE, lane], opacity, cosine_to_viewer(f, lane))
            added *= f[THROUGH, lane] * (_ONE - fog)
            for channel in range(3):
                f[SEEN + channel, lane] += added * f[COLOR + channel, lane]
            opacity = _ZERO
        share = f[THROUGH, lane] * opacity
        f[FADED, lane] += share * fog
        for channel in range(3):
            light = f[COLOR + channel, lane] * f[LIGHT + channel, lane]
            if material[m.ENDS] != _ZERO:
                light = material[m.EMISSION + channel]
            f[SEEN + channel, lane] += share * ((_ONE - fog) * light + fog * background[channel])
        f[THROUGH, lane] *= _ONE - opacity
        if is_faint(f, lane):
            f[PASSED, lane] += _ONE
            if f[PASSED, lane] >= np.float32(MOST_FAINT):
                i[MASK, lane] = ~FAINT
        else:
            f[MET, lane] += _ONE
        if f[THROUGH, lane] < NOTHING:
            f[THROUGH, lane] = _ZERO
            i[VALID, lane] = 0
            continue
        if f[MET, lane] >= np.float32(bounces):
            i[VALID, lane] = 0
            continue
        turn_over(f, lane)
        for axis in range(3):
            f[ORG + axis, lane] = f[RAY + ORG + axis, lane]
        f[TNEAR, lane] = _ZERO
        i[VALID, lane] = -1
        count += 1
    for lane in range(16):
        f[TFAR, lane] = _INFINITE
        i[GEOMETRY, lane] = NONE
    return count


@inlined
def start_layers(f: Any, i: Any) -> None:
    """Begin with nothing in front of the background."""
    for lane in range(16):
        f[THROUGH, lane] = _ONE
        f[HAZE, lane] = f[FADED, lane] = f[MET, lane] = f[PASSED, lane] = _ZERO
        i[MASK, lane] = -1
        for channel in range(3):
            f[SEEN + channel, lane] = _ZERO


@inlined
def _trace_layers(  # noqa: PLR0917
    scene: Any,
    table: Any,
    materials: Any,
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
        hits = 0
        for lane in range(16):
            hits += i[GEOMETRY, lane] != NONE
        if hits == 0:
            break
        find_surface(f, i, table)
        light_surfaces(
            f, i, scene, table, materials, x0, y0, width, ambient, lights, ao_samples, shadows, sample
        )  # fmt: skip
        if add_layer(f, i, materials, background, bounces) == 0:
            break


@inlined
def add_background(f: Any, background: Any) -> None:
    """Composite the background behind all layers; row THROUGH becomes the opacity of all."""
    alpha = min(max(background[3], _ZERO), _ONE)
    for lane in range(16):
        through = f[THROUGH, lane]
        for channel in range(3):
            f[SEEN + channel, lane] += through * background[channel]
        through += f[FADED, lane]
        f[THROUGH, lane] = min(_ONE, _ONE - through * (_ONE - alpha) + f[HAZE, lane])


@kernel
def trace_layers(  # noqa: PLR0917 - Numba knows no keywords
    scene: Any,
    table: Any,
    materials: Any,
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
    mask: Any,
    sums: Any,
    image: Any,
) -> None:
    """Add one sample to each pixel of the tiles that this thread takes.

    Args are those of ``surfaces.trace``, where they have the same names, and:
        materials: float32 (G, materials.COLUMNS), for each geomID the material.
        f: float32 (LAYER_ROWS, 16), 64-byte aligned, this thread's own.
        shadows: bits SHADOWED and VEILED of ``lights``.
        bounces: how many surfaces a ray hits at most, at least 1; behind the last one is the background.
    """
    height, width = image.shape
    near, pixel_x, pixel_y = np.float32(near), np.float32(pixel_x), np.float32(pixel_y)
    prepare_rays(f, i)
    for x0, y0 in blocks(state, done, sample, width, height):
        aim(f, i, camera, x0, y0, width, height, pixel_x, pixel_y, near)
        for lane in range(16):
            i[VALID, lane] = -np.int32(mask[y0 + (lane >> 2), x0 + (lane & 3)])
        _trace_layers(
            scene,
            table,
            materials,
            f,
            i,
            x0,
            y0,
            width,
            ambient,
            lights,
            ao_samples,
            shadows,
            background,
            sample,
            bounces,
        )
        add_background(f, background)
        show_block(f, SEEN, x0, y0, background, sample, tone, sums, image)
