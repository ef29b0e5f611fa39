from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock

import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller import attributes as reading
from brayns_widget.controller.legend import LegendEntry
from brayns_widget.controller.painting import method_name
from brayns_widget.controller.palettes import PALETTE, colors_of_names
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import CircuitError, ConnectionLost
from tests.controller.scenes import WAIT, load
from tests.listening import Listener


def test_coloring_methods_may_be_written_with_underscores_or_spaces():
    known = ["solid", "morphology section", "synapse_class"]
    assert method_name("morphology_section", known) == "morphology section"
    assert method_name("synapse class", known) == "synapse_class"
    assert method_name("layer", known) is None


def test_new_models_get_the_first_color_that_none_has(controller):
    models = [load(controller) for _ in range(3)]
    assert [model.color for model in models] == [color.lower() for color in PALETTE[:3]]
    models[1].remove()
    assert load(controller).color == PALETTE[1].lower()


def test_new_models_get_no_color_that_means_a_value(controller):
    first = load(controller, color_by="morphology section")
    meant = [entry.color for section in controller.legend.sections for entry in section.entries]
    models = [load(controller) for _ in range(7)]
    assert first.color is None
    assert len({model.color for model in models}) == 7
    used = [color.lower() for color in PALETTE[:7] if color.lower() in meant]
    assert used
    assert {model.color for model in models[-len(used) :]} == set(used)


def test_when_all_colors_are_taken_the_first_comes_again(controller):
    models = [load(controller) for _ in range(8)]
    assert models[7].color == models[0].color
    assert len({model.color for model in models[:7]}) == 7


def test_a_model_without_a_single_color_is_left_as_it_is(cluster, controller):
    del cluster.renderer.color_values["solid"]
    model = load(controller)
    assert (model.color, model.colored_by) == (None, "")
    assert cluster.renderer.sent("color-model") == []


@pytest.mark.parametrize("color_by", ["morphology section", "morphology_section"])
def test_a_coloring_method_gives_each_value_its_color_and_a_legend(cluster, controller, color_by):
    model = load(controller, color_by=color_by)
    assert (model.colored_by, model.color) == ("morphology section", None)
    expected = colors_of_names("morphology section", ["axon", "soma"])
    assert cluster.renderer.sent("color-model")[-1] == {
        "id": model.id,
        "method": "morphology section",
        "values": {name: list(color) for name, color in expected.items()},
    }
    (section,) = controller.legend.sections
    assert (section.model, section.title) == (model.id, "morphology section")
    assert section.entries == tuple(LegendEntry(name, colors.to_hex(color)) for name, color in expected.items())


def test_solid_keeps_the_color_unless_another_is_given(controller):
    model = load(controller)
    first = model.color
    model.color_by("mtype")
    assert controller.legend is not None
    model.color_by("solid")
    assert model.color is not None  # what it was before is not known any more
    assert controller.legend is None
    model.color_by("solid", color="tab:blue")
    assert model.color == "#1f77b4"
    model.color_by("solid")
    assert model.color == "#1f77b4"
    assert first is not None


def test_cells_are_told_apart_by_id_without_a_legend(cluster, controller):
    model = load(controller)
    model.color_by("id")
    assert model.colored_by == "id"
    assert cluster.renderer.sent("color-model")[-1]["values"].keys() == {"0", "1", "2", "3"}
    assert controller.legend is None


def test_a_method_that_names_no_values_is_refused(cluster, controller):
    cluster.renderer.color_values["mtype"] = ["", ""]
    model = load(controller)
    with pytest.raises(CircuitError, match="'mtype' of 'cells' has no values"):
        model.color_by("mtype")
    assert model.colored_by == "solid"


def test_a_model_that_is_still_being_colored_waits_to_be_colored_again(cluster, controller):
    cluster.renderer.delays["get-color-values"] = 0.2
    models = Listener(controller, lambda state: state.models)
    task = controller.load_circuit("c.json", color_by="morphology section")
    models.wait_for(bool)
    controller.models[0].color_by("mtype")
    task.result(WAIT)
    assert [m.colored_by for m in controller.models] == ["mtype"]
    sent = [params["method"] for params in cluster.renderer.sent("color-model")]
    assert sent == ["solid", "morphology section", "mtype"]


# ---------------------------------------------------------------------- values of the user's


def by_id(cluster: Any) -> dict[int, str]:
    """Read the colors that the cells were given last."""
    sent = cluster.renderer.sent("color-model")[-1]
    assert sent["method"] == "id"
    found: dict[int, str] = {}
    for key, color in sent["values"].items():
        for part in key.split(","):
            first, _, last = part.partition("-")
            found |= dict.fromkeys(range(int(first), int(last or first) + 1), colors.to_hex(color))
    return found


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([0.0, 1.0, 0.0, 1.0], name="depth"),
        pd.Series([1.0, 0.0, 1.0, 0.0], index=[3, 2, 1, 0]),
        {0: 0, 1: 1, 2: 0, 3: 1},
        [0, 1, 0, 1],
        (0, 1, 0, 1),
        np.array([0, 1, 0, 1]),
        range(2),
    ],
)
def test_cells_are_colored_by_numbers(cluster, controller, values):
    if isinstance(values, range):
        values = [0, 1, 0, 1]
    model = load(controller)
    model.color_by(values, colormap="gray")
    assert by_id(cluster) == {0: "#000000", 1: "#ffffff", 2: "#000000", 3: "#ffffff"}
    name = values.name if isinstance(values, pd.Series) else None
    assert (model.colored_by, model.color) == (name or "values", None)
    (section,) = controller.legend.sections
    assert (section.model, section.range, section.title) == (model.id, (0.0, 1.0), name or "")
    assert (section.stops[0], section.stops[-1], section.missing) == ("#000000", "#ffffff", None)


def test_values_go_by_the_ids_of_the_loaded_cells(cluster, controller):
    cluster.renderer.answers["get-circuit-ids"] = lambda _: [7, 5]
    load(controller).color_by([0, 1], colormap="gray")
    assert by_id(cluster) == {7: "#000000", 5: "#ffffff"}


def test_range_missing_and_title_are_passed_on(cluster, controller):
    model = load(controller)
    model.color_by({1: 5, 2: 10}, colormap="gray", range=(0, 10), missing="red", title="depth")
    cells_colors = by_id(cluster)
    assert (cells_colors[0], cells_colors[2], cells_colors[3]) == ("#ff0000", "#ffffff", "#ff0000")
    (section,) = controller.legend.sections
    assert (section.title, section.range, section.missing) == ("depth", (0.0, 10.0), "#ff0000")
    assert model.colored_by == "depth"


def test_categories_get_a_palette_or_the_one_that_is_given(cluster, controller):
    model = load(controller)
    model.color_by(["a", "b", "a", "b"])
    assert len(set(by_id(cluster).values())) == 2
    model.color_by(["a", "b", "a", "b"], palette={"a": "red", "b": "blue"})
    assert by_id(cluster) == {0: "#ff0000", 1: "#0000ff", 2: "#ff0000", 3: "#0000ff"}
    assert controller.legend.sections[0].entries == (LegendEntry("a", "#ff0000"), LegendEntry("b", "#0000ff"))


@pytest.mark.parametrize(
    ("values", "options", "problem"),
    [
        ([1, 2], {}, "2 values for 4 loaded cells"),
        ({9: 1}, {}, "None of the values is of a loaded cell"),
        ([1, 2, 3, 4], {"colormap": "viridiz"}, "did you mean 'viridis'"),
        ([1, 2, 3, 4], {"range": (1, 0)}, "does not ascend"),
        ([1, 2, 3, 4], {"missing": "no color"}, "is not a color"),
        ([1, 2, 3, 4], {"range": "ab"}, "range is 'ab'"),
    ],
)
def test_values_that_do_not_fit_change_nothing(cluster, controller, values, options, problem):
    model = load(controller)
    sent = len(cluster.renderer.sent("color-model"))
    with pytest.raises(ValueError, match=problem):
        model.color_by(values, **options)
    assert len(cluster.renderer.sent("color-model")) == sent
    assert model.colored_by == "solid"


def test_a_model_without_cells_cannot_be_colored_by_values(cluster, controller):
    controller.renderer.request("add-spheres", [])
    with pytest.raises(CircuitError, match=r"'geometry' cannot be colored one by one\. It has no coloring methods"):
        controller.models[0].color_by([1, 2])
    del cluster.renderer.color_values["id"]
    with pytest.raises(CircuitError, match="It has the coloring methods solid, mtype"):
        load(controller).color_by([1, 2, 3, 4])


# ---------------------------------------------------------------------- node attributes


@pytest.fixture
def attributes(cluster):
    cluster.backend.node_attributes = {"depth": [0.0, 1.0, 0.0, 1.0], "kind": ["a", "b", "a", "b"]}


@pytest.mark.usefixtures("attributes")
def test_cells_are_colored_by_a_node_attribute_that_is_a_number(cluster, controller):
    model = load(controller, color_by="depth")
    assert model.colored_by == "depth"
    assert len(set(by_id(cluster).values())) == 2
    assert controller.legend.sections[0].range == (0.0, 1.0)
    model.color_by("depth", colormap="gray", range=(0, 2), title="Depth (µm)")
    assert by_id(cluster)[0] == "#000000"
    assert controller.legend.sections[0].title == "Depth (µm)"


@pytest.mark.usefixtures("attributes")
def test_cells_are_colored_by_a_node_attribute_that_is_a_text(controller):
    load(controller, color_by="kind")
    assert [entry.label for entry in controller.legend.sections[0].entries] == ["a", "b"]


@pytest.mark.usefixtures("attributes")
def test_a_name_that_is_neither_a_method_nor_an_attribute_is_told_with_both(controller):
    model = load(controller)
    with pytest.raises(
        CircuitError, match=r"no coloring method and no node attribute 'nope'.*solid, mtype.*'depth', 'kind'"
    ):
        model.color_by("nope")


def test_the_nearest_method_or_attribute_is_asked_for_once(cluster, controller):
    cluster.backend.node_attributes = {"mtype": ["a", "b", "b", "c"], "depth": [1.0, 2.0, 3.0, 4.0]}
    model = load(controller)
    for name, nearest in (("mtpe", "mtype"), ("dept", "depth")):
        with pytest.raises(CircuitError) as caught:
            model.color_by(name)
        assert caught.value.hint.count("Did you mean") == 1
        assert f"Did you mean {nearest!r}?" in caught.value.hint


def test_the_values_of_a_population_are_read_once(cluster, controller):
    cluster.backend.node_attributes = {"mtype": ["a", "b", "b", "c"]}
    load(controller, color_by="mtype").color_by("mtype")
    load(controller, color_by="mtype")
    asked = [method for method, _ in cluster.backend.requests]
    assert asked.count("sonata-get-node-attributes") == 1


def test_values_that_could_not_be_read_are_asked_for_again(cluster, controller, monkeypatch):
    model = load(controller)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "read_values", AsyncMock(side_effect=ConnectionLost("gone")))
        with pytest.raises(ConnectionLost, match="gone"):
            model.color_by("mtype")
    model.color_by("mtype")
    assert model.colored_by == "mtype"


# ---------------------------------------------------------------------- the legend


def test_the_legend_follows_visibility_and_removal(controller):
    first, second = load(controller, color_by="mtype"), load(controller)
    legends = Listener(controller, lambda state: state.legend)
    second.color_by([1, 2, 3, 4], title="x")
    assert [section.title for section in controller.legend.sections] == ["mtype", "x"]
    first.visible = False
    assert [section.title for section in controller.legend.sections] == ["x"]
    first.visible = True
    first.color_by("solid", color="red")
    assert [section.title for section in controller.legend.sections] == ["x"]
    second.remove()
    assert controller.legend is None
    titles = [[section.title for section in legend.sections] if legend else [] for legend in legends.heard]
    assert titles == [["mtype", "x"], ["x"], ["mtype", "x"], ["x"], []]


@pytest.mark.parametrize(
    ("values", "options", "problem"),
    [
        ("solid", {"palette": ["red"]}, "palette does not go with 'solid'"),
        ("mtype", {"colormap": "viridis"}, "colormap does not go with the coloring method 'mtype'"),
        ("mtype", {"color": "red"}, "color does not go with the coloring method"),
        ([1, 2, 3, 4], {"color": "red"}, "color does not go with values"),
    ],
)
def test_an_option_without_effect_is_refused(controller, values, options, problem):
    model = load(controller)
    before = model.state
    with pytest.raises(ValueError, match=problem):
        model.color_by(values, **options)
    assert model.state == before


def test_a_coloring_method_takes_a_palette_and_a_title(cluster, controller):
    model = load(controller)
    model.color_by("mtype", palette={"L23_PC": "red", "L5_BC": "blue", "other": "green"}, title="Type")
    assert cluster.renderer.sent("color-model")[-1]["values"] == {"L23_PC": [1, 0, 0, 1], "L5_BC": [0, 0, 1, 1]}
    assert controller.legend is not None
    assert controller.legend.sections[0].title == "Type"
    model.color_by("mtype", palette=["red", "blue"])
    assert cluster.renderer.sent("color-model")[-1]["values"] == {"L23_PC": [1, 0, 0, 1], "L5_BC": [0, 0, 1, 1]}


def test_a_palette_needs_the_categories_of_the_loaded_cells_only(cluster, controller):
    values = pd.Series(pd.Categorical(["a", "b", "a", "b"], categories=["a", "b", "c"]), index=[1, 2, 3, 4])
    cluster.renderer.answers["get-circuit-ids"] = lambda _: [1, 2, 3, 4]
    load(controller).color_by(values, palette={"a": "red", "b": "blue"})
    colors = cluster.renderer.sent("color-model")[-1]["values"]
    assert sorted(map(tuple, colors.values())) == [(0, 0, 1, 1), (1, 0, 0, 1)]


# ---------------------------------------------------------------------- a value keeps its color


def shown(model: Any) -> dict[str, str]:
    """Return the colors by value that the legend tells of a model."""
    sections = model._store.state.sections
    return {e.label: e.color for section in sections if section.model == model.id for e in section.entries}


def test_a_value_has_one_color_in_all_models_whatever_else_these_show(cluster, controller):
    cluster.renderer.color_values["mtype"] = ["b", "d"]
    first = load(controller, color_by="mtype")
    cluster.renderer.color_values["mtype"] = list("abcdefghijklmnop")
    second = load(controller, color_by="mtype")
    before = shown(first)
    assert {value: shown(second)[value] for value in before} == before
    assert len(set(shown(second).values())) == 16
    first.color_by("mtype")
    assert shown(first) == shown(second)


@pytest.mark.parametrize("texts", [list("abcd"), [5, 6, 7, 8]])
def test_the_share_of_the_cells_that_is_loaded_first_changes_no_color(cluster, controller, texts):
    cluster.backend.node_attributes = {"layer": texts, "mtype": texts}
    cluster.renderer.color_values["layer"] = [str(texts[2])]
    few = shown(load(controller, color_by="layer"))
    controller.clear()
    cluster.renderer.color_values["layer"] = list(map(str, texts))
    all_values = shown(load(controller, color_by="layer"))
    assert all_values.items() > few.items()
    expected = colors_of_names("layer", map(str, texts))
    assert all_values == {value: colors.to_hex(color) for value, color in expected.items()}


def test_a_method_and_the_attribute_behind_it_share_their_colors(cluster, controller):
    cluster.backend.node_attributes = {"mtype": ["L23_PC", "L5_BC", "L23_PC", "x"], "synapse_class": list("abcd")}
    first, second = load(controller, color_by="mtype"), load(controller)
    second.color_by(second.cells["mtype"])
    assert shown(second).items() > shown(first).items()
    second.color_by(second.cells["mtype"], title="Type of the cell")
    assert shown(second).items() > shown(first).items()


def test_values_without_a_name_share_no_colors(controller):
    first, second = load(controller), load(controller)
    first.color_by(["a", "b", "a", "b"], palette=["red", "blue"])
    second.color_by(["a", "b", "a", "b"])
    assert shown(first) == {"a": "#ff0000", "b": "#0000ff"}
    assert shown(second)["a"] != "#ff0000"


def test_values_of_a_circuit_that_nobody_shows_any_more_keep_no_colors(cluster, controller):
    cluster.renderer.color_values["mtype"] = list("abcdefghijklmnop")
    load(controller, color_by="mtype")
    controller.clear()
    cluster.renderer.color_values["mtype"] = ["q", "r"]
    load(controller, color_by="mtype")
    assert controller.state.value_colors["mtype"].keys() == {"q", "r"}


def test_a_palette_reaches_the_other_models_that_show_its_values(cluster, controller):
    first, second = load(controller, color_by="mtype"), load(controller, color_by="mtype")
    second.color_by("mtype", palette={"L23_PC": "red", "L5_BC": "blue"})
    assert shown(first) == shown(second) == {"L23_PC": "#ff0000", "L5_BC": "#0000ff"}
    sent = cluster.renderer.sent("color-model")[-1]
    assert (sent["id"], sent["values"]) == (first.id, {"L23_PC": [1, 0, 0, 1], "L5_BC": [0, 0, 1, 1]})
    assert shown(load(controller, color_by="mtype")) == shown(first)
