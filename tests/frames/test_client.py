"""Frames of one scene as the kernel sees them, with real frame processes and a fake renderer."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import psutil
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from brayns_widget.connection.link import Address, Link
from brayns_widget.connection.process import Process
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.camera import Camera
from brayns_widget.frames import client as client_module
from brayns_widget.frames import launched as launched_module
from brayns_widget.frames import losses as losses_module
from brayns_widget.frames import renderer as renderer_module
from brayns_widget.frames.client import Frames
from brayns_widget.frames.launched import FrameProcess
from brayns_widget.frames.losses import ROW_MAX
from brayns_widget.frames.makers import Apart, Here, Target
from brayns_widget.frames.messages import Ack, AckMessage, CameraMessage, PictureMessage
from brayns_widget.protocol.errors import ServiceError
from brayns_widget.stream import Picture
from tests.fakes import TOKEN, FakeCluster
from tests.frames.bench import ORIGIN, camera, next_frame
from tests.stream.bench import until


class Widget:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.frames: list[PictureMessage] = []
        self.cameras: list[tuple[float, bool]] = []
        self.lates: list[bool] = []
        self.rest: list[Picture] = []
        self.plugs: list[tuple[str, bool]] = []
        self.restarts = 0
        self.silences: list[bool] = []
        self.demotions: list[int] = []
        self.failures: list[str] = []

    def frame(self, message: PictureMessage, data: memoryview) -> None:
        assert len(data)
        self.frames.append(message)

    def steered(self, camera: Camera, moving: bool) -> None:
        self.cameras.append((camera.position[0], moving))

    def late(self, late: bool) -> None:
        self.lates.append(late)

    def rested(self, picture: Picture, views: Sequence[str]) -> None:
        assert views
        self.rest.append(picture)

    def plugged(self, view: str, plugged: bool) -> None:
        self.plugs.append((view, plugged))

    def silent(self, silent: bool) -> None:
        self.silences.append(silent)

    def restarted(self) -> None:
        self.restarts += 1

    def demoted(self, losses: int) -> None:
        self.demotions.append(losses)

    def failed(self, message: str, hint: str) -> None:
        self.failures.append(message)


class Made:
    """Frames, the widget that is told of them, and a target with a link of the kernel's own."""

    def __init__(self, frames: Frames, widget: Widget, link: Link) -> None:
        self.frames = frames
        self.widget = widget
        self.link = link

    def target(self, token: str = TOKEN) -> Target:
        return Target(Address(self.link.address.url, Token(token)), self.link.request, ours=True, gives_way=True)

    def want(self, *, comm: bool = True) -> None:
        """Want a picture."""
        self.frames.add_view("v", 400, 300, 1.0, comm=comm)
        self.frames.set_camera(camera(1), moving=False)
        self.frames.set_target(self.target())

    async def place(self) -> str:
        stats = await self.frames.stats()
        place: str = stats["made_by"]
        return place

    @property
    def process(self) -> FrameProcess:
        assert isinstance(self.frames._maker, Apart)
        return self.frames._maker._process

    async def next_rest(self) -> None:
        """Wait for another picture at rest."""
        seen = len(self.widget.rest)
        await until(lambda: len(self.widget.rest) > seen, 20)

    async def kill(self) -> None:
        """Kill the frame process, and wait until that is noticed."""
        dead = self.frames._maker
        psutil.Process(self.process.child.pid).kill()
        await until(lambda: self.frames._maker is not dead, 20)


@pytest.fixture(scope="module")
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as cluster:
        yield cluster


@pytest.fixture
def run(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """A function that runs ``await test(made)`` with frame processes of its own."""
    monkeypatch.setattr(renderer_module, "_PAUSE", 0.01)
    processes = Process()
    monkeypatch.setattr(client_module, "PROCESS", processes)

    async def main(test: Callable[[Made], Any], **options: Any) -> None:
        widget = Widget()
        link = await Link.open(f"{cluster.slave}/1/renderer", Token(TOKEN), name="renderer", probe="get-version")
        frames = Frames(widget, **options)
        try:
            async with asyncio.timeout(60):
                await test(Made(frames, widget, link))
            assert widget.failures == []
        finally:
            await frames.close()
            await link.close()

    yield lambda test, **options: asyncio.run(main(test, **options))
    processes.end()


def test_a_process_makes_the_frames(run):
    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        assert await made.place() == "process"
        assert made.widget.frames[0].view == "v"
        assert made.widget.cameras == []  # of pages
        assert (await made.frames.stats())["views"]["v"]["transport"] == "comm"

    run(test)


def test_where_there_can_be_no_process_the_kernel_makes_them(run, caplog, monkeypatch):
    def refuse(**_: object) -> FrameProcess:
        raise ServiceError("No process is free.")

    monkeypatch.setattr(FrameProcess, "launch", refuse)

    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        assert await made.place() == "kernel"

    run(test)
    assert "The kernel makes the frames itself: No process is free." in caplog.text


def test_the_kernel_can_be_told_to_make_them(run):
    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        assert await made.place() == "kernel"

    run(test, apart=False)


def test_two_widgets_share_a_process(run, cluster):
    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        other = Frames(Widget())
        try:
            assert (await other.stats())["made_by"] == "process"
            assert isinstance(other._maker, Apart)
            assert other._maker._process is made.process
            assert (await other.stats())["views"] == {}
        finally:
            await other.close()
        made.frames.invalidate()
        await made.next_rest()

    run(test)


def test_what_is_wanted_before_there_is_a_maker_is_not_lost(run, cluster):
    cluster.renderer.requests.clear()

    async def test(made: Made) -> None:
        assert made.frames._maker is None
        made.frames.add_view("v", 100, 100, 1.0)
        made.frames.add_view("gone", 900, 900, 1.0)
        made.frames.remove_view("gone")
        made.frames.resize("v", 500, 400, 2.0)
        made.frames.set_visible("v", False)
        made.frames.set_ao_samples(3)
        made.frames.set_busy(True)
        made.frames.set_camera(camera(1), moving=False)
        made.frames.set_camera(camera(2), moving=False)
        made.frames.set_target(made.target())
        stats = await made.frames.stats()
        assert {name: view["visible"] for name, view in stats["views"].items()} == {"v": False}
        made.frames.set_visible("v", True)
        made.frames.set_busy(False)
        await made.next_rest()
        assert cluster.renderer.sent("set-camera-view")[-1]["position"] == [2, 0, 9]
        assert cluster.renderer.sent("set-application-parameters")[-1] == {"viewport": [1000, 800]}
        assert cluster.renderer.sent("set-renderer-interactive")[-1]["ao_samples"] == 3

    run(test)


def test_frames_survive_the_death_of_their_process(run, cluster):
    async def test(made: Made) -> None:
        made.want()
        made.frames.set_ao_samples(4)
        made.frames.resize("v", 640, 480, 1.0)
        await made.next_rest()
        dead = made.process
        cluster.renderer.requests.clear()
        await made.kill()
        made.frames.set_camera(camera(5), moving=False)  # while there is none
        await made.next_rest()
        assert await made.place() == "process"
        assert made.process is not dead
        assert cluster.renderer.sent("set-camera-view")[-1]["position"] == [5, 0, 9]
        assert cluster.renderer.sent("set-application-parameters")[-1] == {"viewport": [640, 480]}
        assert cluster.renderer.sent("set-renderer-interactive")[-1]["ao_samples"] == 4
        assert made.widget.restarts == 1  # frames are numbered anew
        assert made.widget.silences == [True, False]
        assert (await made.frames.stats())["processes_lost"] == 1

    run(test)


def test_the_camera_of_a_page_survives_too(run, cluster):
    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        made.frames.receive(CameraMessage("v", 1, camera(6), False))
        await until(lambda: made.widget.cameras == [(6, False)])
        await made.kill()
        await made.next_rest()
        assert cluster.renderer.sent("set-camera-view")[-1]["position"] == [6, 0, 9]

    run(test)


def test_after_some_deaths_the_kernel_makes_the_frames_for_a_while(run, monkeypatch):
    monkeypatch.setattr(losses_module, "PAUSE", 1.0)

    async def test(made: Made) -> None:
        made.want()
        for _ in range(ROW_MAX):
            assert await made.place() == "process"
            assert made.widget.demotions == []
            await made.kill()
        await until(lambda: isinstance(made.frames._maker, Here), 20)
        assert made.widget.demotions == [ROW_MAX]
        await made.next_rest()
        await until(lambda: isinstance(made.frames._maker, Apart), 20)
        await made.next_rest()
        assert await made.place() == "process"
        assert made.widget.restarts == ROW_MAX + 1

    run(test)


def test_a_process_that_could_not_be_started_is_tried_again_after_a_while(run, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(losses_module, "PAUSE", 0.3)
    launch = FrameProcess.launch
    tries: list[None] = []

    def refuse_twice(**options: Any) -> FrameProcess:
        tries.append(None)
        if len(tries) <= 2:
            raise ServiceError("No process is free.")
        return launch(**options)

    monkeypatch.setattr(FrameProcess, "launch", refuse_twice)

    async def test(made: Made) -> None:
        made.want()
        assert await made.place() == "kernel"
        assert made.widget.demotions == []  # none was lost
        await until(lambda: isinstance(made.frames._maker, Apart), 20)
        assert len(tries) == 3
        await made.next_rest()

    run(test)
    assert "The kernel still makes the frames itself: No process is free." in caplog.text


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped there")
def test_a_process_that_hangs_is_told_and_replaced(run, cluster, caplog):
    caplog.set_level("INFO")

    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        hung = made.process
        start = time.monotonic()
        psutil.Process(hung.child.pid).suspend()
        await until(lambda: made.widget.silences == [True], 20)
        told = time.monotonic() - start
        await until(lambda: made.widget.silences == [True, True, False], 20)  # it is lost, and another one goes on
        print(f"told after {told:.1f} s, replaced after {time.monotonic() - start:.1f} s")
        assert not hung.child.alive
        made.frames.invalidate()
        await made.next_rest()
        assert await made.place() == "process"
        assert (await made.frames.stats())["processes_lost"] == 1

    run(test)
    assert "The frame process has not answered for 5 s, and is killed" in caplog.text


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped there")
def test_a_process_that_answers_again_goes_on(run):
    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        process = psutil.Process(made.process.child.pid)
        process.suspend()
        await until(lambda: made.widget.silences == [True], 20)
        process.resume()
        await until(lambda: made.widget.silences == [True, False], 20)
        assert made.process.child.pid == process.pid
        made.frames.invalidate()
        await made.next_rest()
        assert made.widget.restarts == 0

    run(test)


def test_a_kernel_that_was_held_up_does_not_blame_the_process(run, monkeypatch):
    monkeypatch.setattr(launched_module, "PING_PERIOD", 0.02)

    async def test(made: Made) -> None:
        await made.frames.stats()
        for _ in range(3):
            time.sleep(0.5)  # noqa: ASYNC251 - it holds the loop, as a cell that holds the GIL does
            await asyncio.sleep(0.1)
        assert made.widget.silences == []

    run(test)


def test_a_function_that_returns_the_token_does_not_hold_the_loop(run):
    threads: list[threading.Thread] = []

    def ask() -> str:
        threads.append(threading.current_thread())
        return TOKEN

    async def test(made: Made) -> None:
        made.want()
        target = made.target()
        made.frames.set_target(replace(target, address=Address(target.address.url, Token(ask))))
        await made.next_rest()
        assert threads
        assert threading.current_thread() not in threads

    run(test)


def test_where_the_renderer_takes_no_second_link_the_kernel_uses_its_own(run, caplog):
    async def test(made: Made) -> None:
        made.want()
        made.frames.set_target(made.target(token="another"))
        await until(lambda: isinstance(made.frames._maker, Here), 20)
        made.frames.invalidate()
        await made.next_rest()
        assert await made.place() == "kernel"
        made.frames.set_target(made.target())
        await until(lambda: isinstance(made.frames._maker, Apart), 20)
        await made.next_rest()  # another renderer is asked anew

    run(test)
    assert "because the frame process has no link" in caplog.text
    assert "another" not in caplog.text


@pytest.mark.parametrize("apart", [True, False])
def test_a_page_opens_a_socket_by_its_ticket(run, apart):
    async def test(made: Made) -> None:
        made.want()
        port, ticket = await made.frames.ticket("v", ORIGIN)
        await made.next_rest()
        async with connect(f"ws://127.0.0.1:{port}/frames", origin=websockets.Origin(ORIGIN), proxy=None) as page:
            await page.send(json.dumps({"ticket": ticket}))
            assert await page.recv() == "welcome"
            header, _ = await next_frame(page)
            assert header["view"] == "v"
            stats = await made.frames.stats()
            assert stats["views"]["v"]["transport"] == "socket"
            assert ticket not in str(stats)
            said = {"kind": "camera", "number": 1, "camera": camera(7).to_dict(), "moving": False, "acks": []}
            await page.send(json.dumps(said))
            await until(lambda: made.widget.cameras == [(7, False)])

    run(test, apart=apart)


async def _read_all(page: ClientConnection) -> None:
    while True:
        await page.recv()


def test_a_socket_breaks_with_its_process_and_another_ticket_opens_the_next(run):
    async def test(made: Made) -> None:
        made.want()
        port, ticket = await made.frames.ticket("v", ORIGIN)
        async with connect(f"ws://127.0.0.1:{port}/frames", origin=websockets.Origin(ORIGIN), proxy=None) as page:
            await page.send(json.dumps({"ticket": ticket}))
            assert await page.recv() == "welcome"
            await made.kill()
            with pytest.raises(websockets.ConnectionClosed):
                await _read_all(page)
        port, ticket = await made.frames.ticket("v", ORIGIN)  # waits for the next process
        async with connect(f"ws://127.0.0.1:{port}/frames", origin=websockets.Origin(ORIGIN), proxy=None) as page:
            await page.send(json.dumps({"ticket": ticket}))
            assert await page.recv() == "welcome"
            assert (await next_frame(page))[0]["view"] == "v"

    run(test)


def test_acknowledgements_over_the_comm_arrive(run):
    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        seqs = [frame.seq for frame in made.widget.frames]
        made.frames.receive(AckMessage("v", tuple(Ack(seq, True, 1.0) for seq in seqs)))
        assert (await made.frames.stats())["views"]["v"]["shown"] == len(seqs)

    run(test)


def test_a_view_without_the_comm_gets_no_frame_over_it(run):
    async def test(made: Made) -> None:
        made.want(comm=False)
        for _ in range(2):
            port, ticket = await made.frames.ticket("v", ORIGIN)
            async with connect(f"ws://127.0.0.1:{port}/frames", origin=websockets.Origin(ORIGIN), proxy=None) as page:
                await page.send(json.dumps({"ticket": ticket}))
                assert await page.recv() == "welcome"
                await next_frame(page)
            await made.kill()  # the next process is told it, too
        assert (await made.frames.stats())["views"]["v"]["transport"] == "comm"
        assert made.widget.frames == []

    run(test)


class Recorded:
    """A maker that does as it is told: it tells nothing by itself."""

    place = "process"

    def __init__(self) -> None:
        self.cameras: list[tuple[float, int]] = []

    def call(self, name: str, *arguments: Any) -> None: ...

    def set_camera(self, camera: Camera, moving: bool, number: int) -> None:
        self.cameras.append((camera.position[0], number))

    def set_target(self, target: Target | None) -> None: ...

    async def close(self) -> None: ...


def test_cameras_of_pages_are_older_than_the_kernels_until_that_is_told_back():
    async def main() -> None:
        widget = Widget()
        frames = Frames(widget, apart=False)
        await asyncio.wait([frames._starting])
        assert frames._maker is not None
        await frames._maker.close()
        maker = Recorded()
        frames._use(maker)  # type: ignore[arg-type]
        frames._told_camera(camera(1), True, 0)
        assert widget.cameras == [(1, True)]
        frames.set_camera(camera(2), moving=False)
        frames.set_camera(camera(3), moving=False)
        frames._told_camera(camera(4), True, 0)  # it was under way
        frames._told_camera(camera(2), False, 1)
        frames._told_camera(camera(5), False, 0)
        assert [x for x, _ in widget.cameras] == [1]
        frames._told_camera(camera(3), False, 2)
        frames._told_camera(camera(6), False, 0)
        assert [x for x, _ in widget.cameras] == [1, 6]
        assert [number for _, number in maker.cameras] == [1, 2]
        frames._use(maker)  # type: ignore[arg-type]
        assert maker.cameras[2:] == [(6, 2)]  # what was seen last
        await frames.close()

    asyncio.run(main())


def test_the_kernels_camera_stays_when_a_page_moves_at_the_same_time(run):
    async def test(made: Made) -> None:
        made.want()
        await made.next_rest()
        for number in range(1, 20):
            made.frames.receive(CameraMessage("v", number, camera(number), True))
        made.frames.set_camera(camera(50), moving=False)
        await until(lambda: made.frames._heard)
        assert made.frames._camera == camera(50)
        assert all(x < 50 for x, _ in made.widget.cameras)

    run(test)


def test_stats_have_a_deadline(run, monkeypatch):
    monkeypatch.setattr(client_module, "STATS_DEADLINE", 0.05)

    async def test(made: Made) -> None:
        await made.frames._ready.wait()
        made.frames._ready.clear()
        with pytest.raises(TimeoutError):
            await made.frames.stats()
        made.frames._ready.set()

    run(test)


def test_frames_can_be_closed_while_their_process_starts(run):
    async def test(made: Made) -> None:
        frames = Frames(Widget())
        await asyncio.sleep(0)
        await frames.close()
        assert frames._maker is None

    run(test)


SCRIPT = """
from brayns_widget.connection.process import PROCESS
from brayns_widget.frames.client import Frames
class Nobody:
    frame = steered = rested = failed = silent = late = lambda *_: None
async def main():
    frames = Frames(Nobody())
    await frames.stats()
    return frames
frames = PROCESS.loop_thread().submit(main()).result(30)
print(frames._maker._process.child.pid, flush=True)
"""


def test_a_kernel_that_ends_leaves_no_process_and_says_nothing():
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not psutil.pid_exists(int(done.stdout))


def test_a_socket_that_stayed_over_a_repeated_greeting_is_told_to_close_with_its_maker(run):
    async def test(made: Made) -> None:
        made.want()
        await made.frames.stats()
        made.frames._told_plugged("v", True)
        made.want()
        await made.kill()
        assert made.widget.plugs == [("v", True), ("v", False)]

    run(test)
