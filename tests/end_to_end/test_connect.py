"""The panel's section Connect in a real JupyterLab: local, remote, a wrong token, the end of a job's time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, write_notebook
from tests.fakes import JOB_ID, TOKEN, FakeCluster

pytestmark = pytest.mark.browser

REMOTE = """
from brayns_widget import BraynsWidget
viewer = BraynsWidget(master={master!r}, slave={slave!r}, token={token!r})
viewer
"""


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster(polls=2) as fake:
        fake.renderer.color_values = {}
        yield fake


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
    path = write_notebook(
        lab.root, "connect.ipynb", "from brayns_widget import BraynsWidget\nviewer = BraynsWidget()\nviewer"
    )
    nb = open_notebook(lab, browser, path)
    nb.command("notebook:run-all-cells")
    nb.wait_for_text(".bw-status", "Ready", 90)
    found = section(nb)
    expect(found).not_to_have_attribute("open", "")  # it folds away
    open_section(nb)
    expect(found.locator(".bw-facts")).to_contain_text("Local service")

    fill_in(found, cluster, "wrong-token-0815")
    expect(found.locator(".bw-problem").first).to_contain_text("The proxy master refused POST /start: HTTP 401")
    assert nb.evaluate("viewer.status.state") == "failed"
    nb.screenshot(ARTIFACTS / "connect-wrong-token.png")

    fill_in(found, cluster, TOKEN)
    nb.wait_for_text(".bw-status", "Ready")
    expect(found).not_to_have_attribute("open", "")
    open_section(nb)
    expect(found.locator(".bw-facts")).to_contain_text(JOB_ID)
    assert ("POST", "/start", {"usecase": "SBO1", "project": "proj7"}) in cluster.calls
    nb.screenshot(ARTIFACTS / "connect-remote.png")
