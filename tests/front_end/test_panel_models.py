"""The panel's list of models: what it shows and changes, and who has the focus."""

from __future__ import annotations

import pytest

from tests.front_end.panels import MODEL

pytestmark = pytest.mark.browser


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


def test_the_kernels_change_keeps_the_focus(panel):
    panel.trait("models", [MODEL])
    panel.page.get_by_label("Show cortex").focus()
    panel.trait("models", [{**MODEL, "name": "renamed"}])
    assert panel.page.get_by_label("Show renamed").evaluate("box => box === document.activeElement")


def test_other_models_come_and_go_without_taking_the_focus(panel):
    panel.trait("models", [MODEL])
    panel.page.get_by_label("Show cortex").focus()
    others = [{**MODEL, "id": number, "name": f"model {number}"} for number in (1, 2)]
    for models in ([others[0], MODEL], [*others, MODEL], [MODEL, others[1]], [MODEL]):
        panel.trait("models", models)
        assert panel.page.get_by_label("Show cortex").evaluate("box => box === document.activeElement")
        assert panel.page.locator(".bw-model").count() == len(models)


def test_a_control_has_the_focus_again_after_its_command(panel):
    panel.trait("models", [MODEL])
    panel.answer("model.update", {"result": None, "delay": 300})
    show = panel.page.get_by_label("Show cortex")
    show.focus()
    panel.page.keyboard.press("Space")
    panel.wait("document.querySelector('.bw-model input').disabled")
    panel.wait("!document.querySelector('.bw-model input').disabled")
    assert show.evaluate("box => box === document.activeElement")
    panel.page.keyboard.press("Space")
    panel.wait("document.querySelector('.bw-model input').disabled")
    panel.page.get_by_label("Background").focus()
    panel.wait("!document.querySelector('.bw-model input').disabled")
    assert panel.page.get_by_label("Background").evaluate("box => box === document.activeElement"), "the user went on"


def test_notices_of_a_model_can_be_read(panel):
    assert panel.page.get_by_text("1 notice").count() == 0
    panel.trait("models", [{**MODEL, "notices": ["edges.h5 does not exist"]}])
    panel.page.get_by_text("1 notice").click()
    panel.page.get_by_text("edges.h5 does not exist").wait_for()
