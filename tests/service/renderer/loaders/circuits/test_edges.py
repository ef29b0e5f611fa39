"""Synapses of real circuits against what h5py says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest

pytestmark = pytest.mark.data

NODES = "S1nonbarrel_neurons"
EDGES = f"{NODES}__{NODES}__chemical"
CIRCUIT = "tiny_circuits/N_10__top_nodes_dim6"


def load(data_dir: Path, edges: dict[str, Any], **settings: Any) -> list[LoadedModel]:
    edges = {"edge_population": EDGES, "load_afferent": True, **edges}
    settings = {"node_population": NODES, "node_percentage": 1.0, "edge_populations": [edges], **settings}
    return sonata.LOADER.read(
        str(data_dir / CIRCUIT / "circuit_config.json"), {"node_population_settings": [settings]}, RunningRequest()
    )


def recorded(data_dir: Path, population: str, names: list[str]) -> list[Any]:
    with h5py.File(data_dir / CIRCUIT / population / "edges.h5") as file:
        group = file["edges"][population]
        return [group[name][:] for name in names]


@pytest.mark.parametrize(("afferent", "side", "end"), [(True, "afferent", "target"), (False, "efferent", "source")])
def test_synapses_stand_where_the_file_says(data_dir: Path, afferent: bool, side: str, end: str):
    _cells, model = load(data_dir, {"load_afferent": afferent, "radius": 1.5}, node_ids=[1, 2, 4])
    names = [f"{end}_node_id", *(f"0/{side}_surface_{axis}" for axis in "xyz")]
    nodes, *points = recorded(data_dir, EDGES, names)
    wanted = np.stack(points, axis=1)[np.isin(nodes, [1, 2, 4])]
    assert len(wanted)
    np.testing.assert_array_equal(model.geometry.spheres[:, :3], wanted)
    assert set(model.geometry.spheres[:, 3]) == {1.5}
    assert model.kind == f"{side}_synapses"


def test_a_part_of_the_synapses_is_taken_at_even_steps(data_dir: Path):
    _cells, every = load(data_dir, {})
    _cells, half = load(data_dir, {"edge_percentage": 0.5})
    np.testing.assert_array_equal(half.geometry.spheres, every.geometry.spheres[::2])


def test_synapses_from_outside_come_with_the_cells_that_receive_them(data_dir: Path):
    population = f"VPM__{NODES}__chemical"
    (targets,) = recorded(data_dir, population, ["target_node_id"])
    _cells, model = load(data_dir, {"edge_population": population}, node_ids=[0])
    assert len(model.geometry.spheres) == int((targets == 0).sum()) > 0


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"edge_population": "nope"}, "Edge population nope does not exist in .*circuit_config.json; it has POm__"),
        (
            {"edge_population": f"VPM__{NODES}__chemical", "load_afferent": False},
            f"The efferent cells of edge population VPM__.* in .*edges.h5 are of population VPM, not {NODES}",
        ),
    ],
)
def test_what_cannot_be_loaded_is_told(data_dir: Path, edges: dict[str, Any], message: str):
    with pytest.raises(RequestError, match=message):
        load(data_dir, edges)


def test_cells_without_synapses_are_told(data_dir: Path):
    (targets,) = recorded(data_dir, EDGES, ["target_node_id"])
    alone = sorted(set(range(10)) - set(targets.tolist()))
    with pytest.raises(RequestError, match="has no afferent synapses of the loaded cells"):
        load(data_dir, {}, node_ids=alone[:1])
