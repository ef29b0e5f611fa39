"""The panel: browse, load, models, progress, notices, errors where they belong."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.body.dataset.hit='yes'\">"
HOME = {
    "path": "/srv",
    "parent": "/home",
    "directories": [{"name": "circuits", "path": "/srv/circuits"}, {"name": HOSTILE, "path": f"/srv/{HOSTILE}"}],
    "files": [{"name": "notes.txt", "path": "/srv/notes.txt", "size": 12}],
}
CIRCUITS = {
    "path": "/srv/circuits",
    "parent": "/srv",
    "directories": [],
    "files": [{"name": "circuit_config.json", "path": "/srv/circuits/circuit_config.json", "size": 2113}],
}
CIRCUIT = {
    "path": "/srv/circuits/circuit_config.json",
    "populations": [
        {"name": "thalamus", "type": "virtual", "size": 100_000, "attributes": [], "columns": [], "reason": ""},
        {
            "name": "axons",
            "type": "biophysical",
            "size": 12,
            "attributes": ["layer", "mtype"],
            "columns": [],
            "reason": "",
        },
        {
            "name": "cortex",
            "type": "biophysical",
            "size": 31_346,
            "attributes": ["mtype", "cortical column"],
            "columns": [],
            "reason": "",
        },
    ],
    "node_sets": ["Layer1", "Excitatory"],
    "default_population": "cortex",
    "notices": [],
}
MODEL = {
    "id": 4,
    "name": "cortex",
    "type": "circuit",
    "visible": True,
    "color": "#ff0000",
    "colored_by": "solid",
    "color_methods": ["solid", "mtype"],
    "cells": 313,
    "path": "/srv/circuits/circuit_config.json",
    "population": "cortex",
    "bounds": [[0, 0, 0], [1, 1, 1]],
    "left_out": None,
    "notices": [],
}


@pytest.fixture
def panel(cell):
    """A view whose file browser shows the home folder."""
    cell.page.evaluate("kernel.mount({ status: { state: 'starting', text: 'Starting the renderer…' } })")
    cell.answer("files.list", [{"result": HOME}, {"result": CIRCUITS}, {"result": HOME}])
    cell.answer("files.inspect", {"result": CIRCUIT})
    cell.answer("models.load_circuit", {"result": {"task": "t1"}})
    assert cell.calls("files.list") == [], "nobody can answer before the renderer is ready"
    cell.trait("status", {"state": "ready", "text": "Ready"})
    cell.page.get_by_role("button", name="circuits").wait_for()
    return cell


def open_circuit(cell):
    cell.page.get_by_role("button", name="circuits").click()
    cell.page.get_by_role("button", name="circuit_config.json").click()
    cell.page.get_by_label("Population").wait_for()


def test_browsing(panel):
    assert panel.calls("files.list") == [{"path": None}]
    panel.page.get_by_role("button", name="circuits").click()
    panel.page.get_by_role("button", name="circuit_config.json").wait_for()
    assert panel.page.get_by_label("Path").input_value() == "/srv/circuits"
    panel.page.get_by_label("Parent folder").click()
    panel.page.get_by_text("notes.txt").wait_for()
    assert [call["path"] for call in panel.calls("files.list")] == [None, "/srv/circuits", "/srv"]


def test_a_circuit_without_populations_is_told_and_the_files_stay(panel):
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": [], "default_population": None}})
    panel.page.get_by_label("Path").fill("/data/empty.json")
    panel.page.get_by_label("Path").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="no node population that can be shown").wait_for()
    assert panel.page.get_by_label("Path").is_visible()


def test_populations_that_cannot_be_shown_are_listed_with_the_reason(panel):
    broken = {"name": "input", "type": "virtual", "size": 9, "attributes": [], "reason": "its nodes have no positions"}
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": [*CIRCUIT["populations"], broken]}})
    open_circuit(panel)
    (option,) = panel.page.get_by_label("Population").locator("option[value=input]").all()
    assert option.text_content() == "input · its nodes have no positions"
    assert option.is_disabled()
    panel.page.get_by_role("button", name="Back").click()
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": [broken], "default_population": None}})
    panel.page.get_by_label("Path").fill("/data/input.json")
    panel.page.get_by_label("Path").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="input: its nodes have no positions.").wait_for()


def test_notices_of_a_model_can_be_read(panel):
    assert panel.page.get_by_text("1 notice").count() == 0
    panel.trait("models", [{**MODEL, "notices": ["edges.h5 does not exist"]}])
    panel.page.get_by_text("1 notice").click()
    panel.page.get_by_text("edges.h5 does not exist").wait_for()


def test_what_was_said_of_one_file_is_gone_at_the_next(panel):
    panel.answer("files.list", {"error": {"type": "CircuitError", "message": "a.txt is no directory.", "hint": ""}})
    panel.page.get_by_label("Path").fill("/data/a.txt")
    panel.page.get_by_label("Path").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="a.txt is no directory").wait_for()
    panel.answer("files.inspect", {"error": {"type": "CircuitError", "message": "b.json is empty.", "hint": ""}})
    panel.page.get_by_label("Path").fill("/data/b.json")
    panel.page.get_by_label("Path").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="b.json is empty").wait_for()
    assert panel.page.get_by_text("a.txt is no directory").count() == 0


def test_a_typed_path_is_listed_or_inspected(panel):
    panel.page.get_by_label("Path").fill("/data")
    panel.page.get_by_label("Path").press("Enter")
    panel.wait("kernel.calls('files.list').length === 2")
    assert panel.calls("files.list")[1] == {"path": "/data"}
    panel.page.get_by_label("Path").fill(" /data/Circuit.JSON ")
    panel.page.get_by_role("button", name="Open").click()
    panel.page.get_by_label("Population").wait_for()
    assert panel.calls("files.inspect") == [{"path": "/data/Circuit.JSON"}]


def test_a_folder_that_is_shown_is_opened_as_a_circuit(panel):
    panel.page.get_by_role("button", name="circuits").click()
    panel.page.get_by_role("button", name="circuit_config.json").wait_for()
    panel.page.get_by_role("button", name="Open").click()
    panel.page.get_by_label("Population").wait_for()
    assert panel.calls("files.inspect") == [{"path": "/srv/circuits"}]


def test_a_morphology_is_shown_at_once(panel):
    panel.page.get_by_label("Path").fill("/data/cell.SWC")
    panel.page.get_by_label("Path").press("Enter")
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    assert panel.calls("models.load_circuit") == [{"path": "/data/cell.SWC"}]
    assert panel.calls("files.inspect") == []


def test_names_are_text(panel):
    assert panel.page.get_by_text(HOSTILE).count() == 1
    panel.trait("models", [{**MODEL, "name": HOSTILE, "population": HOSTILE, "color_methods": [HOSTILE, "solid"]}])
    panel.trait("status", {"state": "failed", "text": HOSTILE})
    panel.trait("notice", {"level": "error", "text": HOSTILE, "hint": HOSTILE})
    panel.trait("progress", {"task": "1", "operation": HOSTILE, "amount": None})
    panel.answer("tasks.cancel", {"error": {"type": "X", "message": HOSTILE, "hint": HOSTILE}})
    panel.page.get_by_role("button", name="Cancel").click()
    panel.page.locator(".bw-progress .bw-problem").get_by_text(HOSTILE).first.wait_for()
    assert panel.page.locator("img").count() == 0
    assert panel.page.evaluate("document.body.dataset.hit") is None


def test_loading_sends_what_was_chosen(panel):
    open_circuit(panel)
    population = panel.page.get_by_label("Population")
    assert population.input_value() == "cortex", "the kernel says which"
    panel.page.get_by_text("about 940 of 31,346 cells").wait_for()
    panel.page.get_by_label("Density in percent").fill("50")
    panel.page.get_by_label("Node set").select_option("Layer1")
    panel.page.get_by_label("Axon").check()
    panel.page.get_by_label("Dendrites").uncheck()
    panel.page.get_by_label("Radius").fill("2.5")
    panel.page.get_by_label("Color by").select_option("mtype")
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    assert panel.calls("models.load_circuit") == [
        {
            "path": "/srv/circuits/circuit_config.json",
            "population": "cortex",
            "density": 0.5,
            "node_sets": ["Layer1"],
            "query": None,
            "soma": True,
            "axon": True,
            "dendrites": False,
            "radius_multiplier": 2.5,
            "color_by": "mtype",
        }
    ]


def test_loading_without_changes_is_modest(panel):
    open_circuit(panel)
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    (params,) = panel.calls("models.load_circuit")
    assert params["density"] == 0.03
    assert params["node_sets"] == []
    assert params["color_by"] is None
    assert (params["soma"], params["axon"], params["dendrites"]) == (True, False, True)


def test_the_slider_and_another_population_change_the_estimate(panel):
    open_circuit(panel)
    panel.page.get_by_label("Density slider").fill("0.5")
    panel.page.get_by_text("about 313 of 31,346 cells").wait_for()
    assert panel.page.get_by_label("Density in percent").input_value() == "1"
    panel.page.get_by_label("Population").select_option("thalamus")
    panel.page.get_by_text("about 1,000 of 100,000 cells").wait_for()


def test_color_by_offers_what_the_population_has(panel):
    open_circuit(panel)
    choices = panel.page.get_by_label("Color by")

    def offered():
        return choices.locator("option").all_inner_texts()

    assert offered() == ["One color", "mtype", "cortical column"]
    choices.select_option("mtype")
    panel.page.get_by_label("Population").select_option("axons")
    assert offered() == ["One color", "layer", "mtype"]
    assert choices.input_value() == "mtype", "what both have stays chosen"
    panel.page.get_by_label("Population").select_option("thalamus")
    assert offered() == ["One color"]
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    assert panel.calls("models.load_circuit")[0]["color_by"] is None


def test_without_a_default_population_one_must_be_chosen(panel):
    panel.answer("files.inspect", {"result": {**CIRCUIT, "default_population": None}})
    open_circuit(panel)
    population = panel.page.get_by_label("Population")
    assert population.input_value() == ""
    panel.page.get_by_role("button", name="Load", exact=True).click()
    assert population.evaluate("select => select.validationMessage") != ""
    assert panel.calls("models.load_circuit") == []
    population.select_option("axons")
    panel.page.get_by_text("about 12 of 12 cells").wait_for()
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")


def test_a_typed_density_stays_as_it_is_typed(panel):
    open_circuit(panel)
    percent = panel.page.get_by_label("Density in percent")
    percent.fill("12.3456")
    panel.page.get_by_text("about 3,870 of 31,346 cells").wait_for()
    percent.fill("0")
    assert percent.input_value() == "0"
    panel.page.get_by_text("about 3,870 of 31,346 cells").wait_for()
    percent.blur()
    panel.wait("document.querySelector('[aria-label=\"Density in percent\"]').value === '12.35'")


def test_nothing_to_load_is_not_sent(panel):
    open_circuit(panel)
    panel.page.get_by_label("Soma").uncheck()
    panel.page.get_by_label("Dendrites").uncheck()
    panel.page.get_by_role("button", name="Load", exact=True).click()
    assert panel.page.get_by_label("Soma").evaluate("box => box.validationMessage") != ""
    assert panel.calls("models.load_circuit") == []
    panel.page.get_by_label("Axon").check()
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")


def test_errors_are_told_where_they_happen(panel):
    error = {"type": "CircuitError", "message": "notes.txt is not a circuit.", "hint": "Choose a circuit_config.json."}
    panel.answer("files.inspect", [{"error": error}, {"result": CIRCUIT}])
    panel.page.get_by_role("button", name="notes.txt").click()
    alert = panel.panel.get_by_role("alert").filter(visible=True)
    alert.wait_for()
    assert "notes.txt is not a circuit." in alert.inner_text()
    assert "Choose a circuit_config.json." in alert.inner_text()
    panel.screenshot("error")
    open_circuit(panel)
    assert alert.count() == 0, "the next try clears what the last one said"
    panel.answer("models.load_circuit", {"error": {**error, "message": "Population cortex has no morphologies."}})
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.page.get_by_text("Population cortex has no morphologies.").wait_for()
    assert panel.page.get_by_role("button", name="Load", exact=True).is_enabled()


def test_a_late_listing_does_not_replace_a_newer_one(panel):
    panel.answer("files.list", [{"result": CIRCUITS, "delay": 400}, {"result": {**HOME, "path": "/newest"}}])
    panel.page.get_by_role("button", name="circuits").click()
    panel.page.get_by_label("Path").fill("/newest")
    panel.page.get_by_label("Path").press("Enter")
    panel.page.evaluate("new Promise((resolve) => setTimeout(resolve, 700))")
    assert panel.page.get_by_label("Path").input_value() == "/newest"
    panel.page.get_by_text("notes.txt").wait_for()


def test_very_long_listings_are_cut_and_say_so(panel):
    files = [{"name": f"f{index}.h5", "path": f"/f{index}.h5", "size": 1} for index in range(1200)]
    panel.answer("files.list", {"result": {**CIRCUITS, "files": files}})
    panel.page.get_by_role("button", name="circuits").click()
    panel.page.get_by_text("700 more").wait_for()
    assert panel.page.locator(".bw-file").count() == 500


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


def test_progress_and_cancel(panel):
    panel.trait("progress", {"task": "t7", "operation": "Loading morphologies", "amount": 0.25})
    panel.page.get_by_role("status").get_by_text("Loading morphologies").wait_for()
    bar = panel.page.get_by_role("progressbar")
    assert bar.evaluate("bar => bar.value") == 0.25
    panel.page.get_by_role("button", name="Cancel").click()
    panel.wait("kernel.calls('tasks.cancel').length === 1")
    assert panel.calls("tasks.cancel") == [{"task": "t7"}]
    panel.trait("progress", {"task": "t8", "operation": "Queued", "amount": None})
    assert bar.evaluate("bar => bar.position") == -1, "of unknown length"
    panel.trait("progress", None)
    assert bar.count() == 0


def test_a_notice_is_dismissed_and_a_lost_job_started_again(panel):
    panel.trait("notice", {"level": "warning", "text": "3 cells have no morphology.", "hint": "They are left out."})
    panel.page.get_by_text("3 cells have no morphology.").wait_for()
    assert panel.page.get_by_role("button", name="Start again").count() == 0
    panel.page.get_by_role("button", name="Dismiss").click()
    panel.wait("kernel.calls('notices.dismiss').length === 1")
    panel.trait("notice", None)
    assert panel.page.locator(".bw-notice:visible").count() == 0
    for state in ("failed", "ended", "asleep"):
        panel.trait("status", {"state": state, "text": f"The renderer is {state}."})
        panel.page.get_by_role("button", name="Start again").click()
    panel.wait("kernel.calls('job.restore').length === 3")
    panel.trait("status", {"state": "ready", "text": "Ready"})
    assert panel.page.locator(".bw-notice:visible").count() == 0


def test_the_overlay_says_what_is_awaited(cell):
    cell.page.evaluate("kernel.mount({ status: { state: 'starting', text: 'Starting the renderer…' } })")
    overlay = cell.page.locator(".bw-overlay")
    assert overlay.inner_text() == "Starting the renderer…"
    assert cell.page.get_by_role("status").inner_text() == "Starting the renderer…"
    cell.wait("kernel.sent('ready').length === 1")
    cell.trait("status", {"state": "ready", "text": "Ready"})
    assert overlay.inner_text() == "The first picture is being drawn…"
    assert cell.page.get_by_role("status").inner_text() == "The first picture is being drawn…"
    cell.frame()
    overlay.get_by_text("Choose a circuit in the panel").wait_for()
    cell.trait("progress", {"task": "1", "operation": "Loading", "amount": 0.5})
    assert overlay.inner_text() == ""
    cell.trait("progress", None)
    cell.trait("models", [MODEL])
    assert overlay.inner_text() == ""


def test_an_idle_widget_can_be_started(cell):
    cell.mount(status={"state": "idle", "text": "Not started."})
    cell.page.get_by_role("button", name="Start").click()
    cell.wait("kernel.calls('job.start').length === 1")


def test_the_camera_can_be_reset_and_projected(panel):
    panel.panel.get_by_role("button", name="Reset camera").click()
    panel.wait("kernel.calls('camera.reset').length === 1")
    panel.page.get_by_label("Projection").select_option("orthographic")
    panel.wait("kernel.sent('camera').at(-1)?.moving === false")
    camera = panel.sent("camera")[-1]["camera"]
    assert camera["type"] == "orthographic"
    assert camera["height"] == pytest.approx(828.4, abs=0.1)


def test_background_and_panel_are_saved_for_everyone(panel):
    panel.page.get_by_label("Background").fill("#ffffff")
    panel.wait("kernel.model.saved.length === 1")
    panel.page.get_by_role("button", name="Panel", exact=True).click()
    assert panel.page.evaluate("kernel.model.saved") == [{"background": "#ffffff"}, {"panel_open": False}]
    assert panel.page.get_by_role("button", name="Panel", exact=True).get_attribute("aria-expanded") == "false"
    assert panel.panel.is_hidden()


def job(**known):
    """What a page knows of a job."""
    place = {"master": None, "slave": None, "renderer": None, "backend": None, "usecase": "SBO1", "project": None}
    facts = {"id": "7", "host": "h", "ends": None, "ends_probably": False, "attached": False}
    return place | facts | {"lack": "", "brayns_backend": False, "log": ""} | known


def open_log(panel):
    panel.page.locator("details.bw-section > summary").filter(has_text="Connect").click()
    box = panel.page.locator("details.bw-log")
    box.locator("summary").click()
    return box


def test_the_log_is_read_while_it_is_open_and_follows_its_end(panel):
    panel.page.clock.install()
    many = "\n".join(f"line {number}" for number in range(60))
    panel.answer("job.log", {"result": ""})
    box = open_log(panel)
    box.get_by_text("Nothing was logged.").wait_for()
    panel.answer("job.log", {"result": many})
    panel.page.clock.run_for(4900)
    assert len(panel.calls("job.log")) == 1
    panel.page.clock.run_for(200)
    lines = box.locator("pre")
    lines.get_by_text("line 59").wait_for()
    near = "(pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight < 2"
    assert lines.evaluate(near)
    lines.evaluate("(pre) => { pre.scrollTop = 0; }")
    panel.answer("job.log", {"result": f"{many}\nthe last one"})
    panel.page.clock.run_for(5200)
    lines.get_by_text("the last one").wait_for()
    assert lines.evaluate("(pre) => pre.scrollTop") == 0, "who reads further up is not disturbed"
    asked = len(panel.calls("job.log"))
    section = panel.page.locator("details.bw-section > summary").filter(has_text="Connect")
    section.click()
    panel.page.clock.run_for(30_000)
    assert len(panel.calls("job.log")) == asked, "nobody sees it"
    section.click()
    panel.page.clock.run_for(5200)
    panel.wait(f"kernel.calls('job.log').length > {asked}")
    box.locator("summary").click()
    panel.page.clock.run_for(1000)
    asked = len(panel.calls("job.log"))
    panel.page.clock.run_for(30_000)
    assert len(panel.calls("job.log")) == asked, "it is closed"


def test_a_master_that_tells_no_log_is_asked_once(panel):
    panel.page.clock.install()
    error = {"type": "AllocationError", "message": "The proxy master tells no log.", "hint": "Look where the job runs."}
    panel.answer("job.log", {"error": error})
    box = open_log(panel)
    box.get_by_text("The proxy master tells no log.").wait_for()
    panel.page.clock.run_for(30_000)
    assert len(panel.calls("job.log")) == 1
    panel.answer("job.log", {"result": "there it is"})
    box.get_by_role("button", name="Read again").click()
    panel.page.clock.run_for(100)
    box.get_by_text("there it is").wait_for()
    assert box.get_by_role("button", name="Read again").count() == 0


def test_a_log_that_is_left_open_rests(panel):
    panel.page.clock.install()
    panel.answer("job.log", {"result": "text"})
    box = open_log(panel)
    for _ in range(125):
        panel.page.clock.run_for(5100)
    box.get_by_role("button", name="Read again").wait_for()
    assert len(panel.calls("job.log")) == 120


def test_a_job_that_cannot_be_reached_is_offered_to_be_attached_to(panel):
    panel.trait("job", job(master="https://m.example.org", id="job-7"))
    form = panel.page.locator("form").filter(has_text="Run on")
    assert form.get_by_label("Job").input_value() == ""
    panel.trait("status", {"state": "failed", "text": "Job job-7 cannot be reached: the token is refused."})
    panel.page.get_by_text("Job job-7 cannot be reached").first.wait_for()
    assert form.get_by_label("Job").input_value() == "job-7"
    form.get_by_role("button", name="Attach").click()
    panel.wait("kernel.calls('job.connect')[0]?.attach_to === 'job-7'")


def test_a_job_is_still_in_the_form_when_attaching_to_it_fails(panel):
    """The attempt changes the place, and so does the next one, with another token."""
    open_log(panel)
    form = panel.page.locator("form").filter(has_text="Run on")
    form.get_by_label("Run on").select_option("master")
    form.get_by_label("Address").fill("https://m.example.org")
    form.get_by_label("Job").fill("job-7")
    panel.answer("job.connect", {"error": {"type": "AuthError", "message": "The token is refused.", "hint": ""}})
    form.get_by_role("button", name="Attach").click()
    form.get_by_text("The token is refused.").wait_for()
    panel.trait("job", job(master="https://m.example.org"))
    panel.page.locator(".bw-place, dd").filter(has_text="m.example.org").first.wait_for()
    assert form.get_by_label("Job").input_value() == "job-7"
    panel.answer("job.connect", {"result": None})
    form.get_by_role("button", name="Attach").click()
    panel.wait("kernel.calls('job.connect').length === 2")
    assert panel.calls("job.connect")[1]["attach_to"] == "job-7"
    form.get_by_role("button", name="Connect").wait_for()
    assert form.get_by_label("Job").input_value() == ""


def test_without_a_backend_path_and_population_are_typed(panel):
    panel.trait("job", job(lack="This job has no backend."))
    form = panel.page.locator("form").filter(has_text="This job has no backend.")
    form.get_by_label("Path").fill("/data/c.json")
    form.get_by_label("Population").fill("cortex")
    form.get_by_label("Node set").fill("Layer1")
    form.get_by_label("Density %").fill("12.5")
    form.get_by_label("Color by").press("Enter")
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    (sent,) = panel.calls("models.load_circuit")
    assert sent == {
        "path": "/data/c.json",
        "population": "cortex",
        "node_sets": ["Layer1"],
        "density": 0.125,
        "soma": True,
        "axon": False,
        "dendrites": True,
        "color_by": None,
    }
    form.get_by_label("Path").fill("/data/cell.swc")
    assert form.get_by_label("Population").count() == 0
    form.get_by_label("Path").press("Enter")
    panel.wait("kernel.calls('models.load_circuit').length === 2")
    assert panel.calls("models.load_circuit")[1] == {"path": "/data/cell.swc"}


@pytest.mark.parametrize("brayns", [True, False])
def test_what_brayns_own_backend_cannot_read_is_loaded_by_name(panel, brayns):
    panel.trait("job", job(brayns_backend=brayns))
    error = {"type": "CircuitError", "message": "'c.json' cannot be read: KeyError.", "hint": ""}
    panel.answer("files.inspect", {"error": error})
    panel.page.get_by_label("Path").fill("/data/c.json")
    panel.page.get_by_role("button", name="Open").click()
    panel.page.get_by_text("cannot be read: KeyError").wait_for()
    named = panel.page.get_by_label("Population")
    if brayns:
        named.fill("cortex")
        named.press("Enter")
        panel.wait("kernel.calls('models.load_circuit')[0]?.path === '/data/c.json'")
    else:
        assert named.count() == 0


def test_every_control_has_a_name(panel):
    open_circuit(panel)
    panel.trait("models", [MODEL])
    controls = panel.page.locator(".brayns-widget :is(button, input, select, progress, [tabindex])").all()
    assert len(controls) > 20
    for control in controls:
        named = control.evaluate(
            # Also what is folded away.
            "e => (e.ariaLabel || '') + [...(e.labels ?? [])].map((l) => l.textContent).join('') + e.textContent"
        )
        assert named.strip(), control.evaluate("e => e.outerHTML")
