"""A real JupyterLab or Notebook 7 and a real browser, with everything they write in a temporary folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import nbformat
import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

START_TIMEOUT = 60.0
LOG = "jupyter.log"
"""Name of the server's log."""

# What a page of JupyterLab would otherwise ask, fetch or save on its own.
_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}

# Notes when a picture is drawn, on each viewer's canvas.
_WATCH_DRAWS = """
window.draws = new Map();
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...args) {
  if (this.canvas.classList.contains("bw-canvas") && args[0] instanceof ImageBitmap) {
    window.draws.set(this.canvas, [...(window.draws.get(this.canvas) ?? []), performance.now()]);
  }
  return draw.apply(this, args);
};
"""


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until ``condition()`` is true and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)
    return value


@dataclass(frozen=True)
class Application:
    """Something that shows notebooks: its module, its name in settings, and the address of a notebook's page."""

    module: str
    name: str
    page: str


# A workspace of its own: Lab opens again what another page had open in the same one.
JUPYTERLAB = Application("jupyterlab", "LabApp", "lab/workspaces/{name}/tree/{name}.ipynb")
NOTEBOOK = Application("notebook", "JupyterNotebookApp", "notebooks/{name}.ipynb")


@dataclass
class Lab:
    """A running application. ``root`` is the folder that it shows; ``url`` is without the token."""

    application: Application
    process: int
    url: str
    token: str
    root: Path
    runtime: Path


@contextlib.contextmanager
def run_lab(
    folder: Path,
    application: Application = JUPYTERLAB,
    python: Sequence[str] = (sys.executable,),
    base_url: str = "/",
) -> Iterator[Lab]:
    """Start an application on a port of its choice and stop it at the end.

    Args:
        folder: gets all that it writes, with its log, ``LOG``.
        application: what to start.
        python: how to start Python.
        base_url: path that its addresses begin with, as JupyterHub gives one to each user.
    """
    places = {name: folder / name for name in ("home", "root", "config", "data", "runtime", "settings", "workspaces")}
    for place in places.values():
        place.mkdir(parents=True)
    for name, settings in _SETTINGS.items():
        file = places["settings"] / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    token = secrets.token_hex(16)
    environment = os.environ | {
        "HOME": str(places["home"]),
        "USERPROFILE": str(places["home"]),
        "IPYTHONDIR": str(places["home"] / "ipython"),
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_DIR": str(places["config"]),
        "JUPYTER_DATA_DIR": str(places["data"]),
        "JUPYTER_RUNTIME_DIR": str(places["runtime"]),
        "JUPYTERLAB_SETTINGS_DIR": str(places["settings"]),
        "JUPYTERLAB_WORKSPACES_DIR": str(places["workspaces"]),
    }
    command = [
        *python,
        "-m",
        application.module,
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--ServerApp.base_url={base_url}",
    ]
    command += ["--allow-root", f"--ServerApp.root_dir={places['root']}"]
    command += [f"--{application.name}.expose_app_in_browser=True"]
    with (folder / LOG).open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            url = _wait_for_server(server, places["runtime"], token, base_url)
            yield Lab(application, server.pid, url, token, places["root"], places["runtime"])
        finally:
            stop(server)


def _wait_for_server(server: subprocess.Popen[bytes], runtime: Path, token: str, base_url: str) -> str:
    def answers() -> str | None:
        assert server.poll() is None, "the server ended at once"
        for file in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(OSError, ValueError):
                port = json.loads(file.read_text(encoding="utf-8"))["port"]
                url = f"http://127.0.0.1:{port}{base_url}".rstrip("/")
                request = Request(f"{url}/api/status", headers={"Authorization": f"token {token}"})
                with urlopen(request, timeout=5) as answer:
                    if answer.status == 200:
                        return url
        return None

    return str(until(answers, START_TIMEOUT, "the server to listen"))


def stop(server: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """End a server with all that it has started; return those that had to be killed."""
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    server.terminate()
    alive: list[psutil.Process] = psutil.wait_procs(family, timeout=15)[1]
    for process in alive:
        process.kill()
    server.wait(10)
    return alive


class Notebook:
    """One notebook in one page of the browser.

    Args:
        lab: the server.
        page: a page of the browser.
        path: of the notebook, from the server's root.
    """

    def __init__(self, lab: Lab, page: Page, path: str) -> None:
        self._lab = lab
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._hear)
        page.add_init_script(_WATCH_DRAWS)
        address = lab.application.page.format(name=path.removesuffix(".ipynb"))
        page.goto(f"{lab.url}/{address}?token={lab.token}", wait_until="domcontentloaded")
        # Lab shows its own splash first, and starts the kernel after the notebook.
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=START_TIMEOUT * 1e3,
        )
        self.kernel_id: str = page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")

    def _hear(self, message: ConsoleMessage) -> None:
        if "brayns_widget" in message.text:
            self.errors.append(message.text)

    def command(self, name: str) -> None:
        """Run one of the application's commands without waiting for what it starts."""
        self.page.evaluate("name => void window.jupyterapp.commands.execute(name)", name)

    def run_in_a_new_cell(self, code: str) -> None:
        """Append a cell, and run it without waiting for its end."""
        script = """async (code) => {
          const { commands, shell } = window.jupyterapp;
          const { content } = shell.currentWidget;
          content.activeCellIndex = content.widgets.length - 1;
          await commands.execute("notebook:insert-cell-below");
          content.activeCell.model.sharedModel.setSource(code);
          void commands.execute("notebook:run-cell");
        }"""
        self.page.evaluate(script, code)

    @property
    def canvas(self) -> Locator:
        """The canvas of the newest viewer."""
        return self.page.locator("canvas.bw-canvas").last

    def draws(self) -> list[float]:
        """When pictures were drawn on the newest viewer's canvas, in ms on the page's clock."""
        script = """() => window.draws.get([...document.querySelectorAll("canvas.bw-canvas")].at(-1)) ?? []"""
        return [float(moment) for moment in self.page.evaluate(script)]

    def now(self) -> float:
        """The page's clock in ms."""
        return float(self.page.evaluate("performance.now()"))

    def picture(self) -> str:
        """A hash of what the canvas shows."""
        return hashlib.sha256(self.canvas.evaluate("canvas => canvas.toDataURL()").encode()).hexdigest()

    def brightness(self) -> float:
        """Standard deviation of the canvas' gray values, 0 to 255: an empty scene has none."""
        script = """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let sum = 0, squares = 0;
          for (let i = 0; i < data.length; i += 4) {
            const gray = (data[i] + data[i + 1] + data[i + 2]) / 3;
            sum += gray; squares += gray * gray;
          }
          const n = data.length / 4;
          return Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 0));
        }"""
        return float(self.canvas.evaluate(script))

    def brightest(self) -> tuple[float, float]:
        """Return the brightest point of the canvas, in CSS pixels from its corner."""
        script = """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let best = 0;
          for (let i = 0; i < data.length; i += 4) {
            const sum = (at) => data[at] + data[at + 1] + data[at + 2];
            best = sum(i) > sum(best) ? i : best;
          }
          const [column, row] = [(best / 4) % canvas.width, Math.floor(best / 4 / canvas.width)];
          const { width, height } = canvas.getBoundingClientRect();
          return [((column + 0.5) * width) / canvas.width, ((row + 0.5) * height) / canvas.height];
        }"""
        x, y = self.canvas.evaluate(script)
        return x, y

    def wait_for_text(self, selector: str, text: str, seconds: float = 30.0) -> None:
        """Wait until an element that matches ``selector`` shows ``text``."""
        self.page.locator(selector).filter(has_text=text).last.wait_for(timeout=seconds * 1e3)

    def wait_sharp(self, seconds: float = 60.0) -> None:
        """Wait until the picture at rest is complete: the footer's title says "16 of 16"."""
        script = """() => {
          const title = [...document.querySelectorAll(".bw-picture")].at(-1)?.title ?? "";
          const [, done, all] = /: (\\d+) of (\\d+)$/.exec(title) ?? []; // else it is being drawn
          return Number(done) > 1 && done === all;
        }"""
        self.page.wait_for_function(script, timeout=seconds * 1e3)

    def drag(self, seconds: float, *, dx: float = 120.0) -> list[float]:
        """Drag to and fro over the canvas; returns when pictures were drawn from the first move to the last, in ms."""
        box = self.canvas.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        start = self.now()
        end = time.monotonic() + seconds
        step = 0
        while time.monotonic() < end:
            step += 1
            mouse.move(x + dx * (step % 100) / 100, y + 20 * (step % 7) / 7)
            time.sleep(0.016)  # a hand, not a synchronization
        last = self.now()
        mouse.up()
        return [draw for draw in self.draws() if start <= draw <= last]

    def follows(self, pictures: int = 1) -> None:
        """Drag until so many pictures have been drawn during one second: a busy machine draws few at times."""
        until(lambda: len(self.drag(1.0)) >= pictures, 30, f"{pictures} pictures during one second of a drag")

    @contextlib.contextmanager
    def client(self) -> Iterator[BlockingKernelClient]:
        """A second client of the notebook's kernel, to ask it and to keep it busy."""
        client = BlockingKernelClient(connection_file=str(self._lab.runtime / f"kernel-{self.kernel_id}.json"))
        client.load_connection_file()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=START_TIMEOUT)
            yield client
        finally:
            client.stop_channels()

    def evaluate(self, expression: str, timeout: float = 30.0) -> Any:
        """Evaluate an expression of JSON values in the kernel."""
        with self.client() as client:
            quoted = f"__import__('json').dumps({expression})"
            reply = client.execute(
                "", silent=True, store_history=False, user_expressions={"value": quoted}, reply=True, timeout=timeout
            )
            value = reply["content"]["user_expressions"]["value"]
            assert value["status"] == "ok", value
            return json.loads(eval(value["data"]["text/plain"], {"__builtins__": {}}))

    def kernel_process(self) -> psutil.Process:
        """The kernel's process."""
        return psutil.Process(self.evaluate("__import__('os').getpid()"))

    def screenshot(self, file: Path) -> None:
        """Keep what the page shows for people to look at."""
        file.parent.mkdir(exist_ok=True)
        self.page.screenshot(path=file)


def write_notebook(folder: Path, name: str, *cells: str) -> str:
    """Write a notebook of code cells into a folder and return its name."""
    made: Any = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, folder / name)
    return name


def open_notebook(lab: Lab, browser: Browser, path: str) -> Notebook:
    """Open a notebook of the server in a page of its own and wait for its kernel."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(START_TIMEOUT * 1e3)
    return Notebook(lab, page, path)


def run_model(lab: Lab, browser: Browser, name: str, shows: str) -> Notebook:
    """Run a notebook whose first cell shows one model as ``viewer``, and wait for its complete picture."""
    notebook = open_notebook(lab, browser, write_notebook(lab.root, f"{name}.ipynb", shows, "x = 1", "y = 2"))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    until(lambda: notebook.evaluate("len(viewer.models)") == 1, 60, "the model")
    notebook.wait_sharp()
    return notebook
