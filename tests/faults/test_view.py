"""Faults between client and proxies, as a view in a real browser tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import ARTIFACTS, launch
from tests.end_to_end.lab import Lab, Notebook, open_notebook, run_lab, write_notebook
from tests.fakes import TOKEN, FakeCluster
from tests.faults.proxies import Proxies
from tests.faults.waiting import until
from tests.tcp_proxy import TcpProxy

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

WAIT = 60.0
CODE = """
from brayns_widget import BraynsWidget
viewer = BraynsWidget("/data/circuit.json", population="cells", master={master!r}, slave={slave!r}, token={token!r})
viewer
"""


@pytest.fixture
def browser() -> Iterator[Browser]:
    with launch() as browser:
        yield browser


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with run_lab(tmp_path / "lab") as lab:
        yield lab


@pytest.fixture
def parts() -> Iterator[tuple[FakeCluster, Proxies, TcpProxy]]:
    """The servers, their proxies, and the way to the slave."""
    with (
        FakeCluster(polls=0) as cluster,
        Proxies.of(cluster, "2023", ends=False) as proxies,
        TcpProxy(proxies.master) as wire,
    ):
        yield cluster, proxies, wire


@pytest.fixture
def notebook(lab: Lab, browser: Browser, parts: tuple[FakeCluster, Proxies, TcpProxy]) -> Iterator[Notebook]:
    """A notebook whose view shows a circuit."""
    _, proxies, wire = parts
    code = CODE.format(master=proxies.master, slave=wire.url, token=TOKEN)
    opened = open_notebook(lab, browser, write_notebook(lab.root, "faults.ipynb", code))
    opened.command("notebook:run-all-cells")
    opened.page.locator(".bw-model").wait_for(timeout=WAIT * 1e3)
    opened.wait_for_text(".bw-status", "Ready", WAIT)
    yield opened
    opened.page.close()


def says(notebook: Notebook, words: str) -> None:
    """Wait until the view says what fits a pattern."""
    expect(notebook.page.locator(".bw-status")).to_have_text(re.compile(words), timeout=WAIT * 1e3)


def test_a_view_tells_what_became_of_link_and_renderer(notebook, parts):
    cluster, proxies, wire = parts
    loads = proxies.asked("add-model")
    wire.refuse(True)
    wire.reset()
    says(notebook, "lost|again")
    notebook.screenshot(ARTIFACTS / "link-lost.png")
    wire.refuse(False)
    says(notebook, "Ready")
    assert notebook.page.locator(".bw-model").count() == 1
    assert (len(proxies.jobs), proxies.asked("add-model")) == (1, loads)

    proxies.job.died = True
    cluster.kill_renderer()
    says(notebook, "ended|lost")
    cluster.renderer.models.clear()
    notebook.screenshot(ARTIFACTS / "renderer-lost.png")
    notebook.page.get_by_role("button", name=re.compile("Start again|Retry")).first.click()
    says(notebook, "Ready")
    expect(notebook.page.locator(".bw-model")).to_have_count(1, timeout=WAIT * 1e3)
    until(lambda: len(proxies.jobs) == 2, WAIT)
    assert sum(model["model_type"] == "neurons" for model in cluster.renderer.models) == 1
