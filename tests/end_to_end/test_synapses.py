"""Synapses and partners in a real JupyterLab: counted, shown and walked by the panel, and told as Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, run_model, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(height=560)
viewer.load_circuit(write_circuit("connected", cells=20)).result()
viewer.selection = [3]
viewer"""


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = run_model(lab, browser, "synapses", SHOW)
    yield notebook
    notebook.page.close()


def test_synapses_of_the_selection_by_the_panel(notebook: Notebook) -> None:
    page, panel = notebook.page, notebook.page.locator(".bw-panel").first
    panel.locator("summary").filter(has_text=re.compile("^Synapses$")).click()
    count = notebook.evaluate("viewer.synapses(source=3).count")
    panel.get_by_text(f"{count:,} synapses, all of which are shown.").wait_for()
    panel.get_by_label("Color by", exact=True).select_option("type")
    panel.get_by_role("button", name="Show synapses").click()
    until(lambda: notebook.evaluate("len(viewer.models)") == 2, 60, "the synapses")
    assert notebook.evaluate("viewer.models[1].type") == "geometry"
    line = 'viewer.synapses(source={"default": "3"}'
    population = notebook.evaluate("viewer.models[0].population")
    line = line.replace("default", population)
    until(lambda: notebook.evaluate(f"{line!r} in '\\n'.join(viewer.history.lines)"), 10, "the line of Python")
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "synapses.png")
    page.get_by_role("button", name=re.compile("^Undo")).first.click()
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, 30, "no synapses")
    assert notebook.errors == []


def test_the_walk_from_a_selected_cell_to_its_partner_and_back(notebook: Notebook) -> None:
    panel = notebook.page.locator(".bw-panel").first
    panel.locator("summary").filter(has_text=re.compile("^Synapses$")).click()
    notebook.evaluate("viewer.pins.clear()")
    picked = notebook.evaluate(
        "next(p.cell for p in [viewer.selection.pick(u / 40, v / 40) for u in range(8, 32)"
        " for v in range(8, 32, 3)] if p.cell is not None and [viewer.pins.add(p)])"
    )
    panel.get_by_role("button", name="Of the picked cell").click()
    partners = panel.get_by_role("listbox", name=f"Partners of cell {picked}")
    partners.wait_for()
    first = notebook.evaluate(f"int(viewer.partners({picked}).dataframe.index[0][1])")
    until(
        lambda: notebook.evaluate(f"{picked} in viewer.selection.ids() and {first} in viewer.selection.ids()"),
        20,
        "fading",
    )
    partners.focus()
    notebook.page.keyboard.press("Enter")
    panel.get_by_role("listbox", name=f"Partners of cell {first}").wait_for()
    panel.get_by_role("button", name="Back", exact=True).click()
    partners.wait_for()
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "partners.png")
    assert notebook.errors == []
