"""Calls of pages, run against the controller of a fake cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.notebook.commands import GROUPS, Commands, error_data, offered_calls
from brayns_widget.notebook.messages import ErrorData
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError, ProtocolError, QueryError, RequestError
from tests.fakes import FakeCluster

WAIT = 20

LOAD = {
    "path": "/data/circuit.json",
    "population": None,
    "density": 1,
    "node_sets": ["All"],
    "soma": True,
    "axon": False,
    "dendrites": True,
    "radius_multiplier": 2.5,
    "color_by": "mtype",
}


@pytest.fixture
def controller(cluster: FakeCluster) -> Iterator[Controller]:
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
        yield controller


def run(controller: Controller, method: Any, params: Any) -> Any:
    """Run a call on the loop thread, where pages live."""
    commands = Commands(controller)
    return controller.loop.submit(commands.run(method, params)).result(WAIT)


def load(controller: Controller) -> int:
    (model,) = controller.load_circuit("/data/circuit.json").result(WAIT)
    return model.id


def test_what_is_offered_is_what_the_panel_needs_and_nothing_else():
    assert set(offered_calls()) == {
        "colors.map_names",
        "colors.maps",
        "colors.set",
        "connections.count_synapses",
        "connections.list_partners",
        "connections.show_synapses",
        "history.redo",
        "history.undo",
        "job.attach",
        "job.connect",
        "job.end",
        "job.list",
        "job.log",
        "job.restore",
        "job.start",
        "job.stop",
        "models.count_node_sets",
        "models.formats",
        "models.load_file",
        "models.load_received",
        "models.receive",
        "models.drop_upload",
        "tasks.cancel",
        "notices.dismiss",
        "files.list",
        "files.inspect",
        "models.load_circuit",
        "models.count_cells",
        "models.clear",
        "model.update",
        "model.color_by",
        "model.remove",
        "model.move",
        "model.put_back",
        "model.scale",
        "model.set_material",
        "model.turn",
        "clipping.add_kind",
        "clipping.change",
        "clipping.remove",
        "lights.add_kind",
        "lights.change",
        "lights.remove",
        "rendering.set_ambient_occlusion",
        "rendering.set_at_rest",
        "rendering.set_fog",
        "slab.set",
        "slab.step",
        "rendering.set_outlines",
        "rendering.set_shadows",
        "rendering.use_preset",
        "models.materials",
        "models.reorder",
        "model.copy",
        "pictures.encoded",
        "pins.add",
        "pins.clear",
        "pins.remove",
        "views.remove",
        "views.rename",
        "views.save",
        "selection.add",
        "selection.clear",
        "selection.color",
        "selection.bounds",
        "selection.hide",
        "selection.isolate",
        "selection.pick",
        "selection.remove",
        "selection.set",
        "selection.set_by_value",
        "selection.show_all",
        "selection.to_model",
        "table.rows",
        "table.select",
        "selection.to_node_set",
    }


def test_every_group_can_be_reached(controller):
    commands = Commands(controller)
    for path in GROUPS:
        if path != "model":
            assert isinstance(commands._groups[path], GROUPS[path])


def test_a_directory_is_listed_as_json(controller):
    assert run(controller, "files.list", {"path": None}) == {
        "path": "/data",
        "parent": None,
        "directories": [{"name": "A", "path": "/data/A"}, {"name": "b", "path": "/data/b"}],
        "files": [{"name": "circuit.json", "path": "/data/circuit.json", "size": 12}],
        "trail": [{"name": "data", "path": "/data"}],
    }


def test_a_circuit_is_inspected_as_json(controller):
    circuit = run(controller, "files.inspect", {"path": "/data/circuit.json"})
    assert circuit["default_population"] == "cells"
    assert [item["name"] for item in circuit["populations"]] == ["cells"]
    assert circuit["node_sets"] == ["All", "Layer1"]


def test_the_line_of_a_removal_names_what_is_gone(controller):
    model = load(controller)
    run(controller, "model.remove", {"id": model})
    assert controller.history.lines == ('viewer.models["cells"].remove()',)


def test_a_load_answers_with_its_task_before_it_is_done(cluster, controller):
    cluster.renderer.delays["add-model"] = 0.2
    task = run(controller, "models.load_circuit", LOAD)["task"]
    assert len(controller.models) == 0
    controller.tasks[task].result(WAIT)
    (params,) = [params for method, params in cluster.renderer.requests if method == "add-model"]
    (settings,) = params["loader_properties"]["node_population_settings"]
    assert settings["node_sets"] == ["All"]
    assert settings["neuron_morphology_parameters"]["radius_multiplier"] == 2.5
    assert controller.models[0].colored_by == "mtype"


def test_a_task_is_cancelled(cluster, controller):
    cluster.renderer.delays["add-model"] = 60
    task = run(controller, "models.load_circuit", LOAD)["task"]
    running = controller.tasks[task]
    assert run(controller, "tasks.cancel", {"task": task}) is None
    with pytest.raises(BraynsWidgetError, match="cancelled"):
        running.result(WAIT)


def test_cancelling_what_is_done_is_no_error(controller):
    assert run(controller, "tasks.cancel", {"task": "task-1"}) is None


def test_a_selection_is_changed_by_ranges_and_becomes_a_node_set(controller):
    run(controller, "selection.set", {"ids": {"a": "0-5", "b": "7"}})
    run(controller, "selection.remove", {"ids": {"a": "1-2,5-9"}})
    run(controller, "selection.add", {"ids": {"a": "8", "b": "6-7"}})
    assert dict(controller.selection.value) == {"a": "0,3-4,8", "b": "6-7"}
    run(controller, "selection.set", {"ids": {}})
    assert not controller.selection
    run(controller, "selection.set", {"ids": {"a": "0-1"}})
    made = run(controller, "selection.to_node_set", {"name": "mine"})
    assert made == {"mine": {"population": "a", "node_id": [0, 1]}}
    with pytest.raises(ValueError, match="written otherwise"):
        run(controller, "selection.set", {"ids": {"a": "0-"}})


def test_models_are_hidden_colored_and_removed(controller):
    model_id = load(controller)
    assert run(controller, "model.update", {"id": model_id, "visible": False}) is None
    assert not controller.models[0].visible
    run(controller, "model.color_by", {"id": model_id, "values": "solid", "color": "#00ff80"})
    assert controller.models[0].color == "#00ff80"
    run(controller, "model.color_by", {"id": model_id, "values": "mtype", "color": None})
    assert controller.models[0].colored_by == "mtype"
    run(controller, "model.remove", {"id": model_id})
    assert len(controller.models) == 0


def test_a_notice_is_dismissed(controller):
    controller.loop.submit(tell(controller)).result(WAIT)
    assert controller.state.notice is not None
    run(controller, "notices.dismiss", {})
    assert controller.state.notice is None


async def tell(controller: Controller) -> None:
    controller.notices.tell("info", "hello")


def test_a_start_that_has_happened_is_no_error(controller):
    task = run(controller, "job.start", {})["task"]
    assert task.startswith("task-")


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("close", {}, "There is no call 'close'"),
        ("job.close", {}, "There is no call"),
        ("models.__init__", {}, "There is no call"),
        ("models.load", {"path": "x"}, "There is no call"),
        ("job.start", {"now": True}, "unexpected keyword argument 'now'"),
        ("model.color_by", {"id": 1}, "'values'"),
        ("model.update", {"visible": True}, "'id'"),
        ("model.update", {"id": True, "visible": True}, "'id' is True"),
        ("model.remove", {"id": "1"}, "'id' is '1'"),
    ],
)
def test_what_no_page_should_ask_for_is_refused(controller, method, params, text):
    params = dict(params)
    if type(params.get("id")) is int:
        params["id"] = load(controller)
    with pytest.raises(ProtocolError, match=re.escape(text)):
        run(controller, method, params)


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("files.list", {"path": "x" * 5000}, "path is 'xx"),
        ("files.list", {"path": 7}, "path is 7"),
        ("models.load_circuit", LOAD | {"density": float("nan")}, "density is nan"),
        ("models.load_circuit", LOAD | {"density": "1"}, "density is '1'"),
        ("models.load_circuit", LOAD | {"radius_multiplier": 0}, "radius_multiplier is 0"),
        ("models.load_circuit", LOAD | {"node_sets": [1]}, "node_sets is [1]"),
        ("models.load_circuit", LOAD | {"soma": 1}, "soma is 1"),
    ],
)
def test_values_that_do_not_fit_are_refused(controller, method, params, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        run(controller, method, params)


def test_cells_are_counted_for_the_panel(controller):
    params = {"path": "/data/circuit.json", "query": {"node_id": [1, 2]}, "node_sets": []}
    found = run(controller, "models.count_cells", params)
    assert found == {"population": "cells", "cells": 2, "size": 4, "remarks": []}


def test_what_is_no_color_is_refused(controller):
    with pytest.raises(ValueError, match="not a color"):
        run(controller, "model.color_by", {"id": load(controller), "values": "solid", "color": [2, "x"]})


def test_the_controllers_errors_come_through(controller):
    with pytest.raises(CircuitError, match="no model 5"):
        run(controller, "model.remove", {"id": 5})


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (CircuitError("No.", hint="Try."), ErrorData("CircuitError", "No.", "Try.")),
        (QueryError("No.", place=("$and", 1)), ErrorData("QueryError", "No.", "", "/$and/1")),
        (BraynsWidgetError("No."), ErrorData("BraynsWidgetError", "No.", "")),
        (
            RequestError("Invalid params", code=-32602, data=["id: wrong"]),
            ErrorData("RequestError", "Invalid params (id: wrong)", ""),
        ),
        (ValueError("too large"), ErrorData("ValueError", "too large", "")),
        (KeyError(), ErrorData("KeyError", "KeyError", "")),
    ],
)
def test_what_a_page_is_told_of_an_error(error, data):
    assert error_data(error) == data


# ---------------------------------------------------------------------- several models


def test_a_call_of_several_models_is_one_step_and_one_line(controller):
    ids = [load(controller) for _ in range(3)]
    run(controller, "model.update", {"id": ids[:2], "visible": False})
    assert [model.visible for model in controller.models] == [False, False, True]
    assert controller.history.next_undo == "hide 2 models"
    assert len(controller.history.lines) == 1
    assert controller.undo()
    assert [model.visible for model in controller.models] == [True, True, True]
    run(controller, "model.remove", {"id": ids})
    assert len(controller.models) == 0
    assert controller.undo()
    assert len(controller.models) == 3


def test_each_of_several_models_keeps_the_numbers_that_are_not_given(controller):
    first, second = [load(controller) for _ in range(2)]
    run(controller, "model.move", {"id": second, "x": 1, "y": 2, "z": 3})
    run(controller, "model.move", {"id": [first, second], "x": 50, "y": None, "z": None})
    assert [model.placement.move for model in controller.models] == [(50, 0, 0), (50, 2, 3)]


def test_what_one_of_several_models_refuses_the_others_do(controller):
    ids = [load(controller) for _ in range(3)]
    controller.models.by_id(ids[0]).material = "metal"
    with pytest.raises(BraynsWidgetError, match="has no opacity"):
        run(controller, "model.update", {"id": ids, "opacity": 0.5})
    assert [model.opacity for model in controller.models] == [None, 0.5, 0.5]
    assert controller.undo()
    assert [model.opacity for model in controller.models] == [None, 1, 1]


@pytest.mark.parametrize("ids", [[], [True], ["4"], [[4]], None])
def test_what_are_no_ids_of_models_is_refused(controller, ids):
    load(controller)
    with pytest.raises(ProtocolError, match="not the id of a model, or a list of ids"):
        run(controller, "model.remove", {"id": ids})
    assert len(controller.models) == 1
