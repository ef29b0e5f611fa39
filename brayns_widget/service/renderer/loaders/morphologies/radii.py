"""Smoothing of radii along neurites."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.tracing.kernels.native import kernel

# How much a radius may differ from the one before, as a part of it. Found in the pictures of the real renderer: with
# 0.07 those of six close-ups correlate pixel by pixel at 0.9998 or more, with 0.06 and 0.08 at 0.99.
CHANGE = 0.07


def smoothed(radii: npt.NDArray[np.float32], before: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Let no radius be more than 7 % thicker or thinner than the smoothed one before it.

    Args:
        radii: (N,) in µm.
        before: (N,) index of the point before, towards the soma, which must be smaller than the point's own; -1: there
            is none, the point keeps its radius.

    Returns:
        (N,) float32.
    """
    result = radii.astype(np.float32)
    _limit(result, before)
    return result


def warm_up() -> None:
    """Compile what ``smoothed`` runs, or take it from the cache."""
    smoothed(np.ones(1, np.float32), np.array([-1]))


@kernel
def _limit(radii: Any, before: Any) -> None:
    for point in range(len(radii)):
        if before[point] >= 0:
            last = radii[before[point]]
            radii[point] = min(max(radii[point], last * (1 - CHANGE)), last * (1 + CHANGE))
