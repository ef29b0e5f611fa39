"""The name of what is under the pointer: from the picture's ids, without the kernel."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

MODEL = {
    "id": 4,
    "name": "circuit",
    "type": "circuit",
    "visible": True,
    "color": None,
    "colored_by": "mtype",
    "color_methods": ["mtype"],
    "cells": 10,
    "path": None,
    "population": "S1_neurons",
    "bounds": None,
    "outline": [],
    "left_out": None,
    "notices": [],
}
MESH = MODEL | {"id": 5, "name": "brain", "population": None}
CELL = {"model": 4, "cell": 0, "section": 12, "type": 3, "box": [80, 50, 160, 100]}
SURFACE = {"model": 5, "box": [200, 150, 320, 200]}


@pytest.fixture
def view(cell):
    """A picture at rest without a scale bar: its upper left shows a cell, its lower right corner a mesh."""
    cell.mount(panel_open=False, models=[MODEL, MESH], scale_bar=False)
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.ids(1, CELL, SURFACE)
    return cell


def point(cell, x, y):
    """The point of the page at a pixel of the picture, which fits by its height."""
    box = cell.canvas.bounding_box()
    scale = box["height"] / 200
    return box["x"] + box["width"] / 2 + (x - 160) * scale, box["y"] + y * scale


def at(cell, x, y, **options):
    cell.page.mouse.move(*point(cell, x, y), **options)


def tip(cell):
    return cell.page.locator(".bw-hover")


def test_the_tooltip_names_what_is_under_the_pointer_and_asks_nobody(view):
    said = len(view.sent("call"))
    at(view, 120, 75)
    assert tip(view).inner_text() == "S1_neurons · 0 · apical dendrite"
    at(view, 300, 190)
    assert tip(view).inner_text() == "brain"
    at(view, 20, 20)
    assert tip(view).count() == 0
    assert len(view.sent("call")) == said


def test_what_is_thin_is_found_beside_the_pointer(view):
    edge = point(view, 80, 75)
    view.page.mouse.move(edge[0] - 2, edge[1])
    tip(view).wait_for(timeout=2000)
    view.page.mouse.move(edge[0] - 6, edge[1])
    assert tip(view).count() == 0


def test_it_follows_the_pointer_and_never_lies_under_it_or_beside_the_picture(view):
    view.ids(1, CELL | {"box": [0, 0, 320, 200]})
    stage = view.canvas.bounding_box()
    for x in (4, 80, 150, 170, 240, 316):
        for y in (4, 90, 110, 196):
            at(view, x, y)
            box = tip(view).bounding_box()
            pointer = point(view, x, y)
            under = (
                box["x"] <= pointer[0] <= box["x"] + box["width"] and box["y"] <= pointer[1] <= box["y"] + box["height"]
            )
            assert not under
            assert box["x"] >= stage["x"]
            assert box["y"] >= stage["y"]
            assert box["x"] + box["width"] <= stage["x"] + stage["width"] + 0.5
            assert box["y"] + box["height"] <= stage["y"] + stage["height"] + 0.5


def test_it_goes_with_its_picture_and_comes_with_the_next_ids(view):
    at(view, 120, 75)
    assert tip(view).count() == 1
    view.frame(seq=2)
    view.wait("kernel.acks().length === 2")
    assert tip(view).count() == 0
    view.ids(2, CELL | {"cell": 7, "type": 1})
    tip(view).wait_for()  # the pointer has not moved
    assert tip(view).inner_text() == "S1_neurons · 7 · axon"


def test_while_a_button_is_down_there_is_none(view):
    at(view, 120, 75)
    assert tip(view).count() == 1
    view.page.mouse.down()
    assert tip(view).count() == 0
    at(view, 122, 77, steps=3)
    assert tip(view).count() == 0
    view.page.mouse.up()
    at(view, 121, 76)
    tip(view).wait_for(timeout=2000)


def test_it_goes_with_the_pointer(view):
    at(view, 120, 75)
    assert tip(view).count() == 1
    view.page.locator("#before").hover()
    assert tip(view).count() == 0


def test_fingers_get_none(open_cell):
    cell = open_cell(has_touch=True)
    cell.mount(panel_open=False, models=[MODEL])
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.ids(1, CELL)
    cell.page.touchscreen.tap(*point(cell, 120, 75))
    cell.page.evaluate("new Promise(requestAnimationFrame)")
    assert tip(cell).count() == 0


def test_it_is_announced_to_nobody(view):
    at(view, 120, 75)
    assert tip(view).get_attribute("aria-hidden") == "true"


def test_a_model_that_the_page_does_not_know_yet_leaves_the_id(view):
    view.trait("models", [])
    at(view, 120, 75)
    assert tip(view).inner_text() == "0 · apical dendrite"


def test_what_cannot_be_read_is_told_on_the_console_and_pictures_go_on(view, page_problems):
    view.page.evaluate(
        """() => kernel.model.deliver(
          { kind: "ids", view: kernel.view(), seq: 1, width: 2, height: 2, count: 0, section_types: [] },
          [new DataView(new ArrayBuffer(8))],
        )"""
    )
    view.frame(seq=2)
    view.wait("kernel.acks().length === 2")
    (problem,) = page_problems
    assert "could not be read" in problem
    page_problems.clear()
