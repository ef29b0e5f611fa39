"""What is done in a real JupyterLab is undone, done again, and told as Python that does the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
FACTS = """(
    [(model.visible, model.color, model.colored_by) for model in viewer.models],
    list(viewer.camera.position),
    viewer.background,
    dict(viewer.selection.value),
)"""


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = run_model(lab, browser, "history", SHOW)
    yield notebook
    notebook.page.close()


def test_what_was_done_goes_back_and_forth_and_is_python(notebook: Notebook) -> None:
    page, states = notebook.page, list[Any]()
    panel = page.locator(".bw-panel").first

    def done(text: str) -> None:
        """Wait for a step, and keep the facts."""
        until(lambda: notebook.evaluate("viewer.history.next_undo") == text, 20, f"the step {text!r}")
        states.append(notebook.evaluate(FACTS))

    def reach(state: Any) -> None:
        until(lambda: notebook.evaluate(FACTS) == state, 20, f"the state {state}")

    states.append(notebook.evaluate(FACTS))
    name = notebook.evaluate("viewer.models[0].name")
    panel.get_by_label(f"Color {name} by").select_option("mtype")
    done(f"color {name} by mtype")
    panel.get_by_label("Background").fill("#ffffff")
    done("change the background")
    notebook.drag(0.5)
    done("move the camera")
    panel.get_by_role("checkbox", name=f"Show {name}").uncheck()
    done(f"hide {name}")
    panel.get_by_role("button", name=f"More of {name}").click()
    panel.get_by_role("button", name=f"Remove {name}").click()
    done(f"remove {name}")
    lines = notebook.evaluate("viewer.history.lines")
    assert len(lines) == 5
    assert page.get_by_role("region", name="As Python").locator("code").text_content() == lines[-1]
    notebook.screenshot(ARTIFACTS / "history.png")

    # A cell that was deleted stays so: the notebook's own undo has the same keys.
    cells = page.locator(".jp-Notebook .jp-Cell")
    cells.last.click()
    page.keyboard.press("Escape")
    before = cells.count()
    notebook.command("notebook:delete-cell")
    until(lambda: cells.count() == before - 1, 10, "one cell less")

    notebook.canvas.focus()
    for state in reversed(states[:-1]):
        page.keyboard.press("Control+z")
        reach(state)
    assert notebook.evaluate("viewer.history.next_undo") == ""
    assert cells.count() == before - 1
    for state in states[1:-1]:
        page.keyboard.press("Control+Shift+Z")
        reach(state)
    page.get_by_role("button", name=f"Redo: remove {name}").click()
    reach(states[-1])

    for _ in states[1:]:
        assert notebook.evaluate("viewer.undo()")
    for line in lines:
        notebook.run_in_a_new_cell(line)
    models, position, *rest = states[-1]
    reach([models, pytest.approx(position, rel=1e-4, abs=0.01), *rest])
    assert notebook.errors == []
