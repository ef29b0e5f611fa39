"""Nothing is left behind: the processes of a real kernel after what people do with a notebook in a real JupyterLab."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook
from tests.processes import runs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WAIT = 90.0


def _notebook(lab: Lab, browser: Browser, name: str, *cells: str) -> Notebook:
    return open_notebook(lab, browser, write_notebook(lab.root, name, *cells))


def _count(notebook: Notebook, kind: str) -> int:
    """How many servers of a kind the kernel has."""
    return sum(runs(process, kind) for process in notebook.kernel_process().children(recursive=True))


def _run(notebook: Notebook) -> None:
    """Run all cells and wait until the newest view has its circuit."""
    notebook.page.locator("canvas.bw-canvas").evaluate_all("all => all.forEach(one => one.id = 'old')")
    notebook.command("notebook:run-all-cells")
    notebook.page.wait_for_function(
        "document.querySelectorAll('canvas.bw-canvas:not(#old)').length > 0", timeout=WAIT * 1e3
    )
    notebook.page.locator(".bw-model").last.wait_for(timeout=WAIT * 1e3)
    notebook.wait_for_text(".bw-status", "Ready", WAIT)


def test_a_cell_that_runs_again_five_times_leaves_one_renderer(lab, browser, second_circuit):
    code = f"from brayns_widget import BraynsWidget\nviewer = BraynsWidget({str(second_circuit)!r})\nviewer"
    notebook = _notebook(lab, browser, "again.ipynb", code)
    for _ in range(6):
        _run(notebook)
    until(lambda: _count(notebook, "renderer") == 1, 30, "one renderer")
    assert _count(notebook, "backend") == 1
    assert notebook.evaluate("viewer.status.state") == "ready"
    states = "[old.status.state for old in Out.values() if isinstance(old, BraynsWidget)]"
    assert notebook.evaluate(states) == ["asleep"] * 5 + ["ready"]
    until(lambda: notebook.brightness() > 1, 30, "the circuit")
    notebook.screenshot(ARTIFACTS / "again.png")
    # One of the old ones comes back with its scene when it is shown.
    with notebook.client() as client:
        client.execute("old = next(old for old in Out.values() if isinstance(old, BraynsWidget))\ndisplay(old)")
        until(lambda: notebook.evaluate("old.load_circuit is not None and len(old.models)") == 1, 30, "its models")
        client.execute("old.snapshot(size=(64, 64), samples=1).result(60)", reply=True, timeout=WAIT)
    assert notebook.evaluate("old.status.state") == "ready"
    assert _count(notebook, "renderer") == 2
    notebook.page.close()


def test_widgets_of_a_loop_keep_their_jobs_and_go_when_nothing_holds_them(lab, browser):
    code = "from brayns_widget import BraynsWidget\nfor _ in range(3):\n    display(BraynsWidget())"
    notebook = _notebook(lab, browser, "loop.ipynb", code)
    notebook.command("notebook:run-all-cells")
    until(lambda: notebook.page.locator(".bw-status").filter(has_text="Ready").count() == 3, WAIT, "three viewers")
    with notebook.client() as client:
        client.execute("__import__('time').sleep(6)", reply=True, timeout=30)  # longer than the grace of a view
    assert _count(notebook, "renderer") == 3
    notebook.command("notebook:clear-all-cell-outputs")
    until(lambda: _count(notebook, "renderer") == 0, 30, "no renderer")
    left = "sum(type(one) is BraynsWidget for one in __import__('gc').get_objects())"
    until(lambda: notebook.evaluate(left) == 0, 30, "the end of the viewers")
    with notebook.client() as client:
        client.execute("viewer = BraynsWidget(); viewer.controller.start().result(60)", reply=True, timeout=WAIT)
        assert _count(notebook, "renderer") == 1
        client.execute("del viewer; __import__('gc').collect()", reply=True, timeout=30)
    until(lambda: _count(notebook, "renderer") == 0, 30, "no renderer")
    notebook.page.close()
