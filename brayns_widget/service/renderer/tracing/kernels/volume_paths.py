"""The kernel of the production renderer for scenes with volumes.

A volume is a medium that scatters light isotropically (as the real renderer's path tracer has it, with its default
anisotropy of 0): its color is the albedo. Where a path is scattered is sampled by transmittance; there it is lit as at
a surface, and takes another direction. All else is as in ``paths``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.lights import LEFT, aim_at_light, let_through
from brayns_widget.service.renderer.tracing.kernels.march import NOTES, march
from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel
from brayns_widget.service.renderer.tracing.kernels.paths import (
    BROUGHT,
    CARRIED,
    FINDS_LIGHTS,
    PATH_ROWS,
    STRAIGHT,
    advance,
    end_paths,
    find_lobes,
    light_lobes,
    meet_lights,
    random_number,
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
    pixel_number,
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
def _scatter(f: Any, i: Any, volumes: Any, notes: Any, block: Any, depth: Any) -> Any:  # noqa: PLR0917
    """Scatter paths in volumes before they hit a surface; returns how many."""
    count, sample = 0, block.sample
    for lane in range(16):
        i[_SCATTERED, lane] = 0
        if i[VALID, lane] == 0:
            continue
        pixel, dimension = pixel_number(block, lane), _DIMENSIONS + 8 * depth
        chance, jitter = random_number(pixel, sample, dimension), random_number(pixel, sample, dimension + 1)
        _red, _green, _blue, left, place, red, green, blue = march(
            volumes, notes,
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
def _left(f: Any, volumes: Any, notes: Any, lane: Any, jitter: Any) -> Any:
    """Compute the transmittance of volumes along a lane's second ray."""
    _red, _green, _blue, left, _place, _r, _g, _b = march(
        volumes, notes,
        f[RAY + ORG, lane], f[RAY + ORG + 1, lane], f[RAY + ORG + 2, lane],
        f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane],
        f[RAY + TNEAR, lane], f[RAY + TFAR, lane], jitter, _LEAST,
    )  # fmt: skip
    return left if left > _LEAST else _ZERO


@inlined
def _light_scattered(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, volumes: Any, notes: Any, lighting: Any, number: Any, block: Any, depth: Any
) -> None:
    """Add the light of a light source to paths that were scattered in a volume."""
    light, sample = lighting.lights[number], block.sample
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
            pixel, dimension = pixel_number(block, lane), _DIMENSIONS + 8 * depth + 2 + (number << 16)
            u, v = random_number(pixel, sample, dimension), random_number(pixel, sample, dimension + 1)
            share = aim_at_light(f, lane, light, u, v)
        f[_BEFORE, lane] = share
        i[RAY_VALID, lane] = -1 if share > 0 else 0
    let_through(f, i, scene, lighting.shadows, True)
    for lane in range(16):
        if i[RAY_VALID, lane] == 0 or f[LEFT, lane] == _ZERO:
            continue
        jitter = random_number(pixel_number(block, lane), sample, _DIMENSIONS + 8 * depth + 4)
        share = _QUARTER * f[_BEFORE, lane] * f[LEFT, lane] * _left(f, volumes, notes, lane, jitter)
        for channel in range(3):
            f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * share * light[POWER + channel]


@inlined
def _light_surfaces(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, volumes: Any, notes: Any, lighting: Any, number: Any, block: Any, depth: Any
) -> None:
    """Add the light of a light source to paths at a surface, weakened by volumes."""
    for lane in range(16):
        for channel in range(3):
            f[_BEFORE + channel, lane] = f[BROUGHT + channel, lane]
    light_lobes(f, i, scene, lighting, number, block, depth)
    for lane in range(16):
        if i[RAY_VALID, lane] == 0 or f[LEFT, lane] == _ZERO:
            continue
        jitter = random_number(pixel_number(block, lane), block.sample, _DIMENSIONS + 8 * depth + 5)
        left = _left(f, volumes, notes, lane, jitter)
        for channel in range(3):
            before = f[_BEFORE + channel, lane]
            f[BROUGHT + channel, lane] = before + left * (f[BROUGHT + channel, lane] - before)


@inlined
def _turn_scattered(f: Any, i: Any, block: Any, depth: Any) -> None:
    """Continue the paths that were scattered in a volume in random directions."""
    sample = block.sample
    for lane in range(16):
        if i[_SCATTERED, lane] == 0:
            continue
        pixel, dimension = pixel_number(block, lane), _DIMENSIONS + 8 * depth + 6
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
    f: Any, i: Any, scene: Any, volumes: Any, notes: Any, lighting: Any, picture: Any, block: Any
) -> None:
    """Trace the paths of one block, whose camera rays are aimed."""
    start_paths(f, i)
    for depth in range(lighting.bounces + 1):
        meet(f, i, scene, 0, VALID)
        scattered = _scatter(f, i, volumes, notes, block, depth)
        meet_lights(f, i, lighting.lights)
        for lane in range(16):
            if i[_SCATTERED, lane] != 0:
                i[VALID, lane] = 0  # it has neither left nor hit a surface
        hits = end_paths(f, i, lighting, picture)
        if hits + scattered == 0 or depth == lighting.bounces:
            break
        find_surface(f, i, scene)
        lit = find_lobes(f, i, scene, block, depth)
        for number in range(lighting.lights.shape[0]):
            if lit > 0:
                _light_surfaces(f, i, scene, volumes, notes, lighting, number, block, depth)
            if scattered > 0:
                _light_scattered(f, i, scene, volumes, notes, lighting, number, block, depth)
        going = advance(f, i, scene, block, depth)
        _turn_scattered(f, i, block, depth)
        if going + scattered == 0:
            break


@kernel
def trace_volume_paths(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, volumes: Any, tiles: Any, camera: Any, lighting: Any, picture: Any
) -> None:
    """Add one sample to each pixel of the tiles that this thread takes.

    Arguments are those of ``volumes.trace_volumes``, but ``f`` is float32 (VOLUME_PATH_ROWS, 16). A path is lit at
    surfaces and in volumes.
    """
    notes = np.empty((volumes.numbers.shape[0], NOTES), np.float32)
    prepare_rays(f, i)
    for block in blocks(tiles, picture):
        aim(f, i, camera, block)
        _trace(f, i, scene, volumes, notes, lighting, picture, block)
        show_block(f, BROUGHT, block, picture)
