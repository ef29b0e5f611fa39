"""What a thickened copy looks like."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.embree import ROUND_LINEAR_CURVE, SPHERE_POINT, Cancelled
from brayns_widget.service.renderer.tracing.thickening.thickened import ThickenedScene, thickened_part
from tests.service.renderer.tracing.thickening.thin import FAR, NONE, WHITE, ball, neurite


def copied(scene, floor, kind):
    (part,) = [part for part in scene.parts if part.primitives.kind == kind]
    return thickened_part(scene._device, part, floor)


def test_thin_neurites_get_the_radius_that_the_floor_has_at_their_distance(scene):
    scene.add(neurite(), WHITE)
    scene.commit()
    primitives, _slots = copied(scene, FAR, ROUND_LINEAR_CURVE)
    distances = np.hypot(primitives.vertices[:, 0], 100)
    assert primitives.vertices[:, 3] == pytest.approx(0.005 * distances, rel=1e-4)
    primitives.close()


def test_thick_things_stay_as_they_are(scene):
    scene.add(neurite(radius=2.0, spacing=1.5), WHITE)
    scene.add(ball(2.0), WHITE)
    scene.commit()
    for part in scene.parts:
        primitives, _slots = thickened_part(scene._device, part, FAR)
        assert (primitives.vertices == part.primitives.vertices).all()
        primitives.close()


def test_spheres_are_raised(scene):
    scene.add(ball(0.01), WHITE)
    scene.commit()
    primitives, _slots = copied(scene, FAR, SPHERE_POINT)
    assert primitives.vertices.tolist() == [[0, 0, 0, 0.5]]
    primitives.close()


def test_vertices_within_a_pixel_are_left_out_but_not_the_ends(scene):
    geometry = neurite(points=101, spacing=0.1)  # 10 µm: ten pixels
    scene.add(geometry, WHITE)
    scene.commit()
    primitives, slots = copied(scene, FAR, ROUND_LINEAR_CURVE)
    x = primitives.vertices[:, 0]
    assert (x[0], x[-1]) == (-5, 5)
    assert 9 <= len(slots) <= 11 == len(primitives.vertices)
    assert np.diff(x)[:-1].min() >= 0.999
    primitives.close()


def test_branches_stay_apart_and_keep_their_slots(scene):
    """Two neurites in one list, and a piece without neighbors: no segment joins them."""
    vertices = np.zeros((8, 4), np.float32)
    vertices[:, 0] = [0, 5, 10, 20, 25, 30, 40, 45]
    vertices[:, 3] = 0.01
    geometry = Geometry(
        vertices,
        np.array([0, 1, 3, 4, 6], np.uint32),
        np.arange(5, dtype=np.uint32),
        np.empty((0, 4), np.float32),
        NONE,
    )
    scene.add(geometry, WHITE * 5)
    scene.commit()
    primitives, slots = copied(scene, FAR, ROUND_LINEAR_CURVE)
    assert primitives.vertices[:, 0].tolist() == vertices[:, 0].tolist()
    assert primitives.indices.tolist() == [0, 1, 3, 4, 6]
    assert slots.tolist() == [0, 1, 2, 3, 4]
    assert primitives._flags.tolist() == [2, 1, 2, 1, 0]
    primitives.close()


def test_a_copy_shows_what_the_scene_shows(scene):
    first = scene.add(neurite(), WHITE)
    scene.add(ball(), WHITE)
    scene.commit()
    copy = ThickenedScene(scene._device, scene.parts, FAR, lambda: True)
    colors = np.full((1, 4), 0.5, np.float32)
    scene.set_colors(first, colors)
    scene.set_visible(first, False)
    table = copy.traced(scene).table
    assert table[:, 1].tolist() == scene.traced[1][:, 1].tolist()
    assert [primitives.visible for primitives, _slots in copy._own.values()] == [False, True]
    copy.close()


def test_a_cancelled_copy_leaves_nothing(scene):
    scene.add(neurite(), WHITE)
    scene.commit()
    with pytest.raises(Cancelled):
        ThickenedScene(scene._device, scene.parts, FAR, lambda: False)
