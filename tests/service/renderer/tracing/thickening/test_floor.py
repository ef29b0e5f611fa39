"""Radius floors: by how much they differ."""

from __future__ import annotations

import math

import numpy as np
import pytest

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


BOUNDS = (np.full(3, -10, np.float32), np.full(3, 10, np.float32))


@pytest.mark.parametrize("slope", [0.0, 0.01])
def test_cameras_nearby_share_a_snapped_floor_which_is_about_theirs(slope: float):
    snapped = set()
    for step in range(100):
        floor = Floor((0.1 * step, 0.0, 100.0 + 0.1 * step), 0.01 - slope, slope, 0.5 + 0.001 * step)
        near = floor.snapped(BOUNDS, 0.001)
        assert floor.octaves_from(near, BOUNDS, 0.001) < 1 / 3
        assert near.snapped(BOUNDS, 0.001) == near
        snapped.add(near)
    assert 2 <= len(snapped) <= 8


def test_where_a_camera_is_makes_no_difference_without_perspective():
    floors = {Floor((x, 0.0, 1.0), 0.01, 0.0, 0.5).snapped(BOUNDS, 0.001) for x in (1.0, 1000.0)}
    assert len(floors) == 1


def test_a_camera_among_what_has_no_thickness_keeps_its_place():
    inside = Floor((1.25, 2.5, 3.75), 0.0, 0.01, 0.5)
    assert inside.snapped(BOUNDS, 0.0).position == inside.position
