"""The panel's section Connect in a real JupyterLab: local, remote, a wrong token, the end of a job's time."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from brayns_widget import Controller
from brayns_widget.demo import write_circuit
from tests.browser import ARTIFACTS
from tests.end_to_end.lab import LOG, Lab, Notebook, open_notebook, until, write_notebook
from tests.fakes import JOB_ID, TOKEN, FakeCluster

pytestmark = pytest.mark.browser

LOCAL = "from brayns_widget import BraynsWidget\nviewer = BraynsWidget()\nviewer"
REMOTE = """
from brayns_widget import BraynsWidget
viewer = BraynsWidget(master={master!r}, slave={slave!r}, token={token!r})
viewer
"""
LEFT = """
import os
from brayns_widget import Controller
os.environ["BRAYNS_WIDGET_TOKEN"] = {token!r}
os.environ["BRAYNS_WIDGET_RECORDS"] = {records!r}  # those of other tests' jobs are elsewhere
left = Controller(master={master!r}, slave={slave!r})
left.start().result(20)
left.job.close(stop=False)
"""
NARROW = "() => { document.querySelectorAll('.bw-host').forEach((host) => { host.style.width = '420px'; }); }"
DARK = "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
LIGHT = "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster(polls=2) as fake:
        fake.renderer.color_values = {}
        yield fake


def run_notebook(lab: Lab, browser: Browser, name: str, *cells: str) -> Notebook:
    nb = open_notebook(lab, browser, write_notebook(lab.root, f"{name}.ipynb", *cells))
    nb.command("notebook:run-all-cells")
    nb.wait_for_text(".bw-status", "Ready", 90)
    return nb


def section(nb: Notebook) -> Locator:
    return nb.page.locator("details.bw-section").filter(has_text="Connect").first


def open_section(nb: Notebook) -> Locator:
    found = section(nb)
    if found.get_attribute("open") is None:
        found.locator("summary").first.click()
    return found


def fill_in(found: Locator, cluster: FakeCluster, token: str) -> None:
    """Fill the form for a proxy master, and submit it by the keyboard."""
    found.get_by_label("Run on").select_option("master")
    found.get_by_label("Address").fill(cluster.master)
    found.get_by_label("Slave").fill(cluster.slave)
    found.get_by_label("Project").fill("proj7")
    field = found.get_by_label("Token, sent to the kernel once and not kept")
    field.fill(token)
    field.press("Enter")
    expect(field).to_have_value("")


def test_from_the_local_service_to_a_master_and_back(lab: Lab, browser: Browser, cluster: FakeCluster) -> None:
    nb = run_notebook(lab, browser, "connect", LOCAL)
    found = section(nb)
    expect(found).not_to_have_attribute("open", "")  # it folds away
    open_section(nb)
    expect(found.locator(".bw-facts")).to_contain_text("Local service")

    fill_in(found, cluster, "wrong-token-0815")
    refused = nb.page.locator(".bw-notice").filter(has_text="The present job goes on.")
    expect(refused).to_contain_text("HTTP 401. The token is wrong or expired")
    expect(found.get_by_label("Address")).to_have_value(cluster.master)
    assert nb.evaluate("viewer.status.state") == "ready"
    assert not [call for call in cluster.calls if call[0] == "POST"]
    nb.screenshot(ARTIFACTS / "connect-wrong-token.png")

    cluster.polls = 10**9
    minutes = found.get_by_label("Start within so many minutes")
    minutes.fill("0.02")
    fill_in(found, cluster, TOKEN)
    expect(found.locator(".bw-problem").first).to_contain_text("The job was not ready within 1.2 s")
    nb.screenshot(ARTIFACTS / "connect-start-within.png")
    minutes.fill("3")
    fill_in(found, cluster, TOKEN)
    expect(found.locator(".bw-starting")).to_contain_text("Waiting for a machine")
    nb.screenshot(ARTIFACTS / "connect-queued.png")
    found.get_by_role("button", name="Cancel the start").press("Enter")
    nb.wait_for_text(".bw-status", "The start was cancelled.")

    cluster.polls = 2
    fill_in(found, cluster, TOKEN)
    nb.wait_for_text(".bw-status", "Ready")
    expect(found).not_to_have_attribute("open", "")
    open_section(nb)
    expect(found.locator(".bw-facts")).to_contain_text(JOB_ID)
    assert ("POST", "/start", {"usecase": "SBO1", "project": "proj7"}) in cluster.calls
    nb.screenshot(ARTIFACTS / "connect-remote.png")
    assert places_of(TOKEN, lab, nb) == []
    assert places_of("wrong-token-0815", lab, nb) == []

    found.get_by_label("Run on").select_option("local")
    found.get_by_role("button", name="Connect", exact=True).click()
    nb.wait_for_text(".bw-status", "Ready", 60)
    expect(found.locator(".bw-facts")).to_contain_text("Local service")
    nb.page.close()


def places_of(secret: str, lab: Lab, nb: Notebook) -> list[str]:
    """Return where a secret can be found."""
    nb.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    values = "[...document.querySelectorAll('input, textarea')].map(({ value }) => value).join(' ')"
    stores = "JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"
    looked = {
        "notebook": "".join(path.read_text(encoding="utf-8") for path in lab.root.glob("*.ipynb")),
        "log": (lab.root.parent / LOG).read_text(encoding="utf-8"),
        "traits": nb.evaluate("repr(viewer.get_state())"),
        "state": nb.evaluate("repr(viewer.controller.state)"),
        "last message": nb.evaluate("repr(get_ipython().get_parent())"),
        "names": nb.evaluate("repr({name: value for name, value in globals().items()})"),
        "document": nb.page.content(),
        "fields": nb.page.evaluate(values),
        "stores": nb.page.evaluate(stores),
    }
    assert all(looked.values())
    return [name for name, text in looked.items() if secret in text]


def test_the_end_of_a_job_is_counted_down_and_told(lab: Lab, browser: Browser, cluster: FakeCluster) -> None:
    cluster.end = datetime.now(UTC) + timedelta(seconds=640)
    options = {"master": cluster.master, "slave": cluster.slave, "token": cluster.token}
    nb = run_notebook(lab, browser, "countdown", REMOTE.format(**options))
    left = open_section(nb).get_by_role("timer")
    first = left.inner_text()
    assert re.match(r"1[0-2]:\d\d \(until \d", first), first
    expect(left).not_to_have_text(first)  # it counts
    cluster.end = None
    told = nb.page.locator(".bw-notice").filter(has_text="The job ends in 10 minutes, at ")
    told.wait_for(timeout=60_000)
    assert nb.evaluate("viewer.notice.text").startswith("The job ends in 10 minutes, at ")
    expect(left).to_have_attribute("data-soon", "true")
    for theme, name in ((DARK, "dark"), (LIGHT, "light")):
        nb.page.evaluate(theme)
        nb.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{json.dumps(name == 'light')}'")
        nb.screenshot(ARTIFACTS / f"connect-countdown-{name}.png")
    nb.page.evaluate(NARROW)
    left.scroll_into_view_if_needed()
    nb.screenshot(ARTIFACTS / "connect-countdown-narrow.png")
    nb.page.close()


def test_a_job_that_was_left_is_attached_to_left_and_stopped(
    lab: Lab, browser: Browser, cluster: FakeCluster, tmp_path: Path
) -> None:
    cluster.dialect = "2024"
    cluster.renderer.add("neurons")
    options = {"master": cluster.master, "slave": cluster.slave, "token": cluster.token}
    nb = run_notebook(lab, browser, "attach", LEFT.format(**options, records=str(tmp_path)), LOCAL)
    stop = ("POST", f"/stop/{JOB_ID}", None)
    assert stop not in cluster.calls
    found = open_section(nb)
    found.get_by_text("Your jobs").click()
    expect(found.locator(".bw-job")).to_contain_text("ready")
    nb.screenshot(ARTIFACTS / "connect-jobs.png")
    found.get_by_role("button", name=f"Attach to {JOB_ID}").press("Enter")
    expect(found.get_by_label("Token, sent to the kernel once and not kept")).to_be_focused()
    found.get_by_role("button", name="Attach", exact=True).press("Enter")  # with the token of the environment
    expect(found.locator(".bw-facts")).to_contain_text(f"{JOB_ID} (attached)")
    nb.wait_for_text(".bw-status", "Ready")
    open_section(nb)
    expect(found.get_by_role("button", name=f"In use: {JOB_ID}")).to_be_disabled()
    found.get_by_role("button", name="Leave the job").press("Enter")
    nb.wait_for_text(".bw-status", "The job was left; it runs on.")
    assert stop not in cluster.calls
    expect(found.get_by_role("button", name=f"Attach to {JOB_ID}")).to_have_text("Attach")
    found.get_by_role("button", name=f"Stop {JOB_ID}").press("Enter")
    expect(found.locator(".bw-job")).to_have_count(0)
    assert stop in cluster.calls
    nb.page.close()


@contextlib.contextmanager
def real_server(*command: str) -> Iterator[str]:
    """Run a renderer or a backend without proxies; yields its address."""
    whole = [sys.executable, "-m", "brayns_widget", *command, "--exit-with-stdin"]
    with subprocess.Popen(whole, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield f"ws://{server.stdout.readline().split()[-1]}"
        finally:
            server.stdin.close()
            server.wait(20)


def test_a_renderer_without_proxies_is_shown_with_its_scene(lab: Lab, browser: Browser, tmp_path: Path) -> None:
    circuit = write_circuit(tmp_path / "circuit", cells=12)
    with real_server("renderer", "--uri", "127.0.0.1:0") as address, Controller(renderer=address) as other:
        other.load_circuit(str(circuit), population="S1_neurons").result(60)
        other.background = "#204060"
        nb = run_notebook(lab, browser, "servers", LOCAL)
        blank = nb.brightness()
        found = open_section(nb)
        found.get_by_label("Run on").select_option("servers")
        found.get_by_label("Renderer").fill(address)
        found.get_by_label("Renderer").press("Enter")
        expect(found.locator(".bw-facts")).to_contain_text(address, timeout=30_000)
        nb.page.get_by_text("This job has no backend").first.wait_for(state="attached")  # folded away
        until(lambda: nb.brightness() > blank + 2, 30, "the scene")
        assert nb.evaluate("[viewer.background, len(viewer.models), viewer.job.id]") == ["#204060", 1, None]
        nb.screenshot(ARTIFACTS / "connect-servers.png")
        open_section(nb)
        found.get_by_role("button", name="Disconnect").click()
        nb.wait_for_text(".bw-status", "The renderer was left; it runs on.")
        assert len(other.models) == 1
        nb.page.close()


def test_the_log_of_a_job_is_shown_while_one_looks_at_it(lab: Lab, browser: Browser, cluster: FakeCluster) -> None:
    options = {"master": cluster.master, "slave": cluster.slave, "token": cluster.token}
    nb = run_notebook(lab, browser, "log", REMOTE.format(**options))
    log = open_section(nb).locator("details.bw-log")
    log.locator("summary").press("Enter")
    expect(log.get_by_role("alert")).to_contain_text(f"The proxy master at {cluster.master} tells no log.")
    line = "2026-11-30 10:00:00,000 WARNING brayns_widget.service.rpc.server: Method 'snapshot': no room for it"
    cluster.logs = {"renderer": "\n".join([line] * 12), "backend": "the backend crashed"}
    log.get_by_role("button", name="Read again").press("Enter")
    expect(log.locator("pre")).to_contain_text("backend:\nthe backend crashed")
    for theme, name in ((DARK, "dark"), (LIGHT, "light")):
        nb.page.evaluate(theme)
        nb.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{json.dumps(name == 'light')}'")
        nb.screenshot(ARTIFACTS / f"connect-log-{name}.png")
    nb.page.evaluate(NARROW)
    log.scroll_into_view_if_needed()
    nb.screenshot(ARTIFACTS / "connect-log-narrow.png")
    nb.page.close()

    nb = run_notebook(lab, browser, "log-local", LOCAL)
    log = open_section(nb).locator("details.bw-log")
    log.locator("summary").press("Enter")
    expect(log).to_contain_text("Nothing was logged.")
    nb.screenshot(ARTIFACTS / "connect-log-local.png")
    nb.page.close()
