"""Flakes in the paint of cars: which places of a surface have one, and how it is tilted.

As in OSPRay's published source (modules/cpu/render/shaders/Flakes.ih), of which these are the formulas, so that flakes
lie where the real renderer's do: points beside those of a grid (Worley's cellular noise) have numbers of MurmurHash3
and of a linear congruential generator, and a place belongs to the nearest point.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing import materials as m
from brayns_widget.service.renderer.tracing.kernels.microfacets import axes
from brayns_widget.service.renderer.tracing.kernels.native import called, inlined
from brayns_widget.service.renderer.tracing.kernels.surfaces import COSINE, DIR, NORMAL, ORG, RAY

_HALF, _ONE = np.float32(0.5), np.float32(1)
_TWO_PI = np.float32(2 * math.pi)
_LEAST = np.float32(1e-6)
_SEED = 0x537E6612  # of the hash
_LENGTH = 12  # bytes that are hashed
_BITS = 0xFFFFFFFF
_TO_ONE = np.float32(2.0**-32)

NO_FLAKE, FLAKE, TURNED_AWAY = 0, 1, 2


@inlined
def _mixed(number: Any, key: Any) -> Any:
    """Mix 32 bits into a hash (MurmurHash3)."""
    key = key * 0xCC9E2D51 & _BITS
    key = ((key << 15 | key >> 17) & _BITS) * 0x1B873593 & _BITS
    number ^= key
    return (((number << 13 | number >> 19) & _BITS) * 5 + 0xE6546B64) & _BITS


@inlined
def _finished(number: Any) -> Any:
    """Finish a hash (MurmurHash3)."""
    number ^= _LENGTH
    number = (number ^ number >> 16) * 0x85EBCA6B & _BITS
    number = (number ^ number >> 13) * 0xC2B2AE35 & _BITS
    return number ^ number >> 16


@inlined
def _following(number: Any) -> Any:
    """Compute the next number of the generator (Numerical Recipes)."""
    return (number * 1664525 + 1013904223) & _BITS


@called
def find_flake(f: Any, i: Any, share: Any, lane: Any) -> Any:
    """Look for a flake at a lane's surface; then the normal becomes the flake's.

    Returns:
        NO_FLAKE, FLAKE or TURNED_AWAY from the viewer.
    """
    x, y, z = (
        f[RAY + ORG, lane] * m.FLAKES_PER_UNIT,
        f[RAY + ORG + 1, lane] * m.FLAKES_PER_UNIT,
        f[RAY + ORG + 2, lane] * m.FLAKES_PER_UNIT,
    )
    cell_x, cell_y, cell_z = np.float32(math.floor(x)), np.float32(math.floor(y)), np.float32(math.floor(z))
    nearest, chosen = np.float32(np.inf), np.int64(0)
    for neighbor in range(27):
        px = cell_x + np.float32(neighbor // 9 - 1)
        py = cell_y + np.float32(neighbor // 3 % 3 - 1)
        pz = cell_z + np.float32(neighbor % 3 - 1)
        number = np.int64(_SEED)
        # The hash takes the bits of single precision numbers: scratch has both views of them.
        f[COSINE, lane] = px
        number = _mixed(number, np.int64(i[COSINE, lane]) & _BITS)
        f[COSINE, lane] = py
        number = _mixed(number, np.int64(i[COSINE, lane]) & _BITS)
        f[COSINE, lane] = pz
        number = _finished(_mixed(number, np.int64(i[COSINE, lane]) & _BITS))
        square = np.float32(0)
        for offset in (px - x, py - y, pz - z):
            number = _following(number)
            beside = np.float32(m.FLAKE_JITTER) * (np.float32(number) * _TO_ONE - _HALF)
            away = offset + _HALF + beside
            square += away * away
        if square < nearest:
            nearest, chosen = square, number
    chosen = _following(chosen)
    if np.float32(chosen) * _TO_ONE > share:
        return NO_FLAKE
    chosen = _following(chosen)
    # Slopes of Beckmann's distribution.
    tangent = np.float32(m.FLAKE_SPREAD) * math.sqrt(-math.log(max(_LEAST, _ONE - np.float32(chosen) * _TO_ONE)))
    chosen = _following(chosen)
    angle = _TWO_PI * np.float32(chosen) * _TO_ONE
    nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
    ax, ay, az, bx, by, bz = axes(nx, ny, nz)
    u, v = tangent * math.cos(angle), tangent * math.sin(angle)
    nx, ny, nz = nx + u * ax + v * bx, ny + u * ay + v * by, nz + u * az + v * bz
    scale = _ONE / math.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx * scale, ny * scale, nz * scale
    f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane] = nx, ny, nz
    return FLAKE if nx * f[DIR, lane] + ny * f[DIR + 1, lane] + nz * f[DIR + 2, lane] < -_LEAST else TURNED_AWAY
