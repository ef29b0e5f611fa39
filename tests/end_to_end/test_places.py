"""Where people put a viewer: boxes, tabs, outputs and narrow pages of a real JupyterLab, and a page of Voilà."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, stop, until, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(write_circuit("circuit", cells=3), height=300)
viewer"""
# Each place is a cell of its own, which replaces what the one before it shows.
PLACES = {
    "HBox": "widgets.HBox([viewer])",
    "HBox with a neighbor": "widgets.HBox([widgets.Label('left'), viewer])",
    "Box": "widgets.Box([viewer])",
    "VBox": "widgets.VBox([widgets.Label('above'), viewer])",
    "GridBox": "widgets.GridBox([viewer], layout=widgets.Layout(grid_template_columns='100%'))",
    "Tab": "widgets.Tab([widgets.Label('first'), viewer], titles=['A', 'B'])",
    "Accordion": "widgets.Accordion([viewer], titles=['A'])",
    "Output": "output",
}
_BOXES = """() => [...document.querySelectorAll("canvas.bw-canvas")].map((canvas) => {
  const { width, height } = canvas.getBoundingClientRect();
  return [width, height, (window.draws.get(canvas) ?? []).length];
})"""


@pytest.fixture(scope="module")
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "places.ipynb", SHOW, "#"))
    notebook.command("notebook:run-all-cells")
    notebook.page.locator(".bw-model").first.wait_for()
    notebook.wait_sharp()
    yield notebook
    notebook.page.close()


def _run_second(notebook: Notebook, code: str) -> None:
    """Put code into the second cell, run it, and bring what it shows into sight."""
    notebook.page.evaluate(
        """async (code) => {
          const cells = window.jupyterapp.shell.currentWidget.content;
          cells.widgets[1].model.sharedModel.setSource(code);
          cells.activeCellIndex = 1;
          await window.jupyterapp.commands.execute("notebook:run-cell");
        }""",
        code,
    )


def _views(notebook: Notebook) -> list[list[float]]:
    """Width and height of each canvas in pixels of CSS, and how many pictures it got."""
    boxes: list[list[float]] = notebook.page.evaluate(_BOXES)
    return boxes


def _pictures(notebook: Notebook, index: int) -> float:
    return _views(notebook)[index][2]


@pytest.mark.parametrize("place", PLACES)
def test_a_viewer_has_its_size_and_its_picture_in(notebook, place):
    _run_second(
        notebook,
        "import ipywidgets as widgets\noutput = widgets.Output()\n"
        f"with output:\n    display(viewer)\ndisplay({PLACES[place]})",
    )
    if place == "Tab":  # it is hidden at first
        notebook.page.locator(".jp-OutputArea").get_by_role("tab", name="B", exact=True).click()
    elif place == "Accordion":
        notebook.page.locator(".jupyter-widget-Collapse-header").last.click()
    until(lambda: len(_views(notebook)) == 2, 30, "the second view")
    notebook.canvas.scroll_into_view_if_needed()
    width, height, _ = until(lambda: (box := _views(notebook)[-1]) and box[2] and box, 30, "a picture")
    assert width > 400
    assert height == pytest.approx(300, abs=40)
    notebook.wait_sharp()
    assert notebook.brightness() > 1
    notebook.screenshot(ARTIFACTS / f"place-{re.sub('[^a-z]+', '-', place.lower())}.png")
    notebook.follows(3)
    assert notebook.errors == []


def test_thirty_views_are_drawn_when_they_come_into_sight(notebook):
    _run_second(notebook, "for _ in range(30):\n    display(viewer)")
    until(lambda: len(_views(notebook)) == 31, 60, "thirty views")
    for index in (1, 15, 30):
        notebook.page.locator("canvas.bw-canvas").nth(index).scroll_into_view_if_needed()
        until(partial(_pictures, notebook, index), 30, f"a picture in view {index}")
    notebook.follows(3)  # the last one
    notebook.wait_for_text(".bw-status", "Ready")
    _run_second(notebook, "#")
    until(lambda: len(_views(notebook)) == 1, 30, "one view")
    until(lambda: len(notebook.evaluate("viewer.stats")["views"]) == 1, 30, "the others to be forgotten")


@pytest.mark.parametrize("width", [320, 700])
def test_a_narrow_page_has_panel_and_picture(notebook, width):
    """700 pixels are what a page of 1400 has at a zoom of 200 %."""
    _run_second(notebook, "#")
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")  # as everybody does who wants to see a notebook
    notebook.page.set_viewport_size({"width": width, "height": 700})
    notebook.canvas.scroll_into_view_if_needed()
    notebook.wait_sharp()
    host = notebook.page.locator(".bw-host").last.bounding_box()
    canvas = notebook.canvas.bounding_box()
    notebook.screenshot(ARTIFACTS / f"place-{width}-pixels.png")
    assert host is not None
    assert canvas is not None
    assert canvas["width"] > 0.6 * host["width"]
    assert host["x"] + host["width"] <= width
    notebook.page.set_viewport_size({"width": 1400, "height": 1000})
    assert notebook.errors == []


@pytest.fixture
def voila(tmp_path: Path) -> Iterator[str]:
    """Address of a page that Voilà makes of a notebook."""
    pytest.importorskip("voila", reason="Voilà is not installed (extra test)")
    home = tmp_path / "home"
    home.mkdir()
    write_notebook(tmp_path, "page.ipynb", SHOW)
    environment = os.environ | {"HOME": str(home), "USERPROFILE": str(home), "IPYTHONDIR": str(home / "ipython")}
    with socket.create_server(("127.0.0.1", 0)) as free:  # Voilà does not tell a port that it chose itself
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", "page.ipynb", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    log = tmp_path / "voila.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )

    def listens() -> bool:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
        return False

    try:
        until(listens, 60, "Voilà to listen")
        yield f"http://127.0.0.1:{port}/"
    finally:
        alive = stop(server)
    assert [process for process in alive if process.pid != server.pid] == [], "all that the kernel started ends with it"


def test_a_page_of_voila_shows_the_circuit_and_turns_it(voila: str, browser: Browser):
    page: Page = browser.new_page(viewport={"width": 900, "height": 700})
    page.set_default_timeout(90e3)
    page.goto(voila, wait_until="domcontentloaded")
    page.locator(".bw-model").wait_for()
    page.locator(".bw-status").filter(has_text="Ready").wait_for()
    page.wait_for_function("document.querySelector('.bw-picture').title.includes('16 of 16')")
    page.screenshot(path=ARTIFACTS / "place-voila.png")
    canvas = page.locator("canvas.bw-canvas")
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    box = canvas.bounding_box()
    assert box is not None
    assert box["width"] > 400
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 120, steps=5)
    page.mouse.up()
    until(lambda: canvas.evaluate("canvas => canvas.toDataURL()") != before, 30, "another picture")
    page.close()
