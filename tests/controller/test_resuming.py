"""Scenes whose links break and whose renderers go, through a TCP proxy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from brayns_widget.connection import connection as connection_module
from brayns_widget.connection import job as job_module
from brayns_widget.connection import recovery, server
from brayns_widget.connection.busy import BUSY
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.group import NO_BACKEND, NOT_BACK
from brayns_widget.controller.resuming import MOST_WAYS_BACK
from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.loaders import ADD_MODEL
from brayns_widget.protocol.brayns.shapes import Plane, Sphere
from brayns_widget.protocol.errors import AuthError, ConnectionLost, RequestCancelled, SceneLost
from tests.controller.breaking import break_link, crash
from tests.controller.scenes import WAIT, load, on_loop, until
from tests.controller.test_restoring import build, changes, scene
from tests.fakes import JOB_ID
from tests.listening import Listener

STOP = f"POST /stop/{JOB_ID}"

pytestmark = pytest.mark.usefixtures("short_pauses", "proxy")


# ---------------------------------------------------------------------- the same job


def test_the_scene_survives_a_broken_link_and_nothing_is_repeated(cluster, proxy, controller):
    things = build(controller)
    before, state = scene(cluster), controller.state
    seen = len(cluster.renderer.requests)
    for _ in range(3):
        break_link(controller, proxy)
    assert scene(cluster) == before
    after = controller.state
    assert (after.models, after.lights, after.clips) == (state.models, state.lights, state.clips)
    assert (after.sections, after.camera) == (state.sections, state.camera)
    until(lambda: controller.state.notice is None)  # about the backend, if that is not back at once
    assert {method for method, _ in changes(cluster, seen)} <= {"set-renderer-interactive", "set-radius-floor"}
    things["first"].color = "blue"
    assert cluster.renderer.sent("color-model")[-1]["id"] == things["first"].id
    assert cluster.paths().count("POST /start") == 1
    assert STOP not in cluster.paths()


def test_a_renderer_that_is_busy_when_it_is_reached_again_is_told(cluster, proxy, controller, monkeypatch):
    load(controller)
    monkeypatch.setattr(server, "MOMENT", 0.05)
    cluster.renderer.delays["get-scene"] = 0.5
    texts = Listener(controller, lambda state: state.status.text)
    break_link(controller, proxy)
    assert BUSY in texts.heard
    assert texts.heard[-1] == "Ready."


def test_what_is_set_while_the_job_is_out_of_reach_is_applied_afterwards(cluster, proxy, controller):
    load(controller)
    proxy.refuse(True)
    proxy.reset()
    until(lambda: controller.status.state == "stale")
    controller.background = "white"
    controller.camera.fovy = 33
    assert len(controller.models) == 1, "it is still told of"
    proxy.refuse(False)
    until(lambda: controller.ready is not None)
    assert cluster.renderer.sent("set-renderer-interactive")[-1]["background_color"] == [1, 1, 1, 1]
    controller.pictures.inspect(0.5, 0.5)
    assert cluster.renderer.sent("set-camera-perspective")[-1]["fovy"] == 33


def test_a_call_that_is_made_meanwhile_waits_for_the_link(cluster, proxy, controller):
    model = load(controller)
    proxy.refuse(True)
    proxy.reset()
    until(lambda: "attempt" in controller.status.text)
    task = controller.snapshot()
    proxy.refuse(False)
    assert task.result(WAIT).format == "png"
    assert controller.models[0] == model


def test_a_scene_without_lights_stays_dark(cluster, proxy, controller):
    load(controller)
    controller.lights.clear()
    break_link(controller, proxy)
    load(controller)
    assert not [model for model in cluster.renderer.models if model["model_type"] == "light"]


def test_what_others_have_changed_meanwhile_is_followed(cluster, proxy, controller):
    gone, kept = load(controller), load(controller)
    cluster.renderer.models[:] = [m for m in cluster.renderer.models if m["model_id"] != gone.id]
    cluster.renderer.add("geometry")
    loads = len(cluster.renderer.sent("add-model"))
    break_link(controller, proxy)
    assert [model.type for model in controller.models] == ["neurons", "geometry"]
    assert controller.models[0] == kept
    assert len(cluster.renderer.sent("add-model")) == loads


def test_what_a_load_makes_whose_link_broke_is_removed(cluster, proxy, controller):
    keep = load(controller)
    others = cluster.renderer.add("geometry")["model_id"]
    activities = Listener(controller, lambda state: state.progress)
    cluster.renderer.delays["add-model"] = 0.3  # it is done all the same, as by real renderers
    task = controller.load_circuit("/data/circuit.json")
    activities.wait_for(lambda activity: activity is not None and activity.operation == "Building")
    break_link(controller, proxy, late=lambda: cluster.renderer._load(cluster.renderer.sent("add-model")[-1]))
    with pytest.raises(ConnectionLost):
        task.result(WAIT)
    until(lambda: len(cluster.renderer.sent("remove-model")) == 1)
    assert [model["model_id"] for model in cluster.renderer.models if model["model_type"] != "light"] == [
        keep.id,
        others,
    ]


def test_what_is_left_of_a_load_whose_link_broke_while_it_was_colored_is_removed(cluster, proxy, controller):
    keep = load(controller)
    cluster.renderer.cut.add("color-model")
    with pytest.raises(ConnectionLost):
        load(controller)
    cluster.renderer.cut.clear()
    until(lambda: controller.ready is not None)
    assert list(controller.models) == [keep]
    assert [m["model_id"] for m in cluster.renderer.models if m["model_type"] == "neurons"] == [keep.id]


@pytest.mark.parametrize("silent", ["renderer", "packets"])
def test_what_a_cancelled_load_makes_without_an_answer_is_removed_when_the_link_is_back(
    cluster, proxy, controller, silent
):
    keep = load(controller)
    cluster.renderer.silent |= {"add-model", "cancel"}
    task = controller.load_circuit("/data/circuit.json")
    until(lambda: len(cluster.renderer.sent("add-model")) == 2)
    proxy.be_silent(silent == "packets")
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)

    def finish_load() -> None:
        proxy.be_silent(False)
        cluster.renderer.silent.clear()
        cluster.renderer._load(cluster.renderer.sent("add-model")[-1])

    break_link(controller, proxy, late=finish_load)
    assert list(controller.models) == [keep]
    assert [m["model_id"] for m in cluster.renderer.models if m["model_type"] == "neurons"] == [keep.id]


def cancel_while_colored_in_silence(cluster, controller):
    """Cancel a load whose model is there already, and whose removal is not answered."""
    cluster.renderer.silent |= {"color-model", "remove-model"}
    colored = len(cluster.renderer.sent("color-model"))
    task = controller.load_circuit("/data/circuit.json", color_by="mtype")
    until(lambda: len(cluster.renderer.sent("color-model")) > colored)
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert len(cluster.renderer.sent("remove-model")) == 1
    cluster.renderer.silent.clear()


def test_what_a_load_has_made_that_was_cancelled_while_colored_in_silence_is_removed(cluster, proxy, controller):
    keep = load(controller)
    cancel_while_colored_in_silence(cluster, controller)
    break_link(controller, proxy)
    assert list(controller.models) == [keep]
    assert [m["model_id"] for m in cluster.renderer.models if m["model_type"] == "neurons"] == [keep.id]


def test_leftovers_are_removed_also_if_the_link_breaks_at_their_removal(cluster, proxy, controller):
    keep = load(controller)
    cancel_while_colored_in_silence(cluster, controller)
    answer, removals = cluster.renderer.answer, 0

    def break_once(method: str, params: Any) -> Any:
        nonlocal removals
        removals += method == "remove-model"
        if method == "remove-model" and removals == 1:
            proxy.reset()
            return None, b""
        return answer(method, params)

    cluster.renderer.answer = break_once
    break_link(controller, proxy)
    assert removals == 2
    assert list(controller.models) == [keep]
    assert [m["model_id"] for m in cluster.renderer.models if m["model_type"] == "neurons"] == [keep.id]


def test_what_the_link_of_an_earlier_job_has_left_unanswered_concerns_no_other_job(cluster, proxy, controller):
    load(controller)
    earlier = controller.ready
    assert earlier is not None
    crash(cluster, controller)
    controller.restore().result(WAIT)
    asked = cluster.renderer.sent("add-model")[-1]

    async def end_late() -> None:
        assert earlier.renderer.on_unanswered is not None
        earlier.renderer.on_unanswered(ADD_MODEL, asked)

    on_loop(controller, end_late)
    break_link(controller, proxy, late=lambda: cluster.renderer._load(asked))
    assert len(cluster.renderer.sent("remove-model")) == 0
    assert len(controller.models) == 2


def test_what_comes_late_from_an_earlier_job_takes_nothing_from_the_next_one(cluster, controller):
    kept = load(controller)
    earlier = controller.ready
    assert earlier is not None
    (late,) = ADD_MODEL.decode([cluster.renderer.models[-1]])
    crash(cluster, controller)
    cluster.renderer.models.clear()
    controller.restore().result(WAIT)

    async def come_late() -> None:
        assert earlier.renderer.on_late is not None
        same_id = late.model_copy(update={"model_id": kept.id})  # as renderers all begin with the same ids
        earlier.renderer.on_late(ADD_MODEL, {}, [same_id])
        await controller._core.resumer.close()

    on_loop(controller, come_late)
    assert list(controller.models) == [kept]


PARTS: dict[str, tuple[str, str, Callable[[Controller], object]]] = {
    "shape": ("geometry", "add-spheres", lambda controller: controller.shapes.add(Sphere(center=(0, 0, 0), radius=1))),
    "light": ("light", "add-light-ambient", lambda controller: controller.lights.add(AmbientLight())),
    "clip": (
        "clip_geometry",
        "add-clipping-planes",
        lambda controller: controller.clipping.add(Plane(coefficients=(0, 0, 1, 0))),
    ),
}


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("part", PARTS)
def test_what_a_part_makes_whose_link_broke_is_removed_unless_it_may_be_anothers(
    cluster, proxy, controller, part, others
):
    kind, method, add = PARTS[part]
    load(controller)
    before = [model["model_id"] for model in cluster.renderer.models]
    proxy.refuse(True)
    cluster.renderer.cut.add(method)
    with pytest.raises(ConnectionLost):
        add(controller)
    made = [cluster.renderer.add(kind)["model_id"] for _ in range(2 if others else 1)]
    cluster.renderer.cut.clear()
    proxy.refuse(False)
    until(lambda: controller.ready is not None)
    there = [model["model_id"] for model in cluster.renderer.models]
    assert there == (before + made if others else before)
    state = controller.state
    assert sorted(one.id for one in (*state.models, *state.lights, *state.clips)) == sorted(there)


def test_a_renderer_that_was_restarted_in_its_job_gets_the_scene_again(cluster, proxy, controller):
    things = build(controller)
    before = scene(cluster)
    statuses = Listener(controller, lambda state: state.status.text)
    cluster.renderer.models.clear()
    break_link(controller, proxy)
    assert scene(cluster) == before
    assert "Bringing the scene back …" in statuses.heard
    assert list(controller.models) == [things["first"], things["second"], things["ball"]]
    assert things["first"].colored_by == "mtype"
    assert cluster.paths().count("POST /start") == 1
    break_link(controller, proxy)
    assert scene(cluster) == before


def test_floor_and_options_are_set_again_where_the_renderer_was_restarted_only(cluster, proxy, controller):
    cluster.renderer.offers += ["set-radius-floor", "set-picture-options"]
    build(controller)
    for restarted in (False, True):
        seen = len(cluster.renderer.requests)
        if restarted:
            cluster.renderer.models.clear()
        break_link(controller, proxy)
        common = {"set-radius-floor", "set-picture-options"}
        assert {method for method, _ in changes(cluster, seen)} & common == (common if restarted else set())


def test_a_renderer_of_others_that_was_restarted_gets_what_was_loaded_here_lit_and_aimed(cluster, proxy, short_pauses):
    cluster.renderer.offers += ["set-radius-floor", "set-picture-options"]
    cluster.renderer.add("neurons")
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        load(controller)
        controller.camera.position = (0, 0, 6000)
        until(lambda: cluster.renderer.sent("set-camera-view") != [])
        assert not cluster.renderer.sent("set-radius-floor")
        seen = len(cluster.renderer.requests)
        break_link(controller, proxy, late=cluster.renderer.models.clear)
        assert [model["model_type"] for model in cluster.renderer.models] == ["neurons", *["light"] * 3]
        assert {"set-radius-floor", "set-picture-options"} <= {method for method, _ in changes(cluster, seen)}
        until(lambda: "set-camera-view" in [method for method, _ in cluster.renderer.requests[seen:]])


def test_a_restarted_renderer_of_an_empty_scene_gets_its_lights_and_no_earlier_scene(cluster, proxy, controller):
    load(controller)
    before = scene(cluster)
    crash(cluster, controller)
    controller.files.list("/data")
    cluster.renderer.models.clear()
    break_link(controller, proxy)
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3
    assert controller.state.scene_lost
    controller.restore().result(WAIT)
    assert scene(cluster) == before


def test_a_scene_that_ends_its_renderer_again_is_left_to_a_person(cluster, proxy, controller):
    load(controller)
    before = scene(cluster)
    cluster.renderer.models.clear()
    cluster.renderer.cut.add("add-model")
    break_link(controller, proxy)
    assert len(cluster.renderer.sent("add-model")) == 1 + MOST_WAYS_BACK
    assert len(controller.models) == 0
    assert controller.state.notice == NOT_BACK
    with pytest.raises(SceneLost):
        controller.snapshot().result(WAIT)
    cluster.renderer.cut.clear()
    controller.restore().result(WAIT)
    assert scene(cluster) == before
    controller.snapshot().result(WAIT)


def test_a_link_that_breaks_on_the_way_back_is_no_reason_to_lose_the_scene(cluster, proxy, controller):
    load(controller)
    load(controller)
    before = scene(cluster)
    cluster.renderer.models.clear()
    answer, loads = cluster.renderer.answer, 0

    def break_once(method: str, params: Any) -> Any:
        nonlocal loads
        if method == "add-model":
            loads += 1
            if loads == 2:
                proxy.reset()
        return answer(method, params)

    cluster.renderer.answer = break_once
    break_link(controller, proxy)
    assert scene(cluster) == before
    assert len(controller.models) == 2
    assert not controller.state.scene_lost


def test_a_job_that_cannot_be_reached_is_replaced_by_restore(cluster, proxy, controller, monkeypatch):
    monkeypatch.setattr(connection_module, "REACHED_WITHIN", 0.0)
    cluster.dialect = "2024"
    load(controller)
    before = scene(cluster)
    cluster.refuse["renderer"] = 404
    proxy.reset()
    until(lambda: controller.status.state == "failed")
    with pytest.raises(ConnectionLost, match="It may still run"):
        controller.snapshot().result(WAIT)
    assert STOP not in cluster.paths()
    task = controller.restore()
    until(lambda: cluster.paths().count("POST /start") == 2)
    cluster.refuse.clear()
    task.result(WAIT)
    assert scene(cluster) == before


def test_a_job_that_was_attached_to_and_cannot_be_reached_is_left_and_replaced(cluster, proxy, monkeypatch):
    monkeypatch.setattr(connection_module, "REACH_DEADLINE", 0.2)
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        load(controller)
        cluster.failures = {"/status": [(404, "<html>")] * 10**4}
        proxy.refuse(True)
        proxy.reset()
        until(lambda: controller.status.state == "failed")
        task = controller.restore()
        until(lambda: "POST /start" in cluster.paths())
        cluster.failures.clear()
        proxy.refuse(False)
        task.result(WAIT)
        assert not controller.state.job.attached
        assert [model.name for model in controller.models] == ["cells"]
        assert STOP not in cluster.paths(), "it is others'"


def test_a_job_whose_proxies_are_gone_for_good_is_replaced_and_told_of(cluster, proxy, controller, monkeypatch):
    monkeypatch.setattr(connection_module, "REACH_DEADLINE", 0.2)
    monkeypatch.setattr(recovery, "CAP", 0.02)
    load(controller)
    before = scene(cluster)
    cluster.failures = {path: [(404, "<html>")] * 10**4 for path in ("/status", "/stop")}
    proxy.refuse(True)
    proxy.reset()
    until(lambda: controller.status.state == "failed")
    assert "The proxy master did not return the job's state: HTTP 404" in controller.status.text
    assert controller.status.text.endswith("cannot be reached; new attempts go on.")
    task = controller.restore()
    until(lambda: cluster.paths().count("POST /start") == 2)
    cluster.failures.clear()
    proxy.refuse(False)
    task.result(WAIT)
    assert scene(cluster) == before
    assert controller.status.state == "ready"
    notice = controller.state.notice
    assert notice is not None
    assert notice.text.startswith(f"The job {JOB_ID} of {cluster.master} may run on")


def test_a_coloring_that_waited_for_a_load_does_not_keep_the_job_from_coming_back(cluster, proxy, controller):
    model = load(controller)
    cluster.renderer.delays["add-model"] = 60
    task = controller.load_circuit("/data/circuit.json")
    until(lambda: len(cluster.renderer.sent("add-model")) == 2)
    changing = controller._core.scene.changing
    coloring = controller.loop.submit(model.color_by.aio("synapse_class"))
    until(lambda: changing._waiters)
    cluster.renderer.delays.clear()
    before = controller.ready
    proxy.reset()
    with pytest.raises(ConnectionLost):
        task.result(WAIT)
    with pytest.raises(ConnectionLost):
        coloring.result(WAIT)
    until(lambda: controller.ready not in {None, before})


# ---------------------------------------------------------------------- cancelled calls


@pytest.mark.measures
@pytest.mark.parametrize("cancel", ["answered", "silent"])
def test_a_cancel_ends_soon_whatever_the_renderer_does(cluster, controller, cancel):
    keep = load(controller)
    activities = Listener(controller, lambda state: state.progress)
    cluster.renderer.silent |= {"add-model", *(["cancel"] if cancel == "silent" else [])}
    task = controller.load_circuit("c.json")
    activities.wait_for(lambda activity: activity is not None and activity.operation == "Building")
    began = time.monotonic()
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert time.monotonic() - began < 2.0
    assert list(controller.models) == [keep]


# ---------------------------------------------------------------------- the backend


def test_a_lost_backend_is_told_until_it_is_back(cluster, controller):
    load(controller)
    assert cluster.backend is not None
    cluster.refuse["backend"] = 502
    sockets = list(cluster.backend.sockets)
    for socket in sockets:
        cluster._loop.call_soon_threadsafe(socket.transport.abort)
    until(lambda: controller.state.notice is not None)
    notice = controller.state.notice
    assert notice is not None
    assert (notice.level, notice.text, notice.hint) == (
        "warning",
        "The connection to the backend was lost.",
        NO_BACKEND,
    )
    assert controller.state.job.lack == notice.text
    with pytest.raises(ConnectionLost, match="The backend is out of reach"):
        controller.files.list("/data")
    controller.snapshot().result(WAIT)
    cluster.refuse.clear()
    until(lambda: controller.state.notice is None)
    assert controller.state.job.lack == ""
    controller.files.list("/data")


def test_a_backend_that_is_still_away_when_the_renderer_is_back_is_told_of(cluster, proxy, controller):
    load(controller)
    cluster.refuse["backend"] = 502
    break_link(controller, proxy)
    until(lambda: controller.state.job.lack)
    lack = controller.state.job.lack
    before, sockets = controller.ready, list(cluster.renderer.sockets)
    for socket in sockets:
        cluster._loop.call_soon_threadsafe(socket.transport.abort)
    lacks = Listener(controller, lambda state: state.job.lack)
    until(lambda: controller.ready not in {None, before})
    assert set(lacks.heard) <= {lack}
    cluster.refuse.clear()
    until(lambda: not controller.state.job.lack)


def test_a_backend_that_refuses_the_token_is_told_with_what_to_do_and_the_renderer_goes_on(cluster, controller):
    load(controller)
    cluster.refuse["backend"] = 401
    cluster.break_backend()
    until(lambda: "refused the token" in controller.state.job.lack)
    notice = controller.state.notice
    assert notice is not None
    assert "The backend refused the token (HTTP 401)." in notice.text
    assert f"job.connect(…, attach_to='{JOB_ID}', token=…)" in notice.hint
    controller.snapshot().result(WAIT)
    cluster.refuse.clear()
    cluster.token = "another"
    controller.job.connect(**cluster.options, attach_to=JOB_ID).result(WAIT)
    until(lambda: not controller.state.job.lack)
    assert controller.state.notice is None
    controller.files.list("/data")


def test_a_backend_that_refuses_the_token_at_the_start_is_told_of_and_the_renderer_goes_on(cluster):
    cluster.refuse["backend"] = 401
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
        until(lambda: "refused the token" in controller.state.job.lack)
        assert controller.status.state == "ready"
        with pytest.raises(AuthError, match="Use a new token"):
            controller.files.list("/data")
        cluster.refuse.clear()
        controller.files.list("/data")
        assert controller.state.job.lack == ""


def test_a_backend_that_is_away_at_the_start_is_told_of_and_known_when_it_is_there(cluster, monkeypatch):
    monkeypatch.setattr(job_module, "CONNECT_PAUSE", 0.01)
    cluster.refuse["backend"] = 502
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
        until(lambda: "HTTP 502" in controller.state.job.lack)
        assert controller.status.state == "ready"
        assert not controller.state.job.brayns_backend
        cluster.refuse.clear()
        until(lambda: not controller.state.job.lack)
        capabilities = controller.state.capabilities
        assert capabilities is not None
        assert capabilities.offers("fs-list-dir")
        controller.files.list("/data")
