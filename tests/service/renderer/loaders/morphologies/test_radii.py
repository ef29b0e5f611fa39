from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.loaders.morphologies.radii import CHANGE, smoothed


def test_a_radius_differs_by_at_most_a_part_from_the_one_before():
    radii = np.array([1, 1.05, 3, 0.1, 1.1], np.float32)
    first, second = 1.05 * (1 + CHANGE), 1.05 * (1 + CHANGE) * (1 - CHANGE)
    expected = [1, 1.05, first, second, 1.1]
    np.testing.assert_allclose(smoothed(radii, np.arange(-1, 4)), expected, rtol=1e-6)
    np.testing.assert_array_equal(radii, np.array([1, 1.05, 3, 0.1, 1.1], np.float32))  # its argument stays


def test_branches_follow_their_own_past_and_roots_keep_their_radius():
    before = np.array([-1, 0, 0, 1, -1])
    result = smoothed(np.array([1, 9, 0.1, 9, 5], np.float32), before)
    np.testing.assert_allclose(result, [1, 1.07, 0.93, 1.07**2, 5], rtol=1e-6)


def test_no_change_within_the_limit_is_smoothed():
    radii = np.array([1.0, 1.06, 1.0, 1.05], np.float32)
    np.testing.assert_array_equal(smoothed(radii, np.arange(-1, 3)), radii)


def test_it_reaches_along_thousands_of_points():
    radii = np.full(3000, 1e-9, np.float32)
    radii[0] = 1.0
    result = smoothed(radii, np.arange(-1, 2999))
    assert result[100] == pytest.approx(0.93**100, rel=1e-4)
    assert result[-1] == pytest.approx(1e-9)
