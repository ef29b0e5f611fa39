"""Sample offsets."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.sampling import FILTER_DEVIATION, FILTER_SIZE, pixel_filter


def test_offsets_are_normal_around_the_pixels_middle():
    table = pixel_filter()
    assert table.shape == (FILTER_SIZE,)
    assert (np.diff(table) > 0).all()
    assert table.mean() == pytest.approx(0.5, abs=1e-5)
    assert table.std() == pytest.approx(FILTER_DEVIATION, rel=0.01)
