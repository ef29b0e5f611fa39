"""Scenes that are lost with their renderers: what calls say, and what brings the scene back."""

from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.connection import connection as connection_module
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.group import NOT_BACK
from brayns_widget.controller.state import Notice
from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.shapes import Plane, Sphere
from brayns_widget.protocol.errors import ConnectionLost, SceneLost
from tests.controller.breaking import crash
from tests.controller.scenes import WAIT, load, until
from tests.controller.test_restoring import build, scene, sleep
from tests.fakes import JOB_ID

STOP = f"POST /stop/{JOB_ID}"

pytestmark = pytest.mark.usefixtures("short_pauses", "proxy")


CALLS = {
    "snapshot": lambda controller: controller.snapshot().result(WAIT),
    "gbuffers": lambda controller: controller.pictures.gbuffers().result(WAIT),
    "inspect": lambda controller: controller.pictures.inspect(0.5, 0.5),
    "clear": lambda controller: controller.clear(),
    "refresh": lambda controller: controller.models.refresh(),
    "request": lambda controller: controller.renderer.request("get-scene"),
    "lights": lambda controller: controller.lights.add(AmbientLight()),
    "clipping": lambda controller: controller.clipping.add(Plane(coefficients=(1, 0, 0, 0))),
    "simulation": lambda controller: controller.simulation.show(3),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_needs_a_lost_scene_says_so_and_starts_nothing(cluster, controller, call):
    load(controller)
    crash(cluster, controller)
    with pytest.raises(SceneLost, match=r"What was loaded has gone .*restore\(\) brings it back"):
        CALLS[call](controller)
    assert cluster.paths().count("POST /start") == 1
    controller.restore().result(WAIT)
    CALLS[call](controller)


def test_a_call_that_waits_for_a_job_that_turns_out_to_be_over_says_so(cluster, proxy, controller):
    load(controller)
    proxy.refuse(True)
    proxy.reset()
    until(lambda: "attempt" in controller.status.text)
    task = controller.snapshot()
    cluster.over, cluster.reason = True, "the renderer crashed"
    with pytest.raises(SceneLost):
        task.result(WAIT)
    assert cluster.paths().count("POST /start") == 1


def test_a_load_while_a_job_is_asked_for_that_is_over_says_what_to_do(cluster, proxy, controller):
    load(controller)
    proxy.refuse(True)
    proxy.reset()
    until(lambda: "attempt" in controller.status.text)
    task = controller.load_circuit("/data/circuit.json")
    cluster.over, cluster.reason = True, "the renderer crashed"
    with pytest.raises(ConnectionLost, match="The job has ended: the renderer crashed") as caught:
        task.result(WAIT)
    assert "The next call starts another job" in caught.value.hint
    assert 'controller.restore(), or "Start again" in the view' in caught.value.hint
    assert controller.state.notice == Notice.of(caught.value), "it is not told in the view"
    cluster.over, cluster.reason = False, ""
    cluster.renderer.models.clear()
    proxy.refuse(False)
    controller.restore().result(WAIT)
    assert len(controller.models) == 1
    assert len(cluster.renderer.sent("add-model")) == 2


def test_parts_of_a_lost_scene_say_so(cluster, controller):
    load(controller)
    light = controller.lights[0]
    crash(cluster, controller)
    with pytest.raises(SceneLost):
        light.remove()


def test_an_empty_scene_needs_no_word_of_a_person(cluster, controller):
    controller.start().result(WAIT)
    crash(cluster, controller)
    controller.snapshot().result(WAIT)
    assert cluster.paths().count("POST /start") == 2
    assert controller.state.notice is None


def test_a_job_that_files_have_started_has_no_scene_until_it_is_brought_back(cluster, controller):
    build(controller)
    before = scene(cluster)
    crash(cluster, controller)
    controller.files.list("/data")
    assert controller.status.state == "ready"
    assert controller.state.notice == NOT_BACK
    with pytest.raises(SceneLost):
        controller.snapshot().result(WAIT)
    controller.restore().result(WAIT)
    assert scene(cluster) == before, "with its own lights, and no others"
    assert controller.state.notice is None
    controller.snapshot().result(WAIT)


def test_a_lost_scene_is_not_forgotten_when_a_job_without_it_sleeps(cluster, controller):
    load(controller)
    before = scene(cluster)
    crash(cluster, controller)
    controller.files.list("/data")
    sleep(controller)
    with pytest.raises(SceneLost):
        controller.snapshot().result(WAIT)
    controller.files.list("/data")
    assert len(controller.models) == 0
    controller.restore().result(WAIT)
    assert scene(cluster) == before
    controller.snapshot().result(WAIT)


def test_a_lost_scene_is_not_forgotten_when_a_job_without_it_is_over_too(cluster, proxy, controller):
    load(controller)
    before = scene(cluster)
    crash(cluster, controller)
    controller.files.list("/data")
    proxy.refuse(True)
    proxy.reset()
    until(lambda: "attempt" in controller.status.text)
    waiters = controller._core.connection._waiters
    task = controller.restore()
    until(lambda: waiters)
    controller.listen(lambda state: state.status.state, lambda state: state == "failed" and proxy.refuse(False))
    cluster.over, cluster.reason = True, "the renderer crashed"
    task.result(WAIT)
    assert not controller.state.scene_lost
    assert scene(cluster) == before


def test_a_scene_that_is_half_back_when_its_job_ends_is_not_taken_for_all_of_it(cluster, proxy, controller):
    load(controller)
    load(controller)
    before = scene(cluster)
    cluster.renderer.models.clear()
    answer, loads = cluster.renderer.answer, 0

    def end_at_the_second(method: str, params: Any) -> Any:
        nonlocal loads
        if method == "add-model":
            loads += 1
            if loads == 2:
                cluster.over, cluster.reason = True, "the renderer crashed"
                proxy.reset()
        return answer(method, params)

    cluster.renderer.answer = end_at_the_second
    proxy.reset()
    until(lambda: controller.status.state == "failed")
    cluster.renderer.answer = answer
    controller.restore().result(WAIT)
    assert scene(cluster) == before


def test_a_lost_scene_that_is_brought_back_twice_at_once_comes_once(cluster, controller):
    load(controller)
    before = scene(cluster)
    crash(cluster, controller)
    controller.files.list("/data")
    cluster.renderer.delays["add-model"] = 0.1
    for task in [controller.restore() for _ in range(2)]:
        task.result(WAIT)
    assert scene(cluster) == before
    assert len(controller.models) == 1


def test_an_attached_job_that_is_over_is_replaced_by_one_of_ours(cluster):
    cluster.dialect = "2024"
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        load(controller)
        before = scene(cluster)
        cluster.kill_renderer()
        until(lambda: controller.status.state == "ended")
        notice = controller.state.notice
        assert notice is not None
        assert "job.restore() starts a new job" in notice.hint
        controller.restore().result(WAIT)
        assert scene(cluster) == before
        assert not controller.state.job.attached
    assert cluster.paths().count("POST /start") == 1
    assert STOP in cluster.paths()


@pytest.mark.parametrize("key", [0, "cells"])
def test_models_of_a_lost_scene_are_not_said_never_to_have_been_loaded(cluster, controller, key):
    load(controller)
    assert controller.models[key].name == "cells"
    crash(cluster, controller)
    with pytest.raises(SceneLost):
        controller.models[key]
    assert controller.models[:] == []


def test_a_bare_renderer_that_cannot_be_reached_is_not_said_to_be_replaced(cluster, proxy, monkeypatch):
    monkeypatch.setattr(connection_module, "REACHED_WITHIN", 0.0)
    cluster.token = ""
    with Controller(renderer=f"{proxy.url}/renderer") as controller:
        load(controller, population="cells")
        proxy.refuse(True)
        proxy.reset()
        until(lambda: controller.status.state == "failed")
        with pytest.raises(ConnectionLost, match=r"^The renderer cannot be reached: ") as caught:
            controller.restore().result(WAIT)
        assert caught.value.hint.endswith("The next call tries again; job.connect() uses another one.")
        proxy.refuse(False)
        controller.snapshot().result(WAIT)


@pytest.mark.parametrize("begin", ["load", "shape"])
def test_a_load_after_a_loss_begins_another_scene(cluster, controller, begin):
    load(controller)
    crash(cluster, controller)
    if begin == "load":
        load(controller)
    else:
        controller.shapes.add(Sphere(center=(0, 0, 0), radius=1))
    assert controller.state.notice == NOT_BACK
    controller.snapshot().result(WAIT)
    assert len(controller.models) == 1
    controller.restore().result(WAIT)
    assert len(controller.models) == 2


def test_a_restore_without_a_loss_brings_no_later_scene_back_unasked(cluster, controller):
    controller.start().result(WAIT)
    controller.restore().result(WAIT)
    load(controller)
    crash(cluster, controller)
    assert controller.state.scene_lost
    with pytest.raises(SceneLost):
        controller.snapshot().result(WAIT)


def test_a_load_that_fails_after_a_loss_begins_nothing(cluster, controller):
    load(controller)
    crash(cluster, controller)
    cluster.renderer.errors["add-model"] = (-32603, "no such file")
    with pytest.raises(Exception, match="no such file"):
        load(controller)
    with pytest.raises(SceneLost):
        controller.snapshot().result(WAIT)


def test_a_way_back_that_fails_leaves_the_scene_lost(cluster, controller):
    load(controller)
    before = scene(cluster)
    crash(cluster, controller)
    cluster.renderer.cut.add("add-model")
    with pytest.raises(ConnectionLost):
        controller.restore().result(WAIT)
    with pytest.raises(SceneLost):
        controller.snapshot().result(WAIT)
    cluster.renderer.cut.clear()
    controller.restore().result(WAIT)
    assert scene(cluster) == before


def test_values_keep_their_colors_in_a_scene_that_comes_back(cluster, controller):
    load(controller, color_by="mtype")
    controller.colors.set("mtype", {"L5_BC": "gold"})
    before = controller.colors.of("mtype")
    crash(cluster, controller)
    controller.restore().result(WAIT)
    assert controller.colors.of("mtype") == before
    assert cluster.renderer.sent("color-model")[-1]["values"]["L5_BC"] == pytest.approx([1, 0.68, 0, 1], abs=0.01)
    controller.colors.set("mtype", {"L5_BC": "red"})
    assert cluster.renderer.sent("color-model")[-1]["values"]["L5_BC"] == [1, 0, 0, 1]
    load(controller, color_by="mtype")
    first, second = controller.state.sections
    assert first.entries == second.entries
