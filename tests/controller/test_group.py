"""The life of a controller's job; of the connection itself are the tests in tests/connection."""

from __future__ import annotations

import asyncio
import queue
import threading

import pytest

from brayns_widget.connection.server import Server
from brayns_widget.connection.status import Status
from brayns_widget.controller import group
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.scene import Scene
from brayns_widget.protocol.errors import (
    AllocationError,
    BraynsWidgetError,
    ConnectionLost,
    RequestCancelled,
)
from tests.controller.scenes import WAIT, load, until
from tests.fakes import JOB_ID
from tests.listening import Listener

STOP = f"POST /stop/{JOB_ID}"


def test_the_vocabulary_is_imported_while_the_servers_start(cluster, controller, monkeypatch):
    imported: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(group, "preload", lambda: imported.put(threading.current_thread().name))
    controller.start().result(WAIT)
    assert imported.get(timeout=WAIT) != threading.current_thread().name
    assert imported.empty()


def test_a_start_tells_how_far_it_is(cluster, controller):
    cluster.polls = 2
    statuses = Listener(controller, lambda state: state.status.state)
    activities = Listener(controller, lambda state: state.progress)
    assert controller.status == Status("idle", "Not started.")
    controller.start().result(WAIT)
    assert controller.status == Status("ready", "Ready.")
    assert controller.job.id == JOB_ID
    assert statuses.heard[0] == "starting"
    assert "queued" in statuses.heard
    assert statuses.heard[-1] == "ready"
    activities.wait_for(lambda activity: activity is None)
    assert "Waiting for a machine …" in [activity.operation for activity in activities.heard if activity]


def test_what_the_servers_offer_is_known_while_the_job_runs(cluster, controller):
    assert controller.state.capabilities is None
    controller.start().result(WAIT)
    assert controller.ready is not None
    assert controller.state.capabilities is controller.ready.capabilities
    assert controller.state.capabilities.offers("snapshot")
    assert controller.state.capabilities.offers("fs-list-dir")
    controller.close()
    assert controller.state.capabilities is None


def test_who_starts_a_job_stops_it(cluster):
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
    assert cluster.paths()[-1] == STOP
    assert controller.status.state == "ended"
    assert controller.ready is None


def test_who_attaches_finds_the_scene_and_leaves_the_job(cluster):
    with Controller(**cluster.options) as first:
        model = load(first)
        cluster.renderer.add("clip_geometry")
        with Controller(**cluster.options, attach_to=JOB_ID) as second:
            second.start().result(WAIT)
            assert [found.id for found in second.models] == [model.id]
            assert [light.id for light in second.lights] == [light.id for light in first.lights]
            assert len(second.clipping) == 1
        assert STOP not in cluster.paths()
        lights = [method for method in cluster.renderer.methods() if method.startswith("add-light")]
        assert len(lights) == 3  # the second one found the scene lit


def test_an_async_context_ends_the_job_as_well(cluster):
    async def main() -> None:
        async with Controller(**cluster.options) as controller:
            await controller.start()
            assert (await controller.renderer.request.aio("get-scene")).result["models"]

    asyncio.run(main())
    assert cluster.paths()[-1] == STOP


def test_a_failed_start_is_told_and_can_be_tried_again(cluster, controller):
    notices = Listener(controller, lambda state: state.notice)
    cluster.failures["/start"] = [(500, "no node left")]
    with pytest.raises(AllocationError, match="no node left"):
        controller.start().result(WAIT)
    assert controller.status.state == "failed"
    notice = notices.wait_for()
    assert notice is not None
    assert (notice.level, "no node left" in notice.text) == ("error", True)
    controller.start().result(WAIT)
    assert controller.status.state == "ready"
    assert controller.state.notice is None  # what was told of the last job is over


def test_an_error_leaves_when_the_same_call_succeeds(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.errors["add-model"] = (1, "no such file")
    with pytest.raises(BraynsWidgetError, match="no such file"):
        controller.load_circuit("/data/one.json").result(WAIT)
    del cluster.renderer.errors["add-model"]
    controller.load_circuit("/data/other.json").result(WAIT)
    assert controller.state.notice is not None, "the first one is not loaded yet"
    controller.load_circuit("/data/one.json").result(WAIT)
    assert controller.state.notice is None


def test_a_cancelled_start_tells_no_notice(cluster, controller):
    cluster.polls = 10**9
    statuses = Listener(controller, lambda state: state.status.state)
    task = controller.start()
    statuses.wait_for(lambda state: state == "queued")
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert controller.status.state == "idle"
    assert controller.state.notice is None


def test_closing_cancels_what_runs(cluster):
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
        cluster.renderer.delays["add-model"] = 60
        activities = Listener(controller, lambda state: state.progress)
        task = controller.load_circuit("c.json")
        activities.wait_for(lambda activity: activity is not None and activity.operation == "Building")
    with pytest.raises(BraynsWidgetError):
        task.result(WAIT)
    assert cluster.paths()[-1] == STOP
    with pytest.raises(ConnectionLost, match="was closed"):
        controller.load_circuit("c.json").result(WAIT)
    controller.close()  # twice is no harm


def test_a_killed_renderer_fails_what_is_pending_empties_the_models_and_is_told(cluster, controller):
    load(controller)
    models = Listener(controller, lambda state: (state.models, state.lights, state.capabilities))
    notices = Listener(controller, lambda state: state.notice)
    statuses = Listener(controller, lambda state: state.status)
    cluster.renderer.silent.add("inspect")
    failed: queue.Queue[BaseException | None] = queue.Queue()
    asked = threading.Event()
    cluster.renderer.progress["inspect"] = [(0.5, "Looking")]

    def ask() -> None:
        try:
            asked.set()
            controller.pictures.inspect(0.5, 0.5)
        except BraynsWidgetError as error:
            failed.put(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert asked.wait(WAIT)
    while "inspect" not in cluster.renderer.methods():
        threading.Event().wait(0.005)
    cluster.kill_renderer("the renderer was killed by signal 9\nits last words")
    assert isinstance(failed.get(timeout=WAIT), ConnectionLost)
    thread.join()
    status = statuses.wait_for(lambda status: status.state != "stale")
    assert status == Status("failed", "The job has ended: the renderer was killed by signal 9.")
    assert models.wait_for(lambda parts: not parts[0]) == ((), (), None)
    notice = notices.wait_for(lambda notice: notice is not None)
    assert notice is not None
    assert (notice.level, notice.text) == ("error", "The job has ended: the renderer was killed by signal 9.")
    assert notice.hint == "its last words\njob.restore() starts a new job with the same scene."
    cluster.renderer.silent.clear()
    load(controller)
    assert controller.status.state == "ready"
    assert controller.state.notice == group.NOT_BACK
    assert cluster.paths().count("POST /start") == 2


def test_an_end_without_details_still_has_a_hint(cluster, controller):
    controller.start().result(WAIT)
    notices = Listener(controller, lambda state: state.notice)
    cluster.kill_renderer()
    notice = notices.wait_for()
    assert notice is not None
    assert notice.hint == "job.restore() starts a new job with the same scene."


def test_what_other_clients_do_is_followed(cluster, controller, monkeypatch):
    monkeypatch.setattr(group, "FOLLOW_PERIOD", 0.02)
    model = load(controller, color_by="mtype")
    models = Listener(controller, lambda state: state.models)
    lights = Listener(controller, lambda state: state.lights)
    cluster.renderer.add("geometry")
    assert [m.type for m in models.wait_for()] == ["neurons", "geometry"]
    next(m for m in cluster.renderer.models if m["model_id"] == model.id)["is_visible"] = False
    assert not models.wait_for()[0].visible
    assert model.colored_by == "mtype"  # what is known of it stays
    cluster.renderer.models[:] = [m for m in cluster.renderer.models if m["model_type"] == "light"][:1]
    assert models.wait_for() == ()
    assert len(lights.wait_for()) == 1


def test_a_scene_that_cannot_be_read_is_read_again(cluster, controller, monkeypatch):
    monkeypatch.setattr(group, "FOLLOW_PERIOD", 0.02)
    controller.start().result(WAIT)
    models = Listener(controller, lambda state: state.models)
    cluster.renderer.errors["get-scene"] = (-32603, "busy")
    asked = cluster.renderer.methods().count("get-scene")
    while cluster.renderer.methods().count("get-scene") < asked + 2:
        threading.Event().wait(0.005)
    cluster.renderer.add("geometry")
    cluster.renderer.errors.clear()
    assert [m.type for m in models.wait_for()] == ["geometry"]
    assert controller.state.notice is None


def test_nobody_asks_for_the_scene_while_a_long_call_runs(cluster, controller, monkeypatch):
    monkeypatch.setattr(group, "FOLLOW_PERIOD", 0.01)
    controller.start().result(WAIT)
    cluster.renderer.delays["snapshot"] = 0.5
    activities = Listener(controller, lambda state: state.progress)
    task = controller.snapshot()
    activities.wait_for(lambda activity: activity is not None and activity.operation == "Rendering ...")
    while "snapshot" not in cluster.renderer.methods():
        threading.Event().wait(0.005)
    task.result(WAIT)
    methods = cluster.renderer.methods()
    # One may have been on its way when the picture was asked for, or be when it is done; there was time for 50.
    assert methods[methods.index("snapshot") :].count("get-scene") <= 2


def test_calls_from_a_listener_that_would_hang_are_refused(controller):
    caught: queue.Queue[BaseException] = queue.Queue()

    def call(_: object) -> None:
        try:
            controller.renderer.request("get-scene")
        except RuntimeError as error:
            caught.put(error)

    controller.listen(lambda state: state.capabilities, call)
    controller.start().result(WAIT)
    assert "Await request.aio()" in str(caught.get(timeout=WAIT))


def test_groups_say_how_the_job_is(controller):
    assert repr(controller.files) == "<Files of a job that is idle>"


def test_a_renderer_that_does_not_answer_is_left_to_the_link(cluster, controller, monkeypatch):
    monkeypatch.setattr(group, "FOLLOW_PERIOD", 0.02)
    monkeypatch.setattr(group, "FOLLOW_DEADLINE", 0.05)
    controller.start().result(WAIT)
    cluster.renderer.silent.add("get-scene")
    until(lambda: cluster.renderer.methods()[-1] == "get-scene")
    asked = len(cluster.renderer.sent("get-scene"))
    threading.Event().wait(0.5)  # many periods: it is not asked again, so that the link may find it idle
    assert len(cluster.renderer.sent("get-scene")) == asked


def test_a_fault_of_ours_does_not_end_the_following(cluster, controller, monkeypatch, caplog):
    monkeypatch.setattr(group, "FOLLOW_PERIOD", 0.02)
    models = Listener(controller, lambda state: state.models)
    controller.start().result(WAIT)
    read = Scene.read
    faults = iter([ZeroDivisionError("once")])

    async def fail_once(scene: Scene, renderer: Server) -> None:
        for fault in faults:
            raise fault
        await read(scene, renderer)

    monkeypatch.setattr(Scene, "read", fail_once)
    until(lambda: "ZeroDivisionError" in caplog.text)
    cluster.renderer.add("geometry")
    assert [m.type for m in models.wait_for()] == ["geometry"]
