"""What surfaces reflect in all."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.translation.albedo import mean_reflectance, mirrored_once


def reflected(cosine: float, width: float) -> float:
    """Integrate what GGX microfacets of perfect mirrors reflect, over all directions evenly."""
    steps = 1500
    up, turn = np.meshgrid((np.arange(steps) + 0.5) / steps, 2 * np.pi * (np.arange(steps) + 0.5) / steps)
    out = np.stack([np.sqrt(1 - up * up) * np.cos(turn), np.sqrt(1 - up * up) * np.sin(turn), up])
    seen = np.array([np.sqrt(1 - cosine * cosine), 0, cosine])[:, None, None]
    half = (out + seen) / np.linalg.norm(out + seen, axis=0)
    density = width**2 / (np.pi * (half[2] ** 2 * (width**2 - 1) + 1) ** 2)
    here, there = ((np.sqrt(1 + width**2 * (1 / c**2 - 1)) - 1) / 2 for c in (cosine, up))
    return float((density / (1 + here + there) / (4 * cosine)).mean() * 2 * np.pi)


@pytest.mark.parametrize("roughness", [0.5, 0.7, 1.0])
def test_rough_mirrors_hide_a_part_of_the_light(roughness: float):
    table, mean = mirrored_once(roughness)
    cosines = np.linspace(0, 1, len(table))
    for step in (3, 8, len(table) - 1):
        assert table[step] == pytest.approx(reflected(cosines[step], roughness**2), abs=0.01)
    assert mean == pytest.approx(np.trapezoid(2 * cosines * table, cosines), abs=0.01)


def test_smooth_mirrors_hide_nothing():
    table, mean = mirrored_once(0.0)
    assert table == pytest.approx(np.ones(len(table)), abs=0.01)
    assert mean == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize("index", [1.2, 1.5, 2.0, 3.0, 1 / 1.5])
def test_boundaries_reflect_by_fresnels_equations(index: float):
    cosine = (np.arange(10_000) + 0.5) / 10_000
    square = 1 - (1 - cosine**2) / index**2
    behind = np.sqrt(np.maximum(0, square))
    parallel = ((index * cosine - behind) / (index * cosine + behind)) ** 2
    across = ((cosine - index * behind) / (cosine + index * behind)) ** 2
    share = np.where(square > 0, (parallel + across) / 2, 1)
    assert mean_reflectance(index) == pytest.approx((2 * cosine * share).mean(), abs=0.01)
