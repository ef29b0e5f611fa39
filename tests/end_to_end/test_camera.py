"""The camera of a real JupyterLab by pointer, keys and panel, and what Python sees of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, run_model, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(height=480)
viewer.load_circuit(write_circuit("circuit", cells=20)).result()
viewer"""
AWAY = "[p - t for p, t in zip(viewer.camera.position, viewer.camera.target)]"
DISTANCE = f"sum(side ** 2 for side in {AWAY}) ** 0.5"


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = run_model(lab, browser, "camera", SHOW)
    yield notebook
    notebook.page.close()


def test_the_camera_by_pointer_keys_and_panel(notebook: Notebook) -> None:
    page, canvas = notebook.page, notebook.canvas
    panel = page.locator(".bw-panel").first

    def away() -> list[float]:
        vector: list[float] = notebook.evaluate(AWAY)
        return vector

    # A key flies to a side, in one step of the history, and to what Python calculates.
    canvas.focus()
    page.keyboard.press("4")
    until(lambda: away()[0] > 100 and abs(away()[2]) < 1e-6, 20, "the view from the right")
    until(lambda: notebook.evaluate("viewer.history.next_undo") == "move the camera", 20, "its step")
    shown = notebook.evaluate("viewer.camera.to_dict()")
    notebook.evaluate("viewer.camera.look_from('right')")
    assert notebook.evaluate("viewer.camera.to_dict()")["position"] == pytest.approx(shown["position"], rel=1e-6)
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "camera-right.png")

    # The panel blurs by depth, and bends the view; the picture follows.
    sharp = notebook.picture()
    panel.get_by_label("Depth blur").fill("40")
    until(lambda: notebook.evaluate("viewer.camera.aperture") > 0, 20, "the lens")
    notebook.wait_sharp()
    assert (blurred := notebook.picture()) != sharp
    notebook.screenshot(ARTIFACTS / "camera-lens.png")
    panel.get_by_label("Projection").select_option("cylindric")
    until(lambda: notebook.evaluate("viewer.camera.type") == "cylindric", 20, "the projection")
    notebook.wait_sharp()
    assert notebook.picture() not in {sharp, blurred}
    notebook.screenshot(ARTIFACTS / "camera-cylindric.png")
    notebook.evaluate(
        "setattr(viewer, 'camera', {**viewer.camera.value.to_dict(), 'type': 'perspective', 'aperture': 0})"
    )
    notebook.wait_sharp()

    # A double click turns to a cell that is seen there.
    box = canvas.bounding_box()
    assert box is not None
    target = notebook.evaluate("list(viewer.camera.target)")
    spots = [(x / 16, y / 16) for y in range(4, 13) for x in range(4, 13)]
    u, v = next((u, v) for u, v in spots if notebook.evaluate(f"viewer.pictures.inspect({u}, {1 - v}).hit"))
    page.mouse.dblclick(box["x"] + u * box["width"], box["y"] + v * box["height"])
    until(lambda: notebook.evaluate("list(viewer.camera.target)") != target, 20, "another target")
    until(lambda: notebook.evaluate("len(viewer.selection)") == 1, 20, "the cell")

    # The wheel zooms in, and ends when one turns it out.
    before = notebook.evaluate(DISTANCE)
    page.mouse.wheel(0, -300)
    until(lambda: notebook.evaluate(DISTANCE) < before, 20, "a nearer camera")
    for _ in range(60):
        page.mouse.wheel(0, 300)
    low, high = notebook.evaluate("viewer.models[0].bounds")
    size = sum((b - a) ** 2 for a, b in zip(low, high, strict=True)) ** 0.5
    until(lambda: notebook.evaluate("viewer.camera.visible_height") > 4 * size, 20, "the end")
    assert notebook.evaluate("viewer.camera.visible_height") < 5.1 * size

    # The panel saves a view and flies back to it; Python has it, too.
    page.keyboard.press("r")
    until(lambda: away()[2] > 100 and abs(away()[0]) < 1e-6, 20, "the reset")
    by_page = notebook.evaluate("viewer.camera.to_dict()")["position"]
    assert by_page == pytest.approx(notebook.evaluate("(viewer.camera.reset(), viewer.camera.position)[1]"), rel=1e-3)
    panel.get_by_label("Save view").fill("front")
    panel.get_by_label("Save view").press("Enter")
    until(lambda: notebook.evaluate("list(viewer.views)") == ["front"], 20, "the saved view")
    panel.get_by_role("group", name="Look from").get_by_role("button", name="Look from the top").click()
    until(lambda: away()[1] > 100, 20, "the view from the top")
    panel.get_by_role("button", name="front", exact=True).click()
    until(lambda: away()[2] > 100 and abs(away()[1]) < 1e-6, 20, "the saved view")

    # The scale bar is there until Python hides it.
    bar = page.get_by_role("img", name="Scale bar")
    bar.wait_for()
    notebook.screenshot(ARTIFACTS / "camera-front.png")
    notebook.evaluate("setattr(viewer, 'scale_bar', False)")
    bar.wait_for(state="detached")
