from __future__ import annotations

import gc
import time
from pathlib import Path
from traceback import walk_tb
from types import FrameType

import pytest

from brayns_widget.connection.endings import Ending
from brayns_widget.connection.process import PROCESS
from brayns_widget.controller.controller import Controller, Groups
from brayns_widget.controller.group import Group
from brayns_widget.controller.views import LiveCamera
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost
from tests.controller.scenes import WAIT, load, until
from tests.fakes import JOB_ID
from tests.listening import Listener

STOP = f"POST /stop/{JOB_ID}"


def test_it_has_every_group_that_it_promises(controller):
    for name in Groups.__annotations__:
        assert isinstance(getattr(controller, name), Group)
    assert isinstance(controller.camera, LiveCamera)


def test_it_says_where_it_is_and_how_it_is(cluster, controller):
    assert repr(controller) == f"<Controller of {cluster.master}: idle, 0 models>"
    load(controller)
    assert repr(controller) == f"<Controller of {cluster.master}: ready, 1 models>"
    assert repr(Controller()) == "<Controller of the local service: idle, 0 models>"


def test_making_one_starts_nothing(cluster):
    before = set(PROCESS._running)
    Controller(**cluster.options)
    assert cluster.calls == []
    assert set(PROCESS._running) == before


def test_one_that_nothing_holds_stops_its_job_when_its_calls_are_done(cluster):
    cluster.dialect = "2024"
    cluster.renderer.delays["snapshot"] = 0.5
    controller = Controller(**cluster.options)
    picture = controller.snapshot(size=(16, 16))
    del controller
    assert picture.result(WAIT)
    deadline = time.monotonic() + WAIT
    while STOP not in cluster.paths():
        assert time.monotonic() < deadline
        gc.collect()  # the call held it
        time.sleep(0.01)


def test_one_whose_parts_are_held_lives(cluster):
    controller = Controller(**cluster.options)
    models = controller.models
    controller.start().result(WAIT)
    del controller
    gc.collect()
    models.clear()
    assert STOP not in cluster.paths()
    models._controller.close()  # type: ignore[attr-defined]
    assert STOP in cluster.paths()


def test_a_job_can_be_left_running(cluster):
    controller = Controller(**cluster.options)
    controller.start().result(WAIT)
    controller.close(stop=False)
    assert STOP not in cluster.paths()
    assert cluster.paths()[-1] == f"POST /lease/{JOB_ID}"
    assert [job.id for job in Controller.jobs(cluster.master, token=cluster.token)] == [JOB_ID]


def test_a_closed_one_starts_nothing(cluster):
    controller = Controller(**cluster.options)
    controller.close()
    for call in (controller.start, controller.snapshot):
        with pytest.raises(ConnectionLost, match="was closed"):
            call().result(WAIT)
    assert cluster.calls == []


@pytest.mark.parametrize(
    "options", [{"master": "no address"}, {"master": "http://127.0.0.1:1", "slave": "http://user@host"}]
)
def test_addresses_are_checked_at_once(options):
    with pytest.raises(BraynsWidgetError, match="is not the address") as caught:
        Controller(**options)
    (half_made,) = (frame.f_locals["self"] for frame, _ in walk_tb(caught.value.__traceback__) if is_making(frame))
    assert repr(half_made) == "<Controller that is not complete>"


def is_making(frame: FrameType) -> bool:
    return frame.f_code is Controller.__init__.__code__


def test_listeners_hear_on_the_loop_thread_until_they_leave(controller):
    threads: list[bool] = []
    remove = controller.listen(lambda state: state.background, lambda _: threads.append(controller.loop.is_current))
    others = Listener(controller, lambda state: state.background)
    controller.rendering.background = "white"
    remove()
    controller.rendering.background = "black"
    assert threads == [True]
    assert others.heard == ["#ffffff", "#000000"]


def test_shortcuts_are_the_groups_calls(controller):
    model = load(controller)
    assert controller.snapshot().result(WAIT) == controller.pictures.snapshot().result(WAIT)
    controller.reset_camera()
    controller.clear()
    assert model not in controller.models


def test_a_base_directory_is_one_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = Controller(base_directory="a/..")._core.connection.place
    assert place.base_directory == tmp_path.resolve()
    assert Controller()._core.connection.place.base_directory == Path(tmp_path.anchor)


@pytest.mark.measures
def test_a_restore_that_is_cancelled_ends_soon_though_servers_and_master_do_not_answer(cluster, controller):
    load(controller)
    cluster.kill_renderer("it crashed")
    until(lambda: controller.status.state == "failed")
    cluster.renderer.silent |= {"add-model", "remove-model"}
    cluster.failures["/stop"] = [(503, "")] * 50
    task = controller.restore()
    until(lambda: cluster.renderer.methods().count("add-model") >= 2)
    cluster.renderer.silent.add("cancel")
    before = time.monotonic()
    task.cancel()
    with pytest.raises(BraynsWidgetError):
        task.result(WAIT)
    assert time.monotonic() - before < 2.0
    cluster.failures.clear()
    until(lambda: not any(isinstance(one, Ending) for one in PROCESS._running))
