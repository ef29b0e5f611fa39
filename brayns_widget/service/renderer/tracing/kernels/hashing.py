"""Random numbers of samples, and of places of the scene, by hashing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.native import inlined

_ONE = np.float32(1)
_STEP0, _STEP1 = math.sqrt(2) - 1, math.sqrt(3) - 1


@inlined
def random_number(pixel: Any, sample: Any, dimension: Any) -> Any:
    """Hash a number in 0..1, a different one for each dimension of each sample of each pixel."""
    number = (pixel * 0x9E3779B1 + sample * 0x85EBCA77 + dimension * 0xC2B2AE3D) & 0xFFFFFFFF
    number = ((number ^ (number >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    number = ((number ^ (number >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    number ^= number >> 16
    return np.float32(number >> 8) * np.float32(2.0**-24)


@inlined
def stratified_number(pixel: Any, sample: Any, dimension: Any) -> Any:
    """Make a number in 0..1 whose values for successive samples of a pixel are spread evenly; for dimensions 0 and 1.

    They are a Kronecker sequence from a random start.
    """
    step = _STEP0 if dimension == 0 else _STEP1
    number = random_number(pixel, 0, dimension) + np.float32(sample * step % 1)
    return number - _ONE if number >= _ONE else number
