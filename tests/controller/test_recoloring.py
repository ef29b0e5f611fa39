from __future__ import annotations

import pandas as pd
import pytest

from tests.controller.scenes import load


def shown(controller, model):
    """Return the colors by value that the legend tells of a model."""
    sections = controller.state.sections
    return {e.label: e.color for section in sections if section.model == model.id for e in section.entries}


def sent(cluster):
    return [(one["id"], one["method"], one["values"]) for one in cluster.renderer.sent("color-model")]


def test_a_value_is_recolored_in_all_models_that_show_it_and_in_those_to_come(cluster, controller):
    first, second, third = load(controller, color_by="mtype"), load(controller, color_by="mtype"), load(controller)
    others = controller.colors.of("mtype")["L5_BC"]
    count = len(sent(cluster))
    controller.colors.set("mtype", {"L23_PC": "red"})
    assert [(one, method, values["L23_PC"]) for one, method, values in sent(cluster)[count:]] == [
        (first.id, "mtype", [1, 0, 0, 1]),
        (second.id, "mtype", [1, 0, 0, 1]),
    ]
    assert shown(controller, first) == shown(controller, second) == {"L23_PC": "#ff0000", "L5_BC": others}
    assert shown(controller, third) == {}
    third.color_by("mtype")
    assert shown(controller, third)["L23_PC"] == "#ff0000"


def test_cells_that_are_colored_by_values_are_recolored_by_id(cluster, controller):
    model = load(controller)
    model.color_by(pd.Series(["a", "b", "a", "c"], name="kind"))
    controller.colors.set("kind", {"a": "red", "c": "blue", "unknown": "green"})
    _, method, values = sent(cluster)[-1]
    assert (method, values["0,2"], values["3"]) == ("id", [1, 0, 0, 1], [0, 0, 1, 1])
    assert values.keys() == {"0,2", "1", "3"}
    assert controller.colors.of("kind")["unknown"] == "#008000"


def test_the_former_colors_undo_it_and_none_is_the_color_of_the_first_time(controller):
    model = load(controller, color_by="mtype")
    before = controller.colors.of("mtype")
    controller.colors.set("mtype", {"L23_PC": "red"})
    controller.colors.set("mtype", before)
    assert controller.colors.of("mtype") == before == shown(controller, model)
    controller.colors.set("mtype", {"L23_PC": "red", "L5_BC": "red"})
    controller.colors.set("mtype", {"L23_PC": None, "L5_BC": None})
    assert controller.colors.of("mtype") == before


def test_colors_can_be_set_before_anything_is_loaded(cluster, controller):
    controller.colors.set("mtype", {"L5_BC": "gold"})
    assert sent(cluster) == []
    assert controller.status.state != "ready"
    assert shown(controller, load(controller, color_by="mtype"))["L5_BC"] == "#ffd700"


def test_what_lies_over_a_coloring_stays(cluster, controller):
    load(controller, color_by="mtype")
    controller.selection = {"cells": [1]}
    controller.selection.color("white")
    controller.colors.set("mtype", {"L5_BC": "red"})
    (_, first, _), (_, method, values) = sent(cluster)[-2:]
    assert (first, method, values) == ("mtype", "id", {"1": [1, 1, 1, 1]})


def test_a_model_that_another_client_has_colored_is_recolored_by_its_legend(cluster, controller):
    model = load(controller, color_by="mtype")
    foreign = {"L23_PC": [0, 1, 0, 1], "L5_BC": [0, 0, 1, 1]}
    cluster.renderer.answers["get-model-coloring"] = lambda _: {"method": "mtype", "values": foreign}
    controller.renderer.request("color-model", {"id": model.id, "method": "mtype", "values": foreign})
    assert shown(controller, model) == {"L23_PC": "#00ff00", "L5_BC": "#0000ff"}
    controller.colors.set("mtype", {"L5_BC": "red"})
    assert sent(cluster)[-1] == (model.id, "mtype", {**foreign, "L5_BC": [1, 0, 0, 1]})


def test_a_new_model_takes_the_colors_that_another_client_has_given(cluster, controller):
    model = load(controller)
    foreign = {"L23_PC": [0, 1, 0, 1], "L5_BC": [0, 0, 1, 1]}
    cluster.renderer.answers["get-model-coloring"] = lambda _: {"method": "mtype", "values": foreign}
    controller.renderer.request("color-model", {"id": model.id, "method": "mtype", "values": foreign})
    assert shown(controller, load(controller, color_by="mtype")) == {"L23_PC": "#00ff00", "L5_BC": "#0000ff"}


def test_what_is_no_color_changes_nothing(cluster, controller):
    load(controller, color_by="mtype")
    before, count = controller.colors.of("mtype"), len(sent(cluster))
    with pytest.raises(ValueError, match="not a color"):
        controller.colors.set("mtype", {"L5_BC": "red", "L23_PC": "no color"})
    with pytest.raises(ValueError, match="changes"):
        controller.colors.set("mtype", {})
    assert (controller.colors.of("mtype"), len(sent(cluster))) == (before, count)
