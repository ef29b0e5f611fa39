"""Planes, boxes and other shapes that cut, in the panel."""

from __future__ import annotations

import pytest

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
    assert view.panel.get_by_role("checkbox", name="Invert Of others").count() == 0
    view.panel.get_by_role("button", name="Remove Of others").click()
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
