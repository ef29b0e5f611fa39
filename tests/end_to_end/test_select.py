"""The highlight, rectangles and lassos in a real JupyterLab: they agree with what the renderer says it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, until
from tests.end_to_end.test_hover import shown

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# What each pixel shows: the cell + 1, or 0. As a list of runs, for few pixels show something.
CELLS = """\
import json, zlib
import numpy as np
reply = viewer.controller.renderer.request("render-ids")
width, height, count = (reply.result[name] for name in ("width", "height", "count"))
buffer = zlib.decompress(reply.payload)
numbers = np.frombuffer(buffer, "<u4", width * height)
found = np.append(0, np.frombuffer(buffer, "<f8", count, offset=4 * width * height) + 1).astype(int)[numbers]
starts = np.flatnonzero(np.diff(found, prepend=-1))
runs = {"width": width, "height": height, "starts": starts.tolist(), "cells": found[starts].tolist()}
"""

HIGHLIGHTED = """() => {
  const canvas = document.querySelector(".bw-highlight");
  if (canvas.hidden) return null;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  // Tint and bright edge, without what lies around them.
  const stands = (alpha) => Number((alpha > 50 && alpha < 100) || alpha === 255);
  return Array.from({ length: data.length / 4 }, (_, pixel) => stands(data[4 * pixel + 3])).join("");
}"""


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = shown(lab, browser, "select.ipynb", "auto")
    yield notebook
    notebook.page.close()


def cells_of(notebook: Notebook) -> Any:
    """What the renderer says that each pixel (height, width) of the picture shows: ids of cells, or -1."""
    with notebook.client() as client:
        reply = client.execute(f"exec({CELLS!r}, globals())", silent=True, reply=True, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
    runs = notebook.evaluate("runs")
    notebook.wait_sharp()
    lengths = np.diff([*runs["starts"], runs["width"] * runs["height"]])
    return np.repeat(np.array(runs["cells"]) - 1, lengths).reshape(runs["height"], runs["width"])


def highlighted(notebook: Notebook) -> Any:
    """Which pixels stand out."""
    text = notebook.page.evaluate(HIGHLIGHTED)
    return None if text is None else np.array(list(text)) == "1"


def wait_for(notebook: Notebook, condition: str) -> None:
    notebook.page.wait_for_function(condition, timeout=30_000)


def draw(notebook: Notebook, points: Sequence[tuple[float, float]], shape: tuple[int, int]) -> None:
    """Draw through points (column, row) of the picture."""
    box = notebook.canvas.bounding_box()
    assert box is not None
    places = [(box["x"] + x / shape[1] * box["width"], box["y"] + y / shape[0] * box["height"]) for x, y in points]
    notebook.page.mouse.move(*places[0])
    notebook.page.mouse.down()
    for place in places[1:]:
        notebook.page.mouse.move(*place, steps=3)
    notebook.page.mouse.up()


def selected(notebook: Notebook) -> list[int]:
    ids: list[int] = notebook.evaluate("viewer.selection.ids().tolist()")
    return ids


def test_the_highlight_is_on_the_cells_and_goes_with_picture_and_selection(notebook: Notebook) -> None:
    cells = cells_of(notebook)
    some = int(np.bincount(cells[cells >= 0]).argmax())
    with notebook.client() as client:
        client.execute(f"viewer.selection = [{some}]", silent=True, reply=True, timeout=30)
    wait_for(notebook, "!document.querySelector('.bw-highlight').hidden")
    assert (highlighted(notebook).reshape(cells.shape) == (cells == some)).all()
    notebook.screenshot(ARTIFACTS / "select-highlight.png")
    with notebook.client() as client:
        client.execute("viewer.selection = range(1000)", silent=True, reply=True, timeout=30)
    until(lambda: highlighted(notebook).sum() == (cells >= 0).sum(), 10, "all cells to stand out")

    box = notebook.canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.down()
    notebook.page.mouse.move(x + 60, y, steps=5)
    wait_for(notebook, "document.querySelector('.bw-highlight').hidden")
    notebook.page.mouse.up()
    wait_for(notebook, "!document.querySelector('.bw-highlight').hidden")
    notebook.page.keyboard.press("Escape")
    wait_for(notebook, "document.querySelector('.bw-highlight').hidden")
    assert notebook.evaluate("len(viewer.selection)") == 0
    assert notebook.errors == []


def test_strokes_select_what_is_seen_in_them(notebook: Notebook) -> None:
    cells = cells_of(notebook)
    height, width = cells.shape
    everything = sorted(set(cells[cells >= 0].tolist()))
    rows, _ = np.nonzero(cells >= 0)
    top = int(rows.min() + 0.8 * np.ptp(rows))
    box = [(0, top), (width, height)]
    below = cells[top:]
    wanted = sorted(set(below[below >= 0].tolist()))
    assert 0 < len(wanted) < len(everything)
    notebook.canvas.focus()
    notebook.page.keyboard.press("s")
    draw(notebook, box, cells.shape)
    until(lambda: selected(notebook) == wanted, 20, f"{wanted} to be selected, not {selected(notebook)}")
    wait_for(notebook, "!document.querySelector('.bw-highlight').hidden")
    assert (highlighted(notebook).reshape(cells.shape) == np.isin(cells, wanted)).all()

    # A triangle, whose sides are the lasso's points.
    notebook.page.keyboard.press("l")
    y, x = (np.mgrid[0:height, 0:width] + 0.5).astype(float)
    in_triangle = (x / width + y / height < 1) & (cells >= 0)
    triangle = sorted(set(cells[in_triangle].tolist()))
    draw(notebook, [(0, 0), (width, 0), (0, height)], cells.shape)
    until(lambda: selected(notebook) == triangle, 20, f"{triangle} to be selected, not {selected(notebook)}")

    notebook.page.keyboard.press("s")
    notebook.page.keyboard.down("Alt")
    draw(notebook, box, cells.shape)
    notebook.page.keyboard.up("Alt")
    rest = sorted(set(triangle) - set(wanted))
    until(lambda: selected(notebook) == rest, 20, f"{rest} to be selected, not {selected(notebook)}")
    notebook.page.keyboard.down("Control")
    draw(notebook, [(0, 0), (width, height)], cells.shape)
    notebook.page.keyboard.up("Control")
    until(lambda: selected(notebook) == everything, 20, f"{everything} to be selected, not {selected(notebook)}")
    notebook.page.keyboard.press("i")
    until(lambda: notebook.evaluate("viewer.notice") is None, 20, "no notice")
    notebook.screenshot(ARTIFACTS / "select-strokes.png")
    assert notebook.errors == []


def test_the_panel_does_all_with_the_selected_cells(notebook: Notebook) -> None:
    page, look = notebook.page, "viewer.controller.models._painter.looks.known(viewer.models[0].id)"
    cells = cells_of(notebook)
    some = int(np.bincount(cells[cells >= 0]).argmax())
    loaded = notebook.evaluate("viewer.models[0].ids()")
    with notebook.client() as client:
        client.execute(f"viewer.panel_open = True; viewer.selection = [{some}]", silent=True, reply=True, timeout=30)
    section = page.locator("details.bw-section").filter(has=page.get_by_text("Select", exact=True))

    def press(name: str) -> None:
        section.get_by_role("button", name=name, exact=True).click()

    def becomes(expression: str, value: object) -> None:
        until(lambda: notebook.evaluate(expression) == value, 30, f"{expression} == {value!r}")

    press("Hide")
    becomes(f"{look}.hidden.tolist()", [some])
    notebook.wait_sharp()
    assert some not in cells_of(notebook)
    press("Show all")
    becomes(f"{look}.hidden is None", True)
    press("Isolate")
    becomes(f"{look}.faded.tolist()", sorted({*loaded} - {some}))
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "select-isolated.png")
    press("Show all")
    section.get_by_label("Color", exact=True).fill("#00ff00")
    becomes(f"[(list(color), ids.tolist()) for color, ids in {look}.colored.items()]", [[[0, 1, 0, 1], [some]]])
    before = notebook.evaluate("list(viewer.camera.position)")
    press("Frame")
    until(lambda: notebook.evaluate("list(viewer.camera.position)") != before, 30, "another camera")
    press("Make a model")
    becomes("[list(model.ids()) for model in viewer.models][1:]", [[some]])
    section.get_by_label("Save as").fill("mine")
    with page.expect_download() as saved:
        press("Save")
    assert saved.value.suggested_filename == "mine.json"
    population = notebook.evaluate("viewer.models[0].population")
    assert json.loads(saved.value.path().read_text()) == {"mine": {"population": population, "node_id": [some]}}
    press("Clear")
    becomes("len(viewer.selection)", 0)
    assert notebook.errors == []
