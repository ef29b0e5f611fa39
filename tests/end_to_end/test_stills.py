"""The picture stays in the notebook: saved by a real JupyterLab, and seen there without a kernel."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from brayns_widget.controller.encoded import SHOWN_MAX
from tests.browser import ARTIFACTS
from tests.end_to_end.lab import JUPYTERLAB, NOTEBOOK, Application, Lab, Notebook, open_notebook, run_lab, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CODE = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(write_circuit("circuit", cells=5), color_by="layer")
viewer"""
BOXED = """\
from ipywidgets import VBox, IntSlider
VBox([viewer, IntSlider()])"""

# Counts the frames in which a kept picture is seen.
WATCH = """() => {
  window.seen = 0;
  const look = () => {
    window.seen += [...document.querySelectorAll(".jp-RenderedImage img")].some((image) => image.offsetHeight > 0);
    requestAnimationFrame(look);
  };
  look();
}"""
DIRTY = "window.jupyterapp.shell.currentWidget.context.model.dirty"
ERROR = "Error displaying widget: model not found"


@pytest.fixture(params=[JUPYTERLAB, NOTEBOOK], ids=["lab", "notebook-7"], scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    application: Application = request.param
    pytest.importorskip(application.module, reason="not installed")
    with run_lab(tmp_path_factory.mktemp(application.module), application) as server:
        yield server


def save(notebook: Notebook, lab: Lab) -> dict[str, Any]:
    notebook.command("docmanager:save")
    notebook.page.wait_for_function(f"!{DIRTY}")
    saved: dict[str, Any] = json.loads((lab.root / "kept.ipynb").read_text(encoding="utf-8"))
    return saved


def kept(outputs: list[dict[str, Any]]) -> np.ndarray:
    """Return the pixels of the only picture."""
    (data,) = [output["data"]["image/jpeg"] for output in outputs if "image/jpeg" in output.get("data", {})]
    encoded = base64.b64decode("".join(data))
    assert len(encoded) <= SHOWN_MAX
    return np.asarray(Image.open(io.BytesIO(encoded)))


def test_the_picture_is_saved_and_seen_without_a_kernel(server: Lab, browser: Browser) -> None:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in (CODE, BOXED)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, server.root / "kept.ipynb")
    notebook = open_notebook(server, browser, "kept.ipynb")
    page, captions = notebook.page, notebook.page.locator(".bw-caption")
    page.evaluate(WATCH)
    notebook.command("notebook:run-all-cells")
    notebook.wait_for_text(".bw-model", "5 cells", 90)
    until(lambda: captions.count() == 2, 60, "the picture of each cell")
    assert page.evaluate("window.seen") == 0, "the view is live, so the still must not be seen"
    assert captions.last.is_hidden()
    notebook.screenshot(ARTIFACTS / f"still-live-{server.application.module}.png")

    saved = save(notebook, server)
    assert "widgets" not in saved["metadata"], "JupyterLab saves no widget's state by default"
    first, boxed = (kept(cell["outputs"]) for cell in saved["cells"])
    assert first.std() > 3, "not an empty scene"
    assert np.array_equal(first, boxed)
    kinds = [output["output_type"] for output in saved["cells"][0]["outputs"]]
    assert kinds == ["execute_result", "display_data", "display_data"]
    text = json.dumps(saved)
    assert server.token not in text
    assert str(server.root) not in text

    # Another rest of the same views: a new picture, at the old one's place, and no view is made anew.
    notebook.canvas.scroll_into_view_if_needed()
    page.evaluate("document.querySelectorAll('canvas.bw-canvas').forEach((canvas) => { canvas.before = true; })")
    notebook.drag(0.5)
    page.wait_for_function(DIRTY)
    turned = save(notebook, server)
    assert not np.array_equal(kept(turned["cells"][1]["outputs"]), first)
    assert len(turned["cells"][1]["outputs"]) == 3
    assert page.evaluate("[...document.querySelectorAll('canvas.bw-canvas')].every((canvas) => canvas.before)")
    assert page.evaluate("window.seen") == 0
    assert notebook.errors == []

    # A reload shows the live view again, and does not call the notebook changed.
    page.reload(wait_until="domcontentloaded")
    notebook.canvas.wait_for()
    notebook.canvas.scroll_into_view_if_needed()
    until(notebook.draws, 60, "a picture after the reload")
    until(captions.last.is_hidden, 30, "the still to be hidden")
    notebook.evaluate("1")
    assert not page.evaluate(DIRTY)

    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
    page = open_notebook(server, browser, "kept.ipynb").page
    page.get_by_text(ERROR).first.wait_for(state="attached")
    page.locator(".bw-caption").first.wait_for()
    assert page.locator(".jp-RenderedImage img").first.is_visible()
    assert not page.get_by_text(ERROR).first.is_visible()
    page.screenshot(path=ARTIFACTS / f"still-{server.application.module}.png")
    page.close()
