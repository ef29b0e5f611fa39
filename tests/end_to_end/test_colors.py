"""Colors in a real JupyterLab: the legend selects, recolors and moves; the panel colors by attributes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

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


SATURATED = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    count += Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60;
  }
  return count;
}"""
"""How many pixels are neither gray nor nearly so."""


def test_the_panel_colors_by_an_attribute_with_a_map_and_a_range(notebook: Notebook) -> None:
    page = notebook.page
    notebook.evaluate("[viewer.models[0].remove(), setattr(viewer.models[0], 'name', 'cells')]")
    notebook.evaluate("setattr(viewer, 'panel_open', True)")
    row = page.get_by_role("row", name="cells", exact=True)
    choices = row.get_by_label("Color cells by")
    choices.locator("optgroup[label=Attributes] option[value=y]").wait_for(state="attached")
    choices.select_option("y")
    legend = page.get_by_role("group", name="Legend")
    legend.get_by_text("y", exact=True).wait_for()
    row.get_by_label("More of cells").click()
    colormap = row.get_by_label("Color map")
    expect(colormap).to_have_value("viridis")
    notebook.wait_sharp()
    assert notebook.canvas.evaluate(SATURATED) > 300
    notebook.screenshot(ARTIFACTS / "attribute.png")

    def line(ending: str) -> str:
        lines = "viewer.history.lines[-1]"
        return str(until(lambda: notebook.evaluate(f"{lines}.endswith({ending!r}) and {lines}"), 10, ending))

    colormap.select_option("gray")
    made = line("])")
    until(lambda: notebook.canvas.evaluate(SATURATED) < 20, 30, "a picture without colors")
    row.get_by_label("Highest value of cells").fill("5000")
    row.get_by_label("Highest value of cells").press("Enter")
    low, high = notebook.evaluate("viewer.models[0].cells['y'].agg(['min', 'max']).tolist()")
    whole = f'colormap="gray", range=[{low!r}, {high!r}])'
    assert made == f'viewer.models["cells"].color_by("y", {whole}'
    until(lambda: notebook.evaluate("viewer.legend.sections[0].range[1]") == 5000, 10, "the range")
    shown = notebook.evaluate("[list(viewer.legend.sections[0].range), viewer.legend.sections[0].stops[-1]]")
    assert shown == [[low, 5000], "#ffffff"]
    notebook.run_in_a_new_cell(made)
    expect(row.get_by_label("Highest value of cells")).not_to_have_value("5000")
    assert notebook.evaluate("viewer.legend.sections[0].range[1]") == high
    assert notebook.errors == []
