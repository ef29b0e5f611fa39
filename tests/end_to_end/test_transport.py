"""How frames come to a page of a real JupyterLab, under a path of its own as behind JupyterHub and Binder."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.lab import LOG, Lab, Notebook, open_notebook, run_lab, until, write_notebook

pytest.importorskip("jupyter_server_proxy", reason="jupyter-server-proxy is not installed (extra local)")
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


CODE = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(write_circuit("circuit", cells=3), transport="{transport}")
viewer"""
# Keeps what the page says first on each socket of frames.
WATCH_TICKETS = """
window.tickets = [];
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (typeof data === "string" && data.startsWith('{"ticket"')) {
    window.tickets.push([this.url, JSON.parse(data).ticket]);
  }
  return send.call(this, data);
};
null;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[Lab]:
    with run_lab(folder, base_url="/user/ada/") as lab:
        yield lab


def _opened(lab: Lab, browser: Browser, transport: str) -> Notebook:
    name = write_notebook(lab.root, f"{transport}.ipynb", CODE.format(transport=transport))
    notebook = open_notebook(lab, browser, name)
    notebook.page.add_init_script(WATCH_TICKETS)
    notebook.page.evaluate(WATCH_TICKETS)
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.canvas.scroll_into_view_if_needed()
    notebook.page.locator(".bw-model").first.wait_for()
    notebook.wait_sharp()
    return notebook


@pytest.fixture(scope="module")
def notebook(hub: Lab, browser: Browser) -> Iterator[Notebook]:
    """A circuit whose frames come the way that the page chooses by itself."""
    notebook = _opened(hub, browser, "auto")
    yield notebook
    notebook.page.close()


def _way(notebook: Notebook) -> tuple[str, list[str]]:
    """Return what makes the frames, and how they come to the views."""
    stats: dict[str, Any] = notebook.evaluate("viewer.stats")
    return stats["made_by"], [view["transport"] for view in stats["views"].values()]


def test_the_page_opens_a_socket_by_itself(notebook):
    assert _way(notebook) == ("process", ["socket"])
    address, _ = notebook.page.evaluate("window.tickets")[-1]  # on a slow machine a page may greet again
    assert "/user/ada/proxy/" in address
    notebook.follows(4)
    notebook.wait_sharp()
    assert notebook.errors == []


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in the file system")
def test_while_a_cell_holds_the_gil_in_c_the_picture_follows_the_mouse(notebook, folder):
    notebook.drag(0.3)
    notebook.wait_sharp()
    pipe, begun = folder / "pipe", folder / "begun"
    os.mkfifo(pipe)
    # It returns when somebody opens the other end.
    hold = f"open({str(begun)!r}, 'x').close(); assert library.open({str(pipe).encode()!r}, 0) >= 0"
    with notebook.client() as client:
        client.execute("import ctypes; library = ctypes.PyDLL(None)", reply=True, timeout=30)
        message = client.execute(hold)
        try:
            until(begun.exists, 30, "the cell")
            draws = notebook.drag(2.0)
        finally:
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))  # an error if the cell does not wait
        reply = client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == message  # it still ran while the mouse moved
        assert reply["content"]["status"] == "ok"
    gaps = [after - before for before, after in itertools.pairwise(draws)]
    print(f"the GIL is held: {len(draws) / 2.0:.0f} pictures/s, largest gap {max(gaps):.0f} ms")
    assert len(draws) > 6
    assert max(gaps) < 500  # the goal is 150 ms, on a machine that does nothing else


def test_after_a_reload_the_page_opens_a_socket_again_and_tickets_are_in_no_log(notebook, folder):
    tickets = [ticket for _, ticket in notebook.page.evaluate("window.tickets")]
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    notebook.page.reload(wait_until="domcontentloaded")
    notebook.canvas.wait_for()
    notebook.canvas.scroll_into_view_if_needed()
    until(notebook.draws, 30, "a picture after the reload")
    until(lambda: "socket" in _way(notebook)[1], 30, "another socket")
    notebook.follows(4)
    tickets += [ticket for _, ticket in notebook.page.evaluate("window.tickets")]
    assert len(set(tickets)) == len(tickets) >= 2
    log = (folder / LOG).read_text(encoding="utf-8", errors="replace")
    saved = (folder / "root" / "auto.ipynb").read_text(encoding="utf-8")
    assert "/user/ada/" in log
    assert not [ticket for ticket in tickets if ticket in log + saved]


def test_the_comm_can_be_chosen(hub, browser):
    notebook = _opened(hub, browser, "comm")
    assert _way(notebook) == ("process", ["comm"])
    assert notebook.page.evaluate("window.tickets") == []
    notebook.follows(2)
    notebook.wait_sharp()
    notebook.page.close()
