"""The section Look of the panel: presets, background, fog, what draws at rest, shading and lights."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.front_end.test_looks import check_fits

pytestmark = pytest.mark.browser

SHADING = {"shadows": True, "ambient_occlusion": 1, "outlines": 0.0, "at_rest": "interactive"}


def light(light_id: int, kind: str | None, intensity: float = 1.0, *, visible: bool = True) -> dict[str, Any]:
    lit = kind and {"kind": kind, "color": "#ffe0c0", "intensity": intensity, "options": {}}
    return {"id": light_id, "type": "light", "visible": visible, "lit": lit}


LIGHTS = [light(4, "directional", 4), light(0, "ambient", 0.8), light(2, "directional", 1.5, visible=False)]


@pytest.fixture
def look(cell):
    """A panel with some lights, and what is rarely used unfolded."""
    cell.mount(lights=LIGHTS)
    section = cell.panel.locator(".bw-section").filter(has=cell.page.get_by_text("Look", exact=True))
    section.get_by_text("More", exact=True).click()
    return cell


def items(look):
    return look.page.get_by_role("list", name="Lights").get_by_role("listitem")


@pytest.mark.parametrize("name", ["readable", "paper", "stage", "flat"])
def test_a_preset_is_chosen(look, name):
    look.page.get_by_role("group", name="Looks").get_by_role("button", name=name.capitalize()).click()
    look.wait("kernel.calls('rendering.use_preset').length === 1")
    assert look.calls("rendering.use_preset") == [{"name": name}]


@pytest.mark.parametrize(("label", "method"), [("Fog", "rendering.set_fog"), ("Outlines", "rendering.set_outlines")])
def test_a_share_is_chosen(look, label, method):
    slider = look.page.get_by_label(label)
    slider.fill("70")
    look.wait(f"kernel.calls('{method}').length === 1")
    assert look.calls(method) == [{"strength": 0.7}]


def test_what_a_renderer_lacks_is_said(look):
    look.trait("shading", {**SHADING, "outlines": None, "at_rest": None})
    look.trait("fog", None)
    for label, reason in (("Fog", "This renderer has no fog."), ("Outlines", "This renderer has no outlines.")):
        slider = look.page.get_by_label(label)
        expect(slider).to_be_disabled()
        expect(slider).to_have_attribute("aria-valuetext", reason)
    rest = look.page.get_by_label("At rest")
    expect(rest).to_be_disabled()
    expect(rest).to_have_attribute("title", "This renderer has no path tracer for views.")


def test_shading_is_chosen(look):
    look.page.get_by_label("At rest").select_option("Path tracer")
    look.wait("kernel.calls('rendering.set_at_rest').length === 1")
    look.page.get_by_label("Occlusion").select_option("Fine")
    look.wait("kernel.calls('rendering.set_ambient_occlusion').length === 1")
    look.page.get_by_label("Shadows").click()
    look.wait("kernel.calls('rendering.set_shadows').length === 1")
    assert look.calls("rendering.set_at_rest") == [{"renderer": "path tracer"}]
    assert look.calls("rendering.set_ambient_occlusion") == [{"rays": 2}]
    assert look.calls("rendering.set_shadows") == [{"shadows": False}]
    look.trait("shading", {**SHADING, "ambient_occlusion": 7, "shadows": False})
    expect(look.page.get_by_label("Occlusion")).to_have_value("7")
    expect(look.page.get_by_label("Shadows")).not_to_be_checked()


def test_the_background_becomes_transparent_and_comes_back(look):
    clear, color = look.page.get_by_label("Transparent"), look.page.get_by_label("Background")
    clear.check()
    expect(color).to_be_disabled()
    assert look.page.evaluate("kernel.model.saved.at(-1)") == {"background": "#0d101600"}
    clear.uncheck()
    expect(color).to_be_enabled()
    assert look.page.evaluate("kernel.model.saved.at(-1)") == {"background": "#0d1016"}


def test_lights_are_listed_by_kind(look):
    expect(items(look)).to_have_text(["Ambient", "Directional 1", "Directional 2"])
    switches = [items(look).nth(place).get_by_role("checkbox") for place in range(3)]
    assert [switch.is_checked() for switch in switches] == [True, False, True]
    look.trait("lights", [light(1, None), light(5, "camera")])
    expect(items(look)).to_have_text(["Follows camera", "Added elsewhere"])
    expect(items(look).nth(1).get_by_role("spinbutton")).to_have_count(0)
    look.trait("lights", [])
    expect(look.page.get_by_text("There is no light.")).to_be_visible()


def test_a_light_is_changed_and_removed(look):
    first = items(look).filter(has_text="Directional 2")
    first.get_by_role("checkbox").click()
    look.wait("kernel.calls('lights.change').length === 1")
    look.page.get_by_label("Intensity of Directional 2").fill("2.5")
    look.page.keyboard.press("Enter")
    look.wait("kernel.calls('lights.change').length === 2")
    look.page.get_by_label("Color of Directional 2").fill("#00ff00")
    look.wait("kernel.calls('lights.change').length === 3")
    look.page.get_by_role("button", name="Remove Directional 2").click()
    look.wait("kernel.calls('lights.remove').length === 1")
    assert look.calls("lights.change") == [
        {"id": 4, "visible": False},
        {"id": 4, "intensity": 2.5},
        {"id": 4, "color": "#00ff00"},
    ]
    assert look.calls("lights.remove") == [{"id": 4}]


def test_a_negative_intensity_is_not_sent(look):
    field = look.page.get_by_label("Intensity of Ambient")
    field.fill("-1")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press("Escape")
    expect(field).to_have_value("0.8")
    assert look.calls("lights.change") == []


def test_a_light_is_added_and_an_error_is_told(look):
    add = look.page.get_by_role("button", name="Add", exact=True)
    error = {"type": "CircuitError", "message": "This renderer has no such light.", "hint": ""}
    look.answer("lights.add_kind", [{"result": None}, {"error": error}])
    look.page.get_by_label("Add light").select_option("Sphere")
    add.click()
    look.wait("kernel.calls('lights.add_kind').length === 1")
    expect(add).to_be_enabled()
    look.page.get_by_label("Add light").select_option("Follows camera")
    add.click()
    look.page.get_by_text("This renderer has no such light.").wait_for()
    assert look.calls("lights.add_kind") == [{"kind": "sphere"}, {"kind": "camera"}]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 320])
def test_the_section_fits(open_cell, scheme, width):
    look = open_cell(color_scheme=scheme, viewport={"width": 960, "height": 900})
    look.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
    look.mount(lights=[*LIGHTS, light(5, "camera", 2), light(7, "sphere", 2_500_000), light(8, None)], height=400)
    section = look.panel.locator(".bw-section").filter(has=look.page.get_by_text("Look", exact=True))
    section.get_by_text("More", exact=True).click()
    section.evaluate("(element) => element.scrollIntoView({ block: 'start' })")
    look.screenshot(f"look-{scheme}-{width}")
    check_fits(look)
