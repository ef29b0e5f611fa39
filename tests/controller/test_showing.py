from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from brayns_widget.controller.camera import corners
from brayns_widget.controller.framing import placed
from brayns_widget.controller.looks import FADED, HIDDEN
from brayns_widget.controller.selected import parse_ranges
from brayns_widget.protocol import colors
from brayns_widget.protocol.brayns.models import Transform
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import load

CALLS = ("frame", "hide", "isolate")


def sent(cluster: Any) -> list[tuple[int, str, dict[str, Any]]]:
    """Return what models were colored with, and forget it: model, method, colors."""
    found = [
        (p["id"], p["method"], {key: tuple(color) for key, color in p["values"].items()})
        for p in cluster.renderer.sent("color-model")
    ]
    cluster.renderer.requests.clear()
    return found


def by_cell(values: dict[str, Any]) -> dict[int, Any]:
    """Return the colors by id."""
    return {one: color for text, color in values.items() for one in parse_ranges(text, "ids").tolist()}


@pytest.fixture
def model(cluster, controller):
    made = load(controller)
    made.color = "red"
    sent(cluster)
    return made


RED = colors.parse("red")


def test_hidden_cells_are_clear_until_all_are_shown(cluster, controller, model):
    controller.selection.set([1, 2])
    before = controller.state.revision
    controller.selection.hide()
    assert sent(cluster) == [(model.id, "id", {"1-2": HIDDEN})]
    assert controller.state.revision > before
    controller.selection.set([3])
    controller.selection.hide()
    assert sent(cluster) == [(model.id, "id", {"1-3": HIDDEN})]
    controller.selection.show_all()
    assert sent(cluster) == [(model.id, "solid", {"color": RED})]
    controller.selection.show_all()
    assert sent(cluster) == []
    assert controller.selection == {"cells": "3"}


def test_all_other_cells_fade(cluster, controller, model):
    other = load(controller)
    cluster.renderer.color_values.pop("id")
    mesh = controller.models.load("/data/mesh.obj").result(10)[0]
    sent(cluster)
    controller.selection.set([2])
    controller.selection.isolate()
    assert sent(cluster) == [(one.id, "id", {"0-1,3": FADED}) for one in (model, other)]
    assert mesh.color_methods == ()
    controller.selection.set([0])
    controller.selection.isolate()
    # What has no color of its own any more takes that of its model again.
    assert sent(cluster)[:2] == [(model.id, "solid", {"color": RED}), (model.id, "id", {"1-3": FADED})]


def test_a_model_without_selected_cells_fades_as_a_whole(cluster, controller, model):
    cluster.renderer.metadata = {"population_name": "others"}
    other = load(controller, population="cells")
    assert other.population == "others"
    sent(cluster)
    controller.selection.set([2], "cells")
    controller.selection.isolate()
    assert sent(cluster)[-1] == (other.id, "id", {"0-3": FADED})


def test_colors_and_veils_lie_over_one_another(cluster, controller, model):
    blue, lime = colors.parse("blue"), colors.parse("lime")
    controller.selection.set([0, 1, 2])
    controller.selection.color("blue")
    controller.selection.set([2, 3])
    controller.selection.color("lime")
    assert model.color is None
    assert by_cell(sent(cluster)[-1][2]) == {0: blue, 1: blue, 2: lime, 3: lime}
    controller.selection.set([1])
    controller.selection.hide()
    assert by_cell(sent(cluster)[-1][2]) == {0: blue, 1: HIDDEN, 2: lime, 3: lime}
    controller.selection.set([1, 2])
    controller.selection.isolate()
    assert by_cell(sent(cluster)[-1][2]) == {0: FADED, 1: blue, 2: lime, 3: FADED}
    controller.selection.show_all()
    assert by_cell(sent(cluster)[-1][2]) == {0: blue, 1: blue, 2: lime, 3: lime}
    model.color = "red"
    assert sent(cluster) == [(model.id, "solid", {"color": RED})]


@pytest.mark.parametrize("values", ["mtype", "morphology_section"])
def test_veils_stay_when_the_model_is_colored(cluster, controller, model, values):
    controller.selection.set([1])
    controller.selection.hide()
    sent(cluster)
    model.color_by(values)
    base, veil = sent(cluster)
    assert base[1] == values.replace("_", " ")
    assert veil == (model.id, "id", {"1": HIDDEN})
    assert controller.legend is not None
    controller.selection.show_all()
    assert sent(cluster) == [base]


def test_values_by_cell_and_veils_are_one_request(cluster, controller, model):
    model.color_by([0, 1, 0, 1], colormap="gray")
    ((_, _, base),) = sent(cluster)
    controller.selection.set([1, 2])
    controller.selection.hide()
    ((_, method, values),) = sent(cluster)
    assert method == "id"
    assert by_cell(values) == by_cell(base) | {1: HIDDEN, 2: HIDDEN}
    model.color_by([1, 0, 1, 0], colormap="gray")
    ((_, _, values),) = sent(cluster)
    assert by_cell(values) == {0: by_cell(base)[1], 1: HIDDEN, 2: HIDDEN, 3: by_cell(base)[0]}


def test_what_was_colored_elsewhere_is_left_alone(cluster, controller, model):
    controller.renderer.request("color-model", {"id": model.id, "method": "solid", "values": {"color": [1, 1, 1, 1]}})
    controller.selection.set([1])
    sent(cluster)
    for call in ("hide", "isolate"):
        with pytest.raises(CircuitError, match="was colored elsewhere"):
            getattr(controller.selection, call)()
    assert sent(cluster) == []
    model.color = "red"
    controller.selection.hide()


@pytest.mark.parametrize("call", CALLS)
def test_nothing_selected_is_told(controller, model, call):
    with pytest.raises(CircuitError, match="Nothing is selected"):
        getattr(controller.selection, call)()


@pytest.mark.parametrize("call", CALLS)
def test_cells_that_are_not_loaded_are_told(controller, model, call):
    controller.selection.set([99])
    with pytest.raises(CircuitError, match="No model shows any"):
        getattr(controller.selection, call)()


def test_a_wrong_color_is_refused(controller, model):
    controller.selection.set([1])
    with pytest.raises(ValueError, match="no such color"):
        controller.selection.color("no such color")


def test_a_removed_model_takes_its_look_along(cluster, controller, model):
    controller.selection.set([1])
    controller.selection.hide()
    model.remove()
    controller.selection.show_all()
    load(controller)
    sent(cluster)
    controller.selection.show_all()
    assert sent(cluster) == []


# ---------------------------------------------------------------------- frame


@pytest.fixture
def positions(cluster) -> dict[str, list[float]]:
    # The box of the model, ± 100, 200, 300, reaches beyond these by 10, 20, 30.
    found = {"x": [-90.0, 0.0, 50.0, 90.0], "y": [-180.0, 0.0, 0.0, 180.0], "z": [-270.0, 0.0, 0.0, 270.0]}
    cluster.backend.node_attributes = dict(found)
    return found


@pytest.mark.usefixtures("positions")
def test_the_camera_looks_at_the_selected_cells(controller, model):
    controller.selection.set([1, 2])
    low, high = controller.selection.bounds()
    assert low == pytest.approx((-10, -20, -30))
    assert high == pytest.approx((60, 20, 30))
    controller.selection.frame()
    expected = controller.camera.value.framing(corners(((-10, -20, -30), (60, 20, 30))), controller.aspect)
    assert controller.camera.target == pytest.approx((25, 0, 0))
    assert controller.camera.position == pytest.approx(expected.position)


@pytest.mark.parametrize("lacking", ["x", None])
def test_without_places_the_whole_model_is_framed(cluster, controller, positions, lacking):
    if lacking is None:
        cluster.backend = None
    else:
        del cluster.backend.node_attributes[lacking]
    model = load(controller, population="cells")
    controller.selection.set([2])
    controller.camera = {"position": (0, 0, 900), "target": (0, 0, 1)}
    controller.selection.frame()
    framed = controller.camera.value
    controller.camera = {"position": (0, 0, 900), "target": (0, 0, 1)}
    model.frame()
    assert controller.camera == framed


def test_cells_that_are_shown_elsewhere_do_not_mislead(cluster, controller, positions, model):
    cluster.backend.node_attributes["x"] = [0.0, 1000.0, 2000.0, 3000.0]
    controller.selection.set([2])
    controller.selection.frame()
    assert controller.camera.target == pytest.approx((0, 0, 0))


def test_places_are_scaled_turned_and_moved():
    half = np.sqrt(0.5)  # a quarter of a turn about z
    transform = Transform(rotation=(0, 0, half, half), scale=(1, 2, 3), translation=(10, 0, 0))
    found = placed(np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]), transform)
    assert found == pytest.approx(np.array([[10, 1, 0], [8, 0, 0], [10, 0, 3]]))
