"""Single cells: from files, and from memory by a method of ours or, with Brayns, as capsules."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.morphologies import is_morphology
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import WAIT
from tests.controller.test_restoring import sleep, wake
from tests.fakes import FakeCluster

MORPHOLOGY = "Neuron Morphology loader"
POINTS = np.array([[0.0, 0, 0], [9, 0, 0], [9, 9, 0]])
PARENTS = [-1, 0, 1]
CELL = "1 3 0 0 0 0.5 -1\n2 3 9 0 0 0.5 1\n3 3 9 9 0 0.5 2\n"


def take_cells(cluster: FakeCluster) -> None:
    """Let the renderer have our method."""
    renderer = cluster.renderer
    renderer.offers.append("add-morphology")
    renderer.answers["add-morphology"] = lambda params: [renderer.add("morphology", info=_info(params))]


def _info(params: Any) -> dict[str, Any]:
    about = {"path": "", "source": "from_blob", "loader_name": MORPHOLOGY}
    return {"load_info": about | {"load_parameters": params["loader_properties"]}}


def parts(params: Any) -> tuple[bool, bool, bool, float]:
    found = params["loader_properties"]
    return found["load_soma"], found["load_axon"], found["load_dendrites"], found["radius_multiplier"]


@pytest.mark.parametrize("path", ["/data/cell.swc", "/data/cell.SWC", "/data/cell.h5", "/data/cell.asc"])
def test_a_morphology_given_as_a_circuit_is_shown_with_its_axon(
    cluster: FakeCluster, controller: Controller, path: str
):
    (model,) = controller.load_circuit(path, soma=False, dendrites=False, radius_multiplier=2).result(WAIT)
    (params,) = cluster.renderer.sent("add-model")
    assert (params["loader_name"], params["path"]) == (MORPHOLOGY, path)
    assert parts(params) == (False, True, False, 2)
    assert model.name == path.rpartition("/")[2]
    assert cluster.backend is not None
    assert "sonata-list-populations" not in cluster.backend.methods()


def test_a_morphology_given_as_a_circuit_is_shown_without_its_axon_if_so_asked(
    cluster: FakeCluster, controller: Controller
):
    controller.load_circuit("cell.swc", axon=False).result(WAIT)
    (params,) = cluster.renderer.sent("add-model")
    assert parts(params) == (True, False, True, 1)
    with pytest.raises(CircuitError, match="nothing to load"):
        controller.load_circuit("cell.swc", soma=False, axon=False, dendrites=False).result(WAIT)


@pytest.mark.parametrize("choice", [{"node_ids": [0]}, {"node_sets": "Layer5"}, {"query": {"mtype": "L1"}}])
def test_cells_of_a_morphology_cannot_be_chosen(cluster: FakeCluster, controller: Controller, choice: dict[str, Any]):
    with pytest.raises(CircuitError, match=r"'/data/cell\.swc' is a single morphology, which has no node ids"):
        controller.load_circuit("/data/cell.swc", **choice).result(WAIT)
    assert not cluster.renderer.sent("add-model")


def test_a_share_of_a_morphology_cannot_be_taken_and_it_is_within_any_limit(
    cluster: FakeCluster, controller: Controller
):
    with pytest.raises(CircuitError, match=r"cell\.swc' is a single morphology, of which no density of 0\.5"):
        controller.load_circuit("/data/cell.swc", density=0.5).result(WAIT)
    assert not cluster.renderer.sent("add-model")
    controller.load_circuit("/data/cell.swc", limit=1, density=1).result(WAIT)
    assert len(cluster.renderer.sent("add-model")) == 1


def test_circuits_are_no_morphologies():
    assert not is_morphology("/data/circuit_config.json")


def test_a_file_by_its_own_call(cluster: FakeCluster, controller: Controller):
    (model,) = controller.load_morphology("/data/cell.swc", axon=False, name="mine").result(WAIT)
    (params,) = cluster.renderer.sent("add-model")
    assert parts(params) == (True, False, True, 1)
    assert model.name == "mine"
    controller.models.refresh()
    assert model.name == "mine"


def test_points_are_sent_as_the_text_of_a_file(cluster: FakeCluster, controller: Controller):
    take_cells(cluster)
    (model,) = controller.load_morphology(POINTS, parents=PARENTS, name="three").result(WAIT)
    (params,) = cluster.renderer.sent("add-morphology")
    assert (params["type"], params["text"], parts(params)) == ("swc", CELL, (True, True, True, 1))
    assert params["name"] == "three"  # for messages
    assert (model.name, model.type) == ("three", "morphology")


def test_several_cells_are_several_models(cluster: FakeCluster, controller: Controller):
    take_cells(cluster)
    table = {"x": [0, 9], "y": [0, 0], "z": [0, 0], "radius": [1, 1], "parent": [-1, 0]}
    models = controller.load_morphology([table, table]).result(WAIT)
    assert [model.name for model in models] == ["table", "table"]
    assert len(cluster.renderer.sent("add-morphology")) == 2


def test_the_real_renderer_shows_capsules(cluster: FakeCluster, controller: Controller):
    (model,) = controller.load_morphology(POINTS, parents=PARENTS, radius_multiplier=2).result(WAIT)
    ((first, second),) = cluster.renderer.sent("add-capsules")
    assert first["geometry"] == {"p0": [0, 0, 0], "r0": 1.0, "p1": [9, 0, 0], "r1": 1.0}
    assert second["geometry"]["p1"] == [9, 9, 0]
    assert (model.name, model.type) == ("points", "geometry")


def test_a_cell_from_memory_comes_back_with_its_scene(cluster: FakeCluster, controller: Controller):
    take_cells(cluster)
    (model,) = controller.load_morphology(POINTS, parents=PARENTS, name="three").result(WAIT)
    sleep(controller)
    wake(controller)
    assert [params["text"] for params in cluster.renderer.sent("add-morphology")] == [CELL, CELL]
    assert (model.name, len(controller.models)) == ("three", 1)


def test_what_is_no_cell_is_refused(cluster: FakeCluster, controller: Controller):
    with pytest.raises(ValueError, match="has the columns x, y, z and parent"):
        controller.load_morphology({"x": [1]})
    with pytest.raises(TypeError, match="no morphology; give a path"):
        controller.load_morphology(POINTS).result(WAIT)
    with pytest.raises(TypeError, match="This list is no morphology; give a path"):
        controller.load_morphology([]).result(WAIT)
    with pytest.raises(ValueError, match="3 points, 2 parents"):
        controller.load_morphology(POINTS, parents=[-1, 0]).result(WAIT)
    with pytest.raises(CircuitError, match="nothing to load"):
        controller.load_morphology("cell.swc", soma=False, axon=False, dendrites=False).result(WAIT)
    misspelt: Any = {"parent": PARENTS}
    with pytest.raises(TypeError, match="did you mean 'parents'"):
        controller.load_morphology(POINTS, **misspelt)
    assert not cluster.renderer.sent("add-model")


def test_a_cell_that_the_renderer_refuses_is_named(cluster: FakeCluster, controller: Controller):
    take_cells(cluster)
    cluster.renderer.errors["add-morphology"] = (-32603, "It has no points")
    with pytest.raises(CircuitError, match="'three' cannot be loaded: It has no points"):
        controller.load_morphology(POINTS, parents=PARENTS, name="three").result(WAIT)
    assert len(controller.models) == 0


def test_the_real_loader_has_the_parameters(shared_dir: Any):
    import jsonschema

    from brayns_widget.controller.morphologies import MorphologyParts

    loaders = json.loads((shared_dir / "protocol" / "renderer-get-loaders.json").read_text(encoding="utf-8"))
    (schema,) = [loader["input_parameters_schema"] for loader in loaders if loader["name"] == MORPHOLOGY]
    params = MorphologyParts(soma=True, axon=True, dendrites=True, radius_multiplier=1.0).params()
    jsonschema.validate(params.model_dump(mode="json", exclude_unset=True), schema)
