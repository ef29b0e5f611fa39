"""The network in the Allen Institute's form: its files, and the cells that a loader makes of them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from brayns_widget.demo import write_network
from brayns_widget.protocol.errors import BraynsWidgetError
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest

CELLS = 12


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("demo") / "network", cells=CELLS)


def test_types_stand_in_a_table(network: Path):
    types = pd.read_csv(network.parent / "network" / "cortex_node_types.csv", sep=" ", index_col="node_type_id")
    with h5py.File(network.parent / "network" / "cortex_nodes.h5") as file:
        nodes = file["nodes/cortex"]
        own = types.loc[nodes["node_type_id"][:]]
        points = nodes["node_group_id"][:] == 1
        rows = nodes["node_group_index"][:]
        assert [len(nodes[f"{group}/x"]) for group in (0, 1)] == [CELLS - 3, 3]
        np.testing.assert_array_equal(np.sort(rows[points]), np.arange(3))
    assert (own["model_type"].to_numpy() == np.where(points, "point_neuron", "biophysical")).all()
    assert own["morphology"].isna().to_numpy().tolist() == points.tolist()
    for name in own["morphology"].dropna():
        assert (network.parent / "morphologies" / name).is_file()


def test_morphologies_are_trees_about_the_soma(network: Path):
    for path in (network.parent / "morphologies").iterdir():
        rows = np.loadtxt(path)
        numbers, parents = rows[:, 0].astype(int), rows[:, 6].astype(int)
        assert rows[0, 1:5].tolist() == [1, 0, 0, 0]
        assert (parents[1:] < numbers[1:]).all()
        assert (parents[1:] >= 1).all()
        steps = np.linalg.norm(rows[1:, 2:5] - rows[parents[1:] - 1, 2:5], axis=1)
        assert steps.max() < 60


def test_it_is_loaded_by_its_directory(network: Path):
    settings = {
        "node_population": "cortex",
        "node_percentage": 1.0,
        "neuron_morphology_parameters": {"load_soma": True, "load_dendrites": True},
    }
    (model,) = sonata.LOADER.read(str(network.parent), {"node_population_settings": [settings]}, RunningRequest())
    assert model.ids is not None
    assert len(model.ids) == CELLS
    assert not model.notices
    low, high = model.geometry.bounds
    assert high[1] - low[1] > 1000


def test_it_is_written_once(network: Path, tmp_path: Path):
    nodes = network.parent / "network" / "cortex_nodes.h5"
    before = nodes.stat().st_mtime_ns
    assert write_network(network.parent, cells=CELLS) == network
    assert nodes.stat().st_mtime_ns == before
    with pytest.raises(BraynsWidgetError, match="another demo circuit"):
        write_network(network.parent, cells=CELLS + 1)
    for wrong in ({"cells": 0}, {"seed": -1}):
        with pytest.raises(BraynsWidgetError, match="There is no demo network"):
            write_network(tmp_path / "other", **wrong)
