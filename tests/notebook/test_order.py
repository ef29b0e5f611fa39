"""Two widgets on one controller, whose traits are set by threads of their own, and so may lag behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.notebook.traits import to_json
from brayns_widget.notebook.widget import BraynsWidget
from brayns_widget.protocol import colors
from tests.fakes import FakeCluster
from tests.notebook.pages import Comm, until


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


def _snapshot(viewer: BraynsWidget, cluster: FakeCluster) -> dict[str, Any]:
    """Return camera and background of a snapshot, as traits have them."""
    viewer.snapshot(size=(16, 16), samples=1).result(10)
    asked = cluster.renderer.sent("snapshot")[-1]
    seen = Camera.from_dict(asked["camera_view"])
    return {"camera": seen, "background": colors.to_hex(asked["renderer"]["params"]["background_color"])}


@pytest.mark.parametrize(
    ("trait", "values"),
    [("camera", [Camera((0.0, 0.0, 700.0)), Camera((0.0, 0.0, 701.0))]), ("background", ["#ff0000", "#0000ff"])],
)
def test_a_trait_that_changes_between_two_values_is_seen_by_the_next_call(pair, cluster, trait, values):
    """A trait that lags behind has the value that is set next, so that it does not change."""
    for number in range(24):
        setting, calling, value = pair[number % 2], pair[number // 2 % 2], values[number // 4 % 2]
        setattr(setting, trait, values[1 - number // 4 % 2])
        setattr(setting, trait, value)
        assert _snapshot(calling, cluster)[trait] == value


@pytest.mark.parametrize(("trait", "value"), [("camera", Camera((0.0, 0.0, 50.0))), ("background", "#00ff00")])
def test_observers_read_what_a_page_has_set(pair, comms, trait, value):
    first, _ = pair
    read: list[Any] = []

    def observe(change: Any) -> None:
        read.append(first.camera.value if trait == "camera" else first.background)

    first.observe(observe, trait)
    comms[0].set(**{trait: to_json(value)})
    assert read == [value]


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
    assert _snapshot(second, cluster)["background"] == "#ffffff"
    stop.set()
    page.join()
