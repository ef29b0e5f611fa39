"""The distance rule, and where synapses lie."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.demo.cortex import HEIGHT
from brayns_widget.demo.growth import AXON, SOMA, grow
from brayns_widget.demo.morphology import compartments
from brayns_widget.demo.placement import place
from brayns_widget.demo.wiring import PARTNERS, SPEED, connect


@pytest.fixture(scope="module")
def wired():
    cells = place(300, np.random.default_rng(1))
    shapes = [compartments(tree) for tree in grow(list(cells.blueprints.values()), np.random.default_rng(2))]
    return cells, shapes, connect(cells, shapes, np.random.default_rng(3))


def test_sorted_without_autapses_and_with_a_dozen_partners(wired):
    cells, _, synapses = wired
    order = np.lexsort((synapses.source, synapses.target))
    np.testing.assert_array_equal(order, np.arange(len(order)))
    assert (synapses.source != synapses.target).all()
    pairs = np.unique(np.column_stack([synapses.source, synapses.target]), axis=0)
    assert len(pairs) / len(cells) == pytest.approx(PARTNERS, rel=0.15)


def test_near_cells_are_connected_more_often(wired):
    cells, _, synapses = wired
    connected = np.unique(np.column_stack([synapses.source, synapses.target]).astype(int), axis=0)
    gaps = np.linalg.norm(cells.position[connected[:, 0]] - cells.position[connected[:, 1]], axis=1)
    everybody = np.linalg.norm(cells.position[:, None] - cells.position[None], axis=2)
    assert np.median(gaps) < 0.5 * np.median(everybody)


def test_synapses_lie_on_their_target(wired):
    cells, shapes, synapses = wired
    for synapse in range(0, len(synapses.source), 97):
        target = int(synapses.target[synapse])
        shape = shapes[cells.morphology[target]]
        mine = (shape.section == synapses.section[synapse]) & np.isclose(shape.fraction, synapses.position[synapse])
        assert mine.sum() == 1
        assert shape.kind[mine][0] != AXON
        # Turning keeps distances: no need to trust the code's own rotation.
        away = np.linalg.norm(synapses.center[synapse] - cells.position[target])
        assert away == pytest.approx(np.linalg.norm(shape.center[mine]), rel=1e-3, abs=1e-2)
    assert 0 < synapses.center[:, 1].max() < HEIGHT + 5


def test_sources_choose_their_place(wired):
    cells, shapes, synapses = wired
    kinds = np.zeros(len(synapses.source), int)
    distance = np.zeros(len(synapses.source))
    for synapse in range(len(kinds)):
        shape = shapes[cells.morphology[int(synapses.target[synapse])]]
        place_on = np.flatnonzero(
            (shape.section == synapses.section[synapse]) & np.isclose(shape.fraction, synapses.position[synapse])
        )[0]
        kinds[synapse], distance[synapse] = shape.kind[place_on], shape.distance[place_on]
    source = [cells.of_type(int(index)).mtype for index in synapses.source]
    basket = np.array([mtype.endswith("LBC") for mtype in source])
    martinotti = np.array([mtype.endswith("MC") for mtype in source])
    excitatory = np.array([cells.of_type(int(index)).excitatory for index in synapses.source])
    assert distance[basket].max() <= 90
    assert (kinds[basket] == SOMA).any()
    assert not (kinds[excitatory] == SOMA).any()
    assert np.median(distance[martinotti]) > np.median(distance[excitatory]) > np.median(distance[basket])


def test_delays_follow_the_way(wired):
    cells, _, synapses = wired
    way = np.linalg.norm(synapses.center - cells.position[synapses.source.astype(int)], axis=1)
    np.testing.assert_allclose(synapses.delay, 0.5 + way / SPEED, rtol=1e-4)
    assert (synapses.weight > 0).all()


def test_one_cell_has_no_synapses():
    cells = place(1, np.random.default_rng(0))
    shapes = [compartments(tree) for tree in grow(list(cells.blueprints.values()), np.random.default_rng(0))]
    assert len(connect(cells, shapes, np.random.default_rng(0)).source) == 0
