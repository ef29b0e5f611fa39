"""State of a controller as one immutable value, with listeners for its parts.

``State`` is replaced whole, never changed in place, so that every thread may read it at any time.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from brayns_widget.connection.capabilities import Capabilities
from brayns_widget.connection.status import Status
from brayns_widget.controller.camera import FRONT, Bounds, Camera, Vector, corners
from brayns_widget.controller.legend import Legend, LegendSection
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.placement import UNMOVED, Placement
from brayns_widget.controller.selected import NOTHING, Selected
from brayns_widget.controller.value_colors import NO_COLORS, ValueColors
from brayns_widget.protocol.errors import BraynsWidgetError

Level = Literal["error", "warning", "info"]
T = TypeVar("T")

_LOG = logging.getLogger(__name__)

BACKGROUND = "#0d1016"
"""The default background: dark, as in most pictures of cells."""

FOG = 0.45
"""The default fog: enough to tell near from far, and little enough to keep the colors of the legend."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for the user, with a hint what to do."""

    level: Level
    text: str
    hint: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Notice:
        """Make the notice of an error; log lines in the error's notes come before the hint."""
        message, hint = str(error) or type(error).__name__, ""
        if isinstance(error, BraynsWidgetError):
            message, hint = error.message, error.hint
        return cls("error", message, "\n".join(filter(None, [*getattr(error, "__notes__", ()), hint])))

    def and_also(self, other: Notice) -> Notice:
        """Return one of this level that tells both."""
        return Notice(self.level, f"{self.text} {other.text}", "\n".join(filter(None, [self.hint, other.hint])))


@dataclass(frozen=True, slots=True)
class Activity:
    """The newest running long call.

    Attributes:
        task: id of its task.
        operation: its present operation.
        amount: the part that is done, 0 to 1, or None if that is unknown.
    """

    task: str
    operation: str
    amount: float | None


@dataclass(frozen=True, slots=True)
class ModelState:
    """One model of the scene.

    Attributes:
        id: the renderer's id. Renderers reuse the ids of removed models.
        name: name of the model: the one that it was given, or else the node population, or the file.
        type: the renderer's model type, such as "neurons".
        visible: whether it is shown.
        color: "#rrggbb" if it is known to have been given a single color, else None.
        colored_by: the coloring method in use, such as "solid" or "mtype", or the name of the values; "" for the
            colors with which it was loaded, None if that is not known because others have loaded or colored it.
        color_methods: its coloring methods.
        cells: number of loaded cells, or None if the renderer does not report it.
        path: the file it was loaded from, or None.
        population: its node population, or None.
        bounds: lower and upper corner in µm, or None if it is empty.
        outline: points at its surface, µm, which tell how much of a picture it takes; none if the renderer tells none.
        left_out: the renderer's description of the parts that it did not load for lack of memory, or None.
        notices: sentences about what could not be read, or was read otherwise than it is written.
        material: name of its material, such as "phong", or None if it has none.
        material_options: the options of its material, such as "opacity".
        thickness: factor of its radii since it was loaded, or first seen here; None if it has none.
        placement: where it stands.
        veiled: whether cells of it are hidden or faded.
    """

    id: int
    name: str
    type: str
    visible: bool = True
    color: str | None = None
    colored_by: str | None = None
    color_methods: tuple[str, ...] = ()
    cells: int | None = None
    path: str | None = None
    population: str | None = None
    bounds: Bounds | None = None
    outline: tuple[Vector, ...] = ()
    left_out: str | None = None
    notices: tuple[str, ...] = ()
    material: str | None = None
    material_options: Mapping[str, Any] = field(default_factory=dict)
    thickness: float | None = 1.0
    placement: Placement = UNMOVED
    veiled: bool = False

    @property
    def extent(self) -> Sequence[Vector]:
        """Its outline, or else the corners of its box; empty if it is."""
        return self.outline or (corners(self.bounds) if self.bounds else ())


@dataclass(frozen=True, slots=True)
class JobState:
    """Where the job runs, or is to run, and what is known of it while it does. Nothing of this is secret.

    Attributes:
        master: address of the proxy master, or None for the local service.
        slave: address of the proxy slave, or None.
        renderer: address of a renderer without proxies, or None.
        backend: address of its backend, or None.
        usecase: what the master is asked for.
        project: the project, or None.
        id: the master's id of the job, or None if there is none.
        host: the machine that answers, such as the proxy slave's, or None before one does.
        node: the machine that runs it, or None if its master does not tell it.
        ends: when the job ends, in seconds since the epoch, or None if that is not known.
        ends_probably: whether that is a guess of the master's time zone.
        attached: whether the job was not started here, and so is not stopped by closing.
        lack: why files and circuits cannot be looked at, as a sentence, or "".
        brayns_backend: whether the backend is Brayns' own, which cannot read all circuits that its renderer can.
        tells_ids: whether the renderer tells which cell each pixel of the picture shows.
        log: last lines of the log of a job that has ended, if its master has told them.
    """

    master: str | None = None
    slave: str | None = None
    renderer: str | None = None
    backend: str | None = None
    usecase: str = ""
    project: str | None = None
    id: str | None = None
    host: str | None = None
    node: str | None = None
    ends: float | None = None
    ends_probably: bool = False
    attached: bool = False
    lack: str = ""
    brayns_backend: bool = False
    tells_ids: bool = False
    log: str = ""

    def gone(self, log: str = "") -> JobState:
        """Return it without what is known of a job that runs."""
        place = self.master, self.slave, self.renderer, self.backend, self.usecase, self.project
        return JobState(*place, log=log)


LightKind = Literal["ambient", "directional", "camera", "sphere", "quad"]


@dataclass(frozen=True, slots=True)
class Lit:
    """What is known of a light.

    Attributes:
        kind: its kind; "camera" is infinitely far and turns with the camera.
        color: "#rrggbb".
        intensity: in the unit of its kind, see ``protocol.brayns.lights``.
        options: all that it was added with, as JSON.
    """

    kind: LightKind
    color: str
    intensity: float
    options: Mapping[str, Any]


CutKind = Literal["planes", "bounded-planes", "boxes", "spheres", "capsules"]


@dataclass(frozen=True, slots=True)
class CutState:
    """Clipping shapes that were added together.

    Attributes:
        kind: what all of them are.
        shapes: as they were added, in Brayns' words.
        invert: whether they cut away the other side.
    """

    kind: CutKind
    shapes: tuple[Mapping[str, Any], ...]
    invert: bool = False


@dataclass(frozen=True, slots=True)
class PartState:
    """A light or a clipping shape.

    Attributes:
        id: in the scene.
        type: in Brayns' words.
        visible: whether it has an effect.
        lit: what is known of a light; None if others have added it, and of clipping shapes.
        cut: what is known of clipping shapes; None if others have added them, and of lights.
    """

    id: int
    type: str
    visible: bool = True
    lit: Lit | None = None
    cut: CutState | None = None


AtRest = Literal["interactive", "path tracer"]


@dataclass(frozen=True, slots=True)
class Shading:
    """How surfaces are shaded.

    Attributes:
        shadows: whether lights cast shadows.
        ambient_occlusion: rays for each sample of a picture at rest that look how much of the surroundings a place
            sees; 0: none.
        outlines: how dark the lines at edges of depth are, 0 to 1; None: this renderer has none.
        at_rest: what draws the picture when the camera rests; None: this renderer has no path tracer for views.
    """

    shadows: bool = True
    ambient_occlusion: int = 1
    outlines: float | None = 0.0
    at_rest: AtRest | None = "interactive"


@dataclass(frozen=True, slots=True)
class Past:
    """What was done, as far as people are told of it.

    Attributes:
        undo: what can be undone, in words, or "".
        redo: what can be done again, in words, or "".
        lines: what was done last on pages, as lines of Python, the newest last.
    """

    undo: str = ""
    redo: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlabState:
    """The slab, beside which all is cut away.

    Attributes:
        on: whether it cuts.
        axis: the axis along which it moves: "x", "y", "z", "view", "principal", or "own".
        normal: that axis as a vector of length 1.
        position: where its middle lies along the axis, µm from the origin.
        thickness: in µm; 0 until it is known what there is to cut.
        invert: whether what lies within it is cut away, instead of what lies beside.
    """

    on: bool = False
    axis: str = "z"
    normal: Vector = (0.0, 0.0, 1.0)
    position: float = 0.0
    thickness: float = 0.0
    invert: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """State of a controller.

    Attributes:
        status: state of the job.
        job: where it runs, and what is known of it.
        capabilities: capabilities of its servers, or None before it runs.
        scene_lost: whether all that was loaded has gone with its renderer, and has neither come back nor was followed
            by another scene.
        models: the models of the scene, without lights and clipping shapes.
        lights: the lights.
        clips: the clipping shapes.
        sections: legends of the models whose colors have a meaning.
        value_colors: the colors that values have in all models, by attribute and value.
        camera: the camera.
        views: the saved views, by name.
        background: "#rrggbb", or "#rrggbbaa" if it is not opaque.
        fog: how far surfaces fade into it at the far end of the scene, 0 to 1; None: this renderer has no fog.
        slab: beside which all is cut away, if it is on; None: this renderer has none.
        shading: how surfaces are shaded.
        selection: the selected cells, whether they are loaded or not.
        pins: the pinned picks, the newest first.
        past: what was done.
        progress: the newest long call that runs, or None.
        holding: whether a long call runs during which the renderer draws no view.
        notice: the last thing worth telling, until it is dismissed, or None.
        revision: grows with every change, other than of the camera and the slab, that makes the picture stale.
    """

    status: Status = field(default_factory=Status)
    job: JobState = JobState()
    capabilities: Capabilities | None = None
    scene_lost: bool = False
    models: tuple[ModelState, ...] = ()
    lights: tuple[PartState, ...] = ()
    clips: tuple[PartState, ...] = ()
    sections: tuple[LegendSection, ...] = ()
    value_colors: ValueColors = field(default_factory=lambda: NO_COLORS)
    camera: Camera = FRONT
    views: Mapping[str, Camera] = field(default_factory=dict)
    background: str = BACKGROUND
    fog: float | None = FOG
    slab: SlabState | None = SlabState()
    shading: Shading = Shading()
    selection: Selected = field(default_factory=lambda: NOTHING)
    pins: tuple[Picked, ...] = ()
    past: Past = Past()
    progress: Activity | None = None
    holding: bool = False
    notice: Notice | None = None
    revision: int = 0

    @property
    def legend(self) -> Legend | None:
        """Legend of the visible models' colors, or None if their colors have no meaning."""
        visible = {model.id for model in self.models if model.visible}
        sections = [section for section in self.sections if section.model in visible]
        return Legend.of(sections) if sections else None


class _Listener(Generic[T]):
    def __init__(self, read: Callable[[State], T], call: Callable[[T], object]) -> None:
        self._read = read
        self._call = call

    def hear(self, before: State, after: State) -> None:
        """Call the listener if its part has changed; a failure does not affect other listeners."""
        try:
            value = self._read(after)
            if value != self._read(before):
                self._call(value)
        except Exception:
            _LOG.exception("A listener failed")


class Store:
    """Store of the state. Set the state on the loop thread only; read it on any thread."""

    def __init__(self) -> None:
        self._state = State()
        self._listeners: tuple[_Listener[Any], ...] = ()
        self._untold: deque[tuple[State, State]] = deque()

    @property
    def state(self) -> State:
        """The newest state; to change a part of it, set it to ``dataclasses.replace(store.state, part=…)``."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._untold.append((self._state, state))
        self._state = state
        if len(self._untold) > 1:
            return  # set by a listener: all are told of it after they were told of the previous state
        while self._untold:
            before, after = self._untold[0]
            for listener in self._listeners:
                listener.hear(before, after)
            self._untold.popleft()

    def listen(self, read: Callable[[State], T], call: Callable[[T], object]) -> Callable[[], None]:
        """Register a listener, called on the loop thread with a part of the state when that part has changed.

        Args:
            read: returns the part, such as ``lambda state: state.models``.
            call: the listener.

        Returns:
            a function that removes the listener.
        """
        listener = _Listener(read, call)
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(item for item in self._listeners if item is not listener)

        return remove
