"""What happens to a view's page, renderer, service, kernel and server: what it tells, and what processes are left.

The tests share one notebook, since each one more costs seconds; a test begins with a view that is ready.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Callable, Iterator

import nbformat
import psutil
import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Notebook, open_notebook, run_lab, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CODE = """\
from ipywidgets import HBox, jslink
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
other = BraynsWidget(write_circuit("circuit", cells=3), height=300)
viewer = BraynsWidget(controller=other.controller, height=300)
link = jslink((viewer, "camera"), (other, "camera"))
HBox([other, viewer])"""
# The goal is 2 s, on a machine that does nothing else. JupyterLab itself looks for kernels that died every 3 s.
SOON = 15.0
SESSION = "window.jupyterapp.shell.currentWidget.sessionContext.session"


class Shown:
    """A notebook that shows a circuit in two views, with the processes behind it."""

    def __init__(self, notebook: Notebook, stop_server: Callable[[], None]) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.stop_server = stop_server

    def run(self) -> None:
        """Run the notebook, and wait for its pictures."""
        self.notebook.command("notebook:run-all-cells")
        until(lambda: self.page.locator(".bw-status[data-state=ready]").count() == 2, 60, "both views")
        self.notebook.wait_sharp()
        self.kernel = self.notebook.kernel_process()
        self.family = self.kernel.children(recursive=True)

    def process(self, name: str) -> psutil.Process:
        """The process of the kernel's that runs this command and has no children: "renderer" or "backend"."""
        running = [p for p in self.kernel.children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
        found: psutil.Process
        (found,) = [p for p in running if name in p.cmdline() and not p.children()]
        return found

    def told(self, words: str, seconds: float = SOON) -> None:
        """Wait until the status lines of both views say ``words``."""
        start = time.monotonic()
        until(lambda: self.page.locator(".bw-status").filter(has_text=words).count() == 2, seconds, repr(words))
        print(f"{words!r} after {time.monotonic() - start:.1f} s")

    def check_past(self) -> None:
        """Check that the last pictures are there, and grayed."""
        assert self.page.locator(".brayns-widget[data-past=true]").count() == 2
        assert self.notebook.brightness() > 1

    def check_gone(self) -> None:
        """Check that nothing is left of the processes of the notebook's last run."""
        until(lambda: not any(map(_lives, self.family)), SOON, "the processes to end")

    def screenshot(self, name: str) -> None:
        """Keep what the page shows, for people to look at."""
        self.notebook.screenshot(ARTIFACTS / f"event-{name}.png")


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.fixture(scope="module")
def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with contextlib.ExitStack() as server:
        lab = server.enter_context(run_lab(tmp_path_factory.mktemp("events")))
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, lab.root / "events.ipynb")
        shown = Shown(open_notebook(lab, browser, "events.ipynb"), server.close)
        shown.run()
        yield shown
        shown.page.close()


def test_a_linked_view_follows_during_the_gesture(shown):
    box = shown.notebook.canvas.bounding_box()
    mouse = shown.page.mouse
    mouse.move(box["x"] + 100, box["y"] + 100)
    before = shown.notebook.evaluate("other.camera.position")
    mouse.down()
    mouse.move(box["x"] + 200, box["y"] + 100, steps=10)
    until(lambda: shown.notebook.evaluate("other.camera.position") != before, SOON, "the other view")
    mouse.up()
    until(lambda: shown.notebook.evaluate("viewer.camera.position == other.camera.position"), SOON, "its end")


@pytest.mark.skipif(os.name == "nt", reason="the C call is one of POSIX")
def test_a_kernel_that_is_held_by_a_c_call_is_told_until_it_answers(shown, tmp_path):
    held, go = tmp_path / "held", tmp_path / "go"
    wait = f"touch {shlex.quote(str(held))}; while [ ! -e {shlex.quote(str(go))} ]; do sleep 0.1; done"
    with shown.notebook.client() as client:
        client.execute(f"import ctypes; ctypes.PyDLL(None).system({wait.encode()!r})")
        try:
            until(held.exists, 30, "the call")
            shown.notebook.drag(0.3)
            shown.notebook.wait_for_text(".bw-status", "The kernel is busy.", SOON)
            assert shown.page.locator(".brayns-widget[data-past=true]").count() == 0
        finally:
            go.touch()
    shown.told("Ready")
    assert [p for p in shown.family if not _lives(p)] == []


def test_a_stopped_renderer_is_told_until_it_goes_on(shown):
    renderer = shown.process("renderer")
    renderer.suspend()
    try:
        shown.notebook.drag(0.3)
        shown.notebook.wait_for_text(".bw-status", "The renderer does not answer.", SOON)
        shown.screenshot("stopped-renderer")
    finally:
        renderer.resume()
    shown.told("Ready")
    assert renderer.is_running()


def test_a_page_that_was_frozen_tells_what_happened_meanwhile_and_what_helps(shown):
    tools = shown.page.context.new_cdp_session(shown.page)
    tools.send("Page.setWebLifecycleState", {"state": "frozen"})
    shown.process("renderer").kill()
    tools.send("Page.setWebLifecycleState", {"state": "active"})
    shown.told("perhaps because memory ran out" if os.name == "posix" else "ended with exit code")
    shown.check_past()
    assert "SIG" not in shown.page.locator(".bw-notice").first.inner_text()
    shown.screenshot("killed-renderer")
    shown.page.get_by_role("button", name="Start again").last.click()
    shown.told("Ready", 60)
    assert len([p for p in shown.kernel.children(recursive=True) if _lives(p)]) == len(shown.family)


def test_a_reloaded_page_tells_the_same_in_all_its_views(shown):
    shown.notebook.command("docmanager:save")
    shown.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    shown.page.reload(wait_until="domcontentloaded")
    shown.told("Ready", 60)
    assert shown.process("renderer")


def test_a_restarted_kernel_is_told_and_leaves_no_process(shown):
    shown.run()
    shown.page.evaluate(f"void {SESSION}.kernel.restart()")
    shown.told("The kernel was restarted.")
    shown.check_past()
    shown.screenshot("restarted")
    shown.check_gone()


def test_a_killed_service_is_told_and_its_servers_end(shown):
    shown.run()
    (service,) = [p for p in shown.family if "service" in p.cmdline()]
    shown.family = [p for p in shown.family if "frames" not in p.cmdline()]  # the frame process is the kernel's
    service.kill()
    shown.told("The connection to the renderer was lost.")
    shown.check_past()
    shown.check_gone()


def test_a_killed_kernel_is_told_and_leaves_no_process(shown):
    shown.run()
    shown.kernel.kill()
    shown.told("The kernel was restarted.")  # by Jupyter
    shown.check_past()
    shown.check_gone()
    shown.page.keyboard.press("Enter")  # closes what JupyterLab says of it


def test_a_closed_widget_leaves_no_view_and_no_process(shown):
    shown.run()
    own = {"service", "frames"}  # which are the kernel's
    servers = [p for p in shown.family if not own & set(p.cmdline())]
    assert len(servers) >= 2
    shown.notebook.evaluate("viewer.close() or other.close()")
    until(lambda: shown.page.locator(".brayns-widget").count() == 0, SOON, "the views to go")
    until(lambda: not any(map(_lives, servers)), SOON, "the servers to end")


def test_a_stopped_server_is_told_and_leaves_no_process(shown):
    shown.run()
    shown.stop_server()
    shown.told("The connection to Jupyter is lost.", 30)
    shown.check_past()
    assert shown.page.get_by_role("button", name="Reconnect").count() == 2
    shown.screenshot("server")
    shown.check_gone()
