"""What surfaces reflect in all: of microfacets as a table by angles, of smooth boundaries the mean over angles."""

from __future__ import annotations

import functools
import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.tracing.materials import ALBEDO_STEPS

Doubles: TypeAlias = NDArray[np.float64]

_SAMPLES = 32  # a side of a square
_LEAST_WIDTH = 1e-3


@functools.lru_cache(maxsize=64)
def mirrored_once(roughness: float) -> tuple[Floats, float]:
    """Compute what perfect mirrors as GGX microfacets reflect without bouncing between them.

    The directional albedo of Kulla and Conty, "Revisiting Physically Based Shading at Imageworks", SIGGRAPH course,
    2017, integrated over facets as they are seen (Heitz, JCGT 7(4), 2018).

    Args:
        roughness: 0 to 1, the square root of the width.

    Returns:
        float32 (ALBEDO_STEPS,), by the viewer's cosine from 0 to 1, evenly spaced; and the mean of light from
        everywhere.
    """
    width = max(_LEAST_WIDTH, roughness * roughness)
    cosine = np.maximum(np.linspace(0, 1, ALBEDO_STEPS), 1e-6)[:, None, None]
    sine = np.sqrt(1 - cosine * cosine)
    u, angle = np.meshgrid(*[(np.arange(_SAMPLES) + 0.5) / _SAMPLES] * 2)
    radius, angle = np.sqrt(u), 2 * math.pi * angle
    # The view as facets of width 1 see it, lies in the plane of x and z.
    length = np.hypot(width * sine, cosine)
    x, z = width * sine / length, cosine / length
    aside, share = radius * np.cos(angle), (1 + z) / 2
    inside = (1 - share) * np.sqrt(1 - aside * aside) + share * radius * np.sin(angle)
    along = np.sqrt(np.maximum(0, 1 - aside * aside - inside * inside))
    facet = np.stack(np.broadcast_arrays(width * (along * x - inside * z), width * aside, inside * x + along * z))
    facet /= np.linalg.norm(facet, axis=0)
    between = sine * facet[0] + cosine * facet[2]
    leaving = np.clip(2 * between * facet[2] - cosine, -1, 1)
    lit = np.maximum(leaving, 1e-6)
    here, there = (_slope(width, part) for part in (cosine, lit))
    shown = np.where(leaving > 0, (1 + here) / (1 + here + there), 0)
    table = shown.mean((1, 2))
    fine = np.linspace(0, 1, 1025)
    mean = np.trapezoid(2 * fine * np.interp(fine, np.linspace(0, 1, ALBEDO_STEPS), table), fine)
    return table.astype(np.float32), min(1.0, float(mean))


def mean_reflectance(index: float) -> float:
    """Compute what a boundary reflects of light from everywhere outside; ``index`` of refraction, behind over before.

    The fits of Kulla and Conty, above.
    """
    if index >= 1:
        return (index - 1) / (4.08567 + 1.00071 * index)
    return 0.997118 + 0.1014 * index - 0.965241 * index**2 - 0.130607 * index**3


def _slope(width: float, cosine: Doubles) -> Doubles:
    """Smith's Lambda of microfacets that are as wide in all directions."""
    return np.asarray((np.sqrt(1 + width * width * (1 / (cosine * cosine) - 1)) - 1) / 2)
