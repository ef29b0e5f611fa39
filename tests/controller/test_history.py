"""Undo and redo: what calls and gestures have changed goes back, and comes again.

More than 600 lines, because all tests undo on one fake cluster, each another kind of change.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from brayns_widget.controller import recording
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.looks import HIDDEN
from brayns_widget.controller.models import Model
from brayns_widget.protocol import colors
from brayns_widget.protocol.brayns.renderers import Interactive
from brayns_widget.protocol.brayns.simulation import ColorRamp
from brayns_widget.protocol.errors import RequestCancelled, RequestError, SceneLost
from tests.controller.breaking import crash
from tests.controller.scenes import WAIT, load, on_loop
from tests.fakes import FakeCluster
from tests.listening import Listener

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


def test_a_model_that_others_have_removed_has_no_history(cluster, controller, model):
    other = load(controller)
    other.color = "red"
    controller.background = "white"
    other.visible = False
    cluster.renderer.models = [one for one in cluster.renderer.models if one["model_id"] != other.id]
    controller.models.refresh()
    assert controller.history.next_undo == "change the background"
    assert controller.undo()
    assert controller.history.next_undo == ""
    load(controller)  # its id may be that of the removed one
    assert controller.history.next_undo == ""


@pytest.mark.parametrize("ours", [False, True])
def test_what_others_remove_during_a_call_is_no_part_of_its_step(cluster, controller, model, ours):
    other, renderer = load(controller), cluster.renderer

    async def during() -> None:
        core = controller._core
        with controller.recorder.noting("hide cells"):
            await model.update.aio(visible=False)
            if ours:
                await other.remove.aio()
            else:
                renderer.models = [one for one in renderer.models if one["model_id"] != other.id]
                await core.scene.read(await core.renderer())

    on_loop(controller, during)
    assert len(controller.models) == 1
    assert controller.undo()
    assert model.visible
    assert len(controller.models) == (2 if ours else 1)


def test_what_a_request_of_the_users_own_has_removed_comes_back(controller, model):
    load(controller)
    controller.renderer.request("remove-model", {"ids": [model.id]})
    assert len(controller.models) == 1
    controller.undo()
    assert len(controller.models) == 2


def shown(controller: Controller) -> list[tuple[Any, ...]]:
    """Return what is seen of the models, but for their ids."""
    models = controller.state.models
    sections = {section.model: replace(section, model=None) for section in controller.state.sections}
    return [(replace(model, id=0), sections.get(model.id)) for model in models]


def test_a_removed_model_comes_back_in_its_place_with_all_that_was_done_to_it(cluster, controller, model):
    other = load(controller, density=0.5)
    load(controller).update(name="last")
    other.color_by("layer")
    other.thicken(2)
    other.move(x=7)
    controller.selection.set([1])
    controller.selection.hide()
    before = shown(controller)
    other.remove()
    without = shown(controller)
    assert controller.history.next_undo == f"remove {before[1][0].name}"
    for _ in range(2):
        assert controller.undo()
        assert shown(controller) == before
        assert other.thickness == 2  # it is the same object as before
        assert controller.redo()
        assert shown(controller) == without
    controller.undo()
    added = cluster.renderer.sent("add-model")
    assert added[-1] == added[1]
    undone = []
    while controller.undo():  # what was done to it before can be undone, too
        undone.append(controller.history.next_redo)
    assert undone[:2] == ["hide the selection", "select cells"]
    assert "color cells by layer" in undone
    assert other.thickness == 1


def test_what_is_done_to_a_model_that_came_back_is_undone_after_it_went_and_came_again(controller, model):
    model.remove()
    controller.undo()
    controller.models[0].color = "red"
    again = controller.models[0]
    again.remove()
    controller.undo()
    assert again.color == model.color == "#ff0000"
    controller.undo()
    assert again.colored_by == "mtype"
    assert not controller.undo()


def test_all_that_was_cleared_comes_back(controller, model):
    from brayns_widget.protocol.brayns.shapes import Plane

    load(controller).update(name="second")
    controller.clipping.add(Plane(coefficients=(1, 0, 0, 0)))
    before = shown(controller)
    controller.clear()
    assert controller.history.next_undo == "remove all models"
    controller.undo()
    assert shown(controller) == before
    assert len(controller.clipping) == 1


def test_a_way_back_that_is_given_up_can_be_gone_again(cluster, controller, model):
    model.remove()
    cluster.renderer.delays["add-model"] = 30
    activities = Listener(controller, lambda state: state.progress)
    outcome = concurrent.futures.ThreadPoolExecutor().submit(controller.undo)
    activity = activities.wait_for(lambda activity: activity is not None)
    assert activity is not None
    (task,) = controller.tasks.values()
    task.cancel()
    with pytest.raises(RequestCancelled):
        outcome.result(WAIT)
    assert list(controller.models) == []
    cluster.renderer.delays.clear()
    assert controller.undo()
    assert [one.name for one in controller.models] == ["cells"]


def test_what_cannot_come_back_is_told_and_stops_no_other_step(cluster, controller, model):
    controller.background = "white"
    model.remove()
    cluster.renderer.answers["add-model"] = refuse
    controller.undo()
    assert list(controller.models) == []
    assert controller.state.notice.text == "Not all that was removed has come back."
    assert controller.history.next_undo == "change the background"


def test_what_others_have_made_is_not_brought_back(cluster, controller, model):
    cluster.renderer.add("neurons")
    controller.models.refresh()
    controller.models[-1].remove()
    assert controller.history.next_undo == ""


def test_shapes_lights_and_clipping_go_and_come(controller, model):
    from brayns_widget.protocol.brayns.lights import AmbientLight
    from brayns_widget.protocol.brayns.shapes import Plane, Sphere

    ball = controller.shapes.add(Sphere(center=(0, 0, 0), radius=3))
    controller.lights.clear()
    light = controller.lights.add(AmbientLight(intensity=2))
    cut = controller.clipping.add(Plane(coefficients=(1, 0, 0, 0)))
    light.remove()
    texts = []
    counts = [(1, 0, 1), (1, 1, 1), (1, 1, 0), (1, 0, 0), (1, 3, 0), (0, 3, 0)]

    def count() -> tuple[int, int, int]:
        return len(controller.models) - 1, len(controller.lights), len(controller.clipping)

    for number, expected in enumerate(counts):
        assert count() == expected, number
        texts.append(controller.history.next_undo)
        controller.undo()
    assert texts == ["remove the light", "cut", "add a light", "remove all lights", "add shapes", ""]
    for expected in reversed(counts[:-1]):
        controller.redo()
        assert count() == expected
    controller.undo()
    assert [one.id for one in controller.lights] == [light.id]
    assert ball.name
    assert cut in controller.clipping


def test_the_lights_that_a_job_begins_with_are_nobodys_change(controller):
    from brayns_widget.protocol.brayns.shapes import Plane

    controller.clipping.add(Plane(coefficients=(1, 0, 0, 0)))  # starts the job
    assert controller.history.next_undo == ""
    assert len(controller.lights) == 3


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
        with controller.recorder.noting("change the background"):
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
        with controller.recorder.noting("change the background"):
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


def give_up(_: Any) -> None:
    raise RequestCancelled("stopped", code=20)


def refuse(_: Any) -> None:
    raise RequestError("no", code=-32602)


def test_a_step_that_cannot_be_undone_is_left_out_with_a_notice(cluster, controller, model):
    controller.background = "white"
    model.visible = False
    cluster.renderer.answers["update-model"] = refuse
    assert controller.undo()
    notice = controller.state.notice
    assert (notice.level, notice.text) == ("warning", "“hide cells” cannot be undone, so it is left out.")
    assert "no" in notice.hint
    assert (controller.history.next_undo, controller.history.next_redo) == ("change the background", "")
    assert controller.undo()
    assert controller.background == "#0d1016"


def test_a_step_that_a_busy_renderer_has_not_undone_stays(cluster, controller, model):
    model.visible = False
    cluster.renderer.answers["update-model"] = give_up
    with pytest.raises(RequestCancelled):
        controller.undo()
    assert controller.history.next_undo == "hide cells"
    del cluster.renderer.answers["update-model"]
    controller.undo()
    assert controller.models[0].visible


RAMP = ColorRamp(range=(2, 3), colors=[(1, 0, 0, 1), (0, 0, 1, 0.5)])


def test_ramps_go_back_and_come_again(cluster, controller, model):
    cluster.renderer.ramps[model.id] = {"range": [0.0, 1.0], "colors": [[0.0, 1.0, 0.0, 1.0]]}
    before = model.ramp
    model.ramp = RAMP
    assert controller.history.next_undo == "change the color ramp of cells"
    model.set_ramp(ColorRamp(range=(5, 6)))
    assert controller.undo()
    assert model.ramp == RAMP
    assert controller.undo()
    assert model.ramp == before
    controller.redo()
    controller.redo()
    assert model.ramp == ColorRamp(range=(5, 6), colors=RAMP.colors)


def test_the_ramp_of_a_model_that_comes_back_can_be_undone(cluster, controller, model):
    before = model.ramp
    model.ramp = RAMP
    model.remove()
    controller.undo()
    assert model.ramp == RAMP
    controller.undo()
    assert model.ramp == before


def test_a_ramp_that_others_have_set_meanwhile_comes_back(controller, model):
    model.ramp = RAMP
    others = {"range": [7.0, 8.0], "colors": []}
    controller.renderer.request("set-color-ramp", {"id": model.id, "color_ramp": others})
    model.ramp = RAMP
    controller.undo()
    assert tuple(model.ramp.range) == (7, 8)


def test_frames_of_an_animation_are_one_step(cluster, controller, model, monkeypatch):
    cluster.renderer.simulation["current"] = 3
    for frame in range(4, 9):
        controller.simulation.frame = frame
    assert controller.history.next_undo == "show a frame"
    monkeypatch.setattr(recording, "MERGE_PERIOD", -1.0)
    controller.simulation.frame = 20
    controller.undo()
    assert controller.simulation.frame == 8
    controller.undo()
    assert controller.simulation.frame == 3
    assert controller.history.next_undo == ""
    controller.redo()
    assert controller.simulation.frame == 8


def test_the_frame_of_another_scene_is_not_gone_back_to(cluster, controller, model):
    controller.simulation.frame = 4
    controller.job.stop()
    cluster.renderer.simulation["current"] = 0
    load(controller)
    controller.simulation.frame = 5
    controller.undo()
    assert controller.simulation.frame == 0


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


def test_a_name_that_is_longer_than_any_that_is_given_comes_back(cluster, controller, model):
    cluster.renderer.metadata = {"population_name": "x" * 250}
    other = load(controller)
    controller.background = "white"
    other.name = "short"
    controller.undo()
    assert other.name == "x" * 250
    assert controller.history.next_undo == "change the background"


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
