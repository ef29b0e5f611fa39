"""The course of the benchmark."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
import os
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, async_playwright

from benchmarks.streaming.figures import (
    Gesture,
    drag_figures,
    latencies,
    longest_gap,
    median_of,
    product_gesture,
    rfb_gesture,
)
from benchmarks.streaming.figures import shown as shown_frames
from benchmarks.streaming.notebooks import Notebook
from benchmarks.streaming.processes import Processes
from benchmarks.streaming.viewers import BUSY, Busy, Viewer, product, rfb
from tests.browser import FLAGS, LAUNCH_TIMEOUT_MS, find_chromium
from tests.end_to_end.lab import Lab, run_lab

T = TypeVar("T")

AROUND = 1.0
"""Seconds that the pointer moves before and after a busy cell."""
TELL = 2.0
"""Seconds after which the view must have told that its kernel hangs."""
ANSWER_TRIES = 10
"""How often a picture may come to rest before it shows a gesture's last move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure, and for how long (seconds)."""

    circuit: Path
    transports: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    seconds: float
    windows: int
    busy_seconds: float


async def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """Run everything; returns ``drags`` by size and view, ``busy`` and ``first`` pictures by view."""
    with run_lab(folder / "lab") as lab:
        async with _browser() as browser:
            bench = _Bench(plan, lab, browser, folder)
            for size in plan.sizes:
                await bench.measure(*size)
            return bench.results()


@contextlib.asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        executable = find_chromium(playwright.chromium.executable_path)
        if executable is None:
            raise SystemExit("no browser: run 'playwright install chromium' or set BRAYNS_WIDGET_CHROMIUM")
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        arguments = [*FLAGS, *(["--no-sandbox"] if root else [])]
        browser = await playwright.chromium.launch(
            executable_path=executable, args=arguments, timeout=LAUNCH_TIMEOUT_MS
        )
        try:
            yield browser
        finally:
            await browser.close()


class _Bench:
    def __init__(self, plan: Plan, lab: Lab, browser: Browser, folder: Path) -> None:
        self._plan, self._lab, self._browser, self._folder = plan, lab, browser, folder
        self._opened = 0
        self._drags: dict[str, dict[str, Any]] = {}
        self._busy: dict[str, dict[str, Any]] = {}
        self._first: dict[str, dict[str, list[float]]] = {
            name: {"cold_s": [], "second_s": []} for name in plan.transports
        }

    def results(self) -> dict[str, Any]:
        """Return all that was measured so far; the first pictures as medians."""
        first = {
            name: {key: statistics.median(seconds) for key, seconds in found.items()}
            for name, found in self._first.items()
        }
        return {"drags": self._drags, "busy": self._busy, "first": first}

    async def measure(self, width: int, height: int) -> None:
        """Measure all views in one size, in turns; in the first size with busy cells."""
        views: list[Notebook] = []
        try:
            for transport in self._plan.transports:
                views.append(await self._open(product(transport, self._plan.circuit, height)))
                self._first[transport]["cold_s"].append(await views[-1].run() / 1e3)
                await views[-1].show(width, height)
            views.append(await self._open_rfb(views[0], width, height))
            self._drags[f"{width}x{height}"] = await self._drag_all(views, height)
            if self._plan.busy_seconds and not self._busy:
                for view in views:
                    self._busy[view.viewer.name] = {cell.name: await self._keep_busy(view, cell) for cell in BUSY}
            for view in views[:-1]:
                await view.quiet()
                await view.execute("viewer.close()", "None")
                self._first[view.viewer.name]["second_s"].append(await view.run() / 1e3)
        finally:
            for view in views:
                await view.close()

    async def _drag_all(self, views: Sequence[Notebook], height: int) -> dict[str, Any]:
        """Measure all windows; returns a row for each view."""
        windows: dict[str, list[dict[str, Any]]] = {view.viewer.name: [] for view in views}
        for number in range(self._plan.windows):
            for view in views:
                windows[view.viewer.name].append(await self._drag(view, height))
                print(f"{view.viewer.name}, {height} pixels high, window {number + 1}: done", flush=True)
        rows = {name: {**median_of(found), "windows": found} for name, found in windows.items()}
        for view in views[:-1]:
            stats = await view.evaluate("viewer.stats")
            ways = {seen["transport"] for seen in stats["views"].values()}
            if ways != {view.viewer.name}:
                raise RuntimeError(f"Frames of the {view.viewer.name} came over {', '.join(ways)}.")
            rows[view.viewer.name]["stats"] = stats
        return rows

    async def _open(self, viewer: Viewer) -> Notebook:
        self._opened += 1
        return await Notebook.open(self._lab, self._browser, viewer, f"bench-{self._opened}")

    async def _open_rfb(self, model: Notebook, width: int, height: int) -> Notebook:
        """Show in jupyter_rfb what another view shows."""
        url = await model.page.locator(model.viewer.selector).evaluate("canvas => canvas.toDataURL()")
        picture = self._folder / f"{width}x{height}.png"
        picture.write_bytes(base64.b64decode(url.partition(",")[2]))
        view = await self._open(rfb(picture, width, height))
        await view.page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
        image = view.page.locator(view.viewer.selector)
        await image.wait_for()
        await view.show(width, height)
        await image.evaluate("(image, before) => bench.follow(image, before)", await view.evaluate("len(viewer.sent)"))
        return view

    async def _drag(self, view: Notebook, height: int) -> dict[str, Any]:
        """Measure one window."""
        processes = Processes(self._lab.process, view.kernel)

        async def wait() -> dict[str, float]:
            before = processes.cpu()
            await asyncio.sleep(self._plan.seconds)
            return {name: ms - before.get(name, 0.0) for name, ms in processes.cpu().items()}

        gesture, cpu = await self._gesture(view, wait)
        return drag_figures(gesture, height, cpu)

    async def _keep_busy(self, view: Notebook, cell: Busy) -> dict[str, Any]:
        """Move the pointer while a cell runs; returns the longest gap in ms, and what the view told meanwhile."""
        seconds = self._plan.busy_seconds
        idle = await view.text()

        async def run() -> tuple[float, float, str]:
            await asyncio.sleep(AROUND)
            running = asyncio.create_task(view.execute(cell.cell(seconds), "busy"))
            await asyncio.sleep(min(TELL, seconds / 2))
            told = await view.text()
            start, end = await running
            await asyncio.sleep(AROUND)
            return 1e3 * start, 1e3 * end, told

        gesture, (start, end, told) = await self._gesture(view, run)
        moments = shown_frames(gesture, -math.inf, math.inf)
        return {
            "shown_per_s": 1e3 * sum(start < moment < end for moment in moments) / (end - start),
            "gap_max": longest_gap(moments, start, end),
            "busy_s": (end - start) / 1e3,
            "told": told if told != idle else "",
        }

    async def _gesture(self, view: Notebook, during: Callable[[], Awaitable[T]]) -> tuple[Gesture, T]:
        """Move the pointer until ``during`` is done, and let the picture come to rest."""
        await view.quiet()
        await view.page.evaluate("bench.reset()")
        heard = 0 if view.viewer.is_product else await view.evaluate("len(viewer.heard)")
        place = await view.press()
        done = asyncio.Event()
        moving = asyncio.create_task(view.move(place, done))
        try:
            result = await during()
        finally:
            done.set()
            await moving
        for _ in range(ANSWER_TRIES):
            await view.quiet()
            gesture = await self._read(view, heard)
            if not any(map(math.isinf, latencies(gesture))):
                return gesture, result
        raise RuntimeError(f"{view.viewer.name} has not shown the last moves of a gesture.")

    async def _read(self, view: Notebook, heard: int) -> Gesture:
        """Read what was noted since the kernel had ``heard`` of so many positions."""
        notes = await view.page.evaluate("bench.read()")
        if view.viewer.is_product:
            return product_gesture(notes)
        positions, sent = await view.evaluate("[viewer.heard, viewer.sent]")
        return rfb_gesture(notes, positions, sent, heard)
