"""BraynsWidget: the traits and messages of a view in a notebook. No sockets, no rendering."""

from __future__ import annotations

import contextvars
import difflib
import inspect
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from brayns_widget.controller import Controller
from brayns_widget.page import Page
from brayns_widget.scene.camera import FRONT, Camera
from brayns_widget.scene.colors import DARK, parse
from brayns_widget.scene.models import Model
from brayns_widget.tasks import Task
from brayns_widget.traits import TraitWriter

_STATIC = Path(__file__).parent / "static"
_HEIGHT = 480
_CLOSE_TIMEOUT = 5.0

LOAD_OPTIONS = tuple(
    name
    for name, parameter in inspect.signature(Controller.load_circuit).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name != "wait"
)
"""What ``BraynsWidget(circuit, …)`` takes besides its own arguments."""


def _read_static(name: str) -> str:
    # As a string, read once: anywidget would watch a path, and keep each widget alive by it. A text of one line would
    # be taken for a path.
    try:
        return (_STATIC / name).read_text(encoding="utf-8") + "\n"
    except FileNotFoundError:
        raise ImportError(f"The front end ({name}) is missing; it is built by 'pip install .', so run that.") from None


class BraynsWidget(anywidget.AnyWidget):
    """A live, ray-traced view of circuits.

    With no arguments a local service starts by itself; with ``master`` and ``token`` a job is started there. Either
    happens in the background: the cell returns at once and the view tells how far it is.

    Args:
        circuit: SONATA circuit or simulation configuration to load.
        master: address of a proxy master; None starts the local service.
        slave: address of its proxy slave, unless the master tells it.
        token: bearer token, or a function that returns one; else the environment variable BRAYNS_WIDGET_TOKEN.
        controller: show what this controller holds. Its owner closes it; without one, the widget makes and closes one.
        height: of the canvas, in CSS pixels.
        options: how to load ``circuit``, as for ``load_circuit``.

    Raises:
        TypeError: an unknown option; names the nearest known one.
        ValueError: an option is out of range.
    """

    _esm = _read_static("widget.js")
    _css = _read_static("widget.css")

    camera = traitlets.Dict(default_value=FRONT.to_dict()).tag(sync=True)
    models = traitlets.List(traitlets.Dict()).tag(sync=True)
    status = traitlets.Dict(default_value={"state": "idle", "text": "Not started."}).tag(sync=True)
    progress = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    notice = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    background = traitlets.List(traitlets.Float(), default_value=list(DARK)).tag(sync=True)
    height = traitlets.Int(_HEIGHT).tag(sync=True)
    panel_open = traitlets.Bool(True).tag(sync=True)

    _closing = False

    def __init__(
        self,
        circuit: str | Path | None = None,
        *,
        master: str | None = None,
        slave: str | None = None,
        token: str | Callable[[], str] | None = None,
        controller: Controller | None = None,
        height: int = _HEIGHT,
        **options: Any,
    ) -> None:
        _check(options, circuit)
        # Sending needs the context of a message (see _send); until a page has sent one, this cell's has to do.
        self._context = contextvars.copy_context()
        self._heard_page = False
        self._comm_lock = threading.RLock()
        self._published: dict[str, Any] = {}
        self._quiet = False
        super().__init__(height=height)
        self._free_route()
        self._owns_controller = controller is None
        self.controller = controller or Controller(master=master, slave=slave, token=token)
        self._writer = TraitWriter(self._write)
        self._page: Page = self.controller.loop.submit(self._open()).result()
        self.on_msg(self._receive)
        try:
            if circuit is None:
                self.controller.start()
            else:
                self.load_circuit(circuit, **options)
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------------ what one does with it

    def load_circuit(self, path: str | Path, *, wait: bool = False, **options: Any) -> Task[list[Model]]:
        """Load a node population of a SONATA circuit; returns at once.

        Args:
            path: circuit or simulation configuration.
            wait: return only when it is loaded.
            options: population, density, node_ids, node_sets, limit, soma, axon, dendrites, radius_multiplier,
                color_by, frame; see ``Controller.load_circuit``.

        Raises:
            TypeError: an unknown option.
            ValueError: an option is out of range.
        """
        _check(options, path)
        return self.controller.load_circuit(path, wait=wait, **options)

    def snapshot(self, path: str | Path | None = None, **options: Any) -> Task[bytes]:
        """Render a picture in full quality; arguments as of ``Controller.snapshot``."""
        return self.controller.snapshot(path, **options)

    def reset_camera(self) -> None:
        """Look at all visible models from the front."""
        self.controller.reset_camera()

    @property
    def stats(self) -> dict[str, Any]:
        """What the frame stream did so far: passes, pictures, bytes, times in ms, by view."""
        return self.controller.loop.submit(self._stats()).result(_CLOSE_TIMEOUT)

    def close(self) -> None:
        """Close the view, and stop the job if the widget started it."""
        if not self._closing and hasattr(self, "_page"):
            self._closing = True
            closed = self.controller.loop.submit(self._shut())
            if not self.controller.loop.is_current:  # the garbage collector runs on any thread
                closed.result(_CLOSE_TIMEOUT)
            self._writer.close()
        super().close()

    def __repr__(self) -> str:
        return f"<BraynsWidget: {self.status['text']}>"

    # ------------------------------------------------------------------ traits

    @traitlets.validate("camera")
    def _valid_camera(self, proposal: dict[str, Any]) -> dict[str, Any]:
        try:
            return Camera.from_dict(proposal["value"]).to_dict()
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.validate("background")
    def _valid_background(self, proposal: dict[str, Any]) -> list[float]:
        try:
            return list(parse(proposal["value"]))
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.validate("height")
    def _valid_height(self, proposal: dict[str, Any]) -> int:
        return min(max(int(proposal["value"]), 64), 4096)

    @traitlets.observe("camera", "background")
    def _set_by_hand(self, change: dict[str, Any]) -> None:
        name, value = change["name"], change["new"]
        if not hasattr(self, "_page") or (self._writer.is_current and self._published.get(name) == value):
            return  # from the controller, which knows it
        if name == "camera":
            self._post(self._page.set_camera, Camera.from_dict(value))
        else:
            self._post(self._page.set_background, value)

    def _write(self, name: str, value: Any, share: bool) -> None:
        """Set a trait that the controller has changed. Runs on the writer's thread."""
        with self._comm_lock:
            self._published[name] = value
            # A camera that moves is not sent to the pages at each step: the one that moves it knows it already.
            self._quiet = name == "camera"
            try:
                setattr(self, name, value)
            finally:
                self._quiet = False
            if name == "camera" and share:
                self.send_state(name)

    def notify_change(self, change: Any) -> None:
        """Send the change to the pages, unless it is to stay here, and call the observers."""
        if self._quiet and self._writer.is_current:
            traitlets.HasTraits.notify_change(self, change)  # past ipywidgets, which would send it
        else:
            super().notify_change(change)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take traits that a page has set; a wrong one is told to the user and set back on the page."""
        # ipywidgets holds and restores parts of the widget here, without a lock against the writer's thread.
        with self._comm_lock:
            try:
                super().set_state(sync_data)
            except traitlets.TraitError as error:
                self.notice = {"level": "warning", "text": f"The page sent a wrong value: {error}", "hint": ""}
                self.send_state(list(sync_data))

    # ------------------------------------------------------------------ messages

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        self._context = contextvars.copy_context()
        self._heard_page = True
        self._post(self._page.receive, content)

    def _send(self, msg: Any, buffers: Any = None) -> None:
        # ipykernel 7.4 sends a page's messages to the shell in whose context the comm sent last. Pinned to the context
        # of the newest message of a page, they never wait for the cell that the main shell runs.
        self._context.copy().run(super()._send, msg, buffers)
        if not self._heard_page:
            self._free_route()

    def _free_route(self) -> None:
        # Until a page has spoken, what was sent was sent for the cell that made the widget. By the route that this
        # leaves behind in ipykernel 7.4, the page's first message would wait for that cell and, after "Run All", for
        # all cells below it. There is no public way to clear the route; without it the page chooses the shell.
        getattr(self.comm, "__dict__", {}).pop("_reply_subshell_id", None)

    def _post(self, callback: Callable[..., None], *arguments: Any) -> None:
        self.controller.loop.post(callback, *arguments)

    async def _open(self) -> Page:
        return Page(self.controller, _Port(self))

    async def _shut(self) -> None:
        await self._page.close()
        if self._owns_controller:
            await self.controller.aclose()

    async def _stats(self) -> dict[str, Any]:
        return self._page.stats()


class _Port:
    """The widget as its page sees it."""

    def __init__(self, widget: BraynsWidget) -> None:
        self._widget = widget

    def post(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._widget.send(content, buffers)

    def publish(self, name: str, value: Any, *, share: bool = True) -> None:
        self._widget._writer.put(name, value, share)  # noqa: SLF001 - its own half


def _check(options: dict[str, Any], circuit: str | Path | None) -> None:
    for name in options:
        if name not in LOAD_OPTIONS:
            near = difflib.get_close_matches(name, (*LOAD_OPTIONS, "circuit", "master", "slave", "token", "height"), 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(LOAD_OPTIONS)}"
            raise TypeError(f"unexpected keyword argument {name!r}{hint}")
    if options and circuit is None:
        raise TypeError(f"{next(iter(options))!r} says how to load a circuit, but none is given")
