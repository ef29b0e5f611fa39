"""Volumes as kernels read them."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.content import volumes as v
from brayns_widget.service.renderer.content.ramps import ColorRamp
from brayns_widget.service.renderer.content.volumes import Volume, pack_volumes


def ramp(*colors, low=0.0, high=1.0):
    return ColorRamp(np.array(colors, np.float32), low, high)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("uint8", "uint8"),
        ("int16", "int16"),
        ("uint16", "uint16"),
        ("float32", "float32"),
        ("float16", "float32"),
        ("float64", "float32"),
        ("int8", "float32"),
        ("int32", "float32"),
        (">u2", "float32"),
    ],
)
def test_values_keep_the_types_that_kernels_read(given, kept):
    values = np.arange(24).reshape(2, 3, 4).astype(given)
    volume = Volume(values, np.eye(4))
    assert volume.values.dtype == kept
    assert (volume.values == np.arange(24).reshape(2, 3, 4)).all()
    assert volume.value_range == (0.0, 23.0)


def test_values_that_do_not_lie_where_numbers_of_their_size_may_are_copied():
    shifted = np.frombuffer(bytes(1 + 4 * 8), np.uint8)[1:].view(np.float32).reshape(2, 2, 2)
    assert Volume(shifted, np.eye(4)).values.ctypes.data % 4 == 0


def test_bounds_are_those_of_cells_or_of_vertices():
    frame = np.diag([2.0, 3.0, 4.0, 1.0])
    frame[:3, 3] = 10, 20, 30
    values = np.zeros((4, 3, 2), np.uint8)
    assert np.array(Volume(values, frame).bounds).tolist() == [[10, 20, 30], [14, 29, 46]]
    assert np.array(Volume(values, frame, cells=False).bounds).tolist() == [[10, 20, 30], [12, 26, 42]]


def test_the_first_ramp_goes_from_clear_black_to_opaque_white_over_finite_values():
    values = np.array([np.nan, -np.inf, -3, 7, np.inf, 0, 1, 2], np.float32).reshape(2, 2, 2)
    first = Volume(values, np.eye(4)).ramp
    assert first.colors.tolist() == [[0, 0, 0, 0], [1, 1, 1, 1]]
    assert (first.low, first.high) == (-3.0, 7.0)


@pytest.mark.parametrize("value", [5.0, 0.0, -1e30, np.nan, np.inf])
def test_volumes_of_one_value_have_a_ramp_too(value):
    first = Volume(np.full((2, 2, 2), value, np.float32), np.eye(4)).ramp
    assert first.low < first.high


def test_volumes_need_values_and_a_frame_with_extent():
    with pytest.raises(ValueError, match="at least 1"):
        Volume(np.zeros((0, 3, 3), np.uint8), np.eye(4))
    with pytest.raises(ValueError, match="at least 2"):
        Volume(np.zeros((1, 3, 3), np.uint8), np.eye(4), cells=False)
    with pytest.raises(ValueError, match="flat"):
        Volume(np.zeros((3, 3, 3), np.uint8), np.diag([1.0, 0, 1, 1]))
    with pytest.raises(ValueError, match="affine"):
        Volume(np.zeros((3, 3, 3), np.uint8), np.full((4, 4), np.nan))


def test_colors_lie_linearly_between_those_of_the_ramp():
    volume = Volume(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    volume.ramp = ramp([1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], low=-10, high=10)
    shown = volume.shown(0.5)
    middle = shown.colors[(v.LEVELS - 1) // 4]
    assert middle[:3] == pytest.approx([0.5, 0.5, 0], abs=2e-3)
    assert middle[3] == pytest.approx(1 - np.exp(-0.5 * 0.5), abs=2e-3)
    assert middle[4] == pytest.approx(0.25, abs=2e-3)
    assert (-10 - shown.low) * shown.scale == 0
    assert (10 - shown.low) * shown.scale == pytest.approx(v.LEVELS - 1)


def test_negative_opacities_are_none_and_huge_ones_are_opaque():
    volume = Volume(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    volume.ramp = ramp([1, 1, 1, -5])
    assert (volume.shown(1.0).colors[:, 3:] == 0).all()
    volume.ramp = ramp([1, 1, 1, 3e38])
    assert (volume.shown(1e20).colors[:, 3] == 1).all()
    assert np.isfinite(volume.shown(1e20).colors).all()


def test_blocks_know_how_far_what_can_be_seen_is():
    values = np.zeros((8, 8, 200), np.uint8)
    values[0, 0, 83] = 1  # in block 10
    volume = Volume(values, np.eye(4))
    volume.ramp = ramp([0, 0, 0, 0], [1, 1, 1, 1])
    coarse = volume.shown(1.0).coarse
    assert coarse.shape == (1, 1, 25)
    wanted = [min(abs(block - 10), v.CLEAREST) for block in range(25)]
    assert coarse[0, 0].tolist() == wanted
    volume.ramp = ramp([1, 1, 1, 1], [1, 1, 1, 0])
    assert (volume.shown(1.0).coarse == 0).all()


def test_blocks_of_vertices_reach_to_the_next_ones_vertices():
    values = np.zeros((8, 8, 24), np.uint8)
    values[0, 0, 8] = 1  # the first vertex of block 1 is the end of block 0's last cell
    volume = Volume(values, np.eye(4), cells=False)
    volume.ramp = ramp([0, 0, 0, 0], [1, 1, 1, 1])
    assert volume.shown(1.0).coarse[0, 0].tolist() == [0, 0, 1]


def test_no_number_can_be_seen_in_blocks_without_numbers():
    values = np.full((8, 8, 16), np.nan, np.float32)
    values[0, 0, 0] = 5.0
    volume = Volume(values, np.eye(4))
    volume.ramp = ramp([1, 1, 1, 1])
    assert volume.shown(1.0).coarse[0, 0].tolist() == [0, 1]


def test_what_a_transform_makes_flat_or_huge_is_left_out():
    volume = Volume(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    flat, huge = np.diag([1.0, 0, 1, 1]), np.diag([1e35, 1e35, 1e35, 1])
    packed = pack_volumes([(volume, flat), (volume, np.diag([2.0, 2, 2, 1])), (volume, huge)])
    assert len(packed) == 1
    assert packed.numbers[0, v.STEP] == 2
    assert packed.places[0, [v.KIND, v.CELLS, v.SIZE]].tolist() == [v.BYTE, 1, 2]


def test_thin_cells_do_not_make_rays_endless():
    volume = Volume(np.zeros((10, 10, 10), np.uint8), np.diag([1e-6, 1e3, 1e3, 1.0]))
    packed = pack_volumes([(volume, np.eye(4))])
    assert packed.numbers[0, v.STEP] == pytest.approx(2e4 / v.LONGEST, rel=1e-3)
