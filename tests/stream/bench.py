"""A stream with a renderer and views that are stand-ins."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from brayns_widget.controller.camera import Camera
from brayns_widget.protocol.messages import Reply
from brayns_widget.stream import Frame, FrameIds, FrameStream, Picture, StreamSettings, encode

FAST = StreamSettings(
    credit_timeout=0.2, settle_time=0.1, refine_interval=0.0, rest_passes=3, first_passes=1, retry_first=0.05
)

TELLS = dataclasses.replace(FAST, tells_ids=True, ids_pause=0.0)


def camera(x: float) -> list[tuple[str, Any]]:
    return [encode(*call) for call in Camera((x, 0, 9)).calls()]


TRACES = dataclasses.replace(TELLS, traces_paths=True, path_passes=8, first_path_passes=4, path_interval=0.0)

CAMERA = camera(0)

GOAL_METHODS = [
    "set-framebuffer-static",
    "set-application-parameters",
    "set-camera-perspective",
    "set-camera-view",
    "set-renderer-interactive",
]
"""Methods of the requests that bring a renderer of unknown state to a goal, in order."""


class Renderer:
    """Answers as the real one does: changes restart the accumulation, the last picture is not sent twice unforced."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.state: dict[str, Any] = {  # as it starts
            "set-application-parameters": {"viewport": [1, 1]},
            "set-camera-view": {"position": [0, 0, 0]},
            "set-renderer-interactive": {"samples_per_pixel": 1},
        }
        self.accumulation = 0
        self.paths = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.ids_gate = asyncio.Event()
        self.ids_gate.set()
        self.error: Exception | None = None
        self.errors: dict[str, Exception] = {}  # by method
        self.render_ms: float | None = None  # an addition of ours; the real one does not tell it
        self.under_way = 0
        self._turn = asyncio.Lock()  # it answers in order
        self.override: Callable[[str, Any], Reply] | None = None

    async def __call__(self, method: str, params: Any) -> Reply:
        self.calls.append((method, params))
        self.under_way += 1
        try:
            async with self._turn:
                await (self.ids_gate if method == "render-ids" else self.gate).wait()
                await asyncio.sleep(0.001)
                if error := self.error or self.errors.get(method):
                    raise error
                return (self.override or self.answer)(method, params)
        finally:
            self.under_way -= 1

    def answer(self, method: str, params: Any) -> Reply:
        if method == "render-ids":
            width, height = self.state["set-application-parameters"]["viewport"]
            said = {"count": 2, "height": height, "section_types": ["soma"], "width": width}
            return Reply(1, said, memoryview(f"ids of {self.picture().rpartition(' ')[0]}".encode()))
        if method != "render-image":
            if method == "set-picture-options":
                self.paths = params["paths"]
            if self.state.get(method) != params or method.startswith("set-renderer"):
                self.accumulation = 0
            self.state[method] = params
            return Reply(1, None)
        maximum = self.state["set-renderer-interactive"]["samples_per_pixel"]
        new = params["render"] and self.accumulation < maximum
        self.accumulation += new
        result = {"accumulation": self.accumulation, "max_accumulation": maximum}
        if self.render_ms is not None:
            result["render_ms"] = self.render_ms
        send = params["send"] and (new or params["force"])
        return Reply(1, result, memoryview(f"{self.picture()} q{params['jpeg_quality']}".encode() if send else b""))

    def picture(self) -> str:
        width, height = self.state["set-application-parameters"]["viewport"]
        x = self.state["set-camera-view"]["position"][0]
        return f"{width}x{height} x{x:g} {'paths ' * self.paths}{self.accumulation}"

    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]

    def shots(self) -> list[Any]:
        return [params for method, params in self.calls if method == "render-image"]


class Sink:
    """Collects frames, and acknowledges them unless told not to."""

    def __init__(self, window: int = 2) -> None:
        self.window = window
        self.frames: list[Frame] = []
        self.ids: list[FrameIds] = []
        self.stream: FrameStream | None = None
        self.error: Exception | None = None
        self.decode_ms = 1.0

    def send(self, frame: Frame) -> None:
        if self.error:
            raise self.error
        self.frames.append(frame)
        if self.stream:
            self.stream.ack(frame.view, frame.seq, shown=True, decode_ms=self.decode_ms)

    def send_ids(self, ids: FrameIds) -> None:
        if self.error:
            raise self.error
        self.ids.append(ids)

    @property
    def texts(self) -> list[str]:
        return [bytes(frame.picture.data).decode() for frame in self.frames]

    @property
    def last(self) -> str:
        return self.texts[-1] if self.frames else ""


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - conditions are of many kinds, and the wait has a deadline
            await asyncio.sleep(0.001)


class Bench:
    def __init__(self, settings: StreamSettings) -> None:
        self.renderer = Renderer()
        self.errors: list[Exception | None] = []
        self.rested: list[Picture] = []
        self.rested_for: list[list[str]] = []  # the views of each
        self.lates: list[bool] = []
        self.stream = FrameStream(
            self.renderer,
            settings=settings,
            on_error=self.errors.append,
            on_rest=self._rest,
            on_late=self.lates.append,
        )

    def _rest(self, picture: Picture, views: Sequence[str]) -> None:
        self.rested.append(picture)
        self.rested_for.append(list(views))

    def view(
        self,
        name: str = "a",
        width: float = 800,
        height: float = 600,
        dpr: float = 1.0,
        *,
        acks: bool = True,
        window: int = 2,
    ) -> Sink:
        sink = Sink(window)
        if acks:
            sink.stream = self.stream
        self.stream.add_view(name, sink, width, height, dpr)
        return sink

    async def idle(self) -> None:
        """Wait until nothing was asked of the renderer for a while."""
        seen = -1
        async with asyncio.timeout(5):
            while seen != len(self.renderer.calls):
                seen = len(self.renderer.calls)
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def bench(settings: StreamSettings = FAST) -> AsyncIterator[Bench]:
    made = Bench(settings)
    try:
        yield made
    finally:
        await made.stream.close()


def run_with(settings: StreamSettings) -> Callable[[Any], Callable[[], None]]:
    """Run coroutine functions as tests; errors that one did not take out of ``b.errors`` fail it."""

    def run(test: Any) -> Callable[[], None]:
        def wrapper() -> None:
            async def main() -> None:
                async with bench(settings) as b:
                    await test(b)
                    assert b.errors == []

            asyncio.run(main())

        wrapper.__name__ = test.__name__
        return wrapper

    return run


run = run_with(FAST)
