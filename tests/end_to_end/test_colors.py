"""The legend in a real JupyterLab: a click selects, a color changes all models, and it goes from corner to corner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(height=480)
circuit = write_circuit("circuit", cells=20)
for density in (0.5, 1.0):
    viewer.load_circuit(circuit, density=density, color_by="mtype").result()
viewer.panel_open = False
viewer"""
SHOWN = "[{e.label: e.color for e in section.entries} for section in viewer.controller.state.sections]"


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "colors.ipynb", SHOW))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    until(lambda: notebook.evaluate("len(viewer.models)") == 2, 60, "the models")
    notebook.wait_sharp()
    yield notebook
    notebook.page.close()


def test_the_legend_selects_recolors_and_moves(notebook: Notebook) -> None:
    legend = notebook.page.get_by_role("group", name="Legend")
    few, everyone = notebook.evaluate(SHOWN)
    assert few.items() <= everyone.items(), "a value has one color in both models"
    labels = legend.locator("button.bw-legend-label").all_inner_texts()
    assert labels == sorted(everyone), "the models share a section"
    first, second = sorted(few)[:2]
    cells = notebook.evaluate("viewer.models[1].cells['mtype'].astype(str).to_dict()")

    def of(*values: str) -> list[int]:
        return sorted(int(cell) for cell, value in cells.items() if value in values)

    legend.get_by_role("button", name=first, exact=True).click()
    until(lambda: notebook.evaluate("viewer.selection.ids().tolist()") == of(first), 10, f"the cells of {first}")
    legend.get_by_role("button", name=second, exact=True).click(modifiers=["Control"])
    until(lambda: notebook.evaluate("viewer.selection.ids().tolist()") == of(first, second), 10, "those of both")

    legend.get_by_label(f"Color of {first}").fill("#00ff00")
    until(
        lambda: [shown[first] for shown in notebook.evaluate(SHOWN)] == ["#00ff00", "#00ff00"],
        10,
        "the color in both models",
    )
    assert notebook.evaluate(f"viewer.colors.of('mtype')[{first!r}]") == "#00ff00"

    legend.get_by_role("button", name="Move the legend to the upper left").click()
    until(lambda: notebook.evaluate("viewer.legend_place") == "upper left", 10, "its place in Python")
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "legend.png")
    notebook.evaluate("setattr(viewer, 'legend_place', 'hidden')")
    legend.wait_for(state="detached")
    notebook.page.get_by_role("button", name="Show legend").click()
    legend.wait_for()
    assert notebook.errors == []
