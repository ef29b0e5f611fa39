"""Faults between client and proxies of both editions, as a view in a real browser tells of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from brayns_widget.connection.connection import START_TIMEOUT
from tests.browser import ARTIFACTS, launch
from tests.end_to_end.lab import Lab, Notebook, open_notebook, run_lab, write_notebook
from tests.fakes import FakeCluster
from tests.faults.proxies import EDITIONS, END_TIME, Edition, Proxies
from tests.faults.waiting import until
from tests.tcp_proxy import TcpProxy

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WAIT = 60.0
HURRY = 2.0
# People see within 2 s that a call was cancelled; a busy machine may halt browser, kernel or test for as long as that.
CANCELLED = 2.0 + 2.0
STATUS = "GET /status"
NOTICE = ".bw-notice .bw-words > p:not(.bw-problem)"
LOCKED = 500, "database is locked"
MANY = 10_000  # answers, until others are wanted
# Silence, and a job that a start gave up, are noticed sooner than people need, or the test would wait for it.
CODE = """
from functools import partial
from brayns_widget import BraynsWidget
from brayns_widget.connection import job
from brayns_widget.connection.link import Link
Link.open = partial(Link.open, idle=1.0, patience=2.0)
job.GIVEN_UP_PAUSE = 0.5
viewer = BraynsWidget("/data/circuit.json", population="cells", **{options!r})
viewer
"""

ENDED = """
try:
    task.result(10)
except Exception as error:
    print("It ended with", type(error).__name__)
"""


@dataclass
class View:
    """A view that shows a circuit, and what is behind it.

    Attributes:
        notebook: where it is.
        cluster: has the servers.
        proxies: in front of them.
        master, slave: the ways to the proxies.
        jobs: how many there should have been.
        loads: how often the renderer should have been asked to load.
    """

    notebook: Notebook
    cluster: FakeCluster
    proxies: Proxies
    master: TcpProxy
    slave: TcpProxy
    jobs: int = 1
    loads: int = 1

    def says(self, words: str, selector: str = ".bw-status") -> None:
        """Wait until the view says what fits a pattern; it is about one thing at a time."""
        expect(self.notebook.page.locator(selector)).to_have_text(re.compile(words), timeout=WAIT * 1e3)

    def start_again(self) -> None:
        """Click on the button that helps."""
        self.notebook.page.get_by_role("button", name="Start again").first.click()

    def stop_job(self) -> None:
        """Stop the job in the panel; its scene comes back with another one."""
        section = self.notebook.page.locator("details.bw-section").filter(has_text="Connect").first
        if section.get_attribute("open") is None:
            section.locator("summary").first.click()
        section.get_by_role("button", name="Stop the job").click()
        self.jobs += 1
        self.loads += 1

    def keep(self, fault: str) -> None:
        """Keep what is shown for people to look at."""
        self.notebook.screenshot(ARTIFACTS / f"{fault}-{self.proxies.edition}.png")

    def end_job(self) -> None:
        """Let the job be over, and its renderer die; wait until that is told."""
        self.proxies.job.died = True
        self.cluster.kill_renderer()
        self.says(f"The job has ended. It was to end at {END_TIME[:4]}")
        self.cluster.renderer.models.clear()
        self.jobs += 1  # people start another one
        self.loads += 1

    def fails(self, words: str, fault: str) -> None:
        """Wait until the view says why the start has failed, and that it has; people start one more job."""
        self.says(words)
        expect(self.notebook.page.locator(".bw-status")).to_have_attribute("data-state", "failed", timeout=WAIT * 1e3)
        self.keep(fault)
        self.jobs += 1

    @contextlib.contextmanager
    def hurry(self) -> Iterator[None]:
        """Give up a start sooner than people do, or the test would wait for it."""
        self.set_start_timeout(HURRY)
        yield
        self.set_start_timeout(START_TIMEOUT)

    def set_start_timeout(self, seconds: float) -> None:
        """Set how long the next starts may take."""
        said = f"job {self.jobs} has {seconds:g} s"
        self.run(f"viewer.controller._core.connection._start_timeout = {seconds}; print({said!r})", said)

    def run(self, code: str, said: str) -> None:
        """Run a cell, and wait for the line that it prints."""
        self.notebook.run_in_a_new_cell(code)
        output = self.notebook.page.locator(".jp-OutputArea-output").get_by_text(said, exact=True)
        output.wait_for(state="attached", timeout=WAIT * 1e3)

    def begin_again(self) -> None:
        """Start another job after one that was stopped, whose renderer has lost its scene."""
        self.cluster.renderer.models.clear()
        self.start_again()
        self.is_whole()

    def is_whole(self) -> None:
        """Wait until job and scene are there, and check that nothing came twice."""
        until(lambda: len(self.proxies.jobs) == self.jobs, WAIT)
        self.says("^Ready")
        expect(self.notebook.page.locator(".bw-model")).to_have_count(1, timeout=WAIT * 1e3)
        assert len(self.proxies.jobs) == self.jobs
        assert self.proxies.asked("add-model") == self.loads
        assert sum(model["model_type"] == "neurons" for model in self.cluster.renderer.models) == 1


def reset(view: View) -> None:
    """Links break, and the slave is away for a moment."""
    view.slave.refuse(True)
    view.slave.reset()
    view.says("The connection to the renderer was lost. The job runs. Connecting again")
    view.keep("reset")
    view.slave.refuse(False)
    view.is_whole()


def silence(view: View) -> None:
    """Packets vanish."""
    view.slave.be_silent(True)
    view.says("has stopped answering")
    view.keep("silence")
    view.slave.be_silent(False)
    view.is_whole()


def master_away(view: View) -> None:
    """The master is away, too, when links break."""
    view.master.refuse(True)
    view.master.reset()
    view.slave.refuse(True)
    view.slave.reset()
    view.says("The proxy does not answer, either")
    view.keep("master-away")
    view.slave.refuse(False)
    view.master.refuse(False)
    view.is_whole()


def dead_backend(view: View) -> None:
    """The backend dies and comes back."""
    address = view.proxies.servers["backend"]
    view.proxies.servers["backend"] = "ws://127.0.0.1:9"
    view.cluster.break_backend()
    view.says("backend", NOTICE)
    view.keep("backend")
    view.proxies.servers["backend"] = address
    expect(view.notebook.page.locator(".bw-notice")).to_be_hidden(timeout=WAIT * 1e3)
    view.is_whole()


def job_over(view: View) -> None:
    """The job is over, and the renderer gone with it; people start another one."""
    view.end_job()
    view.keep("job-over")
    view.start_again()
    view.is_whole()


def refused_token(view: View) -> None:
    """The token is not valid when another job is to be started; a moment later it is."""
    view.end_job()
    token, view.proxies.token = view.proxies.token, "another"
    view.start_again()
    view.says("HTTP 401")
    view.keep("token")
    view.proxies.token = token
    view.start_again()
    view.is_whole()


def silence_of_a_load(view: View) -> None:
    """Packets vanish while something is loaded; people cancel it before that is noticed."""
    renderer = view.cluster.renderer
    renderer.silent.add("add-model")
    view.loads += 1
    view.notebook.run_in_a_new_cell('task = viewer.load_circuit("/data/circuit.json", population="cells")')
    until(lambda: view.proxies.asked("add-model") == view.loads, WAIT)
    cancel = view.notebook.page.locator(".bw-progress").get_by_role("button", name="Cancel")
    cancel.wait_for()
    view.slave.be_silent(True)
    cancel.click()
    expect(cancel).to_be_hidden(timeout=CANCELLED * 1e3)
    view.run(ENDED, "It ended with RequestCancelled")
    view.says("has stopped answering")
    view.keep("silence-of-a-load")
    renderer.silent.clear()
    view.slave.be_silent(False)
    view.is_whole()


def reset_of_a_load(view: View) -> None:
    """Links break while something is loaded, which fails; what was loaded before is there still."""
    renderer = view.cluster.renderer
    renderer.silent.add("add-model")
    view.loads += 1
    view.notebook.run_in_a_new_cell('task = viewer.load_circuit("/data/circuit.json", population="cells")')
    until(lambda: view.proxies.asked("add-model") == view.loads, WAIT)
    view.slave.refuse(True)
    view.slave.reset()
    view.says("The connection to the renderer was lost. The job runs. Connecting again")
    view.run(ENDED, "It ended with ConnectionLost")
    view.keep("reset-of-a-load")
    renderer.silent.clear()
    view.slave.refuse(False)
    view.is_whole()


def stop_without_master(view: View) -> None:
    """The master is away when people stop the job; its servers quit, but it may run on."""
    view.master.refuse(True)
    view.master.reset()
    view.stop_job()
    view.says("^The job could not be stopped, and may run on")
    view.says(rf"The job {view.proxies.job.id} of .* may run on, until {END_TIME[:4]}.*Its servers have quit", NOTICE)
    view.keep("stop-without-master")
    view.master.refuse(False)
    view.begin_again()


def stop_with_a_dead_token(view: View) -> None:
    """The token is not valid when people stop the job; the servers quit, which ends it where no master could."""
    token, view.proxies.token = view.proxies.token, "another"
    view.stop_job()
    if view.proxies.edition == "2023":
        view.says("^The job was stopped")
    else:
        view.says("^The job could not be stopped, and may run on")
        view.says(f"The job {view.proxies.job.id} of .* may run on.*HTTP 401", NOTICE)
    view.keep("stop-with-a-dead-token")
    view.proxies.token = token
    view.begin_again()


def renderer_down(view: View) -> None:
    """The renderer is down when another job is connected."""
    view.end_job()
    address = view.proxies.servers["renderer"]
    view.proxies.servers["renderer"] = "ws://127.0.0.1:9"
    with view.hurry():
        view.start_again()
        view.fails("renderer", "renderer-down")
    view.proxies.servers["renderer"] = address
    view.start_again()
    view.is_whole()


def full_queue(view: View) -> None:
    """Another job does not leave the queue in time; when it does, it is ended."""
    view.end_job()
    polls, view.proxies.polls = view.proxies.polls, 10**6
    with view.hurry():
        view.start_again()
        view.fails(f"within {HURRY:g} s", "full-queue")
    if view.proxies.edition == "2023":  # it cannot be stopped in its queue
        view.says(f"The job {view.proxies.job.id} of .* may run on.*If it comes up within 60 minutes", NOTICE)
        view.keep("full-queue-left")
    view.proxies.polls = view.proxies.job.polls = polls
    until(lambda: not view.proxies.running(), WAIT)
    view.start_again()
    view.is_whole()


def dead_in_the_queue(view: View) -> None:
    """Another job ends before it is ready."""
    view.end_job()
    polls, view.proxies.polls = view.proxies.polls, 10**6
    view.start_again()
    until(lambda: len(view.proxies.jobs) == view.jobs and view.proxies.job.polls < 10**6, WAIT)
    if view.proxies.edition == "2023":  # it runs, and is not ready yet
        view.proxies.job.polls = 1
        until(lambda: view.proxies.job.polls <= 0, WAIT)
    view.proxies.job.died = True
    view.fails("ended before it was ready", "dead-in-the-queue")
    view.proxies.polls = polls
    view.start_again()
    view.is_whole()


def locked_database(view: View) -> None:
    """The master's database is locked when links break."""
    view.proxies.answers[STATUS] = [LOCKED] * MANY
    view.slave.refuse(True)
    view.slave.reset()
    view.says("HTTP 500, database is locked. Connecting again")
    view.keep("locked-database")
    view.proxies.answers[STATUS] = []
    view.slave.refuse(False)
    view.is_whole()


def locked_at_a_start(view: View) -> None:
    """The master's database is locked while another job starts."""
    view.end_job()
    view.proxies.answers[STATUS] = [LOCKED] * MANY
    view.start_again()
    view.says("HTTP 500, database is locked. Asking again")
    view.keep("locked-at-a-start")
    view.proxies.answers[STATUS] = []
    view.is_whole()


def full_disk(view: View) -> None:
    """The disk of the master's database is full when another job is to be started; a moment later it is not."""
    view.end_job()
    view.proxies.answers["POST /start"] = [(503, "database or disk is full")]
    view.start_again()
    view.says("HTTP 503, database or disk is full. Try again later")
    view.keep("full-disk")
    view.start_again()
    view.is_whole()


STARTS = refused_token, renderer_down, full_queue, dead_in_the_queue, locked_at_a_start, full_disk
"""What happens to the start of another job."""

STOPS = stop_without_master, stop_with_a_dead_token
"""What happens when people stop the job."""

LOADS = silence_of_a_load, reset_of_a_load
"""What happens to a load."""

ROWS: dict[Edition, tuple[Callable[[View], None], ...]] = {
    "2023": (reset, silence, *LOADS, master_away, locked_database, dead_backend, *STOPS, job_over, *STARTS),
    "2024": (reset, silence, *LOADS, master_away, locked_database, *STOPS, job_over, *STARTS),  # there is no backend
}


@pytest.fixture
def browser() -> Iterator[Browser]:
    with launch() as browser:
        yield browser


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with run_lab(tmp_path / "lab") as lab:
        yield lab


@contextlib.contextmanager
def shown(edition: Edition, lab: Lab, browser: Browser) -> Iterator[View]:
    with (
        FakeCluster(polls=0) as cluster,
        Proxies.of(cluster, edition, ends=False) as proxies,
        TcpProxy(proxies.master) as master,
        TcpProxy(proxies.slave) as slave,
    ):
        code = CODE.format(options=proxies.options | {"master": master.url, "slave": slave.url})
        notebook = open_notebook(lab, browser, write_notebook(lab.root, f"faults-{edition}.ipynb", code))
        notebook.command("notebook:run-all-cells")
        notebook.page.locator(".bw-model").wait_for(timeout=WAIT * 1e3)
        yield View(notebook, cluster, proxies, master, slave)
        notebook.page.close()


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_view_tells_of_each_fault_and_shows_the_scene_again(edition, lab, browser):
    """All rows in one, as a notebook takes longer to start than the faults take together."""
    with shown(edition, lab, browser) as view:
        view.is_whole()
        for fault in ROWS[edition]:
            try:
                fault(view)
            except BaseException as error:
                error.add_note(f"It was in the row {fault.__name__}.")
                raise
