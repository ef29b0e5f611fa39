"""The controller against a fake cluster; real servers are in test_main_job.py."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.status import Status
from brayns_widget.connection.tokens import Token
from brayns_widget.controller import Controller
from brayns_widget.protocol.errors import (
    AllocationError,
    BraynsWidgetError,
    CircuitError,
    ConnectionLost,
    DeadlineExceeded,
    RequestCancelled,
    RequestError,
)
from brayns_widget.scene.camera import FRONT, Camera
from tests.fakes import JOB_ID, JPEG, PNG, FakeCluster
from tests.listening import Listener

WAIT = 10
STOP = f"POST /stop/{JOB_ID}"


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


@pytest.fixture
def controller(cluster):
    with Controller(**cluster.options) as made:
        yield made


def load(controller: Controller, **options: Any) -> int:
    (model,) = controller.load_circuit("/data/circuit.json", **options).result(WAIT)
    return model.id


# ---------------------------------------------------------------------- the job


def test_a_start_tells_how_far_it_is_and_lights_the_scene(cluster, controller):
    listener = Listener(controller)
    assert controller.status == Status("idle", "Not started.")
    controller.start().result(WAIT)
    assert controller.status.state == "ready"
    assert controller.job_id == JOB_ID
    states = [status.state for status in listener.all("status")]
    assert states[0] == "starting"
    assert "queued" in states
    assert states[-1] == "ready"
    assert [ready is not None for ready in listener.all("ready")] == [True]
    methods = cluster.renderer.methods()
    assert methods.count("add-light-directional") == 2
    assert "set-framebuffer-static" in methods
    assert ("set-renderer-interactive", 5) in [(m, len(p)) for m, p in cluster.renderer.requests if p]


@pytest.mark.parametrize("offered", [True, False])
def test_a_renderer_that_knows_radius_floors_is_told_to_have_one(cluster, controller, offered):
    if offered:
        cluster.renderer.offers.append("set-radius-floor")
    controller.start().result(WAIT)
    floors = [params for method, params in cluster.renderer.requests if method == "set-radius-floor"]
    assert floors == ([{"pixels": 0.5}] if offered else [])


def test_who_starts_a_job_stops_it(cluster):
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
    assert cluster.paths()[-1] == STOP
    assert controller.status.state == "ended"
    assert controller.ready is None


def test_who_attaches_leaves_it(cluster):
    with Controller(**cluster.options) as first:
        model_id = load(first)
        with Controller.attach(JOB_ID, **cluster.options) as second:
            second.start().result(WAIT)
            assert [model.id for model in second.models] == [model_id]
        assert STOP not in cluster.paths()
        lights = [method for method in cluster.renderer.methods() if method.startswith("add-light")]
        assert len(lights) == 3  # the second one found the scene lit


def test_async_context(cluster):
    async def main() -> None:
        async with Controller(**cluster.options) as controller:
            await controller.start()
            assert (await controller.arequest("get-scene")).result["models"]

    asyncio.run(main())
    assert cluster.paths()[-1] == STOP


def test_sync_calls_work_inside_a_running_loop(controller):
    async def main() -> str:
        path: str = controller.list_directory().path
        return path

    assert asyncio.run(main()) == "/data"


def test_a_failed_start_is_told_and_can_be_tried_again(cluster, controller):
    listener = Listener(controller)
    cluster.failures["/start"] = [(500, "no node left")]
    with pytest.raises(AllocationError, match="no node left"):
        controller.start().result(WAIT)
    assert controller.status.state == "failed"
    assert "no node left" in controller.status.text
    assert "no node left" in listener.wait_for("notice").text
    controller.start().result(WAIT)
    assert controller.status.state == "ready"


def test_a_cancelled_start_stops_the_job(cluster, controller):
    cluster.polls = 10**9
    listener = Listener(controller)
    task = controller.start()
    listener.wait_for("status", lambda status: status.state == "queued")
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert controller.status.state == "idle"
    assert cluster.paths()[-1] == STOP
    assert listener.all("notice") == []


def test_a_closed_controller_starts_nothing(cluster):
    controller = Controller(**cluster.options)
    controller.close()
    with pytest.raises(ConnectionLost, match="was closed"):
        controller.start().result(WAIT)
    assert cluster.calls == []


def test_closing_while_it_starts_stops_the_job(cluster):
    cluster.polls = 10**9
    controller = Controller(**cluster.options)
    listener = Listener(controller)
    task = controller.start()
    listener.wait_for("status", lambda status: status.state == "queued")
    controller.close()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert cluster.paths()[-1] == STOP


def test_a_killed_renderer_fails_what_is_pending_and_the_next_load_starts_a_new_job(cluster, controller):
    load(controller)
    listener = Listener(controller)
    cluster.renderer.silent.add("get-scene")
    failed: queue.Queue[BaseException | None] = queue.Queue()

    def ask() -> None:
        try:
            controller.request("get-scene")
        except BraynsWidgetError as error:
            failed.put(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while cluster.renderer.methods()[-1] != "get-scene":
        threading.Event().wait(0.005)
    cluster.kill_renderer("the renderer was killed by signal 9\nits last words")
    assert isinstance(failed.get(timeout=WAIT), ConnectionLost)
    thread.join()
    status = listener.wait_for("status", lambda status: status.state != "stale")
    assert status == Status("failed", "The job has ended: the renderer was killed by signal 9.")
    notice = listener.wait_for("notice")
    assert "its last words" in notice.hint
    assert controller.models == ()
    assert listener.all("ready") == [None]
    cluster.renderer.silent.clear()
    load(controller)
    assert controller.status.state == "ready"
    assert cluster.paths().count("POST /start") == 2


def test_calls_from_a_listener_that_would_hang_are_refused(controller):
    caught: queue.Queue[BaseException] = queue.Queue()

    def listener(event: str, value: Any) -> None:
        if event == "ready":
            try:
                controller.request("get-scene")
            except RuntimeError as error:
                caught.put(error)

    controller.subscribe(listener)
    controller.start().result(WAIT)
    assert "Await the async twin" in str(caught.get(timeout=WAIT))


def test_a_listener_that_fails_or_left_does_not_harm(controller, caplog):
    first, second = Listener(controller), Listener(controller)
    controller.subscribe(lambda *_: 1 / 0)
    first.unsubscribe()
    controller.start().result(WAIT)
    assert first.events == []
    assert second.all("ready")
    assert "ZeroDivisionError" in caplog.text


# ---------------------------------------------------------------------- circuits


def test_files_and_circuits_are_looked_at(controller):
    assert [entry["name"] for entry in controller.list_directory("/data/x").directories] == ["A", "b"]
    assert controller.list_directory("/data/x").parent == "/data"
    assert controller.inspect_circuit("c.json").to_dict()["node_sets"] == ["All", "Layer1"]


@pytest.mark.parametrize("method", ["fs-list-dir", "sonata-list-populations", "sonata-get-node-sets"])
def test_the_backends_refusals_become_circuit_errors(cluster, controller, method):
    assert cluster.backend is not None
    cluster.backend.errors[method] = (-32602, "Invalid params: '/x' is outside '/data'")
    call = controller.list_directory if method == "fs-list-dir" else controller.inspect_circuit
    with pytest.raises(CircuitError, match=r": '/x' is outside '/data'\."):
        call("/x")


def test_a_load_gives_models_progress_and_a_framed_view(cluster, controller):
    listener = Listener(controller)
    before = controller.scene_revision
    task = controller.load_circuit("/data/circuit.json", density=0.5, axon=True, node_sets=["All"])
    (model,) = task.result(WAIT)
    assert controller.models == (model,)
    assert (model.name, model.cells, model.color_by) == ("cells", 4, "solid")
    assert model.color is not None
    operations = [p["operation"] for p in listener.all("progress") if p and p["task"] == task.id]
    assert operations.index("Reading cells") < operations.index("Building")
    assert listener.all("progress")[-1] is None
    assert controller.scene_revision > before
    assert controller.camera != FRONT
    (params,) = [p for m, p in cluster.renderer.requests if m == "add-model"]
    (settings,) = params["loader_properties"]["node_population_settings"]
    assert (settings["node_population"], settings["node_percentage"]) == ("cells", 0.5)
    assert settings["node_sets"] == ["All"]
    assert settings["neuron_morphology_parameters"]["load_axon"] is True


def test_the_second_load_leaves_the_camera_alone(controller):
    load(controller)
    controller.set_camera(Camera(position=(1.0, 2.0, 3.0)))
    load(controller)
    assert controller.camera.position == (1.0, 2.0, 3.0)
    first, second = controller.models
    assert first.color != second.color


def test_frame_can_be_off(controller):
    load(controller, frame=False)
    assert controller.camera == FRONT


@pytest.mark.parametrize("color_by", ["morphology section", "morphology_section"])
def test_color_by_an_attribute(cluster, controller, color_by):
    load(controller, color_by=color_by)
    (model,) = controller.models
    assert (model.color_by, model.color) == ("morphology section", None)
    params = cluster.renderer.requests[-1][1]
    assert params["method"] == "morphology section"
    assert params["values"].keys() == {"axon", "soma"}


def test_an_unknown_attribute_names_those_that_exist_and_leaves_no_model(cluster, controller):
    with pytest.raises(CircuitError, match=r"no coloring method 'nope'.*solid, mtype, morphology section"):
        load(controller, color_by="nope")
    assert controller.models == ()
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3


def test_what_does_not_fit_into_memory_is_told(cluster, controller):
    listener = Listener(controller)
    cluster.renderer.metadata["left_out"] = "axons"
    load(controller)
    assert controller.models[0].left_out == "axons"
    notice = listener.wait_for("notice")
    assert (notice.level, "axons" in notice.text) == ("warning", True)
    assert "BRAYNS_WIDGET_MEMORY_BUDGET" in notice.hint


def test_a_refused_load_says_why(cluster, controller):
    listener = Listener(controller)
    cluster.renderer.errors["add-model"] = (-32603, "cell 3 has no morphology 'm3'")
    with pytest.raises(CircuitError, match=r"circuit\.json' cannot be loaded: cell 3 has no morphology 'm3'\."):
        load(controller)
    assert "cell 3" in listener.wait_for("notice").text
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
    assert controller.models == ()
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3


def test_a_bad_number_is_told_at_once(cluster, controller):
    with pytest.raises(ValueError, match="density is 2"):
        controller.load_circuit("c.json", density=2)
    assert cluster.calls == []


def test_wait_waits(controller):
    assert controller.load_circuit("c.json", wait=True).done


def test_a_cancelled_load_leaves_nothing(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.delays["add-model"] = 60
    listener = Listener(controller)
    task = controller.load_circuit("c.json")
    listener.wait_for("progress", lambda p: p is not None and p["operation"] == "Building")
    assert list(controller.tasks) == [task.id]
    controller.tasks[task.id].cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert cluster.renderer.cancelled == ["add-model"]
    assert controller.models == ()
    assert listener.all("notice") == []
    listener.wait_for("progress", lambda p: p is None)
    assert controller.tasks == {}
    cluster.renderer.delays.clear()
    load(controller)


def test_a_load_that_was_done_just_before_it_heard_of_the_cancel_is_removed(cluster, controller):
    keep = load(controller)
    listener = Listener(controller)
    cluster.renderer.silent.add("add-model")  # it never says that it is done …
    task = controller.load_circuit("c.json")
    listener.wait_for("progress", lambda p: p is not None and p["operation"] == "Building")
    cluster.renderer.answer(
        "add-model", {"path": "c.json", "loader_name": "x", "loader_properties": SETTINGS}
    )  # … but is
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert [m["model_id"] for m in cluster.renderer.models if m["model_type"] == "neurons"] == [keep]


SETTINGS = {"node_population_settings": [{"node_population": "cells"}]}


def test_without_a_backend_the_population_must_be_named():
    with FakeCluster(polls=1, backend=False) as cluster, Controller(**cluster.options) as controller:
        with pytest.raises(CircuitError, match=r"Pass population="):
            load(controller)
        load(controller, population="cells")
        with pytest.raises(CircuitError, match="no backend"):
            controller.list_directory()


# ---------------------------------------------------------------------- models and view


def test_models_are_hidden_colored_and_removed(cluster, controller):
    first, second = load(controller), load(controller)
    assert controller.update_model(first, visible=False).visible is False
    assert controller.color_model(first, "solid", "#FFFFFF").color == pytest.approx((1, 1, 1, 1))
    assert controller.color_model(second, "mtype").color_by == "mtype"
    assert [(m.visible, m.color_by) for m in controller.models] == [(False, "solid"), (True, "mtype")]
    controller.remove_model(first)
    assert [model.id for model in controller.models] == [second]
    controller.clear()
    assert controller.models == ()
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3
    controller.clear()  # nothing to do


def test_a_model_that_is_still_being_colored_waits_to_be_colored_again(cluster, controller):
    cluster.renderer.delays["get-color-methods"] = 0.2
    listener = Listener(controller)
    task = controller.load_circuit("c.json", color_by="morphology section")
    (model,) = listener.wait_for("models")
    assert controller.color_model(model.id, "mtype").color_by == "mtype"
    task.result(30)
    assert [m.color_by for m in controller.models] == ["mtype"]


def test_async_twins(controller):
    async def main() -> None:
        (model,) = await controller.load_circuit("c.json")
        assert not (await controller.aupdate_model(model.id, visible=False)).visible
        assert (await controller.acolor_model(model.id, "mtype")).color_by == "mtype"
        assert (await controller.alist_directory()).path == "/data"
        assert (await controller.ainspect_circuit("c.json")).node_sets
        await controller.aremove_model(model.id)
        await controller.aclear()
        assert await controller.snapshot() == PNG

    asyncio.run(main())


@pytest.mark.parametrize("call", ["update", "color", "remove"])
def test_an_unknown_model_is_told_with_those_that_exist(controller, call):
    load(controller)
    calls: dict[str, Callable[[], object]] = {
        "update": lambda: controller.update_model(99, visible=True),
        "color": lambda: controller.color_model(99, "solid", (1, 0, 0)),
        "remove": lambda: controller.remove_model(99),
    }
    with pytest.raises(CircuitError, match=r"no model 99. There are: 3 \(cells\)"):
        calls[call]()


def test_no_change_of_the_scene_goes_unnoticed(controller):
    model_id = load(controller)
    changes: list[Callable[[], object]] = [
        lambda: controller.update_model(model_id, visible=False),
        lambda: controller.color_model(model_id, "mtype"),
        lambda: setattr(controller, "background", (1, 1, 1)),
        lambda: controller.remove_model(model_id),
    ]
    listener = Listener(controller)
    for change in changes:
        before = controller.scene_revision
        change()
        listener.wait_for("scene", lambda revision, before=before: revision > before)  # type: ignore[misc]


def test_the_camera_has_an_event_of_its_own(controller):
    load(controller)
    listener = Listener(controller)
    before = controller.scene_revision
    controller.set_camera(Camera(position=(1.0, 2.0, 3.0)))
    assert listener.wait_for("camera").position == (1.0, 2.0, 3.0)
    controller.set_camera(Camera(position=(1.0, 2.0, 3.0)))  # the same again is no change
    controller.set_camera(Camera(position=(1.0, 2.0, 4.0)))
    assert listener.wait_for("camera").position == (1.0, 2.0, 4.0)
    assert controller.scene_revision == before


def test_the_camera_is_reset_to_what_is_visible(controller):
    model_id = load(controller)
    framed = controller.camera
    listener = Listener(controller)
    controller.aspect = 0.25
    controller.reset_camera()
    assert listener.wait_for("camera").position[2] > framed.position[2]
    controller.update_model(model_id, visible=False)
    controller.reset_camera()
    assert listener.wait_for("camera") == FRONT


def test_the_background_can_be_set_before_and_after_the_start(cluster, controller):
    controller.background = "#000000"
    controller.start().result(WAIT)
    listener = Listener(controller)
    controller.background = (0.5, 0.5, 0.5)
    assert listener.wait_for("background") == (0.5, 0.5, 0.5, 1.0)
    listener.wait_for("scene")
    sent = [p["background_color"] for m, p in cluster.renderer.requests if m == "set-renderer-interactive"]
    assert sent == [[0, 0, 0, 1], [0.5, 0.5, 0.5, 1]]
    with pytest.raises(ValueError, match="is not a color"):
        controller.background = "red"


def test_snapshots(cluster, controller, tmp_path):
    camera = Camera.orthographic((0, 0, 9), (0, 0, 0), height=50)
    picture = controller.snapshot(tmp_path / "a.jpg", size=(320, 240), samples=3, camera=camera).result(WAIT)
    assert picture == JPEG
    assert (tmp_path / "a.jpg").read_bytes() == JPEG
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
    params = cluster.renderer.requests[-1][1]
    assert params["image_settings"]["size"] == [320, 240]
    assert params["renderer"]["params"]["samples_per_pixel"] == 3
    assert params["camera"] == {"name": "orthographic", "params": {"height": 50}}
    with pytest.raises(ValueError, match="'tiff'"):
        controller.snapshot(tmp_path / "a.tiff")


def test_a_snapshot_that_cannot_be_written_says_so_and_keeps_the_old_one(controller, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        controller.snapshot(tmp_path / "nowhere" / "a.png").result(WAIT)


def test_requests_of_ones_own(controller):
    assert controller.request("get-version").result["major"] == 3
    with pytest.raises(RequestError) as caught:
        controller.request("no-such-method", {"a": 1})
    assert caught.value.code == -32601


def test_a_request_has_a_deadline(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.silent.add("registry")
    with pytest.raises(DeadlineExceeded):
        controller.request("registry", timeout=0.05)


# ---------------------------------------------------------------------- the local service


def test_without_a_master_paths_are_local_and_the_service_is_started(cluster, monkeypatch, tmp_path):
    asked: list[Any] = []

    async def shared(base: Any) -> Any:
        asked.append(base)
        return SimpleNamespace(master=cluster.master, slave=cluster.slave, token=Token(cluster.token))

    monkeypatch.setattr(PROCESS, "local_service", shared)
    monkeypatch.chdir(tmp_path)
    with Controller() as controller:
        controller.load_circuit("sub/../c.json", wait=True)
    assert str(asked[0]) == tmp_path.anchor
    (params,) = [p for m, p in cluster.renderer.requests if m == "add-model"]
    assert params["path"] == str(tmp_path / "c.json")


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    assert not PROCESS._running
