from __future__ import annotations

import threading
from typing import Any

import pytest

from brayns_widget.controller.picked import Picked
from brayns_widget.controller.picking import NO_BACKEND, NO_SECTIONS
from tests.controller.scenes import WAIT, load, until

PLACE = {"section": 7, "section_type": "axon", "part": 0.25, "distance": 12.5, "position": [1.0, 2.0, 3.0]}


@pytest.fixture
def shown(cluster) -> dict[str, Any]:
    """What the renderer shows, to be changed."""
    found: dict[str, Any] = {"hit": True, "model_id": 0, "cell": 2, **PLACE}
    cluster.renderer.offers.append("pick")
    cluster.renderer.answers["pick"] = lambda _: dict(found)
    cluster.backend.node_attributes = {"mtype": ["B", "A", "B", "C"], "x": [0.0, 1.0, float("nan"), 3.0]}
    return found


def show(found: dict[str, Any], **changes: Any) -> None:
    found.clear()
    found.update(changes)


def test_a_pick_tells_what_is_there(cluster, controller, shown):
    model = load(controller)
    shown["model_id"] = model.id
    picked = controller.selection.pick(0.25, 1)
    assert cluster.renderer.sent("pick") == [{"position": [0.25, 1.0]}]
    assert picked == Picked(
        hit=True,
        position=(1.0, 2.0, 3.0),
        model_id=model.id,
        model="cells",
        population="cells",
        cell=2,
        section=7,
        section_type="axon",
        part=0.25,
        distance=12.5,
        attributes={"mtype": "B", "x": None},
        number=1,
    )
    assert controller.selection == {"cells": "2"}


def test_a_pick_sees_through_the_present_camera(cluster, controller, shown):
    load(controller)
    controller.camera.position = (0, 0, 77)
    controller.selection.pick(0.5, 0.5)
    asked = list(cluster.renderer.requests)
    before = asked[: [method for method, _ in asked].index("pick")]
    assert [view for method, view in before if method == "set-camera-view"][-1]["position"] == [0, 0, 77]


def test_a_pick_may_be_of_a_picture_of_any_shape(cluster, controller, shown):
    load(controller)
    controller.selection.pick(0.5, 0.5, aspect=2)
    assert cluster.renderer.sent("pick") == [{"position": [0.5, 0.5], "aspect": 2}]
    with pytest.raises(ValueError, match="aspect"):
        controller.selection.pick(0.5, 0.5, aspect=0)


def test_picks_replace_join_and_clear(controller, shown):
    model = load(controller)
    shown["model_id"] = model.id
    pick = controller.selection.pick
    pick(0, 0)
    shown["cell"] = 3
    pick(0, 0)
    assert controller.selection.ids().tolist() == [3]
    shown["cell"] = 1
    pick(0, 0, add=True)
    assert controller.selection.ids().tolist() == [1, 3]
    pick(0, 0, add=True)
    assert controller.selection.ids().tolist() == [3]
    show(shown, hit=False)
    assert pick(0, 0, add=True) == Picked(hit=False)
    assert controller.selection.ids().tolist() == [3]
    assert pick(0, 0) == Picked(hit=False)
    assert not controller.selection


def test_what_is_no_cell_selects_nothing(controller, shown):
    model = load(controller)
    controller.selection.set([1])
    show(shown, hit=True, model_id=model.id, position=[0.0, 0.0, 0.0])
    picked = controller.selection.pick(0, 0)
    assert (picked.model, picked.cell, picked.attributes, picked.attributes_problem) == ("cells", None, {}, "")
    assert not controller.selection


def test_brayns_own_renderer_tells_the_cell_alone(cluster, controller):
    model = load(controller)
    answer = {"hit": True, "metadata": {"neuron_id": 3}, "model_id": model.id, "position": [1.0, 2.0, 3.0]}
    cluster.renderer.answers["inspect"] = lambda _: answer
    picked = controller.selection.pick(0.5, 0.25)
    assert cluster.renderer.sent("inspect") == [{"position": [0.5, 0.75]}]  # which counts from the bottom
    assert (picked.cell, picked.population, picked.position) == (3, "cells", (1.0, 2.0, 3.0))
    assert (picked.section, picked.section_problem) == (None, NO_SECTIONS)
    assert picked.attributes_problem  # its backend cannot tell them either
    assert controller.selection == {"cells": "3"}
    answer |= {"hit": False}
    assert controller.selection.pick(0.5, 0.5) == Picked(hit=False)


def test_without_a_backend_the_pick_says_so(cluster, controller):
    cluster.backend = None
    model = load(controller, population="cells")
    answer = {"hit": True, "metadata": {"neuron_id": 3}, "model_id": model.id, "position": [1.0, 2.0, 3.0]}
    cluster.renderer.answers["inspect"] = lambda _: answer
    assert controller.selection.pick(0.5, 0.5).attributes_problem == NO_BACKEND


@pytest.mark.parametrize("place", [(-0.1, 0), (0, 1.1), (float("nan"), 0)])
def test_a_point_lies_in_the_picture(controller, place):
    with pytest.raises(ValueError, match=r"[uv] is"):
        controller.selection.pick(*place)


def test_functions_hear_of_picks_in_order_and_may_make_calls(controller, shown, caplog):
    model = load(controller)
    shown["model_id"] = model.id
    heard: list[Any] = []
    both = threading.Event()

    def hear(picked: Picked) -> None:
        heard.append((picked.cell, controller.selection.read_cells()["mtype"].tolist()))
        if len(heard) == 2:
            both.set()

    def fail(_: Picked) -> None:
        raise RuntimeError("no")

    controller.on_pick(fail)
    end = controller.on_pick(hear)
    controller.selection.pick(0, 0)
    until(lambda: heard)
    shown["cell"] = 1
    controller.selection.pick(0, 0)
    assert both.wait(WAIT)
    assert heard == [(2, ["B"]), (1, ["A"])]
    assert "hears of picks failed" in caplog.text
    end()
    controller.selection.pick(0, 0)
    controller.selection.pick(0, 0)
    assert len(heard) == 2
