"""How the panel colors models by their attributes: color maps and ranges of numbers, palettes of categories."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.front_end.panels import CIRCUIT, MODEL

pytestmark = pytest.mark.browser

CELLS = {**MODEL, "color_methods": ["solid", "mtype", "id"]}
VIRIDIS = ["#440154", "#21918c", "#fde725"]
MAPS = [
    {"name": "viridis", "kind": "sequential", "stops": VIRIDIS},
    {"name": "hot", "kind": "sequential", "stops": ["#0b0000", "#ff0000", "#ffffff"]},
    {"name": "coolwarm", "kind": "diverging", "stops": ["#3b4cc0", "#dddddd", "#b40426"]},
    {"name": "pair", "kind": "categories", "stops": ["#111111", "#222222"]},
    {"name": "trio", "kind": "categories", "stops": ["#dd0000", "#00dd00", "#0000dd"]},
]


def section(model=4, **known):
    empty: dict[str, Any] = {
        "entries": [],
        "stops": [],
        "range": None,
        "missing": None,
        "attribute": "",
        "unit": "",
        "selectable": False,
    }
    return {"model": model, "title": "", **empty, **known}


NUMBERS = section(title="cortical column", stops=VIRIDIS, range=[-5.5, 100.25], unit="µm")
LETTERS = [
    {"label": letter, "color": color} for letter, color in zip("abc", ["#dd0000", "#00dd00", "#0000dd"], strict=True)
]


@pytest.fixture
def colored(panel):
    """A panel that knows color maps and shows a legend; the circuit's cells are colored by an attribute."""
    panel.answer("colors.maps", {"result": MAPS})

    def show(legend, *models):
        panel.trait("legend", {"sections": [legend]})
        panel.trait("models", list(models))
        panel.page.get_by_label(f"More of {models[0]['name']}", exact=True).click()
        return panel

    return show


def texts(options):
    return options.evaluate_all("options => options.map((option) => option.textContent)")


def test_attributes_of_the_population_stand_behind_the_coloring_methods(panel):
    panel.trait("models", [CELLS, {**CELLS, "id": 5, "name": "other"}])
    choices = panel.page.get_by_label("Color cortex by")
    choices.locator("optgroup[label=Attributes]").wait_for(state="attached")
    assert texts(choices.locator("optgroup[label=Methods] option")) == ["One color", "By mtype", "By id"]
    assert texts(choices.locator("optgroup[label=Attributes] option")) == ["By cortical column"]
    assert panel.calls("files.inspect") == [{"path": CIRCUIT["path"]}], "a circuit is asked once"
    choices.select_option("cortical column")
    panel.wait("kernel.calls('model.color_by').length === 1")
    assert panel.calls("model.color_by") == [{"id": 4, "values": "cortical column", "color": None}]


def test_without_a_circuit_that_can_be_asked_there_are_the_methods(panel):
    panel.answer("files.inspect", {"error": {"type": "CircuitError", "message": "No.", "hint": ""}})
    panel.trait("models", [CELLS, {**MODEL, "id": 5, "name": "mesh", "path": "/srv/a.obj", "population": None}])
    panel.wait("kernel.calls('files.inspect').length === 1")
    choices = panel.page.get_by_label("Color cortex by")
    assert texts(choices.locator("option")) == ["One color", "By mtype", "By id"]
    assert choices.locator("optgroup").count() == 0


def test_numbers_take_a_color_map_and_a_range(colored):
    panel = colored(NUMBERS, {**CELLS, "colored_by": "cortical column", "color": None})
    chosen = panel.page.get_by_label("Color map")
    expect(chosen).to_have_value("viridis")
    assert texts(chosen.locator("optgroup[label=Diverging] option")) == ["coolwarm"]
    assert "#440154" not in panel.page.locator(".bw-map-look").get_attribute("style"), "the browser writes rgb()"
    assert "rgb(68, 1, 84)" in panel.page.locator(".bw-map-look").get_attribute("style")
    low, high = panel.page.get_by_label("Lowest value of cortex"), panel.page.get_by_label("Highest value of cortex")
    assert (low.input_value(), high.input_value()) == ("-5.5", "100.25")

    chosen.select_option("hot")
    panel.wait("kernel.calls('model.color_by').length === 1")
    low.fill("0")
    low.press("Enter")
    panel.wait("kernel.calls('model.color_by').length === 2")
    panel.page.get_by_label("All values of cortex").click()
    panel.wait("kernel.calls('model.color_by').length === 3")
    base = {"id": 4, "values": "cortical column"}
    assert panel.calls("model.color_by") == [
        {**base, "colormap": "hot", "range": [-5.5, 100.25]},
        {**base, "colormap": "viridis", "range": [0, 100.25]},
        {**base, "colormap": "viridis", "range": None},
    ]
    high.fill("-6")
    high.press("Enter")
    expect(panel.page.get_by_text("Enter more than -5.5.")).to_be_visible()
    expect(high).to_have_value("-6")
    assert len(panel.calls("model.color_by")) == 3, "a range ascends"


def test_a_color_map_from_python_stays_when_the_range_changes(colored):
    own = ["#000000", "#ff00ff"]
    panel = colored({**NUMBERS, "stops": own}, {**CELLS, "colored_by": "cortical column", "color": None})
    assert panel.page.get_by_label("Color map").locator("option:checked").inner_text() == "Its own colors"
    high = panel.page.get_by_label("Highest value of cortex")
    high.fill("50")
    high.press("Enter")
    panel.wait("kernel.calls('model.color_by').length === 1")
    (call,) = panel.calls("model.color_by")
    assert (call["colormap"], call["range"]) == (own, [-5.5, 50])


def test_categories_take_a_palette_that_has_colors_enough(colored):
    legend = section(None, title="mtype", attribute="mtype", entries=LETTERS)
    panel = colored(legend, {**CELLS, "colored_by": "mtype", "color": None})
    palette = panel.page.get_by_label("Palette")
    expect(palette).to_have_value("trio")
    assert palette.locator("option[value=pair]").is_disabled()
    assert palette.locator("option[value=pair]").inner_text() == "pair · 2 colors"
    panel.trait("legend", {"sections": [{**legend, "entries": LETTERS[1:]}]})
    expect(palette.locator("option:checked")).to_have_text("Its own colors")
    palette.select_option("pair")
    panel.wait("kernel.calls('model.color_by').length === 1")
    assert panel.calls("model.color_by") == [{"id": 4, "values": "mtype", "palette": "pair"}]


def test_what_python_has_colored_by_its_own_values_is_left_alone(colored):
    panel = colored({**NUMBERS, "title": "rate"}, {**CELLS, "colored_by": "rate", "color": None})
    panel.page.get_by_label("Thickness").wait_for()
    assert panel.page.get_by_label("Color map").count() == 0


def test_any_map_can_be_named(colored):
    panel = colored(NUMBERS, {**CELLS, "colored_by": "cortical column", "color": None})
    panel.answer("colors.map_names", {"result": ["CET_L3", "magma"]})
    chosen = panel.page.get_by_label("Color map")
    chosen.select_option("Another one…")
    expect(chosen).to_be_focused()
    panel.page.wait_for_function("document.querySelectorAll('.bw-map datalist option').length === 2")
    chosen.fill("nothing")
    chosen.press("Enter")
    panel.page.get_by_text("There is no color map nothing.").wait_for()
    panel.screenshot("color-map-by-name")
    assert panel.calls("model.color_by") == []
    chosen.fill("CET_L3_r")
    chosen.press("Enter")
    panel.wait("kernel.calls('model.color_by').length === 1")
    assert panel.calls("model.color_by")[0]["colormap"] == "CET_L3_r"
    chosen.select_option("Another one…")
    chosen.press("Escape")
    expect(chosen).to_have_value("viridis")
