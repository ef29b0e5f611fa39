"""Each scene in each look: what axe finds, what is cut off, who has the focus and whether that can be seen."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

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


# All that Tab reaches. After a key, a focus that a script gives is shown as well.
TABBABLE = """() => [...document.querySelectorAll(".brayns-widget :is(button, input, select, summary, [tabindex])")]
    .filter((element) => element.tabIndex >= 0 && element.checkVisibility() && !element.matches(":disabled"))"""


@pytest.mark.parametrize("look", ["light", "forced"])
@pytest.mark.parametrize("shown", ["form", "table", "cards", "remote"], indirect=True)
def test_the_focus_is_seen_wherever_it_is(shown, look):
    page = shown.page
    page.emulate_media(**LOOKS[look], reduced_motion="reduce")
    page.mouse.move(0, 0)
    page.locator("#before").press("Tab")
    elements = page.evaluate_handle(TABBABLE)
    count = elements.evaluate("elements => elements.length")
    assert count > 10
    # What changes by itself, such as the time left, may come between the two pictures, but not twice.
    unseen = [
        name
        for number in range(count)
        if unseen_focus(page, elements, number) and (name := unseen_focus(page, elements, number))
    ]
    assert unseen == []


def unseen_focus(page, elements, number):
    """The element, if fewer pixels change with its focus than half of its outline has."""
    element = elements.evaluate_handle("(elements, number) => elements[number]", number).as_element()
    element.evaluate("element => element.focus()")
    box = element.bounding_box()
    x, y = max(box["x"] - 4, 0), max(box["y"] - 4, 0)
    clip = {"x": x, "y": y, "width": box["width"] + 8, "height": box["height"] + 8}
    shots = []
    for action in ("", "element => element.blur()"):
        if action:
            element.evaluate(action)
        shots.append(Image.open(io.BytesIO(page.screenshot(clip=clip, caret="hide"))).convert("L"))
    pixels = sum(ImageChops.difference(*shots).histogram()[40:])
    if pixels >= box["width"] + box["height"]:
        return ""
    return element.evaluate("element => element.ariaLabel ?? element.outerHTML")[:99]


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


def test_the_focus_goes_from_a_removed_condition_to_what_follows(open_cell):
    cell = open_cell()
    SCENES["form"](cell)
    for number, name in ((1, "Attribute"), (1, "Add condition")):
        cell.page.get_by_role("button", name=f"Remove condition {number}").press("Enter")
        wait_focused(cell, name)
    cell.page.get_by_role("button", name="Back", exact=True).press("Enter")
    wait_focused(cell, "Files in hippocampus")


@pytest.mark.parametrize("name", ["Dismiss", "Start again"])
def test_the_picture_gets_the_focus_of_a_notice_that_goes(open_cell, name):
    cell = open_cell()
    SCENES["failed"](cell)
    button = cell.page.get_by_role("button", name=name)
    button.press("Enter")
    cell.wait("!document.querySelector('.bw-notice [aria-busy]')")
    wait_focused(cell, name)  # it is still there
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
    cell.page.get_by_role("checkbox", name="Show nodeA").focus()
    cell.page.locator("#away").click()
    cell.trait("models", [])
    cell.wait("document.querySelectorAll('.bw-model').length === 0")
    assert cell.page.evaluate("document.activeElement === document.body")


# What a screen reader would say of live regions by itself, as often as it would.
LISTEN = """() => {
    window.said = [];
    const said = new Map();
    const look = () => {
        for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) {
            const text = region.ariaLive === "off" || !region.checkVisibility() ? "" : region.textContent.trim();
            if (text && text !== said.get(region)) {
                window.said.push(text);
            }
            said.set(region, text);
        }
    };
    look();
    window.said.length = 0;
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    new MutationObserver(look).observe(document.querySelector(".brayns-widget"), all);
}"""


def test_a_load_is_told_in_a_few_words(open_cell):
    cell = open_cell()
    SCENES["empty"](cell)
    cell.page.evaluate(LISTEN)
    operations = ["Reading the circuit", "Reading morphologies", "Placing cells", "Building"]
    for number in range(100):
        progress = {"task": "7", "operation": operations[number // 25], "amount": (number % 25) / 25}
        cell.trait("progress", progress)
        if number % 10 == 0:
            cell.frame(seq=2 + number)
            cell.wait(f"kernel.acks().at(-1).seq === {2 + number}")
    cell.trait("models", [])
    cell.trait("progress", None)
    cell.page.get_by_role("status").get_by_text("Ready").wait_for()
    assert cell.page.evaluate("said") == [*operations, "Ready · local renderer"]


def test_a_failure_is_told_once(open_cell):
    cell = open_cell()
    SCENES["empty"](cell)
    cell.page.evaluate(LISTEN)
    text = "The renderer was killed by the system."
    cell.trait("status", {"state": "failed", "text": text})
    cell.page.locator(".bw-notice").get_by_text(text).wait_for()
    assert cell.page.evaluate("said") == [text + " Start again"]


def test_typing_a_condition_is_not_told_letter_by_letter(open_cell):
    cell = open_cell()
    SCENES["form"](cell)
    cell.page.get_by_role("button", name="Remove condition 2").click()
    cell.page.get_by_text("1,500 of 31,346 cells chosen").wait_for()
    cell.page.evaluate(LISTEN)
    value = cell.page.get_by_label("Value").last
    value.fill("")
    value.press_sequentially("four")
    for _ in range(4):
        value.press("Backspace")
    value.press_sequentially("3456")
    cell.page.get_by_text("1,500 of 31,346 cells chosen").wait_for()
    assert cell.page.evaluate("said") == ["1,500 of 31,346 cells chosen"]


def test_what_happens_in_the_picture_is_told(open_cell):
    cell = open_cell()
    SCENES["cards"](cell)
    cell.page.evaluate(LISTEN)
    cell.page.evaluate("navigator.clipboard.writeText = async () => undefined")
    cell.page.get_by_role("button", name="Copy").first.click()
    cell.page.get_by_text("Copied.").wait_for()
    assert cell.page.evaluate("said") == ["Copied."]


def test_the_keys_are_told_in_a_list_that_escape_closes_and_that_describes_the_picture(open_cell):
    cell = open_cell()
    SCENES["keys"](cell)
    told = cell.page.locator(".bw-keys dl")
    assert told.get_attribute("id") == cell.canvas.get_attribute("aria-describedby")
    keys = told.locator("dt").all_inner_texts()
    assert {"R", "F, I, H", "Ctrl+Z", "Ctrl+Shift+Z"} <= set(keys)
    told.focus()
    told.press("Escape")
    told.wait_for(state="hidden")
    wait_focused(cell, "Keys and pointer")
    assert cell.calls("selection.clear") == []


@pytest.mark.parametrize("height", [160, 267, 268, 300, 480])
def test_the_keys_are_within_the_picture(open_cell, height):
    cell = open_cell()
    SCENES["keys"](cell)
    cell.trait("height", height)
    cell.wait(f"document.querySelector('.bw-canvas').clientHeight <= {height}")
    picture, told = (cell.page.locator(name).bounding_box() for name in (".bw-canvas", ".bw-keys dl"))
    assert picture["y"] <= told["y"]
    assert told["y"] + told["height"] <= picture["y"] + picture["height"]
    assert picture["x"] <= told["x"]
    assert told["height"] >= 100


def test_the_picture_fills_the_screen(open_cell):
    cell = open_cell()
    SCENES["cards"](cell)
    full = cell.page.get_by_role("button", name="Full screen")
    for pressed in ("true", "false"):
        full.click()
        cell.wait(f"document.querySelector('[aria-label=\"Full screen\"]').ariaPressed === '{pressed}'")
        high = cell.page.evaluate("document.querySelector('.bw-body').clientHeight / innerHeight")
        assert (high > 0.9) == (pressed == "true")
