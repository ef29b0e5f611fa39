"""The legend over the picture: what colors mean, and that it stands in nobody's way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CATEGORIES = {
    "model": 4,
    "title": "mtype",
    "entries": [{"label": "L1_DAC", "color": "#0072b2"}, {"label": "L23_PC", "color": "#e69f00"}],
    "stops": [],
    "range": None,
    "missing": None,
    "attribute": "mtype",
    "unit": "",
    "selectable": True,
}
BAR = {
    "model": 5,
    "title": "firing rate",
    "entries": [],
    "stops": ["#440154", "#21918c", "#fde725"],
    "range": [-70.2512, 31_346.71],
    "missing": "#808080",
    "attribute": "firing rate",
    "unit": "Hz",
    "selectable": False,
}
MODELS = [
    {
        "id": number,
        "name": name,
        "type": "circuit",
        "visible": True,
        "color": None,
        "colored_by": "mtype",
        "color_methods": ["mtype"],
        "cells": 10,
        "path": None,
        "population": None,
        "bounds": None,
        "outline": [],
        "left_out": None,
        "notices": [],
    }
    for number, name in ((4, "cortex"), (5, "thalamus"))
]


@pytest.fixture
def view(cell):
    cell.mount(panel_open=False, models=MODELS)
    return cell


def legend_of(cell):
    return cell.page.get_by_role("group", name="Legend")


def swatches(cell):
    colors = "boxes => boxes.map((box) => getComputedStyle(box).backgroundColor)"
    return legend_of(cell).locator(".bw-swatch").evaluate_all(colors)


def test_there_is_none_without_something_to_tell(view):
    assert legend_of(view).count() == 0
    view.trait("legend", {"sections": [CATEGORIES]})
    legend_of(view).wait_for()
    view.trait("legend", None)
    assert legend_of(view).count() == 0


def test_categories_have_their_colors_in_order(view):
    view.trait("legend", {"sections": [CATEGORIES]})
    entries = legend_of(view).get_by_role("list", name="mtype").get_by_role("listitem")
    assert entries.all_inner_texts() == ["L1_DAC", "L23_PC"]
    assert swatches(view) == ["rgb(0, 114, 178)", "rgb(230, 159, 0)"]
    assert legend_of(view).inner_text().split() == ["Legend", "mtype", "L1_DAC", "L23_PC"], "one model needs no name"


def test_a_bar_has_its_ends_and_those_without_a_value(view):
    view.trait("legend", {"sections": [BAR]})
    text = legend_of(view).inner_text()
    assert re.search(r"firing rate\s+-70\s+31,347 Hz\s+no value", text), text
    image = legend_of(view).get_by_role("img").evaluate("bar => getComputedStyle(bar).backgroundImage")
    assert image == "linear-gradient(to right, rgb(68, 1, 84), rgb(33, 145, 140), rgb(253, 231, 37))"
    assert swatches(view) == ["rgb(128, 128, 128)"]


def test_several_models_are_told_apart(view):
    view.trait("legend", {"sections": [CATEGORIES, BAR]})
    titles = legend_of(view).locator(".bw-legend-title")
    assert titles.all_inner_texts() == ["mtype · cortex", "firing rate · thalamus"]
    view.trait("models", [{**MODELS[0], "name": "renamed"}, MODELS[1]])
    assert titles.first.inner_text() == "mtype · renamed"


def test_values_without_a_name_have_no_title(view):
    view.trait("legend", {"sections": [{**BAR, "title": ""}]})
    assert legend_of(view).locator(".bw-legend-title").count() == 0
    view.trait("legend", {"sections": [{**CATEGORIES, "title": ""}, BAR]})
    assert legend_of(view).locator(".bw-legend-title").all_inner_texts() == ["cortex", "firing rate · thalamus"]


def test_labels_are_text(view):
    hostile = "<img src=x onerror=\"document.body.dataset.hit='yes'\">"
    entries = [{"label": hostile, "color": f"red;{hostile}"}]
    view.trait("legend", {"sections": [{**CATEGORIES, "title": hostile, "entries": entries}]})
    assert legend_of(view).get_by_text(hostile).count() == 2
    assert view.page.locator("img").count() == 0
    assert view.page.evaluate("document.body.dataset.hit") is None


def test_it_can_be_collapsed_by_mouse_and_keys(view):
    view.trait("legend", {"sections": [CATEGORIES]})
    toggle = legend_of(view).get_by_role("button", name="Legend", exact=True)
    assert toggle.get_attribute("aria-expanded") == "true"
    toggle.click()
    assert toggle.get_attribute("aria-expanded") == "false"
    assert legend_of(view).inner_text() == "Legend"
    view.trait("legend", {"sections": [BAR]})
    assert legend_of(view).inner_text() == "Legend", "it stays collapsed"
    toggle.press("Enter")
    legend_of(view).get_by_text("firing rate").wait_for()


def test_a_long_one_scrolls_and_leaves_most_of_the_picture_free(view):
    entries = [{"label": f"type {number}", "color": "#0072b2"} for number in range(80)]
    view.trait("legend", {"sections": [{**CATEGORIES, "entries": entries}]})
    legend_of(view).wait_for()
    box, canvas = legend_of(view).bounding_box(), view.canvas.bounding_box()
    assert box["height"] <= 0.41 * canvas["height"]
    assert box["width"] <= 0.5 * canvas["width"]
    last = legend_of(view).get_by_text("type 79")
    last.scroll_into_view_if_needed()
    bottom = last.bounding_box()["y"] + last.bounding_box()["height"]
    assert box["y"] < bottom <= box["y"] + box["height"]


def test_a_drag_beside_it_turns_the_camera_and_one_on_it_does_not(view):
    view.trait("legend", {"sections": [CATEGORIES]})
    legend_of(view).wait_for()
    box = legend_of(view).bounding_box()
    y = box["y"] + box["height"] - 8
    mouse = view.page.mouse

    def drag(x):
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 30, y - 30, steps=3)
        mouse.up()

    drag(box["x"] + box["width"] / 2)
    view.page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    assert view.sent("camera") == []
    drag(box["x"] + box["width"] + 20)
    view.wait("kernel.sent('camera').at(-1)?.moving === false")


def test_a_notice_does_not_cover_it(view):
    view.trait("legend", {"sections": [CATEGORIES]})
    view.trait("notice", {"level": "warning", "text": "3 cells have no morphology.", "hint": "They are left out."})
    view.page.get_by_text("3 cells").wait_for()
    box, notice = legend_of(view).bounding_box(), view.page.locator(".bw-notice").bounding_box()
    assert box["y"] + box["height"] <= notice["y"]


def test_each_view_has_its_own(view):
    view.page.evaluate("kernel.mount({}, 'second', kernel.model)")
    view.trait("legend", {"sections": [CATEGORIES]})
    view.page.get_by_role("button", name="Legend", exact=True).first.click()
    assert view.page.get_by_text("L1_DAC").filter(visible=True).count() == 1


# ---------------------------------------------------------------------- change, select, place


def label(view, name):
    return legend_of(view).get_by_role("button", name=name, exact=True)


def test_a_click_selects_the_cells_with_a_value_and_ctrl_adds(view):
    view.trait("legend", {"sections": [CATEGORIES]})
    label(view, "L1_DAC").click()
    label(view, "L23_PC").click(modifiers=["Control"])
    label(view, "L1_DAC").press("Enter")
    view.wait("kernel.calls('selection.set_by_value').length === 3")
    asked = [(call["value"], call["add"], call["attribute"]) for call in view.calls("selection.set_by_value")]
    assert asked == [("L1_DAC", False, "mtype"), ("L23_PC", True, "mtype"), ("L1_DAC", False, "mtype")]


def test_values_that_are_not_of_cells_are_no_buttons(view):
    view.trait("legend", {"sections": [{**CATEGORIES, "selectable": False}, BAR]})
    legend_of(view).get_by_text("L1_DAC").wait_for()
    assert label(view, "L1_DAC").count() == 0
    assert label(view, "no value").count() == 0


def test_a_refusal_is_told_beside_the_value(view):
    view.answer("selection.set_by_value", {"error": {"message": "The attributes cannot be read."}})
    view.trait("legend", {"sections": [CATEGORIES]})
    label(view, "L1_DAC").click()
    legend_of(view).get_by_text("The attributes cannot be read.").wait_for()
    expect(label(view, "L1_DAC")).to_be_focused()


def test_the_color_of_a_value_can_be_changed(view):
    view.trait("legend", {"sections": [CATEGORIES]})
    swatch = legend_of(view).get_by_label("Color of L23_PC")
    assert swatch.input_value() == "#e69f00"
    swatch.fill("#ff0000")
    view.wait("kernel.calls('colors.set').length === 1")
    (call,) = view.calls("colors.set")
    assert (call["attribute"], call["changes"]) == ("mtype", {"L23_PC": "#ff0000"})
    assert swatches(view) == ["rgb(0, 114, 178)", "rgb(255, 0, 0)"], "the choice is shown at once"
    view.answer("colors.set", {"error": {"message": "no"}})
    legend_of(view).get_by_label("Color of L1_DAC").fill("#00ff00")
    legend_of(view).get_by_text("no", exact=True).wait_for()
    assert swatches(view)[0] == "rgb(0, 114, 178)", "what has failed is not shown"


def test_a_click_beside_a_swatch_does_not_change_its_neighbor(view):
    view.trait("legend", {"sections": [{**CATEGORIES, "selectable": False}]})
    boxes = [box.bounding_box() for box in legend_of(view).locator(".bw-swatch").all()]
    find = "([x, y]) => document.elementFromPoint(x, y).ariaLabel"
    for box, name in zip(boxes, ("L1_DAC", "L23_PC"), strict=True):
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert [view.page.evaluate(find, [x, y + beside]) for beside in (-9, 9)] == [f"Color of {name}"] * 2


CORNERS = [("lower left", 0, 1), ("upper left", 0, 0), ("upper right", 1, 0), ("lower right", 1, 1)]


@pytest.mark.parametrize(("place", "right", "low"), CORNERS)
def test_it_stands_in_its_corner(view, place, right, low):
    view.trait("legend", {"sections": [CATEGORIES]})
    view.trait("legend_place", place)
    box, canvas = legend_of(view).bounding_box(), view.canvas.bounding_box()
    assert (box["x"] + box["width"] / 2 > canvas["x"] + canvas["width"] / 2) == right
    assert (box["y"] + box["height"] / 2 > canvas["y"] + canvas["height"] / 2) == low
    tools = view.page.get_by_role("button", name="Reset camera").bounding_box()
    assert box["y"] >= tools["y"] + tools["height"] or box["x"] + box["width"] < tools["x"]


def test_it_goes_from_corner_to_corner_by_a_button(view):
    view.trait("legend", {"sections": [CATEGORIES]})
    for place, *_ in [*CORNERS[1:], CORNERS[0]]:
        button = legend_of(view).get_by_role("button", name=f"Move the legend to the {place}")
        button.focus()
        button.press("Enter")
        assert view.page.evaluate("kernel.model.saved.at(-1)") == {"legend_place": place}
        focused = view.page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert focused.startswith("Move the legend"), "the focus stays"


def test_it_can_be_hidden_and_comes_back_to_its_corner(view):
    show = view.page.get_by_role("button", name="Show legend")
    assert show.count() == 0, "there is nothing to show"
    view.trait("legend", {"sections": [CATEGORIES]})
    view.trait("legend_place", "upper right")
    legend_of(view).wait_for()
    assert show.get_attribute("aria-pressed") == "true"
    show.press("Enter")
    assert legend_of(view).count() == 0
    assert view.page.evaluate("kernel.model.saved.at(-1)") == {"legend_place": "hidden"}
    show.press("Enter")
    legend_of(view).wait_for()
    assert view.page.evaluate("kernel.model.saved.at(-1)") == {"legend_place": "upper right"}
