from __future__ import annotations

import threading

import pytest

from brayns_widget.controller import aiming
from brayns_widget.controller.controller import Controller
from tests.controller.scenes import WAIT, load, on_loop, until

MOVED = {"position": (0, 0, 5000)}


def test_the_renderer_knows_a_camera_that_no_view_shows(cluster, controller):
    controller.start().result(WAIT)
    controller.camera = MOVED
    until(lambda: seen(cluster)[-1:] == [[0, 0, 5000]])
    controller.camera.type = "orthographic"
    controller.camera.height = 200
    until(lambda: cluster.renderer.sent("set-camera-orthographic")[-1:] == [{"height": 200}])


def test_a_camera_that_was_set_before_the_job_is_told_when_it_is_ready(cluster, controller):
    controller.camera = MOVED
    controller.start().result(WAIT)
    until(lambda: seen(cluster) == [[0, 0, 5000]])


def test_a_view_tells_its_cameras_itself(cluster, controller):
    controller.start().result(WAIT)
    on_loop(controller, plug(controller))
    controller.camera = MOVED
    controller.renderer.request("get-version")  # a request behind any other
    assert seen(cluster) == []


def test_a_job_that_others_use_is_not_told_the_camera_it_has(cluster, controller):
    controller.start().result(WAIT)
    load(controller)
    until(lambda: seen(cluster) != [])
    cluster.renderer.answers |= {
        "get-camera-view": lambda _: {"position": [0, 0, 5000], "target": [0, 0, 0], "up": [0, 1, 0]},
        "get-camera-type": lambda _: "perspective",
        "get-camera-perspective": lambda _: {"fovy": 45},
    }
    with Controller(**cluster.options, attach_to=controller.state.job.id) as second:
        second.start().result(WAIT)
        assert list(second.camera.position) == [0, 0, 5000]
        second.renderer.request("get-version")  # a request behind any other
        assert [0, 0, 5000] not in seen(cluster)


def test_the_last_camera_reaches_a_job_that_runs_on(cluster):
    controller = Controller(**cluster.options)
    controller.start().result(WAIT)
    cluster.renderer.answers["set-camera-perspective"] = lambda _: threading.Event().wait(0.1)  # slow: a busy renderer
    controller.camera = MOVED
    controller.close(stop=False)
    assert seen(cluster) == [[0, 0, 5000]]


@pytest.mark.parametrize("stop", [True, False])
def test_a_renderer_that_does_not_answer_holds_nobody(cluster, monkeypatch, stop):
    monkeypatch.setattr(aiming, "LAST_WORD", 0.05)
    controller = Controller(**cluster.options)
    controller.start().result(WAIT)
    cluster.renderer.silent.add("set-camera-perspective")
    controller.camera = MOVED
    controller.close(stop=stop)


def seen(cluster):
    """Return the positions of the cameras that the renderer was sent."""
    return [view["position"] for view in cluster.renderer.sent("set-camera-view")]


def plug(controller):
    async def work():
        controller.presence.plugged("a view", True)

    return work
