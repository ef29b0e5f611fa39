"""Link between one widget's pages and a controller, on the loop thread, without a comm."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Protocol

from brayns_widget.controller import presence
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.state import Level, Notice, State
from brayns_widget.frames.messages import (
    CANVAS_MAX,
    CANVAS_MIN,
    Ack,
    AckMessage,
    CameraMessage,
    FrameMessage,
    PictureMessage,
)
from brayns_widget.notebook import messages
from brayns_widget.notebook.commands import Commands, error_data
from brayns_widget.notebook.frames import SceneFrames
from brayns_widget.notebook.messages import KernelMessage, kernel_message, read_page_message
from brayns_widget.notebook.segments import filled
from brayns_widget.notebook.stills import Keeper, Output
from brayns_widget.notebook.traits import SHOWN
from brayns_widget.protocol.errors import BraynsWidgetError, ServiceError
from brayns_widget.stream import Picture

_LOG = logging.getLogger(__name__)

_MAX_VIEWS = 32
_MAX_DPR = 8.0
_MAX_CALLS = 64

Transport = Literal["auto", "socket", "comm"]
"""How frames go to a page: over a socket of its own, over the comm, or over a socket wherever that can be opened."""

Send = Callable[[dict[str, Any], Sequence[memoryview]], None]
"""Function that sends a custom message and its buffers to all pages; called on the loop thread, so it must not wait."""


class Publish(Protocol):
    """Function that sets a trait; called on the loop thread, so it must not wait."""

    def __call__(self, name: str, value: Any, *, share: bool = True) -> None:
        """Set the trait ``name``; ``share`` False keeps it from the pages for now."""


class Page:
    """Link between a controller, its frames and the widget's pages.

    Args:
        controller: the controller of the scene.
        send: sends custom messages to the pages.
        publish: sets traits.
        widget: the widget's id.
        left: called on the loop thread when the last view has been gone for a while.
        transport: how frames go to the pages.
    """

    def __init__(
        self,
        controller: Controller,
        send: Send,
        publish: Publish,
        widget: str,
        *,
        left: Callable[[], None],
        transport: Transport = "auto",
    ) -> None:
        self._controller = controller
        self._send_raw = send
        self._publish = publish
        self._widget = widget
        self._left = left
        self._transport = transport
        self._keeper = Keeper(controller, widget, self._keep)
        self._frames = SceneFrames.of(controller)
        self._commands = Commands(controller)
        self._calls: set[asyncio.Task[None]] = set()
        self._views: dict[str, bool] = {}  # by age; whether the page is on its Jupyter server's machine
        self._leaving: asyncio.TimerHandle | None = None  # tells that the last view has gone
        self._lack: Notice | None = None  # what was told when a page could open no socket
        self._handlers: dict[type, Callable[[Any], None]] = {
            messages.ReadyMessage: self._ready,
            messages.ResizeMessage: self._resize,
            messages.VisibleMessage: self._visible,
            CameraMessage: self._frames.receive,
            AckMessage: self._frames.receive,
            messages.NoSocketMessage: self._lacks_socket,
            messages.GoneMessage: self._gone,
            messages.CallMessage: self._call,
            messages.PingMessage: lambda ping: self._send(messages.PongMessage(ping.view)),
        }
        self._ends = [self._show(name, read) for name, read in SHOWN.items()]
        self._frames.join(self)

    async def close(self) -> None:
        """Stop listening, leave the frames, cancel running commands."""
        for end in self._ends:
            end()
        if self._leaving is not None:
            self._leaving.cancel()
        for task in self._calls:
            task.cancel()
        for view in self._views:
            self._controller.presence.gone((id(self), view))
        await self._frames.leave(self)
        await self._keeper.close()

    async def stats(self) -> dict[str, Any]:
        """Return the frames' statistics."""
        return await self._frames.stats(self)

    async def still(self) -> Sequence[Output]:
        """Render the outputs that show the scene where no page is.

        Raises:
            BraynsWidgetError: there is no picture, and why.
        """
        return await self._keeper.render(partial(self._frames.add_view, self), self._frames.remove_view)

    # ------------------------------------------------------------------ from the pages

    async def take(self, name: str, value: Any) -> None:
        """Apply a trait that a page has set, one that can be; does not wait for the renderer."""
        if name == "camera":
            self._frames.follow(value)
        elif name == "selection":
            await self._controller.selection.set.aio(value)
        elif value != self._controller.rendering.background:
            self._start(self._controller.rendering.set_background.aio(value))
            await asyncio.sleep(0)  # the first step of that call changes the state

    def receive(self, content: Any) -> None:
        """Handle a custom message of a page; a malformed one is logged and ignored."""
        try:
            message = read_page_message(content)
            self._note_presence(message)
            self._handlers[type(message)](message)
        except ValueError as error:
            _LOG.warning("A page sent a malformed message (%s): %.200r", error, content)

    def _note_presence(self, message: messages.PageMessage) -> None:
        present, view = self._controller.presence, (id(self), message.view)
        if isinstance(message, messages.GoneMessage):
            present.gone(view)
        elif isinstance(message, messages.ReadyMessage) or message.view in self._views:  # others have gone
            present.heard(view, wakes=not isinstance(message, messages.VisibleMessage) or message.visible)

    def _ready(self, message: messages.ReadyMessage) -> None:
        width, height, dpr = self._measure(message)
        if self._leaving is not None:
            self._leaving.cancel()
        if self._views.pop(message.view, None) is None and len(self._views) >= _MAX_VIEWS:
            oldest = next(iter(self._views))
            del self._views[oldest]
            self._frames.remove_view(oldest)
        self._views[message.view] = message.loopback
        self._welcome(message.view)
        self._frames.add_view(self, message.view, width, height, dpr, comm=self._transport != "socket")
        if message.origin and self._transport != "comm":
            self._start(self._offer_socket(message.view, message.origin))
        elif self._transport == "socket":
            self._lacks_socket(messages.NoSocketMessage(message.view, "It is not a page of a Jupyter server."))
        self._keeper.repeat()

    def _welcome(self, view: str) -> None:
        self._send(messages.WelcomeMessage(view, binder=_is_binder()))
        if self._frames.is_silent:
            self._send(messages.MakerMessage(view, silent=True))

    async def _offer_socket(self, view: str, origin: str) -> None:
        try:
            port, ticket = await self._frames.ticket(view, origin)
        except (ServiceError, TimeoutError):
            return  # the comm has to do, until the page greets again
        if port:
            self._send(messages.SocketMessage(view, port, ticket))

    def _lacks_socket(self, message: messages.NoSocketMessage) -> None:
        if self._transport == "socket":
            hint = 'Install jupyter-server-proxy where the Jupyter server runs, or use transport="auto".'
            self._lack = self._tell("error", f"This page has no socket for frames. {message.reason}", hint)

    def _resize(self, message: messages.ResizeMessage) -> None:
        self._frames.resize(message.view, *self._measure(message))

    def _measure(self, message: messages.ReadyMessage | messages.ResizeMessage) -> tuple[float, float, float]:
        width, height = (min(max(side, CANVAS_MIN), CANVAS_MAX) for side in (message.width, message.height))
        self._controller.aspect = min(max(width / height, 0.01), 100.0)
        return width, height, min(max(message.dpr, 0.25), _MAX_DPR)

    def _visible(self, message: messages.VisibleMessage) -> None:
        self._frames.set_visible(message.view, message.visible)

    def _gone(self, message: messages.GoneMessage) -> None:
        if self._views.pop(message.view, None) is not None:
            self._frames.remove_view(message.view)
        if not self._views:
            if self._leaving is not None:
                self._leaving.cancel()
            # A view that moves to another place of the page goes and comes.
            self._leaving = asyncio.get_running_loop().call_later(presence.GRACE, self._left)

    def _call(self, message: messages.CallMessage) -> None:
        if len(self._calls) >= _MAX_CALLS:
            error = BraynsWidgetError(f"{_MAX_CALLS} calls are running already.", hint="Wait for some of them.")
            self._send(messages.ReplyMessage(message.view, message.id, error=error_data(error)))
            return
        self._start(self._answer(message))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        call = asyncio.create_task(work)
        self._calls.add(call)
        call.add_done_callback(self._ended)

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if not call.cancelled() and (error := call.exception()) is not None:
            told = error_data(error)
            self._controller.notices.tell("error", told.message, told.hint)

    async def _answer(self, message: messages.CallMessage) -> None:
        reply = messages.ReplyMessage(message.view, message.id)
        try:
            reply = replace(reply, result=await self._commands.run(message.method, message.params))
        except Exception as error:
            if not isinstance(error, BraynsWidgetError | ValueError):
                _LOG.exception("The call %.80r failed", message.method)
            reply = replace(reply, error=error_data(error))
        self._send(reply)

    def _tell(self, level: Level, text: str, hint: str) -> Notice:
        self._controller.notices.tell(level, text, hint)
        return Notice(level, text, hint)

    def _keep(self, outputs: Sequence[Output]) -> None:
        if self._views:
            self._send(messages.StillMessage(next(reversed(self._views)), self._widget, outputs))

    def _send(self, message: KernelMessage) -> None:
        self._send_raw(kernel_message(message), [])

    # ------------------------------------------------------------------ from the controller

    def _show(self, name: str, read: Callable[[State], Any]) -> Callable[[], None]:
        """Publish a part of the state as a trait, now and at each change."""
        if name == "camera":  # published by ``looked``, which knows whether the camera moves
            return lambda: None
        self._publish(name, read(self._controller.state))
        return self._controller.listen(read, lambda value: self._publish(name, value))

    # ------------------------------------------------------------------ from the frames

    def frame(self, message: PictureMessage, data: memoryview) -> None:
        """Send a frame, or what it shows, to a view on the comm."""
        if message.view != self._keeper.view:
            self._send_raw(kernel_message(message), filled(data) if self._views.get(message.view) else [data])
        elif isinstance(message, FrameMessage):  # nobody looks at it
            self._frames.receive(AckMessage(message.view, (Ack(message.seq, shown=False, decode_ms=0.0),)))

    def looked(self, camera: Camera, moving: bool) -> None:
        """Publish the camera that is seen now; while it moves, the pages do not get it."""
        self._publish("camera", camera, share=not moving)

    def rested(self, picture: Picture) -> None:
        """Keep the finished picture of a scene at rest."""
        self._keeper.take(picture)

    def plugged(self, view: str, plugged: bool) -> None:
        """Take in that a view has a socket, or has it no more."""
        self._controller.presence.plugged((id(self), view), plugged)
        if plugged:
            self._controller.notices.take_back(self._lack)

    def silent(self, silent: bool) -> None:
        """Tell all views whether what makes the frames does not answer or is gone."""
        for view in self._views:
            self._send(messages.MakerMessage(view, silent))

    def late(self, late: bool) -> None:
        """Tell all views whether what is wanted has not been drawn for a while."""
        for view in self._views:
            self._send(messages.LateMessage(view, late))

    def restarted(self) -> None:
        """Let the views begin anew, because frames are numbered anew."""
        for view in self._views:
            self._welcome(view)


def _is_binder() -> bool:
    """Whether this kernel runs on Binder, by the variables that BinderHub sets."""
    return "BINDER_LAUNCH_HOST" in os.environ or "BINDER_REPO_URL" in os.environ
