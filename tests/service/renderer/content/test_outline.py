"""Outlines: what is seen of a model lies around what is seen of their points."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.outline import outline

NONE = np.empty(0, np.uint32)


def geometry(vertices=(), spheres=(), corners=()):
    slots = np.zeros(len(spheres), np.uint32)
    balls = np.array(spheres, np.float32).reshape(-1, 4)
    ends = np.array(vertices, np.float32).reshape(-1, 4)
    return Geometry(ends, NONE, NONE, balls, slots, np.array(corners, np.float32).reshape(-1, 3))


def directions(count):
    spread = np.random.default_rng(5).normal(size=(count, 3))
    return spread / np.linalg.norm(spread, axis=1)[:, None]


def test_of_a_ball_at_most_three_percent_are_left_out():
    points = outline(geometry(spheres=[(10, 20, 30, 2)]))
    assert points.dtype == np.float32
    assert len(points) == 128
    assert np.linalg.norm(points - (10, 20, 30), axis=1) == pytest.approx(2.0, rel=1e-5)
    reaches = ((points - (10, 20, 30)) @ directions(5000).T).max(axis=0)
    assert reaches.min() > 1.94
    assert reaches.max() <= 2.0 + 1e-5


def test_many_points_have_the_outline_that_brute_force_finds():
    spread = np.random.default_rng(3)
    places = np.cumsum(spread.normal(0, 2, (40, 500, 3)), axis=1) + spread.uniform(-300, 300, (40, 1, 3))
    balls = np.hstack((places.reshape(-1, 3), spread.uniform(0.1, 3, (20_000, 1)))).astype(np.float32)
    points = outline(geometry(vertices=balls))
    assert 20 < len(points) <= 128
    ways = directions(300)
    seen, all_of_it = (points @ ways.T).max(axis=0), (balls[:, :3] @ ways.T + balls[:, 3:]).max(axis=0)
    assert (seen <= all_of_it + 1e-2).all()
    assert ((all_of_it - seen) / all_of_it).max() < 0.03


def test_neurites_somas_and_triangles_count():
    points = outline(geometry([(0, 0, 0, 1)], [(50, 0, 0, 1)], [(0, 70, 0), (0, -70, 0), (0, 0, -90)]))
    assert points.max(axis=0).tolist() == pytest.approx([51, 70, 1], abs=2)
    assert points.min(axis=0).tolist() == pytest.approx([-1, -70, -90], abs=2)


def test_nothing_has_none():
    assert outline(geometry()).shape == (0, 3)
