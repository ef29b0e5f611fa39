"""Types, places, orientations and morphologies of the cells."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.demo.cortex import CELL_TYPES, HEIGHT, LAYER_THICKNESSES, RADIUS, layer_depths
from brayns_widget.demo.placement import VARIANTS, apportion, place, rotate


def test_layers_add_up():
    assert HEIGHT == 2082
    assert layer_depths(1) == (0, 165)
    assert layer_depths(6) == (1382, 2082)
    assert len(LAYER_THICKNESSES) == 6
    assert sum(t.share for t in CELL_TYPES) == pytest.approx(100)
    assert sum(t.share for t in CELL_TYPES if t.excitatory) == pytest.approx(86, abs=2)


@pytest.mark.parametrize("count", [1, 5, 18, 19, 80, 1000, 9999])
def test_apportion_gives_out_everything(count):
    shares = [t.share for t in CELL_TYPES]
    numbers = apportion(count, shares)
    assert numbers.sum() == count
    assert (numbers >= (1 if count >= len(shares) else 0)).all()
    if count >= 1000:
        np.testing.assert_allclose(numbers / count * 100, shares, atol=0.6)


def test_few_cells_are_of_the_commonest_types():
    cells = place(3, np.random.default_rng(0))
    assert [CELL_TYPES[index].mtype for index in cells.type] == ["L23_PC", "L5_TPC:A", "L6_TPC:A"]


@pytest.fixture(scope="module")
def cells():
    return place(300, np.random.default_rng(4))


def test_cells_are_in_their_layers(cells):
    depth = HEIGHT - cells.position[:, 1]
    for index in range(len(cells)):
        assert cells.layer[index] in cells.of_type(index).layers
        top, bottom = layer_depths(int(cells.layer[index]))
        assert top <= depth[index] <= bottom


def test_cells_are_in_the_column_and_apart(cells):
    assert np.hypot(cells.position[:, 0], cells.position[:, 2]).max() <= RADIUS
    gaps = np.linalg.norm(cells.position[:, None] - cells.position[None], axis=2)
    assert gaps[~np.eye(len(cells), dtype=bool)].min() > 20


def test_no_morphology_is_used_above_the_depth_it_was_grown_for(cells):
    blueprints = list(cells.blueprints.values())
    for index in range(len(cells)):
        blueprint = blueprints[cells.morphology[index]]
        assert HEIGHT - cells.position[index, 1] >= blueprint.depth - 1e-9
        assert blueprint.roots is cells.of_type(index).roots


def test_types_have_several_morphologies(cells):
    for number, cell_type in enumerate(CELL_TYPES):
        used = np.unique(cells.morphology[cells.type == number])
        assert len(used) == min(VARIANTS, (cells.type == number).sum()), cell_type.mtype
    assert not any(character in name for name in cells.blueprints for character in '<>:"/\\|?*')


def test_orientations_turn_about_the_vertical_axis(cells):
    np.testing.assert_allclose(np.linalg.norm(cells.orientation, axis=1), 1, rtol=1e-12)
    up = rotate(cells.orientation, np.tile([0.0, 1.0, 0.0], (len(cells), 1)))
    tilt = np.degrees(np.arccos(up[:, 1]))
    assert 0.5 < np.median(tilt) < 4
    side = rotate(cells.orientation, np.tile([1.0, 0.0, 0.0], (len(cells), 1)))
    assert np.abs(side[:, [0, 2]].mean(axis=0)).max() < 0.2


def test_rotate_knows_a_quarter_turn():
    quarter = np.array([np.sqrt(0.5), 0, np.sqrt(0.5), 0])
    np.testing.assert_allclose(rotate(quarter, np.array([[1.0, 2.0, 0.0]])), [[0.0, 2.0, -1.0]], atol=1e-12)
