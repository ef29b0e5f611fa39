"""Rotation matrices, many at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def quaternion_matrices(quaternions: Floats) -> Floats:
    """Rotation matrices (N, 3, 3) of quaternions (N, 4) in the order x, y, z, w; they need not be normalized.

    A quaternion of length 0 means no rotation.
    """
    lengths = np.linalg.norm(quaternions, axis=1, keepdims=True)
    quaternions = np.where(lengths > 0, quaternions / np.where(lengths > 0, lengths, 1.0), [0.0, 0.0, 0.0, 1.0])
    x, y, z, w = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(rows).transpose(2, 0, 1)


def axis_matrices(angles: Floats, axis: int) -> Floats:
    """Rotation matrices (N, 3, 3) by angles (N,) in radians about axis 0 (x), 1 (y) or 2 (z)."""
    matrices = np.zeros((len(angles), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrices[:, axis, axis] = 1
    matrices[:, first, first] = matrices[:, second, second] = np.cos(angles)
    matrices[:, second, first] = np.sin(angles)
    matrices[:, first, second] = -np.sin(angles)
    return matrices
