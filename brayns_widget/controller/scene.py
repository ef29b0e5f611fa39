"""The renderer's scene in the state: models, lights and clipping shapes, read from the renderer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from brayns_widget.connection.server import Server
from brayns_widget.controller.camera import Bounds as Box
from brayns_widget.controller.camera import Vector
from brayns_widget.controller.foreign_colors import with_foreign_colors
from brayns_widget.controller.legend import LegendSection
from brayns_widget.controller.placement import placement_of
from brayns_widget.controller.state import ModelState, PartState, State, Store
from brayns_widget.controller.surfaces import known_material
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError, RequestError, SceneLost

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import Bounds, ModelInstance

Member = TypeVar("Member", ModelState, PartState)

Key = tuple[int, int]
"""An id and its generation: how many things with that id have gone before, because renderers use ids again."""

CLEAN_UP_TIMEOUT = 0.8
"""Seconds that a renderer may take to remove what a cancelled call has made; a cancel ends within two seconds."""

LIGHT = "light"
CLIPS = frozenset({"clip_geometry", "clipping_geometry"})
_WITHOUT_RADII = frozenset({"mesh", "volume", "atlas"})


class Scene:
    """Keeper of the state's models, lights and clipping shapes, which follow the renderer's.

    Attributes:
        changing: lock that is held while a model is changed in several steps.
        returning: the keys of what is gone, and may come back by an undo.
    """

    def __init__(self, store: Store) -> None:
        self.changing = asyncio.Lock()
        self.returning: AbstractSet[Key] = frozenset()
        self._store = store
        self._seen: dict[int, tuple[object, ...]] = {}
        self._generations: dict[int, int] = {}
        self._moved: dict[Key, Key] = {}  # what has come back has other ids
        self._replaced: dict[Key, Key] = {}  # parts that others stand for
        store.listen(lambda state: state.models, self._count)

    async def read(self, renderer: Server) -> None:
        """Read the scene again, with the changes of other clients.

        Raises:
            BraynsWidgetError: the scene cannot be read.
        """
        from brayns_widget.protocol.brayns import models as brayns

        async with self.changing:
            described: dict[int, ModelState] = {}
            legends: list[LegendSection] = []
            while True:
                instances = (await renderer.call(brayns.GET_SCENE)).models
                new = [i for i in instances if _is_model(i) and not (self._known(i) or i.model_id in described)]
                if not new:
                    break
                # All at once, as there may be many, and the way may be long. Changes meanwhile are read once more.
                for model, legend in await asyncio.gather(*(self._describe_foreign(renderer, one) for one in new)):
                    described[model.id] = model
                    legends += [] if legend is None else [legend]
            self._take(instances, described)
            there = {instance.model_id for instance in instances}
            if legends := [legend for legend in legends if legend.model in there]:
                self._store.state = replace(self._store.state, sections=(*self._store.state.sections, *legends))

    async def add(self, renderer: Server, instances: Iterable[ModelInstance]) -> list[ModelState]:
        """Add new models to the state; the caller holds ``changing``."""
        models = [replace(await self._describe(renderer, instance), colored_by="") for instance in instances]
        self._store.state = replace(self._store.state, scene_lost=False)  # another one has begun
        self.put(models)
        return models

    def _take(self, instances: Sequence[ModelInstance], described: Mapping[int, ModelState]) -> None:
        before = self._store.state
        there = [self._known(i) or described[i.model_id] for i in instances if _is_model(i)]
        models = in_order(there, [model.id for model in before.models])
        known = {(part.id, part.type): part for part in (*before.lights, *before.clips)}
        parts = [
            replace(known.get((i.model_id, i.model_type), PartState(i.model_id, i.model_type)), visible=i.is_visible)
            for i in instances
            if not _is_model(i)
        ]
        lights = tuple(part for part in parts if part.type == LIGHT)
        clips = tuple(in_order((part for part in parts if part.type in CLIPS), [clip.id for clip in before.clips]))
        if models and before.scene_lost:
            before = self._store.state = replace(before, scene_lost=False)
        if (tuple(models), lights, clips) != (before.models, before.lights, before.clips):
            self._store.state = replace(_with_models(before, models), lights=lights, clips=clips)

    def _known(self, instance: ModelInstance) -> ModelState | None:
        fresh = model_state(instance)
        for known in self._store.state.models:
            if known.id == fresh.id and _kind(known) == _kind(fresh):
                return seen(known, instance)
        return None

    async def _describe_foreign(
        self, renderer: Server, instance: ModelInstance
    ) -> tuple[ModelState, LegendSection | None]:
        return await with_foreign_colors(renderer, await self._describe(renderer, instance))

    async def _describe(self, renderer: Server, instance: ModelInstance) -> ModelState:
        model = model_state(instance)
        methods, material, outline = await asyncio.gather(
            _color_methods(renderer, model.id), known_material(renderer, model.id), _outline(renderer, model.id)
        )
        return replace(model, color_methods=methods, outline=model.placement.placed(outline), **material)

    # ------------------------------------------------------------------ the state's models

    def put(self, models: Iterable[ModelState]) -> None:
        """Replace models by their ids, and append new ones."""
        state, changed = self._store.state, {model.id: model for model in models}
        kept = [changed.pop(model.id, model) for model in state.models]
        self._set([*kept, *changed.values()])

    def reorder(self, order: Sequence[int]) -> None:
        """Put models in front, in the order of their ids."""
        self._set(in_order(self._store.state.models, order))

    def drop(self, ids: Iterable[int]) -> None:
        """Forget models, lights and clipping shapes by their ids."""
        state, gone = self._store.state, set(ids)
        self._count_parts(part for part in (*state.lights, *state.clips) if part.id in gone)
        self._store.state = replace(
            state,
            lights=tuple(light for light in state.lights if light.id not in gone),
            clips=tuple(clip for clip in state.clips if clip.id not in gone),
        )
        self._set([model for model in state.models if model.id not in gone])

    def exchange(self, clip_id: int, new: PartState) -> None:
        """Let a clipping shape take the place of one that was removed."""
        state = self._store.state
        self._count_parts(clip for clip in state.clips if clip.id == clip_id)
        others = (clip for clip in state.clips if clip.id != new.id or clip.id == clip_id)  # it may have been read
        self._store.state = replace(state, clips=tuple(new if clip.id == clip_id else clip for clip in others))

    def need(self) -> None:
        """Check that the scene is there.

        Raises:
            SceneLost: it is lost.
        """
        if self._store.state.scene_lost:
            raise scene_lost()

    def strange(self, instances: Iterable[ModelInstance], *, anew: bool) -> list[ModelInstance]:
        """Return what a renderer has that is not known here.

        Args:
            instances: all that it has.
            anew: it has lost the scene before, so that none of its models is of it.
        """
        parts = {(part.id, part.type) for part in (*self._store.state.lights, *self._store.state.clips)}
        return [
            one
            for one in instances
            if (anew or not self._known(one) if _is_model(one) else (one.model_id, one.model_type) not in parts)
        ]

    def survives(self, instances: Iterable[ModelInstance]) -> bool:
        """Whether a renderer, to which the link was lost, still has anything of the scene.

        Args:
            instances: all that it has.
        """
        state = self._store.state
        known = {(model.id, model.type, model.path) for model in state.models}
        # Lights are much the same in all scenes, so they tell little.
        known = known or {(part.id, part.type, None) for part in (*state.lights, *state.clips)}
        there = [model_state(instance) for instance in instances]
        return not known or any((model.id, model.type, model.path) in known for model in there)

    def lose(self, state: State) -> State:
        """Return a state without the scene, whose renderer is gone."""
        self._count_parts((*state.lights, *state.clips))
        return replace(_with_models(state, ()), lights=(), clips=())

    def generation(self, thing: int) -> int:
        """Return how many things that had an id have gone."""
        return self._generations.get(thing, 0)

    def key(self, thing: int) -> Key:
        """Return the key of what has an id now."""
        return thing, self.generation(thing)

    def present(self, key: Key) -> Key:
        """Return the present key of a thing that has come back since, or else its own."""
        while key in self._moved:
            key = self._moved[key]
        return key

    def stand_for(self, old: Key, new: Key) -> None:
        """Let a light or a clipping shape stand for one that was removed for it."""
        if old != new:
            self._replaced[old] = new

    def standing(self, key: Key) -> Key:
        """Return the present key of a light or a clipping shape, or of what stands for it now.

        If all of them have gone, it is its own.
        """
        there = {self.key(part.id) for part in (*self._store.state.lights, *self._store.state.clips)}
        follower: Key | None = key
        while follower is not None:
            if (present := self.present(follower)) in there:
                return present
            follower = self._replaced.get(follower)
        return self.present(key)

    def restore(self, state: State, moved: Mapping[Key, int]) -> None:
        """Set a state with a scene that has come back.

        Args:
            state: the state.
            moved: the new ids of models, lights and clipping shapes by their old keys.
        """
        ids = {thing for thing, _ in moved} | set(moved.values()) | set(self._seen)
        kept = {model.id for model in self._store.state.models} & {model.id for model in state.models}
        for thing in ids - (kept - set(moved.values())):
            self._generations[thing] = self.generation(thing) + 1
        self._moved |= {self.present(old): self.key(new) for old, new in moved.items()}
        self._seen = {model.id: _kind(model) for model in state.models}
        self._store.state = replace(state, scene_lost=False, revision=state.revision + 1)

    async def read_material(self, renderer: Server, model_id: object) -> None:
        """Take in that others have given a model another material."""
        async with self.changing:
            if isinstance(model_id, int) and any(model.id == model_id for model in self._store.state.models):
                material = await known_material(renderer, model_id)
                self.put(replace(model, **material) for model in self._store.state.models if model.id == model_id)

    async def read_colors(self, renderer: Server, model_id: object) -> None:
        """Take in that others have colored a model."""
        async with self.changing:
            for model in self._store.state.models:
                if model.id == model_id:
                    unknown = replace(model, color=None, colored_by=None)
                    read, legend = await with_foreign_colors(renderer, unknown)
                    state = self._store.state
                    others = tuple(section for section in state.sections if section.model != model_id)
                    self._store.state = replace(state, sections=others if legend is None else (*others, legend))
                    self.put([read])

    def model(self, model_id: int, generation: int | None = None) -> ModelState:
        """Return a model by its id.

        Args:
            model_id: its id.
            generation: of the id, if another model than the one of this generation must not be taken for it.

        Raises:
            CircuitError: there is none; the hint lists the existing ones.
            SceneLost: the scene is lost.
        """
        self.need()
        models = self._store.state.models
        for model in models:
            if model.id == model_id:
                if generation not in {None, self.generation(model_id)}:
                    raise CircuitError(f"Model {model_id} was removed; {model.name!r} has its id now.")
                return model
        there = ", ".join(f"{model.id} ({model.name})" for model in models) or "none"
        raise CircuitError(f"There is no model {model_id}.", hint=f"There are: {there}.")

    def _count_parts(self, gone: Iterable[PartState]) -> None:
        for part in gone:
            self._generations[part.id] = self.generation(part.id) + 1

    def _count(self, models: Sequence[ModelState]) -> None:
        now = {model.id: _kind(model) for model in models}
        for model_id, kind in self._seen.items():
            if now.get(model_id) != kind:
                self._generations[model_id] = self.generation(model_id) + 1
        self._seen = now

    def _set(self, models: Sequence[ModelState]) -> None:
        if tuple(models) != self._store.state.models:
            self._store.state = _with_models(self._store.state, models)


def scene_lost() -> SceneLost:
    """Return the error of calls that need a lost scene."""
    hint = 'controller.restore() brings it back, as does "Start again" in the view. A load begins another scene.'
    return SceneLost("What was loaded has gone with its renderer.", hint=hint)


async def _outline(renderer: Server, model_id: int) -> tuple[Vector, ...]:
    from brayns_widget.protocol.brayns.additions import GET_MODEL_OUTLINE
    from brayns_widget.protocol.brayns.models import GetModelParams

    try:
        outline = await renderer.call(GET_MODEL_OUTLINE, GetModelParams(id=model_id))
    except RequestError:
        return ()  # an addition of ours
    return tuple((x, y, z) for x, y, z in outline.points)


async def _color_methods(renderer: Server, model_id: int) -> tuple[str, ...]:
    from brayns_widget.protocol.brayns.colors import GET_COLOR_METHODS
    from brayns_widget.protocol.brayns.models import GetModelParams

    try:
        methods = await renderer.call(GET_COLOR_METHODS, GetModelParams(id=model_id))
    except RequestError:
        return ()  # models of other kinds have none, and say so with an error
    return tuple(methods)


def _kind(model: ModelState) -> tuple[object, ...]:
    """Return what never changes about a model, and so tells it from others that had its id."""
    return model.type, model.path, model.cells


def _is_model(instance: ModelInstance) -> bool:
    return instance.model_type not in {LIGHT, *CLIPS}


def _with_models(state: State, models: Sequence[ModelState]) -> State:
    """Return a state with other models, without the legend sections of removed ones."""
    ids = {model.id for model in models}
    sections = tuple(section for section in state.sections if section.model in ids)
    return replace(state, models=tuple(models), sections=sections, revision=state.revision + 1)


def model_state(instance: ModelInstance) -> ModelState:
    """Make the state of a model from the renderer's description."""
    metadata = instance.info.metadata or {}
    path = instance.info.load_info.path if instance.info.load_info else ""
    population, count = metadata.get("population_name", ""), metadata.get("loaded_neuron_count", "")
    bounds = read_bounds(instance.bounds)
    return ModelState(
        id=instance.model_id,
        name=population or path.replace("\\", "/").rpartition("/")[2] or instance.model_type,
        type=instance.model_type,
        visible=instance.is_visible,
        cells=int(count) if count.isdecimal() else None,
        path=path or None,
        population=population or None,
        bounds=bounds,
        left_out=metadata.get("left_out") or None,
        notices=tuple(instance.info.notices or ()),
        thickness=None if instance.model_type.lower() in _WITHOUT_RADII else 1.0,
        placement=placement_of(instance.transform, bounds),
    )


def seen(known: ModelState, instance: ModelInstance, **changes: Any) -> ModelState:
    """Return the state of a known model as the renderer describes it now.

    Args:
        known: its state before.
        instance: the description.
        changes: fields of the state that were changed by this request.
    """
    changed = replace(known, **changes)
    placement, bounds = changed.placement.following(instance.transform), read_bounds(instance.bounds)
    outline = known.placement.carried(placement, known.outline)
    return replace(changed, visible=instance.is_visible, bounds=bounds, outline=outline, placement=placement)


def in_order(models: Iterable[Member], order: Iterable[int]) -> list[Member]:
    """Sort models, or clipping shapes, by the places of their ids; others come behind."""
    places = {model_id: place for place, model_id in reversed([*enumerate(order)])}
    return sorted(models, key=lambda model: places.get(model.id, len(places)))


async def discard(renderer: Server, scene: Scene, ids: Sequence[int]) -> None:
    """Remove models of a call that has failed, as far as the renderer still answers, and from the state."""
    await take_out(renderer, ids)
    scene.drop(ids)


async def take_out(renderer: Server, ids: Sequence[int]) -> None:
    """Remove models of a call that has failed; a renderer that is busy does it when it comes to it."""
    from brayns_widget.protocol.brayns.models import REMOVE_MODEL, RemoveModelParams

    with contextlib.suppress(BraynsWidgetError):
        await renderer.call(REMOVE_MODEL, RemoveModelParams(ids=list(ids)), timeout=CLEAN_UP_TIMEOUT)


def read_bounds(bounds: Bounds) -> Box | None:
    """Read the renderer's bounds; None for empty ones, whose lower corner lies above the upper one."""
    low, high = bounds.min, bounds.max
    if any(a > b for a, b in zip(low, high, strict=True)):
        return None
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def outline_of(models: Iterable[ModelState]) -> list[Vector]:
    """Return the points that must be in a picture of all visible models; none if there is nothing to see."""
    return [point for model in models if model.visible for point in model.extent]


def union(bounds: Iterable[Box | None]) -> Box | None:
    """Return the box around all boxes, or None if there is none."""
    boxes = [box for box in bounds if box is not None]
    if not boxes:
        return None
    lows, highs = zip(*boxes, strict=True)
    low = tuple(map(min, zip(*lows, strict=True)))
    high = tuple(map(max, zip(*highs, strict=True)))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])
