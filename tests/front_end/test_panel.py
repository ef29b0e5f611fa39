"""The panel: browse, load, errors where they belong, what is saved."""

from __future__ import annotations

import pytest

from tests.front_end import scenes, test_cut
from tests.front_end.panels import CIRCUIT, HOSTILE, MODEL, choose_node_set, job, open_circuit, option

pytestmark = pytest.mark.browser


def test_a_circuit_without_populations_is_told_and_the_files_stay(panel):
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": [], "default_population": None}})
    panel.page.get_by_label("path to open").fill("/data/empty.json")
    panel.page.get_by_label("path to open").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="no node population that can be shown").wait_for()
    assert panel.page.get_by_label("path to open").is_visible()


def test_populations_that_cannot_be_shown_are_listed_with_the_reason(panel):
    broken = {"name": "input", "type": "virtual", "size": 9, "attributes": [], "reason": "its nodes have no positions"}
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": [*CIRCUIT["populations"], broken]}})
    open_circuit(panel)
    (option,) = panel.page.get_by_label("Population").locator("option[value=input]").all()
    assert option.text_content() == "input · its nodes have no positions"
    assert option.is_disabled()
    panel.page.get_by_role("button", name="Back", exact=True).click()
    panel.answer("files.inspect", {"result": {**CIRCUIT, "populations": [broken], "default_population": None}})
    panel.page.get_by_label("path to open").fill("/data/input.json")
    panel.page.get_by_label("path to open").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="input: its nodes have no positions.").wait_for()


def test_what_was_said_of_one_file_is_gone_at_the_next(panel):
    panel.answer("files.list", {"error": {"type": "CircuitError", "message": "a.txt is no directory.", "hint": ""}})
    panel.page.get_by_label("path to open").fill("/data/a.txt")
    panel.page.get_by_label("path to open").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="a.txt is no directory").wait_for()
    panel.answer("files.inspect", {"error": {"type": "CircuitError", "message": "b.json is empty.", "hint": ""}})
    panel.page.get_by_label("path to open").fill("/data/b.json")
    panel.page.get_by_label("path to open").press("Enter")
    panel.panel.get_by_role("alert").filter(has_text="b.json is empty").wait_for()
    assert panel.page.get_by_text("a.txt is no directory").count() == 0


def test_a_typed_path_is_listed_or_inspected(panel):
    panel.page.get_by_label("path to open").fill("/data")
    panel.page.get_by_label("path to open").press("Enter")
    panel.wait("kernel.calls('files.list').length === 2")
    assert panel.calls("files.list")[1] == {"path": "/data"}
    panel.page.get_by_label("path to open").fill(" /data/Circuit.JSON ")
    panel.page.get_by_role("button", name="Open").click()
    panel.page.get_by_label("Population").wait_for()
    assert panel.calls("files.inspect") == [{"path": "/data/Circuit.JSON"}]


def test_a_folder_that_is_shown_is_opened_as_a_circuit(panel):
    option(panel, "circuits").click()
    option(panel, "circuit_config.json").wait_for()
    panel.page.get_by_label("path to open").fill("/srv/circuits")
    panel.page.get_by_role("button", name="Open").click()
    panel.page.get_by_label("Population").wait_for()
    assert panel.calls("files.inspect") == [{"path": "/srv/circuits"}]


def test_a_morphology_is_shown_at_once(panel):
    panel.page.get_by_label("path to open").fill("/data/cell.SWC")
    panel.page.get_by_label("path to open").press("Enter")
    panel.wait("kernel.calls('models.load_file').length === 1")
    assert panel.calls("models.load_file") == [
        {"path": "/data/cell.SWC", "loader": "Neuron Morphology loader", "options": {}}
    ]
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
    panel.page.get_by_label("Share of the cells in percent").fill("50")
    choose_node_set(panel, "Layer1")
    panel.page.get_by_label("Axon", exact=True).check()
    panel.page.get_by_label("Dendrites").uncheck()
    panel.page.get_by_label("Radius").fill("2.5")
    panel.page.get_by_label("Color by").select_option("mtype")
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    assert panel.calls("models.load_circuit") == [
        {
            "path": "/srv/circuits/circuit_config.json",
            "population": ["cortex"],
            "density": 0.5,
            "node_ids": None,
            "node_sets": ["Layer1"],
            "query": None,
            "limit": None,
            "afferent": [],
            "efferent": [],
            "synapse_density": 1,
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
    panel.page.get_by_label("Share of the cells", exact=True).fill("0.5")
    panel.page.get_by_text("about 313 of 31,346 cells").wait_for()
    assert panel.page.get_by_label("Share of the cells in percent").input_value() == "1"
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
    percent = panel.page.get_by_label("Share of the cells in percent")
    percent.fill("12.3456")
    panel.page.get_by_text("about 3,870 of 31,346 cells").wait_for()
    percent.fill("0")
    assert percent.input_value() == "0"
    panel.page.get_by_text("about 3,870 of 31,346 cells").wait_for()
    percent.blur()
    panel.wait("document.querySelector('[aria-label=\"Share of the cells in percent\"]').value === '12.35'")


def test_nothing_to_load_is_not_sent(panel):
    open_circuit(panel)
    panel.page.get_by_label("Soma").uncheck()
    panel.page.get_by_label("Dendrites").uncheck()
    panel.page.get_by_role("button", name="Load", exact=True).click()
    assert panel.page.get_by_label("Soma").evaluate("box => box.validationMessage") != ""
    assert panel.calls("models.load_circuit") == []
    panel.page.get_by_label("Axon", exact=True).check()
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")


def test_errors_are_told_where_they_happen(panel):
    error = {"type": "CircuitError", "message": "notes.txt is not a circuit.", "hint": "Choose a circuit_config.json."}
    panel.answer("files.inspect", [{"error": error}, {"result": CIRCUIT}])
    panel.page.get_by_label("path to open").fill("/srv/notes.json")
    panel.page.get_by_label("path to open").press("Enter")
    alert = panel.panel.get_by_role("alert").filter(visible=True)
    alert.wait_for()
    assert "notes.txt is not a circuit." in alert.inner_text()
    assert "Choose a circuit_config.json." in alert.inner_text()
    panel.screenshot("error")
    panel.page.get_by_label("path to open").fill("")
    open_circuit(panel)
    assert alert.count() == 0, "the next try clears what the last one said"
    panel.answer("models.load_circuit", {"error": {**error, "message": "Population cortex has no morphologies."}})
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.page.get_by_text("Population cortex has no morphologies.").wait_for()
    assert panel.page.get_by_role("button", name="Load", exact=True).is_enabled()


def test_the_camera_can_be_reset_and_projected(panel):
    panel.page.get_by_role("button", name="Reset camera").click()
    panel.wait("kernel.sent('camera').at(-1)?.moving === false")
    panel.page.get_by_role("group", name="Look from").get_by_role("button", name="Look from the right").click()
    panel.wait("kernel.model.get('camera').position[0] > Math.abs(kernel.model.get('camera').position[2])")
    panel.page.get_by_label("Projection").select_option("orthographic")
    panel.wait("kernel.sent('camera').at(-1)?.moving === false")
    camera = panel.sent("camera")[-1]["camera"]
    assert camera["type"] == "orthographic"
    assert camera["height"] == pytest.approx(828.4, abs=0.1)
    assert panel.page.get_by_label("Depth blur").is_disabled()
    panel.page.get_by_label("Projection").select_option("cylindric")
    panel.wait("kernel.sent('camera').at(-1)?.camera.type === 'cylindric'")
    panel.page.get_by_label("Projection").select_option("perspective")
    panel.page.get_by_label("Depth blur").fill("50")
    panel.wait("kernel.sent('camera').at(-1)?.camera.aperture > 0 && !kernel.sent('camera').at(-1).moving")
    assert panel.sent("camera")[-1]["camera"]["aperture"] == pytest.approx(0.025 * 828.4, abs=0.01)


def test_background_and_panel_are_saved_for_everyone(panel):
    panel.page.get_by_label("Background").fill("#ffffff")
    panel.wait("kernel.model.saved.length === 1")
    panel.page.get_by_role("button", name="Panel", exact=True).click()
    assert panel.page.evaluate("kernel.model.saved") == [{"background": "#ffffff"}, {"panel_open": False}]
    assert panel.page.get_by_role("button", name="Panel", exact=True).get_attribute("aria-expanded") == "false"
    assert panel.panel.is_hidden()


def test_without_a_backend_path_and_population_are_typed(panel):
    panel.trait("job", job(lack="This job has no backend."))
    form = panel.page.locator("form").filter(has_text="This job has no backend.")
    form.get_by_label("Path").fill("/data/c.json")
    form.get_by_label("Population").fill("cortex")
    form.get_by_label("Node set").fill("Layer1")
    form.get_by_label("Share %").fill("12.5")
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
    panel.wait("kernel.calls('models.load_file').length === 1")
    assert panel.calls("models.load_file")[0]["path"] == "/data/cell.swc"
    form.get_by_label("Path").fill("/data/block.raw")
    form.get_by_label("Dimensions").fill("1 2 3")
    form.get_by_label("Data type").select_option("float")
    form.get_by_label("Path").press("Enter")
    panel.wait("kernel.calls('models.load_file').length === 2")
    options = {"data_type": "float", "dimensions": [1, 2, 3], "smooth": True}
    assert panel.calls("models.load_file")[1] == {"path": "/data/block.raw", "loader": "raw-volume", "options": options}
    form.get_by_label("Path").fill("/data/a.dti")
    panel.page.get_by_text("This version cannot show the tracts").wait_for()
    assert form.get_by_role("button", name="Load").is_disabled()


@pytest.mark.parametrize("brayns", [True, False])
def test_what_brayns_own_backend_cannot_read_is_loaded_by_name(panel, brayns):
    panel.trait("job", job(brayns_backend=brayns))
    error = {"type": "CircuitError", "message": "'c.json' cannot be read: KeyError.", "hint": ""}
    panel.answer("files.inspect", {"error": error})
    panel.page.get_by_label("path to open").fill("/data/c.json")
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


MOST_USED = {
    "Connect": ("button", "Stop the job"),
    "Models": ("checkbox", "Show nodeA"),
    "Load": ("button", "Load more…"),
    "Select": ("button", "Isolate"),
    "Synapses": ("button", "Show synapses"),
    "Cut": ("checkbox", "Show a slab only"),
    "Look": ("button", "Readable"),
    "View": ("button", "Look from the front"),
}
"""By section: what is used most."""


@pytest.mark.parametrize("section", MOST_USED)
def test_no_section_needs_more_than_two_clicks_to_its_most_used_control(open_cell, section):
    cell = open_cell()
    scenes.show(cell, models=scenes.SHOWN, selection={"cortex": "1,2"}, slab=test_cut.SLAB)
    summaries = cell.page.locator(".bw-section > summary")
    assert summaries.all_inner_texts() == list(MOST_USED)
    for summary in summaries.all():
        if summary.evaluate("element => element.parentElement.open"):
            summary.click()
    role, name = MOST_USED[section]
    control = cell.page.locator(".bw-panel").get_by_role(role, name=name, exact=True)
    assert not control.is_visible()
    cell.page.locator(".bw-section > summary", has_text=section).click()
    control.click(timeout=5_000)
