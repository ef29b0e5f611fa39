"""Choices of the load form in a real JupyterLab: queries, a limit, several populations; files that are dropped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
from brayns_widget import BraynsWidget
viewer = BraynsWidget(height=480)
viewer"""
MESH = "v -80 -80 0\nv 80 -80 0\nv 80 80 0\nf 1 2 3\n"


def write(folder: Path) -> None:
    """Write a circuit of two populations, of 12 cells and of 3."""
    folder.mkdir()
    attributes = {**places(12), "mtype": ["PC", "BC", "MC"] * 4, "layer": [1, 2, 3, 4, 5, 6] * 2}
    path = write_circuit(folder, attributes)
    config = json.loads(path.read_text())
    (nodes,) = config["networks"]["nodes"]
    (folder / "other").mkdir()
    write_circuit(folder / "other", places(3))
    shutil.move(folder / "other" / "nodes.h5", folder / "more.h5")
    shutil.rmtree(folder / "other")
    with h5py.File(folder / "more.h5", "a") as file:
        file.move("nodes/cells", "nodes/others")
    more = {"nodes_file": "more.h5", "populations": {"others": nodes["populations"]["cells"]}}
    config["networks"]["nodes"].append(more)
    path.write_text(json.dumps(config))


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    folder = lab.root / "choices"
    if not folder.exists():
        write(folder)
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "choices.ipynb", SHOW))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    notebook.wait_for_text(".bw-status", "Ready", 90)
    yield notebook
    notebook.page.close()


def _open(notebook: Notebook) -> None:
    files = notebook.page.get_by_role("listbox", name="Files in")
    files.get_by_role("option", name="choices folder").click()
    files.get_by_role("option", name="circuit_config.json").click()
    population = notebook.page.get_by_label("Population")
    population.wait_for(timeout=60_000)
    notebook.page.get_by_label("Share of the cells in percent").fill("100")


def _load(notebook: Notebook, models: int) -> None:
    notebook.page.get_by_role("button", name="Load", exact=True).click()
    until(lambda: notebook.evaluate("len(viewer.models)") == models, 60, "the load")


def test_conditions_choose_the_cells(notebook: Notebook) -> None:
    page = notebook.page
    _open(notebook)
    page.get_by_role("button", name="Add condition").click()
    first = page.get_by_role("group", name="Condition 1")
    first.get_by_label("Attribute").select_option("mtype")
    first.get_by_label("Comparison").select_option("is")
    first.get_by_label("Value").fill("PC, MC")
    page.get_by_role("group", name="Only cells").get_by_text("8 of 12").wait_for(timeout=10_000)
    page.get_by_role("button", name="Add condition").click()
    second = page.get_by_role("group", name="Condition 2")
    second.get_by_label("Attribute").select_option("layer")
    second.get_by_label("Comparison").select_option(">")
    second.get_by_label("Value").fill("3")
    page.get_by_role("group", name="Only cells").get_by_text("4 of 12").wait_for(timeout=10_000)
    notebook.screenshot(ARTIFACTS / "load-conditions.png")
    _load(notebook, 1)
    assert notebook.evaluate("viewer.models[0].ids()") == [3, 5, 9, 11]
    line = notebook.evaluate("viewer.history.lines[-1]")
    notebook.evaluate("viewer.clear()")
    assert notebook.evaluate(f"len({line})") == 1, line
    assert notebook.evaluate("viewer.models[0].ids()") == [3, 5, 9, 11], line


def test_at_most_so_many_cells_are_loaded(notebook: Notebook) -> None:
    page = notebook.page
    _open(notebook)
    page.locator("form").get_by_text("More", exact=True).click()
    limit = page.get_by_label("At most")
    limit.fill("0")
    page.get_by_role("button", name="Load", exact=True).click()
    assert "1" in limit.evaluate("field => field.validationMessage"), "it says what it takes"
    limit.fill("5")
    _load(notebook, 1)
    assert notebook.evaluate("viewer.models[0].state.cells") == 5


def test_several_populations_are_loaded_at_once(notebook: Notebook) -> None:
    page = notebook.page
    _open(notebook)
    page.locator("form").get_by_text("More", exact=True).click()
    page.get_by_role("group", name="Also load").get_by_role("checkbox", name="others").check()
    notebook.screenshot(ARTIFACTS / "load-populations.png")
    _load(notebook, 2)
    assert notebook.evaluate("[(model.population, model.state.cells) for model in viewer.models]") == [
        ["cells", 12],
        ["others", 3],
    ]
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "load-populations-shown.png")


def test_a_file_that_is_dropped_on_the_picture_is_loaded(notebook: Notebook) -> None:
    page = notebook.page
    data = page.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'drop.obj')); return data; }", MESH
    )
    notebook.canvas.dispatch_event("dragover", {"dataTransfer": data})
    page.locator("[data-dropping]").wait_for()
    notebook.screenshot(ARTIFACTS / "load-dropping.png")
    notebook.canvas.dispatch_event("drop", {"dataTransfer": data})
    until(lambda: notebook.evaluate("[model.name for model in viewer.models]") == ["drop.obj"], 60, "the mesh")
    low, high = notebook.evaluate("viewer.models[0].bounds")
    assert [low[:2], high[:2]] == [[-80, -80], [80, 80]]
    notebook.wait_sharp()
    assert notebook.errors == []
