"""What few people choose for a load: ids, a largest number, further populations, synapses."""

from __future__ import annotations

import pytest

from tests.front_end.panels import CIRCUIT, open_circuit

pytestmark = pytest.mark.browser

EDGES: dict[str, tuple[list[str], list[str]]] = {
    "axons": (["cortex_to_axons"], []),
    "cortex": (["cortex_within"], ["cortex_within", "cortex_to_axons"]),
}


@pytest.fixture
def form(panel):
    populations = []
    for one in CIRCUIT["populations"]:
        afferent, efferent = EDGES.get(one["name"], ([], []))
        populations.append({**one, "afferent": afferent, "efferent": efferent})
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": populations}})
    open_circuit(panel)
    panel.page.locator("form details.bw-more-choices > summary").click()
    return panel


def submitted(form):
    form.page.get_by_role("button", name="Load", exact=True).click()
    form.wait("kernel.calls('models.load_circuit').length === 1")
    (params,) = form.calls("models.load_circuit")
    return params


def test_ids_and_a_largest_number_are_sent(form):
    count = {"population": "cortex", "cells": 4, "size": 31_346, "remarks": []}
    form.answer("models.count_cells", {"result": count})
    form.page.get_by_label("Only ids").fill("12, 3 10-12")
    form.page.get_by_label("At most").fill("7")
    form.page.get_by_text("about 4 of 4 cells").wait_for()
    assert form.calls("models.count_cells")[0]["node_ids"] == [3, 10, 11, 12]
    params = submitted(form)
    assert (params["node_ids"], params["limit"]) == ([3, 10, 11, 12], 7)


def test_what_is_no_id_is_named_and_nothing_is_sent(form):
    form.page.get_by_label("Only ids").fill("3, seven")
    form.page.get_by_text("“seven” is neither an id nor a range of ids").wait_for()
    form.page.get_by_role("button", name="Load", exact=True).click()
    form.wait("kernel.sent('ready').length > 0")
    assert form.calls("models.load_circuit") == []


def test_a_mistake_that_is_folded_away_unfolds(form):
    ids = form.page.get_by_label("Only ids")
    ids.fill("seven")
    form.page.locator("form").get_by_text("More", exact=True).click()
    form.page.get_by_role("button", name="Load", exact=True).click()
    form.page.wait_for_function("document.activeElement.placeholder === 'such as 3, 10-20'", timeout=10_000)
    assert ids.is_visible()
    assert form.calls("models.load_circuit") == []


def test_other_populations_and_synapses_of_all_are_loaded(form):
    page = form.page
    on, of = page.get_by_role("group", name="Synapses on them"), page.get_by_role("group", name="Synapses of them")
    assert on.get_by_role("checkbox").count() == 1
    page.get_by_role("group", name="Also load").get_by_label("axons").check()
    on.get_by_label("cortex_to_axons").check()
    on.get_by_label("cortex_within").check()
    of.get_by_label("cortex_within").check()
    page.get_by_label("Share of the synapses in percent").fill("25")
    form.screenshot("load-more-choices")
    params = submitted(form)
    assert params["population"] == ["cortex", "axons"]
    assert (params["afferent"], params["efferent"]) == (["cortex_to_axons", "cortex_within"], ["cortex_within"])
    assert params["synapse_density"] == 0.25


def test_what_is_loaded_together_is_colored_by_what_all_have(form):
    color, axons = form.page.get_by_label("Color by"), form.page.get_by_label("axons", exact=True)
    color.select_option("cortical column")
    axons.check()
    assert color.locator("option").all_inner_texts() == ["One color", "mtype"]
    assert color.input_value() == ""
    assert submitted(form)["color_by"] is None


@pytest.mark.parametrize("width", [320, 960])
def test_long_names_do_not_let_the_panel_scroll_sideways(panel, width):
    name = "external_S1nonbarrel_neurons__S1nonbarrel_neurons__chemical"
    populations = [{**one, "afferent": [name], "efferent": []} for one in CIRCUIT["populations"]]
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": populations}})
    panel.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
    open_circuit(panel)
    panel.page.locator("form details.bw-more-choices > summary").click()
    panel.page.evaluate("document.querySelector('.bw-load').style.width = '225px'")  # beside a scroll bar
    form = panel.page.locator(".bw-load").bounding_box()
    for label in panel.page.locator(".bw-several label:visible, .bw-parts label").all():
        box = label.bounding_box()
        assert box["x"] + box["width"] <= form["x"] + form["width"], label.inner_text()
    assert (
        panel.page.evaluate(
            "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.bw-panel'))"
        )
        == 0
    )


def test_synapses_of_what_is_not_loaded_any_more_are_left_out(form):
    page = form.page
    axons = page.get_by_role("group", name="Also load").get_by_label("axons")
    axons.check()
    page.get_by_label("cortex_to_axons").first.check()
    axons.uncheck()
    params = submitted(form)
    assert (params["population"], params["afferent"]) == (["cortex"], [])


def test_ids_are_of_one_population(form):
    form.page.get_by_label("Only ids").fill("3")
    form.page.get_by_role("group", name="Also load").get_by_label("axons").check()
    form.page.get_by_text("Ids are of one population").wait_for()
    form.page.get_by_role("button", name="Load", exact=True).click()
    assert form.calls("models.load_circuit") == []


def test_another_population_forgets_them(form):
    form.page.get_by_label("Only ids").fill("3")
    form.page.get_by_label("Population").select_option("thalamus")
    assert form.page.get_by_label("Only ids").input_value() == ""
    assert form.page.get_by_role("group", name="Synapses on them").count() == 0, "it has none"
