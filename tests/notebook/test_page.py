"""One page's messages against the controller of a fake cluster; what a widget adds is in test_widget."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.notebook.page import Page
from tests.fakes import FakeCluster


class Port:
    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.traits: dict[str, Any] = {}
        self.shared: list[str] = []

    def post(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self.posts.append(content)

    def publish(self, name: str, value: Any, *, share: bool = True) -> None:
        self.traits[name] = value
        if share:
            self.shared.append(name)

    def kinds(self) -> list[str]:
        return [content["kind"] for content in self.posts]


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - conditions are of many kinds, and the wait has a deadline
            await asyncio.sleep(0.002)


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster(polls=0) as cluster:
        yield cluster


@contextlib.asynccontextmanager
async def opened(controller: Controller) -> AsyncIterator[tuple[Page, Port]]:
    await controller.start()
    port = Port()
    page = Page(controller, port.post, port.publish, "widget-1")
    try:
        yield page, port
    finally:
        await page.close()


def run(cluster: FakeCluster, test: Callable[[Page, Port, Controller], Any]) -> None:
    """Run ``await test(page, port, controller)`` on the controller's loop thread, where pages live."""
    with Controller(**cluster.options) as controller:

        async def main() -> None:
            async with opened(controller) as (page, port):
                await test(page, port, controller)

        controller.loop.submit(main()).result(30)


READY = {"kind": "ready", "view": "v", "width": 400, "height": 200, "dpr": 1}


def test_a_page_begins_with_the_controllers_state(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        assert port.traits["status"].state == "ready"
        assert port.traits["camera"] == controller.camera.value
        assert port.traits["background"] == controller.rendering.background
        assert port.traits["models"] == ()
        assert port.traits["legend"] is None

    run(cluster, test)


@pytest.mark.parametrize(("revision", "samples"), [("brayns-widget 0.1.0", 16), ("747afcdfc", 4)])
def test_the_stream_is_set_for_the_server_that_answers(cluster, revision, samples):
    version = {"major": 3, "minor": 10, "patch": 1, "revision": revision}
    answer = cluster.renderer.answer
    cluster.renderer.answer = lambda method, params: (
        (version, b"") if method == "get-version" else answer(method, params)
    )

    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        await until(lambda: "frame" in port.kinds())
        sent = [params for method, params in cluster.renderer.requests if method == "set-renderer-interactive"]
        assert sent[-1] == {"samples_per_pixel": samples}

    run(cluster, test)


def test_the_shape_of_a_view_is_what_the_camera_frames_for(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        aspects = [controller.aspect]
        for width, height in ((400, 400), (0.001, 1e9)):
            page.receive(READY | {"kind": "resize", "width": width, "height": height})
            aspects.append(controller.aspect)
        assert aspects == [2, 1, 0.01]

    run(cluster, test)


def test_a_moving_camera_is_kept_from_the_pages(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        port.shared.clear()
        camera = controller.camera.to_dict() | {"position": [0, 0, 7.0]}
        page.receive({"kind": "camera", "view": "v", "camera": camera, "moving": True})
        assert port.traits["camera"].position == (0, 0, 7)
        assert list(controller.camera.position) == [0, 0, 7]
        assert not port.shared
        page.receive({"kind": "camera", "view": "v", "camera": camera, "moving": False})
        assert port.shared == ["camera"]

    run(cluster, test)


def test_while_a_circuit_loads_no_picture_is_asked_for(cluster):
    cluster.renderer.delays["add-model"] = 0.3

    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        await until(lambda: "frame" in port.kinds())
        task = controller.load_circuit("/data/circuit.json")
        await until(lambda: "add-model" in cluster.renderer.methods())
        camera = controller.camera.to_dict() | {"position": [0, 0, 7.0]}
        page.receive({"kind": "camera", "view": "v", "camera": camera, "moving": False})
        await asyncio.sleep(0.1)  # long enough for a picture, were one asked for
        assert cluster.renderer.methods()[-1] == "add-model"
        await task
        seen = len(cluster.renderer.requests)
        await until(lambda: "render-image" in cluster.renderer.methods()[seen:])

    run(cluster, test)


def test_a_page_that_calls_without_end_is_refused(cluster):
    cluster.renderer.silent.add("update-model")

    async def test(page: Page, port: Port, controller: Controller) -> None:
        (model,) = await controller.load_circuit("/data/circuit.json")
        for number in range(66):
            params = {"id": model.id, "visible": False}
            page.receive({"kind": "call", "view": "v", "id": number, "method": "model.update", "params": params})
        await until(lambda: len(port.posts) == 2)
        assert {content["id"] for content in port.posts} == {64, 65}
        assert "64 calls" in port.posts[0]["error"]["message"]

    run(cluster, test)


def test_a_closed_page_hears_no_more(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        await page.close()
        port.traits.clear()
        await controller.camera.reset.aio()
        await controller.load_circuit("/data/circuit.json")
        assert port.traits == {}

    run(cluster, test)
