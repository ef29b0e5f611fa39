"""Planes, boxes and other shapes that cut, in the panel."""

from __future__ import annotations

import pytest

from tests.front_end.panels import MODEL

pytestmark = pytest.mark.browser


def part(number, kind, *shapes, invert=False):
    cut = {"kind": kind, "shapes": list(shapes), "invert": invert}
    return {"id": number, "type": f"clipping-{kind}", "visible": True, "lit": None, "cut": cut}


PLANE = part(1, "planes", {"coefficients": [0, 0, 2, 40]})
BOX = part(2, "boxes", {"min": [-50, -40, -30], "max": [50, 40, 30]})
BALLS = part(3, "spheres", {"center": [0, 0, 0], "radius": 5}, {"center": [9, 0, 0], "radius": 5}, invert=True)
OTHER = {"id": 4, "type": "clipping-planes", "visible": True, "lit": None, "cut": None}
PARTS = [PLANE, BOX, BALLS, OTHER]


@pytest.fixture
def view(cell):
    """A view with parts of each sort."""
    cell.mount(clipping=PARTS)
    return cell


def sent(view, count):
    view.wait(f"kernel.calls('clipping.change').length === {count}")
    return view.calls("clipping.change")


def test_a_plane_and_a_box_are_added(cell):
    cell.mount()
    assert cell.panel.get_by_role("list", name="What cuts").count() == 0
    cell.panel.get_by_role("button", name="Add plane").click()
    cell.panel.get_by_role("button", name="Add box").click()
    cell.wait("kernel.calls('clipping.add_kind').length === 2")
    assert cell.calls("clipping.add_kind") == [{"kind": "plane"}, {"kind": "box"}]


def test_all_are_listed_switched_inverted_and_removed(view):
    rows = view.panel.get_by_role("list", name="What cuts").get_by_role("listitem")
    assert rows.count() == len(PARTS)
    view.panel.get_by_role("checkbox", name="Plane", exact=True).click()
    view.panel.get_by_role("checkbox", name="Invert 2 spheres").click()
    assert sent(view, 2) == [{"id": 1, "visible": False}, {"id": 3, "invert": False}]
    assert view.panel.get_by_role("checkbox", name="Invert Added elsewhere").count() == 0
    view.panel.get_by_role("button", name="Remove Added elsewhere").click()
    view.wait("kernel.calls('clipping.remove').length === 1")
    assert view.calls("clipping.remove") == [{"id": 4}]


def test_a_plane_is_turned_and_placed(view):
    axis = view.panel.get_by_label("Axis of Plane")
    assert axis.input_value() == "z"
    place = view.panel.get_by_label("Position of Plane, µm")
    assert place.input_value() == "20"  # of a normal of length 2
    place.fill("35")
    place.press("Enter")
    sent(view, 1)
    axis.select_option("x")
    assert sent(view, 2) == [{"id": 1, "position": 35}, {"id": 1, "normal": [1, 0, 0]}]
    view.trait("clipping", [part(5, "planes", {"coefficients": [0, 0.6, 0.8, 7]})])
    view.wait("document.querySelector('.bw-cut-plane input').value === '7'")
    assert axis.locator("option:checked").inner_text() == "0.00, 0.60, 0.80"


def test_a_corner_of_a_box_stays_below_the_other(view):
    low = view.panel.get_by_label("Lower y of Box, µm")
    low.fill("40")
    low.press("Enter")
    assert (low.input_value(), low.get_attribute("aria-invalid")) == ("40", "true")
    mistake = view.panel.get_by_text("Enter less than 40.").bounding_box()
    assert mistake["width"] > 2 * low.bounding_box()["width"]  # below the whole row
    low.fill("10")
    low.press("Enter")
    assert sent(view, 1) == [{"id": 2, "low": [-50, 10, -30]}]


# ---------------------------------------------------------------------- handles in the picture

AWAY = part(1, "planes", {"coefficients": [0, 0, 2, -140]})  # beside the box, so that no grip hides another one
AROUND = [[-100, -100, -100], [100, 100, 100]]
# From the right, so that z goes to the left; 400 µm are as high as the picture.
CAMERA = {
    "type": "orthographic",
    "position": [900, 0, 0],
    "target": [0, 0, 0],
    "up": [0, 1, 0],
    "fovy": 45,
    "height": 400,
}


@pytest.fixture
def picture(cell):
    """A view with a plane and a box of a model, and a picture."""
    cell.mount(models=[MODEL | {"bounds": AROUND}], clipping=[AWAY, BOX], camera=CAMERA)
    cell.frame(seq=1)
    cell.wait("kernel.acks().length === 1")
    return cell


def grip(view, name):
    return view.page.get_by_role("slider", name=name, exact=True)


def drag(view, name, right, down, modifier=None):
    """Drag a grip by shares of the picture's height."""
    handle, height = grip(view, name).bounding_box(), view.canvas.bounding_box()["height"]
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    if modifier:
        view.page.keyboard.down(modifier)
    view.page.mouse.move(x + right * height, y + down * height, steps=5)
    view.page.mouse.up()
    if modifier:
        view.page.keyboard.up(modifier)


def settle(view, *shapes):
    """Answer as the kernel does: with the shapes changed, under another id."""
    view.trait("clipping", [part(10 + place, kind, shape) for place, (kind, shape) in enumerate(shapes)])


def test_a_plane_is_dragged_along_its_normal(picture):
    drag(picture, "Position of Plane", -0.125, 0.1)  # only along z counts
    picture.wait("kernel.calls('clipping.change').length === 1")
    assert grip(picture, "Position of Plane").get_attribute("aria-valuetext") == "-20 µm"  # ahead of the kernel
    assert float(picture.panel.get_by_label("Position of Plane, µm").input_value()) == pytest.approx(-20, abs=0.5)
    first = picture.calls("clipping.change")[0]
    settle(picture, ("planes", {"coefficients": [0, 0, 1, first["position"]]}), ("boxes", BOX["cut"]["shapes"][0]))
    picture.wait("kernel.calls('clipping.change').length === 2")  # with the id that it has now
    (_, last) = picture.calls("clipping.change")
    assert (first["id"], last["id"]) == (1, 10)
    assert last["position"] == pytest.approx(-20, abs=0.5)
    settle(picture, ("planes", {"coefficients": [0, 0, 1, -7]}), ("boxes", BOX["cut"]["shapes"][0]))
    picture.wait("document.querySelector('[aria-label=\"Position of Plane\"]').ariaValueText === '-7 µm'")  # Python's
    assert picture.sent("camera") == []


def test_a_side_of_a_box_is_dragged_and_with_shift_the_whole(picture):
    drag(picture, "Upper y of Box", 0.1, -0.05)
    picture.wait("kernel.calls('clipping.change').length === 1")
    settle(
        picture, ("planes", {"coefficients": [0, 0, 1, -70]}), ("boxes", {"min": [-50, -40, -30], "max": [50, 42, 30]})
    )
    picture.wait("kernel.calls('clipping.change').length === 2")
    last = picture.calls("clipping.change")[-1]
    assert last["id"] == 11
    assert last["low"] == [-50, -40, -30]
    assert last["high"] == pytest.approx([50, 60, 30], abs=0.5)
    settle(
        picture, ("planes", {"coefficients": [0, 0, 1, -70]}), ("boxes", {"min": [-50, -40, -30], "max": [50, 60, 30]})
    )
    drag(picture, "Lower z of Box", -0.05, 0, "Shift")
    picture.wait("kernel.calls('clipping.change').length === 3")
    settle(
        picture, ("planes", {"coefficients": [0, 0, 1, -70]}), ("boxes", {"min": [-50, -40, -29], "max": [50, 60, 31]})
    )
    picture.wait("kernel.calls('clipping.change').length === 4")
    last = picture.calls("clipping.change")[-1]
    assert last["low"] == pytest.approx([-50, -40, -10], abs=0.5)
    assert last["high"] == pytest.approx([50, 60, 50], abs=0.5)


def test_grips_take_keys_and_go_with_the_section_and_what_cuts(picture):
    grip(picture, "Position of Plane").focus()
    picture.page.keyboard.press("PageUp")
    picture.wait("kernel.calls('clipping.change').at(-1)?.position === -60")
    picture.trait("clipping", [AWAY | {"visible": False}, BOX])
    grip(picture, "Position of Plane").wait_for(state="detached")
    assert grip(picture, "Upper x of Box").count() == 1
    picture.panel.locator("summary").filter(has_text="Cut").click()
    grip(picture, "Upper x of Box").wait_for(state="detached")


def test_an_error_of_a_drag_is_told_and_the_plane_is_where_it_was(picture):
    picture.answer("clipping.change", {"error": {"type": "CircuitError", "message": "It is stuck.", "hint": ""}})
    drag(picture, "Position of Plane", -0.1, 0)
    picture.panel.get_by_text("It is stuck.").wait_for()
    picture.wait("document.querySelector('[aria-label=\"Position of Plane\"]').ariaValueText === '-70 µm'")
