"""Camera rays: directions, regions, and what makes no camera."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.service.renderer.tracing.camera import (
    Camera,
    Cylindric,
    Orthographic,
    Perspective,
    Region,
    View,
    ray_frame,
    rays,
    through_lens,
)

AHEAD = View(position=(1.0, 2.0, 3.0), target=(1.0, 2.0, -7.0), up=(0.0, 1.0, 0.0))


def test_rays_through_a_lens_meet_in_the_plane_of_focus():
    frame = ray_frame(Camera(AHEAD, Perspective(fovy=60.0)), 2.0)
    moved = through_lens(frame, 0.5, 4.0, (0.6, -0.8))
    for u, v in ((0.5, 0.5), (0.1, 0.9), (1.0, 0.0)):
        (origin, direction), (start, way) = rays(frame, u, v), rays(moved, u, v)
        assert np.linalg.norm(start - origin) == pytest.approx(0.5, rel=1e-5)
        in_focus = origin + direction * 4 / -direction[2]
        assert start + way * 4 / -way[2] == pytest.approx(in_focus, abs=1e-5)


def test_perspective_has_the_vertical_field_of_view():
    frame = ray_frame(Camera(AHEAD, Perspective(fovy=60.0)), 2.0)
    origin, middle = rays(frame, 0.5, 0.5)
    assert origin == pytest.approx([1, 2, 3])
    assert middle == pytest.approx([0, 0, -1])
    _, top = rays(frame, 0.5, 0.0)
    assert top == pytest.approx([0, math.sin(math.radians(30)), -math.cos(math.radians(30))], abs=1e-6)
    _, right = rays(frame, 1.0, 0.5)
    assert right[0] / -right[2] == pytest.approx(2 * math.tan(math.radians(30)))


def test_orthographic_sees_its_height_with_parallel_rays():
    frame = ray_frame(Camera(AHEAD, Orthographic(height=10.0)), 1.5)
    top_left, direction = rays(frame, 0.0, 0.0)
    bottom_right, other = rays(frame, 1.0, 1.0)
    assert top_left == pytest.approx([1 - 7.5, 2 + 5, 3])
    assert bottom_right == pytest.approx([1 + 7.5, 2 - 5, 3])
    assert direction == pytest.approx([0, 0, -1])
    assert other == pytest.approx([0, 0, -1])


@pytest.mark.parametrize("aspect", [0.5, 3.0])
def test_cylindric_sees_half_a_turn_and_its_field_of_view(aspect):
    frame = ray_frame(Camera(AHEAD, Cylindric(fovy=60.0)), aspect)
    for u, angle in ((0.0, -90), (0.25, -45), (0.5, 0), (0.9, 72), (1.0, 90)):
        origin, level = rays(frame, u, 0.5)
        assert origin == pytest.approx([1, 2, 3])
        assert level == pytest.approx([math.sin(math.radians(angle)), 0, -math.cos(math.radians(angle))], abs=1e-6)
        top, bottom = rays(frame, u, 0.0)[1], rays(frame, u, 1.0)[1]
        assert top == pytest.approx(level * math.cos(math.radians(30)) + [0, 0.5, 0], abs=1e-6)
        assert bottom == pytest.approx(level * math.cos(math.radians(30)) - [0, 0.5, 0], abs=1e-6)
    heights = [rays(frame, 0.2, v)[1] for v in (0.0, 0.25, 0.5)]
    assert np.diff([way[1] / math.hypot(way[0], way[2]) for way in heights], 2) == pytest.approx(0, abs=1e-6)


def test_rays_have_the_shape_of_their_places():
    frame = ray_frame(Camera(AHEAD, Cylindric(fovy=48.5)), 1.0)
    u, v = np.array([0.1, 0.2, 0.7]), np.array([[0.3], [0.4]])
    origins, directions = rays(frame, u, v)
    assert origins.shape == directions.shape == (2, 3, 3)
    assert directions[1, 2] == pytest.approx(rays(frame, 0.7, 0.4)[1])


@pytest.mark.parametrize("projection", [Perspective(), Orthographic(height=3.0), Cylindric(fovy=48.5)])
def test_region_is_a_part_of_the_full_picture(projection):
    full = ray_frame(Camera(AHEAD, projection), 1.0)
    part = ray_frame(Camera(AHEAD, projection, region=Region(start=(0.5, 1.0), end=(1.0, 0.5))), 1.0)
    assert rays(part, 0.0, 0.0)[0] == pytest.approx(rays(full, 0.5, 0.0)[0], abs=1e-6)
    assert rays(part, 0.0, 0.0)[1] == pytest.approx(rays(full, 0.5, 0.0)[1], abs=1e-6)
    assert rays(part, 1.0, 1.0)[1] == pytest.approx(rays(full, 1.0, 0.5)[1], abs=1e-6)


def test_up_need_not_be_square_to_the_view_nor_of_length_one():
    tilted = replace(AHEAD, up=(0.0, 1e30, 5e29))
    assert ray_frame(Camera(tilted, Perspective()), 1.0) == pytest.approx(
        ray_frame(Camera(AHEAD, Perspective()), 1.0), abs=1e-6
    )


@pytest.mark.parametrize(
    ("changes", "projection", "text"),
    [
        ({"target": (1.0, 2.0, 3.0)}, Perspective(), "target lies on its position"),
        ({"up": (0.0, 0.0, 4.0)}, Perspective(), "points along its view"),
        ({"up": (0.0, 0.0, 0.0)}, Perspective(), "is zero"),
        ({"position": (math.nan, 0.0, 0.0)}, Perspective(), "position must be finite"),
        ({"target": (math.inf, 0.0, 0.0)}, Perspective(), "target must be finite"),
        ({"position": (1e300, 0.0, 0.0)}, Perspective(), "too large"),
        ({}, Perspective(fovy=0.0), "fovy"),
        ({}, Perspective(fovy=180.0), "fovy"),
        ({}, Orthographic(height=0.0), "height"),
        ({}, Orthographic(height=-1.0), "height"),
    ],
)
def test_refuses(changes, projection, text):
    with pytest.raises(ValueError, match=text):
        ray_frame(Camera(replace(AHEAD, **changes), projection), 1.0)


@pytest.mark.parametrize("projection", [Perspective(), Cylindric(fovy=48.5)])
def test_a_region_far_outside_has_directions(projection):
    region = Region(start=(0.0, 1e30), end=(1.0, 2e30))
    _origins, directions = rays(ray_frame(Camera(AHEAD, projection, region=region), 1.0), 0.5, 0.5)
    np.testing.assert_allclose(directions, [0, 1, 0], atol=1e-6)


@pytest.mark.parametrize(("radius", "focus"), [(3e38, 1.0), (1e30, 1e-30), (1.0, 1e-45)])
def test_a_lens_larger_than_the_numbers_has_finite_rays(radius, focus):
    view = View(position=(3e38, 0.0, 0.0), target=(3e38, 0.0, -1e30), up=(0.0, 1.0, 0.0))
    frame = through_lens(ray_frame(Camera(view, Perspective()), 1.0), radius, focus, (0.7, 0.7))
    origins, directions = rays(frame, 0.25, 0.25)
    assert np.isfinite(origins).all()
    assert np.linalg.norm(directions) == pytest.approx(1, abs=1e-5)


def test_a_lens_before_a_region_without_width_is_no_fault():
    region = Region(start=(0.5, 1.0), end=(0.5, 0.0))
    frame = ray_frame(Camera(AHEAD, Perspective(), region=region), 1.0)
    assert np.isfinite(through_lens(frame, 0.5, 4.0, (0.6, -0.8))).all()
