"""Sphere and quad lights, and shadows of surfaces that stop a part of the light, for several kernels.

A point of a sphere or quad light is sampled for each lane of each sample, so that shadows become soft as samples add
up; they are hard where light comes from the middle (see ``lights.hardened``). Lights are not geometry: they occlude
nothing.

A shadow ray first looks for an opaque occluder. If there is none, it visits the surfaces that weaken it, one by one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing import materials as m
from brayns_widget.service.renderer.tracing.embree import FAINT
from brayns_widget.service.renderer.tracing.kernels.hashing import random_number
from brayns_widget.service.renderer.tracing.kernels.native import (
    called,
    inlined,
    load_float32,
    load_uint32,
    occluded16,
)
from brayns_widget.service.renderer.tracing.kernels.surfaces import (
    COLOR,
    COSINE,
    DIR,
    EPSILON,
    FLAGS,
    GEOMETRY,
    INSTANCE,
    MASK,
    NONE,
    NORMAL,
    OPEN,
    ORG,
    PRIMITIVE,
    RAY,
    RAY_VALID,
    SCRATCH_ROWS,
    SPREAD_U,
    SPREAD_V,
    TFAR,
    TNEAR,
    add_light,
    aim_ambient,
    aim_directional,
    blended,
    face_directional,
    meet,
    send_far,
    set_ambient,
    spread,
)
from brayns_widget.service.renderer.tracing.lights import (
    DIRECTIONAL,
    EDGE1,
    EDGE2,
    FACES,
    HARD,
    KIND,
    PLACE,
    QUAD,
    RADIUS,
)

# Rows of scratch after those of ``surfaces``: RTCRayHit16 of rays that visit transparent occluders, which of its lanes
# are active, and for each lane of the second packet the share of light that is left along it.
_VEIL, _VEIL_VALID, LEFT = SCRATCH_ROWS, SCRATCH_ROWS + 24, SCRATCH_ROWS + 25
LIGHT_ROWS = SCRATCH_ROWS + 26

# Bits of ``shadows``: lights cast them; some surfaces let light through.
SHADOWED, VEILED = 1, 2
NOTHING = np.float32(1 / 256)  # a smaller share of light is invisible
_FAINT_ALPHA = np.float32(m.FAINT_ALPHA)
SURE = np.float32(1 / 8)  # of a light's rays, whose shadows are to be clean
_MOST_VEILS = 64  # transparent occluders; further ones are ignored

_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_PI = np.float32(math.pi)
_TWO_PI = np.float32(2 * math.pi)
_LEAST = np.float32(1e-30)
_BEFORE = np.float32(1 - 2.0**-16)  # shadow rays end just before the light
_GOLDEN = 0.6180339887498949


@inlined
def light_point(pixel: Any, number: Any, sample: Any) -> Any:
    """Make two numbers in 0..1 for the pixel's point on light ``number``, well spread over the samples."""
    shift_u = np.float32((sample * SPREAD_U + (number + 1) * _GOLDEN) % 1)
    shift_v = np.float32((sample * SPREAD_V + (number + 1) * _GOLDEN) % 1)
    return spread((pixel + 1) * 0x9E3779B1 & 0xFFFFFFFF, shift_u, shift_v)


@inlined
def aim_at_light(f: Any, lane: Any, light: Any, u: Any, v: Any) -> Any:
    """Aim a lane's second ray from its origin at the point of the light that (u, v) in 0..1 choose.

    Returns:
        A weight: ``light[POWER]`` times weight times the surface's cosine is, on average, the light that arrives; 0
        where the light does not shine.
    """
    cx = light[PLACE] - f[RAY + ORG, lane]
    cy = light[PLACE + 1] - f[RAY + ORG + 1, lane]
    cz = light[PLACE + 2] - f[RAY + ORG + 2, lane]
    if light[KIND] == QUAD:
        a, b = u - _HALF, v - _HALF
        cx += a * light[EDGE1] + b * light[EDGE2]
        cy += a * light[EDGE1 + 1] + b * light[EDGE2 + 1]
        cz += a * light[EDGE1 + 2] + b * light[EDGE2 + 2]
        square = max(_LEAST, np.float32(cx * cx + cy * cy + cz * cz))
        distance = math.sqrt(square)
        scale = _ONE / distance
        cx, cy, cz = cx * scale, cy * scale, cz * scale
        share = -(cx * light[FACES] + cy * light[FACES + 1] + cz * light[FACES + 2]) / square
    else:
        # Directions of the cone that the sphere fills, evenly by solid angle.
        square = max(_LEAST, np.float32(cx * cx + cy * cy + cz * cz))
        distance = math.sqrt(square)
        scale = _ONE / distance
        cx, cy, cz = cx * scale, cy * scale, cz * scale
        sine2 = light[RADIUS] * light[RADIUS] / square
        inside = sine2 >= _ONE
        edge = _ONE + math.sqrt(max(_ZERO, _ONE - sine2))
        share = _ZERO if inside else _TWO / (square * edge)
        fall = u * sine2 / edge
        sine = math.sqrt(max(_ZERO, fall * (_TWO - fall)))
        angle = _TWO_PI * v
        x, y, z = sine * math.cos(angle), sine * math.sin(angle), _ONE - fall
        distance = distance * (z - math.sqrt(max(_ZERO, sine2 - sine * sine)))
        # An orthonormal basis without branches (Duff et al., JCGT 2017).
        sign = math.copysign(_ONE, cz)
        p = -_ONE / (sign + cz)
        q = cx * cy * p
        cx, cy, cz = (
            x * (_ONE + sign * cx * cx * p) + y * q + z * cx,
            x * sign * q + y * (sign + cy * cy * p) + z * cy,
            -x * sign * cx - y * cy + z * cz,
        )
    f[RAY + DIR, lane], f[RAY + DIR + 1, lane], f[RAY + DIR + 2, lane] = cx, cy, cz
    f[RAY + TNEAR, lane] = _ZERO
    f[RAY + TFAR, lane] = distance * _BEFORE
    return max(_ZERO, np.float32(share))


@inlined
def light_seen(f: Any, lane: Any, light: Any) -> Any:
    """Compute the radiance, over ``light[POWER]``, of the light on a lane's first ray; 0 if the ray misses it."""
    dx, dy, dz = f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane]
    cx, cy, cz = light[PLACE] - f[ORG, lane], light[PLACE + 1] - f[ORG + 1, lane], light[PLACE + 2] - f[ORG + 2, lane]
    if light[KIND] == QUAD:
        nx, ny, nz = light[FACES], light[FACES + 1], light[FACES + 2]
        facing = dx * nx + dy * ny + dz * nz
        if facing >= 0:
            return _ZERO
        far = (cx * nx + cy * ny + cz * nz) / facing
        px, py, pz = far * dx - cx, far * dy - cy, far * dz - cz
        ax, ay, az = light[EDGE1], light[EDGE1 + 1], light[EDGE1 + 2]
        bx, by, bz = light[EDGE2], light[EDGE2 + 1], light[EDGE2 + 2]
        area = nx * (ay * bz - az * by) + ny * (az * bx - ax * bz) + nz * (ax * by - ay * bx)
        a = nx * (py * bz - pz * by) + ny * (pz * bx - px * bz) + nz * (px * by - py * bx)
        b = nx * (ay * pz - az * py) + ny * (az * px - ax * pz) + nz * (ax * py - ay * px)
        met = abs(a) <= _HALF * area and abs(b) <= _HALF * area
        radiance = _PI / area
    else:
        near = cx * dx + cy * dy + cz * dz
        px, py, pz = near * dx - cx, near * dy - cy, near * dz - cz
        square = light[RADIUS] * light[RADIUS]
        inner = square - (px * px + py * py + pz * pz)
        met = inner > 0
        far = near - math.sqrt(max(_ZERO, inner))
        radiance = _ONE / max(_LEAST, square)
    return radiance if met and f[TNEAR, lane] < far < f[TFAR, lane] else _ZERO


@called
def let_through(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, table: Any, materials: Any, shadows: Any, glass: Any, sure: Any
) -> None:
    """Trace the second packet, and find the share of light that is left along each ray (row ``LEFT``).

    Args:
        f: float32 (LIGHT_ROWS or more, 16), scratch.
        i: int32 view of the same memory.
        scene: address of a committed RTCScene.
        table: int64 (G, 4), see ``surfaces.trace``.
        materials: float32 (G, materials.COLUMNS).
        shadows: with the bit VEILED, some surfaces stop only a part of the light.
        glass: whether transmission lets light through, too.
        sure: share of light above 0, up to 1. A ray of which less is left ends by chance or goes on with this share,
            so often that the mean stays (Russian roulette): all surfaces that let much through would take long.
    """
    start = f.ctypes.data
    occluded16(start + 64 * RAY_VALID, scene, start + 64 * RAY, 0)
    count = 0
    for lane in range(16):
        reaches = i[RAY_VALID, lane] != 0 and f[RAY + TFAR, lane] >= 0
        f[LEFT, lane] = _ONE if reaches else _ZERO
        i[_VEIL_VALID, lane] = -1 if reaches else 0
        count += reaches
    if shadows & VEILED == 0:
        return
    # No opaque surface occludes these rays: all that they can hit stops a part of the light.
    for lane in range(16):
        for row in range(TFAR + 1):
            f[_VEIL + row, lane] = f[RAY + row, lane]
        i[_VEIL + MASK, lane] = ~FAINT
        i[_VEIL + FLAGS, lane] = 0
        i[_VEIL + GEOMETRY, lane] = i[_VEIL + INSTANCE, lane] = NONE
    for _veil in range(_MOST_VEILS):
        if count == 0:
            break
        meet(f, i, scene, table, _VEIL, _VEIL_VALID)
        count = 0
        for lane in range(16):
            geometry = i[_VEIL + GEOMETRY, lane]
            if i[_VEIL_VALID, lane] == 0 or geometry == NONE:
                i[_VEIL_VALID, lane] = 0
                continue
            f[LEFT, lane] *= _ONE - _stopped(f, i, table, materials[geometry], lane, glass)
            far, left = f[_VEIL + TFAR, lane], f[LEFT, lane]
            if left < sure:
                place = np.int64(i[_VEIL + TFAR, lane]) ^ np.int64(i[_VEIL + ORG, lane]) << 8
                goes_on = random_number(place, np.int64(i[_VEIL + DIR, lane]), 0) * sure < left
                f[LEFT, lane] = sure if goes_on else _ZERO
                if not goes_on:
                    i[_VEIL_VALID, lane] = 0
                    continue
            size = far
            for axis in range(3):
                size = max(size, abs(f[_VEIL + ORG + axis, lane] + far * f[_VEIL + DIR + axis, lane]))
            f[_VEIL + TNEAR, lane] = far + _TWO * size * EPSILON
            f[_VEIL + TFAR, lane] = f[RAY + TFAR, lane]
            i[_VEIL + GEOMETRY, lane] = NONE
            count += 1


@inlined
def is_faint(f: Any, lane: Any) -> Any:
    """Whether a lane's surface is nearly clear, see ``building.veils``."""
    return f[COLOR + 3, lane] < _FAINT_ALPHA


@inlined
def _stopped(  # noqa: PLR0917
    f: Any, i: Any, table: Any, material: Any, lane: Any, glass: Any
) -> Any:
    """Compute the share of light that the surface stops that a lane's shadow ray has hit."""
    geometry = i[_VEIL + GEOMETRY, lane]
    slot = load_uint32(table[geometry, 0], np.int64(i[_VEIL + PRIMITIVE, lane]))
    if table[geometry, 3] == 0:
        alpha = load_float32(table[geometry, 1], 4 * slot + 3)
    else:
        alpha = blended(f, table[geometry, 1], slot, _VEIL, lane, 3)
    opacity = material[m.OPACITY] * min(max(alpha, _ZERO), _ONE)
    if material[m.GHOST] != _ZERO:
        return _ZERO
    if glass:
        opacity *= _ONE - (_ONE - material[m.METALLIC]) * material[m.TRANSMISSION]
    return opacity


@inlined
def _face_area(  # noqa: PLR0917
    f: Any, i: Any, light: Any, number: Any, x0: Any, y0: Any, width: Any, sample: Any
) -> Any:
    """Aim the second packet's rays at a sphere or quad light, and set each lane's cosine; returns how many are lit."""
    lit = 0
    for lane in range(16):
        f[COSINE, lane] = _ZERO
        i[RAY_VALID, lane] = 0
        if i[GEOMETRY, lane] == NONE:
            continue
        u, v = light_point((y0 + (lane >> 2)) * width + x0 + (lane & 3), number, sample)
        if light[HARD] != _ZERO:
            u = _ZERO  # of a sphere the middle; a quad is one
        share = aim_at_light(f, lane, light, u, v)
        cosine = (
            f[NORMAL, lane] * f[RAY + DIR, lane]
            + f[NORMAL + 1, lane] * f[RAY + DIR + 1, lane]
            + f[NORMAL + 2, lane] * f[RAY + DIR + 2, lane]
        )
        if cosine > 0 and share > 0:
            f[COSINE, lane] = cosine * share
            i[RAY_VALID, lane] = -1
            lit += 1
    return lit


@inlined
def light_surfaces(  # noqa: PLR0917
    f: Any,
    i: Any,
    scene: Any,
    table: Any,
    materials: Any,
    x0: Any,
    y0: Any,
    width: Any,
    ambient: Any,
    lights: Any,
    ao_samples: Any,
    shadows: Any,
    sample: Any,
) -> None:
    """Set the light that arrives at the matte surfaces that ``find_surface`` has found."""
    for lane in range(16):
        f[OPEN, lane] = _ZERO
    for ray in range(ao_samples):
        aim_ambient(f, i, x0, y0, width, sample * ao_samples + ray)
        send_far(f)
        for lane in range(16):
            if is_faint(f, lane):
                i[RAY_VALID, lane] = 0  # that light comes from there is all that can be seen
                f[OPEN, lane] += _ONE
        let_through(f, i, scene, table, materials, shadows, False, _ONE)
        for lane in range(16):
            f[OPEN, lane] += f[LEFT, lane]
    set_ambient(f, ambient, ao_samples)
    for number in range(lights.shape[0]):
        light = lights[number]
        if light[KIND] == DIRECTIONAL:
            lit = face_directional(f, i, light)
            aim_directional(f, light)
            send_far(f)
        else:
            lit = _face_area(f, i, light, number, x0, y0, width, sample)
        if lit == 0:
            continue
        if shadows & SHADOWED != 0:
            for lane in range(16):
                if is_faint(f, lane):
                    i[RAY_VALID, lane] = 0
            let_through(f, i, scene, table, materials, shadows, False, SURE)
            for lane in range(16):
                if not is_faint(f, lane):
                    f[COSINE, lane] *= f[LEFT, lane]
        add_light(f, light)
