"""Loading through the panel in a real JupyterLab, with a kernel and a renderer: by keys, by upload."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
from pathlib import Path
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
config = write_circuit("circuit", cells=30)
Path("cell.swc").write_text("1 1 0 0 0 8 -1\\n2 3 0 8 0 2 1\\n3 3 0 200 0 1 2\\n")
Path("README.txt").write_text("not to be loaded")
viewer = BraynsWidget(height=480)
viewer.panel_open = True
viewer"""
MESH = b"v -80 -80 0\nv 80 -80 0\nv 80 80 0\nf 1 2 3\n"
FILES = {
    "half.obj": MESH,
    "block.raw": bytes(range(64)),
    "atlas.nrrd": b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 4 4\nencoding: raw\n\n" + bytes(range(64)),
    "water.pdb": b"HETATM    1  O   HOH A   1       0.000   0.000   0.000  1.00  0.00           O\n",
}


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "load.ipynb", SHOW))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    notebook.wait_for_text(".bw-status", "Ready", 90)
    yield notebook
    notebook.page.close()


def _has_focus(notebook: Notebook, role: str) -> bool:
    focus: str = notebook.page.evaluate("document.activeElement?.getAttribute('role')")
    return focus == role


def test_a_circuit_is_found_and_loaded_by_keys_and_a_file_by_upload(notebook: Notebook, tmp_path: Path) -> None:
    page, keys = notebook.page, notebook.page.keyboard
    files = page.get_by_role("listbox", name="Files in")
    files.get_by_role("option", name="circuit folder").wait_for()
    assert files.get_by_role("option", name="README.txt").count() == 0
    notebook.screenshot(ARTIFACTS / "load-files.png")
    page.get_by_label("path to open").focus()
    keys.press("ArrowDown")
    keys.type("circuit")
    keys.press("Enter")
    configuration = files.get_by_role("option", name="circuit_config.json")
    configuration.wait_for()
    assert _has_focus(notebook, "listbox"), "the focus is not lost"
    keys.press("Enter")
    page.get_by_label("Population").wait_for(timeout=60_000)
    keys.press("Tab")
    keys.press("Enter")  # the node sets
    sets = page.get_by_role("listbox", name="Node sets")
    layer = sets.get_by_role("option", name="Layer5")
    keys.type("layer5")
    layer.wait_for()
    until(lambda: any(word.isdigit() for word in layer.inner_text().split()), 60, "the counts")
    keys.press("Enter")
    assert layer.get_attribute("aria-selected") == "true"
    notebook.screenshot(ARTIFACTS / "load-node-sets.png")
    keys.press("Escape")
    page.get_by_label("Radius").press("Enter")
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, 60, "the circuit")
    count = "viewer.models.count_cells(config, node_sets='Layer5').cells"
    assert notebook.evaluate("viewer.models[0].state.cells") == notebook.evaluate(count) > 0
    page.get_by_role("button", name="Load more…").wait_for()
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "load-folded.png")
    page.get_by_role("button", name="Load more…").click()
    page.get_by_role("button", name="Back", exact=True).click()
    (tmp_path / "half.obj").write_bytes(MESH)
    page.locator("input[type=file]").set_input_files(tmp_path / "half.obj")
    until(lambda: notebook.evaluate("len(viewer.models)") == 2, 60, "the mesh")
    assert notebook.evaluate("viewer.models[1].name") == "half.obj"


def test_synapses_come_with_the_cells_that_were_named(notebook: Notebook) -> None:
    page = notebook.page
    files = page.get_by_role("listbox", name="Files in")
    files.get_by_role("option", name="circuit folder").click()
    files.get_by_role("option", name="circuit_config.json").click()
    page.get_by_label("Population").wait_for(timeout=60_000)
    page.locator("form").get_by_text("More", exact=True).click()
    page.get_by_label("Only ids").fill("0-4, 7")
    page.get_by_label("Share of the cells in percent").fill("100")
    page.get_by_role("group", name="Synapses on them").get_by_role("checkbox").check()
    notebook.screenshot(ARTIFACTS / "load-synapses.png")
    page.get_by_role("button", name="Load", exact=True).click()
    until(lambda: notebook.evaluate("len(viewer.models)") == 2, 60, "cells and synapses")
    assert notebook.evaluate("[model.type for model in viewer.models]") == ["neurons", "afferent_synapses"]
    assert notebook.evaluate("viewer.models[0].state.cells") == 6
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "load-synapses-shown.png")


def test_options_come_from_the_renderers_schema(notebook: Notebook) -> None:
    page = notebook.page
    page.get_by_role("option", name="cell.swc").click()
    radius = page.get_by_label("Radius multiplier")
    radius.wait_for()
    assert page.get_by_label("Load soma").is_checked(), "a cell with all its parts"
    radius.fill("0.01")
    page.get_by_role("button", name="Load", exact=True).click()
    assert "0.1 or more" in radius.evaluate("field => field.validationMessage")
    radius.fill("6")
    notebook.screenshot(ARTIFACTS / "load-options.png")
    page.get_by_role("button", name="Load", exact=True).click()
    until(lambda: notebook.evaluate("[model.name for model in viewer.models]") == ["cell.swc"], 60, "the cell")
    width = notebook.evaluate("viewer.models[0].bounds[1][0] - viewer.models[0].bounds[0][0]")
    assert width == pytest.approx(24, abs=1), "of the dendrite, whose radius was 2 µm; the soma keeps its own"
    page.get_by_role("button", name="Load more…").click()
    page.get_by_role("button", name="Back", exact=True).click()
    page.get_by_role("button", name="Recent files").click()
    page.get_by_role("listbox", name="Recent files").get_by_role("option", name="cell.swc").wait_for()


def test_files_of_each_kind_are_loaded(notebook: Notebook, tmp_path: Path) -> None:
    page, folder = notebook.page, tmp_path
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    nodes = next(write_circuit(folder, {**places(2), "morphology": ["cell", "cell"]}).parent.rglob("nodes.h5"))
    (folder / "morphologies" / "cell.swc").write_text("1 1 0 0 0 2 -1\n2 3 0 3 0 1 1\n3 3 0 10 0 1 2\n")
    shutil.copy(nodes, folder / "circuit.morphologies.h5")
    page.get_by_label("path to open").fill(str(folder))
    page.keyboard.press("Enter")
    files = page.get_by_role("listbox", name="Files in")

    def load(name: str, entries: dict[str, str]) -> None:
        before = notebook.evaluate("len(viewer.models)")
        files.get_by_role("option", name=name).click()
        for label, text in entries.items():
            field = page.get_by_label(label, exact=True)
            field.wait_for()
            if field.evaluate("field => field.localName") == "select":
                field.select_option(text)
            else:
                field.fill(text)
        if entries:
            page.get_by_role("button", name="Load", exact=True).click()
        until(lambda: notebook.evaluate("len(viewer.models)") == before + 1, 60, name)
        assert notebook.evaluate("viewer.models[-1].path") == str(folder / name)
        page.get_by_role("button", name="Load more…").click()
        if entries:
            page.get_by_role("button", name="Back", exact=True).click()

    load("half.obj", {})
    load("block.raw", {"Data type": "unsigned char", "Dimensions": "4, 4, 4", "Spacing": "9, 9, 9"})
    load("atlas.nrrd", {"Type": "scalar"})
    load("water.pdb", {"Color scheme": "protein_chains"})
    load("circuit.morphologies.h5", {"Morphology folder": "morphologies", "Extension": "swc"})
    notebook.screenshot(ARTIFACTS / "load-kinds.png")
    types = notebook.evaluate("[model.type for model in viewer.models]")
    assert len({*types}) == 5, types
    assert notebook.errors == []
