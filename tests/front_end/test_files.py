"""The browser of files: a list box with one tab stop, what it shows, where it goes, and what it remembers."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.front_end.panels import CIRCUITS, FORMATS, HOME, MODEL, open_circuit, option

pytestmark = pytest.mark.browser


def options(cell):
    return cell.page.locator(".bw-browser [role=option] > span:not(.bw-tick)").all_inner_texts()


def active(cell):
    """The row that the list names as its active one."""
    return cell.page.evaluate(
        """() => {
            const list = document.querySelector(".bw-browser [role=listbox]");
            const row = document.getElementById(list.getAttribute("aria-activedescendant"));
            return row?.querySelector("span").textContent;
        }"""
    )


def has_focus(cell):
    return cell.page.evaluate("document.activeElement?.getAttribute('role') === 'listbox'")


# The longest time in ms between two frames while the list scrolls; a frame without rows is an error.
SCROLL = """async (pixels) => {
    const list = document.querySelector(".bw-browser [role=listbox]");
    const box = list.getBoundingClientRect();
    let last = performance.now(), longest = 0;
    for (let step = 0; step < 30; step += 1) {
        list.scrollTop += pixels;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        const row = document.elementFromPoint(box.x + 20, box.y + box.height / 2);
        if (!row.closest("[role=option]")) {
            throw new Error(`nothing is shown at ${list.scrollTop}`);
        }
    }
    return longest;
}"""


def file(name, size=1, folder="/srv/circuits"):
    return {"name": name, "path": f"{folder}/{name}", "size": size}


def show(panel, *names, **more):
    """Let the panel show a folder of these files."""
    panel.answer("files.list", {"result": {**CIRCUITS, "files": [file(name) for name in names], **more}})
    option(panel, "circuits").click()
    panel.page.get_by_role("listbox", name="Files in circuits").wait_for()


def test_folders_are_opened_and_left(panel):
    assert panel.calls("files.list") == [{"path": None}]
    option(panel, "circuits folder").click()
    option(panel, "circuit_config.json 2.1 KB").wait_for()
    trail = panel.page.get_by_role("navigation", name="Folders").get_by_role("button")
    assert trail.all_inner_texts() == ["home", "srv", "circuits"]
    assert trail.last.get_attribute("aria-current") == "location"
    trail.nth(1).click()
    option(panel, "circuits").wait_for()
    assert [call["path"] for call in panel.calls("files.list")] == [None, "/srv/circuits", "/srv"]


def test_the_keyboard_alone_reaches_a_circuit_and_loads_it(panel):
    page = panel.page
    page.get_by_label("path to open").focus()
    page.keyboard.press("ArrowDown")
    assert has_focus(panel)
    assert active(panel) == "circuits"
    page.keyboard.press("Enter")
    option(panel, "circuit_config.json").wait_for()
    assert has_focus(panel), "the focus stays in the list when another folder is shown"
    assert active(panel) == "circuit_config.json"
    page.keyboard.press("Backspace")
    option(panel, "circuits").wait_for()
    assert has_focus(panel)
    assert active(panel) == "circuits", "the folder that was left"
    panel.answer("files.list", {"result": CIRCUITS})
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    option(panel, "circuit_config.json").wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("Population").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.keyboard.press("Enter")
    page.get_by_label("Radius").press("Enter")
    panel.wait("kernel.calls('models.load_circuit').length === 1")


def test_the_list_is_one_tab_stop(panel):
    show(panel, *(f"cell{number}.swc" for number in range(30)))
    panel.page.get_by_label("path to open").focus()
    panel.page.keyboard.press("Tab")
    assert has_focus(panel)
    panel.page.keyboard.press("Tab")
    assert not panel.page.evaluate("document.activeElement.closest('[role=listbox]') !== null")


def test_keys_move_in_the_list(panel):
    show(panel, "a.swc", "b1.swc", "b2.swc", "ca.swc", "cb.swc")
    box = panel.page.get_by_role("listbox", name="Files in circuits")
    box.focus()
    for key, row in [
        ("ArrowDown", "b1.swc"),
        ("End", "cb.swc"),
        ("ArrowDown", "cb.swc"),
        ("Home", "a.swc"),
        ("ArrowUp", "a.swc"),
        ("PageDown", "cb.swc"),
    ]:
        box.press(key)
        assert active(panel) == row, key
    panel.page.keyboard.type("cb")
    assert active(panel) == "cb.swc", "a word"
    panel.page.wait_for_timeout(900)  # then another word begins
    box.press("b")
    assert active(panel) == "b1.swc"
    box.press("b")
    assert active(panel) == "b2.swc", "one letter again and again goes on"


def test_configurations_come_first_and_what_cannot_be_loaded_is_hidden(panel):
    show(
        panel,
        ".hidden.swc",
        "README.md",
        "a.swc",
        "circuit_config.json",
        "node_sets.json",
        "tracts.dti",
        directories=[{"name": "zoo", "path": "/srv/circuits/zoo"}, {"name": ".git", "path": "/srv/circuits/.git"}],
    )
    assert options(panel) == ["circuit_config.json", "zoo", "a.swc", "node_sets.json"]
    panel.page.get_by_label("Show all files (4 more)").check()
    assert {"README.md", ".git", ".hidden.swc", "tracts.dti"} < set(options(panel))
    readme = option(panel, "README.md cannot be loaded")
    assert readme.is_disabled()
    assert option(panel, "tracts.dti This version cannot show").is_disabled()
    readme.click(force=True)
    assert panel.calls("files.inspect") == []
    assert panel.calls("models.load_circuit") == []


def test_without_word_of_the_formats_any_file_may_be_tried(open_cell):
    cell = open_cell()
    cell.page.evaluate("kernel.mount({ status: { state: 'starting', text: 'Starting' } })")
    cell.answer("files.list", {"result": HOME})
    cell.answer("files.inspect", {"error": {"type": "CircuitError", "message": "It is no circuit.", "hint": ""}})
    cell.trait("status", {"state": "ready", "text": "Ready"})
    option(cell, "notes.txt").click()
    cell.page.get_by_text("It is no circuit.").wait_for()


def test_the_filter_takes_a_part_of_a_name(panel):
    show(panel, "alpha.swc", "beta.swc", "Gamma.swc")
    field = panel.page.get_by_label("path to open")
    field.fill("AM")
    assert options(panel) == ["Gamma.swc"]
    field.fill("x")
    panel.page.get_by_text("Nothing here has this in its name.").wait_for()
    field.fill("bet")
    field.press("Enter")
    panel.wait("kernel.calls('models.load_file').length === 1")
    assert panel.calls("models.load_file")[0]["path"] == "/srv/circuits/beta.swc"


def test_a_late_listing_does_not_replace_a_newer_one(panel):
    panel.answer("files.list", [{"result": CIRCUITS, "delay": 400}, {"result": {**HOME, "trail": [file("newest")]}}])
    option(panel, "circuits").click()
    panel.page.get_by_label("path to open").fill("/newest")
    panel.page.get_by_label("path to open").press("Enter")
    panel.page.evaluate("new Promise((resolve) => setTimeout(resolve, 700))")
    assert panel.page.get_by_role("listbox", name="Files in newest").is_visible()


def test_five_thousand_files_scroll_without_a_gap(panel):
    show(panel, *(f"cell{number:04}.swc" for number in range(5000)), "circuit_config.json")
    assert active(panel) == "circuit_config.json"
    # Other processes make gaps, too: one pass of ten has none.
    assert any(panel.page.evaluate(SCROLL, pixels) < 100 for pixels in (2000, -2000) * 5)
    rows = panel.page.locator(".bw-browser [role=option]")
    assert rows.count() < 100
    panel.page.get_by_role("listbox", name="Files in circuits").press("End")
    assert active(panel) == "cell4999.swc"
    assert rows.last.get_attribute("aria-setsize") == "5001"


def test_recent_files_are_remembered_by_place_and_folded_away_after_the_load(panel):
    page = panel.page
    page.get_by_role("button", name="Recent files").click()
    page.get_by_text("No file was loaded in this browser yet.").wait_for()
    page.get_by_role("button", name="Recent files").click()
    open_circuit(panel)
    page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    assert page.get_by_label("Population").is_visible(), "it stays until there is a model"
    panel.trait("models", [MODEL])
    more = page.get_by_role("button", name="Load more…")
    more.wait_for()
    assert not page.get_by_label("Population").is_visible()
    expect(more, "the focus is not lost").to_be_focused()
    more.click()
    page.get_by_label("Population").wait_for()
    page.get_by_role("button", name="Back", exact=True).click()
    page.get_by_role("button", name="Recent files").click()
    assert options(panel) == ["circuits/circuit_config.json", "srv/circuits"]
    option(panel, "circuits/circuit_config.json").click()
    page.get_by_label("Population").wait_for()
    kept = page.evaluate("JSON.stringify(localStorage)")
    panel.trait("job", {**page.evaluate("kernel.model.get('job')"), "master": "https://me:secret@master.example/x"})
    page.get_by_role("button", name="Back", exact=True).click()
    page.get_by_text("No file was loaded in this browser yet.").wait_for()
    assert "secret" not in kept


def test_a_form_that_somebody_has_gone_on_with_is_not_folded(panel):
    open_circuit(panel)
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    panel.page.get_by_label("Radius").fill("3")
    panel.trait("models", [MODEL])
    panel.page.locator(".bw-model").wait_for()
    assert panel.page.get_by_label("Radius").is_visible()


def test_it_comes_back_as_it_was_when_all_models_have_gone(panel):
    open_circuit(panel)
    panel.page.get_by_label("Radius").fill("3")
    panel.page.get_by_role("button", name="Load", exact=True).click()
    panel.wait("kernel.calls('models.load_circuit').length === 1")
    for _ in range(2):
        panel.trait("models", [MODEL])
        panel.page.get_by_role("button", name="Load more…").wait_for()
        panel.trait("models", [])  # such as after a load that fails when its models are colored
        panel.page.get_by_label("Radius").wait_for()
    assert panel.page.get_by_label("Radius").input_value() == "3"


def test_what_python_loads_folds_it_away(panel):
    panel.trait("models", [MODEL])
    more = panel.page.get_by_role("button", name="Load more…")
    more.click()
    panel.page.get_by_label("path to open").wait_for()
    panel.trait("models", [MODEL, MODEL | {"id": 99}])
    panel.page.locator(".bw-model").nth(1).wait_for()
    assert not more.is_visible()


def test_what_python_loads_does_not_fold_away_what_somebody_uses(panel):
    panel.page.get_by_label("path to open").fill("circ")
    panel.trait("models", [MODEL])
    panel.page.locator(".bw-model").wait_for()
    assert panel.page.get_by_label("path to open").is_visible()


def test_formats_are_asked_once(panel):
    assert panel.calls("models.formats") == [{}]
    assert FORMATS[1]["reason"]


@pytest.mark.parametrize("path", ["/srv/circuits/circuit_config.json", "/srv/else/"])
def test_what_is_opened_is_told_at_once(panel, path):
    box = panel.page.get_by_label("Filter, or path to open")
    panel.answer("files.inspect", {"never": True})
    panel.answer("files.list", {"never": True})
    box.fill(path)
    box.press("Enter")
    name = path.rstrip("/").rpartition("/")[2]
    panel.page.get_by_text(f"Opening {name}…").wait_for(timeout=2_000)
