"""The panel's list of models: what it shows and changes, and who has the focus."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.front_end.panels import MODEL

pytestmark = pytest.mark.browser

COLOR = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}


def _options(**properties):
    """The schema of a material's options."""
    return {"type": "object", "properties": properties}


def test_models_are_listed_shown_colored_and_removed(panel):
    panel.trait("models", [MODEL, {**MODEL, "id": 5, "name": "other", "visible": False}])
    show = panel.page.get_by_label("Show cortex")
    assert show.is_checked()
    assert not panel.page.get_by_label("Show other").is_checked()
    assert panel.page.get_by_label("Color of cortex").input_value() == "#ff0000"
    show.uncheck()
    panel.wait("kernel.calls('model.update').length === 1")
    assert panel.calls("model.update") == [{"id": 4, "visible": False}]
    panel.page.get_by_label("Color cortex by").select_option("mtype")
    panel.wait("kernel.calls('model.color_by').length === 1")
    panel.page.get_by_label("Color of cortex").fill("#0000ff")
    panel.wait("kernel.calls('model.color_by').length === 2")
    assert panel.calls("model.color_by") == [
        {"id": 4, "values": "mtype", "color": None},
        {"id": 4, "values": "solid", "color": "#0000ff"},
    ]
    panel.page.get_by_label("More of cortex").click()
    panel.page.get_by_label("Remove cortex").click()
    panel.wait("kernel.calls('model.remove').length === 1")
    panel.trait("models", [{**MODEL, "id": 5, "name": "other"}])
    assert panel.page.locator(".bw-model").count() == 1
    assert panel.page.get_by_label("Show other").is_checked()


def test_a_failed_change_of_a_model_is_told_and_taken_back(panel):
    panel.trait("models", [MODEL])
    panel.answer("model.update", {"error": {"type": "RequestError", "message": "Model 4 is gone.", "hint": ""}})
    panel.page.get_by_label("Show cortex").click()
    panel.page.locator(".bw-model").get_by_text("Model 4 is gone.").wait_for()
    assert panel.page.get_by_label("Show cortex").is_checked()


def test_what_was_chosen_is_shown_until_the_kernel_says_what_is_true(panel):
    panel.trait("models", [MODEL])
    show = panel.page.get_by_label("Show cortex")
    show.uncheck()
    panel.wait("!document.querySelector('.bw-model input').disabled")
    assert not show.is_checked()
    panel.trait("models", [{**MODEL, "color": "#00ff00"}])
    assert show.is_checked(), "the kernel has not hidden it"
    assert panel.page.get_by_label("Color of cortex").input_value() == "#00ff00"


def test_a_new_color_is_as_opaque_as_the_old_one(panel):
    panel.trait("models", [{**MODEL, "color": "#ff000080"}])
    color = panel.page.get_by_label("Color of cortex")
    assert color.input_value() == "#ff0000"
    color.fill("#0000ff")
    panel.wait("kernel.calls('model.color_by').length === 1")
    assert panel.calls("model.color_by") == [{"id": 4, "values": "solid", "color": "#0000ff80"}]
    panel.trait("background", "#10203040")
    panel.page.get_by_label("Background").fill("#ffffff")
    assert panel.page.evaluate("kernel.model.saved") == [{"background": "#ffffff40"}]


def test_a_model_may_be_colored_by_what_the_renderer_does_not_offer(panel):
    panel.trait("models", [{**MODEL, "colored_by": "firing rate", "color": None}])
    choices = panel.page.get_by_label("Color cortex by")
    assert choices.locator("option:checked").inner_text() == "By firing rate"
    panel.trait("models", [{**MODEL, "colored_by": None, "color": None}])
    assert choices.locator("option:checked").inner_text() == "Colors set elsewhere"
    panel.trait("models", [{**MODEL, "colored_by": "", "color": None}])
    assert choices.locator("option:checked").inner_text() == "Default colors"
    choices.select_option("solid")
    panel.wait("kernel.calls('model.color_by').length === 1")
    assert panel.calls("model.color_by") == [{"id": 4, "values": "solid", "color": "#cccccc"}]


def test_a_model_without_a_file_has_its_name_for_a_tooltip(panel):
    panel.trait("models", [MODEL, {**MODEL, "id": 5, "name": "spheres", "path": None, "population": None}])
    tooltips = panel.page.locator(".bw-name").evaluate_all("names => names.map((name) => name.title)")
    assert tooltips == ["/srv/circuits/circuit_config.json", "spheres"]


OTHERS = [{**MODEL, "id": number, "name": name} for number, name in ((5, "hills"), (6, "lake"), (7, "wood"))]
KINDS = [
    {"name": "metal", "reason": "", "options": _options(roughness={"type": "number", "minimum": 0.01, "maximum": 1})},
    {"name": "emissive", "reason": "", "options": _options(color=COLOR, intensity={"type": "number", "minimum": 0})},
    {"name": "glass", "reason": "This renderer has no glass material.", "options": _options()},
    {"name": "phong", "reason": "", "options": _options(opacity={"type": "number", "minimum": 0, "maximum": 1})},
]


def unfold(panel, **changes):
    """Show models, the first of which is unfolded."""
    panel.answer("models.materials", {"result": KINDS})
    panel.trait("models", [{**MODEL, **changes}, *OTHERS])
    panel.page.get_by_label("More of cortex").click()
    return panel.page.get_by_role("row", name="cortex")


def row(panel, name):
    return panel.page.get_by_role("row", name=name)


def chosen(panel):
    return panel.page.evaluate(
        "[...document.querySelectorAll('.bw-model[aria-selected=true]')].map((row) => row.ariaLabel)"
    )


def focused(panel):
    return panel.page.evaluate("document.activeElement.ariaLabel")


def last(panel, method, count=1):
    """The newest of so many calls of a method."""
    panel.wait(f"kernel.calls('{method}').length >= {count}")
    return panel.calls(method)[-1]


def test_models_of_one_name_are_told_apart(panel):
    panel.trait("models", [MODEL, OTHERS[0], {**MODEL, "id": 9, "bounds": [[4, 4, 4], [6, 6, 6]]}])
    row(panel, "cortex (2)").wait_for()
    heads = panel.page.locator(".bw-model-head").all_inner_texts()
    assert [head.split() for head in heads] == [["cortex", "(1)"], ["hills"], ["cortex", "(2)"]]
    panel.page.get_by_label("Focus cortex (2)").click()
    panel.wait("kernel.sent('camera').at(-1)?.moving === false")
    assert panel.sent("camera")[-1]["camera"]["target"] == [5, 5, 5]
    panel.page.get_by_label("More of cortex (2)").click()
    assert panel.page.get_by_role("button", name="Remove cortex (2)").count() == 1
    panel.trait("models", [{**MODEL, "id": 9}])
    row(panel, "cortex").wait_for()
    assert panel.page.locator(".bw-model-head").all_inner_texts() == ["cortex"]


# ---------------------------------------------------------------------- what unfolds


def test_a_material_is_chosen_with_its_options(panel):
    cortex = unfold(panel)
    material = cortex.get_by_label("Material")
    assert material.locator("option:checked").inner_text() == "Phong"
    assert material.locator("option:disabled").get_attribute("title") == "This renderer has no glass material."
    material.select_option("metal")
    assert last(panel, "model.set_material") == {"id": 4, "material": "metal", "options": None}
    panel.trait("models", [{**MODEL, "material": "metal", "material_options": {"roughness": 0.1}}, *OTHERS])
    roughness = cortex.get_by_label("Roughness")
    assert roughness.input_value() == "0.1"
    roughness.fill("7")
    roughness.press("Enter")
    assert roughness.get_attribute("aria-invalid") == "true"
    roughness.fill("0.5")
    roughness.press("Tab")
    assert last(panel, "model.set_material", 2) == {"id": 4, "material": "metal", "options": {"roughness": 0.5}}
    assert len(panel.calls("model.set_material")) == 2, "what cannot be is not sent"
    assert len(panel.calls("models.materials")) == 1


def test_colors_of_materials_are_linear_on_their_way(panel):
    cortex = unfold(panel, material="emissive", material_options={"color": [0.2158605, 0, 1], "intensity": 2.0})
    assert cortex.get_by_label("Color", exact=True).input_value() == "#8000ff"
    cortex.get_by_label("Color", exact=True).fill("#ff8000")
    sent = last(panel, "model.set_material")["options"]
    assert sent["intensity"] == 2.0
    assert sent["color"] == pytest.approx([1, 0.2158605, 0])


def test_opacity_is_set_where_the_material_has_one(panel):
    cortex = unfold(panel, material_options={"opacity": 0.4})
    opacity = cortex.get_by_label("Opacity")
    assert opacity.input_value() == "40"
    opacity.focus()
    panel.page.keyboard.press("ArrowRight")
    assert last(panel, "model.update") == {"id": 4, "opacity": 0.41}
    panel.trait("models", [{**MODEL, "material": "metal", "material_options": {"roughness": 0.1}}, *OTHERS])
    assert opacity.is_disabled()
    assert opacity.get_attribute("aria-valuetext") == "Metal has no opacity."
    panel.trait("models", [{**MODEL, "material": None, "material_options": {}}, *OTHERS])
    cortex.get_by_text("It has no surface, so no material.").wait_for()


def test_a_model_is_thickened_moved_turned_scaled_and_put_back(panel):
    cortex = unfold(panel)
    back = cortex.get_by_role("button", name="Put back")
    assert back.is_disabled()
    for label, value in (("Thickness", "2.5"), ("Move cortex, y", "-10"), ("Turn cortex, z", "90"), ("Scale", "3")):
        cortex.get_by_label(label).fill(value)
        cortex.get_by_label(label).press("Enter")
        panel.wait("!document.querySelector('.bw-details input:disabled')")
    assert panel.calls("model.update") == [{"id": 4, "thickness": 2.5}]
    assert panel.calls("model.move") == [{"id": 4, "x": 0, "y": -10, "z": 0}]
    assert panel.calls("model.turn") == [{"id": 4, "x": 0, "y": 0, "z": 90}]
    assert panel.calls("model.scale") == [{"id": 4, "factor": 3}]
    placement = {"move": [0, -10, 0], "turn": [0, 0, 90], "scale": [3, 3, 3], "center": [0, 0, 0]}
    panel.trait("models", [{**MODEL, "placement": placement, "thickness": None}, *OTHERS])
    assert cortex.get_by_label("Move cortex, y").input_value() == "-10"
    assert cortex.get_by_label("Thickness").is_disabled()
    assert cortex.get_by_label("Thickness").get_attribute("title") == "It has no radii."
    back.click()
    assert last(panel, "model.put_back") == {"id": 4}


@pytest.mark.parametrize("value", ["", "0", "-1", "1e9"])
def test_a_scale_that_cannot_be_is_taken_back(panel, value):
    cortex = unfold(panel)
    cortex.get_by_label("Scale").fill(value)
    cortex.get_by_label("Scale").press("Tab")
    assert cortex.get_by_label("Scale").input_value() == "1"
    assert panel.calls("model.scale") == []


def test_a_model_is_focused_and_copied(panel):
    cortex = unfold(panel)
    cortex.get_by_label("Focus cortex").click()
    panel.wait("kernel.sent('camera').at(-1)?.moving === false")
    assert panel.sent("camera")[-1]["camera"]["target"] == pytest.approx([0.5] * 3), "the middle of its box"
    cortex.get_by_label("Copy cortex").click()
    assert last(panel, "model.copy") == {"id": 4}
    panel.trait("models", [{**MODEL, "bounds": None}])
    assert cortex.get_by_label("Focus cortex").is_disabled()


@pytest.mark.parametrize("way", ["double click", "F2", "button"])
def test_a_model_is_renamed_in_its_place(panel, way):
    cortex = unfold(panel)
    if way == "double click":
        cortex.locator(".bw-name").dblclick()
    elif way == "F2":
        cortex.focus()
        panel.page.keyboard.press("F2")
    else:
        cortex.get_by_label("Rename cortex").click()
    name = panel.page.get_by_label("Name of cortex")
    assert name.evaluate("input => input === document.activeElement && input.selectionEnd") == len("cortex")
    name.fill(" mine ")
    name.press("Enter")
    assert last(panel, "model.update") == {"id": 4, "name": "mine"}
    assert cortex.locator(".bw-name").inner_text() == "mine", "until the kernel says otherwise"
    assert focused(panel) == "cortex"


@pytest.mark.parametrize(("text", "key"), [("mine", "Escape"), ("  ", "Enter"), ("cortex", "Enter")])
def test_a_name_stays(panel, text, key):
    unfold(panel).locator(".bw-name").dblclick()
    panel.page.get_by_label("Name of cortex").fill(text)
    panel.page.keyboard.press(key)
    panel.page.get_by_label("Name of cortex").wait_for(state="detached")
    assert panel.calls("model.update") == []


# ---------------------------------------------------------------------- several at once


def test_rows_are_chosen_by_clicks(panel):
    panel.trait("models", [MODEL, *OTHERS])
    row(panel, "hills").locator(".bw-name").click()
    assert chosen(panel) == ["hills"]
    row(panel, "wood").locator(".bw-name").click(modifiers=["Shift"])
    assert chosen(panel) == ["hills", "lake", "wood"]
    row(panel, "lake").locator(".bw-name").click(modifiers=["Control"])
    assert chosen(panel) == ["hills", "wood"]
    panel.page.get_by_text("2 models are chosen").wait_for()
    panel.page.keyboard.press("Escape")
    assert chosen(panel) == []


def test_rows_are_chosen_by_keys_with_one_tab_stop(panel):
    panel.trait("models", [MODEL, *OTHERS])
    stops = panel.page.locator(".bw-models").get_by_role("row")
    assert stops.evaluate_all("rows => rows.map((row) => row.tabIndex)") == [0, -1, -1, -1]
    row(panel, "cortex").focus()
    panel.page.keyboard.press("ArrowDown")
    assert (chosen(panel), focused(panel)) == (["hills"], "hills")
    panel.page.keyboard.press("Shift+End")
    assert (chosen(panel), focused(panel)) == (["hills", "lake", "wood"], "wood")
    panel.page.keyboard.press("Control+ArrowUp")
    panel.page.keyboard.press("Space")
    assert (chosen(panel), focused(panel)) == (["hills", "wood"], "lake")
    panel.page.keyboard.press("Tab")
    assert focused(panel) == "Show lake"
    panel.page.keyboard.press("Shift+Tab")
    panel.page.keyboard.press("Control+a")
    assert len(chosen(panel)) == 4
    panel.page.keyboard.press("Home")
    panel.page.keyboard.press("Enter")
    panel.page.get_by_label("Material").wait_for()


def test_what_is_changed_in_a_chosen_row_changes_all(panel):
    unfold(panel)
    placement = {"move": [1, 2, 3], "turn": [0, 0, 0], "scale": [1, 1, 1], "center": [0, 0, 0]}
    panel.trait("models", [MODEL, OTHERS[0], {**OTHERS[1], "placement": placement}])
    row(panel, "cortex").locator(".bw-name").click()
    row(panel, "lake").locator(".bw-name").click(modifiers=["Control"])
    panel.page.get_by_label("Show lake").click()
    last(panel, "model.update")
    assert panel.calls("model.update") == [{"id": [4, 6], "visible": False}]
    panel.page.get_by_label("Color hills by").select_option("mtype")
    assert last(panel, "model.color_by")["id"] == 5, "it is not chosen"
    assert len(panel.calls("model.color_by")) == 1
    panel.page.get_by_label("Move cortex, x").fill("50")
    panel.page.keyboard.press("Enter")
    last(panel, "model.move")
    assert panel.calls("model.move") == [{"id": [4, 6], "x": 50, "y": None, "z": None}], "others keep theirs"
    panel.page.get_by_label("Remove cortex").click()
    last(panel, "model.remove")
    assert panel.calls("model.remove") == [{"id": [4, 6]}]


def test_the_next_row_has_the_focus_when_one_is_removed(panel):
    panel.trait("models", [MODEL, *OTHERS])
    row(panel, "hills").locator(".bw-name").click()
    panel.page.keyboard.press("Delete")
    assert last(panel, "model.remove") == {"id": 5}
    panel.trait("models", [MODEL, *OTHERS[1:]])
    assert focused(panel) == "lake"
    panel.page.get_by_label("More of lake").click()
    panel.page.get_by_label("Remove lake").click()
    last(panel, "model.remove")
    panel.trait("models", [MODEL, OTHERS[2]])
    assert focused(panel) == "wood"


# ---------------------------------------------------------------------- their order


def test_rows_go_up_and_down_by_keys(panel):
    panel.trait("models", [MODEL, *OTHERS])
    row(panel, "lake").focus()
    panel.page.keyboard.press("Alt+ArrowUp")
    assert last(panel, "models.reorder") == {"order": [4, 6, 5, 7]}
    panel.trait("models", [MODEL, OTHERS[1], OTHERS[0], OTHERS[2]])
    assert focused(panel) == "lake"
    row(panel, "cortex").focus()
    panel.page.keyboard.press("Alt+ArrowUp")
    panel.page.keyboard.press("Alt+ArrowDown")
    assert last(panel, "models.reorder", 2) == {"order": [6, 4, 5, 7]}


def test_rows_are_dragged_to_another_place(panel):
    panel.trait("models", [MODEL, *OTHERS])
    name, end = row(panel, "cortex").locator(".bw-name"), row(panel, "wood").bounding_box()
    name.hover()
    panel.page.mouse.down()
    panel.page.mouse.move(end["x"] + 40, end["y"] + 8, steps=4)
    assert panel.page.locator("[data-drop]").get_attribute("aria-label") == "wood"
    panel.page.mouse.up()
    assert last(panel, "models.reorder") == {"order": [5, 6, 4, 7]}
    assert panel.page.locator("[data-drop]").count() == 0
    row(panel, "hills").locator(".bw-name").click()
    row(panel, "lake").locator(".bw-name").click(modifiers=["Control"])
    row(panel, "lake").locator(".bw-name").hover()
    panel.page.mouse.down()
    panel.page.mouse.move(end["x"] + 40, end["y"] + end["height"] + 30, steps=4)
    panel.page.mouse.up()
    assert last(panel, "models.reorder", 2) == {"order": [4, 7, 5, 6]}


@pytest.fixture
def touch(open_cell):
    """A view with four models, and what sends a touch on a row to it: at its grip or its name, so far below."""
    cell = open_cell(has_touch=True, viewport={"width": 960, "height": 1000})
    cell.mount(height=300)
    cell.trait("models", [MODEL, *OTHERS])
    tools = cell.page.context.new_cdp_session(cell.page)

    def drag(name, part, distance, end="touchEnd"):
        box = row(cell, name).locator(part).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        tools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for step in range(1, 9):
            place = {"x": x, "y": y + distance * step / 8}
            tools.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
        tools.send("Input.dispatchTouchEvent", {"type": end, "touchPoints": []})

    return cell, drag


def test_rows_are_dragged_by_a_finger_on_their_grip(touch):
    cell, drag = touch
    below = row(cell, "lake").bounding_box()["y"] - row(cell, "cortex").bounding_box()["y"]
    drag("cortex", ".bw-grip", below)
    assert last(cell, "models.reorder") == {"order": [5, 4, 6, 7]}
    assert cell.page.locator("[data-drop]").count() == 0
    assert cell.page.evaluate("document.querySelector('.bw-panel').scrollTop") == 0, "it does not scroll meanwhile"
    drag("lake", ".bw-grip", -below, end="touchCancel")
    assert cell.page.locator("[data-drop]").count() == 0
    assert len(cell.calls("models.reorder")) == 1, "what the system has ended is no drop"


def test_a_finger_on_a_name_scrolls(touch):
    cell, drag = touch
    drag("lake", ".bw-name", -100)
    cell.wait("document.querySelector('.bw-panel').scrollTop > 20")
    assert cell.calls("models.reorder") == []


def test_without_touch_there_are_no_grips(panel):
    panel.trait("models", [MODEL, *OTHERS])
    assert not row(panel, "cortex").locator(".bw-grip").is_visible()


def test_a_click_that_hardly_moves_drags_nothing(panel):
    panel.trait("models", [MODEL, *OTHERS])
    box = row(panel, "hills").locator(".bw-name").bounding_box()
    panel.page.mouse.move(box["x"] + 4, box["y"] + 4)
    panel.page.mouse.down()
    panel.page.mouse.move(box["x"] + 4, box["y"] + 6)
    panel.page.mouse.up()
    assert chosen(panel) == ["hills"]
    assert panel.calls("models.reorder") == []


@pytest.mark.parametrize("width", [900, 320])
def test_nothing_of_a_model_scrolls_sideways(panel, width):
    panel.page.evaluate("width => { document.getElementById('cell').style.width = `${width}px`; }", width)
    for kind in KINDS:
        options = {name: [1, 1, 1] if name == "color" else 0.5 for name in kind["options"]["properties"]}
        if panel.page.get_by_label("Material").count() == 0:
            unfold(panel)
        panel.trait("models", [{**MODEL, "material": kind["name"], "material_options": options}, *OTHERS])
        sides = panel.page.locator(".bw-panel").evaluate("panel => [panel.scrollWidth, panel.clientWidth]")
        assert sides[0] == sides[1]


# ---------------------------------------------------------------------- the focus


def test_the_kernels_change_keeps_the_focus(panel):
    panel.trait("models", [MODEL])
    panel.page.get_by_label("Show cortex").focus()
    panel.trait("models", [{**MODEL, "name": "renamed"}])
    expect(panel.page.get_by_label("Show renamed")).to_be_focused()


def test_other_models_come_and_go_without_taking_the_focus(panel):
    panel.trait("models", [MODEL])
    panel.page.get_by_label("Show cortex").focus()
    others = [{**MODEL, "id": number, "name": f"model {number}"} for number in (1, 2)]
    for models in ([others[0], MODEL], [*others, MODEL], [MODEL, others[1]], [MODEL]):
        panel.trait("models", models)
        expect(panel.page.get_by_label("Show cortex")).to_be_focused()
        assert panel.page.locator(".bw-model").count() == len(models)


def test_a_control_has_the_focus_again_after_its_command(panel):
    panel.trait("models", [MODEL])
    panel.answer("model.update", {"result": None, "delay": 300})
    show = panel.page.get_by_label("Show cortex")
    show.focus()
    panel.page.keyboard.press("Space")
    panel.wait("document.querySelector('.bw-model input').disabled")
    panel.wait("!document.querySelector('.bw-model input').disabled")
    expect(show).to_be_focused()
    panel.page.keyboard.press("Space")
    panel.wait("document.querySelector('.bw-model input').disabled")
    panel.page.get_by_label("Background").focus()
    panel.wait("!document.querySelector('.bw-model input').disabled")
    expect(panel.page.get_by_label("Background"), "the user went on").to_be_focused()


def test_notices_of_a_model_can_be_read(panel):
    assert panel.page.get_by_text("1 notice").count() == 0
    panel.trait("models", [{**MODEL, "notices": ["edges.h5 does not exist"]}])
    panel.page.get_by_text("1 notice").click()
    panel.page.get_by_text("edges.h5 does not exist").wait_for()
