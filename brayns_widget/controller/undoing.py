"""The parts of a scene that can be undone. Whatever else is to be undone is one more entry of ``undoable``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from brayns_widget.connection.server import Server
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.clipping import Clipping
from brayns_widget.controller.findings import Finding
from brayns_widget.controller.group import Core
from brayns_widget.controller.lights import Lights
from brayns_widget.controller.models import Model, Models
from brayns_widget.controller.parts import Parts
from brayns_widget.controller.pins import Pins
from brayns_widget.controller.recording import MISSING, Change, Part
from brayns_widget.controller.rendering import Rendering
from brayns_widget.controller.scene import Key
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.simulation import Simulation
from brayns_widget.controller.slab import Slab
from brayns_widget.controller.state import ModelState
from brayns_widget.controller.value_colors import ValueColors, with_colors
from brayns_widget.controller.views import LiveCamera


def undoable(
    core: Core,
    models: Models,
    *,
    lights: Lights,
    clipping: Clipping,
    rendering: Rendering,
    slab: Slab,
    selection: Selection,
    pins: Pins,
    simulation: Simulation,
) -> Sequence[Part]:
    """Return all that can be undone, in the order in which it is set again, but for the members of the scene.

    The camera is the first.
    """

    async def aim(camera: Any) -> None:
        LiveCamera._of(core)._set(camera)  # noqa: SLF001 - of the same package

    return (
        Setting(lambda: core.store.state.camera, aim),
        Views(core),
        Setting(lambda: core.store.state.selection, selection.set.aio),
        Setting(lambda: core.store.state.pins, pins.give),
        Setting(lambda: core.store.state.background, rendering.set_background.aio),
        Setting(lambda: rendering.given, rendering.give),
        Setting(lambda: rendering.given_fog, rendering.give_fog),
        Setting(lambda: rendering.given_outlines, rendering.give_outlines),
        Setting(lambda: rendering.given_at_rest, rendering.set_at_rest.aio),
        Setting(lambda: rendering.given_radius_floor, rendering.set_radius_floor.aio),
        Setting(lambda: slab.given, slab.give),
        Switches(core, lights),
        Switches(core, clipping),
        Values(core),
        Coloring(core, models),
        OfModels(core, models, lambda state: state.visible, lambda model, value: model.update.aio(visible=value)),
        OfModels(core, models, lambda state: state.name, _rename),
        # Not by ``update`` either: the factors of ``thicken`` may have come to more than that takes.
        OfModels(core, models, _thickness, lambda model, value: model._set_thickness(value)),  # noqa: SLF001 - as below
        OfModels(core, models, _material, lambda model, value: model.set_material.aio(*value)),
        OfModels(core, models, _place, lambda model, value: model._place(**value)),  # noqa: SLF001 - of the same package
        Order(core, models),
        Ramps(core, models),
        Frame(core, simulation),
    )


async def _rename(model: Model, name: str) -> None:
    # Not by ``update``: the name of a file may be longer than that takes.
    model._put(name=name)  # noqa: SLF001 - of the same package


def _thickness(state: ModelState) -> Any:
    return MISSING if state.thickness is None else state.thickness


def _material(state: ModelState) -> Any:
    return MISSING if state.material is None else (state.material, state.material_options)


def _place(state: ModelState) -> dict[str, Any]:
    return {name: getattr(state.placement, name) for name in ("move", "turn", "scale")}


@dataclass(frozen=True)
class Setting:
    """Something of the whole scene.

    Attributes:
        read: returns its value.
        set: sets it.
    """

    read: Callable[[], Any]
    set: Callable[[Any], Awaitable[object]]

    def changes(self, before: Any, after: Any) -> Mapping[Hashable, Change]:
        """Return the one change, if there is one."""
        return {} if before == after else {None: (before, after)}

    def is_there(self, _owner: Hashable) -> bool:
        """Return True: it is always there."""
        return True

    async def write(self, values: Mapping[Hashable, Any]) -> None:
        """Set it again."""
        await self.set(values[None])


class Views:
    """The saved views, by name.

    Args:
        core: the controller's core.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def read(self) -> Mapping[str, Camera]:
        """Return all of them."""
        return self._core.store.state.views

    def changes(self, before: Mapping[str, Camera], after: Mapping[str, Camera]) -> Mapping[Hashable, Change]:
        """Return the views that names had and have; None for none."""
        return {
            name: (before.get(name), after.get(name))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }

    def is_there(self, _owner: Hashable) -> bool:
        """They are kept without models, too."""
        return True

    async def write(self, values: Mapping[Any, Any]) -> None:
        """Set some of them again; what comes back is the last."""
        store = self._core.store
        views = {**store.state.views, **values}
        store.state = replace(store.state, views={name: view for name, view in views.items() if view is not None})


class Values:
    """The colors of values, by attribute and value.

    Args:
        core: the controller's core.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def read(self) -> ValueColors:
        """Return all of them."""
        return self._core.store.state.value_colors

    def changes(self, before: ValueColors, after: ValueColors) -> Mapping[Hashable, Change]:
        """Return the colors that values had and have; None for none."""
        return {
            (kind, value): change
            for kind in {**before, **after}
            for value in {**before.get(kind, {}), **after.get(kind, {})}
            if (change := (before.get(kind, {}).get(value), after.get(kind, {}).get(value)))[0] != change[1]
        }

    def is_there(self, _owner: Hashable) -> bool:
        """They are kept without models, too."""
        return True

    async def write(self, values: Mapping[Any, Any]) -> None:
        """Set those of some values again; the models that show them have them from their own colorings."""
        store = self._core.store
        for kind in dict.fromkeys(kind for kind, _ in values):
            changed = {value: color for (other, value), color in values.items() if other == kind}
            new = {**store.state.value_colors.get(kind, {}), **changed}
            store.state = with_colors(store.state, kind, {value: color for value, color in new.items() if color})


class _ByKey(ABC):
    """A part that each model has, or each light."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @abstractmethod
    def read(self) -> Mapping[Key, Any]:
        """Return the values of all of them."""

    def changes(self, before: Mapping[Key, Any], after: Mapping[Key, Any]) -> Mapping[Hashable, Change]:
        """Return the changes of those that were there before and after."""
        both = {key: (before[key], after[key]) for key in before if key in after}
        return {key: change for key, change in both.items() if MISSING not in change and change[0] != change[1]}

    def is_there(self, owner: Any) -> bool:
        """Whether one is there, or may come back."""
        state, scene = self._core.store.state, self._core.scene
        return state.scene_lost or self._id(owner) is not None or scene.present(owner) in scene.returning

    def _id(self, owner: Key) -> int | None:
        """Return the present id of one, or None if it was removed."""
        present = self._core.scene.present(owner)
        return present[0] if present == self._core.scene.key(present[0]) else None

    async def write(self, values: Mapping[Any, Any]) -> None:
        """Set it again, of those that are there."""
        renderer = await self._core.renderer()
        for key, value in values.items():
            if (thing := self._id(key)) is not None:
                await self._write(renderer, thing, value)

    @abstractmethod
    async def _write(self, renderer: Server, thing: int, value: Any) -> None:
        """Let one have it again, by its id."""


class _ByModel(_ByKey):
    """A part that each model has."""

    def __init__(self, core: Core, models: Models) -> None:
        super().__init__(core)
        self._models = models

    def read(self) -> Mapping[Key, Any]:
        """Return the values of all models."""
        return {self._core.scene.key(model.id): self._value(model) for model in self._core.store.state.models}

    @abstractmethod
    def _value(self, model: ModelState) -> Any:
        """Return what a model has."""


class Switches(_ByKey):
    """Whether lights shine, or clipping shapes cut.

    Args:
        core: the controller's core.
        parts: the lights or the clipping shapes.
    """

    def __init__(self, core: Core, parts: Parts[Any]) -> None:
        super().__init__(core)
        self._parts = parts

    def read(self) -> Mapping[Key, bool]:
        """Return that of all of them."""
        parts = self._parts._states(self._core.store.state)  # noqa: SLF001 - of the same package
        return {self._core.scene.key(part.id): part.visible for part in parts}

    async def _write(self, renderer: Server, thing: int, value: Any) -> None:
        await self._parts.show(renderer, thing, value)


class Order:
    """The order of the models; loads and removals are no changes of it.

    Args:
        core: the controller's core.
        models: the models.
    """

    def __init__(self, core: Core, models: Models) -> None:
        self._core = core
        self._models = models

    def read(self) -> tuple[Key, ...]:
        """Return the models in order."""
        return tuple(self._core.scene.key(model.id) for model in self._core.store.state.models)

    def changes(self, before: tuple[Key, ...], after: tuple[Key, ...]) -> Mapping[Hashable, Change]:
        """Return the one change, if there is one."""
        return {None: (before, after)} if before != after and {*before} == {*after} else {}

    def is_there(self, _owner: Hashable) -> bool:
        """Return True: it is always there."""
        return True

    async def write(self, values: Mapping[Any, Any]) -> None:
        """List those that are there in that order again."""
        present = map(self._core.scene.present, values[None])
        there = {model.id for model in self._core.store.state.models}
        await self._models.reorder.aio(
            [key[0] for key in present if key[0] in there and key == self._core.scene.key(key[0])]
        )


class OfModels(_ByModel):
    """A property of models that is in their state.

    Args:
        core: the controller's core.
        models: the models.
        read: reads it.
        write: sets it.
    """

    def __init__(
        self,
        core: Core,
        models: Models,
        read: Callable[[ModelState], Any],
        write: Callable[[Model, Any], Awaitable[object]],
    ) -> None:
        super().__init__(core, models)
        self._get = read
        self._set = write

    def _value(self, model: ModelState) -> Any:
        return self._get(model)

    async def _write(self, renderer: Server, thing: int, value: Any) -> None:  # noqa: ARG002 - its model has it
        await self._set(self._models.by_id(thing), value)


class Coloring(_ByModel):
    """What models look like: their colorings with the legends, and what was hidden, faded or colored over these.

    Colors that a file brought with it, or that others gave, are not known, so they do not come back.
    """

    def _value(self, model: ModelState) -> Any:
        return self._models._painter.painted(model) or MISSING  # noqa: SLF001 - of the same package

    async def _write(self, renderer: Server, thing: int, value: Any) -> None:
        async with self._core.scene.changing:
            await self._models._painter.paint_again(renderer, thing, value)  # noqa: SLF001 - see above


def _set(before: Finding | None, after: Finding) -> Change:
    """Return how a value of the renderer's was set."""
    return after.first if before is None or before.job is not after.job else before.now, after.now


class Ramps(_ByModel):
    """The color ramps of simulations and volumes, as far as they were set here."""

    def _value(self, model: ModelState) -> Finding | None:
        return self._core.findings.values.get(self._core.scene.key(model.id))

    def changes(
        self, before: Mapping[Key, Finding | None], after: Mapping[Key, Finding | None]
    ) -> Mapping[Hashable, Change]:
        """Return the ramps that models had and have."""
        found = {key: (before.get(key), found) for key, found in after.items() if found is not None}
        return {key: _set(*change) for key, change in found.items() if change[0] is not change[1]}

    async def _write(self, renderer: Server, thing: int, value: Any) -> None:  # noqa: ARG002 - its model has it
        await self._models.by_id(thing).set_ramp.aio(value)


class Frame:
    """The frame that is shown, as far as it was set here.

    Args:
        core: the controller's core.
        simulation: sets it.
    """

    def __init__(self, core: Core, simulation: Simulation) -> None:
        self._core = core
        self._simulation = simulation

    def read(self) -> Finding | None:
        """Return what is known of it."""
        return self._core.findings.values.get(None)

    def changes(self, before: Finding | None, after: Finding | None) -> Mapping[Hashable, Change]:
        """Return the one change, if there is one."""
        return {} if after is None or after is before else {None: _set(before, after)}

    def is_there(self, _owner: Hashable) -> bool:
        """Return True: it is the scene's."""
        return True

    async def write(self, values: Mapping[Hashable, Any]) -> None:
        """Show it again."""
        await self._simulation.show.aio(values[None])
