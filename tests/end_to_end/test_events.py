"""What happens to a view's page, renderer, service, kernel and server: what it tells, and what processes are left.

The tests share one notebook, since each one more costs seconds; a test begins with a view that is ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from playwright.sync_api import Browser, Locator, WebSocketRoute

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, run_lab, until
from tests.processes import READER, command, runs
from tests.tcp_proxy import TcpProxy

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
needs_stop = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped there")

CODE = """\
from ipywidgets import HBox, jslink
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
other = BraynsWidget(write_circuit("circuit", cells=3), height=300)
viewer = BraynsWidget(controller=other.controller, height=300)
link = jslink((viewer, "camera"), (other, "camera"))
HBox([other, viewer])"""
SOON = 5.0
"""Seconds within which an event is told. The goal is 2 s, on a machine that does nothing else."""
LATER = 20.0
"""Seconds for what follows: processes end, pictures come, on machines that do much else."""
SESSION = "window.jupyterapp.shell.currentWidget.sessionContext.session"
HIDE = """(hidden) => {
  const value = hidden ? "hidden" : "visible";
  Object.defineProperty(document, "visibilityState", { value, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Shown:
    """A notebook that shows a circuit in two views, with the processes behind it."""

    def __init__(self, lab: Lab, notebook: Notebook) -> None:
        self.lab = lab
        self.notebook = notebook
        self.page = notebook.page

    def run(self) -> None:
        """Run the notebook, and wait for its pictures."""
        start = time.monotonic()
        self.notebook.command("notebook:run-all-cells")
        until(lambda: self.page.locator(".bw-status[data-state=ready]").count() == 2, 60, "both views")
        self.took = time.monotonic() - start
        self.notebook.wait_sharp()
        self.kernel = self.notebook.kernel_process()
        self.family = {process: command(process) for process in self.running()}

    def process(self, name: str) -> psutil.Process:
        """The process of the kernel's that runs this command itself: "renderer", "backend" or "frames"."""
        (found,) = [p for p in self.running() if runs(p, name)]
        return found

    def running(self) -> list[psutil.Process]:
        """The kernel's processes that live, but for the backend's readers, which come and go."""
        return [p for p in self.kernel.children(recursive=True) if _lives(p) and not _reads_for_backend(p)]

    def told(self, words: str, since: float | None = None, seconds: float = SOON, views: int = 2) -> None:
        """Wait until the status lines of so many views say ``words``, so many seconds ``since`` the event at most."""
        start = time.monotonic() if since is None else since
        told = self.page.locator(".bw-status").filter(has_text=words)
        until(lambda: told.count() >= views, start + seconds - time.monotonic(), repr(words))
        print(f"{words!r} after {time.monotonic() - start:.1f} s")

    @contextlib.contextmanager
    def cell(self, code: str) -> Iterator[Locator]:
        """Run code in another cell, which is deleted at the end; gives the viewers in it."""
        self.notebook.run_in_a_new_cell(code)
        try:
            yield self.page.locator(".jp-Cell").last.locator(".brayns-widget")
        finally:
            self.notebook.command("notebook:delete-cell")
            until(lambda: self.page.locator(".brayns-widget").count() == 2, LATER, "the first two views")

    def save(self) -> None:
        """Save the notebook."""
        self.notebook.command("docmanager:save")
        self.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")

    def rest(self) -> None:
        """Wait until no more pictures are drawn. Two widgets share a renderer here, so its samples do not tell."""

        def rests() -> bool:
            drawn = len(self.notebook.draws())
            self.page.wait_for_timeout(400)  # longer than between two pictures that refine
            return len(self.notebook.draws()) == drawn

        until(rests, 30, "the picture to rest")

    def told_by_one(self, words: str, since: float) -> None:
        """Wait until the view that is used says ``words``."""
        self.told(words, since, views=1)

    def check_past(self) -> None:
        """Check that the last pictures are there, and grayed."""
        assert self.page.locator(".brayns-widget[data-past=true]").count() == 2
        assert self.notebook.brightness() > 1

    def check_gone(self) -> None:
        """Check that nothing is left of the processes of the notebook's last run."""
        until(lambda: not any(map(_lives, self.family)), LATER, "the processes to end")

    def check_same(self, *replaced: str) -> None:
        """Check that the kernel has as many processes as before, the same ones but for those that were replaced."""
        gone = [command for process, command in self.family.items() if not _lives(process)]
        assert len(gone) == len(replaced)
        assert all(any(name in command for command in gone) for name in replaced)
        assert len(self.running()) == len(self.family)
        self.family = {process: command(process) for process in self.running()}

    def screenshot(self, name: str) -> None:
        """Keep what the page shows, for people to look at."""
        self.notebook.screenshot(ARTIFACTS / f"event-{name}.png")


def _reads_for_backend(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        parent = process.parent()
        return READER in command(process) and parent is not None and "backend" in command(parent)
    return False


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.fixture(scope="module")
def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with run_lab(tmp_path_factory.mktemp("events")) as lab:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, lab.root / "events.ipynb")
        shown = Shown(lab, open_notebook(lab, browser, "events.ipynb"))
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
    until(lambda: shown.notebook.evaluate("other.camera.position") != before, LATER, "the other view")
    mouse.up()
    until(lambda: shown.notebook.evaluate("viewer.camera.position == other.camera.position"), LATER, "its end")


@pytest.mark.skipif(os.name == "nt", reason="the C call is one of POSIX")
def test_a_kernel_that_is_held_by_a_c_call_is_told_until_it_answers(shown, tmp_path):
    held, go = tmp_path / "held", tmp_path / "go"
    wait = f"touch {shlex.quote(str(held))}; while [ ! -e {shlex.quote(str(go))} ]; do sleep 0.1; done"
    with shown.notebook.client() as client:
        client.execute(f"import ctypes; ctypes.PyDLL(None).system({wait.encode()!r})")
        try:
            until(held.exists, 30, "the call")
            shown.notebook.drag(0.3)
            shown.told_by_one("The kernel is busy.", time.monotonic())
            assert shown.page.locator(".brayns-widget[data-past=true]").count() == 0
        finally:
            go.touch()
    shown.told("Ready", seconds=LATER)
    shown.check_same()


@needs_stop
def test_a_stopped_renderer_is_told_until_it_goes_on(shown):
    renderer = shown.process("renderer")
    renderer.suspend()
    try:
        start = time.monotonic()
        shown.notebook.drag(0.3)
        shown.told_by_one("The renderer does not answer.", start)
        shown.screenshot("stopped-renderer")
    finally:
        renderer.resume()
    shown.told("Ready", seconds=LATER)
    shown.check_same()


@needs_stop
def test_a_server_of_jupyter_that_hangs_is_told_until_it_goes_on(shown):
    server = psutil.Process(shown.lab.process)
    server.suspend()
    try:
        start = time.monotonic()
        shown.notebook.drag(0.3)
        shown.told_by_one("Jupyter does not answer.", start)
        assert shown.page.locator(".brayns-widget[data-past=true]").count() == 0
        shown.screenshot("stopped-jupyter")
    finally:
        server.resume()
    shown.told("Ready")
    shown.check_same()


def _last_pictures(views: Locator) -> list[str]:
    script = """views => views.map((view) => view.querySelector("canvas").toDataURL())"""
    pictures: list[str] = views.evaluate_all(script)
    return pictures


def test_two_views_of_one_widget_follow_each_other_and_one_may_go(shown):
    with shown.cell("display(viewer)\ndisplay(viewer)") as views:
        until(lambda: views.count() == 2, LATER, "both views")
        views.last.scroll_into_view_if_needed()
        shown.rest()
        until(lambda: len(set(_last_pictures(views))) == 1, 30, "the same picture in both")
        before = _last_pictures(views)[0]
        shown.notebook.follows(2)  # in the last view
        shown.rest()
        until(lambda: len(set(_last_pictures(views))) == 1, 30, "the same picture in both")
        assert _last_pictures(views)[0] != before
        shown.screenshot("two-views")
        assert len(shown.notebook.evaluate("viewer.stats")["views"]) == 3
        # The second output goes; the first view stays and can be moved.
        remove = """() => {
          const { outputs } = window.jupyterapp.shell.currentWidget.content.widgets.at(-1).model;
          outputs.fromJSON(outputs.toJSON().slice(0, 1));
        }"""
        shown.page.evaluate(remove)
        until(lambda: views.count() == 1, LATER, "one view")
        until(lambda: len(shown.notebook.evaluate("viewer.stats")["views"]) == 2, LATER, "the other one to go")
        shown.notebook.follows(2)
        shown.rest()
    shown.told("Ready", seconds=LATER)
    shown.check_same()


def test_a_killed_frame_process_is_replaced_and_pictures_go_on(shown):
    shown.process("frames").kill()
    start = time.monotonic()
    while not shown.notebook.drag(0.2):
        assert time.monotonic() - start < LATER
    print(f"pictures after {time.monotonic() - start:.1f} s")
    assert shown.page.locator(".bw-status").filter(has_text="The renderer does not answer.").count() == 0
    shown.told("Ready", seconds=LATER)
    shown.rest()
    stats = shown.notebook.evaluate("viewer.stats")
    assert (stats["made_by"], stats["processes_lost"]) == ("process", 1)
    shown.check_same("frames")


@needs_stop
def test_a_frame_process_that_hangs_is_told_and_replaced(shown):
    hung = shown.process("frames")
    start = time.monotonic()
    hung.suspend()
    shown.told("The process that makes the pictures does not answer.", start)
    shown.screenshot("hung-frames")
    shown.told("Ready", start, LATER)
    assert not _lives(hung)
    start = time.monotonic()
    while not shown.notebook.drag(0.2):
        assert time.monotonic() - start < LATER
    shown.rest()
    stats = shown.notebook.evaluate("viewer.stats")
    assert (stats["made_by"], stats["processes_lost"]) == ("process", 2)
    assert {view["transport"] for view in stats["views"].values()} == {"socket"}
    shown.check_same("frames")


class Service(NamedTuple):
    """A service of the test's own: its process, the arguments of ``BraynsWidget`` for it, and what is between."""

    process: psutil.Process
    arguments: str
    proxy: TcpProxy

    def servers(self) -> int:
        """How many processes its jobs have, but for the backends' readers, which come and go."""
        children = self.process.children(recursive=True)
        return len([process for process in children if _lives(process) and not _reads_for_backend(process)])


@pytest.fixture
def service(shown: Shown) -> Iterator[Service]:
    """A service whose jobs end by themselves, when they have been ready for some seconds."""
    with _serve(shown, "--job-duration", str(round(3 + 2 * shown.took))) as service:
        yield service


@contextlib.contextmanager
def _serve(shown: Shown, *options: str) -> Iterator[Service]:
    token = secrets.token_hex(16)
    command = [sys.executable, "-P", "-m", "brayns_widget", "service", "--base-directory", str(shown.lab.root)]
    command += options
    environment = os.environ | {"BRAYNS_WIDGET_TOKEN": token, "BRAYNS_WIDGET_SPARE": "0"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            given = json.loads(process.stdout.readline()) | {"token": token}
            with TcpProxy(given["slave"]) as proxy:
                given["slave"] = proxy.url
                arguments = ", ".join(f"{name}={given[name]!r}" for name in ("master", "slave", "token"))
                yield Service(psutil.Process(process.pid), arguments, proxy)
        finally:
            process.terminate()
            process.wait(15)


def test_a_job_at_its_end_is_told_and_starts_again_with_its_scene(shown, service):
    circuit, servers = str(shown.lab.root / "circuit" / "circuit_config.json"), service.servers
    with shown.cell(f"timed = BraynsWidget({circuit!r}, {service.arguments}, height=300)\ntimed") as view:
        view.locator(".bw-model").wait_for()
        view.locator(".bw-status").filter(has_text="Ready").wait_for()
        before = servers()
        until(lambda: servers() < before, 120, "the end of the job")
        start = time.monotonic()
        view.locator(".bw-status").filter(has_text="The job has ended: its time was over.").wait_for(timeout=SOON * 1e3)
        print(f"the job's end after {time.monotonic() - start:.1f} s")
        assert view.get_attribute("data-past") == "true"
        view.scroll_into_view_if_needed()
        shown.screenshot("job-at-its-end")
        until(lambda: servers() == 0, LATER, "its servers to end")
        view.get_by_role("button", name="Start again").click()
        view.locator(".bw-status").filter(has_text="Ready").wait_for()
        assert shown.notebook.evaluate("len(timed.models)") == 1
        assert servers() == before
        shown.notebook.evaluate("timed.close()")
        until(lambda: servers() == 0, LATER, "its servers to end")
    shown.told("Ready", seconds=LATER)
    shown.check_same()


def test_a_lost_connection_is_told_until_the_same_job_is_reached_again(shown):
    circuit = str(shown.lab.root / "circuit" / "circuit_config.json")
    with _serve(shown) as service:
        code = f"far = BraynsWidget({circuit!r}, {service.arguments}, height=300)\nfar"
        with shown.cell(code) as view:
            view.locator(".bw-model").wait_for()
            status = view.locator(".bw-status")
            status.filter(has_text="Ready").wait_for()
            before = shown.notebook.evaluate("far.job.id"), service.servers()
            view.scroll_into_view_if_needed()
            service.proxy.refuse(True)
            service.proxy.reset()
            status.filter(has_text="Connecting again, attempt").wait_for(timeout=SOON * 1e3)
            assert view.get_attribute("data-past") == "true"
            assert view.locator(".bw-model").count() == 1
            shown.screenshot("lost-connection")
            service.proxy.refuse(False)
            status.filter(has_text="Ready").wait_for(timeout=3 * LATER * 1e3)
            assert (shown.notebook.evaluate("far.job.id"), service.servers()) == before
            shown.notebook.evaluate("far.close()")
            until(lambda: service.servers() == 0, LATER, "its servers to end")
    shown.told("Ready", seconds=LATER)
    shown.check_same()


def test_a_page_that_was_frozen_tells_what_happened_meanwhile_and_what_helps(shown):
    tools = shown.page.context.new_cdp_session(shown.page)
    tools.send("Page.setWebLifecycleState", {"state": "frozen"})
    shown.process("renderer").kill()
    start = time.monotonic()
    tools.send("Page.setWebLifecycleState", {"state": "active"})
    shown.told("perhaps because memory ran out" if os.name == "posix" else "ended with exit code", start)
    shown.check_past()
    assert "SIG" not in shown.page.locator(".bw-notice").first.inner_text()
    shown.screenshot("killed-renderer")
    shown.page.get_by_role("button", name="Start again").last.click()
    shown.told("Ready", seconds=60)
    shown.check_same("renderer", "backend", READER)


def test_a_reloaded_page_tells_the_same_in_all_its_views(shown):
    shown.save()
    shown.page.reload(wait_until="domcontentloaded")
    shown.told("Ready", seconds=60)
    assert shown.process("renderer")


@pytest.fixture
def elsewhere(shown: Shown, browser: Browser) -> Iterator[Shown]:
    """The same notebook on another page, whose clock can jump: to its scripts it is what follows a sleep."""
    shown.save()
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.clock.install()
    other = Shown(shown.lab, Notebook(shown.lab, page, "events.ipynb"))
    other.kernel = shown.kernel
    other.family = {process: command(process) for process in shown.running()}
    other.told("Ready", seconds=60)
    until(other.notebook.draws, 30, "a picture")
    try:
        yield other
    finally:
        page.close()


def test_a_page_that_was_hidden_for_an_hour_goes_on_at_once(shown, elsewhere):
    """The page is told that it is hidden, and its clock jumps; to the kernel a second is an hour."""
    with shown.notebook.client() as client:
        client.execute("from brayns_widget.controller import presence; presence.REST, rest = 1.0, presence.REST")
        for page in (shown.page, elsewhere.page):
            page.evaluate(HIDE, True)
        drawn = len(elsewhere.notebook.draws())
        elsewhere.page.clock.fast_forward("01:00:00")
        client.execute("__import__('time').sleep(3)", reply=True, timeout=30)
        client.execute("presence.REST = rest", reply=True, timeout=30)
    for page in (shown.page, elsewhere.page):
        page.evaluate(HIDE, False)
    start = time.monotonic()
    elsewhere.told("Ready", start)
    until(lambda: len(elsewhere.notebook.draws()) > drawn or elsewhere.notebook.drag(0.2), LATER, "a picture")
    print(f"a picture after {time.monotonic() - start:.1f} s")
    shown.told("Ready", start)
    elsewhere.check_same()


@needs_stop
def test_a_laptop_that_slept_goes_on_with_the_same_processes(shown, elsewhere):
    """All processes but the browser's stop for longer than a frame process may be silent; the page's clock jumps."""
    lost = shown.notebook.evaluate("viewer.stats")["processes_lost"]
    asleep = [psutil.Process(shown.lab.process), shown.kernel, *elsewhere.family]
    for process in asleep:
        process.suspend()
    try:
        elsewhere.page.clock.fast_forward("08:00:00")
        elsewhere.page.wait_for_timeout(6000)
    finally:
        for process in asleep:
            process.resume()
    start = time.monotonic()
    elsewhere.told("Ready", start)
    shown.told("Ready", start)
    until(lambda: elsewhere.notebook.drag(0.2), LATER, "a picture")
    print(f"a picture after {time.monotonic() - start:.1f} s")
    assert shown.notebook.evaluate("viewer.stats")["processes_lost"] == lost
    elsewhere.check_same()


def test_a_socket_that_could_not_be_opened_is_tried_again_when_the_page_is_online(shown):
    blocked = [True]

    def forward(socket: WebSocketRoute) -> None:
        if blocked:
            socket.close()
        else:
            socket.connect_to_server()

    def transports() -> list[str]:
        views = shown.notebook.evaluate("viewer.stats")["views"]
        return [view["transport"] for view in views.values()]

    shown.save()
    shown.page.route_web_socket("**/frames", forward)
    shown.page.reload(wait_until="domcontentloaded")
    shown.told("Ready", seconds=60)
    until(shown.notebook.draws, LATER, "a picture")
    shown.notebook.follows()
    assert "socket" not in transports()
    blocked.clear()

    def try_again() -> bool:
        shown.page.evaluate("window.dispatchEvent(new Event('online'))")  # within 5 s of the failure nothing is tried
        return "socket" in transports()

    until(try_again, LATER, "the socket")
    until(lambda: shown.notebook.drag(0.2), LATER, "a picture")
    shown.told("Ready", seconds=LATER)
    shown.check_same()


def test_a_restarted_kernel_is_told_and_leaves_no_process(shown):
    shown.run()
    start = time.monotonic()
    shown.page.evaluate(f"void {SESSION}.kernel.restart()")
    shown.told("The kernel was restarted.", start)
    shown.check_past()
    shown.screenshot("restarted")
    shown.check_gone()


def test_a_killed_service_is_told_and_its_servers_end(shown):
    shown.run()
    shown.family = {p: command for p, command in shown.family.items() if "frames" not in command}  # the kernel's
    start = time.monotonic()
    (service,) = [p for p, command in shown.family.items() if "service" in command]
    service.kill()
    shown.told("The job has ended, because the local service has.", start)
    shown.check_past()
    shown.check_gone()


def test_a_killed_kernel_is_told_and_leaves_no_process(shown):
    shown.run()
    start = time.monotonic()
    shown.kernel.kill()
    shown.told("The kernel has ended.", start)
    shown.check_past()
    shown.screenshot("killed-kernel")
    shown.told("The kernel was restarted.", start, LATER)  # by Jupyter, which looks every 3 s
    shown.check_past()
    shown.check_gone()
    shown.page.keyboard.press("Enter")  # closes what JupyterLab says of it


def test_a_closed_widget_leaves_no_view_and_no_process(shown):
    shown.run()
    own = {"service", "frames"}  # which are the kernel's
    servers = [p for p, command in shown.family.items() if not own & set(command)]
    assert len(servers) >= 2
    shown.notebook.evaluate("viewer.close() or other.close()")
    until(lambda: shown.page.locator(".brayns-widget").count() == 0, LATER, "the views to go")
    until(lambda: not any(map(_lives, servers)), LATER, "the servers to end")


class Hub(BaseHTTPRequestHandler):
    """What JupyterHub answers in the place of a server that it does not have any more."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None: ...


def test_a_server_that_is_gone_is_told_and_leaves_no_process_and_on_binder_the_view_says_why(shown):
    shown.notebook.evaluate("__import__('os').environ.update(BINDER_LAUNCH_HOST='https://binder.example/')")
    shown.run()
    start = time.monotonic()
    psutil.Process(shown.lab.process).kill()
    shown.told("The connection to Jupyter is lost.", start)
    shown.check_past()
    assert shown.page.get_by_role("button", name="Reconnect").count() == 2
    shown.screenshot("server")
    shown.check_gone()
    with ThreadingHTTPServer(("127.0.0.1", urlsplit(shown.lab.url).port or 0), Hub) as hub:
        Thread(target=hub.serve_forever).start()
        try:
            shown.told("Binder has ended this session.", seconds=LATER)
        finally:
            hub.shutdown()
    shown.check_past()
    shown.screenshot("binder")
