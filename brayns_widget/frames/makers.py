"""Makers of a scene's frames: the frame process, and the kernel's loop thread where there can be no process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from brayns_widget.connection.link import Address
from brayns_widget.controller.camera import Camera
from brayns_widget.frames import control
from brayns_widget.frames.host import Host
from brayns_widget.frames.launched import FrameProcess
from brayns_widget.frames.messages import PictureMessage, Steering, read_fields
from brayns_widget.frames.server import FrameServer
from brayns_widget.protocol.errors import BraynsWidgetError, ServiceError
from brayns_widget.stream import Picture, RequestFunction, settings_for

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """A renderer to take pictures from.

    Attributes:
        address: for a link of the frame process' own.
        request: the kernel's way to it, for frames that the kernel makes.
        ours: whether it is ours or the real one.
        gives_way: whether it can cancel a picture.
        tells_ids: whether it tells which cell each pixel shows.
        traces_paths: whether its pictures can follow light along paths.
    """

    address: Address
    request: RequestFunction
    ours: bool
    gives_way: bool
    tells_ids: bool = False
    traces_paths: bool = False

    @property
    def traits(self) -> dict[str, bool]:
        """The arguments of ``settings_for``."""
        return {
            "ours": self.ours,
            "gives_way": self.gives_way,
            "tells_ids": self.tells_ids,
            "traces_paths": self.traces_paths,
        }


@dataclass(frozen=True, slots=True)
class MakerEvents:
    """Functions that a maker calls; none of them may wait.

    Attributes:
        frame: takes a frame, or what it shows, for a view on the comm.
        camera: takes a camera that is seen, whether it moves, and its number if the kernel has set it, else 0.
        rested: takes the finished picture of a scene at rest, and the views that it was made for.
        plugged: takes the name of a view, and whether it has a socket.
        late: takes whether what is wanted has not been drawn for a while.
        failed: takes a message and a hint, when no picture can be had, or no words, when pictures come again.
        silent: takes whether the maker does not answer; one that never does is lost then.
        lost: the maker is gone.
        refused: the renderer takes no link from this maker; with the reason.
    """

    frame: Callable[[PictureMessage, memoryview], None]
    camera: Callable[[Camera, bool, int], None]
    rested: Callable[[Picture, Sequence[str]], None]
    plugged: Callable[[str, bool], None]
    late: Callable[[bool], None]
    failed: Callable[[str, str], None]
    silent: Callable[[bool], None]
    lost: Callable[[], None]
    refused: Callable[[str], None]


class Maker(Protocol):
    """A host, wherever it runs.

    Attributes:
        place: where, as the statistics tell it: "process" or "kernel".
    """

    place: str

    def call(self, name: str, *arguments: Any) -> None:
        """Call one of ``control.CALLS``, with arguments in JSON."""

    def receive(self, message: Steering) -> None:
        """Take a view's camera and its acknowledgements."""

    def set_camera(self, camera: Camera, moving: bool, number: int) -> None:
        """Show the scene through another camera."""

    def set_target(self, target: Target | None) -> None:
        """Set the renderer, or None while there is none."""

    async def admit(self, view: str, secret: str, origin: str) -> int:
        """Let a page open a socket by a ticket; return the port."""

    async def stats(self) -> dict[str, Any]:
        """Return the statistics of the stream."""

    async def close(self) -> None:
        """End the stream."""


class Apart:
    """A host in the frame process, which goes on whatever the user's cell does."""

    place = "process"

    def __init__(self, process: FrameProcess, events: MakerEvents) -> None:
        self._process = process
        self._events = events
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._connecting: asyncio.Task[None] | None = None
        self._host = process.open(self._hear, self._end, events.silent)
        self.call("open")

    def call(self, name: str, *arguments: Any) -> None:
        """Call the host; see ``Maker``."""
        self._process.say(self._host, name, list(arguments))

    def receive(self, message: Steering) -> None:
        """Take a view's camera and its acknowledgements."""
        self.call("receive", *control.steering_arguments(message))

    def set_camera(self, camera: Camera, moving: bool, number: int) -> None:
        """Show the scene through another camera."""
        self.call("set_camera", camera.to_dict(), moving, number)

    def set_target(self, target: Target | None) -> None:
        """Set the renderer, or None while there is none."""
        self._connect_no_more()
        if target is None:
            self.call("connect", None)
        else:
            self._connecting = asyncio.create_task(self._connect(target), name="tell the frame process its renderer")

    def _connect_no_more(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()

    async def _connect(self, target: Target) -> None:
        try:
            token = await target.address.token.fetch()
        except BraynsWidgetError as error:
            self._events.failed(error.message, error.hint)
            return
        self.call("connect", {"url": target.address.url, "token": token, "traits": target.traits})

    async def admit(self, view: str, secret: str, origin: str) -> int:
        """Let a page open a socket by a ticket; return the port, once the process knows the ticket."""
        await self._ask("admit", view, secret, origin)
        return self._process.port

    async def stats(self) -> dict[str, Any]:
        """Return the statistics of the stream."""
        stats: dict[str, Any] = await self._ask("stats")
        return stats

    async def _ask(self, name: str, *arguments: Any) -> Any:
        self._asked += 1
        number = self._asked
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self.call(name, number, *arguments)
            return await answer
        finally:
            del self._answers[number]

    async def close(self) -> None:
        """End the stream."""
        self._connect_no_more()
        self._process.close(self._host)

    def _end(self) -> None:
        self._connect_no_more()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ServiceError("The frame process has ended.", hint="Another one starts by itself."))
        self._events.lost()

    def _hear(self, name: str, arguments: list[Any], data: memoryview) -> None:
        events = self._events
        if name == "camera":
            camera, moving, number = arguments
            events.camera(Camera.from_dict(camera), moving, number)
        elif name == "frame":
            events.frame(read_fields(arguments[0]), data)
        elif name == "rested":
            described, views = arguments
            events.rested(Picture(data=data, **described), views)
        elif name == "plugged":
            events.plugged(*arguments)
        elif name == "late":
            events.late(*arguments)
        elif name == "failed":
            events.failed(*arguments)
        elif name == "unreachable":
            events.refused(arguments[0])
        elif name == "answer" and (answer := self._answers.get(arguments[0])) and not answer.done():
            answer.set_result(arguments[1])


class Here:
    """A host on the kernel's loop thread, which shares the GIL with the user's cell. Call ``start`` first."""

    place = "kernel"

    def __init__(self, events: MakerEvents) -> None:
        self._host = Host(events)
        self._server = FrameServer()

    async def start(self) -> None:
        """Begin to listen for pages; without a port frames go over the comm only."""
        try:
            await self._server.start()
        except OSError as error:
            _LOG.warning("Pages can open no socket, because no port is free: %s", error)

    def call(self, name: str, *arguments: Any) -> None:
        """Call the host; see ``Maker``."""
        control.CALLS[name](self._host, *arguments)

    def receive(self, message: Steering) -> None:
        """Take a view's camera and its acknowledgements."""
        self._host.receive(message)

    def set_camera(self, camera: Camera, moving: bool, number: int) -> None:
        """Show the scene through another camera."""
        self._host.set_camera(camera, moving, number)

    def set_target(self, target: Target | None) -> None:
        """Set the renderer, or None while there is none."""
        if target is None:
            self._host.set_request(None)
        else:
            self._host.set_request(target.request, settings_for(**target.traits))

    async def admit(self, view: str, secret: str, origin: str) -> int:
        """Let a page open a socket by a ticket; return the port."""
        self._server.admit(self._host, view, secret, origin)
        return self._server.port

    async def stats(self) -> dict[str, Any]:
        """Return the statistics of the stream."""
        return self._host.stats()

    async def close(self) -> None:
        """Close the sockets and end the stream."""
        await self._server.close()
        await self._host.close()
