"""Rays that Python shoots."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.tracing.embree import SPHERE_POINT, Bvh, Device, Primitives
from brayns_widget.service.renderer.tracing.picking import first_hits
from brayns_widget.service.renderer.tracing.scene import Traced


@pytest.fixture(scope="module")
def scene():
    with Device(1) as device:
        spheres = np.array([[x, 0, 0, 0.4] for x in range(5)], np.float32)
        with Primitives(device, SPHERE_POINT, spheres) as points, Bvh(device, [points], lambda _amount: True) as bvh:
            yield Traced(bvh.handle, np.zeros((1, 4), np.int64), [points])


def rays(count: int) -> tuple[Floats, Floats]:
    """One ray a half: the even ones meet a sphere."""
    origins = np.zeros((count, 3), np.float32)
    origins[:, 0], origins[:, 2] = np.arange(count) / 2 % 5, 3
    return origins, np.tile(np.array([[0, 0, -1]], np.float32), (count, 1))


@pytest.mark.parametrize("count", [1, 15, 16, 17, 70])
def test_finds_what_rays_meet_first(scene, count):
    hits = first_hits(scene, *rays(count), near=0.0)
    meets = np.arange(count) % 2 == 0
    np.testing.assert_array_equal(hits.geometry, np.where(meets, 0, -1))
    np.testing.assert_array_equal(hits.primitive[meets], (np.arange(count) / 2 % 5)[meets])
    np.testing.assert_allclose(hits.distance, np.where(meets, 2.6, np.inf), rtol=1e-6)
    normals = hits.normal[meets] / np.linalg.norm(hits.normal[meets], axis=1)[:, None]
    np.testing.assert_allclose(normals, np.tile([[0, 0, 1]], (meets.sum(), 1)), atol=1e-6)


def test_rays_start_at_the_near_distance(scene):
    hits = first_hits(scene, *rays(1), near=3.0)
    assert hits.distance[0] == pytest.approx(3.4)


def test_nothing_is_seen_beyond_the_numbers(scene):
    assert first_hits(scene, *rays(1), near=1e308).geometry[0] < 0


def test_can_be_stopped(scene):
    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        first_hits(scene, *rays(1), 0.0, stop)
