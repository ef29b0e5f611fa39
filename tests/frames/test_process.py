"""A real ``brayns-widget frames``, as the kernel starts it."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import websockets
from websockets.asyncio.client import connect

from brayns_widget.connection.child import Child
from brayns_widget.connection.link import Address
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.camera import Camera
from brayns_widget.frames import control
from brayns_widget.frames.launched import FrameProcess
from brayns_widget.frames.makers import Apart, MakerEvents, Target
from brayns_widget.frames.messages import FrameMessage, IdsMessage, PictureMessage
from brayns_widget.frames.tickets import new_secret
from brayns_widget.protocol.errors import ServiceError
from tests.fakes import IDS, JPEG, TOKEN, FakeCluster
from tests.frames.bench import ORIGIN, next_frame
from tests.stream.bench import until


class Heard:
    """Keeps what a maker tells."""

    def __init__(self) -> None:
        self.frames: list[tuple[PictureMessage, bytes]] = []
        self.cameras: list[tuple[float, bool, int]] = []
        self.rest: list[bytes] = []
        self.lates: list[bool] = []
        self.plugs: list[tuple[str, bool]] = []
        self.failures: list[tuple[str, str]] = []
        self.lost = 0
        self.refusals: list[str] = []
        self.silences: list[bool] = []

    @property
    def events(self) -> MakerEvents:
        def lose() -> None:
            self.lost += 1

        return MakerEvents(
            frame=lambda message, data: self.frames.append((message, bytes(data))),
            camera=lambda camera, moving, number: self.cameras.append((camera.position[0], moving, number)),
            rested=lambda picture, _: self.rest.append(bytes(picture.data)),
            plugged=lambda view, plugged: self.plugs.append((view, plugged)),
            late=self.lates.append,
            failed=lambda message, hint: self.failures.append((message, hint)),
            silent=self.silences.append,
            lost=lose,
            refused=self.refusals.append,
        )


class Nobody:
    """A way to the renderer that must not be used."""

    async def __call__(self, method: str, params: Any) -> Any:
        raise AssertionError(method)


@pytest.fixture(scope="module")
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as cluster:
        yield cluster


def target(cluster: FakeCluster, token: str = TOKEN, *, tells_ids: bool = False) -> Target:
    address = Address(f"{cluster.slave}/1/renderer", Token(token))
    return Target(address, Nobody(), ours=True, gives_way=True, tells_ids=tells_ids)


def run(test: Callable[[FrameProcess], Any]) -> None:
    """Run ``await test(process)`` with a process, whose log must stay free of secrets."""

    async def main() -> None:
        process = await asyncio.to_thread(FrameProcess.launch)
        try:
            async with asyncio.timeout(60):
                await process.connect()
                await test(process)
        finally:
            if process._running is not None:
                process._running.cancel()
                await asyncio.wait([process._running])
            await asyncio.to_thread(process.child.close)
        assert process.child.secret.reveal() not in process.child.log_tail(50)

    asyncio.run(main())


def opened(process: FrameProcess, *, comm: bool = True) -> tuple[Apart, Heard]:
    heard = Heard()
    maker = Apart(process, heard.events)
    maker.call("add_view", "v", 400, 300, 1.0, comm)
    maker.set_camera(Camera((1, 0, 9)), False, 1)
    return maker, heard


def test_frames_of_a_renderer_arrive(cluster):
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process)
        maker.set_target(target(cluster))
        await until(lambda: heard.rest, 20)
        assert heard.rest == [JPEG]
        message, data = heard.frames[0]
        assert isinstance(message, FrameMessage)
        assert (message.view, message.width, message.height, data) == ("v", 400, 300, JPEG)
        assert heard.cameras == [(1, False, 1)]
        stats = await maker.stats()
        assert stats["views"]["v"]["transport"] == "comm"
        assert stats["pictures"] >= 1

    run(test)


def test_what_a_frame_shows_arrives_and_is_cancelled_by_a_change(cluster):
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process)
        maker.set_target(target(cluster, tells_ids=True))
        await until(lambda: len(heard.frames) == 2, 20)
        (frame, _), (ids, data) = heard.frames
        assert ids == IdsMessage("v", frame.seq, 400, 300, 1, ["soma"])
        assert data == IDS
        cluster.renderer.cancelled.clear()
        cluster.renderer.delays["render-ids"] = 60.0
        maker.set_camera(Camera((2, 0, 9)), False, 2)
        await until(lambda: cluster.renderer.methods().count("render-ids") == 2, 20)
        maker.set_camera(Camera((3, 0, 9)), False, 3)
        await until(lambda: cluster.renderer.cancelled == ["render-ids"], 20)

    try:
        run(test)
    finally:
        cluster.renderer.delays.clear()


def test_a_page_gets_frames_over_its_socket(cluster):
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process, comm=False)
        secret = new_secret()
        port = await maker.admit("v", secret, ORIGIN)
        maker.set_target(target(cluster))
        uri = f"ws://127.0.0.1:{port}/frames"
        async with connect(uri, origin=websockets.Origin(ORIGIN), proxy=None) as page:
            await page.send(json.dumps({"ticket": secret}))
            assert await page.recv() == "welcome"
            header, _ = await next_frame(page)
            assert header["view"] == "v"
            assert (await maker.stats())["views"]["v"]["transport"] == "socket"
        assert heard.frames == []

    run(test)


def test_hosts_are_apart_and_one_that_is_closed_says_no_more(cluster):
    async def test(process: FrameProcess) -> None:
        (first, heard_first), (second, heard_second) = opened(process), opened(process)
        first.set_target(target(cluster))
        await until(lambda: heard_first.rest, 20)
        assert heard_second.frames == []
        second.set_target(target(cluster))
        await until(lambda: heard_second.rest, 20)
        await first.close()
        await until(lambda: len(cluster.renderer.sockets) == 1)
        first.set_camera(Camera((7, 0, 9)), False, 2)
        second.set_camera(Camera((8, 0, 9)), False, 2)
        await until(lambda: (8, False, 2) in heard_second.cameras)
        assert (7, False, 2) not in heard_first.cameras
        assert heard_first.lost == 0

    run(test)


def test_a_renderer_can_be_taken_away(cluster):
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process)
        maker.set_target(target(cluster))
        await until(lambda: heard.rest, 20)
        maker.set_target(None)
        await until(lambda: not cluster.renderer.sockets)
        maker.call("invalidate")
        maker.set_target(target(cluster))
        await until(lambda: len(heard.rest) == 2, 20)

    run(test)


def test_a_refused_link_is_told(cluster):
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process)
        maker.set_target(target(cluster, token="another-token"))
        await until(lambda: heard.refusals, 20)
        assert "another-token" not in heard.refusals[0]
        assert heard.frames == []

    run(test)


def test_a_token_that_cannot_be_had_is_told(cluster):
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process)
        maker.set_target(target(cluster, token="not a token"))
        await until(lambda: heard.failures)
        assert heard.failures[0][0] == "The token has characters that no token has."

    run(test)


def test_it_survives_bad_calls(cluster):
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process)
        process.say(999, "resize", ["v", 1, 1, 1])
        maker.call("resize", "v")
        maker.call("set_camera", {"position": "nowhere"}, False, 3)
        maker.call("receive", "camera", {"view": "v"})
        maker.call("connect", {"url": "nonsense"})
        maker.call("no_such_call", 1)  # the last, because the log is short
        maker.set_target(target(cluster))
        await until(lambda: heard.rest, 20)
        await until(lambda: "no_such_call" in process.child.log_tail(500))
        assert heard.lost == 0

    run(test)


def test_whoever_asks_a_process_that_dies_is_told():
    async def test(process: FrameProcess) -> None:
        maker, heard = opened(process)
        process.say(999, "stats", [1])  # no answer will come
        question = asyncio.ensure_future(maker.stats())
        await asyncio.sleep(0)
        psutil.Process(process.child.pid).kill()
        await until(lambda: heard.lost == 1, 20)
        with pytest.raises(ServiceError, match="has ended"):
            await question

    run(test)


def test_a_process_that_is_of_no_use_any_more_has_ended_when_that_is_told():
    async def test(process: FrameProcess) -> None:
        alive: list[bool] = []
        process.open(lambda *_: None, lambda: alive.append(process.child.alive), lambda _: None)
        assert process._socket is not None
        await process._socket.close()
        await until(lambda: alive, 20)
        assert alive == [False]  # so whoever is told starts another one

    run(test)


def test_the_kernels_socket_demands_the_secret():
    async def test(process: FrameProcess) -> None:
        for headers in ({}, {"Authorization": "Bearer guess"}):
            with pytest.raises(websockets.InvalidStatus) as caught:
                await connect(f"ws://127.0.0.1:{process.port}{control.PATH}", additional_headers=headers, proxy=None)
            assert caught.value.response.status_code == 401

    run(test)


def test_its_secret_is_on_no_command_line_and_in_no_environment():
    async def test(process: FrameProcess) -> None:
        child = psutil.Process(process.child.pid)
        assert "frames" in child.cmdline()
        secret = process.child.secret.reveal()
        assert secret not in str([child.cmdline(), child.environ(), repr(process), repr(process.child)])
        assert secret not in json.dumps(dict(process.child.greeting))

    run(test)


def test_it_listens_on_loopback_only():
    async def test(process: FrameProcess) -> None:
        listening = [
            one.laddr for one in psutil.Process(process.child.pid).net_connections() if one.status == psutil.CONN_LISTEN
        ]
        assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", process.port)]

    run(test)


def test_a_process_that_does_not_answer_is_an_error():
    class Dead(Child):
        def __init__(self, port: int) -> None:
            self.greeting = {"port": port}
            self.secret = Token("secret-1")
            self.killed = False

        def kill(self) -> None:
            self.killed = True

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # it does not listen
        child = Dead(closed.getsockname()[1])
        with pytest.raises(ServiceError, match="does not answer") as caught:
            asyncio.run(FrameProcess(child).connect())
        assert "secret-1" not in str(caught.value)
        assert child.killed  # so nobody gets it again


@pytest.mark.parametrize("how", ["its input ends", "its socket breaks"])
def test_pages_are_told_when_the_kernel_ends(cluster, how):
    async def test(process: FrameProcess) -> None:
        maker, _ = opened(process, comm=False)
        secret = new_secret()
        port = await maker.admit("v", secret, ORIGIN)
        async with connect(f"ws://127.0.0.1:{port}/frames", origin=websockets.Origin(ORIGIN), proxy=None) as page:
            await page.send(json.dumps({"ticket": secret}))
            assert await page.recv() == "welcome"
            if how == "its input ends":
                process.child.hang_up()
            else:
                assert process._socket is not None
                process._socket.transport.abort()
            assert await page.recv() == "kernel-ended"
            with pytest.raises(websockets.ConnectionClosed):
                await page.recv()

    run(test)


# ---------------------------------------------------------------------- the process itself

COMMAND = [sys.executable, "-P", "-m", "brayns_widget", "frames", "--exit-with-stdin"]


def _started() -> subprocess.Popen[bytes]:
    # It finds this package without PYTHONPATH's help only where that is installed, as -P leaves the directory out.
    pipe = subprocess.PIPE
    return subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)


def _greeting(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()  # type: ignore[union-attr]
    said: dict[str, Any] = json.loads(lines.get(timeout=30))
    return said


def test_it_greets_and_ends_with_its_input():
    with _started() as process:
        assert process.stdin is not None
        process.stdin.write(b"a-secret\n")
        said = _greeting(process)
        assert said.keys() == {"port", "pid"}
        assert said["pid"] == process.pid
        socket.create_connection(("127.0.0.1", said["port"]), 5).close()
        process.stdin.close()
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.skipif(os.name == "nt", reason="interrupts of one process are not sent there")
def test_an_interrupt_of_the_kernel_does_not_end_it():
    with _started() as process:
        assert process.stdin is not None
        process.stdin.write(b"a-secret\n")
        said = _greeting(process)
        process.send_signal(signal.SIGINT)
        socket.create_connection(("127.0.0.1", said["port"]), 5).close()
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(10) == 0


def test_without_a_secret_it_does_not_begin():
    with _started() as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) != 0
        assert process.stdout is not None
        assert process.stdout.read() == b""


def test_it_is_started_with_its_life_line_only():
    done = subprocess.run(COMMAND[:-1], capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 2
    assert "--exit-with-stdin" in done.stderr


def test_a_ticket_is_handed_out_when_the_process_knows_it():
    class Deaf:
        port = 4711

        def open(self, hear: Any, on_lost: Any, on_silent: Any) -> int:
            self.hear = hear
            return 1

        def say(self, number: int, name: str, arguments: list[Any]) -> None:
            said.append((name, arguments))

    said: list[tuple[str, list[Any]]] = []

    async def main() -> None:
        process: Any = Deaf()
        admitting = asyncio.ensure_future(Apart(process, Heard().events).admit("v", "secret", ORIGIN))
        await until(lambda: said[-1:] == [("admit", [1, "v", "secret", ORIGIN])])
        assert not admitting.done()  # a page would come too early
        process.hear("answer", [1, None], memoryview(b""))
        assert await admitting == 4711

    asyncio.run(main())
