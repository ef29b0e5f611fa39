"""The bundle in a blank page of a real browser, with a stand-in for the kernel (kernel.js)."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import hatch_build
from tests.browser import ARTIFACTS, launch
from tests.front_end.panels import CIRCUIT, CIRCUITS, FORMATS, HOME, option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

HERE = Path(__file__).resolve().parent
FILES = {
    "/": (HERE / "page.html", "text/html"),
    "/kernel.js": (HERE / "kernel.js", "text/javascript"),
    "/widget.js": (hatch_build.STATIC / "widget.js", "text/javascript"),
    "/widget.css": (hatch_build.STATIC / "widget.css", "text/css"),
}


class Handler(BaseHTTPRequestHandler):
    """Serves the four files and nothing else."""

    def do_GET(self) -> None:
        entry = FILES.get(self.path)
        if entry is None:
            self.send_error(404)
            return
        body = entry[0].read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", f"{entry[1]}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keeps requests out of the test's output."""


@pytest.fixture(scope="session")
def page_url() -> Iterator[str]:
    """Address of the test page, with a bundle that matches its sources."""
    if not hatch_build.is_fresh():
        if hatch_build.find_node() is None:
            pytest.skip("the bundle is older than js/ and there is no Node.js to build it")
        hatch_build.build()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="front-end-pages")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join(10)


@pytest.fixture(scope="module")  # Playwright occupies the thread's event loop: no longer than it is needed
def chromium() -> Iterator[Browser]:
    with launch() as browser:
        yield browser


class Cell:
    """A page with the front end in it, and what the kernel's side of it has heard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas = page.locator("canvas").first
        self.panel = page.locator(".bw-panel").first

    def mount(self, **traits: Any) -> None:
        """Renders a view and waits for its greeting."""
        self.page.evaluate("async (traits) => { kernel.mount(traits); await kernel.settled(); }", traits)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = self.page.evaluate("(kind) => kernel.sent(kind)", kind)
        return sent

    def acks(self) -> list[dict[str, Any]]:
        acks: list[dict[str, Any]] = self.page.evaluate("kernel.acks()")
        return acks

    def calls(self, method: str) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.page.evaluate("(method) => kernel.calls(method)", method)
        return calls

    def answer(self, method: str, answer: Any) -> None:
        """What the kernel replies to `method`: ``{"result": …}``, ``{"error": …}``, or a list of those in order."""
        self.page.evaluate("([method, answer]) => { kernel.model.answers[method] = answer; }", [method, answer])

    def trait(self, name: str, value: Any) -> None:
        self.page.evaluate("([name, value]) => kernel.model.trait(name, value)", [name, value])

    def frame(self, color: str = "#c04020", **fields: Any) -> None:
        self.page.evaluate("([fields, color]) => kernel.frame(fields, color)", [fields, color])

    def ids(self, seq: int, *shown: dict[str, Any]) -> None:
        """What the frame `seq`, of 320x200 pixels, shows: entries with their boxes of left, top, right, bottom."""
        entries = [{"cell": -1, "section": -1, "type": 255} | entry for entry in shown]
        boxes = [entry["box"] for entry in shown]
        self.page.evaluate("([seq, entries, boxes]) => kernel.ids(seq, entries, boxes)", [seq, entries, boxes])

    def wait(self, condition: str, timeout: float = 10_000) -> None:
        """Waits until a JavaScript expression is true."""
        self.page.wait_for_function(condition, timeout=timeout)

    def screenshot(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"front-end-{name}.png")


@pytest.fixture
def page_problems() -> list[str]:
    """Errors that pages report; what a test leaves in the list fails it."""
    return []


@pytest.fixture
def open_cell(chromium: Browser, page_url: str, page_problems: list[str]) -> Iterator[Callable[..., Cell]]:
    """Opens cells in contexts of their own."""
    contexts = []

    def make(**options: Any) -> Cell:
        context = chromium.new_context(**{"viewport": {"width": 960, "height": 720}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: page_problems.append(str(error)))
        page.on("console", lambda message: page_problems.append(message.text) if message.type == "error" else None)
        page.goto(page_url)
        page.wait_for_selector("body[data-loaded]")
        return Cell(page)

    yield make
    for context in contexts:
        context.close()
    assert page_problems == []


@pytest.fixture
def cell(open_cell: Callable[..., Cell]) -> Cell:
    """A page without a view yet."""
    return open_cell()


@pytest.fixture
def panel(cell):
    """A view whose file browser shows the home folder."""
    cell.page.evaluate("kernel.mount({ status: { state: 'starting', text: 'Starting the renderer…' } })")
    cell.answer("files.list", [{"result": HOME}, {"result": CIRCUITS}, {"result": HOME}])
    cell.answer("files.inspect", {"result": CIRCUIT})
    cell.answer("models.formats", {"result": FORMATS})
    cell.answer("models.load_circuit", {"result": {"task": "t1"}})
    assert cell.calls("files.list") == [], "nobody can answer before the renderer is ready"
    cell.trait("status", {"state": "ready", "text": "Ready"})
    option(cell, "circuits").wait_for()
    return cell
