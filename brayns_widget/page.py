"""What one widget's pages say and hear. Lives on the loop thread; knows no traits and no comm."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from brayns_widget.commands import Commands, error_data
from brayns_widget.controller import Controller
from brayns_widget.events import Notice
from brayns_widget.protocol.errors import BraynsWidgetError
from brayns_widget.scene.camera import Camera
from brayns_widget.stream import Frame, FrameStream, settings_for

_LOG = logging.getLogger(__name__)

_MAX_VIEWS = 32
_MAX_NAME = 64
_MAX_SIDE = 16384.0  # CSS pixels; larger than any screen, so whatever asks for more is a runaway layout
_MAX_DPR = 8.0
_MAX_CALLS = 64


class Port(Protocol):
    """What a page needs of its widget. Both methods are called on the loop thread and don't wait."""

    def post(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        """Send a custom message to all pages."""

    def publish(self, name: str, value: Any, *, share: bool = True) -> None:
        """Set the trait ``name``; ``share`` False keeps it from the pages for now."""


class Page:
    """Joins a controller, its frame stream and the widget's pages.

    Args:
        controller: whose scene is shown.
        port: the widget.
    """

    def __init__(self, controller: Controller, port: Port) -> None:
        self._controller = controller
        self._port = port
        self._stream = FrameStream(on_error=self._stream_failed)
        self._commands = Commands(controller, lambda: port.publish("notice", None))
        self._calls: set[asyncio.Task[None]] = set()
        self._views: list[str] = []
        self._camera = controller.camera
        self._handlers: Mapping[str, Callable[[str, Mapping[str, Any]], None]] = {
            "ready": self._ready,
            "resize": self._resize,
            "visible": self._visible,
            "camera": self._steer,
            "ack": self._ack,
            "gone": self._gone,
            "call": self._call,
        }
        self._unsubscribe = controller.subscribe(self._heard)
        self._heard("status", controller.status)
        self._heard("models", controller.models)
        self._heard("background", controller.background)
        self._show(controller.camera, moving=False)
        if controller.ready is not None:
            self._heard("ready", controller.ready)

    async def close(self) -> None:
        """Stop listening, end the stream, give up running commands."""
        self._unsubscribe()
        for task in self._calls:
            task.cancel()
        await self._stream.close()

    def stats(self) -> dict[str, Any]:
        """Tell what the frame stream did so far."""
        return self._stream.stats()

    def set_camera(self, camera: Camera) -> None:
        """Look through ``camera``: it was set in Python, or by a page's trait."""
        self._controller.set_camera(camera)

    def set_background(self, color: Any) -> None:
        """Change the background, unless it has that color already."""
        if tuple(color) != tuple(self._controller.background):
            self._controller.background = color

    # ------------------------------------------------------------------ from the pages

    def receive(self, content: Any) -> None:
        """Take in a custom message of a page; a malformed one is logged and changes nothing."""
        try:
            kind = content["kind"]
            handler = self._handlers[kind]
            view = content["view"]
            if not isinstance(view, str) or not 0 < len(view) <= _MAX_NAME:
                raise ValueError(f"{view!r:.80} is no name of a view")
            handler(view, content)
        except (KeyError, TypeError, ValueError) as error:
            _LOG.warning("A page sent a malformed message (%s): %.200r", error, content)

    def _ready(self, view: str, content: Mapping[str, Any]) -> None:
        size = _read_size(content)
        if view in self._views:
            self._views.remove(view)
        elif len(self._views) >= _MAX_VIEWS:
            self._stream.remove_view(self._views.pop(0))
        self._views.append(view)
        self._set_aspect(size)
        self._port.post({"kind": "welcome", "view": view, "window": self._stream.settings.window}, [])
        self._stream.add_view(view, _CommSink(self._port), size.width, size.height, size.dpr)

    def _resize(self, view: str, content: Mapping[str, Any]) -> None:
        size = _read_size(content)
        self._set_aspect(size)
        self._stream.resize(view, size.width, size.height, size.dpr)

    def _set_aspect(self, size: _Size) -> None:
        self._controller.aspect = min(max(size.width / size.height, 0.01), 100.0)

    def _visible(self, view: str, content: Mapping[str, Any]) -> None:
        self._stream.set_visible(view, content["visible"] is True)

    def _steer(self, view: str, content: Mapping[str, Any]) -> None:  # noqa: ARG002 - whoever steers, all see it
        camera = Camera.from_dict(content["camera"])
        self._show(camera, moving=content["moving"] is True)
        self._controller.set_camera(camera)

    def _ack(self, view: str, content: Mapping[str, Any]) -> None:
        decode_ms = _finite(content, "decode_ms", 0.0, 1e6)
        self._stream.ack(view, int(content["seq"]), shown=content["shown"] is True, decode_ms=decode_ms)

    def _gone(self, view: str, content: Mapping[str, Any]) -> None:  # noqa: ARG002
        if view in self._views:
            self._views.remove(view)
            self._stream.remove_view(view)

    def _call(self, view: str, content: Mapping[str, Any]) -> None:
        number = int(content["id"])
        if len(self._calls) >= _MAX_CALLS:
            error = BraynsWidgetError(f"{_MAX_CALLS} commands are running already.", hint="Wait for some of them.")
            self._reply(view, number, error=error_data(error))
            return
        call = asyncio.create_task(self._answer(view, number, content.get("method"), content.get("params")))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _answer(self, view: str, number: int, method: Any, params: Any) -> None:
        try:
            result = await self._commands.run(method, params)
        except Exception as error:
            if not isinstance(error, BraynsWidgetError | ValueError):
                _LOG.exception("The command %.80r failed", method)
            self._reply(view, number, error=error_data(error))
        else:
            self._reply(view, number, result=result)

    def _reply(self, view: str, number: int, **outcome: Any) -> None:
        self._port.post({"kind": "reply", "view": view, "id": number, **outcome}, [])

    # ------------------------------------------------------------------ from the controller

    def _heard(self, event: str, value: Any) -> None:
        match event:
            case "status" | "notice":
                self._port.publish(event, value.to_dict())
            case "progress":
                # The renderer answers in order: a picture asked for now would come when the long task is done.
                self._stream.set_busy(value is not None)
                self._port.publish("progress", value)
            case "models":
                self._port.publish("models", [model.to_dict() for model in value])
            case "background":
                self._port.publish("background", list(value))
            case "camera":
                if value != self._camera:  # else it is the echo of what a page did
                    self._show(value, moving=False)
            case "ready":
                if value is None:
                    self._stream.set_request(None)
                else:
                    settings = settings_for(
                        ours=value.capabilities.ours, gives_way="render-image" in value.capabilities.cancellable
                    )
                    self._stream.set_request(value.renderer.request, settings)
                    self._port.publish("notice", None)  # what was told of the last job is over
            case "scene":
                self._stream.invalidate()

    def _show(self, camera: Camera, *, moving: bool) -> None:
        self._camera = camera
        self._stream.set_camera(camera.requests(), moving)
        self._port.publish("camera", camera.to_dict(), share=not moving)

    def _stream_failed(self, error: Exception) -> None:
        if isinstance(error, BraynsWidgetError):
            told = error_data(error)
            self._heard("notice", Notice("error", f"No picture: {told['message']}", told["hint"]))
        else:
            _LOG.error("The frame stream failed", exc_info=error)
            self._heard("notice", Notice("error", f"No picture: {error!r}"))


class _CommSink:
    """Sends frames as custom messages with a buffer."""

    def __init__(self, port: Port) -> None:
        self._port = port

    def send(self, frame: Frame) -> None:
        """Send one frame; the picture's bytes stay as they are."""
        picture = frame.picture
        content = {
            "kind": "frame",
            "view": frame.view,
            "seq": frame.seq,
            "width": picture.width,
            "height": picture.height,
            "accumulation": picture.accumulation,
            "max_accumulation": picture.max_accumulation,
            "moving": picture.moving,
            "mime": picture.mime,
        }
        self._port.post(content, [picture.data])


@dataclass(frozen=True, slots=True)
class _Size:
    width: float
    height: float
    dpr: float


def _read_size(content: Mapping[str, Any]) -> _Size:
    width, height = (_finite(content, name, 1.0, _MAX_SIDE) for name in ("width", "height"))
    return _Size(width, height, _finite(content, "dpr", 0.25, _MAX_DPR))


def _finite(content: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = content[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r:.80}, no finite number")
    return min(max(float(value), low), high)
