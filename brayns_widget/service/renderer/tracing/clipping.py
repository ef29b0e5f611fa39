"""Clipping, as the filter reads it that Embree asks about each hit: a list of shapes that cut parts of the scene away.

The list is float32: the number of shapes, then from FIRST_ROW on a row of COLUMNS for each, see ``kernels.clip``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.tracing.kernels.clip import COLUMNS, FIRST_ROW, MATRIX


def no_clips() -> Floats:
    """List nothing, so that nothing is cut."""
    return np.zeros(FIRST_ROW, np.float32)


def seen_from(packed: Floats, matrix: npt.NDArray[np.float64]) -> Floats:
    """Make the same list for rays in another space, from which ``matrix`` (4x4) leads to the world."""
    moved = packed.copy()
    for row in moved[FIRST_ROW:].reshape(-1, COLUMNS):
        to_shape = row[MATRIX : MATRIX + 12].reshape(3, 4)
        to_shape[:] = np.vstack((to_shape, (0, 0, 0, 1)))[:3].astype(np.float64) @ matrix
    return moved
