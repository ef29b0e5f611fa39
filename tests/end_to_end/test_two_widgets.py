"""Two widgets of one controller side by side in a real JupyterLab, moved one after the other."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = """\
import ipywidgets as widgets
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(write_circuit("circuit", cells=3), height=420, transport={transport!r})
other = BraynsWidget(controller=viewer.controller, height=260, transport={transport!r})
viewer.panel_open = other.panel_open = False
widgets.HBox([viewer, other])"""

# Each view's canvas: its own pixels, those that it takes on the screen, its footer, and its content.
_VIEWS = """() => [...document.querySelectorAll(".brayns-widget")].map((view) => {
  const canvas = view.querySelector("canvas.bw-canvas");
  const { width, height } = canvas.getBoundingClientRect();
  return {
    own: [canvas.width, canvas.height],
    shown: [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)],
    passes: (view.querySelector(".bw-picture")?.title ?? "").split(": ")[1] ?? "",
    draws: (window.draws.get(canvas) ?? []).length,
    content: canvas.toDataURL(),
  };
})"""


@pytest.fixture(params=["socket", "comm"])
def notebook(request: pytest.FixtureRequest, lab: Lab, browser: Browser) -> Iterator[Notebook]:
    name = write_notebook(lab.root, f"two-{request.param}.ipynb", SHOW.format(transport=request.param))
    notebook = open_notebook(lab, browser, name)
    notebook.command("notebook:run-all-cells")
    notebook.page.locator("canvas.bw-canvas").nth(1).wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, 60, "the circuit")
    yield notebook
    notebook.page.close()


def _views(notebook: Notebook) -> list[dict[str, Any]]:
    views: list[dict[str, Any]] = notebook.page.evaluate(_VIEWS)
    return views


def _wait_sharp(notebook: Notebook, count: int = 2) -> list[dict[str, Any]]:
    """Wait until each view has all samples, at its own size, and until no more pictures come."""

    def sharp() -> list[dict[str, Any]]:
        views = _views(notebook)
        whole = [view for view in views if view["passes"] == "16 of 16" and view["own"] == view["shown"]]
        return views if len(whole) == count else []

    def still() -> list[dict[str, Any]]:
        before = until(sharp, 30, f"sharp pictures; there are {[v | {'content': ''} for v in _views(notebook)]}")
        time.sleep(0.5)  # in which a view that undoes another's settings would draw
        after: list[dict[str, Any]] = _views(notebook)
        return after if before == after else []

    views: list[dict[str, Any]] = until(still, 30, "views that rest")
    return views


def _drag(notebook: Notebook, index: int, dx: float) -> None:
    """Drag quickly over a view's canvas."""
    box = notebook.page.locator("canvas.bw-canvas").nth(index).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(x, y)
    mouse.down()
    for step in range(1, 16):
        mouse.move(x + dx * step / 15, y + step)
        time.sleep(0.016)  # a hand, not a synchronization
    mouse.up()


def _azimuth(notebook: Notebook) -> float:
    """Direction of the camera around its target, in degrees."""
    position, target = notebook.evaluate("[list(viewer.camera.position), list(viewer.camera.target)]")
    return math.degrees(math.atan2(position[0] - target[0], position[2] - target[2]))


def test_quick_gestures_in_both_leave_both_sharp(notebook: Notebook) -> None:
    first = _wait_sharp(notebook)
    assert first[0]["own"] != first[1]["own"]
    transports = "[view['transport'] for one in (viewer, other) for view in one.stats['views'].values()]"
    way = notebook.evaluate("viewer.stats['made_by']"), notebook.evaluate(transports)
    name = notebook.page.evaluate("window.jupyterapp.shell.currentWidget.title.label").removesuffix(".ipynb")
    assert way == ("process", [name.removeprefix("two-")] * 2)
    notebook.screenshot(ARTIFACTS / f"{name}-before.png")
    for index, dx in ((0, 60), (1, 40), (0, -30), (1, 50)):
        _drag(notebook, index, dx)
    moved = _wait_sharp(notebook)
    notebook.screenshot(ARTIFACTS / f"{name}-moved.png")
    for before, after in zip(first, moved, strict=True):
        assert after["content"] != before["content"]
        assert after["draws"] - before["draws"] > 8  # a gesture in one is seen in the other
    # A gesture goes on from where the other's has ended.
    azimuth = _azimuth(notebook)
    _drag(notebook, 0, 60)
    assert _wait_sharp(notebook)[1]["content"] != moved[1]["content"]
    assert (azimuth - _azimuth(notebook)) % 360 == pytest.approx(180 * 60 / 420, abs=0.5)
    links = "len([p for p in __import__('psutil').Process().children(recursive=True) if 'frames' in p.cmdline()])"
    assert notebook.evaluate(links) == 1
    with notebook.client() as client:
        client.execute("viewer.close()", reply=True, timeout=30)
        until(lambda: len(_views(notebook)) == 1, 30, "one view")
        seen = _views(notebook)[0]["draws"]
        _drag(notebook, 0, 40)
        assert _wait_sharp(notebook, 1)[0]["draws"] > seen
    assert notebook.evaluate("other.status.state") == "ready"
    notebook.screenshot(ARTIFACTS / f"{name}-one.png")
    assert notebook.errors == []
