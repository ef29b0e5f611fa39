"""The choice of node sets: search, counts, reasons."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.front_end.panels import CIRCUIT, open_circuit, option

pytestmark = pytest.mark.browser

NAMES = [f"set{number:03}" for number in range(150)]


def count(name, cells, reason=""):
    return {"name": name, "cells": cells, "reason": reason}


@pytest.fixture
def form(panel):
    panel.answer("files.inspect", {"result": {**CIRCUIT, "node_sets": NAMES}})
    some = [count(name, 0, "no cell of cortex") for name in NAMES[3:]]
    counts = [count("set000", 1234), count("set001", None), count("set002", None, "it has no attribute 'x'"), *some]
    panel.answer("models.count_node_sets", {"result": counts})
    open_circuit(panel)
    return panel


def test_counts_are_asked_once_and_only_if_somebody_looks(form):
    assert form.calls("models.count_node_sets") == []
    field = form.page.get_by_role("button", name="Node sets")
    assert field.inner_text() == "All cells"
    for _ in range(3):
        field.click()
    option(form, "set000 1,234").wait_for()
    assert form.calls("models.count_node_sets") == [{"path": CIRCUIT["path"], "population": "cortex"}]
    form.page.get_by_label("Population").select_option("axons")
    form.wait("kernel.calls('models.count_node_sets').length === 2")
    assert form.calls("models.count_node_sets")[1]["population"] == "axons"
    form.screenshot("node-sets")


def test_empty_ones_stand_last_and_say_why(form):
    form.page.get_by_role("button", name="Node sets").click()
    option(form, "set000 1,234").wait_for()
    rows = form.page.get_by_role("listbox", name="Node sets").get_by_role("option")
    assert [row.locator("span").last.inner_text() for row in rows.all()[:3]] == ["set000", "set001", "set002"]
    empty = option(form, "set003 no cell of cortex")
    assert empty.is_disabled()
    assert option(form, "set002 it has no attribute 'x'").is_disabled()
    assert option(form, "set001").is_enabled(), "what was not counted may be tried"


def test_keys_search_and_choose_several(form):
    page = form.page
    field = page.get_by_role("button", name="Node sets")
    field.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("001")
    page.keyboard.press("Enter")
    page.get_by_role("option", name="set001", selected=True).wait_for()
    page.get_by_label("Search node sets").fill("")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(field, "Escape leads back").to_be_focused()
    page.get_by_role("button", name="Node sets: set001 or set000").wait_for()
    page.get_by_role("listbox", name="Node sets").wait_for(state="detached")
    form.answer("models.count_cells", {"result": {"population": "cortex", "cells": 0, "size": 31_346, "remarks": []}})
    page.get_by_role("button", name="Load", exact=True).click()
    form.wait("kernel.calls('models.load_circuit').length === 1")
    assert form.calls("models.load_circuit")[0]["node_sets"] == ["set001", "set000"]


def test_a_backend_that_does_not_count_says_so_and_all_can_be_chosen(form):
    error = {"type": "CircuitError", "message": "This job has no backend that counts.", "hint": ""}
    form.answer("models.count_node_sets", {"error": error})
    form.page.get_by_role("button", name="Node sets").click()
    form.page.get_by_text("This job has no backend that counts.").wait_for()
    option(form, "set003").click()
    form.page.get_by_role("button", name="Node sets: set003").wait_for()
