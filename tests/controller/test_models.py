from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from brayns_widget.controller.models import Model
from brayns_widget.protocol.brayns.materials import MATERIALS, Ghost, Material, Matte, Metal
from brayns_widget.protocol.brayns.models import Transform
from brayns_widget.protocol.brayns.simulation import ColorRamp
from brayns_widget.protocol.errors import CircuitError, RequestError, SceneLost
from tests.controller.scenes import WAIT, elsewhere, load, on_loop
from tests.listening import Listener

# ---------------------------------------------------------------------- finding models


def test_models_are_found_by_place_name_and_id(controller):
    first = load(controller)
    controller.renderer.request("add-spheres", [])
    second = controller.models[1]
    assert len(controller.models) == 2
    assert list(controller.models) == [first, second]
    assert controller.models[0] == controller.models[-2] == first
    assert controller.models[:1] == [first]
    assert controller.models[5:] == []
    assert controller.models["cells"] == first
    assert controller.models["geometry"] == second
    assert controller.models.by_id(first.id) == first
    assert controller.models.index(second) == 1
    assert first in controller.models
    assert "cells" not in controller.models
    assert len({first, controller.models[0], second}) == 2


def test_what_is_not_there_is_told_with_what_is(controller):
    with pytest.raises(KeyError, match="there is no model 'x'; there are: none"):
        controller.models["x"]
    load(controller)
    with pytest.raises(KeyError, match="there is no model 'x'; there are: cells"):
        controller.models["x"]
    with pytest.raises(IndexError, match="there is no model 1: there are 1"):
        controller.models[1]
    with pytest.raises(CircuitError, match=r"no model 99\. There are: 3 \(cells\)"):
        controller.models.by_id(99)


def test_equal_names_are_told_with_their_places(controller):
    load(controller), load(controller)
    with pytest.raises(KeyError, match=r"several models have the name 'cells': models\[0\], models\[1\]"):
        controller.models["cells"]


def test_models_say_what_they_are(controller):
    model = load(controller)
    assert repr(controller.models) == f"[<Model {model.id} 'cells': neurons, 4 cells>]"
    model.visible = False
    assert repr(model) == f"<Model {model.id} 'cells': neurons, 4 cells, hidden>"
    model.remove()
    assert repr(model) == f"<Model {model.id}: removed>"
    controller.renderer.request("add-spheres", [])
    assert repr(controller.models[0]).endswith("'geometry': geometry>")


def test_a_model_reads_as_it_is_at_the_moment(controller):
    model = load(controller)
    assert (model.name, model.type, model.path, model.population) == (
        "cells",
        "neurons",
        "/data/circuit.json",
        "cells",
    )
    assert model.bounds == ((-100.0, -200.0, -300.0), (100.0, 200.0, 300.0))
    assert model.color_methods == ("solid", "mtype", "morphology section", "id")
    assert model.state is controller.state.models[0]
    assert model != controller.models and model != model.id  # noqa: PT018 - of other kinds


# ---------------------------------------------------------------------- changing them


def test_models_are_shown_and_hidden_by_assignment(cluster, controller):
    model = load(controller)
    model.visible = False
    assert (model.visible, controller.models[0].visible) == (False, False)
    model.update(visible=True)
    assert (model.visible, controller.models[0].visible) == (True, True)
    assert cluster.renderer.sent("update-model") == [
        {"model_id": model.id, "model": {"is_visible": visible}} for visible in (False, True)
    ]
    with pytest.raises(ValueError, match="visible is 1"):
        model.visible = 1  # type: ignore[assignment]


@pytest.mark.parametrize("color", ["red", "#f00", (1, 0, 0), (255, 0, 0)])
def test_a_color_is_assigned_in_any_form(cluster, controller, color):
    model = load(controller)
    model.color = color
    assert (model.color, model.colored_by) == ("#ff0000", "solid")
    assert cluster.renderer.sent("color-model")[-1] == {
        "id": model.id,
        "method": "solid",
        "values": {"color": [1, 0, 0, 1]},
    }


def test_what_is_no_color_changes_nothing(controller):
    model = load(controller)
    before = model.color
    with pytest.raises(ValueError, match="is not a color"):
        model.color = "no color"
    assert model.color == before


def test_models_are_removed(cluster, controller):
    first, second = load(controller), load(controller)
    first.remove()
    assert list(controller.models) == [second]
    controller.clear()
    assert list(controller.models) == []
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3
    removals = cluster.renderer.sent("remove-model")
    controller.clear()  # nothing to do
    assert cluster.renderer.sent("remove-model") == removals == [{"ids": [first.id]}, {"ids": [second.id]}]


def test_clear_removes_what_raw_requests_and_other_clients_have_added(cluster, controller):
    load(controller)
    controller.renderer.request("add-spheres", [])
    cluster.renderer.add("mesh")
    controller.models.clear()
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3
    assert len(controller.lights) == 3


def test_the_scene_can_be_read_again_at_once(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.add("mesh")
    controller.models.refresh()
    assert [model.type for model in controller.models] == ["mesh"]


CALLS: dict[str, Callable[[Model], Any]] = {
    "update": lambda model: model.update(visible=True),
    "color_by": lambda model: model.color_by("mtype"),
    "color": lambda model: setattr(model, "color", "red"),
    "values": lambda model: model.color_by([1, 2, 3, 4]),
    "remove": Model.remove,
    "frame": lambda model: model.frame(),
    "ids": lambda model: model.ids(),
    "cells": lambda model: model.cells,
    "material": lambda model: model.material,
    "set_material": lambda model: model.set_material(Ghost()),
    "ramp": lambda model: model.ramp,
    "set_ramp": lambda model: model.set_ramp(ColorRamp()),
    "place": lambda model: model.place(Transform()),
    "thicken": lambda model: model.thicken(2),
    "opacity": lambda model: setattr(model, "opacity", 0.5),
    "rename": lambda model: setattr(model, "name", "x"),
    "move": lambda model: model.move(1),
    "turn": lambda model: model.turn(1),
    "scale": lambda model: model.scale(2),
    "put_back": Model.put_back,
    "name": lambda model: model.name,
    "visible": lambda model: model.visible,
}


@pytest.mark.parametrize("call", CALLS)
def test_a_removed_model_raises_and_touches_nothing(cluster, controller, call):
    removed, kept = load(controller), load(controller)
    removed.remove()
    before = cluster.renderer.methods()
    with pytest.raises(CircuitError, match=rf"no model {removed.id}\. There are: {kept.id} \(cells\)"):
        CALLS[call](removed)
    assert cluster.renderer.methods() == before


@pytest.mark.parametrize("call", CALLS)
def test_a_removed_model_is_not_the_one_that_has_its_id_now(cluster, controller, call):
    removed = load(controller)
    removed.remove()
    cluster.renderer._ids = removed.id  # renderers use ids again
    model = load(controller)
    assert model.id == removed.id
    assert model != removed
    assert repr(removed) == f"<Model {removed.id}: removed>"
    before = cluster.renderer.methods()
    with pytest.raises(CircuitError, match=rf"Model {removed.id} was removed; 'cells' has its id now\."):
        CALLS[call](removed)
    assert cluster.renderer.methods() == before


@pytest.mark.parametrize("call", CALLS)
def test_a_model_of_a_job_that_has_ended_starts_no_other(cluster, controller, call):
    model = load(controller)
    models = Listener(controller, lambda state: state.models)
    cluster.kill_renderer()
    models.wait_for(lambda models: not models)
    with pytest.raises(SceneLost, match=r"restore\(\) brings it back"):
        CALLS[call](model)
    assert repr(model) == f"<Model {model.id}: removed>"
    assert cluster.paths().count("POST /start") == 1


@pytest.mark.parametrize("where", [elsewhere, on_loop])
def test_all_of_it_can_be_awaited(controller, where):
    async def main() -> None:
        (model,) = await controller.load_circuit("c.json")
        await model.update.aio(visible=False)
        assert not model.visible
        await model.color_by.aio("mtype")
        assert model.colored_by == "mtype"
        assert await model.ids.aio() == [0, 1, 2, 3]
        await model.remove.aio()
        await controller.models.clear.aio()
        assert len(controller.models) == 0

    if where is elsewhere:
        elsewhere(main)
    else:
        on_loop(controller, main)


def test_no_change_of_the_scene_goes_unnoticed(controller):
    model = load(controller)
    changes: list[Callable[[], object]] = [
        lambda: model.update(visible=False),
        lambda: model.color_by("mtype"),
        lambda: setattr(model, "material", Ghost()),
        lambda: setattr(model, "ramp", ColorRamp(range=(0, 2))),
        lambda: model.place(Transform(scale=(2, 2, 2))),
        lambda: model.thicken(2),
        lambda: model.update(thickness=3),
        lambda: model.move(1, 2, 3),
        model.put_back,
        lambda: setattr(controller.rendering, "background", "white"),
        lambda: controller.simulation.show(0),
        model.remove,
        controller.lights.clear,
        controller.clipping.clear,
    ]
    for change in changes:
        before = controller.state.revision
        change()
        assert controller.state.revision > before


def test_what_cannot_be_done_changes_nothing(cluster, controller):
    model = load(controller)
    before = controller.state
    cluster.renderer.errors["update-model"] = (-32603, "no")
    with pytest.raises(RequestError):
        model.visible = False
    assert replace(controller.state, progress=None) == replace(before, progress=None)


# ---------------------------------------------------------------------- their looks and places


def test_a_material_is_assigned_and_read(cluster, controller):
    model = load(controller)
    assert model.material == Matte(opacity=1.0)
    model.material = Metal(roughness=0.5)
    assert cluster.renderer.sent("set-material-metal") == [{"model_id": model.id, "material": {"roughness": 0.5}}]
    assert model.material == Metal(roughness=0.5)
    model.material = Ghost()
    assert isinstance(model.material, Ghost)


@pytest.mark.parametrize("name", MATERIALS)
def test_every_material_goes_by_its_own_name(cluster, controller, name):
    model = load(controller)
    model.set_material(MATERIALS[name]())
    assert cluster.renderer.sent(f"set-material-{name}") == [{"model_id": model.id, "material": {}}]


@pytest.mark.parametrize("material", [Material(), {}, Transform()])
def test_what_is_no_material_is_refused(controller, material):
    model = load(controller)
    with pytest.raises(TypeError, match=r"is not a material; use one of|should be an instance of Material"):
        model.material = material


def test_a_ramp_is_assigned_and_read(cluster, controller):
    model = load(controller)
    assert list(model.ramp.range) == [0.0, 1.0]
    model.ramp = ColorRamp(range=(-80, -40))
    assert cluster.renderer.sent("set-color-ramp") == [{"id": model.id, "color_ramp": {"range": [-80.0, -40.0]}}]
    assert list(model.ramp.range) == [-80.0, -40.0]
    with pytest.raises(TypeError, match="ramp is 3: it should be an instance of ColorRamp"):
        model.ramp = 3  # type: ignore[assignment]


def test_a_model_is_placed_and_thickened(cluster, controller):
    model = load(controller)
    model.place(Transform(translation=(1, 2, 3)))
    (sent,) = cluster.renderer.sent("update-model")
    assert sent == {"model_id": model.id, "model": {"transform": {"translation": [1.0, 2.0, 3.0]}}}
    model.thicken(2)
    assert cluster.renderer.sent("set-circuit-thickness") == [{"model_id": model.id, "radius_multiplier": 2.0}]


def test_a_model_is_framed(cluster, controller):
    load(controller)
    cluster.renderer.add("mesh", bounds={"min": [1000.0, 0.0, 0.0], "max": [1002.0, 2.0, 2.0]})
    cluster.renderer.add("mesh", bounds={"min": [1.0] * 3, "max": [-1.0] * 3})
    controller.models.refresh()
    controller.models[1].frame()
    assert controller.camera.target == (1001.0, 1.0, 1.0)
    with pytest.raises(CircuitError, match="is empty"):
        controller.models[2].frame()


# ---------------------------------------------------------------------- their cells


def test_ids_are_in_the_order_of_loading(cluster, controller):
    cluster.renderer.answers["get-circuit-ids"] = lambda _: [3, 1, 2]
    assert load(controller).ids() == [3, 1, 2]


def test_other_models_have_no_cells(cluster, controller):
    controller.renderer.request("add-spheres", [])
    with pytest.raises(CircuitError, match="'geometry' is not a circuit, so its cells have no node ids"):
        controller.models[0].ids()


def test_cells_are_a_table_of_node_attributes(cluster, controller):
    cluster.backend.node_attributes = {"depth": [0.5, 1.5, 2.5, 3.5], "kind": ["a", "b", "a", "b"]}
    cluster.renderer.answers["get-circuit-ids"] = lambda _: [2, 1]
    model = load(controller)
    assert model.cells.to_dict("index") == {2: {"depth": 2.5, "kind": "a"}, 1: {"depth": 1.5, "kind": "b"}}
    assert model.read_cells(["kind"]).columns.tolist() == ["kind"]
    assert elsewhere(lambda: model.read_cells.aio(("depth",)))["depth"].tolist() == [2.5, 1.5]


def test_what_is_cleared_after_a_load_has_begun_is_cleared_when_it_is_done(controller):
    controller.start().result(WAIT)
    loading = controller.load_circuit("/data/circuit.json")
    controller.clear()
    assert loading.done
    assert list(controller.models) == []
