"""Saved views in the panel."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CAMERA = {
    "type": "orthographic",
    "position": [0, 500, 0.5],
    "target": [0, 0, 0],
    "up": [0, 1, 0],
    "fovy": 45,
    "height": 300,
}


@pytest.fixture
def view(cell):
    """A panel with a saved view."""
    cell.mount(views={"front of L5": CAMERA})
    return cell


def row(view, name="front of L5"):
    return view.page.get_by_role("list", name="Saved views").get_by_role("listitem").filter(has_text=name)


def test_a_view_is_flown_to(view):
    row(view).get_by_text("front of L5").click()
    view.wait("kernel.sent('camera').at(-1)?.moving === false")
    sent = view.sent("camera")
    assert sent[-1]["camera"] == CAMERA
    assert len(sent) > 3


def test_the_present_view_is_saved(view):
    name = view.page.get_by_label("Save view")
    save = view.page.locator("form").filter(has=name).get_by_role("button", name="Save")
    assert save.is_disabled()
    name.fill("  top ")
    save.click()
    view.wait("kernel.calls('views.save').length === 1")
    assert view.calls("views.save")[0] == {"name": "top"}
    view.wait("!document.querySelector('[placeholder=name]').value")


@pytest.mark.parametrize(("key", "renames"), [("Enter", True), ("Escape", False)])
def test_a_view_is_renamed(view, key, renames):
    view.page.get_by_role("button", name="Rename the view front of L5").click()
    name = view.page.get_by_label("Name of the view front of L5")
    name.fill("L5")
    name.press(key)
    row(view).wait_for()
    expected = [{"name": "front of L5", "new": "L5"}] if renames else []
    assert view.calls("views.rename") == expected


def test_a_view_is_forgotten_and_an_error_is_told(view):
    error = {"type": "ValueError", "message": "There is no view 'front of L5'.", "hint": ""}
    view.answer("views.remove", {"error": error})
    forget = view.page.get_by_role("button", name="Forget the view front of L5")
    forget.click()
    view.page.get_by_text("There is no view").wait_for()
    assert view.calls("views.remove")[0] == {"name": "front of L5"}
    view.trait("views", {})
    assert view.page.get_by_role("list", name="Saved views").count() == 0
