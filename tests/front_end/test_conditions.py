"""Conditions on cells in the form of a load: rows, their query, its count, and mistakes beside them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.front_end.panels import choose_node_set

pytestmark = pytest.mark.browser

PATH = "/srv/circuits/circuit_config.json"
COLUMNS = [
    {"name": "layer", "is_number": True},
    {"name": "mtype", "is_number": False},
    {"name": "x", "is_number": True},
]
CIRCUIT = {
    "path": PATH,
    "populations": [
        {
            "name": "cortex",
            "type": "biophysical",
            "size": 31_346,
            "attributes": ["mtype"],
            "columns": COLUMNS,
            "reason": "",
        },
        {"name": "thalamus", "type": "virtual", "size": 12, "attributes": [], "columns": [], "reason": ""},
    ],
    "node_sets": ["Layer1"],
    "default_population": "cortex",
}


def counted(cells, *remarks):
    notes = [{"place": place, "text": text} for place, text in remarks]
    return {"result": {"population": "cortex", "cells": cells, "size": 31_346, "remarks": notes}}


@pytest.fixture
def open_form(open_cell):
    """Opens the form of a load in a page of its own."""

    def make(width=900, **options):
        cell = open_cell(**options)
        cell.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
        cell.mount(height=780)
        cell.answer("files.inspect", {"result": CIRCUIT})
        cell.answer("models.load_circuit", {"result": {"task": "t1"}})
        cell.page.get_by_label("path to open").fill(PATH)
        cell.page.get_by_label("path to open").press("Enter")
        cell.page.get_by_label("Population").wait_for()
        return cell

    return make


@pytest.fixture
def form(open_form):
    return open_form()


def condition(form, number, attribute, comparison, value):
    """Fill a row, which is added if it is not there."""
    row = form.page.get_by_role("group", name=f"Condition {number}")
    if not row.count():
        form.page.get_by_role("button", name="Add condition").click()
    row.get_by_label("Attribute").select_option(attribute)
    row.get_by_label("Comparison").select_option(comparison)
    row.get_by_label("Value").fill(value)
    return row


def wait_for_counts(form, number):
    form.wait(f"kernel.calls('models.count_cells').length === {number}")


def load(form):
    form.page.get_by_role("button", name="Load", exact=True).click()
    form.wait("kernel.calls('models.load_circuit').length === 1")
    (params,) = form.calls("models.load_circuit")
    return params


def test_without_conditions_nothing_is_counted_and_no_query_is_sent(form):
    assert load(form)["query"] is None
    assert form.calls("models.count_cells") == []


def test_conditions_become_a_query_and_its_cells_are_counted(form):
    form.answer("models.count_cells", counted(212))
    condition(form, 1, "mtype", "matches", "L5_TPC.*")
    form.page.get_by_text("212 of 31,346 cells chosen").wait_for()
    query = {"$and": [{"mtype": {"$regex": "L5_TPC.*"}}]}
    asked: dict[str, Any] = {"path": PATH, "population": "cortex", "node_sets": [], "node_ids": None, "query": query}
    assert form.calls("models.count_cells") == [asked]
    form.page.get_by_text("about 212 of 212 cells").wait_for()  # the density follows what was chosen
    params = load(form)
    assert (params["query"], params["density"]) == (query, 1)


def test_conditions_are_joined_by_and_or(form):
    form.answer("models.count_cells", counted(5))
    assert form.page.get_by_label("Join the conditions").count() == 0
    condition(form, 1, "layer", "is", "4, 5")
    condition(form, 2, "x", ">", "100")
    form.page.get_by_label("Join the conditions").select_option("any")
    condition(form, 3, "mtype", "is not", "L1_DAC")
    form.page.get_by_label("Remove condition 2").click()
    parts = [{"$or": [{"layer": 4}, {"layer": 5}]}, {"mtype": {"$regex": "(?!(?:L1_DAC)\\Z).*"}}]
    assert load(form)["query"] == {"$or": parts}


def test_a_node_set_is_counted_too(form):
    form.answer("models.count_cells", counted(9))
    choose_node_set(form, "Layer1")
    form.page.get_by_text("9 of 31,346 cells chosen").wait_for()
    assert form.calls("models.count_cells")[0]["node_sets"] == ["Layer1"]
    choose_node_set(form, "Layer1")
    form.page.get_by_text("about 940 of 31,346 cells").wait_for()
    assert form.page.get_by_text("cells chosen").count() == 0


def test_typing_is_counted_once_and_a_late_answer_is_dropped(form):
    form.answer("models.count_cells", [{**counted(1), "delay": 1500}, counted(2)])
    row = condition(form, 1, "x", ">", "")
    row.get_by_label("Value").press_sequentially("1234", delay=20)
    wait_for_counts(form, 1)
    assert form.calls("models.count_cells")[0]["query"] == {"$and": [{"x": {"$gt": 1234}}]}
    row.get_by_label("Value").fill("5")
    form.page.get_by_text("2 of 31,346 cells chosen").wait_for()
    form.page.evaluate("new Promise((resolve) => setTimeout(resolve, 1600))")
    assert form.page.get_by_text("2 of 31,346 cells chosen").is_visible()


def test_what_is_no_number_is_told_beside_the_row_and_not_sent(form):
    form.answer("models.count_cells", counted(5))
    condition(form, 1, "x", "<", "10")
    wait_for_counts(form, 1)
    row = condition(form, 2, "layer", "is", "four")
    assert row.locator(".bw-problem").inner_text() == "layer has numbers, and “four” is none."
    form.page.get_by_role("button", name="Load", exact=True).click()
    assert row.get_by_label("Value").evaluate("input => input.validationMessage") != ""
    row.get_by_label("Value").fill("")
    form.page.get_by_role("button", name="Load", exact=True).click()
    assert row.get_by_label("Value").evaluate("input => input.validationMessage") == "Enter a value."
    assert form.calls("models.load_circuit") == []
    assert len(form.calls("models.count_cells")) == 1


def test_the_kernels_words_stand_beside_the_row_that_they_are_about(form):
    error = {
        "type": "QueryError",
        "message": "mtype: '(' is no regular expression.",
        "hint": "",
        "place": "/$and/1/mtype",
    }
    remark = ("/$and/0/layer", "No cell has such a layer; it goes from 1 to 6.")
    form.answer("models.count_cells", counted(0, remark))
    first = condition(form, 1, "layer", "is", "9")
    first.get_by_text("No cell has such a layer; it goes from 1 to 6.").wait_for()
    form.answer("models.count_cells", [{"error": error}, counted(0, remark)])
    second = condition(form, 2, "mtype", "matches", "(")
    second.get_by_text("is no regular expression").wait_for()
    assert first.locator(".bw-problem:visible").count() == 0
    second.get_by_label("Value").fill("L5_TPC.*")
    first.get_by_text("No cell has such a layer; it goes from 1 to 6.").wait_for()
    assert second.locator(".bw-problem:visible").count() == 0
    form.page.get_by_text("0 of 31,346 cells chosen").wait_for()


def test_an_error_about_no_row_stands_below_them(form):
    error = {
        "type": "CircuitError",
        "message": "This job has no backend that can tell the layer of cells.",
        "hint": "Use ids.",
        "place": "",
    }
    form.answer("models.count_cells", {"error": error})
    row = condition(form, 1, "layer", "is", "4")
    form.page.get_by_text("no backend that can tell the layer of cells. Use ids.").wait_for()
    assert row.locator(".bw-problem:visible").count() == 0
    form.page.get_by_role("button", name="Load", exact=True).click()
    form.wait("kernel.calls('models.load_circuit').length === 1")


def test_another_attribute_offers_its_comparisons_and_another_population_its_attributes(form):
    row = condition(form, 1, "x", ">", "1")
    row.get_by_label("Attribute").select_option("mtype")
    comparison = row.get_by_label("Comparison")
    assert comparison.input_value() == "is"
    assert comparison.locator("option").all_inner_texts() == ["is", "is not", "matches"]
    form.page.get_by_label("Population").select_option("thalamus")
    assert form.page.get_by_role("button", name="Add condition").count() == 0
    assert load(form)["query"] is None


def test_a_new_row_has_the_focus(form):
    form.page.get_by_role("button", name="Add condition").click()
    expect(form.page.get_by_label("Attribute")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 320])
def test_rows_fit(open_form, scheme, width):
    form = open_form(width, color_scheme=scheme, viewport={"width": width + 40, "height": 900})
    form.answer(
        "models.count_cells",
        counted(212, ("/$and/0/mtype", "No cell has the mtype 'L5_TPC'. Did you mean 'L5_TPC:A'?")),
    )
    condition(form, 1, "mtype", "is", "L5_TPC, L5_BC")
    condition(form, 2, "x", ">", "100")
    form.page.get_by_text("212 of 31,346 cells chosen").wait_for()
    condition(form, 3, "layer", "is", "four")
    condition(form, 3, "layer", "is", "4")
    form.page.get_by_text("212 of 31,346 cells chosen").wait_for()
    form.page.get_by_text("212 of 31,346 cells chosen").scroll_into_view_if_needed()
    for element in form.page.locator(".bw-condition > :not([hidden]), .bw-conditions-line > *").all():
        box, panel = element.bounding_box(), form.panel.bounding_box()
        assert box
        assert panel
        assert panel["x"] <= box["x"]
        assert box["x"] + box["width"] <= panel["x"] + panel["width"]
    form.screenshot(f"conditions-{scheme}-{width}")
