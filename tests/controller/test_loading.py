from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.camera import FRONT, Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.loading import population_params
from brayns_widget.controller.selection import Chosen
from brayns_widget.protocol.brayns.loaders import (
    SONATA,
    MorphologyParams,
    PopulationParams,
    ProteinParams,
    SonataParams,
)
from brayns_widget.protocol.errors import CircuitError, ConnectionLost, RequestCancelled
from tests.controller.scenes import WAIT, load, until
from tests.fakes import FakeCluster
from tests.listening import Listener

DEFAULTS: dict[str, Any] = {
    "soma": True,
    "axon": False,
    "dendrites": True,
    "radius_multiplier": 1.0,
    "in_plane": False,
}


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        (Chosen(None), {}),
        (Chosen([1, 2]), {"axon": True, "radius_multiplier": 2}),
        (Chosen(None, ["All"], density=0.5, limit=9), {}),
    ],
)
def test_parameters_satisfy_the_real_loaders_schema(shared_dir, cells, options):
    loaders = json.loads((shared_dir / "protocol" / "renderer-get-loaders.json").read_text(encoding="utf-8"))
    (schema,) = [loader["input_parameters_schema"] for loader in loaders if loader["name"] == SONATA]
    params = SonataParams(node_population_settings=[population_params("cells", cells, **(DEFAULTS | options))])
    jsonschema.validate(params.model_dump(mode="json", exclude_unset=True), schema)


def test_what_has_no_limit_is_not_sent():
    settings = population_params("cells", Chosen(None), **DEFAULTS)
    assert {"node_ids", "node_sets", "node_count_limit"}.isdisjoint(settings.model_fields_set)


def test_a_load_gives_models_progress_and_a_framed_view(cluster, controller):
    activities = Listener(controller, lambda state: state.progress)
    before = controller.state.revision
    task = controller.load_circuit("/data/circuit.json", density=0.5, axon=True, node_sets="All")
    (model,) = task.result(WAIT)
    assert list(controller.models) == [model]
    assert (model.name, model.state.cells, model.colored_by, model.population) == ("cells", 4, "solid", "cells")
    assert model.color is not None
    activities.wait_for(lambda activity: activity is None)
    operations = [a.operation for a in activities.heard if a is not None and a.task == task.id]
    assert operations.index("Reading the circuit ...") < operations.index("Reading cells")
    assert operations.index("Reading cells") < operations.index("Building")
    assert controller.state.revision > before
    assert controller.camera != FRONT
    (params,) = cluster.renderer.sent("add-model")
    assert params["path"] == "/data/circuit.json"
    (settings,) = params["loader_properties"]["node_population_settings"]
    assert (settings["node_population"], settings["node_percentage"]) == ("cells", 0.5)
    assert settings["node_sets"] == ["All"]
    assert settings["neuron_morphology_parameters"]["load_axon"] is True


def test_the_second_load_leaves_the_camera_alone_and_has_another_color(controller):
    first = load(controller)
    controller.camera = Camera(position=(1.0, 2.0, 3.0))
    second = load(controller)
    assert controller.camera.position == (1.0, 2.0, 3.0)
    assert first.color != second.color


def test_frame_can_be_off(controller):
    load(controller, frame=False)
    assert controller.camera == FRONT


def test_an_unknown_coloring_leaves_no_model():
    with FakeCluster(polls=0, backend=False) as cluster, Controller(**cluster.options) as controller:
        with pytest.raises(CircuitError, match=r"node attribute 'nope'.*solid, mtype.*no backend"):
            load(controller, population="cells", color_by="nope")
        assert list(controller.models) == []
        assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3
        assert controller.legend is None


def test_a_model_that_cannot_be_described_is_removed(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.answers["get-color-methods"] = lambda _: "no list"
    with pytest.raises(Exception, match="is invalid"):
        load(controller)
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3


def test_notices_of_files_and_of_the_renderer_stay_with_the_model(cluster, controller):
    described: dict[str, Any] = {"populations": [{"name": "cells", "type": "biophysical", "size": 4, "reason": ""}]}
    described |= {"reports": [], "edges": [], "notices": ["e.h5 does not exist", "odd"]}
    cluster.backend.answers["registry"] = lambda _: ["sonata-describe-circuit"]
    cluster.backend.answers["sonata-describe-circuit"] = lambda _: described
    load_model = cluster.renderer.answer

    def answer(method: str, params: Any) -> Any:
        result, payload = load_model(method, params)
        if method == "add-model":
            for instance in result:
                instance["info"]["notices"] = ["negative radii", "odd"]
        return result, payload

    cluster.renderer.answer = answer
    model = load(controller)
    assert model.notices == ("negative radii", "odd", "e.h5 does not exist")
    controller.models.refresh()
    assert model.notices == ("negative radii", "odd", "e.h5 does not exist")
    notice = controller.state.notice
    assert notice is not None
    assert notice.level == "warning"
    assert "negative radii. odd. e.h5 does not exist." in notice.hint


def test_places_in_a_plane_are_asked_for(cluster, controller):
    load(controller)
    load(controller, in_plane=True)
    plain, placed = (sent["loader_properties"] for sent in cluster.renderer.sent("add-model"))
    assert "in_plane" not in plain["node_population_settings"][0]
    assert placed["node_population_settings"][0]["in_plane"] is True


def test_what_does_not_fit_into_memory_is_told(cluster, controller):
    notices = Listener(controller, lambda state: state.notice)
    cluster.renderer.metadata["left_out"] = "axons"
    assert load(controller).state.left_out == "axons"
    notice = notices.wait_for(lambda notice: notice is not None)
    assert notice is not None
    assert (notice.level, "axons" in notice.text) == ("warning", True)
    assert "BRAYNS_WIDGET_MEMORY_BUDGET" in notice.hint


def test_a_refused_load_says_why(cluster, controller):
    notices = Listener(controller, lambda state: state.notice)
    cluster.renderer.errors["add-model"] = (-32603, "cell 3 has no morphology 'm3'")
    with pytest.raises(CircuitError, match=r"circuit\.json' cannot be loaded: cell 3 has no morphology 'm3'\."):
        load(controller)
    notice = notices.wait_for(lambda notice: notice is not None)
    assert notice is not None
    assert "cell 3" in notice.text
    cluster.renderer.errors.clear()
    load(controller)


def test_an_unknown_population_is_refused_before_the_renderer_is_asked(cluster, controller):
    with pytest.raises(CircuitError, match=r"no node population 'x'.*cells \(biophysical, 4\)"):
        load(controller, population="x")
    assert "add-model" not in cluster.renderer.methods()


def test_a_load_that_found_no_cells_leaves_nothing(cluster, controller):
    cluster.renderer.cells = 0
    with pytest.raises(CircuitError, match="No cell of"):
        load(controller)
    assert list(controller.models) == []
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"density": 0}, "density is 0"),
        ({"density": 1.1}, "density is 1.1"),
        ({"density": float("nan")}, "density is nan"),
        ({"limit": 0}, "limit is 0"),
        ({"radius_multiplier": 0}, "radius_multiplier is 0"),
        ({"node_sets": [1]}, r"node_sets is \[1\]"),
        ({"node_ids": [3, -1]}, r"node_ids\[1\] is -1, below zero"),
        ({"query": {"x": {"$gtt": 1}}}, r"'\$gtt' is no operator\. Did you mean '\$gt'\?"),
    ],
)
def test_a_bad_value_is_told_at_once(cluster, controller, options, problem):
    with pytest.raises(ValueError, match=problem):
        controller.load_circuit("c.json", **options)
    assert cluster.calls == []


def test_a_misspelled_option_names_the_nearest(cluster, controller):
    with pytest.raises(TypeError, match=r"'densty'; did you mean 'density'\?"):
        controller.load_circuit("c.json", densty=1)
    assert cluster.calls == []


def test_nothing_to_load_starts_no_job(cluster, controller):
    with pytest.raises(CircuitError, match="nothing to load"):
        load(controller, soma=False, dendrites=False)
    assert cluster.calls == []


def test_a_cancelled_load_leaves_nothing(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.delays["add-model"] = 60
    activities = Listener(controller, lambda state: state.progress)
    task = controller.load_circuit("c.json")
    activities.wait_for(lambda activity: activity is not None and activity.operation == "Building")
    assert list(controller.tasks) == [task.id]
    controller.tasks[task.id].cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert cluster.renderer.cancelled == ["add-model"]
    assert list(controller.models) == []
    activities.wait_for(lambda activity: activity is None)
    assert controller.state.notice is None
    assert len(controller.tasks) == 0
    cluster.renderer.delays.clear()
    load(controller)


def test_a_load_that_was_done_just_before_it_heard_of_the_cancel_is_removed(cluster, controller):
    keep = load(controller)
    activities = Listener(controller, lambda state: state.progress)
    cluster.renderer.errors["cancel"] = (-32602, "Method 'add-model' is not cancellable.")
    cluster.renderer.delays["add-model"] = 0.3
    task = controller.load_circuit("c.json")
    activities.wait_for(lambda activity: activity is not None and activity.operation == "Building")
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    others = cluster.renderer.add("neurons")["model_id"]  # another client of the job loads something meanwhile
    until(lambda: len(cluster.renderer.sent("remove-model")) == 1)  # it is sent, and will be carried out
    until(lambda: {m["model_id"] for m in cluster.renderer.models if m["model_type"] == "neurons"} == {keep.id, others})


def test_a_renderer_that_breaks_while_it_loads_leaves_nothing(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.cut.add("add-model")
    with pytest.raises(ConnectionLost):
        load(controller)
    assert list(controller.models) == []


def test_without_a_backend_the_population_must_be_named():
    with FakeCluster(polls=0, backend=False) as cluster, Controller(**cluster.options) as controller:
        with pytest.raises(CircuitError, match=r"Pass population="):
            load(controller)
        assert load(controller, population="cells").population == "cells"


# ---------------------------------------------------------------------- other files


@pytest.mark.parametrize(
    ("path", "loader"),
    [
        ("/data/a.obj", "mesh"),
        ("/data/A.OBJ", "mesh"),
        ("/data/a.h5", "Neuron Morphology loader"),
        ("/data/circuit.morphologies.h5", "Cell placement loader"),
        ("/data/x.circuit.morphologies.h5", "Cell placement loader"),
        ("/data/a.pdb1", "protein"),
    ],
)
def test_the_loader_is_found_by_the_extension(cluster, controller, path, loader):
    (model,) = controller.models.load(path).result(WAIT)
    (params,) = cluster.renderer.sent("add-model")
    whole = {"load_axon": True, "load_dendrites": True, "load_soma": True}  # else a morphology would be nothing
    expected = {"Neuron Morphology loader": whole, "Cell placement loader": {"morphology_parameters": whole}}
    properties = expected.get(loader, {})
    assert params == {"path": path, "loader_name": loader, "loader_properties": properties}
    assert (model.name, model.type, model.color_methods) == (path.rpartition("/")[2], "mesh", ())


@pytest.mark.parametrize(
    ("parameters", "loader"),
    [(ProteinParams(radius_multiplier=2), "protein"), (MorphologyParams(load_soma=True), "Neuron Morphology loader")],
)
def test_the_loader_is_found_by_the_parameters(cluster, controller, parameters, loader):
    controller.models.load("a.dat", parameters).result(WAIT)
    (params,) = cluster.renderer.sent("add-model")
    assert params["loader_name"] == loader
    assert params["loader_properties"] == parameters.model_dump(exclude_unset=True)


def test_points_have_sizes_by_their_density(cluster, controller):
    controller.models.load("points.xyz").result(WAIT)
    (params,) = cluster.renderer.sent("add-model")
    assert params["loader_properties"] == {"by_density": True}


def test_the_loader_can_be_named(cluster, controller):
    controller.models.load("a.dat", loader="mesh").result(WAIT)
    (params,) = cluster.renderer.sent("add-model")
    assert params["loader_name"] == "mesh"


def test_a_file_that_no_loader_reads_is_refused(cluster, controller):
    with pytest.raises(CircuitError, match=r"No loader of this renderer reads 'a.xyzzy'.*loader="):
        controller.models.load("a.xyzzy").result(WAIT)
    with pytest.raises(TypeError, match="parameters is 3: it should be an instance of RawVolumeParams or"):
        controller.models.load("a.obj", 3)
    assert "add-model" not in cluster.renderer.methods()


# ---------------------------------------------------------------------- the local service


def test_without_a_master_paths_are_local_and_the_service_is_started(cluster, monkeypatch, tmp_path):
    asked: list[Any] = []

    async def shared(base: Any) -> Any:
        asked.append(base)
        return SimpleNamespace(master=cluster.master, slave=cluster.slave, token=Token(cluster.token), child=None)

    monkeypatch.setattr(PROCESS, "local_service", shared)
    monkeypatch.chdir(tmp_path)
    with Controller() as controller:
        controller.load_circuit("sub/../c.json").result(WAIT)
    assert str(asked[0]) == tmp_path.anchor
    (params,) = cluster.renderer.sent("add-model")
    assert params["path"] == str(tmp_path / "c.json")


def test_a_circuit_is_not_loaded_without_a_word_of_its_population(controller):
    with pytest.raises(CircuitError, match=r"Load it with load_circuit"):
        controller.models.load("/data/circuit_config.json", loader="SONATA loader").result(WAIT)


def test_no_cell_chosen_is_not_all_cells(cluster, controller):
    for nothing, why in (([], "is empty"), ([False] * 4, "is False everywhere")):
        with pytest.raises(CircuitError, match=f"No cells are selected: node_ids {why}"):
            load(controller, node_ids=nothing)
    params = PopulationParams(node_population="cells", node_ids=[])
    with pytest.raises(CircuitError, match="No cells are selected: node_ids is empty"):
        controller.models.load("c.json", SonataParams(node_population_settings=[params])).result(WAIT)
    assert cluster.renderer.sent("add-model") == []
