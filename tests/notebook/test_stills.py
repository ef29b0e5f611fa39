"""Stills: what they consist of, and when notebooks get one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.encoded import SHOWN_MAX
from brayns_widget.controller.state import ModelState
from brayns_widget.notebook import stills
from brayns_widget.notebook.page import Page
from brayns_widget.protocol.errors import BraynsWidgetError, DeadlineExceeded
from brayns_widget.stream.views import Picture
from tests.fakes import JPEG, FakeCluster

NOW = datetime(2026, 11, 29, 16, 20)  # noqa: DTZ001 - a caption tells the time of its place
CELLS = ModelState(1, "S1 <cells>", "neurons", cells=12)
READY = {"kind": "ready", "view": "v", "width": 400, "height": 200, "dpr": 1, "origin": "", "loopback": False}
CAMERA = {"position": [0, 0, 50], "target": [0, 0, 0], "up": [0, 1, 0], "type": "perspective", "fovy": 45, "height": 9}


@pytest.mark.parametrize(
    ("models", "what"),
    [
        ([], "an empty scene"),
        ([CELLS], "S1 <cells> (12 cells)"),
        ([CELLS, ModelState(2, "box", "shapes"), ModelState(3, "hidden", "mesh", visible=False)], "12 cells), box"),
        ([ModelState(number, f"m{number}", "mesh") for number in range(5)], "m0, m1, m2, 2 more"),
    ],
)
def test_a_caption_tells_what_is_seen_when_and_how_to_run_it(models, what):
    text = stills.describe(models, NOW)
    assert what in text
    assert "2026-11-29 16:20" in text
    assert text.endswith("Run the cell to make it live.")


def test_a_still_is_a_small_picture_and_a_caption():
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    written = io.BytesIO()
    Image.fromarray(noise).save(written, "JPEG", quality=95)
    picture = Picture(1, memoryview(written.getvalue()), 800, 600, 16, 16, moving=False, cameras={})
    assert len(picture.data) > SHOWN_MAX
    shown, caption = stills.make_outputs(picture, [CELLS], "widget-1")
    assert shown.data.keys() == {"image/jpeg", "text/plain"}
    assert len(base64.b64decode(shown.data["image/jpeg"])) <= SHOWN_MAX
    assert caption.data.keys() == {"text/html", "text/plain"}
    assert "S1 &lt;cells&gt; (12 cells)" in caption.data["text/html"]
    assert shown.metadata["image/jpeg"]["alt"] == caption.data["text/plain"] == shown.data["text/plain"]
    assert shown.metadata["brayns_widget"] == caption.metadata["brayns_widget"] == "widget-1"


class Opened:
    """A page of a controller, with what was sent to the front end."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.sent: list[dict[str, Any]] = []
        self.page = Page(
            controller, lambda content, _: self._hear(content), lambda *_, **__: None, "widget-1", left=lambda: None
        )

    def _hear(self, content: dict[str, Any]) -> None:
        self.sent.append(json.loads(json.dumps(content)))
        if content["kind"] == "frame":
            ack = {"seq": content["seq"], "shown": True, "decode_ms": 1}
            self.page.receive({"kind": "ack", "view": content["view"], "acks": [ack]})

    @property
    def stills(self) -> list[dict[str, Any]]:
        return [content for content in self.sent if content["kind"] == "still"]

    async def until_still(self, number: int) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while len(self.stills) < number:  # noqa: ASYNC110 - the wait has a deadline
                await asyncio.sleep(0.002)
        return self.stills[number - 1]

    async def until_rest(self) -> None:
        async with asyncio.timeout(10):
            await self.page._keeper._taken.wait()


def run(cluster: FakeCluster, test: Callable[[Opened], Any], *, load: bool = True) -> None:
    """Run ``await test(opened)`` on the controller's loop thread."""

    @contextlib.asynccontextmanager
    async def opened(controller: Controller) -> AsyncIterator[Opened]:
        await controller.start()
        if load:
            await controller.load_circuit("/data/circuit.json")
        made = Opened(controller)
        try:
            yield made
        finally:
            await made.page.close()

    with Controller(**cluster.options) as controller:

        async def main() -> None:
            async with opened(controller) as made:
                await test(made)

        controller.loop.submit(main()).result(30)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills, "QUIET", 0.05)


def test_a_picture_that_rests_goes_to_the_notebook_once(cluster):
    async def test(opened: Opened) -> None:
        opened.page.receive(READY)
        still = await opened.until_still(1)
        assert (still["view"], still["model"]) == ("v", "widget-1")
        picture, caption = still["outputs"]
        assert base64.b64decode(picture["data"]["image/jpeg"]) == JPEG
        assert picture["metadata"]["brayns_widget"] == "widget-1"
        assert "cells" in caption["data"]["text/html"]
        await asyncio.sleep(4 * stills.QUIET)
        assert len(opened.stills) == 1

    run(cluster, test)


def test_another_page_gets_it_too(cluster):
    async def test(opened: Opened) -> None:
        opened.page.receive(READY)
        await opened.until_still(1)
        opened.page.receive(READY | {"view": "w"})
        assert (await opened.until_still(2))["view"] == "w"

    run(cluster, test)


def test_while_somebody_moves_nothing_is_sent_and_afterwards_the_new_picture(cluster, monkeypatch):
    monkeypatch.setattr(stills, "QUIET", 0.3)

    async def test(opened: Opened) -> None:
        opened.page.receive(READY)
        await opened.until_rest()
        for step in range(60):
            camera = CAMERA | {"position": [0, step, 50]}
            opened.page.receive({"kind": "camera", "view": "v", "number": step + 1, "camera": camera, "moving": True})
            await asyncio.sleep(0.01)
        assert opened.stills == []
        opened.page.receive({"kind": "camera", "view": "v", "number": 61, "camera": CAMERA, "moving": False})
        await opened.until_still(1)

    run(cluster, test)


def test_the_last_picture_of_a_view_that_is_closed_is_kept(cluster, monkeypatch):
    monkeypatch.setattr(stills, "QUIET", 60)

    async def test(opened: Opened) -> None:
        opened.page.receive(READY)
        await opened.until_rest()
        assert opened.stills == []
        await opened.page.close()
        assert len(opened.stills) == 1
        await opened.page.close()
        assert len(opened.stills) == 1

    run(cluster, test)


def test_an_empty_scene_is_not_kept(cluster):
    async def test(opened: Opened) -> None:
        opened.page.receive(READY)
        await opened.until_rest()
        await asyncio.sleep(4 * stills.QUIET)
        assert opened.stills == []

    run(cluster, test, load=False)


# ---------------------------------------------------------------------- without a page


def test_without_a_page_the_kernel_asks_for_one_picture(cluster):
    async def test(opened: Opened) -> None:
        picture, caption = await opened.page.still()
        assert base64.b64decode(picture.data["image/jpeg"]) == JPEG
        assert "cells" in caption.data["text/plain"]
        sizes = [p["viewport"] for m, p in cluster.renderer.requests if m == "set-application-parameters"]
        assert sizes == [[640, 480]]
        assert (await opened.page.stats())["views"] == {}
        passes = (await opened.page.stats())["passes"]
        await opened.page.still()  # nothing has changed
        assert (await opened.page.stats())["passes"] == passes
        assert opened.stills == []

    run(cluster, test)


def test_without_a_page_a_load_is_waited_for(cluster):
    async def test(opened: Opened) -> None:
        cluster.renderer.delays["add-model"] = 0.5
        opened.controller.load_circuit("/data/second.json")
        await asyncio.sleep(0)  # as a cell's call does, it begins before what is asked for next
        before = len(opened.controller.models)
        await opened.page.still()
        assert len(opened.controller.models) > before

    run(cluster, test)


def test_without_a_page_what_goes_wrong_is_told(cluster, monkeypatch):
    async def nothing_loaded(opened: Opened) -> None:
        opened.controller.notices.tell("error", "There is no such file.", "Look again.")
        with pytest.raises(BraynsWidgetError, match="no such file"):
            await opened.page.still()

    async def no_picture(opened: Opened) -> None:
        monkeypatch.setattr(stills, "PICTURE_DEADLINE", 0.2)
        cluster.renderer.delays["render-image"] = 60
        with pytest.raises(DeadlineExceeded, match="none within"):
            await opened.page.still()
        assert (await opened.page.stats())["views"] == {}

    async def never_ready(opened: Opened) -> None:
        monkeypatch.setattr(stills, "SETTLE_DEADLINE", 0.2)
        cluster.renderer.delays["add-model"] = 60
        opened.controller.load_circuit("/data/second.json")
        await asyncio.sleep(0)  # as a cell's call does, it begins before what is asked for next
        with pytest.raises(DeadlineExceeded, match="not ready within"):
            await opened.page.still()

    run(cluster, nothing_loaded, load=False)
    run(cluster, no_picture)
    run(cluster, never_ready)


def test_a_reason_takes_the_place_of_the_picture():
    reason, caption = stills.explain(BraynsWidgetError("The renderer ended.", hint="Run it again."))
    assert reason.data == {"text/plain": "No picture: The renderer ended. Run it again."}
    assert "Run the cell" in caption.data["text/html"]
