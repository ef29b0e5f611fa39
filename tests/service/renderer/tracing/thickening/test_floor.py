"""Radius floors: by how much they differ."""

from __future__ import annotations

import math

import numpy as np

from brayns_widget.service.renderer.tracing.thickening.floor import Floor
from tests.service.renderer.tracing.thickening.thin import FAR


def test_floors_differ_by_pixel_size_and_by_how_far_the_camera_moved():
    bounds = (np.full(3, -10, np.float32), np.full(3, 10, np.float32))

    def octaves(other, thin=0.001):
        return FAR.octaves_from(other, bounds, thin)

    assert octaves(FAR) == 0
    assert octaves(Floor(FAR.position, 0.0, 0.02, 0.5)) == 1
    assert octaves(Floor(FAR.position, 0.0, 0.01, 0.125)) == 2
    assert octaves(Floor((0.0, 0.0, 190.0), 0.0, 0.01, 0.5)) == 1  # moved by as much as the scene is away
    assert octaves(Floor((0.0, 0.0, 50.0), 1.0, 0.0, 0.5)) == math.inf  # orthographic
    for slope, pixels in ((5e-324, 5e-324), (5e-324, 0.5), (1e308, 1e300), (math.inf, 0.5)):  # no numbers any more
        assert octaves(Floor((0.0, 0.0, 100.0), 0.0, slope, pixels)) == math.inf
    # Within the scene nothing thicker than a pixel changes.
    inside = Floor((0.0, 0.0, 0.0), 0.0, 0.01, 0.5)
    assert inside.octaves_from(Floor((1.0, 0.0, 0.0), 0.0, 0.01, 0.5), bounds, 5.0) < 0.01
    assert inside.octaves_from(Floor((1.0, 0.0, 0.0), 0.0, 0.01, 0.5), bounds, 0.0) == math.inf
