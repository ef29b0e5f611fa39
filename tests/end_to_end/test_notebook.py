"""The quickstart in a real JupyterLab in a real browser, with the real local service behind it."""

from __future__ import annotations

import itertools
import os
import queue
import signal
from collections.abc import Iterator
from typing import Any

import nbformat
import psutil
import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.conftest import ROOT
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook
from tests.processes import runs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    """The quickstart after "Run All", with its circuit on the canvas."""
    quickstart = nbformat.read(QUICKSTART, 4)
    for cell in quickstart.cells:
        if cell.cell_type == "code":
            cell.outputs = []  # those of the repository are not what is waited for
    nbformat.write(quickstart, lab.root / "quickstart.ipynb")
    notebook = open_notebook(lab, browser, "quickstart.ipynb")
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.wait_for_text(".bw-status", "Ready", 60)
    notebook.page.locator(".bw-model").first.wait_for()
    notebook.page.locator(".jp-OutputArea-output img").first.wait_for(state="attached")
    notebook.canvas.scroll_into_view_if_needed()
    notebook.wait_sharp()
    yield notebook
    notebook.page.close()


def _gaps(draws: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(draws)]


def test_run_all_shows_the_circuit_and_no_cell_fails(notebook):
    assert notebook.page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    assert notebook.brightness() > 5
    notebook.screenshot(ARTIFACTS / "quickstart.png")
    assert notebook.errors == []


def test_a_drag_turns_the_picture_and_the_trait_follows(notebook):
    picture, camera = notebook.picture(), notebook.evaluate("viewer.camera.to_dict()")
    draws = notebook.drag(2.0)
    assert len(draws) > 10
    notebook.wait_sharp()
    assert notebook.picture() != picture
    notebook.screenshot(ARTIFACTS / "dragged.png")
    after = notebook.evaluate("viewer.camera.to_dict()")
    assert after["position"] != camera["position"]
    assert after["target"] == pytest.approx(camera["target"])
    assert notebook.evaluate("list(viewer.controller.camera.position)") == after["position"]
    print(f"drag: {len(draws) / 2.0:.0f} pictures/s, largest gap {max(_gaps(draws)):.0f} ms")


def test_a_camera_set_in_python_turns_the_picture(notebook):
    picture = notebook.picture()
    notebook.evaluate("setattr(viewer.camera, 'up', (1, 0, 0))")
    until(lambda: notebook.picture() != picture, 10, "another picture")
    notebook.page.get_by_role("button", name="Reset camera").first.click()
    until(lambda: notebook.evaluate("viewer.camera.up") == [0, 1, 0], 10, "the camera to be reset")


@pytest.mark.parametrize(
    "busy",
    ["import time; time.sleep(10)", "import time\nend = time.time() + 10\nwhile time.time() < end: sum(range(1000))"],
    ids=["sleep", "python"],
)
def test_while_a_cell_runs_the_picture_follows_the_mouse(notebook, busy):
    notebook.drag(0.3)  # the newest message of the page came from here
    notebook.wait_sharp()
    with notebook.client() as client:
        message = client.execute(busy)
        until(lambda: client.get_iopub_msg(timeout=30)["msg_type"] == "execute_input", 30, "the cell to run")
        draws = notebook.drag(6.0)
        with pytest.raises(queue.Empty):
            client.get_shell_msg(timeout=0)  # it still runs
        assert client.get_shell_msg(timeout=30)["parent_header"]["msg_id"] == message
    gaps = _gaps(draws)
    print(notebook.evaluate("viewer.stats"))
    print(f"busy cell: {len(draws) / 6.0:.0f} pictures/s, largest gap {max(gaps):.0f} ms")
    assert len(draws) > 30
    assert max(gaps) < 1000  # the goal is 250 ms, on a machine that does nothing else


def test_a_second_circuit_is_loaded_through_the_panel_after_a_mistake(notebook, lab, second_circuit):
    page = notebook.page
    broken = lab.root / "broken.json"
    broken.write_text("{ this is no circuit", encoding="utf-8")
    path = page.get_by_role("textbox", name="Path").first
    models = page.locator(".bw-model").count()
    page.get_by_role("button", name="Load more…").first.click()

    path.fill(str(broken))
    path.press("Enter")
    notebook.wait_for_text(".bw-problem", "broken.json")
    notebook.screenshot(ARTIFACTS / "mistake.png")

    picture = notebook.picture()
    path.fill(str(second_circuit))
    path.press("Enter")
    page.get_by_role("button", name="Load", exact=True).first.click()
    until(lambda: page.locator(".bw-model").count() == models + 1, 60, "the second circuit")
    page.get_by_role("button", name="Reset camera").first.click()  # far away, or beside the first
    until(lambda: notebook.picture() != picture, 30, "another picture")
    notebook.wait_sharp()
    assert notebook.evaluate("len(viewer.models)") == models + 1
    notebook.screenshot(ARTIFACTS / "second-circuit.png")


def test_the_page_shows_the_picture_again_after_a_reload(notebook):
    # Last of those that share a notebook: outputs with live widgets survive a reload only if saved before.
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    notebook.page.reload(wait_until="domcontentloaded")
    notebook.canvas.wait_for()
    notebook.canvas.scroll_into_view_if_needed()
    until(notebook.draws, 30, "a picture after the reload")
    until(lambda: notebook.brightness() > 5, 30, "the circuit after the reload")
    notebook.follows(4)


def test_time_to_first_frame(lab, browser):
    code = "from brayns_widget import BraynsWidget\nviewer = BraynsWidget()\nviewer"
    notebook = open_notebook(
        lab, browser, write_notebook(lab.root, "first.ipynb", code, "other = BraynsWidget()\nother")
    )
    seconds = []
    for viewers in (1, 2):
        start = notebook.now()
        notebook.command("notebook:run-cell-and-select-next")
        notebook.page.wait_for_function(
            "viewers => document.querySelectorAll('canvas.bw-canvas').length === viewers", arg=viewers
        )
        notebook.canvas.scroll_into_view_if_needed()
        until(notebook.draws, 60, "the first frame")
        seconds.append((notebook.draws()[0] - start) / 1e3)
    cold, warm = seconds
    print(f"time to first frame: cold {cold:.2f} s, with the service running {warm:.2f} s")
    factor = float(os.environ.get("BRAYNS_WIDGET_PATIENCE", "3"))  # machines that run tests do other things too
    assert cold < 5 * factor
    assert warm < 2 * factor
    notebook.page.close()


def test_run_all_shows_a_picture_while_later_cells_run(lab, browser):
    code = "from brayns_widget import BraynsWidget\nviewer = BraynsWidget()\nviewer"
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "long.ipynb", code, "import time\ntime.sleep(40)"))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    until(notebook.draws, 60, "the first frame")
    assert notebook.page.locator(".jp-InputPrompt").last.inner_text() == "[*]:"
    notebook.page.close()


def test_linked_cameras_follow_each_other(lab, browser):
    first = "from ipywidgets import jslink\nfrom brayns_widget import BraynsWidget\nother = BraynsWidget()"
    second = "viewer = BraynsWidget()\nlink = jslink((viewer, 'camera'), (other, 'camera'))\nviewer"
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "linked.ipynb", first, second))
    notebook.command("notebook:run-all-cells")
    notebook.wait_for_text(".bw-status", "Ready", 60)
    until(notebook.draws, 60, "the first frame")
    notebook.drag(0.5)
    until(lambda: notebook.evaluate("viewer.camera.position == other.camera.position != (0, 0, 1000)"), 30, "the other")
    assert notebook.evaluate("other.controller.camera == other.camera.value")
    notebook.page.close()


def test_a_killed_renderer_is_told_and_the_next_load_works(lab, browser, second_circuit):
    code = "from brayns_widget import BraynsWidget\nviewer = BraynsWidget()\nviewer"
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "renderer.ipynb", code))
    notebook.command("notebook:run-all-cells")
    notebook.wait_for_text(".bw-status", "Ready", 60)
    (renderer,) = [p for p in notebook.kernel_process().children(recursive=True) if runs(p, "renderer")]
    renderer.kill()
    notebook.page.locator(".bw-status[data-state=failed]").wait_for()
    notebook.screenshot(ARTIFACTS / "killed-renderer.png")
    assert "renderer" in notebook.evaluate("viewer.notice.text")
    with notebook.client() as client:
        client.execute(f"viewer.load_circuit({str(second_circuit)!r}).result(60)")
        notebook.wait_for_text(".bw-status", "Ready", 60)
        notebook.page.locator(".bw-model").wait_for()
    until(lambda: notebook.brightness() > 1, 30, "the circuit")
    notebook.page.close()


def test_a_killed_kernel_leaves_no_process(lab, browser):
    code = "from brayns_widget import BraynsWidget\nviewer = BraynsWidget()\nviewer"
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "killed.ipynb", code))
    notebook.command("notebook:run-all-cells")
    notebook.wait_for_text(".bw-status", "Ready", 60)
    kernel = notebook.kernel_process()
    family: list[Any] = kernel.children(recursive=True)
    assert len(family) >= 3, "service, renderer, backend"
    kernel.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    _, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []
    notebook.page.close()
