"""What a controller shows, as one immutable value, and who is told when a part of it changes.

``State`` is replaced whole, never changed in place, so that every thread may read it at any time.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from brayns_widget.connection.capabilities import Capabilities
from brayns_widget.connection.status import Status
from brayns_widget.controller.camera import FRONT, Bounds, Camera
from brayns_widget.controller.legend import Legend, LegendSection
from brayns_widget.protocol.errors import BraynsWidgetError

Level = Literal["error", "warning", "info"]
T = TypeVar("T")

_LOG = logging.getLogger(__name__)

BACKGROUND = "#0d1016"
"""The first background: dark, as most pictures of cells have it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth telling the user, with a hint what to do."""

    level: Level
    text: str
    hint: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Notice:
        """Make the notice of an error; log lines that it carries as notes come before the hint."""
        message, hint = str(error) or type(error).__name__, ""
        if isinstance(error, BraynsWidgetError):
            message, hint = error.message, error.hint
        return cls("error", message, "\n".join(filter(None, [*getattr(error, "__notes__", ()), hint])))


@dataclass(frozen=True, slots=True)
class Activity:
    """The newest long call that runs.

    Attributes:
        task: id of its task.
        operation: what it does now.
        amount: how much of it is done, 0 to 1, or None where nobody can tell.
    """

    task: str
    operation: str
    amount: float | None


@dataclass(frozen=True, slots=True)
class ModelState:
    """One model of the scene.

    Attributes:
        id: the renderer's id. Renderers use an id again after its model was removed.
        name: what people call it: the node population, or the file.
        type: the renderer's model type, such as "neurons".
        visible: whether it is shown.
        color: "#rrggbb" if it has a single color that was set here, else None.
        colored_by: the coloring method in use, such as "solid" or "mtype", the name of the values that it was
            colored by, or None where nobody here has colored it.
        color_methods: the coloring methods that it offers.
        cells: how many cells were loaded, or None where the renderer does not say.
        path: the file it was loaded from, or None.
        population: its node population, or None.
        bounds: lower and upper corner in µm, or None if it is empty.
        left_out: what the renderer did not load because it has not enough memory, in its words, or None.
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
    left_out: str | None = None


@dataclass(frozen=True, slots=True)
class PartState:
    """A light or a clipping shape: its id in the scene, and its type in Brayns' words."""

    id: int
    type: str
    visible: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a controller shows.

    Attributes:
        status: where the job stands.
        capabilities: what its servers offer, or None before it runs.
        models: the models of the scene, without lights and clipping shapes.
        lights: the lights.
        clips: the clipping shapes.
        sections: what the colors of each model mean, where there is something to tell.
        camera: what one looks through.
        background: "#rrggbb".
        progress: the newest long call that runs, or None.
        notice: the last thing worth telling, until it is dismissed, or None.
        revision: grows with every change, other than of the camera, that makes the picture stale.
    """

    status: Status = field(default_factory=Status)
    capabilities: Capabilities | None = None
    models: tuple[ModelState, ...] = ()
    lights: tuple[PartState, ...] = ()
    clips: tuple[PartState, ...] = ()
    sections: tuple[LegendSection, ...] = ()
    camera: Camera = FRONT
    background: str = BACKGROUND
    progress: Activity | None = None
    notice: Notice | None = None
    revision: int = 0

    @property
    def legend(self) -> Legend | None:
        """What the colors of the visible models mean, or None if there is nothing to tell."""
        visible = {model.id for model in self.models if model.visible}
        sections = tuple(section for section in self.sections if section.model in visible)
        return Legend(sections) if sections else None


class _Listener(Generic[T]):
    def __init__(self, read: Callable[[State], T], call: Callable[[T], object]) -> None:
        self._read = read
        self._call = call

    def hear(self, before: State, after: State) -> None:
        """Call the listener if its part has changed; one that fails does not keep the others from hearing."""
        try:
            value = self._read(after)
            if value != self._read(before):
                self._call(value)
        except Exception:
            _LOG.exception("A listener failed")


class Store:
    """Holds the state. Set it on the loop thread only; read it on any."""

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
            return  # set by a listener: the others hear of it when all have heard of what it was told
        while self._untold:
            before, after = self._untold[0]
            for listener in self._listeners:
                listener.hear(before, after)
            self._untold.popleft()

    def listen(self, read: Callable[[State], T], call: Callable[[T], object]) -> Callable[[], None]:
        """Call ``call`` with a part of the state, on the loop thread, whenever that part has changed.

        Args:
            read: returns the part, such as ``lambda state: state.models``.
            call: the listener.

        Returns:
            a function that ends it.
        """
        listener = _Listener(read, call)
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(item for item in self._listeners if item is not listener)

        return remove
