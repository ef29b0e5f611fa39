"""A scene that has lost its renderer: what is remembered of it, and its way back into another renderer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.camera import FRONT, Camera
from brayns_widget.controller.cuts import cut_by
from brayns_widget.controller.files import reason
from brayns_widget.controller.journal import Call, Journal, Made, Record
from brayns_widget.controller.legend import LegendSection
from brayns_widget.controller.lit import lit_by
from brayns_widget.controller.scene import Key, Scene, in_order, model_state, seen, take_out
from brayns_widget.controller.state import ModelState, PartState, Store
from brayns_widget.protocol.errors import CircuitError, RequestCancelled, RequestError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import ModelInstance

BY_REQUESTS = "what requests of your own (renderer.request) have changed"


@dataclass(frozen=True, slots=True)
class Remembered:
    """A scene without a renderer.

    Attributes:
        record: the requests to repeat.
        models: its models by their ids.
        keys: the keys of its models, lights and clipping shapes by their ids.
        sections: legends of its models.
        strangers: names of the models that none of our requests has added.
        camera: where it was looked at from.
    """

    record: Record
    models: Mapping[int, ModelState]
    keys: Mapping[int, Key]
    sections: tuple[LegendSection, ...]
    strangers: tuple[str, ...]
    camera: Camera

    def made(self) -> Mapping[Key, Call]:
        """Return the requests that have made what is in the scene, by key."""
        return {
            self.keys[thing]: made.call
            for made in self.record.made
            for thing in made.ids
            if thing is not None and thing in self.keys
        }

    def only(self, keys: AbstractSet[Key]) -> Remembered:
        """Return only some of its models, lights and clipping shapes."""
        kept = {thing: key for thing, key in self.keys.items() if key in keys}
        made = tuple(one for one in self.record.made if any(thing in kept for thing in one.ids))
        return replace(self, record=Record(made, self.record.changes), keys=kept, strangers=())

    def without_lights(self) -> Remembered:
        """Return it for a scene that has lights."""
        made = tuple(one for one in self.record.made if not one.call.endpoint.name.startswith("add-light-"))
        return replace(self, record=replace(self.record, made=made))


class Restorer:
    """Keeper of a lost scene. Lives on the loop thread.

    Args:
        store: the state.
        scene: the scene, which gets what has come back.
        journal: what has to be repeated.

    Attributes:
        wanted: whether the next job begins with the remembered scene.
        problems: what has not come back, in words, until it is told.
    """

    def __init__(self, store: Store, scene: Scene, journal: Journal) -> None:
        self.wanted = False
        self.problems: tuple[str, ...] = ()
        self._store = store
        self._scene = scene
        self._journal = journal
        self._remembered: Remembered | None = None
        self._half: list[int] = []  # what an attempt has made that failed then

    @property
    def remembers(self) -> bool:
        """Whether there is a scene to bring back."""
        return self._remembered is not None

    def keep(self) -> None:
        """Remember the scene, whose renderer is going.

        A scene that has not come back is not replaced by an empty one, nor by what is there of it.
        """
        state, earlier = self._store.state, self._remembered
        ids = [*(model.id for model in state.models), *(clip.id for clip in state.clips)]
        shown = {self._scene.key(thing) for thing in ids}
        if not shown and not self.wanted:
            return
        if earlier is not None and shown <= set(earlier.keys.values()):
            return
        self._remembered = self.remember()

    def remember(self) -> Remembered:
        """Return what it takes to make the present scene once more."""
        state, record = self._store.state, self._journal.record
        made = {thing for entry in record.made for thing in entry.ids}
        there = [*(model.id for model in state.models), *(part.id for part in (*state.lights, *state.clips))]
        return Remembered(
            record,
            {model.id: model for model in state.models},
            {thing: self._scene.key(thing) for thing in there},
            state.sections,
            tuple(model.name for model in state.models if model.id not in made),
            state.camera,
        )

    async def bring_back(self, renderer: Server, report: Report, *, fresh: bool) -> None:
        """Repeat the remembered scene in a renderer. If it is given up, the scene stays remembered.

        Args:
            renderer: the renderer.
            report: gets the progress.
            fresh: the renderer's scene is empty. If not, the models and clipping shapes are added to what is there.

        Raises:
            ConnectionLost: the renderer is gone.
            DeadlineExceeded: it does not answer.
            RequestCancelled: it was given up.
        """
        async with self._scene.changing:
            assert self._remembered is not None
            scene = self._remembered if fresh else self._remembered.without_lights()
            self.problems = await self._repeat(renderer, scene, report, fresh=fresh)
        self._remembered = None

    async def put_back(self, renderer: Server, scene: Remembered, report: Report) -> tuple[str, ...]:
        """Add what was removed to the scene again; return what has not come back, in words.

        Args:
            renderer: the renderer.
            scene: what was removed.
            report: gets the progress.

        Raises:
            as ``bring_back``
        """
        async with self._scene.changing:
            return await self._repeat(renderer, scene, report, fresh=False)

    async def _repeat(self, renderer: Server, scene: Remembered, report: Report, *, fresh: bool) -> tuple[str, ...]:
        work = _Repetition(renderer, scene, report, fresh=fresh)
        try:
            await work.run()
            await self._take(work)
        except BaseException:
            self._half = list(work.ids.values())
            await finish_cleanup(take_out(renderer, self._half))
            raise
        return tuple(work.problems)

    async def sweep(self, renderer: Server, there: Iterable[ModelInstance]) -> list[ModelInstance]:
        """Remove what the last attempt has made before it failed; return the others that are there.

        Args:
            renderer: the renderer.
            there: all that it has.
        """
        there = list(there)
        if found := [one.model_id for one in there if one.model_id in self._half]:
            await take_out(renderer, found)
        return [one for one in there if one.model_id not in found]

    async def _take(self, work: _Repetition) -> None:
        from brayns_widget.protocol.brayns.models import GET_SCENE

        instances = {i.model_id: i for i in (await work.renderer.call(GET_SCENE)).models}
        old, state = work.scene, self._store.state
        models: dict[int, ModelState] = {}
        parts: dict[int, PartState] = {}
        calls = {thing: made.call for made in old.record.made for thing in made.ids if thing is not None}
        for before, after in work.ids.items():
            if (instance := instances.get(after)) is None:
                continue
            if before in old.models:
                models[after] = _model(old.models[before], instance, work.refused(before))
            else:
                call = calls[before]
                parts[after] = PartState(after, instance.model_type, instance.is_visible, lit_by(call), cut_by(call))
        lights = tuple(part for part in parts.values() if part.type == "light")
        clips = tuple(part for part in parts.values() if part.type != "light")
        sections = tuple(
            replace(section, model=new)
            for section in old.sections
            if section.model is not None
            and (new := work.ids.get(section.model)) in models
            and "color-model" not in work.refused(section.model)
        )
        if not work.fresh:
            lights, clips = (*state.lights, *lights), (*state.clips, *clips)
            sections = (*state.sections, *sections)
        if state.camera == FRONT:  # a move elsewhere has reset it, and nobody has aimed it since
            state = replace(state, camera=old.camera)
        moved = {old.keys[before]: after for before, after in work.ids.items() if before in old.keys}
        back = in_order(models.values(), [work.ids[thing] for thing in old.models if thing in work.ids])
        shown = (*(() if work.fresh else state.models), *back)
        self._scene.restore(replace(state, models=shown, lights=lights, clips=clips, sections=sections), moved)


class _Repetition:
    """One repetition of a remembered scene.

    Attributes:
        ids: the new ids of what has come back, by the old ones.
        problems: what has not come back, in words.
    """

    def __init__(self, renderer: Server, scene: Remembered, report: Report, *, fresh: bool) -> None:
        self.renderer = renderer
        self.scene = scene
        self.fresh = fresh
        self.ids: dict[int, int] = {}
        self.problems: list[str] = []
        self._refused: dict[int, set[str]] = {}
        self._report = report

    def refused(self, thing: int) -> AbstractSet[str]:
        """Return the methods that have changed a thing, known by its old id, and did not do so again."""
        return self._refused.get(thing, set())

    async def run(self) -> None:
        """Send all requests, in order."""
        record = self.scene.record
        for number, one in enumerate(record.made):
            self._report(number / len(record.made), "Bringing the scene back …")
            await self._make(one, number, len(record.made))
        for call in record.settings:
            await self._repeat(call, "a setting of the scene")
        self.problems += [f"{name}: others, or a request of your own, have made it" for name in self.scene.strangers]
        if record.altered:
            self.problems.append(BY_REQUESTS)

    async def _make(self, made: Made, number: int, count: int) -> None:
        wanted = [thing if thing in self.scene.keys else None for thing in made.ids]  # others may have removed some
        if not any(thing is not None for thing in wanted):
            return
        name = _name(made.call)
        if made.call.upload is not None:  # whose name is nowhere in the request
            name = next(
                (self.scene.models[thing].name for thing in wanted if thing is not None and thing in self.scene.models),
                name,
            )

        def heard(amount: float | None, operation: str) -> None:
            self._report((number + (amount or 0.0)) / count, f"Bringing back {name}: {operation}")

        result = await self._repeat(made.call, name, heard)
        if result is None:
            return
        instances = result if isinstance(result, Sequence) else [result]
        new = [instance.model_id for instance in instances]
        self.ids.update({a: b for a, b in zip(wanted, new, strict=False) if a is not None})
        if missing := [thing for thing in wanted[len(new) :] if thing is not None]:
            self.problems.append(f"{name}: {len(missing)} of its models")
        if extra := [b for a, b in zip(wanted, new, strict=False) if a is None]:
            await self._remove(extra)
        for thing in wanted:
            if thing in self.ids:
                await self._change(thing)

    async def _change(self, thing: int) -> None:
        for call in self.scene.record.changes.get(thing, ()):
            model = self.scene.models.get(thing)
            name = f"{call.endpoint.name} of {model.name if model else thing}"
            if not await self._repeat(call.about(self.ids[thing]), name):
                self._refused.setdefault(thing, set()).add(call.endpoint.name)

    async def _remove(self, ids: Sequence[int]) -> None:
        from brayns_widget.protocol.brayns.models import REMOVE_MODEL, RemoveModelParams

        await self.renderer.call(REMOVE_MODEL, RemoveModelParams(ids=list(ids)))

    async def _repeat(self, call: Call, name: str, report: Report | None = None) -> Any:
        """Repeat a request; return its result, True where that is null, or None if the renderer refuses it."""
        try:
            result = await call.repeat(self.renderer, report)
        except RequestCancelled:
            raise
        except CircuitError as error:
            self.problems.append(f"{name}: {error}")
            return None
        except RequestError as error:
            self.problems.append(f"{name}: {reason(error)}")
            return None
        return True if result is None else result


def _model(before: ModelState, instance: ModelInstance, refused: AbstractSet[str]) -> ModelState:
    """Return the state of a model that has come back, but for the changes that were refused."""
    fresh = model_state(instance)
    notices = tuple(dict.fromkeys((*fresh.notices, *before.notices)))
    back = replace(seen(before, instance), id=fresh.id, notices=notices, cells=fresh.cells, left_out=fresh.left_out)
    if "color-model" in refused:
        back = replace(back, color=None, colored_by=None)
    if any(name.startswith("set-material-") for name in refused):
        back = replace(back, material=None, material_options={})
    return replace(back, thickness=fresh.thickness) if "set-circuit-thickness" in refused else back


def _name(call: Call) -> str:
    if call.endpoint.name == "add-model":
        return str(call.params["path"]).replace("\\", "/").rpartition("/")[2]
    return call.endpoint.name.removeprefix("add-").replace("-", " ")
