"""Undo and redo, what was done as Python, and sections that the browser remembers."""

from __future__ import annotations

import pytest

from tests.front_end.panels import MODEL, job

pytestmark = pytest.mark.browser

NOTHING = {"undo": "", "redo": "", "lines": []}
LINES = ['viewer.load_circuit("/srv/circuit.json")', "viewer.undo()", 'viewer.models["cortex"].visible = False']
DONE = {"undo": "hide cortex", "redo": "color cortex by mtype", "lines": LINES}


@pytest.fixture
def view(open_cell):
    cell = open_cell(permissions=["clipboard-read", "clipboard-write"])
    cell.mount(models=[MODEL], history=DONE)
    return cell


def button(cell, name):
    return cell.page.get_by_role("button", name=name)


def travels(cell):
    return len(cell.calls("history.undo")), len(cell.calls("history.redo"))


# ---------------------------------------------------------------------- undo and redo


def test_buttons_say_what_they_undo_and_do_it(view):
    undo, redo = button(view, "Undo: hide cortex"), button(view, "Redo: color cortex by mtype")
    assert undo.get_attribute("title") == "Undo: hide cortex (Ctrl+Z)"
    assert redo.get_attribute("title") == "Redo: color cortex by mtype (Ctrl+Shift+Z)"
    undo.click()
    assert travels(view) == (1, 0)
    redo.click()
    assert travels(view) == (1, 1)


def test_a_button_with_nothing_to_do_keeps_the_focus_and_does_nothing(view):
    undo = button(view, "Undo: hide cortex")
    undo.click()
    view.trait("history", NOTHING)
    undo = button(view, "Undo")
    assert undo.get_attribute("aria-disabled") == "true"
    assert undo.get_attribute("title") == "There is nothing to undo."
    assert undo.evaluate("element => element === document.activeElement")
    view.page.keyboard.press("Enter")
    assert travels(view) == (1, 0)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("Control+z", (1, 0)),
        ("Meta+z", (1, 0)),
        ("Control+Shift+Z", (0, 1)),
        ("Control+y", (0, 1)),
        ("Control+Alt+z", (0, 0)),
        ("z", (0, 0)),
        ("Control+Shift+Y", (0, 0)),
    ],
)
def test_keys_undo_and_redo(view, keys, expected):
    view.canvas.focus()
    view.page.keyboard.press(keys)
    assert travels(view) == expected


def test_keys_work_in_the_panel_but_in_fields_for_text(view):
    view.page.get_by_role("button", name="Reset camera").last.focus()
    view.page.keyboard.press("Control+z")
    assert travels(view) == (1, 0)
    field = view.page.get_by_label("Save as")
    field.fill("mine")
    field.press("Control+z")
    assert field.input_value() == ""
    assert travels(view) == (1, 0)
    view.page.locator("#before").focus()
    view.page.keyboard.press("Control+z")
    assert travels(view) == (1, 0)


def test_the_notebook_does_not_undo_too(view):
    view.page.evaluate(
        """() => {
            window.early = []; // as JupyterLab listens
            window.late = [];
            const told = ({ target }) => target.closest("[data-lm-suppress-shortcuts]") !== null;
            document.addEventListener("keydown", (event) => early.push([event.key, told(event)]), true);
            document.addEventListener("keydown", (event) => late.push(event.key));
        }"""
    )
    for element in (view.canvas, view.page.get_by_label("Save as")):
        element.focus()
        view.page.keyboard.press("Control+z")
        view.page.keyboard.press("Control+s")
        assert view.page.evaluate("early.splice(0)") == [
            ["Control", False],
            ["z", True],
            ["Control", False],
            ["s", False],
        ]
        assert view.page.evaluate("late.splice(0)") == ["Control", "Control", "s"]


def test_a_camera_that_goes_back_is_shown_at_once(view):
    view.canvas.focus()
    view.page.keyboard.press("PageUp")
    view.wait("kernel.sent('camera').some(({ moving }) => !moving)")
    view.page.keyboard.press("Control+z")
    back = view.page.evaluate("({ ...kernel.model.get('camera'), position: [0, 0, 777] })")
    view.trait("camera", back)
    view.page.keyboard.press("PageUp")
    view.wait("kernel.sent('camera').at(-1).camera.position[2] < 777")
    assert view.sent("camera")[-1]["camera"]["position"][2] == pytest.approx(777 / 1.1)


def test_what_cannot_be_undone_is_told(view):
    view.answer("history.undo", {"error": {"type": "SceneLost", "message": "It has gone.", "hint": ""}})
    button(view, "Undo: hide cortex").click()
    view.page.get_by_text("It has gone.").wait_for()


# ---------------------------------------------------------------------- as Python


def strip(cell):
    return cell.page.get_by_role("region", name="As Python")


def test_the_last_line_is_shown_and_copied(view):
    assert strip(view).locator("code").all_text_contents() == LINES[-1:]
    strip(view).get_by_role("button", name="Copy as Python").click()
    view.page.get_by_text("Copied.").wait_for()
    assert view.page.evaluate("navigator.clipboard.readText()") == LINES[-1]
    view.trait("history", {**DONE, "lines": [*LINES, "viewer.clear()"]})
    assert strip(view).locator("code").text_content() == "viewer.clear()"
    view.trait("history", NOTHING)
    assert strip(view).count() == 0


def test_all_lines_are_shown_and_copied(view):
    lines = [f"viewer.background = '#{number:06x}'" for number in range(50)]
    view.trait("history", {**DONE, "lines": lines})
    toggle = strip(view).get_by_role("button", name="All lines")
    assert toggle.get_attribute("aria-expanded") == "false"
    toggle.click()
    assert toggle.get_attribute("aria-expanded") == "true"
    listing = strip(view).get_by_role("group", name="What was done, as Python")
    assert listing.locator("code").all_text_contents() == lines
    at_end = "element => element.scrollTop + element.clientHeight >= element.scrollHeight - 1"
    assert listing.evaluate(f"element => element.scrollTop > 0 && ({at_end})(element)")
    view.trait("history", {**DONE, "lines": [*lines, "viewer.clear()"]})
    assert listing.evaluate(at_end)
    strip(view).get_by_role("button", name="Copy all").click()
    view.page.get_by_text("Copied.").wait_for()
    assert view.page.evaluate("navigator.clipboard.readText()") == "\n".join([*lines, "viewer.clear()"])
    toggle.click()
    assert listing.is_hidden()


def test_long_lines_do_not_widen_the_panel(open_cell):
    cell = open_cell(viewport={"width": 360, "height": 900})
    cell.page.evaluate("document.getElementById('cell').style.width = '320px'")
    cell.mount(models=[MODEL], history={**DONE, "lines": ["viewer.selection = " + "x" * 3000, *LINES]})
    strip(cell).get_by_role("button", name="All lines").click()
    for name in (".bw-panel", ".bw-lines", ".bw-line-list"):
        assert cell.page.locator(name).evaluate("element => element.scrollWidth <= element.clientWidth"), name
    cell.screenshot("history-320")


def test_what_has_the_focus_is_not_below_the_line(view):
    view.page.locator(".bw-section > summary").filter(has_text="Models").focus()
    for _ in range(60):
        view.page.keyboard.press("Tab")
        covered = view.page.evaluate(
            """() => {
                const lines = document.querySelector(".bw-lines");
                const active = document.activeElement;
                return active.closest(".bw-section") !== null
                    && active.getBoundingClientRect().bottom > lines.getBoundingClientRect().top + 0.5
                    && active.outerHTML;
            }"""
        )
        assert not covered
        if view.page.evaluate("document.activeElement.closest('.bw-lines') !== null"):
            return
    raise AssertionError("the lines cannot be reached")


# ---------------------------------------------------------------------- sections


def section(cell, title):
    return cell.page.locator("details.bw-section", has=cell.page.locator("summary", has_text=title)).first


def is_open(cell, title):
    return section(cell, title).evaluate("element => element.open")


def again(cell, **traits):
    cell.page.reload()
    cell.page.wait_for_selector("body[data-loaded]")
    cell.mount(**traits)


def wait_stored(cell, text):
    """Wait until the browser keeps a text; it is told a moment after a section has opened or closed."""
    cell.wait(f"(localStorage.getItem('brayns-widget:sections') ?? '').includes({text!r})")


def test_sections_are_as_they_were_left(view):
    assert [is_open(view, title) for title in ("Models", "Load", "Select", "View")] == [True] * 4
    section(view, "Load").locator("summary").first.click()
    section(view, "View").locator("summary").first.press("Enter")
    wait_stored(view, '"View":false')
    again(view, models=[MODEL])
    assert [is_open(view, title) for title in ("Models", "Load", "Select", "View")] == [True, False, True, False]
    section(view, "Load").locator("summary").first.click()
    wait_stored(view, '"Load":true')
    again(view, models=[MODEL])
    assert [is_open(view, title) for title in ("Models", "Load", "Select", "View")] == [True, True, True, False]


def test_connect_opens_when_it_is_needed_whatever_was_left(view):
    assert not is_open(view, "Connect")
    section(view, "Connect").locator("summary").first.click()
    again(view, models=[MODEL])
    assert not is_open(view, "Connect")
    view.trait("status", {"state": "failed", "text": "No."})
    view.trait("job", job(master="https://m.org"))
    view.wait("document.querySelector('.bw-section').open")


def test_what_the_browser_keeps_may_be_nonsense(view):
    view.page.evaluate("localStorage.setItem('brayns-widget:sections', '[1')")
    again(view, models=[MODEL])
    assert is_open(view, "Models")
