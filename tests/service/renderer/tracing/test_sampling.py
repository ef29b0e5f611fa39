"""Sample offsets."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.tracing.sampling import FILTER_DEVIATION, lens_point, pixel_offset


def test_first_sample_lies_in_the_middle():
    assert pixel_offset(0) == pytest.approx((0.5, 0.5))


def test_next_samples_follow_the_halton_sequence():
    # Radical inverses of 2: 1/4 in base 2, 2/3 (+ 1/6) in base 3; quantiles of the normal distribution.
    assert pixel_offset(1) == pytest.approx(
        (0.5 - 0.67449 * FILTER_DEVIATION, 0.5 + 0.96742 * FILTER_DEVIATION), abs=1e-4
    )


def test_brayns_begins_at_the_edge_of_the_filter():
    # Three deviations, and the quantile of 1/6 of the normal distribution that ends there.
    assert pixel_offset(0, centered=False) == pytest.approx((0.5 - 1.5, 0.5 - 0.96379 * FILTER_DEVIATION), abs=1e-4)
    for number in range(9):
        assert pixel_offset(number + 1, centered=False) == pytest.approx(pixel_offset(number), abs=0.03)


@pytest.mark.parametrize("axis", [0, 1])
def test_many_samples_are_normal_around_the_middle(axis):
    offsets = np.array([pixel_offset(sample) for sample in range(2000)])
    assert np.isfinite(offsets).all()
    assert offsets[:, axis].mean() == pytest.approx(0.5, abs=0.01)
    assert offsets[:, axis].std() == pytest.approx(FILTER_DEVIATION, rel=0.02)
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 0.02


def test_samples_fill_the_lens_evenly_from_its_middle():
    points = np.array([lens_point(sample) for sample in range(2000)])
    assert points[0] == pytest.approx([0, 0])
    radii = np.hypot(*points.T)
    assert radii.max() < 1
    assert (radii < 0.5).mean() == pytest.approx(0.25, abs=0.01)
    assert points.mean(axis=0) == pytest.approx([0, 0], abs=0.01)
