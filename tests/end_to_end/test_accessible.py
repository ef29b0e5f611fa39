"""What axe finds in the view, in a real JupyterLab: nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import axe
from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(write_circuit("circuit", cells=3), height=700)
viewer"""
COLOR = "viewer.models[0].color_by('mtype')\nviewer.selection = {viewer.models[0].population: [0, 1]}"
THEME = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
# Over the picture axe cannot tell the contrast; tests/front_end computes it.
REVIEWED = "color-contrast: "


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "accessible.ipynb", SHOW))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, 60, "the circuit")
    notebook.run_in_a_new_cell(COLOR)
    notebook.page.locator(".bw-counts").get_by_text("2 cells").wait_for()
    notebook.wait_sharp()
    yield notebook
    notebook.page.close()


def test_axe_finds_nothing_in_both_themes(notebook: Notebook) -> None:
    page = notebook.page
    for section in page.locator("details.bw-section").all():
        if section.get_attribute("open") is None:
            section.locator("summary").first.click()
    page.get_by_text("Table of all cells").click()
    page.get_by_role("grid", name="Cells").get_by_role("row").nth(2).wait_for()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate(THEME, theme)
        page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        notebook.screenshot(ARTIFACTS / f"accessible-{theme.split()[1].lower()}.png")
        told = axe.inspect(page)
        assert told["passed"] > 20
        assert told["found"] == []
        assert [item for item in told["open"] if not item.startswith(REVIEWED)] == []
    assert notebook.errors == []
