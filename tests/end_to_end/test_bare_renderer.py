"""The panel with a renderer that has none of our additions: what needs one says so, and all else works."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from brayns_widget.controller.picking import NO_SECTIONS
from tests.browser import ARTIFACTS
from tests.conftest import ROOT
from tests.end_to_end.bare_renderer import ADDITIONS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
circuit = write_circuit("circuit", cells=20)
viewer = BraynsWidget(renderer={renderer!r}, backend={backend!r}, height=560)
viewer"""
NO_IDS = "This renderer does not tell which cells a picture shows"
CELL = "1 1 0 0 0 5 -1\n2 3 0 20 0 1 1\n"
WAIT = 60


@contextlib.contextmanager
def serving(*command: str) -> Iterator[str]:
    """Run a server, and tell its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), line
            yield f"ws://{line.removeprefix('listening on ').strip()}"
        finally:
            process.kill()


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    with (
        serving("tests.end_to_end.bare_renderer", "--uri", "127.0.0.1:0") as renderer,
        serving("brayns_widget", "backend", "--port", "0", "--base-directory", str(lab.root)) as backend,
    ):
        code = SHOW.format(renderer=renderer, backend=backend)
        notebook = open_notebook(lab, browser, write_notebook(lab.root, "bare.ipynb", code))
        notebook.command("notebook:run-all-cells")
        notebook.wait_for_text(".bw-status", "Ready", 90)
        notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
        yield notebook
        notebook.page.close()


def test_what_needs_an_addition_says_so_and_the_rest_of_the_panel_works(notebook: Notebook) -> None:
    page = notebook.page
    assert not set(notebook.evaluate("sorted(viewer.controller.state.capabilities.methods)")) & ADDITIONS

    # It loads by the panel, and shows.
    page.get_by_role("option", name="circuit").click()
    page.get_by_role("option", name="circuit_config.json").click()
    page.get_by_label("Color by").select_option("layer")
    page.get_by_role("button", name="Load", exact=True).click()
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, WAIT, "the model")
    until(lambda: notebook.brightness() > 1, WAIT, "a picture of it")
    notebook.wait_sharp()

    # Without ids of the picture there is no tooltip, no stroke, and nothing to highlight.
    for tool in ("Select in a rectangle", "Select in a lasso"):
        button = page.get_by_role("button", name=tool)
        expect(button).to_be_disabled()
        assert NO_IDS in str(button.get_attribute("title"))
    page.get_by_text(f"Nothing is selected. Click a cell. {NO_IDS}").wait_for()
    expect(page.get_by_label("Highlight them in the picture")).to_be_disabled()
    box = notebook.canvas.bounding_box()
    assert box is not None
    x, y = notebook.brightest()
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.click(box["x"] + x, box["y"] + y)
    card = page.locator(".bw-card")
    card.get_by_text(NO_SECTIONS).wait_for()
    card.get_by_text("layer", exact=True).wait_for()
    assert page.locator(".bw-hover").count() == 0
    assert notebook.evaluate("len(viewer.selection.ids())") == 1
    assert NO_IDS in str(page.locator("label", has_text="Highlight them in the picture").get_attribute("title"))
    notebook.screenshot(ARTIFACTS / "bare-renderer.png")

    # What Python and an upload need of ours is refused in words.
    notebook.run_in_a_new_cell("viewer.rendering.set_radius_floor(1)")
    page.get_by_text("This renderer has no minimum radius.").first.wait_for()
    page.get_by_role("button", name="Load more…").click()
    page.get_by_label("Files to upload").set_input_files(
        {"name": "cell.swc", "mimeType": "text/plain", "buffer": CELL.encode()}
    )
    page.get_by_text("cell.swc cannot be uploaded.").wait_for()
    assert notebook.evaluate("len(viewer.models)") == 1

    # So it is with the look, of which the rest works.
    look = page.locator(".bw-section").filter(has=page.get_by_text("Look", exact=True))
    look.get_by_text("More", exact=True).click()
    for label in ("Fog", "Outlines", "At rest"):
        expect(look.get_by_label(label)).to_be_disabled()
    look.get_by_label("Add light").select_option("Follows camera")
    look.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("This renderer has no light that turns with the camera.").wait_for()
    look.get_by_label("Add light").select_option("Sphere")
    look.get_by_role("button", name="Add", exact=True).click()
    until(lambda: notebook.evaluate("viewer.lights[-1].kind") == "sphere", WAIT, "a sphere light")
    look.get_by_label("Shadows").click()
    until(lambda: not notebook.evaluate("viewer.rendering.shadows"), WAIT, "no shadows")

    # The rest works.
    row = page.get_by_role("row", name="S1_neurons", exact=True)
    row.get_by_label("Color S1_neurons by").select_option("y")
    until(lambda: notebook.evaluate("viewer.models[0].colored_by") == "y", WAIT, "another coloring")
    row.get_by_label("Show S1_neurons").uncheck()
    until(lambda: not notebook.evaluate("viewer.models[0].visible"), WAIT, "a hidden model")
    page.get_by_role("button", name="Undo").click()
    until(lambda: notebook.evaluate("viewer.models[0].visible"), WAIT, "a shown model")
    page.get_by_text("Table of all cells").click()
    page.get_by_role("grid", name="Cells").get_by_role("row").nth(2).wait_for()
    assert notebook.errors == []
