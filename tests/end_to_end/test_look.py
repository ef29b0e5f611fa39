"""The look of a real JupyterLab's view by the panel, and what Python and the picture see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(height=480)
viewer.load_circuit(write_circuit("circuit", cells=5)).result()
viewer"""
MEAN = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
  return sum / data.length * 4 / 3;
}"""
WAIT = 60


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "look.ipynb", SHOW, "x = 1"))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, WAIT, "the model")
    notebook.wait_sharp()
    yield notebook
    notebook.page.close()


def mean(notebook: Notebook) -> float:
    return float(notebook.canvas.evaluate(MEAN))


def changed(notebook: Notebook, do: Callable[[], object], what: str) -> None:
    """Do something, and wait for another picture, and that it is finished."""
    before = notebook.picture()
    do()
    until(lambda: notebook.picture() != before, WAIT, what)
    notebook.wait_sharp()


def test_the_look_by_the_panel(notebook: Notebook) -> None:
    page = notebook.page
    look = page.locator(".bw-section").filter(has=page.get_by_text("Look", exact=True))
    look.get_by_text("More", exact=True).click()
    undo = page.get_by_role("button", name="Undo")

    # Presets, in one step each.
    presets = look.get_by_role("group", name="Looks")
    for name, low, high in (("Paper", 200, 255), ("Stage", 0, 30), ("Flat", 0, 60), ("Readable", 0, 60)):
        changed(notebook, presets.get_by_role("button", name=name).click, name)
        assert low < mean(notebook) < high
        notebook.screenshot(ARTIFACTS / f"look-{name.lower()}.png")
    assert notebook.evaluate("viewer.history.next_undo") == "make the view readable"

    # Fog and outlines, and back.
    for label, name in (("Fog", "fog"), ("Outlines", "outlines")):
        before = notebook.evaluate(f"viewer.rendering.{name}")
        slider = look.get_by_label(label)
        changed(notebook, lambda slider=slider: slider.fill("90"), label)  # type: ignore[misc]
        assert notebook.evaluate(f"viewer.rendering.{name}") == 0.9
        changed(notebook, undo.click, f"no {label}")
        assert notebook.evaluate(f"viewer.rendering.{name}") == before

    # Lights: one that follows the camera, switched, stronger, removed, and back.
    dark = mean(notebook)
    look.get_by_label("Add light").select_option("Follows camera")
    changed(notebook, look.get_by_role("button", name="Add", exact=True).click, "a light")
    light = look.get_by_role("list", name="Lights").get_by_role("listitem").filter(has_text="Follows camera")
    assert mean(notebook) > dark
    intensity = look.get_by_label("Intensity of Follows camera")
    intensity.fill("9")
    changed(notebook, lambda: intensity.press("Enter"), "a stronger light")
    assert notebook.evaluate("viewer.lights[-1].intensity") == 9
    bright = mean(notebook)
    changed(notebook, light.get_by_role("checkbox").click, "no light")
    assert mean(notebook) < bright
    changed(notebook, undo.click, "the light")
    changed(notebook, look.get_by_role("button", name="Remove Follows camera").click, "one light less")
    assert notebook.evaluate("len(viewer.lights)") == 3
    changed(notebook, undo.click, "the light again")
    assert notebook.evaluate("viewer.lights[-1].intensity") == 9

    # Shading.
    changed(notebook, look.get_by_label("Shadows").click, "no shadows")
    changed(notebook, lambda: look.get_by_label("Occlusion").select_option("Off"), "no occlusion")
    assert notebook.evaluate("[viewer.rendering.shadows, viewer.rendering.ambient_occlusion]") == [False, 0]

    # A transparent background is a checkerboard here, and nothing in a picture that is saved.
    plain = mean(notebook)
    changed(notebook, look.get_by_label("Transparent").check, "the checkerboard")
    assert mean(notebook) > plain + 5
    notebook.screenshot(ARTIFACTS / "look-transparent.png")
    alpha = "viewer.snapshot(size=(64, 48)).result().data"
    corner = f"__import__('PIL.Image').Image.open(__import__('io').BytesIO({alpha})).getpixel((0, 0))[3]"
    assert notebook.evaluate(corner) == 0
    changed(notebook, look.get_by_label("Transparent").uncheck, "the color")
    assert notebook.errors == []


def test_the_path_tracer_at_rest(notebook: Notebook) -> None:
    page = notebook.page
    look = page.locator(".bw-section").filter(has=page.get_by_text("Look", exact=True))
    usual = notebook.picture()
    look.get_by_label("At rest").select_option("Path tracer")
    until(lambda: notebook.evaluate("viewer.rendering.at_rest") == "path tracer", WAIT, "the path tracer")
    finished = page.locator(".bw-picture[title$=': 256 of 256']")
    finished.wait_for(timeout=2e5)
    assert notebook.picture() != usual
    notebook.screenshot(ARTIFACTS / "look-paths.png")

    # What lies under the pointer is known all the same.
    box = notebook.canvas.bounding_box()
    assert box is not None
    x, y = notebook.brightest()
    page.mouse.move(box["x"] + x - 2, box["y"] + y)
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.locator(".bw-hover").first.wait_for()

    # A gesture is drawn as ever, and ends in the better picture.
    draws = notebook.drag(1.0)
    assert len(draws) > 3
    expect(finished).to_have_count(0)
    finished.wait_for(timeout=2e5)
    assert notebook.errors == []
