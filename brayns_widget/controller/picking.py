"""Picking: what the picture shows at a point, told to pages and to functions of the user's."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Gt, Lt

from brayns_widget.connection.server import Server
from brayns_widget.controller.attributes import read_cell
from brayns_widget.controller.group import Core
from brayns_widget.controller.picked import Picked, Value
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import BraynsWidgetError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.additions import PickResult

_LOG = logging.getLogger(__name__)

Aspect = Annotated[float, Gt(0.01), Lt(100)]

NO_SECTIONS = "This renderer does not tell sections; that of the local service does."
NO_BACKEND = "This job has no backend that could read the attributes of cells."


async def look_at(core: Core, u: float, v: float, aspect: float | None) -> Picked:
    """Find what the renderer shows at a point, through the present camera, without the attributes of its cell."""
    from brayns_widget.protocol.brayns.additions import PICK, PickParams
    from brayns_widget.protocol.brayns.models import INSPECT, InspectParams

    renderer = await core.renderer()
    capabilities = core.store.state.capabilities
    if capabilities is not None and capabilities.offers(PICK.name):
        return _picked(core, await core.look(renderer, renderer.call(PICK, PickParams(position=(u, v), aspect=aspect))))
    found = await core.look(renderer, renderer.call(INSPECT, InspectParams(position=(u, 1 - v))))
    if not found.hit:
        return Picked(hit=False)
    cell = found.metadata.get("neuron_id") if isinstance(found.metadata, Mapping) else None
    here = replace(_place(core, found.model_id), position=_vector(found.position))
    if not isinstance(cell, int) or isinstance(cell, bool):
        return here
    return replace(here, cell=cell, section_problem=NO_SECTIONS)


def _picked(core: Core, found: PickResult) -> Picked:
    if not found.hit or found.model_id is None:
        return Picked(hit=False)
    return replace(
        _place(core, found.model_id),
        position=None if found.position is None else _vector(found.position),
        cell=found.cell,
        section=found.section,
        section_type=found.section_type,
        part=found.part,
        distance=found.distance,
    )


def _place(core: Core, model_id: int) -> Picked:
    model = next((model for model in core.store.state.models if model.id == model_id), None)
    if model is None:  # of another client, and not read yet
        return Picked(hit=True, model_id=model_id)
    return Picked(hit=True, model_id=model_id, model=model.name, population=model.population)


def _vector(numbers: Any) -> tuple[float, float, float]:
    x, y, z = map(float, numbers)
    return x, y, z


async def with_attributes(core: Core, picked: Picked) -> Picked:
    """Add the node attributes of the cell, or why there are none."""
    model = next((model for model in core.store.state.models if model.id == picked.model_id), None)
    if picked.cell is None or model is None:
        return picked
    ready = core.connection.ready
    if ready is None or ready.backend is None:
        return replace(picked, attributes_problem=NO_BACKEND)
    try:
        return replace(picked, attributes=await _attributes(ready.backend, model, picked.cell))
    except BraynsWidgetError as error:
        return replace(picked, attributes_problem=" ".join(filter(None, [error.message, error.hint])))


async def _attributes(backend: Server, model: ModelState, cell: int) -> dict[str, Value]:
    if model.path is None or model.population is None:
        return {}
    frame = await read_cell(backend, model.path, model.population, cell)
    return {str(name): _plain(frame[name].iloc[0]) for name in frame}


def _plain(value: Any) -> Value:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int) else str(value)


class Hearers:
    """The functions of the user's that hear of picks, called in order, on other threads, where they may wait."""

    def __init__(self) -> None:
        self._calls: tuple[Callable[[Picked], object], ...] = ()
        self._untold: deque[Picked] = deque()
        self._telling: asyncio.Task[None] | None = None

    def add(self, call: Callable[[Picked], object]) -> Callable[[], None]:
        """Add a function; returns one that removes it."""
        hearer = _Hearer(call)
        self._calls = (*self._calls, hearer)

        def remove() -> None:
            self._calls = tuple(other for other in self._calls if other is not hearer)

        return remove

    def tell(self, picked: Picked) -> None:
        """Tell all of them, without waiting for any; on the loop thread."""
        if not self._calls:
            return
        self._untold.append(picked)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all(), name="tell picks")

    async def _tell_all(self) -> None:
        while self._untold:
            picked = self._untold.popleft()
            for call in self._calls:
                await asyncio.to_thread(call, picked)


@dataclass(frozen=True, eq=False)
class _Hearer:
    """A function whose failure is logged, and does not affect the others."""

    call: Callable[[Picked], object]

    def __call__(self, picked: Picked) -> None:
        try:
            self.call(picked)
        except Exception:
            _LOG.exception("A function that hears of picks failed")
