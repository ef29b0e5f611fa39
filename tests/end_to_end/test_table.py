"""The table of 100,000 cells in a real JupyterLab: rows and picture select each other, and nothing stands still."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook
from tests.service.renderer.loaders.circuits.circuits import write_circuit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

COUNT = 100_000
LOADED = 20
SELECTED = 10_000
GOAL_MS = 100.0

SHOW = """\
from brayns_widget import BraynsWidget
viewer = BraynsWidget("table/circuit_config.json", limit={count}, height=640)
viewer"""

# The longest time between two frames, and the longest time for which a row that is seen stays empty.
WATCH = """() => {
  window.gaps = [];
  window.holes = [];
  let last = performance.now();
  let hole = 0;
  const look = () => {
    const now = performance.now();
    window.gaps.push(now - last);
    last = now;
    const grid = document.querySelector(".bw-grid");
    const { top, bottom } = grid.getBoundingClientRect();
    const seen = [...grid.querySelectorAll(".bw-grid-body > .bw-grid-row")].filter((row) => {
      const box = row.getBoundingClientRect();
      return box.bottom > top + 22 && box.top < bottom;
    });
    if (seen.length > 0 && seen.every((row) => row.firstChild.textContent !== "…")) {
      window.holes.push(hole ? now - hole : 0);
      hole = 0;
    } else if (!hole) {
      hole = now;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    folder = lab.root / "table"
    if not folder.exists():
        folder.mkdir()
        write(folder)
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "table.ipynb", SHOW.format(count=LOADED)))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, 60, "the circuit")
    notebook.wait_sharp()
    yield notebook
    notebook.page.close()


def write(folder: Path) -> None:
    number = np.arange(COUNT)
    random = np.random.default_rng(0)
    attributes: dict[str, Any] = {
        "x": (number % 50 * 10.0).tolist(),
        "y": (number // 50 * 10.0 % 400).tolist(),
        "z": np.zeros(COUNT).tolist(),
        "mtype": [f"L{one % 6 + 1}_T{one % 30}" for one in number],
        "exc": random.random(COUNT).tolist(),
    }
    write_circuit(folder, attributes)


def rows(notebook: Notebook) -> Locator:
    return notebook.page.locator(".bw-grid-body > .bw-grid-row")


def first_cells(notebook: Notebook, count: int) -> list[str]:
    return [rows(notebook).nth(place).locator("span").first.inner_text() for place in range(count)]


def test_rows_are_sorted_filtered_and_selected_with_the_picture(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_text("Table of all cells").click()
    grid = page.get_by_role("grid", name="Cells")
    rows(notebook).first.wait_for(timeout=30_000)
    assert grid.get_attribute("aria-rowcount") == str(COUNT + 1)
    until(lambda: first_cells(notebook, 3) == ["0", "1", "2"], 10, "the first rows")
    page.get_by_role("button", name="Sort by exc").or_(page.get_by_title("Sort by exc")).first.click()
    order = notebook.evaluate("[int(i) for i in viewer.table.rows(sort='exc', count=3).cells]")
    until(lambda: first_cells(notebook, 3) == [str(cell) for cell in order], 10, "the sorted rows")

    rows(notebook).nth(0).click()
    until(lambda: notebook.evaluate("viewer.selection.ids().tolist()") == order[:1], 10, "the first row's cell")
    page.keyboard.press("Shift+ArrowDown")
    until(lambda: notebook.evaluate("viewer.selection.ids().tolist()") == sorted(order[:2]), 10, "two rows' cells")
    until(lambda: rows(notebook).nth(1).get_attribute("aria-selected") == "true", 10, "the second row")
    rows(notebook).nth(1).click(modifiers=["Control"])
    until(lambda: notebook.evaluate("viewer.selection.ids().tolist()") == order[:1], 10, "one row less")

    notebook.evaluate("viewer.selection.set([4321])")
    until(lambda: page.locator(".bw-grid-row.bw-chosen > span").first.inner_text() == "4321", 10, "the picked row")
    notebook.screenshot(ARTIFACTS / "table.png")

    page.locator(".bw-table").get_by_text("Add condition").click()
    page.locator(".bw-table").get_by_label("Attribute").select_option("mtype")
    page.locator(".bw-table").get_by_label("Comparison").select_option("matches")
    page.locator(".bw-table").get_by_label("Value").fill("L3_.*")
    found = notebook.evaluate("viewer.table.rows(query={'mtype': {'$regex': 'L3_.*'}}).count")
    until(lambda: grid.get_attribute("aria-rowcount") == str(found + 1), 10, "the filtered rows")
    page.get_by_text(f"{found:,} of {COUNT:,} cells").wait_for()
    grid.focus()
    page.keyboard.press("Control+a")
    until(lambda: notebook.evaluate("len(viewer.selection.ids())") == found, 10, "all rows")
    assert notebook.errors == []


def test_a_hundred_thousand_rows_scroll_and_are_sorted_and_filtered_without_a_gap(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_text("Table of all cells").click()
    rows(notebook).first.wait_for(timeout=30_000)
    page.evaluate(WATCH)
    grid = page.locator(".bw-grid")
    grid.hover()

    places = (number * 0.618 % 1 for number in itertools.count(1))  # never rows that are here already

    def scroll(step: int) -> None:
        for _ in range(10):
            page.mouse.wheel(0, step)
            page.wait_for_timeout(25)
        for _ in range(3):
            place = next(places)
            grid.evaluate("(element, place) => { element.scrollTop = place * element.scrollHeight; }", place)
            page.wait_for_timeout(200)

    def sort(_: int) -> None:
        page.get_by_title("Sort by exc").click()
        page.wait_for_timeout(300)

    page.locator(".bw-table").get_by_text("Add condition").click()
    page.locator(".bw-table").get_by_label("Attribute").select_option("mtype")

    def filter_rows(step: int) -> None:
        layer = 3 if step > 0 else 4
        page.locator(".bw-table").get_by_label("Value").fill(f"L{layer}_T{layer - 1}")
        page.wait_for_timeout(300)

    for act in (scroll, sort, filter_rows):
        passes = [_longest(notebook, lambda step=step, act=act: act(step)) for step in (900, -900) * 3]  # type: ignore[misc]
        gaps, holes = (sorted(map(round, times)) for times in zip(*passes, strict=True))
        print(f"{act.__name__}: longest times between two frames {gaps} ms, of empty rows {holes} ms")
        assert statistics.median(gaps) < GOAL_MS
        assert min(holes) < GOAL_MS, "the kernel answers later where the machine has other work"
    filtered = page.get_by_role("grid", name="Cells").get_attribute("aria-rowcount")
    assert 1 < int(filtered or 0) < COUNT / 10
    assert notebook.errors == []


# When the page has painted the highlight of a new selection, on the clock that the kernel has, too.
PAINTED = """() => {
  const layer = document.querySelector(".bw-highlight");
  window.painted = null;
  new MutationObserver(() => {
    if (!layer.hidden) {
      window.painted = performance.timeOrigin + performance.now();
    }
  }).observe(layer, { attributes: true, attributeFilter: ["hidden"] });
}"""


def test_ten_thousand_of_ten_thousand_cells_are_selected_within_a_tenth_of_a_second(notebook: Notebook) -> None:
    notebook.evaluate("viewer.clear()")
    load = f"viewer.load_circuit('table/circuit_config.json', node_ids=range({SELECTED}))"
    notebook.evaluate(f"len({load}.result(120))", 150)
    notebook.wait_sharp()
    notebook.evaluate(f"viewer.selection.set(range({SELECTED}))")
    layer = notebook.page.locator(".bw-highlight")
    layer.wait_for(timeout=20_000)
    notebook.page.evaluate(PAINTED)
    times = []
    for _ in range(6):
        notebook.evaluate("viewer.selection.clear()")
        layer.wait_for(state="hidden")
        notebook.page.evaluate("window.painted = null")
        now = "__import__('time').time()"
        start = notebook.evaluate(f"({now}, viewer.selection.set(range({SELECTED})))[0]")
        until(lambda: notebook.page.evaluate("window.painted !== null"), 10, "the highlight")
        times.append(notebook.page.evaluate("window.painted") - 1000 * start)
    print(f"from the call to the highlight on the page: {sorted(map(round, times))} ms")
    assert notebook.evaluate("len(viewer.selection)") == SELECTED
    assert 0 < min(times) <= statistics.median(times) <= GOAL_MS


def _longest(notebook: Notebook, act: Callable[[], None]) -> tuple[float, float]:
    """Return the longest time between two frames, and with empty rows, while something is done, in milliseconds."""
    notebook.page.evaluate("window.gaps.length = window.holes.length = 0")
    act()
    gap, hole = notebook.page.evaluate("[Math.max(...window.gaps), Math.max(...window.holes)]")
    return gap, hole
