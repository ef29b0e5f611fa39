"""Clicks on the picture in a real JupyterLab: the card says what the renderer and the backend say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, until
from tests.end_to_end.test_hover import picks_of, point_of, shown

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
]


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = shown(lab, browser, "card.ipynb", "auto")
    yield notebook
    notebook.page.close()


def _facts(notebook: Notebook) -> dict[str, str]:
    rows = notebook.page.locator(".bw-card").first.locator("dl > div").all_inner_texts()
    return dict(row.split("\n", 1) for row in rows)


def _ring(notebook: Notebook) -> tuple[float, float]:
    box = notebook.page.locator(".bw-ring").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_click_selects_a_cell_and_its_card_says_what_the_servers_say(notebook: Notebook) -> None:
    picks = picks_of(notebook)
    pick = next(pick for pick in picks if pick.get("section", 0) > 0)
    other = next(found for found in picks if found["cell"] != pick["cell"])
    population = notebook.evaluate("viewer.models[0].population")
    cell = pick["cell"]
    notebook.wait_sharp()
    x, y = point_of(notebook, pick["place"])
    notebook.page.mouse.move(x, y)
    notebook.page.locator(".bw-hover").wait_for(timeout=10_000)
    notebook.page.mouse.down()
    notebook.page.mouse.up()
    notebook.page.get_by_role("article", name=f"{population} · {cell}").wait_for(timeout=10_000)
    facts = _facts(notebook)
    assert facts["Section"] == pick["section_type"].replace("_", " ")
    assert facts["Section id"] == str(pick["section"])
    assert facts["Position"] == f"{pick['part']:.3f} of its length"
    assert facts["From the soma"] == f"{pick['distance']:.1f} µm along it"
    attributes = notebook.evaluate(f"viewer.models[0].cells.loc[{cell}].astype(str).to_dict()")
    assert attributes.keys() <= facts.keys()
    assert facts["mtype"] == attributes["mtype"]
    assert _ring(notebook) == pytest.approx((x, y), abs=1.0)
    assert notebook.evaluate("viewer.selection.ids().tolist()") == [cell]
    notebook.screenshot(ARTIFACTS / "card.png")

    notebook.page.keyboard.down("Control")
    notebook.page.mouse.click(*point_of(notebook, other["place"]))
    notebook.page.keyboard.up("Control")
    notebook.page.get_by_role("article", name=f"{population} · {other['cell']}").wait_for(timeout=10_000)
    assert notebook.evaluate("viewer.selection.ids().tolist()") == sorted([cell, other["cell"]])
    notebook.page.keyboard.press("Escape")
    notebook.page.locator(".bw-card").wait_for(state="detached")
    until(lambda: notebook.evaluate("len(viewer.selection)") == 0, 10, "nothing to be selected")
    assert notebook.errors == []


def test_a_card_is_pinned_by_hand_and_by_python_and_undone(notebook: Notebook) -> None:
    first, second = picks_of(notebook)[:2]
    notebook.wait_sharp()
    cards = notebook.page.locator(".bw-card")
    notebook.page.mouse.click(*point_of(notebook, first["place"]))
    notebook.page.get_by_role("button", name="Pin").click(timeout=10_000)
    notebook.page.get_by_role("button", name="Pin", pressed=True).wait_for(timeout=10_000)
    assert notebook.evaluate("[pin.cell for pin in viewer.pins]") == [first["cell"]]
    assert notebook.evaluate("viewer.history.lines[-1]") == "viewer.pins.add()"
    notebook.evaluate(f"viewer.pins.add(viewer.selection.pick(*{list(second['place'])}))")
    until(lambda: cards.count() == 2, 10, "the card of what Python has pinned")
    assert notebook.page.locator(".bw-ring").count() == 2
    notebook.screenshot(ARTIFACTS / "pins.png")
    notebook.evaluate("viewer.undo()")
    until(lambda: cards.count() == 1, 10, "undone")
    notebook.page.get_by_role("button", name="Close").click()
    cards.wait_for(state="detached", timeout=10_000)
    assert notebook.evaluate("len(viewer.pins)") == 0
    assert notebook.errors == []


def test_the_ring_stays_on_its_cell_when_the_camera_moves(notebook: Notebook) -> None:
    pick = picks_of(notebook)[0]
    notebook.wait_sharp()
    x, y = point_of(notebook, pick["place"])
    notebook.page.mouse.click(x, y)
    notebook.page.locator(".bw-ring").wait_for(timeout=10_000)
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.down()
    notebook.page.mouse.move(x + 80, y + 20, steps=8)
    notebook.page.mouse.up()
    notebook.wait_sharp()
    box = notebook.canvas.bounding_box()
    assert box is not None
    u, v = _projected(notebook.evaluate("viewer.camera.to_dict()"), pick["position"], box["width"] / box["height"])
    moved = box["x"] + u * box["width"], box["y"] + v * box["height"]
    assert math.dist(moved, (x, y)) > 3
    until(lambda: math.dist(_ring(notebook), moved) < 1, 10, f"the ring at {moved}, it is at {_ring(notebook)}")


def _projected(camera: dict[str, Any], position: list[float], aspect: float) -> tuple[float, float]:
    """Where a perspective camera sees a position, in fractions of the picture."""
    eye, target, up = (np.array(camera[name]) for name in ("position", "target", "up"))
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, up) / np.linalg.norm(np.cross(ahead, up))
    offset = np.array(position) - eye
    half = offset @ ahead * math.tan(math.radians(camera["fovy"]) / 2)
    return 0.5 + offset @ right / half / aspect / 2, 0.5 - offset @ np.cross(right, ahead) / half / 2
