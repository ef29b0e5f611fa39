"""BraynsWidget: the traits and messages of a view in a notebook. No sockets, no rendering."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import inspect
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_type_hints

import anywidget
import traitlets

from brayns_widget.connection.status import Status
from brayns_widget.controller.arguments import unexpected
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.clipping import Clipping
from brayns_widget.controller.controller import Controller, Groups
from brayns_widget.controller.guarded import check_settable
from brayns_widget.controller.history import History
from brayns_widget.controller.job import Job
from brayns_widget.controller.legend import Legend
from brayns_widget.controller.lights import Lights
from brayns_widget.controller.models import Models
from brayns_widget.controller.phrases import look_text
from brayns_widget.controller.pins import Pins
from brayns_widget.controller.presence import Presence
from brayns_widget.controller.saved_views import SavedViews
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.slab import Slab
from brayns_widget.controller.state import Activity, Notice, Shading
from brayns_widget.controller.views import LiveCamera, read_camera
from brayns_widget.controller.weakly import weakly
from brayns_widget.controller.where import WHERE, documented
from brayns_widget.notebook.commands import Commands
from brayns_widget.notebook.frames import SceneFrames
from brayns_widget.notebook.headless import HeadlessDisplay, is_headless
from brayns_widget.notebook.holders import is_held, registry
from brayns_widget.notebook.lines import TRAITS, assignment
from brayns_widget.notebook.messages import hide_token
from brayns_widget.notebook.page import Page, Transport
from brayns_widget.notebook.stills import Keeper, Output
from brayns_widget.notebook.traits import HEIGHT, HEIGHT_MAX, HEIGHT_MIN, PLACES, SHOWN, StateTrait
from brayns_widget.notebook.writer import TraitWriter
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import BraynsWidgetError

_STATIC = Path(__file__).parent.parent / "static"
_CLOSE_TIMEOUT = 5.0
_TAKE_TIMEOUT = 1.0  # s; the loop thread takes milliseconds

_PLACE_OPTIONS: Mapping[str, inspect.Parameter] = WHERE.options
_LOAD_OPTIONS: Mapping[str, inspect.Parameter] = Models.load_circuit.arguments.options
OPTIONS: Mapping[str, inspect.Parameter] = {**_PLACE_OPTIONS, **_LOAD_OPTIONS}
"""What ``BraynsWidget(circuit, …)`` takes besides its own arguments."""

# What holds a controller for a widget's pages only.
_FOR_PAGES = (Page, Keeper, Commands, SceneFrames)

# The controllers that widgets have made.
_MADE: weakref.WeakSet[Controller] = weakref.WeakSet()

# Names of ipywidgets that are for users; its other names only hide ours.
_IPYWIDGETS = ("close", "layout", "observe", "unobserve")
_OVERRIDDEN = {"notify_change", "set_state"}

# Its private traits that pages set; the others are what pages run.
_SET_BY_PAGES = {"_dom_classes", "_view_count"}


def _read_static(name: str) -> str:
    # As a string, read once: anywidget would watch a path, and keep each widget alive by it. A text of one line would
    # be taken for a path.
    try:
        return (_STATIC / name).read_text(encoding="utf-8") + "\n"
    except FileNotFoundError:
        raise ImportError(f"The front end ({name}) is missing; it is built by 'pip install .', so run that.") from None


@documented
class BraynsWidget(anywidget.AnyWidget, Groups):
    """A live, ray-traced view of circuits.

    With no arguments a local service starts by itself; with ``master`` and ``token`` a job is started there. Either
    happens in the background: the cell returns at once and the view shows the progress. What is said of the place here
    can be said in the panel as well, and changed by ``viewer.job.connect``.

    Its calls are in groups::

        viewer.load_circuit("circuit_config.json", density=0.5)    # a long call: returns a Task
        viewer.models[0].color_by("mtype")                         # a short call: waits
        viewer.models[0].visible = False
        viewer.camera.fovy = 30
        viewer.snapshot("figure.png").result()

    Args:
        circuit: SONATA circuit or simulation configuration to load; options of its load are those of ``load_circuit``.
        options: where its job runs.
        controller: show this controller's scene, beside its other widgets. Without one the widget makes one, which
            is closed with the last widget that shows it; one of yours you close.
        height: of the canvas, in CSS pixels, 160 to 2000.
        transport: how frames go to the page: "socket" over one of its own, which is fast and goes on while a cell runs;
            "comm" through the kernel; "auto" over a socket wherever the page can open one.

    Attributes:
        models: the models of the scene.
        camera: the camera; can be read, assigned as a whole, as a dictionary or by field, and linked.
        views: saved views, by name.
        selection: the selected cells: ids by population; can be set in any form, observed, and linked.
        pins: the picks whose cards stay.
        history: what was done: undoes it, and tells it as lines of Python.
        colors: the colors of values, the same in all models.
        lights: the lights.
        clipping: clipping shapes.
        shapes: adds simple shapes.
        connections: synapses between cells, partners of cells, and points of one's own.
        simulation: the current frame of simulations.
        rendering: shadows and other settings.
        slab: a slab beside which all is cut away.
        pictures: snapshots, and picking.
        files: files and circuits on the backend's machine.
        renderer: any requests to the renderer.
        backend: any requests to the backend.
        controller: the controller behind all of these.
        background: color of the background.
        highlight: whether the selected cells stand out in the picture at rest.
        height: of the canvas, in CSS pixels.
        panel_open: whether the panel beside the picture is open.
        legend_place: corner of the view that has the legend, such as "upper right", or "hidden".
        scale_bar: whether the picture has a scale bar; in a perspective it holds at the depth of the camera's target.
        status: state of the job.
        job: the job: starts, stops and moves it.
        scene_lost: whether all that was loaded has gone with its renderer; ``job.restore`` brings it back.
        progress: the newest running long call, or None.
        notice: the last message for the user, or None if there is none or it was dismissed.
        legend: legend of the visible models' colors, or None.

    Raises:
        TypeError: an option is unknown; the message suggests the nearest known one.
        ValueError: an option is out of range.
    """

    _esm = _read_static("widget.js")
    _css = _read_static("widget.css")

    models = StateTrait[Models, Any]("models", face=lambda widget: widget.controller.models, help="models of the scene")
    camera = StateTrait[LiveCamera, Camera | Mapping[str, Any]](
        "camera",
        face=lambda widget: widget.controller.camera,
        check=lambda _, value: read_camera(value),
        help="what one looks through",
    )
    views = StateTrait[SavedViews, Any]("views", face=lambda widget: widget.controller.views, help="the saved views")
    status = StateTrait[Status, Any]("status", help="where the job stands")
    job = StateTrait[Job, Any]("job", face=lambda widget: widget.controller.job, help="the job, and where it runs")
    scene_lost = StateTrait[bool, Any]("scene_lost", help="whether all that was loaded has gone with its renderer")
    progress = StateTrait[Activity | None, Any]("progress", help="the newest long call that runs, or None")
    notice = StateTrait[Notice | None, Any]("notice", help="the last thing worth telling, or None")
    legend = StateTrait[Legend | None, Any]("legend", help="what the colors of the visible models mean, or None")
    background = StateTrait[str, Any](
        "background", check=lambda _, color: colors.to_hex(colors.parse(color)), help="a color, as #rrggbb"
    )
    fog = StateTrait[float | None, Any]("fog", help="how far surfaces fade into it, 0 to 1; None: there is none")
    slab = StateTrait[Slab, Any](
        "slab", face=lambda widget: widget.controller.slab, help="beside which all is cut away; None: there is none"
    )
    shading = StateTrait[Shading, Any]("shading", help="shadows, ambient occlusion, outlines, and what draws at rest")
    lights = StateTrait[Lights, Any]("lights", face=lambda widget: widget.controller.lights, help="the lights")
    clipping = StateTrait[Clipping, Any](
        "clipping", face=lambda widget: widget.controller.clipping, help="shapes that cut parts away"
    )
    selection = StateTrait[Selection, object](
        "selection",
        face=lambda widget: widget.controller.selection,
        check=lambda widget, ids: widget.controller.selection.read(ids),
        help="the selected cells: ids by population, as ranges",
    )
    pins = StateTrait[Pins, Any]("pins", face=lambda widget: widget.controller.pins, help="picks whose cards stay")
    history = StateTrait[History, Any](
        "history", face=lambda widget: widget.controller.history, help="what can be undone, and what was done"
    )
    highlight = traitlets.Bool(True, help="whether the selected cells stand out").tag(sync=True)
    height = traitlets.Int(HEIGHT, help="of the canvas, in CSS pixels").tag(sync=True)
    panel_open = traitlets.Bool(True, help="whether the panel is open").tag(sync=True)
    legend_place = traitlets.Enum(PLACES, "lower left", help="the corner that has the legend, or hidden").tag(sync=True)
    scale_bar = traitlets.Bool(True, help="whether the picture has a scale bar").tag(sync=True)

    _closing = False
    _page_thread: int | None = None  # the thread that applies what a page has set
    _headless: HeadlessDisplay | None = None

    def __init__(
        self,
        circuit: str | Path | None = None,
        *,
        controller: Controller | None = None,
        height: int = HEIGHT,
        transport: Transport = "auto",
        **options: Any,
    ) -> None:
        WHERE.hide(options)
        self._check_options(circuit, options)
        place = {name: options.pop(name) for name in _PLACE_OPTIONS if name in options}
        if controller is not None and place:
            raise TypeError(f"a controller has its own {next(iter(place))}: give this or a controller, not both")
        if transport not in get_args(Transport):
            raise ValueError(f"transport is {transport!r}, not one of {', '.join(get_args(Transport))}")
        # Sending needs the context of a message (see _send); until a page has sent one, this cell's has to do.
        self._context = contextvars.copy_context()
        self._heard_page = False
        self._comm_lock = threading.RLock()
        self._by_hand = threading.local()
        self._quiet = False
        super().__init__(height=height)
        self._free_route()
        self._let_go()
        self.controller = controller or Controller(**place)
        self._take_groups(self.controller)
        self._writer = TraitWriter(weakly(self._write))
        self._page: Page = self.controller.loop.submit(self._open(transport)).result()
        self.on_msg(self._receive)
        if controller is None:
            self._post(self.controller.presence.guard, partial(_is_used, weakref.ref(self.controller)))
            _MADE.add(self.controller)
        try:
            self.controller.start()
            if circuit is not None:
                self.controller.models.load_circuit(circuit, **options)
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------------ use

    @property
    def stats(self) -> dict[str, Any]:
        """Statistics of the frame stream: passes, pictures, bytes, times in ms, by view."""
        return self.controller.loop.submit(self._stats()).result(_CLOSE_TIMEOUT)

    def close(self) -> None:
        """Close the view; with the last widget of a job that a widget started, stop the job."""
        if self._begin_to_close():
            closed = self.controller.loop.submit(self._shut())
            closed.add_done_callback(lambda _: self._writer.end())
            if not self.controller.loop.is_current:
                try:
                    with contextlib.suppress(TimeoutError):  # it goes on, and tells what may run on
                        closed.result(_CLOSE_TIMEOUT)
                finally:
                    self._writer.close()
                    super().close()
                return
        super().close()

    def __del__(self) -> None:
        """Close it when nothing holds it any more."""
        controller = vars(self).get("controller")
        is_parents = controller is not None and not controller.loop.is_here  # of a forked child, and so is the comm
        if not sys.is_finalizing() and not is_parents:  # then all has been closed
            # Without a wait: the garbage collector runs on any thread, which may hold any lock.
            if self._begin_to_close():
                presence = self.controller.presence if self.controller in _MADE else None
                self.controller.loop.submit(_drop(self._page, self._writer, presence))
            super().close()

    def _ipython_display_(self) -> None:
        """Show a picture where no page will show the view; elsewhere IPython goes on with ``_repr_mimebundle_``."""
        if not is_headless():
            raise NotImplementedError
        if self._headless is None:
            self._headless = HeadlessDisplay(self._still, self._version)
        self._headless.show()

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        self._keep()
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**options)
        if bundle is not None:  # what stands where no widgets are known, above the picture
            bundle[0]["text/plain"] = "BraynsWidget: a live view, seen while its kernel runs."
        return bundle

    def __repr__(self) -> str:
        return f"<BraynsWidget: {self.status.text}>"

    def __dir__(self) -> list[str]:
        ours = {name for kind in (BraynsWidget, Groups) for name in (*vars(kind), *kind.__annotations__)} - _OVERRIDDEN
        return sorted({name for name in ours if not name.startswith("_")} | {"controller", *_IPYWIDGETS})

    # ------------------------------------------------------------------ life

    def _let_go(self) -> None:
        """Let the garbage collector close it: ipywidgets keeps all widgets, and the comm keeps its handler."""
        registry().pop(self.model_id, None)
        self.comm.on_msg(weakly(self._handle_msg))

    def _keep(self) -> None:
        """Keep it, from when it is shown on: a page may show it again at any time."""
        if not self._closing and self.comm is not None:
            registry()[self.model_id] = self

    def _leave(self) -> None:
        """Take in, on the loop thread, that no page shows it any more: from now on, nothing of ours keeps it."""
        registry().pop(self.model_id, None)
        if not is_held(self, by_history=True):
            # Whoever calls this holds it, and so may a function that runs, unseen.
            asyncio.get_running_loop().call_soon(gc.collect)

    def _begin_to_close(self) -> bool:
        """Take in that it is closed from now on; return whether it was open."""
        if self._closing or not hasattr(self, "_page"):
            return False
        self._closing = True
        if self._headless is not None:
            self._headless.close()
        return True

    # ------------------------------------------------------------------ traits

    @property
    def _has_controller(self) -> bool:
        """Whether it has its controller, which is missing during construction."""
        return "controller" in vars(self)

    def _stored(self, name: str) -> Any:
        """Return a trait's value, which may differ from its attribute."""
        return self._trait_values[name]

    @traitlets.validate("height")
    def _valid_height(self, proposal: dict[str, Any]) -> int:
        return min(max(int(proposal["value"]), HEIGHT_MIN), HEIGHT_MAX)

    @traitlets.observe("highlight", "legend_place", "scale_bar")
    def _note_look(self, change: Any) -> None:
        """Let a change be undone, unless undoing has made it."""
        if not self._writer.is_current:
            text = look_text(change["name"], change["new"])
            owner = TraitOf(weakref.ref(self), change["name"])
            self._post(self.controller.recorder.changed, text, owner, change["old"], change["new"])

    @contextlib.contextmanager
    def _setting(self, name: str | None) -> Iterator[list[Any]]:
        """Set a trait by hand, or, without a name, to what the controller has; yields what the controller was given."""
        handed_over: list[Any] = []
        before, self._by_hand.now = getattr(self._by_hand, "now", None), (name, handed_over)
        try:
            yield handed_over
        finally:
            self._by_hand.now = before

    def _hand_over(self, name: str, value: Any) -> None:
        """Give the controller what was set by hand, and return when it can be read there.

        What Python has set has then reached the renderer, too; what a page has set reaches it before any later call.
        """
        if self._page_thread == threading.get_ident():
            # A handler of the comm does not wait for the renderer, only for what observers may read.
            with contextlib.suppress(TimeoutError):
                self.controller.loop.submit(self._page.take(name, value)).result(_TAKE_TIMEOUT)
        else:
            setattr(self.controller, name, value)

    def _write(self, name: str, value: Any, share: bool) -> None:
        """Set a trait that the controller has changed, or whose change is undone; on the writer's thread."""
        with self._comm_lock:
            # A moving camera is not sent to the pages at each step: the page that moves it has it already.
            self._quiet = name == "camera"
            try:
                if isinstance(trait := self.traits()[name], StateTrait):
                    trait.follow(self)
                else:
                    setattr(self, name, value)
            finally:
                self._quiet = False
            if name == "camera" and share:
                self.send_state(name)

    def notify_change(self, change: Any) -> None:
        """Hand the change over, send it to the pages, unless they must not get it, and call the observers."""
        name, handed_over = getattr(self._by_hand, "now", None) or (None, [])
        if name is not None and name == change["name"]:
            handed_over.append(change["new"])
            self._hand_over(name, change["new"])
        if self._quiet and self._writer.is_current:
            traitlets.HasTraits.notify_change(self, change)  # skips ipywidgets' method, which would send it
        else:
            super().notify_change(change)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply traits that a page has set; a wrong one raises a notice and is reset on the page."""
        # ipywidgets holds and restores parts of the widget here, without a lock against the writer's thread.
        with self._comm_lock:
            self._page_thread = threading.get_ident()
            try:
                if foreign := list(filter(self._is_ours, sync_data)):
                    raise traitlets.TraitError(f"{', '.join(foreign)} cannot be set")
                super().set_state(sync_data)
                for name in filter(sync_data.__contains__, TRAITS):
                    self._post(self.controller.recorder.write, assignment(name, self._stored(name)))
            except traitlets.TraitError as error:
                text = f"The page sent a wrong value: {error}"
                self._post(self.controller.notices.tell, "warning", text)
                self.send_state([name for name in sync_data if name in self.keys])
            finally:
                self._page_thread = None

    def _is_ours(self, name: str) -> bool:
        """Whether no page may set a trait."""
        if name.startswith("_"):
            return name not in _SET_BY_PAGES
        return name in SHOWN and self.traits()[name].read_only

    # ------------------------------------------------------------------ messages

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        hide_token(content)
        self._context = contextvars.copy_context()
        self._heard_page = True
        self._keep()
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

    def _take_groups(self, controller: Controller) -> None:
        self.__dict__.update({name: getattr(controller, name) for name in Groups.__annotations__ if name not in SHOWN})

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; one that nobody reads is refused, and so are groups and calls."""
        # Not while it is being made; and traitlets sets a method of its own for a moment.
        if "_page" in vars(self) and not name.startswith("_") and name not in _OVERRIDDEN:
            check_settable(type(self), name)
        super().__setattr__(name, value)

    async def _open(self, transport: Transport) -> Page:
        send, left = weakly(self.send), weakly(self._leave)
        return Page(self.controller, send, self._writer.put, self.model_id, left=left, transport=transport)

    async def _shut(self) -> None:
        await self._page.close()
        if self.controller in _MADE and not SceneFrames.are_open(self.controller):
            await self.controller.job.close.aio()

    def _still(self) -> Sequence[Output]:
        """Wait for the outputs that show the scene where no page is; raises BraynsWidgetError."""
        if self._closing:
            raise BraynsWidgetError("The view is closed.")
        rendering = self.controller.loop.submit(self._page.still())
        try:
            return rendering.result()
        except KeyboardInterrupt:
            rendering.cancel()
            raise

    def _version(self) -> object:
        state = self.controller.state
        return state.camera, state.slab, state.revision, state.progress

    async def _stats(self) -> dict[str, Any]:
        return await self._page.stats()

    @staticmethod
    def _check_options(circuit: str | Path | None, options: Mapping[str, Any]) -> None:
        for name in options:
            if name not in OPTIONS:
                raise TypeError(unexpected("BraynsWidget", name, inspect.signature(BraynsWidget).parameters))
        if circuit is None and (idle := next((name for name in options if name in _LOAD_OPTIONS), None)):
            raise TypeError(f"{idle!r} says how to load a circuit, but none is given")


@dataclass(frozen=True, slots=True)
class TraitOf:
    """A trait of a widget that is no part of the controller's state, and can be undone."""

    viewer: weakref.ref[BraynsWidget]
    name: str

    def is_there(self) -> bool:
        """Whether the widget is open."""
        viewer = self.viewer()
        return viewer is not None and not viewer._closing  # noqa: SLF001 - of this module

    def set(self, value: Any) -> None:
        """Let the widget's thread set it: its observers may wait for the loop thread."""
        if (viewer := self.viewer()) is not None:
            viewer._writer.put(self.name, value)  # noqa: SLF001 - of this module


async def _drop(page: Page, writer: TraitWriter, presence: Presence | None) -> None:
    """Close what belongs to a widget that nothing holds any more; parts of its controller may be in use."""
    try:
        await page.close()
    finally:
        writer.end()
    if presence is not None:
        await presence.abandon()


def _is_used(controller: weakref.ref[Controller]) -> bool:
    """Tell whether users hold a controller, a widget that shows it, or any part of it."""
    found = controller()
    return found is not None and is_held(found, inside=_FOR_PAGES)


def _signature() -> inspect.Signature:
    """Return the class's signature with every option, so that tab completion knows them."""
    own, types = inspect.signature(BraynsWidget.__init__), get_type_hints(BraynsWidget.__init__)
    named = [p for p in own.parameters.values() if p.name != "self" and p.kind is not p.VAR_KEYWORD]
    parameters = [parameter.replace(annotation=types[parameter.name]) for parameter in named]
    return own.replace(parameters=[*parameters, *OPTIONS.values()], return_annotation=inspect.Signature.empty)


BraynsWidget.__signature__ = _signature()
