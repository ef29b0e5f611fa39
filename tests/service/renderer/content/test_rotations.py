from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content.rotations import axis_matrices, quaternion_matrices


@pytest.mark.parametrize(
    ("axis", "angle", "point", "expected"),
    [
        (0, np.pi / 2, [0, 1, 0], [0, 0, 1]),
        (1, np.pi / 2, [0, 0, 1], [1, 0, 0]),
        (2, np.pi / 2, [1, 0, 0], [0, 1, 0]),
        (2, np.pi, [1, 2, 3], [-1, -2, 3]),
    ],
)
def test_axis_matrices_turn_counterclockwise(axis: int, angle: float, point: list[float], expected: list[float]):
    matrix = axis_matrices(np.array([angle]), axis)[0]
    np.testing.assert_allclose(matrix @ point, expected, atol=1e-12)


def test_quaternions_agree_with_axis_matrices():
    angles = np.linspace(-3, 3, 7)
    for axis in range(3):
        quaternions = np.zeros((7, 4))
        quaternions[:, axis] = np.sin(angles / 2)
        quaternions[:, 3] = np.cos(angles / 2)
        np.testing.assert_allclose(quaternion_matrices(quaternions), axis_matrices(angles, axis), atol=1e-12)


def test_quaternions_are_normalized_and_nothing_is_no_rotation():
    matrices = quaternion_matrices(np.array([[0.0, 0.0, 5.0, 5.0], [0.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(matrices[0] @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_array_equal(matrices[1], np.eye(3))
