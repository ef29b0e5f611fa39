from __future__ import annotations

import pandas as pd
import pytest

from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import load


def test_cells_are_selected_by_the_value_that_they_are_colored_by(controller):
    model = load(controller)
    model.color_by(pd.Series(["a", "b", "a", "c"], name="kind"))
    controller.selection.set_by_value("kind", "a")
    assert controller.selection == {"cells": "0,2"}
    controller.selection.set_by_value("kind", "c", add=True)
    assert controller.selection == {"cells": "0,2-3"}
    controller.selection.set_by_value("kind", "a", add=True)
    assert controller.selection == {"cells": "3"}, "a second click takes them back"
    controller.selection.set_by_value("kind", "b")
    assert controller.selection == {"cells": "1"}


def test_values_of_a_coloring_method_are_read_from_the_backend(cluster, controller):
    cluster.backend.node_attributes = {"mtype": ["L23_PC", "L5_BC", "L23_PC", "x"], "morph_class": [1, 1, 2, 2]}
    cluster.renderer.color_values["morphology class"] = ["1", "2"]
    model = load(controller, color_by="mtype")
    controller.selection.set_by_value("mtype", "L23_PC")
    assert controller.selection == {"cells": "0,2"}
    asked = len(cluster.backend.requests)
    controller.selection.set_by_value("mtype", "L5_BC")
    assert controller.selection == {"cells": "1"}
    assert len(cluster.backend.requests) == asked, "they are read once"
    model.color_by("morphology_class")
    controller.selection.set_by_value("morph_class", 2)
    assert controller.selection == {"cells": "2-3"}


def test_the_cells_of_all_models_that_show_the_value_are_selected(cluster, controller):
    first = load(controller)
    cluster.renderer.metadata = {"population_name": "others"}
    second = load(controller)
    for model in (first, second):
        model.color_by(pd.Series(["a", "b", "a", "c"], name="kind"))
    second.color_by(pd.Series(["b", "b", "b", "a"], name="kind"))
    controller.selection.set_by_value("kind", "a")
    assert controller.selection == {"cells": "0,2", "others": "3"}


@pytest.mark.parametrize(
    ("attribute", "value", "problem"),
    [
        ("morphology section", "axon", "'morphology section' are not of whole cells"),
        ("etype", "axon", "No model is colored by categories of 'etype'"),
        ("kind", "x", "No model that is colored by 'kind' shows 'x'"),
    ],
)
def test_values_that_tell_no_cells_are_refused(controller, attribute, value, problem):
    load(controller, color_by="morphology section")
    load(controller).color_by(pd.Series(["a", "b", "a", "c"], name="kind"))
    controller.selection.set([1])
    with pytest.raises(CircuitError, match=problem):
        controller.selection.set_by_value(attribute, value)
    assert controller.selection == {"cells": "1"}


def test_a_backend_that_cannot_read_attributes_is_told(controller):
    load(controller, color_by="mtype")
    with pytest.raises(CircuitError, match=r"attributes .* cannot be read"):
        controller.selection.set_by_value("mtype", "L23_PC")
