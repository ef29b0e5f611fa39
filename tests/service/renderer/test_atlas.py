"""Which voxels of atlases mean something, and their outline."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.atlas import CHANNELS, VOXEL_TYPES, Atlas, faces_between, shell


def meaningful(kind, voxels):
    values = np.array(voxels, np.float64).reshape(1, 1, len(voxels), CHANNELS[kind])
    return Atlas(kind, values, np.eye(4)).meaningful()[0, 0].tolist()


def test_voxels_mean_something_as_their_type_says():
    nan, inf = np.nan, np.inf
    assert meaningful("scalar", [-1, 0, 5, nan, inf]) == [False, True, True, False, False]
    assert meaningful("flatmap", [[-1, -1], [3, -1], [0, 4], [nan, 4]]) == [False, False, True, False]
    assert meaningful("orientation", [[0, 0, 0, 0], [0, 0, 0, 1], [1, nan, 0, 0]]) == [False, True, False]
    assert meaningful("vector", [[0, 0, 0], [0, -1, 0], [inf, 0, 0]]) == [False, True, False]
    assert meaningful("layer_distance", [[0, 0], [5, nan], [-3, 2]]) == [True, False, True]


@pytest.mark.parametrize("kind", VOXEL_TYPES)
def test_without_numbers_nothing_means_anything(kind):
    assert meaningful(kind, [[np.nan] * CHANNELS[kind]] * 2) == [False, False]


def test_the_outline_of_a_voxel_is_its_six_faces():
    mask = np.zeros((2, 3, 4), bool)
    mask[1, 2, 3] = True
    frame = np.diag([10.0, 20, 30, 1])
    frame[:3, 3] = 1, 2, 3
    faces = faces_between(mask)
    assert len(faces) == 6
    geometry = shell(faces, mask.shape, frame)
    assert np.array(geometry.bounds).tolist() == [[31, 42, 33], [41, 62, 63]]
    assert len(geometry.triangle_vertices) == 8
    corners = geometry.triangle_vertices[geometry.triangles]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    assert areas.sum() == pytest.approx(2 * (10 * 20 + 10 * 30 + 20 * 30))
    assert geometry.slot_count == 1


def test_voxels_side_by_side_have_no_face_between_them():
    mask = np.zeros((3, 3, 3), bool)
    mask[1, 1, :] = True
    assert len(faces_between(mask)) == 14
    assert len(faces_between(np.ones((3, 3, 3), bool))) == 54
    assert len(faces_between(np.zeros((3, 3, 3), bool))) == 0
