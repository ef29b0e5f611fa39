"""The kernel of the production renderer for scenes with volumes.

A volume is a medium that scatters light isotropically (as the real renderer's path tracer has it, with its default
anisotropy of 0): its color is the albedo. Where a path is scattered is sampled by transmittance; there it is lit as at
a surface, and takes another direction. All else is as in ``paths``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.hashing import random_number
from brayns_widget.service.renderer.tracing.kernels.lights import LEFT, SURE, aim_at_light, let_through
from brayns_widget.service.renderer.tracing.kernels.lobes import BROUGHT, CARRIED, STRAIGHT, find_lobes
from brayns_widget.service.renderer.tracing.kernels.march import NOTES, march
from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel
from brayns_widget.service.renderer.tracing.kernels.paths import (
    FINDS_LIGHTS,
    PATH_ROWS,
    advance,
    end_paths,
    fade_paths,
    light_lobes,
    meet_fog,
    meet_lights,
    start_paths,
)
from brayns_widget.service.renderer.tracing.kernels.surfaces import (
    DIR,
    GEOMETRY,
    NONE,
    ORG,
    RAY,
    RAY_VALID,
    TFAR,
    TNEAR,
    VALID,
    aim,
    blocks,
    find_surface,
    meet,
    prepare_rays,
    show_block,
)
from brayns_widget.service.renderer.tracing.lights import DIRECTIONAL, KIND, PLACE, POWER

# Rows of scratch after those of ``paths``: whether a lane's path was scattered in a volume, and its radiance before the
# light that is being added.
_SCATTERED, _BEFORE = PATH_ROWS, PATH_ROWS + 1
VOLUME_PATH_ROWS = PATH_ROWS + 4

_DIMENSIONS = 1 << 24  # of random numbers, after those of ``paths``
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_QUARTER = np.float32(0.25)  # an isotropic phase function, relative to a matte surface that faces the light
_TWO_PI = np.float32(2 * math.pi)
_INFINITE = np.float32(np.inf)
_LEAST = np.float32(1e-3)  # a smaller transmittance counts as 0


@inlined
def _pixel(x0: Any, y0: Any, width: Any, lane: Any) -> Any:
    return (y0 + (lane >> 2)) * width + x0 + (lane & 3)


@inlined
def _scatter(  # noqa: PLR0917 - Numba knows no keywords
    f: Any,
    i: Any,
    numbers: Any,
    places: Any,
    clips: Any,
    notes: Any,
    x0: Any,
    y0: Any,
    width: Any,
    sample: Any,
    depth: Any,
) -> Any:
    """Scatter paths in volumes before they hit a surface; returns how many."""
    count = 0
    for lane in range(16):
        i[_SCATTERED, lane] = 0
        if i[VALID, lane] == 0:
            continue
        pixel, dimension = _pixel(x0, y0, width, lane), _DIMENSIONS + 8 * depth
        chance, jitter = random_number(pixel, sample, dimension), random_number(pixel, sample, dimension + 1)
        _red, _green, _blue, left, place, red, green, blue = march(
            numbers, places, clips, notes,
            f[ORG, lane], f[ORG + 1, lane], f[ORG + 2, lane], f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane],
            f[TNEAR, lane], f[TFAR, lane], jitter, chance,
        )  # fmt: skip
        if left > chance:
            continue
        i[_SCATTERED, lane] = 1
        i[GEOMETRY, lane] = NONE
        f[TFAR, lane] = place
        for axis in range(3):
            f[RAY + ORG + axis, lane] = f[ORG + axis, lane] + place * f[DIR + axis, lane]
        f[CARRIED, lane] *= max(_ZERO, red)
        f[CARRIED + 1, lane] *= max(_ZERO, green)
        f[CARRIED + 2, lane] *= max(_ZERO, blue)
        count += 1
    return count


@inlined
def _left(  # noqa: PLR0917
    f: Any, numbers: Any, places: Any, clips: Any, notes: Any, lane: Any, jitter: Any
) -> Any:
    """Compute the transmittance of volumes along a lane's second ray."""
    _red, _green, _blue, left, _place, _r, _g, _b = march(
        numbers, places, clips, notes,
        f[RAY + ORG, lane], f[RAY + ORG + 1, lane], f[RAY + ORG + 2, lane],
        f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane],
        f[RAY + TNEAR, lane], f[RAY + TFAR, lane], jitter, _LEAST,
    )  # fmt: skip
    return left if left > _LEAST else _ZERO


@inlined
def _light_scattered(  # noqa: PLR0917
    f: Any,
    i: Any,
    scene: Any,
    table: Any,
    materials: Any,
    shadows: Any,
    numbers: Any,
    places: Any,
    clips: Any,
    notes: Any,
    light: Any,
    number: Any,
    x0: Any,
    y0: Any,
    width: Any,
    sample: Any,
    depth: Any,
) -> None:
    """Add the light of a light source to paths that were scattered in a volume."""
    for lane in range(16):
        i[RAY_VALID, lane] = 0
        if i[_SCATTERED, lane] == 0:
            continue
        share = _ONE
        if light[KIND] == DIRECTIONAL:
            for axis in range(3):
                f[RAY + DIR + axis, lane] = light[PLACE + axis]
            f[RAY + TNEAR, lane], f[RAY + TFAR, lane] = _ZERO, _INFINITE
        else:
            pixel, dimension = _pixel(x0, y0, width, lane), _DIMENSIONS + 8 * depth + 2 + (number << 16)
            u, v = random_number(pixel, sample, dimension), random_number(pixel, sample, dimension + 1)
            share = aim_at_light(f, lane, light, u, v)
        f[_BEFORE, lane] = share
        i[RAY_VALID, lane] = -1 if share > 0 else 0
    let_through(f, i, scene, table, materials, shadows, True, SURE)
    for lane in range(16):
        if i[RAY_VALID, lane] == 0 or f[LEFT, lane] == _ZERO:
            continue
        jitter = random_number(_pixel(x0, y0, width, lane), sample, _DIMENSIONS + 8 * depth + 4)
        share = _QUARTER * f[_BEFORE, lane] * f[LEFT, lane] * _left(f, numbers, places, clips, notes, lane, jitter)
        for channel in range(3):
            f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * share * light[POWER + channel]


@inlined
def _light_surfaces(  # noqa: PLR0917
    f: Any,
    i: Any,
    scene: Any,
    table: Any,
    materials: Any,
    shadows: Any,
    numbers: Any,
    places: Any,
    clips: Any,
    notes: Any,
    light: Any,
    number: Any,
    x0: Any,
    y0: Any,
    width: Any,
    sample: Any,
    depth: Any,
) -> None:
    """Add the light of a light source to paths at a surface, weakened by volumes."""
    for lane in range(16):
        for channel in range(3):
            f[_BEFORE + channel, lane] = f[BROUGHT + channel, lane]
    light_lobes(f, i, scene, table, materials, shadows, light, number, x0, y0, width, sample, depth)
    for lane in range(16):
        if i[RAY_VALID, lane] == 0 or f[LEFT, lane] == _ZERO:
            continue
        jitter = random_number(_pixel(x0, y0, width, lane), sample, _DIMENSIONS + 8 * depth + 5)
        left = _left(f, numbers, places, clips, notes, lane, jitter)
        for channel in range(3):
            before = f[_BEFORE + channel, lane]
            f[BROUGHT + channel, lane] = before + left * (f[BROUGHT + channel, lane] - before)


@inlined
def _turn_scattered(f: Any, i: Any, x0: Any, y0: Any, width: Any, sample: Any, depth: Any) -> None:  # noqa: PLR0917
    """Continue the paths that were scattered in a volume in random directions."""
    for lane in range(16):
        if i[_SCATTERED, lane] == 0:
            continue
        pixel, dimension = _pixel(x0, y0, width, lane), _DIMENSIONS + 8 * depth + 6
        z = _ONE - _TWO * random_number(pixel, sample, dimension)
        angle = _TWO_PI * random_number(pixel, sample, dimension + 1)
        radius = math.sqrt(max(_ZERO, _ONE - z * z))
        f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane] = radius * math.cos(angle), radius * math.sin(angle), z
        for axis in range(3):
            f[ORG + axis, lane] = f[RAY + ORG + axis, lane]
        f[TNEAR, lane] = _ZERO
        i[VALID, lane] = -1
        i[STRAIGHT, lane] = i[FINDS_LIGHTS, lane] = 0


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
    shadows: Any,
    background: Any,
    alpha: Any,
    sample: Any,
    bounces: Any,
) -> None:
    """Trace the paths of one block, whose camera rays are aimed."""
    start_paths(f, i)
    for depth in range(bounces + 1):
        meet(f, i, scene, table, 0, VALID)
        scattered = _scatter(f, i, numbers, places, clips, notes, x0, y0, width, sample, depth)
        meet_lights(f, i, lights, background)
        for lane in range(16):
            if i[_SCATTERED, lane] != 0:
                i[VALID, lane] = 0  # it has neither left nor met a surface
        hits = end_paths(f, i, ambient, background, alpha)
        if depth == 0:
            meet_fog(f, i, background)
        if hits + scattered == 0 or depth == bounces:
            break
        find_surface(f, i, table)
        lit = find_lobes(f, i, materials, x0, y0, width, sample, depth)
        for light in range(lights.shape[0]):
            if lit > 0:
                _light_surfaces(
                    f, i, scene, table, materials, shadows, numbers, places, clips, notes,
                    lights[light], light, x0, y0, width, sample, depth,
                )  # fmt: skip
            if scattered > 0:
                _light_scattered(
                    f, i, scene, table, materials, shadows, numbers, places, clips, notes,
                    lights[light], light, x0, y0, width, sample, depth,
                )  # fmt: skip
        going = advance(f, i, materials, x0, y0, width, sample, depth)
        _turn_scattered(f, i, x0, y0, width, sample, depth)
        if going + scattered == 0:
            break


@kernel
def trace_volume_paths(  # noqa: PLR0917 - Numba knows no keywords
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
    """Add one path to each pixel of the tiles that this thread takes.

    Args are those of ``paths.trace_paths`` and ``volumes.trace_volumes``, where they have the same names,
    and:
        f: float32 (VOLUME_PATH_ROWS, 16), 64-byte aligned, this thread's own.
        bounces: at how many surfaces and places in volumes a path is lit, at least 1.
    """
    height, width = image.shape
    near, pixel_x, pixel_y = np.float32(near), np.float32(pixel_x), np.float32(pixel_y)
    notes = np.empty((numbers.shape[0], NOTES), np.float32)
    prepare_rays(f, i)
    alpha = min(max(background[3], _ZERO), _ONE)
    for x0, y0 in blocks(state, done, sample, width, height):
        aim(f, i, camera, x0, y0, width, height, pixel_x, pixel_y, near)
        _trace(
            scene, table, materials, numbers, places, clips, notes, f, i, x0, y0, width,
            ambient, lights, shadows, background, alpha, sample, bounces,
        )  # fmt: skip
        fade_paths(f, background, alpha)
        show_block(f, BROUGHT, x0, y0, background, sample, tone, sums, image)
