"""Sampling: where samples lie in and around a pixel, and on a lens."""

from __future__ import annotations

import math
from statistics import NormalDist

# The real renderer's pixels blur into one another: the edges of the reference pictures fit this deviation, in pixels.
FILTER_DEVIATION = 0.5
_CUT = NormalDist().cdf(-3.0)  # on each side, where the filter ends


def pixel_offset(sample: int, *, centered: bool = True) -> tuple[float, float]:
    """Return where sample number ``sample`` lies, right and down from the pixel's corner, in pixels.

    The same points for all pixels, from a Halton sequence with bases 2 and 3, shaped to a normal distribution: this is
    how OSPRay samples (modules/cpu/render/Renderer.ispc, modules/cpu/pf), so that pictures agree with the real
    renderer's sample by sample.

    Args:
        sample: from 0 on.
        centered: whether the sequence begins with its second point, the middle. Its first one is a corner of the
            filter, where Brayns' pictures of one sample have theirs; so the distribution ends there, at three
            deviations. The pictures of circuits that were recorded with another build fit better without that end.
    """
    number, cut = sample + centered, 0.0 if centered else _CUT
    across = _radical_inverse(number, 2)
    down = (_radical_inverse(number, 3) + 1 / 6) % 1.0
    normal = NormalDist(0.5, FILTER_DEVIATION)
    return normal.inv_cdf(cut + across * (1 - 2 * cut)), normal.inv_cdf(cut + down * (1 - 2 * cut))


def lens_point(sample: int) -> tuple[float, float]:
    """Return where sample number ``sample`` passes through a lens of radius 1.

    The first is its center. The same points for all pixels, spread evenly over the disc, from a Halton
    sequence with bases 5 and 7.
    """
    radius, angle = math.sqrt(_radical_inverse(sample, 5)), 2 * math.pi * _radical_inverse(sample, 7)
    return radius * math.cos(angle), radius * math.sin(angle)


def _radical_inverse(number: int, base: int) -> float:
    """Mirror the digits of a number at the point: 6 = 110 in base 2 gives 0.011 = 0.375."""
    result, weight = 0.0, 1.0 / base
    while number:
        number, digit = divmod(number, base)
        result += digit * weight
        weight /= base
    return result
