"""What a view tells when its kernel, its connection or its renderer is not there, and when it takes that back."""

from __future__ import annotations

import pytest

from brayns_widget.controller.presence import REST

pytestmark = pytest.mark.browser

# JupyterLab's kernel connection as far as the front end uses it; it stands where ipywidgets has its manager.
JUPYTER = """
const signal = () => {
    const slots = new Set();
    return { connect: (slot) => slots.add(slot), disconnect: (slot) => slots.delete(slot),
        emit: (value) => { for (const slot of [...slots]) slot(null, value); } };
};
window.jupyter = { status: "idle", statusChanged: signal(), connectionStatusChanged: signal(), disposed: signal(),
    reconnect: async () => jupyter.connectionStatusChanged.emit("connected") };
kernel.mount();
const model = kernel.model;
kernel.dispose(0);
model.widget_manager = { kernel: jupyter };
model.sent = [];
kernel.mount({}, "cell", model);
"""
RUN_AGAIN = "Run the cell again."

HIDE = """(hidden) => {
    const value = hidden ? "hidden" : "visible";
    Object.defineProperty(document, "visibilityState", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def view(cell):
    """A view in JupyterLab with a picture."""
    cell.page.evaluate(JUPYTER)
    cell.wait("kernel.sent('ready').length === 1")
    cell.frame(color="#00ff00")
    status(cell).get_by_text("Ready").wait_for()
    return cell


def status(cell):
    return cell.page.get_by_role("status")


def notice(cell):
    return cell.page.locator(".bw-notice:not([hidden])")


def is_gray(cell):
    return cell.page.evaluate("getComputedStyle(document.querySelector('canvas')).filter.includes('saturate')")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("statusChanged.emit('restarting')", "The kernel was restarted."),
        ("statusChanged.emit('autorestarting')", "The kernel was restarted."),
        ("statusChanged.emit('dead')", "The kernel has stopped."),
        ("disposed.emit()", "The kernel has stopped."),
    ],
)
def test_the_end_of_a_kernel_is_told_over_the_last_picture(view, event, words):
    view.trait("progress", {"task": "1", "operation": "Reading the circuit ...", "amount": None})
    view.page.evaluate(f"jupyter.{event}")
    assert status(view).inner_text() == words
    assert words in notice(view).inner_text()
    assert RUN_AGAIN in notice(view).inner_text()
    assert is_gray(view)
    assert view.page.evaluate("kernel.pixel()")[1] > 240, "the last picture stays"
    assert view.page.get_by_role("progressbar").count() == 0
    assert view.page.locator(".bw-panel").evaluate("panel => panel.inert")
    view.screenshot("truth-kernel-" + words.split()[-1].strip("."))


def test_a_lost_connection_is_told_with_a_button_that_connects_again(view):
    view.page.evaluate("jupyter.connectionStatusChanged.emit('connecting')")
    assert status(view).inner_text() == "The connection to Jupyter is lost."
    assert is_gray(view)
    view.screenshot("truth-unreachable")
    view.page.get_by_role("button", name="Reconnect").click()
    status(view).get_by_text("Ready").wait_for()
    assert not is_gray(view)
    assert notice(view).count() == 0
    assert len(view.sent("ready")) == 2, "frames were lost, so the view greets again"


@pytest.mark.parametrize("what", ["a camera", "a call"])
def test_a_kernel_that_does_not_answer_is_told_within_two_seconds(view, what):
    view.wait("kernel.sent('ping').length > 0")
    view.page.evaluate("kernel.model.mute = true")
    start = view.page.evaluate("performance.now()")
    if what == "a camera":
        view.canvas.focus()
        view.page.keyboard.press("ArrowLeft")
    else:
        view.page.get_by_role("button", name="Reset camera").first.click()
    status(view).get_by_text("The kernel is busy.").wait_for()
    assert (
        view.page.evaluate("performance.now()") - start < 4000
    )  # the goal is 2 s, on a machine that does nothing else
    assert not is_gray(view), "it may answer in a moment"
    assert "The kernel is busy." in view.page.locator(".bw-overlay").inner_text()
    view.screenshot("truth-busy")
    view.page.evaluate("kernel.model.mute = false")
    view.frame(seq=2)
    status(view).get_by_text("Ready").wait_for()


def test_a_renderer_that_does_not_answer_is_told(view):
    view.canvas.focus()
    view.page.keyboard.press("ArrowLeft")
    status(view).get_by_text("The renderer does not answer.").wait_for()
    view.screenshot("truth-renderer")
    view.frame(seq=2)
    status(view).get_by_text("Ready").wait_for()


def test_while_nothing_makes_pictures_the_renderer_is_not_blamed(view):
    view.canvas.focus()
    view.page.keyboard.press("ArrowLeft")
    status(view).get_by_text("The renderer does not answer.").wait_for()
    tell = "(silent) => kernel.model.deliver({ kind: 'maker', view: kernel.view(), silent })"
    view.page.evaluate(tell, True)
    words = "The process that makes the pictures does not answer. Another one will take its place."
    assert status(view).inner_text() == words
    assert words in view.page.locator(".bw-overlay").inner_text()
    assert not is_gray(view)
    view.screenshot("truth-maker")
    view.page.evaluate(tell, False)
    view.frame(seq=2)
    status(view).get_by_text("Ready").wait_for()


@pytest.mark.parametrize("width", [320, 900])
def test_a_picture_that_takes_long_is_told_and_read_out_to_nobody(view, width):
    view.page.evaluate(f"document.getElementById('cell').style.width = '{width}px'")
    tell = "(late) => kernel.model.deliver({ kind: 'late', view: kernel.view(), late })"
    view.page.evaluate(tell, True)
    drawing = view.page.get_by_text("Drawing…", exact=True)
    drawing.wait_for()
    assert drawing.evaluate("element => !element.closest('[role=status], [aria-live]')")
    assert status(view).inner_text() == "Ready"
    view.screenshot(f"truth-drawing-{width}")
    view.page.evaluate(tell, False)
    drawing.wait_for(state="detached")


def test_a_job_at_its_end_can_be_started_again(view):
    view.trait("status", {"state": "ended", "text": "The job has ended: its time was over."})
    assert "its time was over" in notice(view).inner_text()
    assert is_gray(view)
    view.answer("job.restore", {"error": {"type": "AllocationError", "message": "No machine is free.", "hint": ""}})
    again = view.page.get_by_role("button", name="Start again")
    again.click()
    view.page.get_by_text("No machine is free.").wait_for()
    view.answer("job.restore", {"result": {"task": "7"}})
    again.click()
    view.wait("kernel.calls('job.restore').length === 2")
    view.trait("status", {"state": "starting", "text": "Starting the renderer …"})
    assert notice(view).count() == 0
    assert status(view).inner_text() == "Starting the renderer…"


def test_a_view_that_was_hidden_for_an_hour_asks_at_once_and_judges_fairly(open_cell):
    cell = open_cell()
    cell.page.clock.install()
    cell.mount()
    cell.page.clock.run_for(1000)
    cell.frame()
    cell.wait("document.querySelector('.bw-status').dataset.state === 'ready'")
    cell.page.evaluate(HIDE, True)
    asked = len(cell.sent("ping"))
    cell.page.clock.fast_forward(3_600_000)
    assert len(cell.sent("ping")) == asked, "nobody looks"
    cell.page.evaluate("kernel.model.mute = true")
    cell.page.evaluate(HIDE, False)
    assert len(cell.sent("ping")) == asked + 1
    assert status(cell).inner_text() == "Ready"
    cell.page.clock.run_for(2000)
    assert status(cell).inner_text().startswith("The kernel is busy.")


def test_a_page_that_is_seen_keeps_the_scene_awake_although_nobody_touches_it(open_cell):
    cell = open_cell()
    cell.page.clock.install()
    cell.mount()
    cell.page.clock.run_for(1000)
    cell.frame()
    for hidden in (False, True):
        cell.page.evaluate(HIDE, hidden)
        for _ in range(4):
            cell.page.clock.fast_forward(1)  # what is due now is no news of the time to come
            told = len(cell.sent("visible"))
            cell.page.clock.fast_forward(int(REST / 2 * 1000))
            assert (len(cell.sent("visible")) > told) is not hidden


def test_warnings_leave_by_themselves_unless_someone_reads_them_and_errors_stay(open_cell):
    cell = open_cell()
    cell.page.clock.install()
    cell.mount()
    cell.page.clock.run_for(1000)
    cell.trait("notice", {"level": "warning", "text": "3 cells have no morphology.", "hint": "They are left out."})
    notice(cell).hover()
    cell.page.clock.run_for(60_000)
    assert notice(cell).count() == 1
    cell.page.mouse.move(500, 10)
    cell.page.clock.run_for(30_000)
    assert notice(cell).count() == 0
    cell.trait("notice", {"level": "error", "text": "It cannot be loaded.", "hint": ""})
    cell.page.clock.run_for(600_000)
    assert notice(cell).count() == 1


def test_notices_leave_most_of_the_picture_free(cell):
    cell.mount()
    cell.trait("notice", {"level": "warning", "text": "3 cells have no morphology.", "hint": "They are left out."})
    assert notice(cell).bounding_box()["height"] < cell.canvas.bounding_box()["height"] / 10
    cell.trait("notice", {"level": "error", "text": "It failed. " * 400, "hint": "Do something."})
    assert notice(cell).bounding_box()["height"] <= cell.canvas.bounding_box()["height"] / 2


def test_the_error_of_a_file_leaves_when_another_folder_is_opened(cell):
    cell.mount()
    files = [{"name": "broken.json", "path": "/data/broken.json", "size": 3}]
    listing = {"path": "/data", "parent": "/", "directories": [], "files": files, "trail": []}
    cell.answer("files.list", {"result": listing})
    error = {"type": "CircuitError", "message": "This is no circuit.", "hint": ""}
    cell.answer("files.inspect", {"error": error})
    path = cell.page.get_by_role("textbox", name="path to open")
    path.fill("/data/broken.json")
    path.press("Enter")
    cell.page.get_by_text("This is no circuit.").wait_for()
    path.fill("/data")
    path.press("Enter")
    cell.page.get_by_role("option", name="broken.json").wait_for()
    assert cell.page.locator(".bw-problem:visible").count() == 0


def test_others_on_the_page_follow_a_gesture_and_the_kernel_gets_its_end(cell):
    cell.mount()
    cell.page.evaluate(
        "window.cameras = []; kernel.model.on('change:camera', () => cameras.push(kernel.model.get('camera').position))"
    )
    box = cell.canvas.bounding_box()
    cell.page.mouse.move(box["x"] + 100, box["y"] + 100)
    cell.page.mouse.down()
    cell.page.evaluate("kernel.model.mute = true")
    cell.page.mouse.move(box["x"] + 200, box["y"] + 100, steps=5)
    cell.wait("kernel.sent('camera').length > 0")
    assert cell.page.evaluate("cameras.length") > 0
    assert cell.page.evaluate("kernel.model.saved") == [], "no message of a trait for each move"
    cell.page.mouse.up()
    cell.wait("kernel.model.saved.length === 1")
    last = cell.sent("camera")[-1]
    assert not last["moving"]
    assert cell.page.evaluate("kernel.model.saved[0].camera") == last["camera"]
