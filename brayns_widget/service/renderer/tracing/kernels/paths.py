"""The kernel of the production renderer: a path tracer.

Packets and tiles are those of ``surfaces``. At each surface one lobe of its material is chosen at random, in proportion
to what it reflects; a point of each light but the ambient one is sampled for it, and the path continues in a direction
sampled from the lobe. A path that leaves the scene gets the ambient light, or the background if it has only passed
through transparent surfaces. Lobes:

- diffuse: Lambert's, or that of rough surfaces (see ``roughened``);
- glossy: GGX microfacets, Schlick's Fresnel reflection for metals;
- transmitted: refraction by Snell's law at a microfacet, with Fresnel's equations for the choice between it and gloss.

Ghosts are no part of this: they add light to paths that pass through them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing import materials as m
from brayns_widget.service.renderer.tracing.kernels.flakes import find_flake
from brayns_widget.service.renderer.tracing.kernels.hashing import random_number
from brayns_widget.service.renderer.tracing.kernels.layers import (
    cosine_to_viewer,
    opacity_of,
    thickened_haze,
    turn_over,
)
from brayns_widget.service.renderer.tracing.kernels.lights import (
    LEFT,
    LIGHT_ROWS,
    aim_at_light,
    let_through,
    light_point,
    light_seen,
)
from brayns_widget.service.renderer.tracing.kernels.microfacets import (
    facet,
    pane,
    reflected,
    roughened,
    shadowing,
    tangents,
)
from brayns_widget.service.renderer.tracing.kernels.native import inlined, kernel
from brayns_widget.service.renderer.tracing.kernels.surfaces import (
    COLOR,
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
    meet,
    prepare_rays,
    show_block,
    spread,
)
from brayns_widget.service.renderer.tracing.lights import DIRECTIONAL, KIND, PLACE, POWER, QUAD, RADIUS

# Rows of scratch after those of ``lights``. For each lane: the path's throughput, its radiance so far, its opacity; of
# the chosen lobe the reflectance at normal incidence and at grazing, the width and the kind; whether the path is still
# straight, whether it enters from outside, whether it gets the light of area lights that it hits, the stretch of the
# lobe, and how much of ghosts it has passed.
CARRIED, BROUGHT, PATH_ALPHA, _HEAD_ON, _GRAZING, _WIDTH, _LOBE, STRAIGHT, _ENTERS, FINDS_LIGHTS, _STRETCH, _HAZE = (
    LIGHT_ROWS,
    LIGHT_ROWS + 3,
    LIGHT_ROWS + 6,
    LIGHT_ROWS + 7,
    LIGHT_ROWS + 10,
    LIGHT_ROWS + 13,
    LIGHT_ROWS + 14,
    LIGHT_ROWS + 15,
    LIGHT_ROWS + 16,
    LIGHT_ROWS + 17,
    LIGHT_ROWS + 18,
    LIGHT_ROWS + 19,
)
PATH_ROWS = LIGHT_ROWS + 20

_ENDED, _PASSED, _DIFFUSE, _GLOSSY, _TRANSMITTED = 0, 1, 2, 3, 4

_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_THIRD = np.float32(1 / 3)
_PI = np.float32(math.pi)
_TWO_PI = np.float32(2 * math.pi)
_INFINITE = np.float32(np.inf)
_SMOOTH = np.float32(1e-3)  # narrower lobes are mirrors
_NARROW = np.float32(0.1)  # paths of narrower lobes get the light of area lights by hitting them, not by sampling
_BLURRED = np.float32(0.25)  # least width of lobes after a diffuse bounce: narrower ones cause fireflies
_LEAST = np.float32(1e-6)


@inlined
def _frame(f: Any, material: Any, lane: Any) -> Any:
    """Find tangents at a lane's surface: along the direction of anisotropy, and across."""
    ax, ay, az, bx, by, bz = tangents(f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane])
    c, s = material[m.TURN], material[m.TURN + 1]
    return c * ax + s * bx, c * ay + s * by, c * az + s * bz, c * bx - s * ax, c * by - s * ay, c * bz - s * az


@inlined
def _roughened(f: Any, uneven: Any, lane: Any, x: Any, y: Any, z: Any) -> Any:  # noqa: PLR0917
    """Compute how much more than Lambert's a lane's matte surface scatters of light from (x, y, z)."""
    nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
    vx, vy, vz = -f[DIR, lane], -f[DIR + 1, lane], -f[DIR + 2, lane]
    return roughened(uneven, x * nx + y * ny + z * nz, vx * nx + vy * ny + vz * nz, x * vx + y * vy + z * vz)


@inlined
def _choose_of_pane(f: Any, lane: Any, chance: Any, once: Any) -> Any:
    """Choose whether a pane in the lane's color reflects or transmits; ``once``: what one of its sides reflects."""
    mirrored, _through = pane(once, _ONE)
    for channel in range(3):
        back, through = pane(once, min(max(f[COLOR + channel, lane], _ZERO), _ONE))
        share = back / max(_LEAST, mirrored) if chance < mirrored else through / max(_LEAST, _ONE - mirrored)
        f[_HEAD_ON + channel, lane] = f[_GRAZING + channel, lane] = share
    return _GLOSSY if chance < mirrored else _TRANSMITTED


@inlined
def _choose_base(  # noqa: PLR0917
    f: Any, material: Any, lane: Any, chance: Any, cosine: Any, ratio: Any
) -> Any:
    """Choose a lobe under the coat: metal, gloss, transmission, matte; ``chance`` is a random number in 0..1."""
    f[_WIDTH, lane] = material[m.ROUGHNESS] * material[m.ROUGHNESS]
    f[_STRETCH, lane] = material[m.STRETCH]
    if chance < material[m.METALLIC]:
        for channel in range(3):
            f[_HEAD_ON + channel, lane] = f[COLOR + channel, lane]
            f[_GRAZING + channel, lane] = material[m.EDGE + channel]
        return _GLOSSY
    chance = (chance - material[m.METALLIC]) / max(_LEAST, _ONE - material[m.METALLIC])
    mirrored = material[m.SPECULAR] * reflected(cosine, ratio)
    if material[m.PANES] != _ZERO:
        return _choose_of_pane(f, lane, chance, mirrored)
    if chance < mirrored:
        for channel in range(3):
            f[_HEAD_ON + channel, lane] = _ONE
            f[_GRAZING + channel, lane] = _ONE
        return _GLOSSY
    chance = (chance - mirrored) / max(_LEAST, _ONE - mirrored)
    if chance < material[m.TRANSMISSION]:
        for channel in range(3):
            f[_HEAD_ON + channel, lane] = material[m.TRANSMITTED + channel]
        return _TRANSMITTED
    grazing = (_ONE - cosine) ** material[m.SHEEN_FALL]
    for channel in range(3):
        sheen = (material[m.SHEEN + channel] + material[m.SHEEN_OF_BASE] * f[COLOR + channel, lane]) * grazing
        f[_HEAD_ON + channel, lane] = f[COLOR + channel, lane] * material[m.DIFFUSE] + sheen
    return _DIFFUSE


@inlined
def _choose(  # noqa: PLR0917
    f: Any, i: Any, materials: Any, lane: Any, pixel: Any, sample: Any, depth: Any
) -> Any:
    """Choose the lobe by which a lane's path continues, and fill the rows that describe it."""
    material = materials[i[GEOMETRY, lane]]
    for channel in range(3):
        f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * material[m.EMISSION + channel]
    cosine = cosine_to_viewer(f, lane)
    opacity = opacity_of(f, material, lane)
    if material[m.GHOST] != _ZERO:
        f[_HAZE, lane], added = thickened_haze(f[_HAZE, lane], opacity, cosine)
        for channel in range(3):
            f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * added * f[COLOR + channel, lane]
        return _PASSED
    if random_number(pixel, sample, 8 * depth) >= opacity:
        return _PASSED
    if material[m.ENDS] != _ZERO:
        return _ENDED
    leaves = i[_ENTERS, lane] == 0 and material[m.TRANSMISSION] > _ZERO and material[m.THIN] == _ZERO
    if leaves:
        for channel in range(3):
            f[CARRIED + channel, lane] *= math.exp(-material[m.ABSORBED + channel] * f[TFAR, lane])
    f[_STRETCH, lane] = _ONE
    chance = random_number(pixel, sample, 8 * depth + 1)
    coated = material[m.COAT] * reflected(cosine, _ONE / material[m.COAT_INDEX])
    if chance < coated:
        f[_WIDTH, lane] = material[m.COAT_ROUGHNESS] * material[m.COAT_ROUGHNESS]
        for channel in range(3):
            f[_HEAD_ON + channel, lane] = _ONE
            f[_GRAZING + channel, lane] = _ONE
        return _GLOSSY
    chance = (chance - coated) / max(_LEAST, _ONE - coated)
    for channel in range(3):
        f[CARRIED + channel, lane] *= material[m.TINT + channel]
    if material[m.FLAKES] > _ZERO and find_flake(f, material[m.FLAKES], lane):
        f[_WIDTH, lane] = np.float32(m.FLAKE_WIDTH)
        for channel in range(3):
            f[_HEAD_ON + channel, lane] = np.float32(m.FLAKE_REFLECTANCE)
            f[_GRAZING + channel, lane] = _ONE
        return _GLOSSY
    ratio = material[m.INDEX] if leaves else _ONE / material[m.INDEX]
    return _choose_base(f, material, lane, chance, cosine, ratio)


@inlined
def find_lobes(  # noqa: PLR0917
    f: Any, i: Any, materials: Any, x0: Any, y0: Any, width: Any, sample: Any, depth: Any
) -> Any:
    """Choose a lobe for each lane with a hit; returns how many can be lit."""
    count = 0
    for lane in range(16):
        i[_LOBE, lane] = _ENDED
        if i[GEOMETRY, lane] == NONE:
            continue
        pixel = (y0 + (lane >> 2)) * width + x0 + (lane & 3)
        lobe = _choose(f, i, materials, lane, pixel, sample, depth)
        material = materials[i[GEOMETRY, lane]]
        if i[STRAIGHT, lane] == 0 and depth > 0 and lobe == _GLOSSY and material[m.PANES] == _ZERO:
            f[_WIDTH, lane] = max(f[_WIDTH, lane], _BLURRED)
        if (
            lobe == _DIFFUSE
            and material[m.BACK_LIGHT] > _ZERO
            and random_number(pixel, sample, 8 * depth + 2) < material[m.BACK_LIGHT] * _HALF
        ):
            turn_over(f, lane)
        i[_LOBE, lane] = lobe
        count += lobe in {_DIFFUSE, _GLOSSY}
    return count


@inlined
def _gloss(f: Any, material: Any, lane: Any) -> Any:
    """Evaluate a glossy lobe for light along a lane's second ray, and Fresnel's weight for it."""
    nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
    ax, ay, az, bx, by, bz = _frame(f, material, lane)
    along, across = f[_WIDTH, lane] / f[_STRETCH, lane], f[_WIDTH, lane] * f[_STRETCH, lane]
    vx, vy, vz = -f[DIR, lane], -f[DIR + 1, lane], -f[DIR + 2, lane]
    lx, ly, lz = f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane]
    hx, hy, hz = vx + lx, vy + ly, vz + lz
    scale = _ONE / max(_LEAST, np.float32(math.sqrt(hx * hx + hy * hy + hz * hz)))
    hx, hy, hz = hx * scale, hy * scale, hz * scale
    grazing = (_ONE - max(_ZERO, hx * vx + hy * vy + hz * vz)) ** 5
    x, y, z = hx * ax + hy * ay + hz * az, hx * bx + hy * by + hz * bz, hx * nx + hy * ny + hz * nz
    x, y = x / along, y / across
    facing = x * x + y * y + z * z
    density = _ONE / (_PI * along * across * facing * facing)
    seen = max(_LEAST, np.float32(vx * nx + vy * ny + vz * nz))
    shown = shadowing(vx * ax + vy * ay + vz * az, vx * bx + vy * by + vz * bz, seen, along, across)
    cosine = lx * nx + ly * ny + lz * nz
    lit = shadowing(lx * ax + ly * ay + lz * az, lx * bx + ly * by + lz * bz, cosine, along, across)
    return density * shown * lit / (4 * seen), grazing


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
    sharp = _NARROW if light[KIND] == QUAD or light[RADIUS] > 0 else _SMOOTH
    for lane in range(16):
        i[RAY_VALID, lane] = 0
        lobe = i[_LOBE, lane]
        if not (lobe == _DIFFUSE or (lobe == _GLOSSY and f[_WIDTH, lane] >= sharp)):
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
    let_through(f, i, scene, table, materials, shadows, True)
    for lane in range(16):
        if f[LEFT, lane] == _ZERO:
            continue
        cosine = _cosine_to_light(f, lane)
        grazing = _ZERO
        if i[_LOBE, lane] == _GLOSSY:
            scattered, grazing = _gloss(f, materials[i[GEOMETRY, lane]], lane)
            cosine = _PI * scattered
        else:
            uneven = materials[i[GEOMETRY, lane], m.UNEVEN]
            lx, ly, lz = f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane]
            cosine *= _roughened(f, uneven, lane, lx, ly, lz)
        cosine *= f[COSINE, lane] * f[LEFT, lane]
        for channel in range(3):
            head_on = f[_HEAD_ON + channel, lane]
            weight = head_on + (f[_GRAZING + channel, lane] - head_on) * grazing if grazing > 0 else head_on
            f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * weight * cosine * light[POWER + channel]


@inlined
def _cosine_to_light(f: Any, lane: Any) -> Any:
    return (
        f[NORMAL, lane] * f[RAY + DIR, lane]
        + f[NORMAL + 1, lane] * f[RAY + DIR + 1, lane]
        + f[NORMAL + 2, lane] * f[RAY + DIR + 2, lane]
    )


@inlined
def meet_lights(f: Any, i: Any, lights: Any) -> None:
    """Add area lights that straight paths and those of narrow lobes hit: other paths have sampled them already."""
    for number in range(lights.shape[0]):
        light = lights[number]
        if not (light[KIND] == QUAD or light[RADIUS] > 0):
            continue
        for lane in range(16):
            if i[VALID, lane] != 0 and i[FINDS_LIGHTS, lane] != 0:
                seen = light_seen(f, lane, light)
                for channel in range(3):
                    f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * seen * light[POWER + channel]


@inlined
def _go_on(  # noqa: PLR0917
    f: Any, i: Any, materials: Any, lane: Any, u: Any, v: Any
) -> Any:
    """Replace a lane's ray by the next one of its path; False if the path ends."""
    lobe = i[_LOBE, lane]
    if lobe == _PASSED:
        turn_over(f, lane)
        return True
    nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
    material = materials[i[GEOMETRY, lane]]
    ax, ay, az, bx, by, bz = _frame(f, material, lane)
    if lobe != _TRANSMITTED or material[m.PANES] == _ZERO:
        i[STRAIGHT, lane] = 0
    if lobe != _TRANSMITTED:
        i[FINDS_LIGHTS, lane] = lobe == _GLOSSY and f[_WIDTH, lane] < _NARROW
    if lobe == _DIFFUSE:
        # A point of the unit disc, lifted to the hemisphere around the normal (Malley's method).
        radius, angle = math.sqrt(u), _TWO_PI * v
        x, y, z = radius * math.cos(angle), radius * math.sin(angle), math.sqrt(max(_LEAST, _ONE - u))
        lx, ly, lz = x * ax + y * bx + z * nx, x * ay + y * by + z * ny, x * az + y * bz + z * nz
        scattered = _roughened(f, material[m.UNEVEN], lane, lx, ly, lz)
        f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane] = lx, ly, lz
        for channel in range(3):
            f[CARRIED + channel, lane] *= f[_HEAD_ON + channel, lane] * scattered
        return True
    dx, dy, dz = f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane]
    rough = f[_WIDTH, lane] >= _SMOOTH
    along, across = f[_WIDTH, lane] / f[_STRETCH, lane], f[_WIDTH, lane] * f[_STRETCH, lane]
    hx, hy, hz = nx, ny, nz
    if rough:
        x, y, z = facet(
            -(dx * ax + dy * ay + dz * az), -(dx * bx + dy * by + dz * bz), -(dx * nx + dy * ny + dz * nz),
            along, across, u, v,
        )  # fmt: skip
        hx, hy, hz = x * ax + y * bx + z * nx, x * ay + y * by + z * ny, x * az + y * bz + z * nz
    cosine = min(_ONE, -(dx * hx + dy * hy + dz * hz))
    if cosine <= 0:
        return False
    if lobe == _GLOSSY:
        rx, ry, rz = dx + _TWO * cosine * hx, dy + _TWO * cosine * hy, dz + _TWO * cosine * hz
        leaving = rx * nx + ry * ny + rz * nz
        if leaving <= 0:
            return False
        shown = _ONE
        if rough:
            x, y = rx * ax + ry * ay + rz * az, rx * bx + ry * by + rz * bz
            shown = shadowing(x, y, leaving, along, across)
        grazing = (_ONE - cosine) ** 5
        for channel in range(3):
            head_on = f[_HEAD_ON + channel, lane]
            f[CARRIED + channel, lane] *= shown * (head_on + (f[_GRAZING + channel, lane] - head_on) * grazing)
        f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane] = rx, ry, rz
        return True
    for channel in range(3):
        f[CARRIED + channel, lane] *= f[_HEAD_ON + channel, lane]
    turn_over(f, lane)
    if material[m.THIN] != _ZERO:
        return True
    ratio = _ONE / material[m.INDEX] if i[_ENTERS, lane] != 0 else material[m.INDEX]
    behind = _ONE - ratio * ratio * (_ONE - cosine * cosine)
    if behind <= 0:
        return False
    inwards = ratio * cosine - math.sqrt(behind)
    f[DIR, lane] = ratio * dx + inwards * hx
    f[DIR + 1, lane] = ratio * dy + inwards * hy
    f[DIR + 2, lane] = ratio * dz + inwards * hz
    return True


@inlined
def advance(  # noqa: PLR0917
    f: Any, i: Any, materials: Any, x0: Any, y0: Any, width: Any, sample: Any, depth: Any
) -> Any:
    """Continue each lane's path from its surface; returns how many continue."""
    count = 0
    shift_u, shift_v = np.float32(sample * SPREAD_U % 1), np.float32(sample * SPREAD_V % 1)
    for lane in range(16):
        if i[GEOMETRY, lane] == NONE or i[_LOBE, lane] == _ENDED:
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
        f[_HAZE, lane] = _ZERO
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
            i[_ENTERS, lane] = (
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
            f[PATH_ALPHA, lane] = min(_ONE, _ONE - min(through, _ONE) * (_ONE - alpha) + f[_HAZE, lane])
    return hits


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
        meet_lights(f, i, lights)
        hits = end_paths(f, i, ambient, background, alpha)
        found += hits
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
        show_block(f, BROUGHT, x0, y0, sample, tone, sums, image)
