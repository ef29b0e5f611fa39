"""Random numbers of samples, and of places of the scene, by hashing."""

from __future__ import annotations

from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.native import inlined


@inlined
def random_number(pixel: Any, sample: Any, dimension: Any) -> Any:
    """Hash a number in 0..1, a different one for each dimension of each sample of each pixel."""
    number = (pixel * 0x9E3779B1 + sample * 0x85EBCA77 + dimension * 0xC2B2AE3D) & 0xFFFFFFFF
    number = ((number ^ (number >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    number = ((number ^ (number >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    number ^= number >> 16
    return np.float32(number >> 8) * np.float32(2.0**-24)
