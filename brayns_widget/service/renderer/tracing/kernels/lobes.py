"""Lobes of materials for the path tracer: which of them a path takes, and how much light it scatters whereto.

At each surface one lobe is chosen at random, in proportion to what it reflects about:

- diffuse: Lambert's, or that of rough surfaces (see ``microfacets.roughened``);
- glossy: GGX microfacets. Of metal, what bounces between them several times is added (Kulla and Conty, "Revisiting
  Physically Based Shading at Imageworks", SIGGRAPH course, 2017);
- transmitted: refraction by Snell's law at a microfacet, with Fresnel's equations for the choice between it and gloss.

Ghosts are no part of this: they add light to paths that pass through them.

Metals, layers and coats are those of OSPRay's published materials (modules/cpu/render/bsdfs: MicrofacetConductor,
DielectricLayer), which name these papers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing import materials as m
from brayns_widget.service.renderer.tracing.kernels.flakes import NO_FLAKE, TURNED_AWAY, find_flake
from brayns_widget.service.renderer.tracing.kernels.hashing import random_number, stratified_number
from brayns_widget.service.renderer.tracing.kernels.layers import (
    cosine_to_viewer,
    opacity_of,
    thickened_haze,
    turn_over,
)
from brayns_widget.service.renderer.tracing.kernels.lights import LIGHT_ROWS
from brayns_widget.service.renderer.tracing.kernels.microfacets import (
    axes,
    conductor,
    metal_index,
    metal_mean,
    pane,
    reflected,
    roughened,
    slope,
)
from brayns_widget.service.renderer.tracing.kernels.native import called, inlined
from brayns_widget.service.renderer.tracing.kernels.surfaces import COLOR, DIR, GEOMETRY, NONE, NORMAL, RAY, TFAR

# Rows of scratch after those of ``lights``. For each lane: the path's throughput and its radiance so far; whether the
# path is still straight, whether it enters from outside, how much of ghosts it has passed; of the chosen lobe the kind,
# the width and the stretch, two numbers a channel that ``_mirrored`` makes the reflectance of, which of the ways it
# takes, what bounces several times between microfacets; what the coat over it reflects (-1: nothing is over it), and
# that coat's normal; what ``evaluate`` finds.
CARRIED, BROUGHT, STRAIGHT, ENTERS, HAZE, LOBE, WIDTH, STRETCH, _FIRST, _SECOND, _CONDUCTS, _AGAIN, _COATED, _OUTER = (
    LIGHT_ROWS,
    LIGHT_ROWS + 3,
    LIGHT_ROWS + 7,
    LIGHT_ROWS + 8,
    LIGHT_ROWS + 9,
    LIGHT_ROWS + 10,
    LIGHT_ROWS + 11,
    LIGHT_ROWS + 12,
    LIGHT_ROWS + 13,
    LIGHT_ROWS + 16,
    LIGHT_ROWS + 19,
    LIGHT_ROWS + 20,
    LIGHT_ROWS + 23,
    LIGHT_ROWS + 24,
)
PATH_ALPHA = BROUGHT + 3
VALUE = LIGHT_ROWS + 27
LOBE_ROWS = LIGHT_ROWS + 30

ENDED, PASSED, DIFFUSE, GLOSSY, TRANSMITTED = 0, 1, 2, 3, 4
SMOOTH = np.float32(1e-3)  # narrower lobes are mirrors

_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_PI = np.float32(math.pi)
_BLURRED = np.float32(0.25)  # least width of lobes after a diffuse bounce: narrower ones cause fireflies
_LEAST = np.float32(1e-6)
_LAST_STEP = m.ALBEDO_STEPS - 1


@inlined
def frame(f: Any, material: Any, lane: Any) -> Any:
    """Find tangents at a lane's surface: along the direction of anisotropy, and across."""
    ax, ay, az, bx, by, bz = axes(f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane])
    c, s = material[m.TURN], material[m.TURN + 1]
    return c * ax + s * bx, c * ay + s * by, c * az + s * bz, c * bx - s * ax, c * by - s * ay, c * bz - s * az


@inlined
def _mirrored_once(material: Any, cosine: Any) -> Any:
    """Look up what perfect mirrors as microfacets reflect without bouncing between them."""
    place = min(max(cosine, _ZERO), _ONE) * np.float32(_LAST_STEP)
    step: Any = min(np.int64(place), _LAST_STEP - 1)
    part = place - np.float32(step)
    return material[m.ALBEDO + step] * (_ONE - part) + material[m.ALBEDO + step + 1] * part


@inlined
def _take_gloss(f: Any, i: Any, lane: Any, width: Any) -> Any:
    """Begin the description of a glossy lobe, of perfect mirrors."""
    f[WIDTH, lane] = width
    i[_CONDUCTS, lane] = 0
    for channel in range(3):
        f[_FIRST + channel, lane] = f[_SECOND + channel, lane] = _ONE
        f[_AGAIN + channel, lane] = _ZERO
    return GLOSSY


@inlined
def _mirrored(f: Any, i: Any, lane: Any, channel: Any, cosine: Any) -> Any:
    """Compute the reflectance of a glossy lobe's microfacets."""
    first, second = f[_FIRST + channel, lane], f[_SECOND + channel, lane]
    if i[_CONDUCTS, lane] != 0:
        return conductor(cosine, first, second)
    return first + (second - first) * (_ONE - cosine) ** 5


@inlined
def _choose_metal(f: Any, i: Any, material: Any, lane: Any, cosine: Any) -> Any:
    lobe = _take_gloss(f, i, lane, material[m.ROUGHNESS] * material[m.ROUGHNESS])
    once = material[m.ALBEDO_MEAN]
    hidden = (_ONE - _mirrored_once(material, cosine)) / max(_LEAST, _ONE - once)
    for channel in range(3):
        color, edge = f[COLOR + channel, lane], material[m.EDGE + channel]
        if material[m.CONDUCTOR] != _ZERO:
            i[_CONDUCTS, lane] = 1
            f[_FIRST + channel, lane], f[_SECOND + channel, lane] = metal_index(color, edge)
            mean = metal_mean(color, edge)
        else:
            f[_FIRST + channel, lane], f[_SECOND + channel, lane] = color, edge
            mean = color + (edge - color) / np.float32(21)
        f[_AGAIN + channel, lane] = hidden * mean * mean * once / (_ONE - mean * (_ONE - once))
    return lobe


@inlined
def _choose_of_pane(f: Any, i: Any, lane: Any, chance: Any, once: Any) -> Any:
    """Choose whether a pane in the lane's color reflects or transmits; ``once``: what one of its sides reflects."""
    mirrored, _through = pane(once, _ONE)
    lobe = _take_gloss(f, i, lane, _ZERO)
    for channel in range(3):
        back, through = pane(once, min(max(f[COLOR + channel, lane], _ZERO), _ONE))
        share = back / max(_LEAST, mirrored) if chance < mirrored else through / max(_LEAST, _ONE - mirrored)
        f[_FIRST + channel, lane] = f[_SECOND + channel, lane] = share
    return lobe if chance < mirrored else TRANSMITTED


@inlined
def _choose_base(  # noqa: PLR0917
    f: Any, i: Any, material: Any, lane: Any, chance: Any, cosine: Any, ratio: Any
) -> Any:
    """Choose a lobe under the coat: metal, gloss, transmission, matte; ``chance`` is a random number in 0..1."""
    f[STRETCH, lane] = material[m.STRETCH]
    if chance < material[m.METALLIC]:
        return _choose_metal(f, i, material, lane, cosine)
    chance = (chance - material[m.METALLIC]) / max(_LEAST, _ONE - material[m.METALLIC])
    mirrored = material[m.SPECULAR] * reflected(cosine, ratio)
    if material[m.PANES] != _ZERO:
        return _choose_of_pane(f, i, lane, chance, mirrored)
    lobe = _take_gloss(f, i, lane, material[m.ROUGHNESS] * material[m.ROUGHNESS])
    if chance < mirrored:
        return lobe
    chance = (chance - mirrored) / max(_LEAST, _ONE - mirrored)
    if chance < material[m.TRANSMISSION]:
        for channel in range(3):
            f[_FIRST + channel, lane] = material[m.TRANSMITTED + channel]
        return TRANSMITTED
    grazing = (_ONE - cosine) ** material[m.SHEEN_FALL]
    for channel in range(3):
        sheen = (material[m.SHEEN + channel] + material[m.SHEEN_OF_BASE] * f[COLOR + channel, lane]) * grazing
        f[_FIRST + channel, lane] = f[COLOR + channel, lane] * material[m.DIFFUSE] + sheen
    return DIFFUSE


@called
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
        f[HAZE, lane], added = thickened_haze(f[HAZE, lane], opacity, cosine)
        for channel in range(3):
            f[BROUGHT + channel, lane] += f[CARRIED + channel, lane] * added * f[COLOR + channel, lane]
        return PASSED
    # The first surface matters most: its choices are spread evenly over the samples.
    stops, chance = stratified_number(pixel, sample, 0), stratified_number(pixel, sample, 1)
    if depth > 0:
        stops, chance = random_number(pixel, sample, 8 * depth), random_number(pixel, sample, 8 * depth + 1)
    if stops >= opacity:
        return PASSED
    if material[m.ENDS] != _ZERO:
        return ENDED
    leaves = i[ENTERS, lane] == 0 and material[m.TRANSMISSION] > _ZERO and material[m.THIN] == _ZERO
    if leaves:
        for channel in range(3):
            f[CARRIED + channel, lane] *= math.exp(-material[m.ABSORBED + channel] * f[TFAR, lane])
    f[STRETCH, lane] = _ONE
    f[_COATED, lane] = -_ONE
    if material[m.COAT] > _ZERO:
        coated = material[m.COAT] * reflected(cosine, _ONE / material[m.COAT_INDEX])
        if chance < coated:
            return _take_gloss(f, i, lane, material[m.COAT_ROUGHNESS] * material[m.COAT_ROUGHNESS])
        chance = (chance - coated) / max(_LEAST, _ONE - coated)
        f[_COATED, lane] = coated
        for axis in range(3):
            f[_OUTER + axis, lane] = f[NORMAL + axis, lane]
    if material[m.FLAKES] > _ZERO:
        found = find_flake(f, i, material[m.FLAKES], lane)
        if found == TURNED_AWAY:
            return ENDED
        if found != NO_FLAKE:
            lobe = _take_gloss(f, i, lane, np.float32(m.FLAKE_WIDTH))
            i[_CONDUCTS, lane] = 1
            for channel in range(3):
                f[_FIRST + channel, lane] = np.float32(m.FLAKE_INDEX[channel])
                f[_SECOND + channel, lane] = np.float32(m.FLAKE_EXTINCTION[channel] * m.FLAKE_EXTINCTION[channel])
            return lobe
    ratio = material[m.INDEX] if leaves else _ONE / material[m.INDEX]
    return _choose_base(f, i, material, lane, chance, cosine, ratio)


@inlined
def find_lobes(  # noqa: PLR0917
    f: Any, i: Any, materials: Any, x0: Any, y0: Any, width: Any, sample: Any, depth: Any
) -> Any:
    """Choose a lobe for each lane with a hit; returns how many can be lit."""
    count = 0
    for lane in range(16):
        i[LOBE, lane] = ENDED
        if i[GEOMETRY, lane] == NONE:
            continue
        pixel = (y0 + (lane >> 2)) * width + x0 + (lane & 3)
        lobe = _choose(f, i, materials, lane, pixel, sample, depth)
        material = materials[i[GEOMETRY, lane]]
        if i[STRAIGHT, lane] == 0 and depth > 0 and lobe == GLOSSY and material[m.PANES] == _ZERO:
            f[WIDTH, lane] = max(f[WIDTH, lane], _BLURRED)
        if (
            lobe == DIFFUSE
            and material[m.BACK_LIGHT] > _ZERO
            and random_number(pixel, sample, 8 * depth + 2) < material[m.BACK_LIGHT] * _HALF
        ):
            turn_over(f, lane)
        i[LOBE, lane] = lobe
        count += lobe in {DIFFUSE, GLOSSY}
    return count


@inlined
def _pass_coat(f: Any, i: Any, material: Any, lane: Any) -> None:
    """Weaken rows VALUE by the coat over the chosen lobe, for light along a lane's second ray.

    What the coat reflects of light from the viewer's direction is part of the choice already.
    """
    coated = f[_COATED, lane]
    nx, ny, nz = f[_OUTER, lane], f[_OUTER + 1, lane], f[_OUTER + 2, lane]
    outwards = f[RAY + DIR, lane] * nx + f[RAY + DIR + 1, lane] * ny + f[RAY + DIR + 2, lane] * nz
    cosine = min(max(abs(outwards), _LEAST), _ONE)
    seen = min(_ONE, max(_LEAST, -(f[DIR, lane] * nx + f[DIR + 1, lane] * ny + f[DIR + 2, lane] * nz)))
    ratio = _ONE / material[m.COAT_INDEX]
    mirrored = material[m.COAT] * reflected(cosine, ratio)
    if material[m.UNIFORM] != _ZERO and i[LOBE, lane] == DIFFUSE:
        share = (_ONE - mirrored) / max(_LEAST, _ONE - material[m.COAT_MEAN])
    else:
        share = min(_ONE - mirrored, _ONE - coated) / max(_LEAST, _ONE - coated)
    # Ways through the coat are those of refracted light.
    way = _ONE / math.sqrt(max(_LEAST, _ONE - ratio * ratio * (_ONE - seen * seen)))
    way += _ONE / math.sqrt(max(_LEAST, _ONE - ratio * ratio * (_ONE - cosine * cosine)))
    if outwards <= _ZERO:
        way *= _HALF
    for channel in range(3):
        left = _ONE - material[m.COAT] * (_ONE - math.exp(-material[m.COAT_DECAY + channel] * way))
        f[VALUE + channel, lane] *= share * left


@called
def evaluate(f: Any, i: Any, materials: Any, lane: Any, straight: Any) -> Any:
    """Find what the chosen lobe of a lane scatters from the lane's second ray to the viewer.

    Fills rows VALUE with pi times the lobe's distribution function times the cosine to the ray; of lobes that scatter
    nothing but from one direction (if ``straight``, and if light is transmitted) with the share of light that is left.

    Returns:
        Pi times the density by which the lobe's own sampling takes this direction.
    """
    material = materials[i[GEOMETRY, lane]]
    nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
    vx, vy, vz = -f[DIR, lane], -f[DIR + 1, lane], -f[DIR + 2, lane]
    lx, ly, lz = f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane]
    seen, cosine = vx * nx + vy * ny + vz * nz, lx * nx + ly * ny + lz * nz
    density = _ONE
    if i[LOBE, lane] == TRANSMITTED:
        for channel in range(3):
            f[VALUE + channel, lane] = f[_FIRST + channel, lane]
    elif i[LOBE, lane] == GLOSSY:
        hx, hy, hz = vx + lx, vy + ly, vz + lz
        scale = _ONE / max(_LEAST, np.float32(math.sqrt(hx * hx + hy * hy + hz * hz)))
        hx, hy, hz = hx * scale, hy * scale, hz * scale
        between = min(max(hx * vx + hy * vy + hz * vz, _ZERO), _ONE)
        scattered, again = _ONE, _ZERO
        if not straight:
            ax, ay, az, bx, by, bz = frame(f, material, lane)
            along, across = f[WIDTH, lane] / f[STRETCH, lane], f[WIDTH, lane] * f[STRETCH, lane]
            seen = max(_LEAST, seen)
            x, y = (hx * ax + hy * ay + hz * az) / along, (hx * bx + hy * by + hz * bz) / across
            z = hx * nx + hy * ny + hz * nz
            facing = x * x + y * y + z * z
            density = _ONE / (along * across * facing * facing * 4 * seen)
            shaded = slope(vx * ax + vy * ay + vz * az, vx * bx + vy * by + vz * bz, seen, along, across)
            lit = slope(lx * ax + ly * ay + lz * az, lx * bx + ly * by + lz * bz, cosine, along, across)
            scattered = density / (_ONE + shaded + lit)
            density /= _ONE + shaded
            again = (_ONE - _mirrored_once(material, cosine)) * cosine
        for channel in range(3):
            mirrored = _mirrored(f, i, lane, channel, between)
            f[VALUE + channel, lane] = mirrored * scattered + f[_AGAIN + channel, lane] * again
    else:
        density = cosine
        value = cosine * roughened(material[m.UNEVEN], cosine, seen, vx * lx + vy * ly + vz * lz)
        if material[m.BASE_MEAN] > _ZERO:  # what is under a layer that mirrors, too
            mirrored = material[m.SPECULAR] * reflected(min(cosine, _ONE), _ONE / material[m.INDEX])
            value *= (_ONE - mirrored) / (_ONE - material[m.BASE_MEAN])
        for channel in range(3):
            f[VALUE + channel, lane] = f[_FIRST + channel, lane] * value
    if f[_COATED, lane] >= _ZERO:
        _pass_coat(f, i, material, lane)
    return density
