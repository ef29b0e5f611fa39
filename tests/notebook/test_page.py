"""One page's messages against the controller of a fake cluster; what a widget adds is in test_widget_pages."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from websockets import Origin
from websockets.asyncio.client import connect

from brayns_widget.controller import presence
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.notebook.frames import SceneFrames
from brayns_widget.notebook.page import Page, Transport
from brayns_widget.notebook.segments import SEGMENT
from tests.fakes import FakeCluster


class Port:
    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.sizes: list[list[int]] = []  # of their buffers, in bytes
        self.traits: dict[str, Any] = {}
        self.shared: list[str] = []
        self.left = asyncio.Event()

    def post(self, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        self.posts.append(content)
        self.sizes.append([buffer.nbytes for buffer in buffers])

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


@contextlib.asynccontextmanager
async def opened(controller: Controller, transport: Transport) -> AsyncIterator[tuple[Page, Port]]:
    await controller.start()
    port = Port()
    page = Page(controller, port.post, port.publish, "widget-1", left=port.left.set, transport=transport)
    try:
        yield page, port
    finally:
        await page.close()


def run(cluster: FakeCluster, test: Callable[[Page, Port, Controller], Any], transport: Transport = "auto") -> None:
    """Run ``await test(page, port, controller)`` on the controller's loop thread, where pages live."""
    with Controller(**cluster.options) as controller:

        async def main() -> None:
            async with opened(controller, transport) as (page, port):
                await test(page, port, controller)

        controller.loop.submit(main()).result(30)


READY = {"kind": "ready", "view": "v", "width": 400, "height": 200, "dpr": 1, "origin": "", "loopback": False}


def steered(controller: Controller, number: int, z: float, *, moving: bool) -> dict[str, Any]:
    """Return a page's message with a camera."""
    camera = controller.camera.to_dict() | {"position": [0, 0, z]}
    return {"kind": "camera", "view": "v", "number": number, "camera": camera, "moving": moving}


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
        assert sent[-1] == {"samples_per_pixel": samples, "ao_samples": 1}

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
        await page.stats()  # the frames have begun
        port.shared.clear()
        page.receive(steered(controller, 1, 7.0, moving=True))
        await until(lambda: port.traits["camera"].position == (0, 0, 7))
        assert list(controller.camera.position) == [0, 0, 7]
        assert not port.shared
        page.receive(steered(controller, 2, 7.0, moving=False))
        await until(lambda: port.shared.count("camera") == 1)
        assert controller.history.next_undo == "move the camera"

    run(cluster, test)


def test_a_linked_camera_moves_while_it_is_set_again_and_again_and_then_rests(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        await page.take("camera", controller.camera.to_dict() | {"position": [0, 0, 7.0]})
        assert port.shared[-1:] == ["camera"], "one alone does not move"
        port.shared.clear()
        for z in (8.0, 9.0):
            await page.take("camera", controller.camera.to_dict() | {"position": [0, 0, z]})
        assert list(controller.camera.position) == [0, 0, 9]
        assert port.shared == []
        await until(lambda: port.shared)
        assert port.shared.count("camera") == 1
        assert controller.history.next_undo == "move the camera"

    run(cluster, test)


def test_a_ping_is_answered(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive({"kind": "ping", "view": "v"})
        assert port.posts == [{"kind": "pong", "view": "v"}]

    run(cluster, test)


def test_while_a_circuit_loads_no_picture_is_asked_for(cluster):
    cluster.renderer.delays["add-model"] = 0.3

    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        await until(lambda: "frame" in port.kinds())
        task = controller.load_circuit("/data/circuit.json")
        await until(lambda: "add-model" in cluster.renderer.methods())
        page.receive(steered(controller, 1, 7.0, moving=False))
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


# ---------------------------------------------------------------------- how frames go to the page

HUB = "https://hub.example:8000"


def test_a_page_of_a_jupyter_server_is_offered_a_socket(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY | {"origin": HUB})
        await until(lambda: "socket" in port.kinds())
        assert port.kinds()[0] == "welcome"
        offer = next(content for content in port.posts if content["kind"] == "socket")
        address = f"ws://127.0.0.1:{offer['port']}/frames"
        async with connect(address, origin=Origin(HUB), proxy=None) as socket:
            await socket.send(json.dumps({"ticket": offer["ticket"]}))
            assert await socket.recv() == "welcome"
            assert isinstance(await socket.recv(), bytes)
            assert (await page.stats())["views"]["v"]["transport"] == "socket"
            await socket.send(json.dumps(steered(controller, 1, 7.0, moving=False)))
            await until(lambda: port.traits["camera"].position == (0, 0, 7))
            assert list(controller.camera.position) == [0, 0, 7]

    run(cluster, test)


@pytest.mark.parametrize("loopback", [True, False])
def test_frames_of_the_comm_fill_a_segment_of_the_loopback_interface(cluster, loopback):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY | {"loopback": loopback})
        await until(lambda: "frame" in port.kinds())
        picture, *filler = port.sizes[port.kinds().index("frame")]
        assert 0 < picture < SEGMENT
        assert filler == [SEGMENT] * loopback

    run(cluster, test, "comm")


def test_each_greeting_is_offered_a_ticket_of_its_own(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        for _ in range(2):
            page.receive(READY | {"origin": HUB})
        await until(lambda: port.kinds().count("socket") == 2)
        first, second = (content for content in port.posts if content["kind"] == "socket")
        assert first["ticket"] != second["ticket"]

    run(cluster, test)


@pytest.mark.parametrize(("transport", "origin"), [("comm", HUB), ("auto", "")])
def test_where_there_can_be_no_socket_frames_go_over_the_comm(cluster, transport, origin):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY | {"origin": origin})
        await until(lambda: "frame" in port.kinds())
        page.receive({"kind": "no-socket", "view": "v", "reason": "It was refused."})
        assert "socket" not in port.kinds()
        assert (await page.stats())["views"]["v"]["transport"] == "comm"
        assert controller.state.notice is None

    run(cluster, test, transport)


@pytest.mark.parametrize("origin", ["", HUB])
def test_where_a_socket_is_demanded_and_cannot_be_had_that_is_told(cluster, origin):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY | {"origin": origin})
        if origin:
            page.receive({"kind": "no-socket", "view": "v", "reason": "The Jupyter server does not forward it."})
        await until(lambda: controller.state.notice)
        notice = controller.state.notice
        assert notice is not None
        assert notice.level == "error"
        assert "no socket for frames" in notice.text
        assert ("does not forward it" if origin else "not a page of a Jupyter server") in notice.text
        assert "jupyter-server-proxy" in notice.hint
        await page.stats()  # the frames have begun
        page.receive(steered(controller, 1, 7.0, moving=False))
        await until(lambda: port.traits["camera"].position == (0, 0, 7))
        assert (await page.stats())["views"]["v"]["sent"] == 0
        assert "frame" not in port.kinds()

    run(cluster, test, "socket")


def test_a_ticket_is_in_no_trait_and_no_statistics(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY | {"origin": HUB})
        await until(lambda: "socket" in port.kinds())
        (ticket,) = (content["ticket"] for content in port.posts if content["kind"] == "socket")
        stats = await page.stats()
        assert ticket not in str([port.traits, stats, controller.state, vars(page), page])

    run(cluster, test)


def test_views_begin_anew_when_frames_are_numbered_anew(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        page.receive(READY | {"view": "w"})
        port.posts.clear()
        page.restarted()
        assert port.posts[0] == {"kind": "welcome", "view": "v", "binder": False}
        assert [(content["kind"], content["view"]) for content in port.posts] == [("welcome", "v"), ("welcome", "w")]

    run(cluster, test)


def test_the_end_of_a_gesture_that_comes_late_by_its_trait_changes_nothing(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        old, new = Camera((1, 0, 9)), Camera((2, 0, 9))
        frames = SceneFrames.of(controller)
        frames.steered(old, moving=False)
        frames.steered(new, moving=True)
        await page.take("camera", old)
        assert controller.camera.value == new
        await page.take("camera", Camera((3, 0, 9)))  # of a linked view
        assert controller.camera.value == Camera((3, 0, 9))

    run(cluster, test)


def test_what_a_view_says_tells_that_it_is_there_from_when_it_comes_until_it_goes(cluster, monkeypatch):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        heard: list[bool] = []  # whether each message wakes a scene that sleeps
        monkeypatch.setattr(controller.presence, "heard", lambda _, *, wakes: heard.append(wakes))
        ping = {"kind": "ping", "view": "v"}
        page.receive(ping)
        assert heard == []
        page.receive(
            {"kind": "ready", "view": "v", "width": 300, "height": 200, "dpr": 1, "origin": "", "loopback": False}
        )
        page.receive({"kind": "visible", "view": "v", "visible": False})
        page.receive({"kind": "visible", "view": "v", "visible": True})
        page.receive(ping)
        assert heard == [True, False, True, True]
        page.receive({"kind": "gone", "view": "v"})
        page.receive(ping)
        assert len(heard) == 4

    run(cluster, test)


def test_that_the_last_view_has_gone_is_told_unless_one_comes_soon(cluster, monkeypatch):
    monkeypatch.setattr(presence, "GRACE", 0.1)

    async def test(page: Page, port: Port, controller: Controller) -> None:
        ready = {"kind": "ready", "width": 300, "height": 200, "dpr": 1, "origin": "", "loopback": False}
        page.receive(ready | {"view": "a"})
        page.receive(ready | {"view": "b"})
        page.receive({"kind": "gone", "view": "a"})
        await asyncio.sleep(2 * presence.GRACE)  # what is tested is this time
        page.receive({"kind": "gone", "view": "b"})
        page.receive(ready | {"view": "b, elsewhere"})
        await asyncio.sleep(2 * presence.GRACE)
        assert not port.left.is_set()
        page.receive({"kind": "gone", "view": "b, elsewhere"})
        async with asyncio.timeout(10):
            await port.left.wait()

    run(cluster, test)


def test_each_view_is_told_that_its_picture_is_late(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        for view in ("v", "w"):
            page.receive(READY | {"view": view})
        for late in (True, False):
            SceneFrames.of(controller).late(late)
        told = [(post["view"], post["late"]) for post in port.posts if post["kind"] == "late"]
        assert told == [("v", True), ("w", True), ("v", False), ("w", False)]

    run(cluster, test)


def test_each_view_is_told_that_nothing_makes_frames_also_one_that_comes_later(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        port.posts.clear()
        frames = SceneFrames.of(controller)
        frames.silent(True)
        page.receive(READY | {"view": "w"})
        frames.silent(False)
        page.receive(READY | {"view": "x"})
        told = [(post["view"], post["silent"]) for post in port.posts if post["kind"] == "maker"]
        assert told == [("v", True), ("w", True), ("v", False), ("w", False)]
        assert port.kinds()[1:3] == ["welcome", "maker"]  # a welcome means that frames come

    run(cluster, test)


def test_a_kernel_that_makes_the_frames_after_losses_says_so(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        SceneFrames.of(controller).demoted(3)
        notice = controller.state.notice
        assert notice is not None
        assert notice.level == "warning"
        assert notice.text == "The process that makes the pictures was lost 3 times. For now the kernel makes them."

    run(cluster, test)


def test_that_a_socket_is_missing_is_taken_back_when_there_is_one(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        assert "has no socket" in str(controller.state.notice)
        page.plugged("v", True)
        assert controller.state.notice is None

    run(cluster, test, "socket")


@pytest.mark.parametrize("name", ["BINDER_LAUNCH_HOST", "BINDER_REPO_URL"])
def test_a_page_is_told_that_it_is_on_binder(cluster, monkeypatch, name):
    monkeypatch.setenv(name, "https://binder.example/")

    async def test(page: Page, port: Port, controller: Controller) -> None:
        page.receive(READY)
        assert port.posts[0] == {"kind": "welcome", "view": "v", "binder": True}

    run(cluster, test)


def test_who_makes_the_frames_is_in_the_statistics(cluster):
    async def test(page: Page, port: Port, controller: Controller) -> None:
        assert (await page.stats())["made_by"] == "process"

    run(cluster, test)
