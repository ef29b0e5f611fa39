"""Clicks on the picture, and the cards and rings that come of them."""

from __future__ import annotations

import pytest

from tests.front_end.test_hover import CELL, MODEL, at, point

pytestmark = pytest.mark.browser

PICKED = {
    "hit": True,
    "position": [0, 0, 0],
    "model_id": 4,
    "model": "circuit",
    "population": "S1_neurons",
    "cell": 12,
    "section": 31,
    "section_type": "apical_dendrite",
    "part": 0.4321,
    "distance": 153.27,
    "section_problem": "",
    "attributes": {"morphology": "dend-C270999B-P3", "layer": 2, "mtype": "L2_IPC", "x": 1034.25},
    "attributes_problem": "",
    "number": 1,
}
NOTHING = PICKED | dict.fromkeys(("position", "model_id", "model", "population", "cell", "section"))
NOTHING |= dict.fromkeys(("section_type", "part", "distance")) | {"hit": False, "attributes": {}}


@pytest.fixture
def view(cell):
    cell.mount(panel_open=False, models=[MODEL], scale_bar=False)
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.answer("selection.pick", {"result": PICKED})
    return cell


def click(cell, x, y, **options):
    cell.page.mouse.move(*point(cell, x, y))
    cell.page.mouse.down(**options)
    cell.page.mouse.up(**options)


def cards(cell):
    return cell.page.locator(".bw-card")


def facts(cell):
    rows = cards(cell).first.locator("dl > div").all_inner_texts()
    return dict(row.split("\n", 1) for row in rows)


def test_a_click_asks_what_is_there_and_shows_its_facts(view):
    click(view, 80, 150)
    card = view.page.get_by_role("article", name="S1_neurons · 12")
    card.wait_for()
    (asked,) = view.calls("selection.pick")
    assert asked.pop("aspect") == pytest.approx(320 / 200)
    assert asked == {"u": pytest.approx(0.25, abs=2e-3), "v": pytest.approx(0.75, abs=3e-3), "add": False}
    assert facts(view) == {
        "Section": "apical dendrite",
        "Section id": "31",
        "Position": "0.432 of its length",
        "From the soma": "153.3 µm along it",
        "Place": "0.0, 0.0, 0.0 µm",
        "Model": "circuit",
        "morphology": "dend-C270999B-P3",
        "layer": "2",
        "mtype": "L2_IPC",
        "x": "1034.25",
    }
    assert view.sent("camera") == [], "a click moves no camera"


def test_a_click_picks_what_the_tooltip_names(view):
    view.ids(1, CELL)
    at(view, 79.5, 75.5)  # beside it
    view.page.locator(".bw-hover").wait_for()
    click(view, 79.5, 75.5)
    cards(view).wait_for()
    (asked,) = view.calls("selection.pick")
    assert (asked["u"], asked["v"]) == (80.5 / 320, 75.5 / 200)


@pytest.mark.parametrize("key", ["Control", "Meta"])
def test_with_a_modifier_a_click_adds(view, key):
    view.page.keyboard.down(key)
    click(view, 80, 150)
    view.page.keyboard.up(key)
    cards(view).wait_for()
    (asked,) = view.calls("selection.pick")
    assert asked["add"] is True


def test_a_hand_that_trembles_clicks_and_one_that_drags_does_not(view):
    x, y = point(view, 160, 100)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + 3, y - 3)
    view.page.mouse.up()
    cards(view).wait_for()
    assert view.sent("camera") == []
    view.page.mouse.down()
    view.page.mouse.move(x + 30, y, steps=3)
    view.page.mouse.move(x + 1, y, steps=3)  # back again
    view.page.mouse.up()
    view.wait("kernel.sent('camera').at(-1)?.moving === false")
    assert len(view.calls("selection.pick")) == 1


def test_other_buttons_and_places_beside_the_picture_pick_nothing(view):
    click(view, 160, 100, button="right")
    click(view, 160, 100, button="middle")
    box = view.canvas.bounding_box()
    view.page.mouse.click(box["x"] + 5, box["y"] + box["height"] / 2)
    assert view.calls("selection.pick") == []


def test_a_tap_picks(open_cell):
    cell = open_cell(has_touch=True)
    cell.mount(panel_open=False, models=[MODEL])
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.answer("selection.pick", {"result": PICKED})
    cell.page.touchscreen.tap(*point(cell, 160, 100))
    cards(cell).wait_for()
    assert len(cell.calls("selection.pick")) == 1


def test_a_click_on_nothing_closes_the_card(view):
    click(view, 80, 150)
    cards(view).wait_for()
    view.answer("selection.pick", {"result": NOTHING})
    click(view, 300, 190)
    cards(view).wait_for(state="detached")
    assert view.page.locator(".bw-ring").count() == 0


def test_escape_selects_nothing_and_the_focus_stays_in_the_view(view):
    click(view, 80, 150)
    cards(view).wait_for()
    assert view.page.evaluate("document.activeElement.tagName") == "CANVAS"
    view.page.keyboard.press("Escape")
    cards(view).wait_for(state="detached")
    assert view.calls("selection.clear") == [{}]
    click(view, 110, 150)  # elsewhere: two clicks in one place are a double click
    cards(view).wait_for()
    view.page.keyboard.press("Tab")  # into the card
    view.page.keyboard.press("Escape")
    cards(view).wait_for(state="detached")
    assert view.calls("selection.clear") == [{}, {}]
    assert view.page.evaluate("document.activeElement.tagName") == "CANVAS"


def test_the_buttons_are_reached_by_tab_and_close_leaves_the_focus_in_the_view(view):
    click(view, 80, 150)
    cards(view).wait_for()
    names = []
    while "Close" not in names:
        view.page.keyboard.press("Tab")
        names.append(view.page.evaluate("document.activeElement.ariaLabel"))
        assert len(names) < 6, names
    assert names == ["Copy", "Pin", "Close"]
    view.page.keyboard.press("Enter")
    cards(view).wait_for(state="detached")
    assert view.page.evaluate("document.activeElement.tagName") == "CANVAS"
    assert view.calls("selection.clear") == [], "what is selected stays"


def test_a_card_that_is_pinned_stays_while_others_are_picked(view):
    click(view, 80, 150)
    pin = view.page.get_by_role("button", name="Pin")
    pin.click()
    view.wait("kernel.calls('pins.add').length === 1")
    assert view.calls("pins.add") == [{"pick": 1}]
    view.trait("pins", [PICKED])
    view.page.get_by_role("button", name="Pin", pressed=True).wait_for()
    assert cards(view).count() == 1
    view.answer("selection.pick", {"result": PICKED | {"number": 2, "cell": 3, "position": [100, 0, 0]}})
    click(view, 100, 150)
    view.page.get_by_role("article", name="S1_neurons · 3").wait_for()
    assert cards(view).count() == 2
    assert view.page.locator(".bw-ring").count() == 2
    view.canvas.press("Escape")
    view.page.get_by_role("article", name="S1_neurons · 3").wait_for(state="detached")
    assert view.page.get_by_role("article", name="S1_neurons · 12").count() == 1
    view.page.get_by_role("button", name="Close").click()
    view.wait("kernel.calls('pins.remove').length === 1")
    assert view.calls("pins.remove") == [{"pick": 1}]
    view.trait("pins", [])
    cards(view).wait_for(state="detached")


def test_what_python_pins_has_a_card_and_a_ring(view):
    view.trait("pins", [PICKED])
    cards(view).wait_for()
    assert view.page.locator(".bw-ring").count() == 1
    pin = view.page.get_by_role("button", name="Pin", pressed=True)
    pin.click()
    view.trait("pins", [])
    view.page.get_by_role("button", name="Pin", pressed=False).wait_for()
    view.answer("selection.pick", {"result": NOTHING})
    click(view, 300, 190)
    cards(view).wait_for(state="detached")


def test_a_pin_that_is_refused_is_told(view):
    click(view, 80, 150)
    view.answer("pins.add", {"error": {"type": "CircuitError", "message": "There is no pick 1.", "hint": ""}})
    view.page.get_by_role("button", name="Pin").click()
    view.page.get_by_text("There is no pick 1.").wait_for()
    assert view.page.get_by_role("button", name="Pin", pressed=False).count() == 1


@pytest.mark.parametrize("secure", [True, False])
def test_its_facts_can_be_copied(open_cell, secure):
    cell = open_cell(permissions=["clipboard-read", "clipboard-write"])
    if not secure:  # as on a hub without HTTPS
        cell.page.evaluate(
            """() => {
              window.read = () => Clipboard.prototype.readText.call(window.clipboard);
              window.clipboard = navigator.clipboard;
              Object.defineProperty(navigator, "clipboard", { value: undefined });
            }"""
        )
    else:
        cell.page.evaluate("window.read = () => navigator.clipboard.readText()")
    cell.mount(panel_open=False, models=[MODEL])
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.answer("selection.pick", {"result": PICKED})
    click(cell, 80, 150)
    cell.page.get_by_role("button", name="Copy").click()
    cell.page.get_by_text("Copied.").wait_for()
    text = cell.page.evaluate("window.read()")
    assert text.splitlines()[:2] == ["Population: S1_neurons", "Cell: 12"]
    assert "From the soma: 153.3 µm along it" in text
    assert cell.page.evaluate("document.activeElement.ariaLabel") == "Copy"


def ring(cell):
    box = cell.page.locator(".bw-ring").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_ring_stays_on_its_place_when_the_camera_moves(view):
    view.trait("camera", {**view.page.evaluate("kernel.model.get('camera')"), "fovy": 90})
    view.frame(seq=2)
    view.wait("kernel.acks().length === 2")
    view.answer("selection.pick", {"result": PICKED | {"position": [500, 0, 0]}})
    click(view, 80, 150)
    view.page.locator(".bw-ring").wait_for()
    # 1000 µm away: the height of the picture is 2000 µm.
    assert ring(view) == pytest.approx(point(view, 160 + 50, 100), abs=0.6)
    before = ring(view)
    x, y = point(view, 160, 100)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + 40, y, steps=4)
    view.wait("kernel.sent('camera').length > 0")
    assert ring(view) == before, "the picture has not moved yet"
    view.page.mouse.up()
    view.wait("kernel.sent('camera').at(-1)?.moving === false")
    last = view.sent("camera")[-1]
    view.frame(seq=3, camera=last["number"])
    view.wait("kernel.acks().length === 3")
    turned = ring(view)
    assert turned != before
    view.trait("camera", {**last["camera"], "position": [0, 0, -1000], "target": [0, 0, 0]})
    view.frame(seq=4, camera=last["number"])
    view.wait("kernel.acks().length === 4")
    view.page.wait_for_function("() => true")
    assert ring(view) == pytest.approx(point(view, 160 - 50, 100), abs=0.6)


def test_a_place_behind_the_camera_has_no_ring(view):
    view.answer("selection.pick", {"result": PICKED | {"position": [0, 0, 2000]}})
    click(view, 80, 150)
    cards(view).wait_for()
    assert view.page.locator(".bw-ring").count() == 0


def test_why_something_is_not_known_is_said(view):
    problem = "The renderer does not tell sections. The local renderer does."
    view.answer("selection.pick", {"result": PICKED | {"section": None, "section_problem": problem}})
    click(view, 80, 150)
    view.page.get_by_text(problem).wait_for()


def test_a_failure_is_said_over_the_picture(view):
    error = {"type": "ConnectionLost", "message": "The renderer is gone.", "hint": "", "place": ""}
    view.answer("selection.pick", {"error": error})
    click(view, 80, 150)
    view.page.get_by_text("The renderer is gone.").wait_for()
    assert cards(view).count() == 0


def test_the_id_is_seen_after_a_long_name(view):
    view.answer("selection.pick", {"result": PICKED | {"population": "external_S1nonbarrel_neurons" * 3}})
    click(view, 80, 150)
    title = view.page.locator(".bw-card-title")
    title.wait_for()
    whole, cell = title.bounding_box(), title.locator("span").last.bounding_box()
    assert title.locator("span").last.inner_text() == " · 12"
    assert cell["x"] + cell["width"] <= whole["x"] + whole["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 320])
def test_looks(open_cell, scheme, width):
    cell = open_cell(color_scheme=scheme)
    cell.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
    cell.mount(panel_open=False, models=[MODEL])
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.ids(1, CELL | {"cell": 12, "box": [0, 0, 320, 200]})
    cell.answer("selection.pick", {"result": PICKED | {"position": [150, -100, 0]}})
    click(cell, 150, 150)
    cell.page.get_by_role("button", name="Pin").click()
    cell.answer("selection.pick", {"result": PICKED | {"cell": 3}})
    click(cell, 170, 150)
    cell.page.get_by_role("article", name="S1_neurons · 3").wait_for()
    at(cell, 180, 190)
    cell.page.locator(".bw-hover").wait_for()
    cell.screenshot(f"card-{scheme}-{width}")
    stage = cell.page.locator(".bw-stage").bounding_box()
    for box in [card.bounding_box() for card in cards(cell).all()]:
        assert box["x"] >= stage["x"]
        assert box["x"] + box["width"] <= stage["x"] + stage["width"] - 70, "the tools stay free"
