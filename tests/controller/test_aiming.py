from __future__ import annotations

import threading
import time

import pytest

from brayns_widget.controller import aiming
from brayns_widget.controller.controller import Controller
from tests.controller.breaking import break_link
from tests.controller.scenes import WAIT, load, on_loop, until
from tests.fakes import JOB_ID

MOVED = {"position": (0, 0, 5000)}
VIEW = "a view"
AIMED = {
    "get-camera-view": lambda _: {"position": [0, 0, 5000], "target": [0, 0, 0], "up": [0, 1, 0]},
    "get-camera-type": lambda _: "perspective",
    "get-camera-perspective": lambda _: {"fovy": 45},
}
"""Answers of a renderer that others have aimed."""


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


def test_a_view_tells_its_cameras_itself_but_the_last_one(cluster, controller):
    controller.start().result(WAIT)
    controller.camera = MOVED
    until(lambda: seen(cluster) == [[0, 0, 5000]])
    on_loop(controller, do(controller.presence.plugged, VIEW, True))
    controller.camera.position = (0, 0, 6000)
    controller.camera = MOVED
    controller.renderer.request("get-version")  # a request behind any other
    assert seen(cluster) == [[0, 0, 5000]]
    on_loop(controller, do(controller.presence.gone, VIEW))
    until(lambda: seen(cluster) == [[0, 0, 5000]] * 2)


def test_what_is_set_while_the_link_is_away_is_told_when_it_is_back(cluster, proxy, short_pauses):
    cluster.renderer.answers |= AIMED
    cluster.renderer.add("neurons")
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        controller.start().result(WAIT)
        assert list(controller.camera.position) == [0, 0, 5000]
        break_link(controller, proxy, lambda: setattr(controller.camera, "position", (0, 0, 6000)))
        until(lambda: seen(cluster) == [[0, 0, 6000]])


def test_a_job_that_others_use_is_not_told_the_camera_it_has(cluster, controller):
    controller.start().result(WAIT)
    load(controller)
    until(lambda: seen(cluster) != [])
    cluster.renderer.answers |= AIMED
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


@pytest.mark.measures
@pytest.mark.parametrize("stop", [True, False])
def test_a_renderer_that_does_not_answer_holds_nobody(cluster, monkeypatch, stop):
    monkeypatch.setattr(aiming, "LAST_WORD", 0.05)
    controller = Controller(**cluster.options)
    controller.start().result(WAIT)
    cluster.renderer.silent.add("set-camera-perspective")
    controller.camera = MOVED
    began = time.monotonic()
    controller.close(stop=stop)
    assert time.monotonic() - began < 10


def seen(cluster):
    """Return the positions of the cameras that the renderer was sent."""
    return [view["position"] for view in cluster.renderer.sent("set-camera-view")]


def do(call, *args):
    async def work():
        call(*args)

    return work


def test_a_camera_that_was_set_before_a_job_is_joined_is_told(cluster):
    cluster.renderer.answers |= AIMED
    cluster.renderer.add("neurons")
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        controller.camera = MOVED | {"position": (0, 0, 7000)}
        controller.start().result(WAIT)
        assert list(controller.camera.position) == [0, 0, 7000]
        until(lambda: seen(cluster) == [[0, 0, 7000]])
