"""The slab in the panel, by keys, and by its grip in the picture."""

from __future__ import annotations

import pytest

from tests.front_end.panels import MODEL

pytestmark = pytest.mark.browser

SLAB = {"on": True, "axis": "z", "normal": [0, 0, 1], "position": 20, "thickness": 30, "invert": False}
BOX = [[-100, -100, -100], [100, 100, 100]]
# From the right, so that z goes to the left.
CAMERA = {
    "type": "orthographic",
    "position": [900, 0, 0],
    "target": [0, 0, 0],
    "up": [0, 1, 0],
    "fovy": 45,
    "height": 400,
}


@pytest.fixture
def view(cell):
    """A view with a slab of a model, and a picture."""
    cell.mount(models=[MODEL | {"bounds": BOX}], slab=SLAB, camera=CAMERA)
    cell.frame(seq=1)
    cell.wait("kernel.acks().length === 1")
    return cell


def sent(view):
    return view.calls("slab.set")


def grip(view):
    return view.page.get_by_role("slider", name="Position of the slab")


def test_it_is_switched_on_and_off(cell):
    cell.mount(models=[MODEL | {"bounds": BOX}])
    switch = cell.panel.get_by_role("checkbox", name="Show a slab only")
    assert not switch.is_checked()
    assert cell.panel.get_by_label("Thickness (µm)").count() == 0
    switch.click()
    cell.wait("kernel.calls('slab.set').length === 1")
    assert sent(cell) == [{"on": True}]
    cell.trait("slab", SLAB)
    cell.panel.get_by_role("checkbox", name="Inverted").click()
    switch.click()
    cell.wait("kernel.calls('slab.set').length === 3")
    assert sent(cell)[1:] == [{"invert": True}, {"on": False}]


def test_axis_and_thickness(view):
    view.panel.get_by_label("Axis").select_option("principal")
    view.wait("kernel.calls('slab.set').length === 1")
    thickness = view.panel.get_by_label("Thickness (µm)")
    thickness.fill("12.5")
    thickness.press("Enter")
    view.wait("kernel.calls('slab.set').length === 2")
    thickness.fill("-1")
    thickness.press("Enter")
    assert (thickness.input_value(), thickness.get_attribute("aria-invalid")) == ("-1", "true")
    thickness.press("Escape")
    assert thickness.input_value() == "30"
    assert sent(view) == [{"axis": "principal"}, {"thickness": 12.5}]
    view.trait("slab", SLAB | {"axis": "own", "normal": [0, 0.6, 0.8]})
    assert view.panel.get_by_label("Axis").locator("option:checked").inner_text() == "0.00, 0.60, 0.80"


def test_the_slider_reaches_from_end_to_end_and_is_ahead_of_the_kernel(view):
    slider = view.panel.get_by_role("slider", name="Position (µm)")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("-100", "100")
    slider.fill("55")
    number = view.panel.get_by_label("Position of the slab, µm")
    assert number.input_value() == "55"
    view.wait("kernel.calls('slab.set').length === 1")
    assert sent(view) == [{"position": 55}]
    view.trait("slab", SLAB | {"position": 55})
    view.trait("slab", SLAB | {"position": -7})  # Python's
    view.wait("document.querySelector('.bw-cut-place [type=number]').value === '-7'")
    assert slider.input_value() == "-7"


def test_it_is_stepped_by_buttons_and_keys(view):
    view.panel.get_by_role("button", name="One thickness on").click()
    view.wait("kernel.calls('slab.set').length === 1")
    view.trait("slab", SLAB | {"position": 50})
    view.canvas.focus()
    view.page.keyboard.press("[")
    view.wait("kernel.calls('slab.set').length === 2")
    view.trait("slab", SLAB | {"on": False})
    view.page.keyboard.press("]")
    assert sent(view) == [{"position": 50}, {"position": 20}]


def test_it_is_played_to_the_end(view):
    view.page.clock.install()
    view.panel.get_by_role("button", name="Play").click()
    stop = view.panel.get_by_role("button", name="Stop")
    stop.wait_for()
    view.page.clock.run_for(2000)
    view.wait("kernel.calls('slab.set').length > 3")
    view.page.clock.run_for(10_000)
    stop.wait_for(state="detached")
    places = [call["position"] for call in sent(view)]
    assert places == sorted(places)
    assert places[-1] == pytest.approx(100)


def test_the_grip_drags_it_along_its_axis(view):
    handle, height = grip(view).bounding_box(), view.canvas.bounding_box()["height"]
    x, y = handle["x"] + 9, handle["y"] + 9
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x - height / 8, y + 40, steps=5)  # z goes to the left, and only that counts
    view.page.mouse.up()
    view.wait("Math.abs(kernel.calls('slab.set').at(-1)?.position - 70) < 0.5")
    assert view.sent("camera") == []
    moved = grip(view).bounding_box()
    assert moved["x"] + 9 == pytest.approx(x - height / 8, abs=1.5)


def test_the_grip_takes_arrows_and_goes_with_the_section(view):
    grip(view).focus()
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("PageDown")
    view.wait("Math.abs(kernel.calls('slab.set').at(-1)?.position + 7) < 0.01")
    view.panel.locator("summary").filter(has_text="Cut").click()
    grip(view).wait_for(state="detached")


def test_an_error_is_told_and_the_slab_is_where_it_was(view):
    error = {"type": "CircuitError", "message": "The slab is stuck.", "hint": ""}
    view.answer("slab.set", {"error": error})
    view.panel.get_by_role("slider", name="Position (µm)").fill("55")
    view.panel.get_by_text("The slab is stuck.").wait_for()
    assert view.panel.get_by_label("Position of the slab, µm").input_value() == "20"


def test_a_renderer_without_one_says_so(cell):
    cell.mount(slab=None)
    cell.panel.get_by_text("This renderer has no slab.").wait_for()
    assert cell.panel.get_by_role("checkbox", name="Show a slab only").is_disabled()
