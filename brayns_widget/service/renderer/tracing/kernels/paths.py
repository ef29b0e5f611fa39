"""The kernel of the production renderer: a path tracer.

Packets and tiles are those of ``surfaces``, what surfaces do with light is in ``lobes``. For the lobe that is chosen at
a surface a point of each light but the ambient one is sampled, and the path continues in a direction sampled from the
lobe. A path that leaves the scene gets the ambient light, or the background if it has only passed through transparent
surfaces.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing import materials as m
from brayns_widget.service.renderer.tracing.ground import BLEND
from brayns_widget.service.renderer.tracing.kernels.hashing import random_number
from brayns_widget.service.renderer.tracing.kernels.layers import turn_over
from brayns_widget.service.renderer.tracing.kernels.lights import (
    LEFT,
    SURE,
    aim_at_light,
    let_through,
    light_point,
    light_seen,
)
from brayns_widget.service.renderer.tracing.kernels.lobes import (
    BROUGHT,
    CARRIED,
    DIFFUSE,
    ENDED,
    ENTERS,
    GLOSSY,
    HAZE,
    LOBE,
    LOBE_ROWS,
    PASSED,
    PATH_ALPHA,
    SMOOTH,
    STRAIGHT,
    STRETCH,
    TRANSMITTED,
    VALUE,
    WIDTH,
    evaluate,
    find_lobes,
    frame,
)
from brayns_widget.service.renderer.tracing.kernels.microfacets import facet
from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel
from brayns_widget.service.renderer.tracing.kernels.surfaces import (
    COSINE,
    DIR,
    GEOMETRY,
    NONE,
    NORMAL,
    ORG,
    RAY,
    RAY_VALID,
    SPREAD_U,
    SPREAD_V,
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
    spread,
)
from brayns_widget.service.renderer.tracing.lights import DIRECTIONAL, KIND, PLACE, POWER, QUAD, RADIUS

# Rows of scratch after those of ``lobes``: whether a lane's path gets the light of area lights that it hits, and how
# much of its first surface has faded in fog.
FINDS_LIGHTS, FADED = LOBE_ROWS, LOBE_ROWS + 1
PATH_ROWS = LOBE_ROWS + 2

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_THIRD = np.float32(1 / 3)
_PI = np.float32(math.pi)
_TWO_PI = np.float32(2 * math.pi)
_INFINITE = np.float32(np.inf)
_NARROW = np.float32(0.1)  # paths of narrower lobes get the light of area lights by hitting them, not by sampling
_LEAST = np.float32(1e-6)


@inlined
def light_lobes(  # noqa: PLR0917
    f: Any,
    i: Any,
    scene: Any,
    table: Any,
    materials: Any,
    shadows: Any,
    light: Any,
    number: Any,
    x0: Any,
    y0: Any,
    width: Any,
    sample: Any,
    depth: Any,
) -> None:
    """Add the light of a light source that lobes scatter and nothing occludes."""
    lit = 0
    # Narrow lobes get an area light when their path hits it, see ``meet_lights``; points cannot be hit.
    sharp = _NARROW if light[KIND] == QUAD or light[RADIUS] > 0 else SMOOTH
    for lane in range(16):
        i[RAY_VALID, lane] = 0
        lobe = i[LOBE, lane]
        if not (lobe == DIFFUSE or (lobe == GLOSSY and f[WIDTH, lane] >= sharp)):
            continue
        if light[KIND] == DIRECTIONAL:
            for axis in range(3):
                f[RAY + DIR + axis, lane] = light[PLACE + axis]
            f[RAY + TNEAR, lane], f[RAY + TFAR, lane] = _ZERO, _INFINITE
            f[COSINE, lane] = _ONE
        else:
            pixel = (y0 + (lane >> 2)) * width + x0 + (lane & 3)
            u, v = light_point(pixel, number, sample)
            if depth > 0:
                dimension = 8 * depth + 5 + (number << 16)
                u, v = random_number(pixel, sample, dimension), random_number(pixel, sample, dimension + 1)
            f[COSINE, lane] = aim_at_light(f, lane, light, u, v)
        if f[COSINE, lane] > 0 and _cosine_to_light(f, lane) > 0:
            i[RAY_VALID, lane] = -1
            lit += 1
    if lit == 0:
        return
    let_through(f, i, scene, table, materials, shadows, True, SURE)
    for lane in range(16):
        if f[LEFT, lane] == _ZERO:
            continue
        evaluate(f, i, materials, lane, False)
        share = f[COSINE, lane] * f[LEFT, lane]
        for channel in range(3):
            f[BROUGHT + channel, lane] += (
                f[CARRIED + channel, lane] * f[VALUE + channel, lane] * share * light[POWER + channel]
            )


@inlined
def _cosine_to_light(f: Any, lane: Any) -> Any:
    return (
        f[NORMAL, lane] * f[RAY + DIR, lane]
        + f[NORMAL + 1, lane] * f[RAY + DIR + 1, lane]
        + f[NORMAL + 2, lane] * f[RAY + DIR + 2, lane]
    )


@inlined
def meet_lights(f: Any, i: Any, lights: Any, background: Any) -> None:
    """Add area lights that straight paths and those of narrow lobes hit: other paths have sampled them already.

    A light leaves the opacity of the picture as it is, as in OSPRay; but it covers an exact background.
    """
    for number in range(lights.shape[0]):
        light = lights[number]
        if not (light[KIND] == QUAD or light[RADIUS] > 0):
            continue
        for lane in range(16):
            if i[VALID, lane] != 0 and i[FINDS_LIGHTS, lane] != 0:
                seen = light_seen(f, lane, light)
                for channel in range(3):
                    f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * seen * light[POWER + channel]
                    if background[BLEND] > 0 and seen > 0:
                        f[HAZE, lane] += f[CARRIED + channel, lane] * _THIRD


@inlined
def _aim_on(f: Any, i: Any, material: Any, lane: Any, u: Any, v: Any) -> Any:  # noqa: PLR0917
    """Aim a lane's second ray in a direction sampled from its lobe; False if there is no light from there."""
    nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
    dx, dy, dz = f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane]
    ax, ay, az, bx, by, bz = frame(f, material, lane)
    lobe = i[LOBE, lane]
    if lobe == DIFFUSE:
        # A point of the unit disc, lifted to the hemisphere around the normal (Malley's method).
        radius, angle = math.sqrt(u), _TWO_PI * v
        x, y, z = radius * math.cos(angle), radius * math.sin(angle), math.sqrt(max(_LEAST, _ONE - u))
        f[RAY + DIR, lane] = x * ax + y * bx + z * nx
        f[RAY + DIR + 1, lane] = x * ay + y * by + z * ny
        f[RAY + DIR + 2, lane] = x * az + y * bz + z * nz
        return True
    if lobe == TRANSMITTED and material[m.THIN] != _ZERO:
        f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane] = dx, dy, dz
        return True
    hx, hy, hz = nx, ny, nz
    if f[WIDTH, lane] >= SMOOTH:
        x, y, z = facet(
            -(dx * ax + dy * ay + dz * az), -(dx * bx + dy * by + dz * bz), -(dx * nx + dy * ny + dz * nz),
            f[WIDTH, lane] / f[STRETCH, lane], f[WIDTH, lane] * f[STRETCH, lane], u, v,
        )  # fmt: skip
        hx, hy, hz = x * ax + y * bx + z * nx, x * ay + y * by + z * ny, x * az + y * bz + z * nz
    cosine = min(_ONE, -(dx * hx + dy * hy + dz * hz))
    if cosine <= 0:
        return False
    if lobe == GLOSSY:
        rx, ry, rz = dx + _TWO * cosine * hx, dy + _TWO * cosine * hy, dz + _TWO * cosine * hz
        f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane] = rx, ry, rz
        return rx * nx + ry * ny + rz * nz > 0
    ratio = _ONE / material[m.INDEX] if i[ENTERS, lane] != 0 else material[m.INDEX]
    behind = _ONE - ratio * ratio * (_ONE - cosine * cosine)
    if behind <= 0:
        return False
    inwards = ratio * cosine - math.sqrt(behind)
    f[RAY + DIR, lane] = ratio * dx + inwards * hx
    f[RAY + DIR + 1, lane] = ratio * dy + inwards * hy
    f[RAY + DIR + 2, lane] = ratio * dz + inwards * hz
    return True


@inlined
def _go_on(  # noqa: PLR0917
    f: Any, i: Any, materials: Any, lane: Any, u: Any, v: Any
) -> Any:
    """Replace a lane's ray by the next one of its path; False if the path ends."""
    lobe = i[LOBE, lane]
    if lobe == PASSED:
        turn_over(f, lane)
        return True
    material = materials[i[GEOMETRY, lane]]
    if lobe != TRANSMITTED or material[m.PANES] == _ZERO:
        i[STRAIGHT, lane] = 0
    if lobe != TRANSMITTED:
        i[FINDS_LIGHTS, lane] = lobe == GLOSSY and f[WIDTH, lane] < _NARROW
    if not _aim_on(f, i, material, lane, u, v):
        return False
    scale = _ONE / max(_LEAST, evaluate(f, i, materials, lane, lobe == GLOSSY and f[WIDTH, lane] < SMOOTH))
    for channel in range(3):
        f[CARRIED + channel, lane] *= f[VALUE + channel, lane] * scale
    if lobe == TRANSMITTED:
        turn_over(f, lane)
    for axis in range(3):
        f[DIR + axis, lane] = f[RAY + DIR + axis, lane]
    return True


@inlined
def advance(  # noqa: PLR0917
    f: Any, i: Any, materials: Any, x0: Any, y0: Any, width: Any, sample: Any, depth: Any
) -> Any:
    """Continue each lane's path from its surface; returns how many continue."""
    count = 0
    shift_u, shift_v = np.float32(sample * SPREAD_U % 1), np.float32(sample * SPREAD_V % 1)
    for lane in range(16):
        if i[GEOMETRY, lane] == NONE or i[LOBE, lane] == ENDED:
            i[VALID, lane] = 0
            continue
        pixel = (y0 + (lane >> 2)) * width + x0 + (lane & 3)
        # The first bounce matters most: its directions are spread evenly over the samples.
        u, v = spread(pixel, shift_u, shift_v)
        if depth > 0:
            u, v = random_number(pixel, sample, 8 * depth + 3), random_number(pixel, sample, 8 * depth + 4)
        goes_on = _go_on(f, i, materials, lane, u, v)
        i[VALID, lane] = -1 if goes_on else 0
        count += goes_on
        for axis in range(3):
            f[ORG + axis, lane] = f[RAY + ORG + axis, lane]
        f[TNEAR, lane] = _ZERO
    for lane in range(16):
        f[TFAR, lane] = _INFINITE
        i[GEOMETRY, lane] = NONE
    return count


@inlined
def start_paths(f: Any, i: Any) -> None:
    """Start a path with each camera ray."""
    for lane in range(16):
        i[STRAIGHT, lane] = 1
        i[FINDS_LIGHTS, lane] = 1
        f[PATH_ALPHA, lane] = _ONE
        f[HAZE, lane] = f[FADED, lane] = _ZERO
        for channel in range(3):
            f[CARRIED + channel, lane] = _ONE
            f[BROUGHT + channel, lane] = _ZERO


@inlined
def end_paths(f: Any, i: Any, ambient: Any, background: Any, alpha: Any) -> Any:
    """Add the ambient light or the background to paths that left the scene; returns how many hit a surface."""
    hits = 0
    for lane in range(16):
        if i[VALID, lane] == 0:
            continue
        if i[GEOMETRY, lane] != NONE:
            hits += 1
            i[ENTERS, lane] = (
                f[NORMAL, lane] * f[DIR, lane]
                + f[NORMAL + 1, lane] * f[DIR + 1, lane]
                + f[NORMAL + 2, lane] * f[DIR + 2, lane]
            ) < 0
            continue
        straight = i[STRAIGHT, lane] != 0
        through = _ZERO
        for channel in range(3):
            sky = background[channel] if straight else ambient[channel]
            f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * sky
            through += f[CARRIED + channel, lane] * _THIRD
        if straight:
            f[PATH_ALPHA, lane] = min(_ONE, _ONE - min(through, _ONE) * (_ONE - alpha) + f[HAZE, lane])
    return hits


@inlined
def meet_fog(f: Any, i: Any, background: Any) -> None:
    """Take down how much of the first surfaces of paths has faded."""
    for lane in range(16):
        if i[VALID, lane] != 0 and i[GEOMETRY, lane] != NONE:
            f[FADED, lane] = fog_of(f, lane, background)


@inlined
def fade_paths(f: Any, background: Any, alpha: Any) -> None:
    """Let what paths have brought fade into the background."""
    for lane in range(16):
        fog = f[FADED, lane]
        for channel in range(3):
            f[BROUGHT + channel, lane] = (_ONE - fog) * f[BROUGHT + channel, lane] + fog * background[channel]
        f[PATH_ALPHA, lane] = (_ONE - fog) * f[PATH_ALPHA, lane] + fog * alpha


@inlined
def _trace_paths(  # noqa: PLR0917
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
    shadows: Any,
    background: Any,
    alpha: Any,
    sample: Any,
    bounces: Any,
) -> Any:
    """Trace the paths of one block, whose camera rays are aimed."""
    found = 0
    start_paths(f, i)
    for depth in range(bounces + 1):
        meet(f, i, scene, table, 0, VALID)
        meet_lights(f, i, lights, background)
        hits = end_paths(f, i, ambient, background, alpha)
        found += hits
        if depth == 0:
            meet_fog(f, i, background)
        if hits == 0 or depth == bounces:
            break
        find_surface(f, i, table)
        if find_lobes(f, i, materials, x0, y0, width, sample, depth) > 0:
            for light in range(lights.shape[0]):
                light_lobes(
                    f, i, scene, table, materials, shadows, lights[light], light, x0, y0, width, sample, depth
                )  # fmt: skip
        if advance(f, i, materials, x0, y0, width, sample, depth) == 0:
            break
    return found


@kernel
def trace_paths(  # noqa: PLR0917 - Numba knows no keywords
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

    Args are those of ``surfaces.trace``, where they have the same names, and:
        materials: float32 (G, materials.COLUMNS), for each geomID the material.
        f: float32 (PATH_ROWS, 16), 64-byte aligned, this thread's own.
        shadows: with the bit VEILED of ``lights``, some surfaces let a part of the light through.
        bounces: at how many surfaces a path is lit, at least 1.
    """
    height, width = image.shape
    near, pixel_x, pixel_y = np.float32(near), np.float32(pixel_x), np.float32(pixel_y)
    prepare_rays(f, i)
    alpha = min(max(background[3], _ZERO), _ONE)
    for x0, y0 in blocks(state, done, sample, width, height):
        aim(f, i, camera, x0, y0, width, height, pixel_x, pixel_y, near)
        _trace_paths(
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
            shadows,
            background,
            alpha,
            sample,
            bounces,
        )
        fade_paths(f, background, alpha)
        show_block(f, BROUGHT, x0, y0, background, sample, tone, sums, image)
