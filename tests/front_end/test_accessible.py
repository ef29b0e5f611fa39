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
