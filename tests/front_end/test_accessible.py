"""Each scene in each look: what axe finds, what is cut off, who has the focus and whether that can be seen."""

from __future__ import annotations

import pytest

from tests import axe
from tests.front_end.scenes import SCENES
from tests.front_end.test_looks import check_contrast, check_fits

pytestmark = pytest.mark.browser

PLAIN = {"color_scheme": "light", "contrast": "no-preference", "forced_colors": "none"}
LOOKS = {
    "light": PLAIN,
    "dark": PLAIN | {"color_scheme": "dark"},
    "contrast": PLAIN | {"contrast": "more"},
    "dark-contrast": PLAIN | {"color_scheme": "dark", "contrast": "more"},
    "forced": PLAIN | {"forced_colors": "active"},
}

# Axe cannot tell these; they were looked at. Contrast over the picture is computed here, too.
REVIEWED = ("color-contrast: ", "aria-required-children: .bw-list: ")


@pytest.fixture
def shown(open_cell, request):
    """A page with one of the scenes."""
    cell = open_cell(viewport={"width": 960, "height": 1000})
    SCENES[request.param](cell)
    return cell


def shrink(cell):
    """Let the view be as narrow as a phone."""
    cell.page.evaluate("document.getElementById('cell').style.width = '320px'")
    cell.wait("document.querySelector('.brayns-widget').clientWidth <= 320")


def check(cell):
    told = axe.inspect(cell.page)
    assert told["passed"] > 10
    assert told["found"] == []
    assert [item for item in told["open"] if not item.startswith(REVIEWED)] == []


@pytest.mark.parametrize("shown", SCENES, indirect=True)
def test_axe_finds_nothing(shown, request):
    scene = request.node.callspec.params["shown"]
    for look, media in LOOKS.items():
        shown.page.emulate_media(**media)
        shown.screenshot(f"scene-{scene}-{look}")
        if look in {"light", "forced"}:  # the others differ in colors only
            check(shown)
        if look != "forced":  # the system has chosen the colors
            check_contrast(shown, behind="#24486a")
    shown.page.emulate_media(**PLAIN)
    shrink(shown)
    shown.screenshot(f"scene-{scene}-narrow")
    check(shown)
    check_scrolls(shown)


def check_scrolls(cell):
    """Nothing scrolls sideways but a table, and folders far down; nothing is cut off."""
    wide = cell.page.evaluate(
        """() => [...document.querySelectorAll(".brayns-widget, .brayns-widget *")].filter((element) => {
            const isScroller = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
            return isScroller && element.scrollWidth > element.clientWidth && !element.matches(".bw-grid, .bw-crumbs");
        }).map((element) => element.outerHTML.slice(0, 200))"""
    )
    assert wide == []
    if cell.panel.is_visible():
        check_fits(cell)


NAME = """() => {
    const at = document.activeElement;
    return at === document.body ? "" : at.ariaLabel ?? at.labels?.[0]?.textContent ?? at.textContent;
}"""


def focused(cell):
    """The name of what has the focus."""
    return cell.page.evaluate(NAME)


def wait_focused(cell, name):
    cell.page.wait_for_function(f"name => ({NAME})().startsWith(name)", arg=name)


def test_the_focus_goes_from_a_removed_model_to_the_next(open_cell):
    cell = open_cell()
    SCENES["models"](cell)
    cell.trait("progress", None)
    models = cell.page.evaluate("kernel.model.get('models')")
    for left, name in ((models[1:], "Show A model whose"), ([], "Models")):
        remove = cell.page.get_by_role("button", name="Remove").first
        remove.focus()
        remove.press("Enter")
        cell.wait("kernel.calls('model.remove').length > 0")
        cell.trait("models", left)
        wait_focused(cell, name)


def test_the_focus_goes_from_a_removed_condition_to_what_follows(open_cell):
    cell = open_cell()
    SCENES["form"](cell)
    for number, name in ((1, "Attribute"), (1, "Add condition")):
        cell.page.get_by_role("button", name=f"Remove condition {number}").press("Enter")
        wait_focused(cell, name)
    cell.page.get_by_role("button", name="Back").press("Enter")
    wait_focused(cell, "Files in hippocampus")


@pytest.mark.parametrize("name", ["Dismiss", "Start again"])
def test_the_picture_gets_the_focus_of_a_notice_that_goes(open_cell, name):
    cell = open_cell()
    SCENES["failed"](cell)
    button = cell.page.get_by_role("button", name=name)
    button.press("Enter")
    cell.wait("!document.querySelector('.bw-notice [aria-busy]')")
    assert focused(cell).startswith(name), "it is still there"
    cell.trait("notice", None)
    cell.trait("status", {"state": "ready", "text": "Ready"})
    wait_focused(cell, "3D view")


def test_the_picture_gets_the_focus_of_a_load_that_is_cancelled(open_cell):
    cell = open_cell()
    SCENES["models"](cell)
    cell.page.get_by_role("button", name="Cancel").press("Enter")
    cell.trait("progress", None)
    wait_focused(cell, "3D view")


def test_a_button_that_cannot_be_used_any_more_hands_the_focus_on(open_cell):
    cell = open_cell()
    SCENES["table"](cell)
    cell.page.get_by_role("button", name="Clear").press("Enter")
    cell.wait("kernel.calls('selection.clear').length === 1")
    cell.trait("selection", {})
    wait_focused(cell, "Highlight them")


def test_the_picture_gets_the_focus_of_a_panel_that_is_closed(open_cell):
    cell = open_cell()
    SCENES["models"](cell)
    cell.page.get_by_role("checkbox").first.focus()
    cell.trait("panel_open", False)
    wait_focused(cell, "3D view")


def test_the_focus_stays_elsewhere_when_something_goes(open_cell):
    cell = open_cell()
    SCENES["models"](cell)
    remove = cell.page.get_by_role("button", name="Remove").first
    remove.focus()
    cell.page.locator("#away").click()
    cell.trait("models", [])
    cell.wait("document.querySelectorAll('.bw-model').length === 0")
    assert cell.page.evaluate("document.activeElement === document.body")
