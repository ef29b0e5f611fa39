"""Where in and around a pixel its samples lie."""

from __future__ import annotations

import functools
from statistics import NormalDist

import numpy as np

from brayns_widget.service.renderer.geometry import Floats

# The real renderer's pixels blur into one another: the edges of the reference pictures fit this deviation, in pixels.
FILTER_DEVIATION = 0.5
FILTER_SIZE = 1024


@functools.cache
def pixel_filter() -> Floats:
    """Make a table that turns evenly spread numbers into normally spread ones.

    Returns:
        float32 (FILTER_SIZE,): entry i is the offset in pixels from a pixel's corner (0.5 is its middle) below which
        lie (i + 0.5) / FILTER_SIZE of the samples.
    """
    normal = NormalDist(0.5, FILTER_DEVIATION)
    return np.array([normal.inv_cdf((i + 0.5) / FILTER_SIZE) for i in range(FILTER_SIZE)], np.float32)
