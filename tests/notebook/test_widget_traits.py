"""The widget's traits, set by Python and by pages."""

from __future__ import annotations

from typing import Any

import pytest
import traitlets

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.notebook.widget import BraynsWidget
from brayns_widget.protocol.errors import RequestError
from tests.notebook.pages import CAMERA, until, views


def test_the_trait_follows_the_mouse_and_pages_hear_of_it_at_the_end(viewer, page, cluster):
    before = len(page.updates("camera"))
    for step in range(1, 6):
        page.say("camera", camera=CAMERA | {"position": [0, 0, 50.0 + step]}, moving=True)
    until(lambda: viewer.camera.position == (0, 0, 55))
    until(lambda: views(cluster)[-1] == [0, 0, 55])
    assert len(page.updates("camera")) == before
    page.say("camera", camera=CAMERA | {"position": [0, 0, 55.0]}, moving=False)
    until(lambda: len(page.updates("camera")) > before)
    assert page.updates("camera")[-1]["position"] == (0, 0, 55)
    assert viewer.controller.camera.position == (0, 0, 55)


def test_observers_hear_of_the_mouse(viewer, page):
    heard: list[Any] = []
    viewer.observe(lambda change: heard.append(change["new"].position), "camera")
    page.say("camera", camera=CAMERA, moving=True)
    until(lambda: heard == [(0, 0, 50)])


def test_a_camera_set_in_python_is_shown_and_sent(viewer, page, cluster):
    viewer.camera = {"position": [1, 2, 3], "target": [0, 0, 0]}
    assert viewer.camera.up == (0, 1, 0)
    until(lambda: views(cluster)[-1] == [1, 2, 3])
    assert page.updates("camera")[-1]["position"] == (1, 2, 3)
    assert viewer.controller.camera.position == (1, 2, 3)


def test_a_camera_set_by_a_page_such_as_by_a_link_is_shown(viewer, page, cluster):
    page.set(camera=CAMERA | {"position": [7, 8, 9]})
    until(lambda: viewer.camera.position == (7, 8, 9))
    until(lambda: views(cluster)[-1] == [7, 8, 9])
    assert viewer.controller.camera.position == (7, 8, 9)


@pytest.mark.parametrize("name", ["camera", "background"])
def test_nothing_is_no_camera_and_no_color(viewer, page, name):
    before = viewer.get_state(name)
    with pytest.raises((traitlets.TraitError, ValueError)):
        setattr(viewer, name, None)
    assert viewer.get_state(name) == before


def test_what_a_call_has_done_can_be_read_at_once(viewer, page):
    (model,) = viewer.load_circuit("/data/circuit.json").result(10)
    for title in ["one", "two"] * 10:
        model.color_by("mtype", title=title)
        assert viewer.legend.sections[0].title == title
        model.visible = False
        assert viewer.legend is None
        model.visible = True
        viewer.rendering.background = "red" if title == "one" else "blue"
        assert viewer.background == ("#ff0000" if title == "one" else "#0000ff")


@pytest.mark.parametrize("name", ["backgroud", "shapes", "snapshot", "controller", "model"])
def test_what_has_no_effect_raises(viewer, name):
    with pytest.raises(AttributeError):
        setattr(viewer, name, 3)


def test_a_controller_has_its_own_master(cluster):
    with Controller(**cluster.options) as controller, pytest.raises(TypeError, match="not both"):
        BraynsWidget(controller=controller, project="p")


def test_a_camera_set_at_the_controller_reaches_trait_and_picture(viewer, page, cluster):
    viewer.controller.camera = Camera((4, 5, 6))
    until(lambda: viewer.camera.position == (4, 5, 6))
    until(lambda: views(cluster)[-1] == [4, 5, 6])
    until(lambda: page.updates("camera") and page.updates("camera")[-1]["position"] == (4, 5, 6))


@pytest.mark.parametrize(
    "camera", [{"position": [0, 0, float("nan")]}, {"position": [0, 0, 0]}, {"zoom": 2}, {"fovy": 500}]
)
def test_a_wrong_camera_is_refused(viewer, page, camera):
    before = viewer.camera.value
    with pytest.raises(traitlets.TraitError, match="camera"):
        viewer.camera = camera
    assert viewer.camera == before


def test_a_background_set_by_page_or_python_reaches_the_renderer(viewer, page, cluster):
    def painted() -> Any:
        sent = [p for m, p in list(cluster.renderer.requests) if m == "set-renderer-interactive"]
        return [p["background_color"] for p in sent if "background_color" in p][-1]

    page.set(background="#ff0000")
    until(lambda: painted() == [1, 0, 0, 1])
    viewer.background = "blue"
    assert viewer.background == "#0000ff"
    assert painted() == [0, 0, 1, 1]  # it has taken effect before anything else is done
    viewer.rendering.background = (1, 1, 1)
    until(lambda: viewer.background == "#ffffff")
    until(lambda: page.updates("background")[-1] == "#ffffff")


def test_what_the_controller_takes_is_told_although_the_renderer_refuses_it(viewer, page, cluster):
    heard: list[Any] = []
    viewer.observe(lambda change: heard.append(change["new"]), "background")
    cluster.renderer.errors["set-renderer-interactive"] = (-32603, "No.")
    with pytest.raises(RequestError):
        viewer.background = "red"
    assert viewer.background == "#ff0000"
    until(lambda: heard == ["#ff0000"])
    until(lambda: page.updates("background")[-1:] == ["#ff0000"])
    assert viewer.get_state("background") == {"background": "#ff0000"}


def test_on_the_loop_thread_only_what_takes_effect_at_once_can_be_set(viewer, page):
    async def listener() -> None:
        viewer.camera.fovy = 30
        assert viewer.camera.fovy == 30
        viewer.background = "red"

    before = viewer.get_state("background")
    with pytest.raises(RuntimeError, match=r"set_background\(\) would wait for itself.*aio"):
        viewer.controller.loop.submit(listener()).result(10)
    assert viewer.get_state("background") == before


def test_a_wrong_trait_of_a_page_is_told_and_set_back(viewer, page):
    page.set(background=["red"])
    until(lambda: viewer.notice and viewer.notice.level == "warning")
    assert page.updates("background")[-1] == viewer.background


@pytest.mark.parametrize("name", ["models", "status", "progress", "notice", "legend"])
def test_what_the_kernel_tells_cannot_be_assigned(viewer, name):
    with pytest.raises(traitlets.TraitError, match="read-only"):
        setattr(viewer, name, None)


def test_what_a_page_must_not_set_stays(viewer, page):
    page.set(status={"state": "failed", "text": "ha"}, models=[])
    assert page.call("notices.dismiss")["result"] is None
    assert viewer.status.state == "ready"


@pytest.mark.parametrize("name", ["_esm", "_css", "_model_module", "_view_name"])
def test_a_page_does_not_change_what_other_pages_run(viewer, page, name):
    before = viewer.get_state(name)
    page.set(**{name: "other", "nobody knows this": 1, "_view_count": 2})
    until(lambda: viewer.notice and viewer.notice.text == f"The page sent a wrong value: {name} cannot be set")
    assert viewer.get_state(name) == before
    until(lambda: page.updates(name)[-1:] == [before[name]])


@pytest.mark.parametrize(("wanted", "height"), [(1, 160), (300, 300), (9999, 2000)])
def test_a_height_is_kept_within_what_people_can_use(viewer, wanted, height):
    viewer.height = wanted
    assert viewer.height == height


def test_an_observer_may_wait_for_the_controller(viewer, page):
    listings: list[Any] = []
    viewer.observe(lambda _: listings.append(viewer.files.list("/data").path), "models")
    viewer.load_circuit("/data/circuit.json").result(10)
    until(lambda: listings)


# ---------------------------------------------------------------------- the selection


def test_the_selection_is_set_by_python_and_by_pages(viewer, page):
    viewer.load_circuit("/data/circuit.json").result(10)
    heard: list[Any] = []
    viewer.observe(lambda change: heard.append(dict(change["new"])), "selection")
    viewer.selection = [2, 1]
    assert viewer.selection.ids().tolist() == [1, 2]
    assert viewer.get_state("selection") == {"selection": {"cells": "1-2"}}
    assert page.updates("selection")[-1] == {"cells": "1-2"}
    page.set(selection={"cells": "0-3", "others": "7"})
    assert viewer.selection == {"cells": "0-3", "others": "7"}
    assert viewer.controller.selection.ids("others").tolist() == [7]
    viewer.selection.remove(3, "cells")
    until(lambda: heard == [{"cells": "1-2"}, {"cells": "0-3", "others": "7"}, {"cells": "0-2", "others": "7"}])
    until(lambda: page.updates("selection")[-1] == {"cells": "0-2", "others": "7"})


@pytest.mark.parametrize("wrong", [{"cells": "0-99999999999"}, {"cells": 1.5}, "1", [1], None, {"cells": {"a": 1}}])
def test_a_wrong_selection_of_a_page_is_told_and_set_back(viewer, page, wrong):
    viewer.selection = {"cells": [1]}
    page.set(selection=wrong)
    until(lambda: viewer.notice and viewer.notice.level == "warning")
    assert viewer.selection == {"cells": "1"}
    assert page.updates("selection")[-1] == {"cells": "1"}


def test_a_wrong_selection_is_refused(viewer):
    with pytest.raises(traitlets.TraitError, match="does not tell of which population"):
        viewer.selection = [1]
    with pytest.raises(traitlets.TraitError, match="no list of ids"):
        viewer.selection = 1.5 + 1j


def test_selections_can_be_linked(viewer):
    with Controller() as controller:
        other = BraynsWidget(controller=controller)
        link = traitlets.link((viewer, "selection"), (other, "selection"))
        viewer.selection = {"cells": [1]}
        until(lambda: other.selection == {"cells": "1"})
        other.selection.set({"cells": [2, 3]})
        until(lambda: viewer.selection == {"cells": "2-3"})
        link.unlink()
        other.close()


def test_a_page_picks(viewer, page, cluster):
    (model,) = viewer.load_circuit("/data/circuit.json").result(10)
    cluster.renderer.offers.append("pick")
    answer = {"hit": True, "model_id": model.id, "cell": 2, "metadata": {"neuron_id": 2}, "position": [1.0, 2.0, 3.0]}
    cluster.renderer.answers["inspect"] = lambda _: answer
    reply = page.call("selection.pick", u=0.5, v=0.25)
    assert reply["result"].items() >= {"hit": True, "cell": 2, "model": "cells", "position": [1.0, 2.0, 3.0]}.items()
    until(lambda: page.updates("selection")[-1:] == [{"cells": "2"}])
    assert "u is" in page.call("selection.pick", u=2, v=0)["error"]["message"]
