"""What the kernels share about lights that have a place: sphere lights and quad lights.

A point of the light is drawn for each lane of each sample, so that shadows grow soft as samples add up; a light without
extent (see ``lights.hardened``) has hard ones. Such lights are no geometry: nothing is behind them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.kernels import (
    COSINE,
    DIR,
    GEOMETRY,
    LIGHT,
    NONE,
    NORMAL,
    ORG,
    RAY,
    RAY_VALID,
    SPREAD_U,
    SPREAD_V,
    TFAR,
    TNEAR,
    add_directional,
    spread,
)
from brayns_widget.service.renderer.kernels_native import inlined, occluded16
from brayns_widget.service.renderer.lights import DIRECTIONAL, EDGE1, EDGE2, FACES, KIND, PLACE, POWER, QUAD, RADIUS

_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_PI = np.float32(math.pi)
_TWO_PI = np.float32(2 * math.pi)
_LEAST = np.float32(1e-30)
_BEFORE = np.float32(1 - 2.0**-16)  # shadow rays end just before the light
_GOLDEN = 0.6180339887498949


@inlined
def light_point(pixel: Any, number: Any, sample: Any) -> Any:
    """Two numbers in 0..1 for the pixel's point on light ``number``, well spread over the samples."""
    shift_u = np.float32((sample * SPREAD_U + (number + 1) * _GOLDEN) % 1)
    shift_v = np.float32((sample * SPREAD_V + (number + 1) * _GOLDEN) % 1)
    return spread((pixel + 1) * 0x9E3779B1 & 0xFFFFFFFF, shift_u, shift_v)


@inlined
def aim_at_light(f: Any, lane: Any, light: Any, u: Any, v: Any) -> Any:
    """Point a lane's second ray from its origin at a point of the light; (u, v) in 0..1 choose it.

    Returns:
        What ``light[POWER]`` times this and the surface's cosine adds on average is the light that arrives; 0 where
        the light does not shine.
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
    """Radiance over ``light[POWER]`` that a lane's first ray finds at the light before its end; 0 if it misses it."""
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


@inlined
def _add_area(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, light: Any, number: Any, x0: Any, y0: Any, width: Any, sample: Any, shadows: Any
) -> None:
    lit = 0
    for lane in range(16):
        f[COSINE, lane] = _ZERO
        i[RAY_VALID, lane] = 0
        if i[GEOMETRY, lane] == NONE:
            continue
        u, v = light_point((y0 + (lane >> 2)) * width + x0 + (lane & 3), number, sample)
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
    if lit == 0:
        return
    if shadows != 0:
        start = f.ctypes.data
        occluded16(start + 64 * RAY_VALID, scene, start + 64 * RAY, 0)
        for lane in range(16):
            if f[RAY + TFAR, lane] < 0:
                f[COSINE, lane] = _ZERO
    for lane in range(16):
        for channel in range(3):
            f[LIGHT + channel, lane] += f[COSINE, lane] * light[POWER + channel]


@inlined
def add_lights(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, lights: Any, x0: Any, y0: Any, width: Any, sample: Any, shadows: Any
) -> None:
    """Add the light from all lights but the ambient one to what a matte surface scatters."""
    for number in range(lights.shape[0]):
        light = lights[number]
        if light[KIND] == DIRECTIONAL:
            add_directional(f, i, scene, light, shadows)
        else:
            _add_area(f, i, scene, light, number, x0, y0, width, sample, shadows)
