"""The widget in Jupyter Notebook 7, whose page is another one than JupyterLab's."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import NOTEBOOK, open_notebook, run_lab, until

pytest.importorskip("notebook", reason="Jupyter Notebook is not installed (extra test)")
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CODE = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(write_circuit("circuit", cells=3))
viewer"""


def test_a_circuit_is_shown_and_turned(browser: Browser, tmp_path_factory: pytest.TempPathFactory):
    with run_lab(tmp_path_factory.mktemp("notebook"), NOTEBOOK) as server:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, server.root / "first.ipynb")
        notebook = open_notebook(server, browser, "first.ipynb")
        notebook.command("notebook:run-all-cells")
        notebook.canvas.wait_for()
        notebook.canvas.scroll_into_view_if_needed()
        notebook.page.locator(".bw-model").wait_for()
        until(lambda: notebook.brightness() > 3, 60, "the circuit")
        picture = notebook.picture()
        notebook.drag(0.5)
        until(lambda: notebook.picture() != picture, 30, "another picture")
        notebook.wait_sharp()
        notebook.screenshot(ARTIFACTS / "notebook-7.png")
        assert notebook.errors == []
        notebook.page.close()
