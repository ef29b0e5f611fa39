"""Flakes in the paint of cars: which places of a surface have one, and how it is tilted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing import materials as m
from brayns_widget.service.renderer.tracing.kernels.hashing import random_number
from brayns_widget.service.renderer.tracing.kernels.microfacets import tangents
from brayns_widget.service.renderer.tracing.kernels.native import inlined
from brayns_widget.service.renderer.tracing.kernels.surfaces import DIR, NORMAL, ORG, RAY

_ONE = np.float32(1)
_TWO_PI = np.float32(2 * math.pi)
_LEAST = np.float32(1e-6)


@inlined
def find_flake(f: Any, share: Any, lane: Any) -> Any:
    """Whether there is a flake at a lane's surface; then the normal becomes the flake's."""
    number = np.int64(0)
    for axis in range(3):
        cell = np.int64(math.floor(f[RAY + ORG + axis, lane] * m.FLAKES_PER_UNIT))
        number = (number * 0x9E3779B1 + cell) & 0xFFFFFFFF
    if random_number(number, 0, 0) >= share:
        return False
    nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
    ax, ay, az, bx, by, bz = tangents(nx, ny, nz)
    tilt, angle = np.float32(m.FLAKE_TILT) * random_number(number, 0, 1), _TWO_PI * random_number(number, 0, 2)
    x, y = tilt * math.cos(angle), tilt * math.sin(angle)
    nx, ny, nz = nx + x * ax + y * bx, ny + x * ay + y * by, nz + x * az + y * bz
    if nx * f[DIR, lane] + ny * f[DIR + 1, lane] + nz * f[DIR + 2, lane] < -_LEAST:
        scale = _ONE / np.float32(math.sqrt(nx * nx + ny * ny + nz * nz))
        f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane] = nx * scale, ny * scale, nz * scale
    return True
