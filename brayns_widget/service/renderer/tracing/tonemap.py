"""Tone mapping: linear light to the bytes of a picture, as a table that kernels look up."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

# Parameters of the real renderer's filmic curve.
CONTRAST = 1.1759
SHOULDER = 0.9746
MID_IN = 0.18
MID_OUT = 0.18
HDR_MAX = 6.3704

# Found by comparison: sixteen levels of the reference pictures fit this exponent to half a level, and not sRGB's curve.
GAMMA = 2.2

# The table is indexed by the square root of the light, in which the picture's bytes are nearly linear: a step of the
# index is at most a quarter of a level.
TABLE_SIZE = 4096
TABLE_SCALE = (TABLE_SIZE - 1) / HDR_MAX**0.5


def filmic(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map linear light 0..inf to 0..1: x^a / (b x^(a d) + c), a the contrast, d the shoulder.

    b and c follow from two points of the curve: MID_IN gives MID_OUT and HDR_MAX gives 1 (Lottes, "Advanced Techniques
    and Optimization of HDR Color Pipelines", GDC 2016).
    """
    a, ad = CONTRAST, CONTRAST * SHOULDER
    b = (MID_IN**a / MID_OUT - HDR_MAX**a) / (MID_IN**ad - HDR_MAX**ad)
    c = HDR_MAX**a - b * HDR_MAX**ad
    curve: NDArray[np.float64] = light**a / (b * light**ad + c)
    return np.clip(curve, 0.0, 1.0)


def tone_bytes(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Map linear light of any shape to bytes, as kernels do; negative numbers and NaN become black."""
    roots = np.sqrt(np.where(light > 0, light, 0)) * np.float32(TABLE_SCALE)
    return tone_table()[np.minimum(roots, TABLE_SIZE - 1).astype(np.int64)]


@functools.cache
def tone_table() -> NDArray[np.uint8]:
    """Make the table of bytes for light (i / TABLE_SCALE)^2, i from 0 to TABLE_SIZE - 1; above that all is white."""
    # The middle of what truncation maps to the same index.
    roots = (np.arange(TABLE_SIZE) + 0.5) / TABLE_SCALE
    roots[0] = 0.0
    return np.rint(255.0 * filmic(roots**2) ** (1 / GAMMA)).astype(np.uint8)
