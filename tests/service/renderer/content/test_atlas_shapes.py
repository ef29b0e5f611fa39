"""What shows atlases."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content.atlas import Atlas
from brayns_widget.service.renderer.content.atlas_shapes import arrows, axes, columns, count_faces, faces_between, shell


def test_the_outline_of_a_voxel_is_its_six_faces():
    mask = np.zeros((2, 3, 4), bool)
    mask[1, 2, 3] = True
    frame = np.diag([10.0, 20, 30, 1])
    frame[:3, 3] = 1, 2, 3
    faces, owners = faces_between(mask)
    assert owners.tolist() == [True] * 6
    geometry = shell(faces, np.zeros(6, np.uint32), mask.shape, frame)
    assert np.array(geometry.bounds).tolist() == [[31, 42, 33], [41, 62, 63]]
    assert len(geometry.triangle_vertices) == 8
    corners = geometry.triangle_vertices[geometry.triangles]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    assert areas.sum() == pytest.approx(2 * (10 * 20 + 10 * 30 + 20 * 30))
    assert geometry.slot_count == 1


def test_voxels_side_by_side_have_no_face_between_them():
    mask = np.zeros((3, 3, 3), bool)
    mask[1, 1, :] = True
    for labels, count in ((mask, 14), (np.ones((3, 3, 3), bool), 54), (np.zeros((3, 3, 3), bool), 0)):
        assert len(faces_between(labels)[0]) == count_faces(labels) == count


def test_between_two_labels_there_is_one_face():
    labels = np.array([0, 7, 7, 9, 0, 9]).reshape(1, 1, 6)
    faces, owners = faces_between(labels)
    assert len(faces) == count_faces(labels) == 4 * 4 + 5
    assert np.unique(owners, return_counts=True)[0].tolist() == [7, 9]
    # along x: 0|7, 7|9, 9|0, 0|9, 9|outside
    assert owners[-5:].tolist() == [7, 7, 9, 9, 9]


FRAME = np.array([[10, 0, 0, 100], [0, 20, 0, 0], [0, 0, 40, 0], [0, 0, 0, 1]], np.float64)


def test_columns_stand_on_y():
    geometry = columns([(1, 2), (0, 0)], Atlas("scalar", np.zeros((3, 5, 2, 1)), FRAME))
    assert geometry.triangle_slots.tolist() == ([0] * 6 + [1] * 6) * 2
    for slot, box in enumerate(([[110, -20, 80], [120, 100, 120]], [[100, -20, 0], [110, 100, 40]])):
        used = geometry.triangles[geometry.triangle_slots == slot]
        points = geometry.triangle_vertices[used.ravel()]
        assert [points.min(axis=0).tolist(), points.max(axis=0).tolist()] == box
        corners = geometry.triangle_vertices[used]
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        assert areas.sum() == pytest.approx(2 * (10 * 120 + 10 * 40 + 120 * 40))


def test_arrows_point_along_vectors():
    values = np.zeros((1, 1, 3, 3), np.float32)
    values[0, 0, 0], values[0, 0, 2] = (0, 0, 2), (-1, 0, 0)
    atlas = Atlas("vector", values, FRAME)
    geometry = arrows(atlas, atlas.meaningful())
    assert geometry.vertices.reshape(2, 2, 4).tolist() == [
        [[105, 10, 20, 0.25], [105, 10, 30, 0]],
        [[125, 10, 20, 0.25], [120, 10, 20, 0]],
    ]
    assert geometry.segments.tolist() == [0, 2]
    assert geometry.segment_slots.tolist() == [0, 1]


def test_axes_are_turned():
    half = np.sqrt(0.5)
    values = np.array([[1, 0, 0, 0], [3e30, 0, 0, 3e30], [0, 0, 0, 0], [-half, 0, -half, 0]]).reshape(1, 1, 4, 4)
    atlas = Atlas("orientation", values, FRAME)
    geometry = axes(atlas, atlas.meaningful())
    ends = geometry.vertices.reshape(3, 3, 2, 4)
    assert ends[..., 3].ravel().tolist() == [0.5] * 18
    directions = (ends[:, :, 1, :3] - ends[:, :, 0, :3]) / 5
    quarter_about_z, quarter_about_y = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    for voxel, turned in enumerate((np.eye(3), quarter_about_z, quarter_about_y)):
        np.testing.assert_allclose(directions[:, voxel], np.array(turned), atol=1e-5)
    assert geometry.segment_slots.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
