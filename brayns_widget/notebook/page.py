"""Link between one widget's pages and a controller, on the loop thread, without a comm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Protocol

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.state import State
from brayns_widget.notebook import messages
from brayns_widget.notebook.commands import Commands, error_data
from brayns_widget.notebook.messages import CANVAS_MAX, CANVAS_MIN, KernelMessage, kernel_message, read_page_message
from brayns_widget.notebook.stills import Keeper, Output
from brayns_widget.notebook.traits import SHOWN
from brayns_widget.protocol.errors import BraynsWidgetError
from brayns_widget.stream import Frame, FrameStream, encode, settings_for

_LOG = logging.getLogger(__name__)

_MAX_VIEWS = 32
_MAX_DPR = 8.0
_MAX_CALLS = 64


Send = Callable[[dict[str, Any], list[memoryview]], None]
"""Function that sends a custom message and its buffers to all pages; called on the loop thread, so it must not wait."""


class Publish(Protocol):
    """Function that sets a trait; called on the loop thread, so it must not wait."""

    def __call__(self, name: str, value: Any, *, share: bool = True) -> None:
        """Set the trait ``name``; ``share`` False keeps it from the pages for now."""


class Page:
    """Link between a controller, its frame stream and the widget's pages.

    Args:
        controller: the controller of the scene.
        send: sends custom messages to the pages.
        publish: sets traits.
        widget: the widget's id.
    """

    def __init__(self, controller: Controller, send: Send, publish: Publish, widget: str) -> None:
        self._controller = controller
        self._send_raw = send
        self._publish = publish
        self._widget = widget
        self._keeper = Keeper(controller, widget, self._keep)
        self._stream = FrameStream(on_error=self._stream_failed, on_rest=self._keeper.take)
        self._commands = Commands(controller)
        self._calls: set[asyncio.Task[None]] = set()
        self._views: list[str] = []
        self._steering = False  # the camera that is being set comes from a page's gesture
        self._handlers: dict[type, Callable[[Any], None]] = {
            messages.ReadyMessage: self._ready,
            messages.ResizeMessage: self._resize,
            messages.VisibleMessage: self._visible,
            messages.CameraMessage: self._steer,
            messages.AckMessage: self._ack,
            messages.GoneMessage: self._gone,
            messages.CallMessage: self._call,
        }
        self._ends = [self._show(name, read) for name, read in SHOWN.items()]
        self._ends += [
            controller.listen(lambda state: state.camera, lambda _: self._look(moving=False)),
            controller.listen(lambda state: state.capabilities, lambda _: self._connect()),
            controller.listen(lambda state: state.revision, lambda _: self._stream.invalidate()),
            # The renderer answers in order: a picture asked for now would come when the long task is done.
            controller.listen(lambda state: state.progress is not None, self._stream.set_busy),
        ]
        self._look(moving=False)
        self._connect()

    async def close(self) -> None:
        """Stop listening, end the stream, cancel running commands."""
        for end in self._ends:
            end()
        for task in self._calls:
            task.cancel()
        await self._stream.close()
        await self._keeper.close()

    def stats(self) -> dict[str, Any]:
        """Return the frame stream's statistics."""
        return self._stream.stats()

    async def still(self) -> Sequence[Output]:
        """Render the outputs that show the scene where no page is.

        Raises:
            BraynsWidgetError: there is no picture, and why.
        """
        return await self._keeper.render(self._stream)

    # ------------------------------------------------------------------ from the pages

    def set(self, name: str, value: Any) -> None:
        """Apply a trait, "camera" or "background", that a page has set."""
        if name == "camera":
            self._controller.camera = value
        elif value != self._controller.rendering.background:
            self._start(self._controller.rendering.set_background.aio(value))

    def receive(self, content: Any) -> None:
        """Handle a custom message of a page; a malformed one is logged and ignored."""
        try:
            message = read_page_message(content)
            self._handlers[type(message)](message)
        except ValueError as error:
            _LOG.warning("A page sent a malformed message (%s): %.200r", error, content)

    def _ready(self, message: messages.ReadyMessage) -> None:
        width, height, dpr = self._measure(message)
        if message.view in self._views:
            self._views.remove(message.view)
        elif len(self._views) >= _MAX_VIEWS:
            self._stream.remove_view(self._views.pop(0))
        self._views.append(message.view)
        self._send(messages.WelcomeMessage(message.view, self._stream.settings.window))
        self._stream.add_view(message.view, _CommSink(self._send_raw), width, height, dpr)
        self._keeper.repeat()

    def _resize(self, message: messages.ResizeMessage) -> None:
        self._stream.resize(message.view, *self._measure(message))

    def _measure(self, message: messages.ReadyMessage | messages.ResizeMessage) -> tuple[float, float, float]:
        width, height = (min(max(side, CANVAS_MIN), CANVAS_MAX) for side in (message.width, message.height))
        self._controller.aspect = min(max(width / height, 0.01), 100.0)
        return width, height, min(max(message.dpr, 0.25), _MAX_DPR)

    def _visible(self, message: messages.VisibleMessage) -> None:
        self._stream.set_visible(message.view, message.visible)

    def _steer(self, message: messages.CameraMessage) -> None:
        self._steering = True
        try:
            self._controller.camera = message.camera
        finally:
            self._steering = False
        self._look(moving=message.moving)

    def _ack(self, message: messages.AckMessage) -> None:
        self._stream.ack(message.view, message.seq, shown=message.shown, decode_ms=message.decode_ms)

    def _gone(self, message: messages.GoneMessage) -> None:
        if message.view in self._views:
            self._views.remove(message.view)
            self._stream.remove_view(message.view)

    def _call(self, message: messages.CallMessage) -> None:
        if len(self._calls) >= _MAX_CALLS:
            error = BraynsWidgetError(f"{_MAX_CALLS} calls are running already.", hint="Wait for some of them.")
            self._send(messages.ReplyMessage(message.view, message.id, error=error_data(error)))
            return
        self._start(self._answer(message))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        call = asyncio.create_task(work)
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _answer(self, message: messages.CallMessage) -> None:
        reply = messages.ReplyMessage(message.view, message.id)
        try:
            reply = replace(reply, result=await self._commands.run(message.method, message.params))
        except Exception as error:
            if not isinstance(error, BraynsWidgetError | ValueError):
                _LOG.exception("The call %.80r failed", message.method)
            reply = replace(reply, error=error_data(error))
        self._send(reply)

    def _keep(self, outputs: Sequence[Output]) -> None:
        if self._views:
            self._send(messages.StillMessage(self._views[-1], self._widget, outputs))

    def _send(self, message: KernelMessage) -> None:
        self._send_raw(kernel_message(message), [])

    # ------------------------------------------------------------------ from the controller

    def _show(self, name: str, read: Callable[[State], Any]) -> Callable[[], None]:
        """Publish a part of the state as a trait, now and at each change."""
        if name == "camera":  # published by _look, which knows whether the camera moves
            return lambda: None
        self._publish(name, read(self._controller.state))
        return self._controller.listen(read, lambda value: self._publish(name, value))

    def _look(self, *, moving: bool) -> None:
        if not self._steering:
            camera = self._controller.camera.value
            self._stream.set_camera([encode(*call) for call in camera.calls()], moving)
            self._publish("camera", camera, share=not moving)

    def _connect(self) -> None:
        ready = self._controller.ready
        if ready is None:
            self._stream.set_request(None)
        else:
            from brayns_widget.protocol.brayns.pictures import RENDER_IMAGE

            found = ready.capabilities
            gives_way = RENDER_IMAGE.name in found.cancellable
            self._stream.set_request(ready.renderer.request, settings_for(ours=found.ours, gives_way=gives_way))

    def _stream_failed(self, error: Exception) -> None:
        if not isinstance(error, BraynsWidgetError):
            _LOG.error("The frame stream failed", exc_info=error)
        told = error_data(error)
        self._controller.notices.tell("error", f"No picture: {told.message}", told.hint)


class _CommSink:
    """Sink that sends frames as custom messages with a buffer."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def send(self, frame: Frame) -> None:
        """Send one frame without copying the picture's bytes."""
        picture = frame.picture
        message = messages.FrameMessage(
            view=frame.view,
            seq=frame.seq,
            width=picture.width,
            height=picture.height,
            accumulation=picture.accumulation,
            max_accumulation=picture.max_accumulation,
            moving=picture.moving,
            mime=picture.mime,
        )
        self._send(kernel_message(message), [picture.data])
