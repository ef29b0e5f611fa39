"""Undo and redo: what calls and gestures have changed goes back, and comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from brayns_widget.controller import recording
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.looks import HIDDEN
from brayns_widget.controller.models import Model
from brayns_widget.protocol import colors
from brayns_widget.protocol.brayns.renderers import Interactive
from brayns_widget.protocol.errors import RequestError, SceneLost
from tests.controller.breaking import crash
from tests.controller.scenes import WAIT, load, on_loop
from tests.fakes import FakeCluster

AWAY = Camera((0, 0, 77), (1, 2, 3))
WIDE = Camera((0, 0, 990), type="orthographic", height=50)


@pytest.fixture
def model(cluster: FakeCluster, controller: Controller) -> Model:
    assert cluster.backend is not None
    cluster.backend.node_attributes = {"mtype": ["L23_PC", "L5_BC", "L5_BC", "L5_BC"], "layer": ["1", "2", "2", "3"]}
    return load(controller, color_by="mtype")


def facts(controller: Controller) -> dict[str, Any]:
    """Return all that can be undone."""
    state = controller.state
    looks = {}
    for model in state.models:
        look = controller.models._painter.looks.known(model.id)
        assert look is not None
        looks[model.id] = look.method, dict(look.values), [(color, ids.tolist()) for color, ids in look.over]
    return {
        "camera": state.camera,
        "selection": dict(state.selection),
        "background": state.background,
        "settings": controller.rendering.settings,
        "value colors": {kind: dict(given) for kind, given in state.value_colors.items() if given},
        "models": state.models,
        "sections": set(state.sections),
        "looks": looks,
    }


def _camera(controller: Controller) -> None:
    controller.camera = AWAY


def _color(controller: Controller) -> None:
    controller.models[0].color = "red"


def _show(controller: Controller) -> None:
    controller.models[0].visible = False


def _background(controller: Controller) -> None:
    controller.background = "white"


def _settings(controller: Controller) -> None:
    controller.rendering.settings = Interactive(max_ray_bounces=1)


STEPS: dict[str, Callable[[Controller], object]] = {
    "set the camera": _camera,
    "reset the camera": lambda controller: controller.reset_camera(),
    "look at cells": lambda controller: controller.models[0].frame(),
    "hide cells": _show,
    "name a model others": lambda controller: controller.models[0].update(name="others"),
    "change the thickness of cells": lambda controller: controller.models[0].update(thickness=2),
    "change the material of cells": lambda controller: controller.models[0].set_material("metal"),
    "move cells": lambda controller: controller.models[0].move(x=5),
    "turn cells": lambda controller: controller.models[0].turn(z=90),
    "scale cells": lambda controller: controller.models[0].scale(2),
    "reorder the models": lambda controller: controller.models.reorder([controller.models[-1].id]),
    "color cells": _color,
    "color cells by layer": lambda controller: controller.models[0].color_by("layer"),
    "color cells by values": lambda controller: controller.models[0].color_by({0: 1.0, 1: 2.0}),
    "color cells by mtype": lambda controller: controller.models[0].color_by("mtype", palette=["red", "blue"]),
    "change the colors of mtype": lambda controller: controller.colors.set("mtype", {"L23_PC": "gold", "new": "red"}),
    "change the background": _background,
    "change the rendering": _settings,
    "select cells": lambda controller: controller.selection.set([3]),
    "add to the selection": lambda controller: controller.selection.add([3]),
    "remove from the selection": lambda controller: controller.selection.remove([1]),
    "select nothing": lambda controller: controller.selection.clear(),
    "select L23_PC": lambda controller: controller.selection.set_by_value("mtype", "L23_PC"),
    "select rows": lambda controller: controller.table.select(first=3, last=3),
    "look at the selection": lambda controller: controller.selection.frame(),
    "hide the selection": lambda controller: controller.selection.hide(),
    "isolate the selection": lambda controller: controller.selection.isolate(),
    "color the selection": lambda controller: controller.selection.color("lime"),
}


@pytest.mark.parametrize("text", STEPS)
def test_what_was_done_is_undone_and_done_again(controller, model, text):
    load(controller).update(name="second")
    controller.selection.set([0, 1])
    gesture(controller, Camera((0, 0, 50)))
    before = facts(controller)
    STEPS[text](controller)
    after = facts(controller)
    assert after != before
    assert controller.history.next_undo == text
    assert controller.undo() is True
    assert facts(controller) == before
    assert controller.history.next_redo == text
    assert controller.redo() is True
    assert facts(controller) == after
    assert (controller.history.next_undo, controller.history.next_redo) == (text, "")


def test_steps_go_back_in_order_and_a_new_one_ends_what_was_undone(controller, model):
    states = [facts(controller)]
    for do in (_color, _background, _show):
        do(controller)
        states.append(facts(controller))
    for state in reversed(states[:-1]):
        assert controller.undo()
        assert facts(controller) == state
    assert not controller.undo()
    for state in states[1:-1]:
        assert controller.redo()
        assert facts(controller) == state
    controller.selection.set([1])
    assert controller.history.next_redo == ""
    assert not controller.redo()


def test_the_renderer_gets_what_was_undone(cluster, controller, model):
    controller.models[0].color = "red"
    controller.selection.set([1, 2])
    controller.selection.hide()
    cluster.renderer.requests.clear()
    controller.undo()
    assert [p["values"] for p in cluster.renderer.sent("color-model")] == [{"color": list(colors.parse("red"))}]
    cluster.renderer.requests.clear()
    controller.redo()
    assert cluster.renderer.sent("color-model")[-1]["values"] == {"1-2": list(HIDDEN)}
    revision = controller.state.revision
    controller.undo()
    assert controller.state.revision > revision


def test_what_nobody_here_has_done_is_no_step(cluster, controller, model):
    cluster.renderer._model(model.id)["is_visible"] = False
    controller.models.refresh()
    assert not controller.models[0].visible
    assert controller.history.next_undo == ""
    controller.background = "white"
    controller.undo()
    assert not controller.models[0].visible


def test_loads_are_no_steps_and_end_nothing(controller, model):
    controller.background = "white"
    controller.undo()
    load(controller)
    assert (controller.history.next_undo, controller.history.next_redo) == ("", "change the background")


def test_a_removed_model_has_no_history(controller, model):
    other = load(controller)
    other.color = "red"
    controller.background = "white"
    other.visible = False
    other.remove()
    assert controller.history.next_undo == "change the background"
    assert controller.undo()
    assert controller.history.next_undo == ""
    load(controller)  # its id may be that of the removed one
    assert controller.history.next_undo == ""


def test_a_call_that_others_are_made_of_is_one_step(controller, model):
    model.color_by("layer", palette=["red", "blue", "lime"])
    assert controller.history.next_undo == "color cells by layer"
    controller.undo()
    assert controller.history.next_undo == ""


def test_a_call_that_changes_nothing_is_no_step(controller, model):
    controller.background = controller.background
    controller.selection.set([])
    _ = model.cells
    assert controller.history.next_undo == ""


def test_two_calls_at_once_are_two_steps(controller, model):
    async def both() -> None:
        await asyncio.gather(model.update.aio(visible=False), controller.rendering.set_background.aio("white"))

    before = facts(controller)
    on_loop(controller, both)
    controller.undo()
    controller.undo()
    assert facts(controller) == before
    assert controller.history.next_undo == ""


def gesture(controller: Controller, *cameras: Camera, rests: bool = True) -> None:
    """Move the camera as the views do."""

    async def move() -> None:
        for camera in cameras:
            controller.recorder.turning()
            controller.camera._steer(camera)
        if rests:
            controller.recorder.turned()

    on_loop(controller, move)


def test_a_gesture_is_one_step(controller, model):
    before = controller.camera.value
    gesture(controller, Camera((0, 0, 50)), Camera((0, 0, 60)), AWAY)
    gesture(controller, Camera((0, 0, 70)), WIDE)
    assert controller.history.next_undo == "make the camera orthographic"
    controller.undo()
    assert controller.camera == AWAY
    controller.undo()
    assert controller.camera == before
    controller.redo()
    controller.redo()
    assert controller.camera == WIDE


def test_a_call_during_a_gesture_does_not_take_its_camera(controller, model):
    before = controller.camera.value

    async def move_and_call() -> None:
        with controller.recorder.noting(lambda: "change the background"):
            controller.recorder.turning()
            controller.camera._steer(Camera((0, 0, 50)))
            await controller.rendering.set_background.aio("white")

    on_loop(controller, move_and_call)
    gesture(controller, AWAY)
    assert controller.history.next_undo == "move the camera"
    controller.undo()
    assert controller.camera == before
    assert controller.history.next_undo == "change the background"
    controller.undo()
    controller.redo()
    assert controller.camera == before


def test_a_gesture_within_a_call_is_a_step_of_its_own(controller, model):
    before = controller.camera.value

    async def call_and_move() -> None:
        with controller.recorder.noting(lambda: "change the background"):
            await controller.rendering.set_background.aio("white")
            controller.recorder.turning()
            controller.camera._steer(AWAY)
            controller.recorder.turned()

    on_loop(controller, call_and_move)
    assert controller.history.next_undo == "change the background"
    controller.undo()
    assert controller.camera == AWAY
    assert controller.history.next_undo == "move the camera"
    controller.undo()
    assert controller.camera == before


def test_cameras_of_an_animation_are_one_step(controller, model, monkeypatch):
    before = controller.camera.value
    for z in range(50, 60):
        controller.camera.position = (0, 0, z)
    controller.undo()
    assert controller.camera == before
    assert controller.history.next_undo == ""
    monkeypatch.setattr(recording, "MERGE_PERIOD", -1.0)
    controller.camera.position = (0, 0, 50)
    controller.camera.position = (0, 0, 60)
    controller.undo()
    assert controller.camera.position == (0, 0, 50)


def refuse(_: Any) -> None:
    raise RequestError("no", code=-32602)


def test_a_step_that_cannot_be_undone_stays(cluster, controller, model):
    model.visible = False
    cluster.renderer.answers["update-model"] = refuse
    with pytest.raises(RequestError, match="no"):
        controller.undo()
    assert controller.history.next_undo == "hide cells"
    del cluster.renderer.answers["update-model"]
    controller.undo()
    assert controller.models[0].visible


def test_a_thickness_comes_back_as_it_was(controller, model):
    model.thickness = 0.7
    model.thicken(3)
    for _ in range(3):
        controller.undo()
        assert model.thickness == 0.7
        controller.redo()
    model.thicken(1e6)
    model.thicken(1e6)  # more than can be set at once
    thick = model.thickness
    model.thickness = 1
    controller.undo()
    assert model.thickness == thick


def test_steps_are_bounded(controller, monkeypatch):
    monkeypatch.setattr(recording, "MOST_STEPS", 3)
    for number in range(5):
        controller.background = f"#00000{number}"
    assert [controller.undo() for _ in range(4)] == [True, True, True, False]
    assert controller.background == "#000001"


def test_what_needs_no_job_can_be_undone_without_one(controller):
    controller.background = "white"
    controller.camera = AWAY
    controller.undo()
    controller.undo()
    assert (controller.background, controller.camera) == ("#0d1016", Camera())
    assert controller.status.state == "idle"


def test_steps_outlive_a_scene_that_comes_back(cluster, controller, model):
    model.color = "red"
    model.visible = False
    crash(cluster, controller)
    assert controller.history.next_undo == "hide cells"
    with pytest.raises(SceneLost):
        controller.undo()
    controller.restore().result(WAIT)
    assert not controller.models[0].visible
    controller.undo()
    assert controller.models[0].visible
    controller.undo()
    assert controller.models[0].colored_by == "mtype"
