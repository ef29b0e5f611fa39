"""The frames of a scene that two widgets show: one stream, whose pictures and news go to whom they are for."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from brayns_widget.connection import recovery
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.notebook.frames import SceneFrames
from brayns_widget.notebook.page import Page
from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import FakeCluster
from tests.notebook import pages
from tests.notebook.pages import views
from tests.notebook.test_page import READY, Port, until
from tests.tcp_proxy import TcpProxy


class Shown:
    """A page of one of the widgets, which acknowledges its frames."""

    def __init__(self, controller: Controller, name: str) -> None:
        self.port = Port()
        self.stills: list[dict[str, Any]] = []
        self.page = Page(controller, self._take, self.port.publish, name, left=self.port.left.set)

    def _take(self, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        self.port.post(content, buffers)
        if content["kind"] == "frame":
            ack = {"seq": content["seq"], "shown": True, "decode_ms": 1.0}
            self.page.receive({"kind": "ack", "view": content["view"], "acks": [ack]})

    def show(self, view: str, width: int) -> None:
        self.page.receive(READY | {"view": view, "width": width, "height": 100})

    def steer(self, view: str, number: int, x: float, *, moving: bool) -> None:
        camera = Camera((x, 0, 50)).to_dict()
        self.page.receive({"kind": "camera", "view": view, "number": number, "camera": camera, "moving": moving})

    def frames(self) -> list[dict[str, Any]]:
        return [post for post in self.port.posts if post["kind"] == "frame"]

    def sharp(self, width: int) -> bool:
        """Whether the newest picture rests in its full size."""
        newest = (self.frames() or [{"moving": True}])[-1]
        return not newest["moving"] and (newest["width"], newest["height"]) == (width, 100)


def run(cluster: FakeCluster, test: Callable[[Controller, Shown, Shown], Any]) -> None:
    """Run ``await test(controller, left, right)`` with views of 400 and 300 pixels' width."""
    with Controller(**cluster.options) as controller:

        async def main() -> None:
            await controller.start()
            left, right = Shown(controller, "left"), Shown(controller, "right")
            try:
                left.show("l", 400)
                right.show("r", 300)
                await until(lambda: left.sharp(400) and right.sharp(300))
                await test(controller, left, right)
            finally:
                await left.page.close()
                await right.page.close()

        controller.loop.submit(main()).result(30)


async def _quiet(cluster: FakeCluster) -> None:
    """Wait until nothing has been asked of the renderer for a while."""
    asked = -1
    async with asyncio.timeout(10):
        while asked != len(cluster.renderer.requests):
            asked = len(cluster.renderer.requests)
            await asyncio.sleep(0.4)


def test_widgets_of_one_controller_share_a_stream_and_each_has_its_views(cluster):
    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        assert {frame["view"] for frame in left.frames()} == {"l"}
        assert {frame["view"] for frame in right.frames()} == {"r"}
        await _quiet(cluster)
        first, second = await left.page.stats(), await right.page.stats()
        assert set(first.pop("views")) == {"l"}
        assert set(second.pop("views")) == {"r"}
        assert first == second
        # The kernel's link, and one for the frames of both.
        assert len(cluster.renderer.sockets) == 2

    run(cluster, test)


def test_gestures_in_turn_leave_both_sharp_and_with_the_last_camera(cluster):
    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        for number in range(1, 31):
            shown, view = ((left, "l"), (right, "r"))[number // 5 % 2]
            shown.steer(view, number, float(number), moving=number % 5 != 4)
            await asyncio.sleep(0.003)
        right.steer("r", 99, 99.0, moving=False)
        last = Camera((99.0, 0, 50))
        await until(lambda: controller.camera.value == last)
        await _quiet(cluster)  # neither undoes what the other has set
        assert views(cluster)[-1] == [99.0, 0, 50]
        assert left.sharp(400)
        assert right.sharp(300)
        for shown in (left, right):
            assert shown.port.traits["camera"] == last
            assert shown.frames()[-1]["accumulation"] == shown.frames()[-1]["max_accumulation"]

    run(cluster, test)


def test_a_gesture_in_one_moves_the_other(cluster):
    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        seen = len(right.frames())
        for number in range(1, 200):
            left.steer("l", number, float(number), moving=True)
            await asyncio.sleep(0.005)
            if any(frame["moving"] for frame in right.frames()[seen:]):
                break
        assert any(frame["moving"] for frame in right.frames()[seen:])
        assert right.port.shared.count("camera") == 1  # its pages get the camera when it rests
        left.steer("l", 1000, 7.0, moving=False)
        await until(lambda: right.port.shared.count("camera") == 2)

    run(cluster, test)


def test_a_widget_that_is_closed_takes_nothing_from_the_other(cluster):
    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        await left.page.close()
        seen = len(left.frames())
        controller._core.touch()
        right.steer("r", 1, 5.0, moving=False)
        await until(lambda: views(cluster)[-1] == [5.0, 0, 50] and right.sharp(300))
        before = len(right.frames())
        controller._core.touch()
        await until(lambda: len(right.frames()) > before and right.sharp(300))
        assert len(left.frames()) == seen
        assert len(cluster.renderer.sockets) == 2
        await right.page.close()
        await until(lambda: len(cluster.renderer.sockets) == 1)  # the kernel's
        again = Shown(controller, "again")
        again.show("a", 200)
        await until(lambda: again.sharp(200))
        await again.page.close()

    run(cluster, test)


def test_news_of_the_frames_go_to_all_and_pictures_to_whom_they_fit(cluster):
    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        assert SceneFrames.of(controller) is SceneFrames.of(controller)
        for shown, width in ((left, 400), (right, 300)):
            keeper = shown.page._keeper
            await keeper._taken.wait()
            assert keeper._picture is not None
            assert keeper._picture.width == width
        frames = SceneFrames.of(controller)
        frames.silent(True)
        frames.restarted()
        for shown, view in ((left, "l"), (right, "r")):
            assert {"kind": "maker", "view": view, "silent": True} in shown.port.posts
            assert {post["view"] for post in shown.port.posts if post["kind"] == "welcome"} == {view}

    run(cluster, test)


@pytest.mark.parametrize("offered", [True, False])
def test_what_a_picture_shows_goes_to_its_view_where_the_renderer_can_tell(cluster, offered):
    if offered:
        cluster.renderer.offers.append("render-ids")

    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        def ids(shown: Shown) -> list[tuple[str, int]]:
            return [(post["view"], post["seq"]) for post in shown.port.posts if post["kind"] == "ids"]

        if offered:
            await until(lambda: ids(left) and ids(right))
            assert ids(left)[-1] == ("l", left.frames()[-1]["seq"])
            assert ids(right)[-1] == ("r", right.frames()[-1]["seq"])
        else:
            await _quiet(cluster)
            assert "render-ids" not in cluster.renderer.methods()

    run(cluster, test)


def test_where_no_page_is_each_widget_gets_its_picture(cluster):
    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        await left.page.close()
        await right.page.close()
        first, second = Shown(controller, "first"), Shown(controller, "second")
        for shown in (first, second):
            assert "image/jpeg" in (await shown.page.still())[0].data
        await first.page.close()
        assert "image/jpeg" in (await second.page.still())[0].data
        await second.page.close()

    run(cluster, test)


@pytest.mark.parametrize("first", ["maker", "other"])
def test_a_controller_that_a_widget_made_is_closed_with_the_last_widget(cluster, comms, first):
    maker = BraynsWidget(**cluster.options)
    other = BraynsWidget(controller=maker.controller)
    pages.until(partial(_is_ready, maker))
    closed, left, comm = (maker, other, comms[1]) if first == "maker" else (other, maker, comms[0])
    closed.close()
    comm.say("ready", width=400, height=300, dpr=1)
    comm.wait("frame")
    assert _is_ready(left)
    left.close()
    assert not _is_ready(left)


def test_a_controller_of_the_users_stays_open_without_widgets(cluster, comms):
    with Controller(**cluster.options) as controller:
        one, two = BraynsWidget(controller=controller), BraynsWidget(controller=controller)
        pages.until(partial(_is_ready, one))
        one.close()
        two.close()
        assert controller.status.state == "ready"


def test_a_second_widget_of_a_controller_keeps_it_no_longer_than_needed(cluster, comms):
    viewer = BraynsWidget(**cluster.options)
    other = BraynsWidget(controller=viewer.controller)
    pages.until(partial(_is_ready, viewer))
    kept, shared = weakref.ref(viewer.controller), weakref.ref(viewer.controller.loop.submit(_of(viewer)).result(5))
    other.close()
    assert viewer.stats["views"] == {}
    del other
    viewer.close()
    del viewer
    pages.until(lambda: gc.collect() is not None and kept() is None and shared() is None)


def _is_ready(viewer: BraynsWidget) -> bool:
    return viewer.status.state == "ready"


async def _of(viewer: BraynsWidget) -> SceneFrames:
    return SceneFrames.of(viewer.controller)


def test_pictures_go_on_after_broken_links(cluster, monkeypatch):
    monkeypatch.setattr(recovery, "BASE", 0.02)

    async def break_links(controller: Controller, shown: Sequence[Shown], x: float) -> None:
        before, drawn = controller.ready, [len(one.frames()) for one in shown]
        await asyncio.to_thread(proxy.reset)
        await until(lambda: controller.ready not in {None, before})
        controller.camera._assign(Camera((x, 0, 70)))
        await until(lambda: all(len(one.frames()) > count for one, count in zip(shown, drawn, strict=True)))

    async def test(controller: Controller, left: Shown, right: Shown) -> None:
        made_by = (await left.page.stats())["made_by"]
        for number in range(3):
            await break_links(controller, (left, right), number)
            await until(lambda: left.sharp(400) and right.sharp(300))
        assert (await left.page.stats())["made_by"] == made_by == "process"
        await until(lambda: controller.state.notice is None)

    with TcpProxy(cluster.slave) as proxy:
        cluster.slave = proxy.url
        run(cluster, test)
