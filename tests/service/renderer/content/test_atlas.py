"""Which voxels of atlases mean something, and where they are."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content.atlas import CHANNELS, VOXEL_TYPES, Atlas


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


def test_middles_and_the_least_size_of_voxels():
    frame = np.array([[0, 0, 5, 1], [10, 0, 0, 2], [0, 20, 0, 3], [0, 0, 0, 1]], np.float64)
    atlas = Atlas("scalar", np.zeros((2, 2, 2, 1)), frame)
    assert atlas.spacing == 5
    chosen = np.zeros((2, 2, 2), bool)
    chosen[1, 0, 1] = chosen[0, 1, 0] = True
    assert atlas.centers(chosen).tolist() == [[3.5, 7, 33], [8.5, 17, 13]]
