"""The widget's traits: parts of the controller's state, for Python and for the pages.

Reading one returns the controller's object, such as ``viewer.models``; on the wire it is JSON, and observers get the
state's immutable value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

import traitlets
from annotated_types import Ge, Le

from brayns_widget.connection.status import Status
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.legend import Legend
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.printing import LegendPlace
from brayns_widget.controller.state import (
    Activity,
    JobState,
    ModelState,
    Notice,
    PartState,
    Past,
    Shading,
    SlabState,
    State,
)
from brayns_widget.protocol.errors import BraynsWidgetError

G = TypeVar("G")
S = TypeVar("S")

HEIGHT_MIN, HEIGHT_MAX, HEIGHT = 160, 2000, 480
Place = LegendPlace | Literal["hidden"]
PLACES: tuple[Place, ...] = (*get_args(LegendPlace), "hidden")
Height = Annotated[int, Ge(HEIGHT_MIN), Le(HEIGHT_MAX)]


@dataclass(frozen=True)
class Traits:
    """Types of the synced traits on a page.

    Pages set ``background``, ``selection``, ``highlight``, ``height``, ``panel_open``, ``legend_place`` and
    ``scale_bar``.
    """

    camera: Camera
    views: Mapping[str, Camera]
    models: tuple[ModelState, ...]
    status: Status
    job: JobState
    scene_lost: bool
    progress: Activity | None
    notice: Notice | None
    legend: Legend | None
    background: str
    fog: float | None
    slab: SlabState | None
    shading: Shading
    lights: tuple[PartState, ...]
    clipping: tuple[PartState, ...]
    selection: Mapping[str, str]
    pins: tuple[Picked, ...]
    history: Past
    highlight: bool = True
    height: Height = HEIGHT
    panel_open: bool = True
    legend_place: Place = "lower left"
    scale_bar: bool = True


SHOWN: Mapping[str, Callable[[State], Any]] = {
    "camera": lambda state: state.camera,
    "views": lambda state: state.views,
    "models": lambda state: state.models,
    "status": lambda state: state.status,
    "job": lambda state: state.job,
    "scene_lost": lambda state: state.scene_lost,
    "progress": lambda state: state.progress,
    "notice": lambda state: state.notice,
    "legend": lambda state: state.legend,
    "background": lambda state: state.background,
    "fog": lambda state: state.fog,
    "slab": lambda state: state.slab,
    "shading": lambda state: state.shading,
    "lights": lambda state: state.lights,
    "clipping": lambda state: state.clips,
    "selection": lambda state: state.selection,
    "pins": lambda state: state.pins,
    "history": lambda state: state.past,
}
"""The traits that show a part of the controller's state, with the functions that read the part."""


def to_json(value: Any, _widget: Any = None) -> Any:
    """Encode a part of the state as JSON."""
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {name: to_json(item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value


class StateTrait(traitlets.TraitType[G, S], Generic[G, S]):
    """A synced trait that shows a part of the controller's state.

    Args:
        name: the part, one of ``SHOWN``.
        face: what users get when they read it, made of the widget; None gives the part itself.
        check: makes the value of the widget and what a user or a page assigns; raises ValueError or an error of ours.
            None refuses assignment.
    """

    def __init__(
        self,
        name: str,
        *,
        face: Callable[[Any], G] | None = None,
        check: Callable[[Any, Any], Any] | None = None,
        help: str,  # noqa: A002 - traitlets' word
    ) -> None:
        # None is a value only of what the kernel alone sets.
        super().__init__(SHOWN[name](State()), allow_none=check is None, read_only=check is None, help=help)
        self._face = face
        self._read = SHOWN[name]
        self._check = check
        self.tag(sync=True, to_json=lambda _value, widget: to_json(widget._stored(name)))  # noqa: SLF001 - its owner

    def get(self, obj: Any, cls: Any = None) -> G | None:
        """Return the object for users."""
        value: G | None = super().get(obj, cls)
        # While traitlets checks values that a page has set, it reads them back and sets what it has read.
        if obj._cross_validation_lock or not obj._has_controller:  # noqa: SLF001 - its owner
            return value
        # Not the trait's own value, which another thread sets a moment later.
        return self._face(obj) if self._face is not None else self._read(obj.controller.state)

    def set(self, obj: Any, value: S) -> None:
        """Set the trait by hand, and with it the controller, before the observers are called."""
        if self._check is None or not obj._has_controller:  # noqa: SLF001 - its owner
            super().set(obj, value)
            return
        checked: Any = self._validate(obj, value)
        before = super().get(obj)
        try:
            with obj._setting(self.name) as handed_over:  # noqa: SLF001 - its owner
                super().set(obj, checked)
            if not handed_over:  # the trait has this value already, but the controller may be ahead of it
                obj._hand_over(self.name, checked)  # noqa: SLF001 - its owner
        except BaseException:
            # Nobody was told. The controller may have taken it nevertheless, though the renderer has not.
            obj._trait_values[self.name] = before  # noqa: SLF001 - as traitlets does
            obj._writer.put(self.name, self._read(obj.controller.state))  # noqa: SLF001 - its owner
            raise

    def follow(self, obj: Any) -> None:
        """Set the trait to what the controller has now: what was scheduled may be older than what a page has set."""
        with obj._setting(None):  # noqa: SLF001 - its owner
            super().set(obj, self._read(obj.controller.state))

    def validate(self, obj: Any, value: Any) -> Any:
        """Convert an assigned value, or refuse it."""
        if self._check is None or not obj._has_controller:  # noqa: SLF001 - its owner
            return value  # only the widget sets it
        try:
            return self._check(obj, value)
        except (TypeError, ValueError, BraynsWidgetError) as error:
            raise traitlets.TraitError(str(error)) from error
