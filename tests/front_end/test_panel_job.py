"""What panel and overlay tell of a job: progress, notices, its start, its log, its loss."""

from __future__ import annotations

import pytest

from tests.front_end.panels import MODEL, job

pytestmark = pytest.mark.browser


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
    panel.page.clock.run_for(1000)  # the clock goes on by itself, too
    assert len(panel.calls("job.log")) == 1
    panel.page.clock.run_for(4100)
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


def test_what_was_sent_stays_in_the_form_until_there_is_a_job(panel):
    """The attempt may fail before or after it has changed the place, and so may the next one, with another token."""
    open_log(panel)
    form = panel.page.locator("form").filter(has_text="Run on")
    form.get_by_label("Run on").select_option("master")
    form.get_by_label("Address").fill("https://m.example.org")
    form.get_by_label("Job").fill("job-7")
    form.get_by_role("button", name="Attach").click()
    panel.wait("kernel.calls('job.connect').length === 1")
    panel.trait("notice", {"level": "error", "text": "The token is refused.", "hint": "The present job goes on."})
    panel.page.get_by_text("The token is refused.").wait_for()
    assert form.get_by_label("Address").input_value() == "https://m.example.org"
    assert form.get_by_label("Job").input_value() == "job-7"
    panel.trait("job", job(master="https://m.example.org", host=None, id=None))
    panel.trait("status", {"state": "failed", "text": "There is no job 'job-7'."})
    panel.page.locator("dd").filter(has_text="m.example.org").first.wait_for()
    assert form.get_by_label("Job").input_value() == "job-7"
    form.get_by_label("Job").fill("job-8")
    form.get_by_role("button", name="Attach").click()
    panel.wait("kernel.calls('job.connect').length === 2")
    assert panel.calls("job.connect")[1]["attach_to"] == "job-8"
    panel.trait("job", job(master="https://m.example.org", id="job-8"))
    panel.trait("status", {"state": "ready", "text": "Ready."})
    form.locator("button", has_text="Connect").wait_for(state="attached")  # folded away
    assert form.get_by_label("Job").input_value() == ""
    assert form.get_by_label("Address").input_value() == "https://m.example.org"
