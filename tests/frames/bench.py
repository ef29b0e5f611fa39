"""A host with what it tells, and a page's socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from brayns_widget.controller.camera import Camera
from brayns_widget.frames.host import Host
from brayns_widget.frames.messages import FrameMessage, IdsMessage, PictureMessage, unpack
from brayns_widget.frames.server import FrameServer
from brayns_widget.frames.tickets import new_secret
from brayns_widget.stream import Picture
from tests.stream.bench import FAST, Renderer

ORIGIN = "https://hub.example:8000"


def camera(x: float) -> Camera:
    return Camera((x, 0, 9))


class Told:
    """Keeps what a host tells."""

    def __init__(self) -> None:
        self.frames: list[FrameMessage] = []
        self.ids: list[tuple[IdsMessage, bytes]] = []
        self.cameras: list[tuple[float, bool, int]] = []
        self.lates: list[bool] = []
        self.rest: list[Picture] = []
        self.plugs: list[tuple[str, bool]] = []
        self.failures: list[tuple[str, str]] = []

    def frame(self, message: PictureMessage, data: memoryview) -> None:
        assert data
        if isinstance(message, FrameMessage):
            self.frames.append(message)
        else:
            self.ids.append((message, bytes(data)))

    def camera(self, camera: Camera, moving: bool, number: int) -> None:
        self.cameras.append((camera.position[0], moving, number))

    def rested(self, picture: Picture, views: Sequence[str]) -> None:
        assert views
        self.rest.append(picture)

    def plugged(self, view: str, plugged: bool) -> None:
        self.plugs.append((view, plugged))

    def late(self, late: bool) -> None:
        self.lates.append(late)

    def failed(self, message: str, hint: str) -> None:
        self.failures.append((message, hint))


class Served:
    """A host with a view "v" that is served, and its renderer."""

    def __init__(self) -> None:
        self.told = Told()
        self.renderer = Renderer()
        self.host = Host(self.told)
        self.host.set_request(self.renderer, FAST)
        self.host.add_view("v", 800, 600, 1.0)
        self.server = FrameServer()

    def ticket(self, origin: str = ORIGIN, view: str = "v") -> str:
        secret = new_secret()
        self.server.admit(self.host, view, secret, origin)
        return secret

    def connect(self, path: str = "/frames", origin: str = ORIGIN, **options: Any) -> connect:
        uri = f"ws://127.0.0.1:{self.server.port}{path}"
        return connect(uri, origin=websockets.Origin(origin), compression=None, proxy=None, **options)

    @contextlib.asynccontextmanager
    async def page(self) -> AsyncIterator[ClientConnection]:
        """Open a page's socket and show a ticket."""
        async with self.connect() as socket:
            await socket.send(json.dumps({"ticket": self.ticket()}))
            assert await socket.recv() == "welcome"
            yield socket


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[Served]:
    made = Served()
    await made.server.start()
    try:
        yield made
    finally:
        await made.server.close()
        await made.host.close()


async def next_frame(socket: ClientConnection) -> tuple[dict[str, Any], str]:
    """Return the next frame's header, and its picture, which ``Renderer`` makes of text."""
    message = await socket.recv()
    assert isinstance(message, bytes)
    header, data = unpack(message)
    return header, bytes(data).decode("latin-1")


def steering(number: int, x: float, *, moving: bool, seq: int | None = None) -> str:
    """Return the message with a camera, and an acknowledgement."""
    acks = [] if seq is None else [{"seq": seq, "shown": True, "decode_ms": 2.0}]
    said = {"kind": "camera", "number": number, "camera": camera(x).to_dict(), "moving": moving, "acks": acks}
    return json.dumps(said)


def ack(*seqs: int) -> str:
    return json.dumps({"kind": "ack", "acks": [{"seq": seq, "shown": True, "decode_ms": 2.0} for seq in seqs]})


def run(test: Callable[[Served], Any]) -> Callable[[], None]:
    """Run a coroutine function as a test, within 20 s."""

    def wrapper() -> None:
        async def main() -> None:
            async with asyncio.timeout(20), served() as made:
                await test(made)
                assert made.told.failures == []

        asyncio.run(main())

    wrapper.__name__ = test.__name__
    return wrapper
