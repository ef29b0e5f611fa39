"""Two widgets on one controller: what is set in Python, by any of them, is what the next call of any of them sees."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import FakeCluster
from tests.notebook.pages import Comm, until

ROUNDS = 6


@pytest.fixture
def pair(cluster: FakeCluster, comms: list[Comm]) -> Iterator[tuple[BraynsWidget, BraynsWidget]]:
    """Two widgets of one controller, both on a page."""
    with Controller(**cluster.options) as controller:
        viewers = BraynsWidget(controller=controller), BraynsWidget(controller=controller)
        until(lambda: controller.status.state == "ready")
        controller.load_circuit("/data/circuit.json").result(10)
        for page in comms:
            page.say("ready", width=400, height=300, dpr=1)
            page.wait("frame")
            page.say("visible", visible=False)  # so that the stream sends no camera
        yield viewers
        for viewer in viewers:
            viewer.close()


Setter = Callable[[BraynsWidget, Camera, str], None]


def _set_camera(viewer: BraynsWidget, camera: Camera, _: str) -> None:
    viewer.camera = camera


def _set_camera_field(viewer: BraynsWidget, camera: Camera, _: str) -> None:
    viewer.camera.position = camera.position


def _set_controllers_camera(viewer: BraynsWidget, camera: Camera, _: str) -> None:
    viewer.controller.camera = camera


def _set_background(viewer: BraynsWidget, _: Camera, color: str) -> None:
    viewer.background = color


def _set_controllers_background(viewer: BraynsWidget, _: Camera, color: str) -> None:
    viewer.controller.background = color


def _set_background_of_rendering(viewer: BraynsWidget, _: Camera, color: str) -> None:
    viewer.rendering.background = color


SETTERS: list[Setter] = [
    _set_camera,
    _set_camera_field,
    _set_controllers_camera,
    _set_background,
    _set_controllers_background,
    _set_background_of_rendering,
]


def _snapshot(viewer: BraynsWidget, cluster: FakeCluster) -> tuple[Any, Any]:
    viewer.snapshot(size=(16, 16), samples=1).result(10)
    asked = cluster.renderer.sent("snapshot")[-1]
    return asked["camera_view"]["position"], asked["renderer"]["params"]["background_color"]


def _before(cluster: FakeCluster, method: str) -> tuple[Any, Any]:
    """What the renderer had when a request reached it last."""
    requests = list(cluster.renderer.requests)
    last = max(number for number, (name, _) in enumerate(requests) if name == method)
    position = [params["position"] for name, params in requests[:last] if name == "set-camera-view"][-1]
    settings = [params for name, params in requests[:last] if name == "set-renderer-interactive"]
    return position, [params["background_color"] for params in settings if "background_color" in params][-1]


def _inspect(viewer: BraynsWidget, cluster: FakeCluster) -> tuple[Any, Any]:
    viewer.pictures.inspect(0.5, 0.5)
    return _before(cluster, "inspect")


def _request(viewer: BraynsWidget, cluster: FakeCluster) -> tuple[Any, Any]:
    viewer.renderer.request("export-gbuffers", {})  # the stream sends none
    return _before(cluster, "export-gbuffers")


def _read(viewer: BraynsWidget, _: FakeCluster) -> tuple[Any, Any]:
    red, blue = viewer.background == "#ff0000", viewer.background == "#0000ff"
    return list(viewer.camera.position), [float(red), 0.0, float(blue), 1.0]


def _read_at_controller(viewer: BraynsWidget, _: FakeCluster) -> tuple[Any, Any]:
    return _read(viewer.controller, _)  # type: ignore[arg-type]  # it has the same properties


CALLS = [_snapshot, _inspect, _request, _read, _read_at_controller]


@pytest.mark.parametrize(("setter", "call"), list(itertools.product(SETTERS, CALLS)))
def test_what_was_set_is_what_the_next_call_sees(pair, cluster, setter, call):
    color, camera = "blue", Camera()
    for number in range(ROUNDS):
        # Between two values, so that a trait that lags behind has the value that is set.
        new, there = ("red" if color == "blue" else "blue"), Camera((0.0, 0.0, 700.0 + number % 2))
        if setter in SETTERS[:3]:
            camera = there
        else:
            color = new
        setting, calling = pair[number % 2], pair[number // 2 % 2]
        setter(setting, there, new)
        position, background = call(calling, cluster)
        if setter in SETTERS[:3]:
            assert position == list(camera.position)
        else:
            assert background == [float(color == "red"), 0.0, float(color == "blue"), 1.0]


def test_a_trait_that_lags_behind_takes_its_own_value_again(pair, cluster):
    first, second = pair
    stop, entered = threading.Event(), threading.Event()

    def hold(change: Any) -> None:
        entered.set()
        stop.wait(10)

    second.observe(hold, "notice")  # its traits are set no more
    first.controller.loop.post(first.controller.notices.tell, "info", "Wait.")
    assert entered.wait(10)
    before = second.background
    first.background = "white"
    second.background = before
    assert first.controller.background == before
    here = second.camera.value
    first.camera = Camera((1.0, 2.0, 3.0))
    second.camera = here
    assert first.controller.camera == here
    stop.set()


def test_what_an_observer_sets_counts_as_set_by_hand(pair, cluster):
    first, second = pair
    done = threading.Event()

    def answer(change: Any) -> None:
        if change["new"] == "#ff0000" and not done.is_set():
            done.set()
            second.background = "blue"
            second.background = "red"
            second.background = "white"

    second.observe(answer, "background")
    first.background = "red"
    assert done.wait(10)
    until(lambda: first.background == "#ffffff")
    until(lambda: second._stored("background") == "#ffffff")


def test_what_a_page_sets_does_not_keep_python_from_waiting(pair, cluster, comms):
    first, second = pair
    entered, stop = threading.Event(), threading.Event()

    def hold(change: Any) -> None:
        entered.set()
        stop.wait(10)

    first.observe(hold, "panel_open")
    page = threading.Thread(target=lambda: comms[0].set(panel_open=False))
    page.start()
    assert entered.wait(10)
    first.controller.background = "red"
    first.rendering.background = "blue"
    first.background = "white"
    assert _snapshot(second, cluster)[1] == [1.0, 1.0, 1.0, 1.0]
    stop.set()
    page.join()
