"""Geometry: what is refused, and bounds."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content.geometry import Geometry, empty_bounds


def make(**changes):
    parts = {
        "vertices": np.array([[0, 0, 0, 1], [10, 0, 0, 2], [20, 5, 0, 1]], np.float32),
        "segments": np.array([0, 1], np.uint32),
        "segment_slots": np.array([0, 3], np.uint32),
        "spheres": np.array([[0, 0, -7, 3]], np.float32),
        "sphere_slots": np.array([1], np.uint32),
    }
    return Geometry(**(parts | changes))


def test_bounds_hold_all_radii():
    low, high = make().bounds
    assert low.tolist() == [-3, -3, -10]
    assert high.tolist() == [21, 6, 2]


def test_bounds_of_nothing_are_those_of_an_empty_brayns_scene():
    nothing = make(
        vertices=np.empty((0, 4), np.float32),
        segments=np.empty(0, np.uint32),
        segment_slots=np.empty(0, np.uint32),
        spheres=np.empty((0, 4), np.float32),
        sphere_slots=np.empty(0, np.uint32),
    )
    assert [side.tolist() for side in nothing.bounds] == [side.tolist() for side in empty_bounds()]
    assert nothing.slot_count == 0


def test_slots_and_size():
    assert make().slot_count == 4
    assert make().nbytes == 3 * 16 + 2 * 4 + 2 * 4 + 16 + 4


CORNERS = np.array([[0, 0, 0], [30, 0, 0], [0, 0, 9]], np.float32)
ONE_TRIANGLE = {
    "triangle_vertices": CORNERS,
    "triangles": np.array([[0, 1, 2]], np.uint32),
    "triangle_slots": np.array([8], np.uint32),
}


def test_triangles_count_for_bounds_slots_and_size():
    geometry = make(**ONE_TRIANGLE)
    assert [side.tolist() for side in geometry.bounds] == [[-3, -3, -10], [30, 6, 9]]
    assert geometry.slot_count == 9
    assert geometry.nbytes == make().nbytes + 9 * 4 + 3 * 4 + 4


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"vertices": np.zeros((3, 3), np.float32)}, "vertices must be float32"),
        ({"vertices": np.zeros((3, 4))}, "vertices must be float32"),
        ({"vertices": np.zeros((6, 4), np.float32)[::2]}, "contiguous"),
        ({"vertices": np.array([[0, 0, np.nan, 1]] * 3, np.float32)}, "not finite"),
        ({"spheres": np.array([[0, 0, np.inf, 1]], np.float32)}, "not finite"),
        ({"spheres": np.array([[0, 0, 0, -1]], np.float32)}, "negative radius"),
        ({"segments": np.array([0, 2], np.uint32)}, "has no second vertex"),
        ({"segments": np.array([0, 1], np.int64)}, "segments must be"),
        ({"segment_slots": np.array([0], np.uint32)}, "2 segments, but 1"),
        ({"sphere_slots": np.array([0, 1], np.uint32)}, "1 spheres, but 2"),
        (
            ONE_TRIANGLE | {"triangle_vertices": np.zeros((3, 4), np.float32)},
            r"triangle_vertices must be float32 \(N, 3",
        ),
        (ONE_TRIANGLE | {"triangle_vertices": np.full((3, 3), np.inf, np.float32)}, "not finite"),
        (ONE_TRIANGLE | {"triangles": np.array([[0, 1, 3]], np.uint32)}, "corner 3 does not exist"),
        (ONE_TRIANGLE | {"triangles": np.array([0, 1, 2], np.uint32)}, r"triangles must be contiguous uint32 \(N, 3\)"),
        (ONE_TRIANGLE | {"triangle_slots": np.zeros(2, np.uint32)}, "1 triangles, but 2"),
    ],
)
def test_refuses(changes, text):
    with pytest.raises(ValueError, match=text):
        make(**changes)
