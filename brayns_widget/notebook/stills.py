"""Stills: the last picture at rest as outputs of a notebook, for whoever opens it without a kernel.

A still is two outputs, the picture and a caption, that stand after the view's own output. Readers that know no widgets,
such as GitHub, take a picture from an output of its own more surely than from HTML, and JupyterLab shows of one output
only one form, which for a widget without a kernel is an error. The caption's style hides both outputs while a live view
stands beside them, and the error otherwise.
"""

from __future__ import annotations

import asyncio
import base64
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.encoded import fitted
from brayns_widget.controller.state import ModelState, State
from brayns_widget.protocol.errors import BraynsWidgetError, DeadlineExceeded
from brayns_widget.stream import Picture

QUIET = 1.5
"""Seconds for which a picture rests before the notebook gets it."""

SETTLE_DEADLINE = 600.0
PICTURE_DEADLINE = 120.0
"""Maximum waits, in seconds, for the scene and for its picture where no page is."""

HEADLESS_SIZE = (640.0, 480.0)
"""Width and height, in pixels, of a picture where no page is."""

MARK = "brayns_widget"
"""Key of an output's metadata that tells the widget of which it is a still."""

_NAMED = 3  # models that a caption names
_CAPTION = """\
<style>
.jp-OutputArea:has(.brayns-widget[data-live]) > .jp-OutputArea-child:has(.bw-caption),
.jp-OutputArea:has(.brayns-widget[data-live]) > .jp-OutputArea-child:has(+ .jp-OutputArea-child .bw-caption),
.jp-OutputArea:has(.bw-caption) > .jp-OutputArea-child:has(> .jupyter-widgets):not(:has(> .jupyter-widgets > *))
{ display: none }
</style>
<p class="bw-caption"><small>{text}</small></p>"""


@dataclass(frozen=True, slots=True)
class Output:
    """A display of a notebook: its forms by media type, and what is said about them."""

    data: Mapping[str, str]
    metadata: Mapping[str, Any]


def describe(models: Sequence[ModelState], now: datetime) -> str:
    """Return the caption of a picture of these models."""
    seen = [model for model in models if model.visible]
    names = [f"{model.name} ({model.cells} cells)" if model.cells else model.name for model in seen[:_NAMED]]
    if len(seen) > _NAMED:
        names.append(f"{len(seen) - _NAMED} more")
    what = ", ".join(names) or "an empty scene"
    return f"Picture of {what}, {now:%Y-%m-%d %H:%M}. Run the cell to make it live."


def make_outputs(picture: Picture, models: Sequence[ModelState], widget: str) -> tuple[Output, ...]:
    """Make a still's outputs.

    Args:
        picture: the picture.
        models: the models that it shows.
        widget: the widget's id.
    """
    mime, data = fitted(bytes(picture.data), picture.mime)
    text = describe(models, datetime.now().astimezone())
    encoded = base64.b64encode(data).decode("ascii")
    mark = {MARK: widget}
    return Output({mime: encoded, "text/plain": text}, {mime: {"alt": text}, **mark}), _caption(text, mark)


def explain(error: Exception) -> tuple[Output, ...]:
    """Make the outputs for a picture that could not be had."""
    return Output({"text/plain": f"No picture: {error}"}, {}), _caption("Run the cell to make it live.", {})


def _caption(text: str, metadata: Mapping[str, Any]) -> Output:
    return Output({"text/html": _CAPTION.replace("{text}", html.escape(text)), "text/plain": text}, metadata)


class Keeper:
    """Keeper of a widget's last picture at rest, on the loop thread.

    Args:
        controller: the controller of the scene.
        widget: the widget's id.
        send: gets the outputs of each picture that has rested; must not wait.

    Attributes:
        view: name of the view for pictures where no page is.
    """

    def __init__(self, controller: Controller, widget: str, send: Callable[[Sequence[Output]], None]) -> None:
        self.view = f"nobody sees {widget}"
        self._controller = controller
        self._widget = widget
        self._send = send
        self._picture: Picture | None = None
        self._taken = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._end = controller.listen(
            lambda state: (state.camera, state.slab, state.revision), lambda _: self._forget()
        )

    async def close(self) -> None:
        """Keep no more pictures; the last one is sent now."""
        self._end()
        if self._timer is not None:
            self._stop()
            self._start()
        if self._sending is not None:
            await asyncio.wait([self._sending])

    def take(self, picture: Picture) -> None:
        """Take a picture at rest; it is sent after a while unless the view changes."""
        self._picture = picture
        self._taken.set()
        self.repeat()

    def repeat(self) -> None:
        """Send the picture again after a while: another page is there."""
        self._stop()
        self._timer = asyncio.get_running_loop().call_later(QUIET, self._start)

    async def render(
        self, add_view: Callable[[str, float, float, float], None], remove_view: Callable[[str], None]
    ) -> Sequence[Output]:
        """Render the picture at rest where no page asks for one; waits until nothing loads.

        Args:
            add_view: adds a view to the frames by its name, width and height in CSS pixels, and device pixel ratio.
            remove_view: removes it.

        Raises:
            BraynsWidgetError: there is none, and why.
        """
        await self._settle()
        add_view(self.view, *HEADLESS_SIZE, 1.0)
        try:
            async with asyncio.timeout(PICTURE_DEADLINE):
                while self._picture is None:
                    await self._taken.wait()
        except TimeoutError:
            raise DeadlineExceeded(f"The renderer sent none within {PICTURE_DEADLINE:g} s.") from None
        finally:
            remove_view(self.view)
        return await self._outputs(self._picture)

    async def _settle(self) -> None:
        changed = asyncio.Event()
        end = self._controller.listen(_progress, lambda _: changed.set())
        try:
            async with asyncio.timeout(SETTLE_DEADLINE):
                while not _is_settled(self._controller.state):
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            raise DeadlineExceeded(f"The scene was not ready within {SETTLE_DEADLINE:g} s.") from None
        finally:
            end()

    def _start(self) -> None:
        self._timer = None
        if self._picture is not None and self._controller.state.models:  # nobody wants to read an empty scene
            self._sending = asyncio.create_task(self._keep(self._picture))

    async def _keep(self, picture: Picture) -> None:
        self._send(await self._outputs(picture))

    async def _outputs(self, picture: Picture) -> Sequence[Output]:
        return await asyncio.to_thread(make_outputs, picture, self._controller.state.models, self._widget)

    def _forget(self) -> None:
        self._picture = None
        self._taken.clear()
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sending is not None:
            self._sending.cancel()


def _progress(state: State) -> object:
    return state.status.state, state.progress is None


def _is_settled(state: State) -> bool:
    """Whether the scene is ready for a picture.

    Raises:
        BraynsWidgetError: it will not be.
    """
    notice = state.notice
    ended = state.status.state in {"failed", "ended"}
    settled = state.status.state == "ready" and state.progress is None
    if ended or (settled and not state.models and notice is not None and notice.level == "error"):
        text, hint = (state.status.text, "") if notice is None else (notice.text, notice.hint)
        raise BraynsWidgetError(text, hint=hint)
    return settled
