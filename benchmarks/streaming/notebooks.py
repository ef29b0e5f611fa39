"""A notebook in a real JupyterLab in a real browser, whose pointer can move at any rate."""

from __future__ import annotations

import asyncio
import json
import math
import time
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from playwright.async_api import Browser, CDPSession, Page

from benchmarks.streaming.viewers import Viewer
from tests.end_to_end.lab import Lab, write_notebook

SCRIPT = Path(__file__).parent / "page.js"
START_TIMEOUT = 60.0
QUIET = 1.0
RATE = 60.0


class Notebook:
    """One notebook in a page of its own, with its kernel. Make it with ``open``."""

    def __init__(self, page: Page, viewer: Viewer, kernel: str, client: AsyncKernelClient, mouse: CDPSession) -> None:
        self.page = page
        self.viewer = viewer
        self.kernel = kernel
        self._client = client
        self._mouse = mouse

    @classmethod
    async def open(cls, lab: Lab, browser: Browser, viewer: Viewer, name: str) -> Notebook:
        """Write the notebook, open it, wait for its kernel; nothing is run yet."""
        write_notebook(lab.root, f"{name}.ipynb", *viewer.cells)
        page = await browser.new_page(viewport={"width": 1900, "height": 1200})
        page.set_default_timeout(START_TIMEOUT * 1e3)
        await page.add_init_script(path=SCRIPT)
        address = lab.application.page.format(name=name)
        await page.goto(f"{lab.url}/{address}?token={lab.token}", wait_until="domcontentloaded")
        session = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        await page.wait_for_function(f"{session}?.status === 'idle'")
        kernel = await page.evaluate(f"{session}.id")
        client = AsyncKernelClient(connection_file=str(lab.runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels()
        await client.wait_for_ready(timeout=START_TIMEOUT)
        await page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
        return cls(page, viewer, kernel, client, await page.context.new_cdp_session(page))

    async def close(self) -> None:
        """Close the page; the kernel ends with the server."""
        self._client.stop_channels()
        await self.page.close()

    async def run(self) -> float:
        """Run the selected cell; returns ms to the first picture of a product's view that shows something."""
        try:
            async with asyncio.timeout(START_TIMEOUT):
                return float(await self.page.evaluate("bench.first('notebook:run-cell-and-select-next')"))
        except TimeoutError:
            outputs = await self.page.locator(".jp-OutputArea-output").all_inner_texts()
            raise RuntimeError(
                f"The view of {self.viewer.name} shows no picture: {' '.join(outputs)[-2000:]}"
            ) from None

    async def show(self, width: int, height: int) -> None:
        """Give the view its size in CSS pixels, and wait until its picture rests."""
        place = self.page.locator(self.viewer.selector).last
        await place.wait_for()
        script = """(element, [width, height]) => {
          const output = element.closest(".jp-OutputArea-output");
          output.style.maxWidth = `${output.clientWidth + width - element.clientWidth}px`;
          return [element.clientWidth, element.clientHeight];
        }"""
        for _ in range(3):  # the layout may answer in steps
            found = await place.evaluate(script, [width, height])
            await asyncio.sleep(0.1)
        if tuple(found) != (width, height):
            raise RuntimeError(f"The view of {self.viewer.name} is {found} pixels large instead of {[width, height]}.")
        await self.quiet()

    async def evaluate(self, expression: str) -> Any:
        """Evaluate an expression of JSON values in the kernel."""
        return await self.execute("", expression)

    async def execute(self, code: str, expression: str) -> Any:
        """Run code in the kernel as a cell does, and evaluate an expression of JSON values after it."""
        reply: Any = await self._client.execute(
            code,
            silent=True,
            store_history=False,
            user_expressions={"value": f"__import__('json').dumps({expression})"},
            reply=True,
            timeout=START_TIMEOUT,
        )
        value = reply["content"].get("user_expressions", {}).get("value", reply["content"])
        if value["status"] != "ok":
            raise RuntimeError(f"The kernel of {self.viewer.name} failed: {value['ename']}: {value['evalue']}")
        return json.loads(eval(value["data"]["text/plain"], {"__builtins__": {}}))

    async def text(self) -> str:
        """Read what the view says in words; "" for a view that is not ours."""
        script = """() => [...document.querySelectorAll(".brayns-widget")].slice(-1).flatMap(root =>
          [...root.querySelectorAll(".bw-status, .bw-stage")].map(part => part.innerText.trim())).join(" ")"""
        return str(await self.page.evaluate(script))

    async def quiet(self) -> None:
        """Wait until the picture is complete and rests."""
        await self.page.bring_to_front()
        deadline = time.monotonic() + START_TIMEOUT
        count, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET:
            if time.monotonic() > deadline:
                raise RuntimeError(f"The view of {self.viewer.name} does not come to rest.")
            now, rough = await self.page.evaluate("[bench.read().pictures.length, bench.rough()]")
            if rough or now != count:
                count, since = now, time.monotonic()
            await asyncio.sleep(0.1)

    async def press(self) -> tuple[float, float, float, float]:
        """Put the pointer into the middle of the view and press; returns the view's box."""
        box = await self.page.locator(self.viewer.selector).last.bounding_box()
        if box is None:
            raise RuntimeError(f"{self.viewer.name} shows nothing.")
        place = box["x"], box["y"], box["width"], box["height"]
        await self._pointer("mousePressed", place, 0.0)
        return place

    async def move(self, place: tuple[float, float, float, float], until: asyncio.Event) -> None:
        """Move the pointer over the view, without waiting for the browser's answers; release it at the end."""
        sent = []
        start, count = time.monotonic(), 0
        while not until.is_set():
            count += 1
            sent.append(asyncio.create_task(self._pointer("mouseMoved", place, count / RATE)))
            await asyncio.sleep(max(start + count / RATE - time.monotonic(), 0))
        await asyncio.gather(*sent)
        await self._pointer("mouseReleased", place, count / RATE)

    async def _pointer(self, kind: str, place: tuple[float, float, float, float], at: float) -> None:
        x, y, width, height = place
        buttons = {"button": "left", "buttons": 1, "clickCount": 0 if kind == "mouseMoved" else 1}
        where = {
            "x": round(x + width * (0.5 + 0.25 * math.sin(2.1 * at))),
            "y": round(y + height * (0.5 + 0.15 * math.sin(1.3 * at))),
        }
        await self._mouse.send("Input.dispatchMouseEvent", {"type": kind, **where, **buttons})
