"""The table of a population's cells, in the panel."""

from __future__ import annotations

import pytest

from tests.front_end.test_hover import MESH
from tests.front_end.test_hover import MODEL as SEEN

pytestmark = pytest.mark.browser

MODEL = SEEN | {"path": "/data/circuit_config.json"}
POPULATION = MODEL["population"]
ROWS = {
    "population": POPULATION,
    "size": 5,
    "count": 3,
    "columns": [{"name": "mtype", "is_number": False}, {"name": "x", "is_number": True}],
    "first": 0,
    "cells": [4, 7, 9],
    "values": [["L2_IPC", 1.25], ["L1_DAC", None], ["L2_IPC", 1234.56789]],
    "place": 2,
}


@pytest.fixture
def table(cell):
    return opened(cell, {"result": ROWS})


def opened(cell, answer, **traits):
    cell.mount(**{"models": [MESH, MODEL], "selection": {}} | traits)
    cell.answer("table.rows", answer)
    for call in ("table.select", "selection.remove"):
        cell.answer(call, {"result": None})
    assert cell.calls("table.rows") == []
    cell.page.get_by_text("Table of all cells").click()
    return cell


def lines(cell):
    return cell.page.locator(".bw-grid-body > .bw-grid-row")


def texts(cell):
    return [line.locator("span").all_inner_texts() for line in lines(cell).all()]


def active(cell):
    grid = cell.page.get_by_role("grid", name="Cells")
    return cell.page.locator(f"[id='{grid.get_attribute('aria-activedescendant')}'] > span").first.inner_text()


def test_it_is_read_when_it_is_opened_and_shows_rows_and_numbers(cell):
    opened(cell, {"result": ROWS}, selection={POPULATION: "7"})
    lines(cell).first.wait_for()
    assert texts(cell) == [["4", "L2_IPC", "1.25"], ["7", "L1_DAC", ""], ["9", "L2_IPC", "1234.57"]]
    assert [line.get_attribute("aria-selected") for line in lines(cell).all()] == ["false", "true", "false"]
    assert cell.page.get_by_text("3 of 5 cells").is_visible()
    assert cell.page.locator(".bw-table").get_by_role("button", name="Add condition").is_visible()
    grid = cell.page.get_by_role("grid", name="Cells")
    assert (grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")) == ("4", "3")
    (asked,) = cell.calls("table.rows")
    assert asked == {
        "population": POPULATION,
        "sort": None,
        "descending": False,
        "query": None,
        "selected": False,
        "first": 0,
        "count": 100,
    }


def test_heads_sort(table):
    lines(table).first.wait_for()
    for expected in ((("x"), False), (("x"), True), (("x"), False), (None, False), (None, True)):
        name, descending = expected
        table.page.get_by_title(f"Sort by {name or 'id'}").click()
        table.wait(f"kernel.calls('table.rows').at(-1)?.descending === {str(descending).lower()}")
        asked = table.calls("table.rows")[-1]
        assert (asked["sort"], asked["descending"]) == expected
    assert table.page.get_by_role("columnheader", name="id").get_attribute("aria-sort") == "descending"


def test_until_the_new_order_is_here_the_old_rows_are_seen_and_cannot_be_selected(table):
    lines(table).first.wait_for()
    before = texts(table)
    table.answer("table.rows", [])
    table.page.get_by_title("Sort by x").click()
    table.wait("kernel.calls('table.rows').at(-1)?.sort === 'x'")
    table.page.locator(".bw-grid[aria-busy=true]").wait_for()
    assert texts(table) == before
    lines(table).first.click()
    table.page.keyboard.press("Enter")
    assert table.calls("table.select") == []
    table.screenshot("table-old")
    table.answer("table.rows", {"result": ROWS | {"cells": [9, 4, 7]}})
    table.page.get_by_title("Sort by x").click()
    table.page.locator(".bw-grid[aria-busy=false]").wait_for()
    assert [line[0] for line in texts(table)] == ["9", "4", "7"]


def test_keys_walk_and_select(table):
    lines(table).first.wait_for()
    table.page.get_by_role("grid", name="Cells").focus()
    keys = table.page.keyboard
    for key, cell in (("ArrowDown", "7"), ("End", "9"), ("ArrowDown", "9"), ("Home", "4"), ("PageDown", "9")):
        keys.press(key)
        assert active(table) == cell
    keys.press("ArrowUp")
    keys.press("Enter")
    keys.press("Shift+ArrowDown")
    keys.press("Control+a")
    table.wait("kernel.calls('table.select').length === 3")
    asked = [(one["first"], one["last"], one["add"]) for one in table.calls("table.select")]
    assert asked == [(1, 1, False), (1, 2, False), (0, 2, False)]


def test_clicks_select_add_extend_and_remove(table):
    lines(table).first.wait_for()
    lines(table).nth(0).click()
    lines(table).nth(2).click(modifiers=["Shift"])
    lines(table).nth(1).click(modifiers=["Control"])
    table.wait("kernel.calls('table.select').length === 3")
    asked = [(one["first"], one["last"], one["add"]) for one in table.calls("table.select")]
    assert asked == [(0, 0, False), (0, 2, False), (1, 1, True)]
    table.trait("selection", {POPULATION: "4,9"})
    lines(table).nth(2).click(modifiers=["Control"])
    table.wait("kernel.calls('selection.remove').length === 1")
    assert table.calls("selection.remove") == [{"ids": {POPULATION: "9"}}]


def test_a_pick_in_the_picture_shows_its_row(table):
    lines(table).first.wait_for()
    table.trait("selection", {POPULATION: "9"})
    table.wait("kernel.calls('table.rows').some((one) => one.find === 9)")
    table.page.wait_for_function("document.querySelector('.bw-active > span')?.textContent === '9'", timeout=10_000)


def test_only_the_selected_cells_follow_the_selection(table):
    lines(table).first.wait_for()
    table.page.get_by_label("Only the selected cells").check()
    table.wait("kernel.calls('table.rows').at(-1).selected === true")
    before = len(table.calls("table.rows"))
    table.trait("selection", {POPULATION: "4,9"})
    table.wait(f"kernel.calls('table.rows').length > {before}")


def test_another_circuit_with_a_population_of_this_name_is_read(cell):
    other = MODEL | {"id": 77, "path": "/data/other.json"}
    opened(cell, {"result": ROWS}, models=[MODEL, other])
    lines(cell).first.wait_for()
    cell.answer("table.rows", {"result": ROWS | {"cells": [5, 6, 8]}})
    cell.trait("models", [MODEL | {"visible": False}, other])
    cell.trait("models", [other])
    cell.page.get_by_text("8", exact=True).wait_for()
    assert [line[0] for line in texts(cell)] == ["5", "6", "8"]
    assert len(cell.calls("table.rows")) == 2


def test_what_cannot_be_read_is_told(cell):
    opened(cell, {"error": {"type": "CircuitError", "message": "This job has no backend.", "hint": ""}})
    cell.page.get_by_text("This job has no backend.").wait_for()


def test_without_a_circuit_it_says_what_to_do(cell):
    cell.mount(models=[MESH])
    cell.page.get_by_text("Table of all cells").click()
    cell.page.get_by_text("Load a circuit to see the attributes of its cells.").wait_for()


@pytest.mark.parametrize("width", [320, 960])
def test_it_fits(cell, width):
    cell.page.set_viewport_size({"width": width, "height": 900})
    opened(cell, {"result": ROWS}, selection={POPULATION: "7"})
    lines(cell).first.wait_for()
    panel = cell.page.locator(".bw-panel")
    assert panel.evaluate("element => element.scrollWidth <= element.clientWidth")
    cell.screenshot(f"table-{width}")
