"""The registry of models as clients see them: by id, with transforms and visibility."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from brayns_widget.protocol.brayns.lights import Light
from brayns_widget.protocol.brayns.materials import Material
from brayns_widget.protocol.brayns.models import LoadInfo, ModelInfo, Transform
from brayns_widget.protocol.brayns.shapes import Shape
from brayns_widget.protocol.errors import DOMAIN_ERROR, INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.coloring.base import Coloring, Painted, Values
from brayns_widget.service.renderer.content.geometry import Bounds as Box
from brayns_widget.service.renderer.content.geometry import Geometry, empty_bounds, join_bounds
from brayns_widget.service.renderer.content.ramps import ColorRamp
from brayns_widget.service.renderer.content.volumes import Volume
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.scene.entries import Entry, matrix_of
from brayns_widget.service.renderer.tracing.scene import Cancelled, Scene
from brayns_widget.service.renderer.translation.clipping import Clip, pack_clips
from brayns_widget.service.renderer.translation.lights import light_bounds, pack_lights, placed
from brayns_widget.service.renderer.translation.materials import row_of
from brayns_widget.service.rpc.running import RunningRequest

_BUILDING = "Building the acceleration structure"
_SOON_BUILT = 1_000_000  # primitives: nobody needs to hear how far a build of so few is

_THICKEST = 1e6  # times what radii are at first; single precision then still holds them, and brings them back


class Models:
    """All models and lights by id, kept in step with the ray tracer's scene. Used by one thread at a time.

    Args:
        scene: gives the ray tracer's scene; it may have to be waited for.
    """

    def __init__(self, scene: Callable[[], Scene]) -> None:
        self._scene = scene
        self._entries: dict[int, Entry] = {}
        self._freed: list[int] = []  # ids; the last one is used again first, as in the real renderer

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __getitem__(self, model_id: int) -> Entry:
        """Look a model up.

        Raises:
            RequestError: -32602, there is none.
        """
        try:
            return self._entries[model_id]
        except KeyError:
            raise RequestError(f"No model found with ID {model_id}", code=INVALID_PARAMS) from None

    @property
    def box(self) -> Box:
        """Bounds of all models, shown or not."""
        box = empty_bounds()
        for entry in self:
            box = join_bounds(box, entry.world_box)
        return box

    @property
    def primitives(self) -> int:
        """How many primitives all models have together."""
        handles = [entry.handle for entry in self if entry.handle is not None]
        return sum(self._scene().primitives(handle) for handle in handles)

    def add_loaded(
        self, loaded: Sequence[LoadedModel], load_info: LoadInfo | None, request: RunningRequest
    ) -> list[Entry]:
        """Add loaded models; if that fails or is cancelled, they are closed and the scene stays as it was.

        Small ones are built with the next picture.
        """
        scene = self._scene()
        handles: list[int] = []
        with self._transaction("The geometry cannot be used") as undo:
            for part in loaded:
                undo.callback(part.close)
            request.progress(0.0, "Adding models")
            for part in loaded:
                by_corner = part.coloring.by_corner
                handles.append(scene.add(part.geometry, part.colors, part.volume, by_corner=by_corner))
                undo.callback(scene.remove, handles[-1])
            if not scene.can_wait(handles):
                self._commit(request)
            request.check()
        added = []
        for part, handle in zip(loaded, handles, strict=True):
            entry = Entry(
                id=self._free_id(),
                kind=part.kind,
                info=ModelInfo(
                    load_info=load_info, metadata=dict(part.metadata) or None, notices=list(part.notices) or None
                ),
                box=part.bounds,
                outline=part.outline,
                handle=handle,
                coloring=part.coloring if part.volume is None else None,
                ids=part.ids,
                simulation=part.simulation,
                volume=part.volume,
                atlas=part.atlas,
            )
            self._entries[entry.id] = entry
            added.append(entry)
        return added

    def add_geometry(
        self, geometry: Geometry, coloring: Coloring, box: Box, request: RunningRequest | None = None
    ) -> Entry:
        """Add primitives that a client described; few are built with the next picture.

        Args:
            geometry: the primitives.
            coloring: knows the colors of all slots.
            box: their bounds, as clients see them.
            request: gets the progress of a build.

        Raises:
            RequestError: -32602, they cannot be drawn; 20, ``request`` is cancelled; nothing is added.
        """
        scene = self._scene()
        with self._transaction("The geometry cannot be used") as undo:
            handle = scene.add(geometry, coloring.colors)
            undo.callback(scene.remove, handle)
            if not scene.can_wait([handle]):
                self._commit(request)
        entry = Entry(id=self._free_id(), kind="geometry", box=box, handle=handle, coloring=coloring)
        self._entries[entry.id] = entry
        return entry

    def instantiate(
        self, model_id: int, transforms: Sequence[Transform], request: RunningRequest | None = None
    ) -> list[Entry]:
        """Add copies of a model with other transforms; they keep sharing its colors.

        Raises:
            RequestError: -32602, there is no such model or a transform cannot be used; 20, ``request`` is cancelled;
                nothing is added.
        """
        original = self[model_id]
        matrices = [matrix_of(transform) for transform in transforms]
        scene = self._scene()
        added = []
        with self._transaction("The geometry cannot be used") as undo:
            handles: list[int | None] = [None] * len(matrices)
            if original.handle is not None:
                for number, matrix in enumerate(matrices):
                    handles[number] = copy = scene.add_copy(original.handle)
                    undo.callback(scene.remove, copy)
                    scene.set_transform(copy, matrix)
                self._commit(request)
            for transform, handle in zip(transforms, handles, strict=True):
                instance = replace(original, id=self._free_id(), handle=handle, transform=transform, visible=True)
                self._entries[instance.id] = instance
                undo.callback(self._forget, instance.id)
                added.append(instance)
            self._set_effects_of(original)
        return added

    def build(self, request: RunningRequest) -> None:
        """Build loaded models that wait for the next picture.

        Raises:
            RequestError: 20, ``request`` is cancelled; the next picture builds it.
        """
        self._commit(request)

    def _commit(self, request: RunningRequest | None, removed: Sequence[int] = ()) -> None:
        """Build what changed, without ``removed``; tell ``request``, which raises error 20 if it is cancelled."""
        scene = self._scene()
        if request is None or scene.count < _SOON_BUILT:  # with copies that are no models yet
            scene.remove_now(removed)
            return
        request.check()
        try:
            scene.remove_now(removed, lambda amount: request.progress(amount, _BUILDING), lambda: request.cancelled)
        except Cancelled:
            request.check()
            raise

    @contextlib.contextmanager
    def _transaction(self, refusal: str = "The scene cannot be changed") -> Iterator[contextlib.ExitStack]:
        """Change the scene, or leave it as it was: if the block fails, the callbacks that it has pushed are called.

        What they restore is built with the next picture.

        Args:
            refusal: how messages of errors begin.

        Raises:
            RequestError: -32602, a number is out of range; -32603, there is not enough memory.
        """
        with contextlib.ExitStack() as undo:
            try:
                yield undo
            except ValueError as error:
                raise RequestError(f"{refusal}: {error}", code=INVALID_PARAMS) from error
            except MemoryError as error:
                raise RequestError(f"{refusal}: there is not enough memory", code=INTERNAL_ERROR) from error
            undo.pop_all()

    def at(self, handle: int) -> Entry:
        """Get the model of a handle of the ray tracer's scene."""
        return next(entry for entry in self if entry.handle == handle)

    def add_light(self, light: Light) -> Entry:
        """Add a light.

        Raises:
            RequestError: -32602, it has no direction or area, or it is so bright that numbers overflow.
        """
        return self._add_effect(Entry(id=self._free_id(), kind="light", light=light, box=light_bounds(light)))

    def add_clip(self, kind: str, shapes: Sequence[Shape], inverted: bool) -> Entry:
        """Cut a part of the scene away, see ``clipping``.

        Raises:
            RequestError: -32602, there are no such shapes.
        """
        return self._add_effect(Entry(id=self._free_id(), kind=kind, clip=(shapes, inverted)))

    def _add_effect(self, entry: Entry) -> Entry:
        with self._transaction() as undo:
            self._entries[entry.id] = entry
            undo.callback(self._forget, entry.id)
            self._set_effects_of(entry)
        return entry

    def update(
        self,
        model_id: int,
        *,
        visible: bool | None = None,
        transform: Transform | None = None,
        request: RunningRequest | None = None,
    ) -> Entry:
        """Show, hide or place a model; None changes nothing.

        Raises:
            RequestError: -32602, that cannot be; 20, ``request`` is cancelled; the model stays as it was.
        """
        entry = self[model_id]
        former = entry.transform, entry.visible
        wanted = (entry.transform if transform is None else transform, entry.visible if visible is None else visible)
        if wanted == former:
            return entry
        scene, matrix, former_matrix = self._scene(), matrix_of(wanted[0]), matrix_of(entry.transform)
        with self._transaction("The transform cannot be used") as undo:
            if entry.handle is not None and wanted[0] != entry.transform:
                undo.callback(scene.set_transform, entry.handle, former_matrix)
                scene.set_transform(entry.handle, matrix)
                self._commit(request)
            undo.callback(entry.place, *former)
            entry.place(*wanted)
            self._set_effects_of(entry)
        if entry.handle is not None:
            scene.set_visible(entry.handle, entry.visible)
        return entry

    def color(self, model_id: int, method: str, values: Values) -> None:
        """Color a model; see ``Coloring.color``."""
        coloring, (last, before) = self.coloring(model_id), self[model_id].painted
        coloring.color(method, values)
        given = {**before, **values} if method == last else values  # what has no value keeps its color
        known = given.keys() & coloring.values(method)  # clients may send as many ranges of ids as they like
        painted = method, {key: color for key, color in given.items() if key in known}
        for instance in self._instances(self[model_id]):
            instance.painted = painted
            self.repaint(instance)

    def painted(self, model_id: int) -> Painted:
        """Get the way in which a model was colored last, or "", and the colors by the keys of ``values``.

        Raises:
            RequestError: -32602, there is no such model, or it has no colors.
        """
        self.coloring(model_id)
        return self[model_id].painted

    def _instances(self, entry: Entry) -> list[Entry]:
        """List a model and its copies, which share its coloring."""
        return [other for other in self if other is entry or other.coloring is entry.coloring is not None]

    def repaint(self, entry: Entry, request: RunningRequest | None = None) -> None:
        """Update a model's colors and radii in the scene: its simulation's, or else its own.

        Raises:
            RequestError: -32603, the report cannot be read; 20, ``request`` is cancelled.
        """
        assert entry.coloring is not None
        assert entry.handle is not None
        colors, shape = entry.coloring.colors, None
        try:
            if entry.simulation is not None:
                colors, shape = entry.simulation.colors(colors, request), entry.simulation.shape(request)
        except OSError as error:
            raise RequestError(
                f"The report of model {entry.id} cannot be read: {error}", code=INTERNAL_ERROR
            ) from error
        settled = entry.simulation is None
        self._scene().set_colors(entry.handle, colors, by_corner=entry.coloring.by_corner, settled=settled)
        if shape is not None:
            shape = shape.thickened(entry.thickness)
            self._scene().set_geometry(entry.handle, shape)
            self._scene().commit()
            entry.box = shape.bounds

    def thicken(self, model_id: int, factor: float, request: RunningRequest | None = None) -> None:
        """Multiply the radii of a model and of its instances; rebuilds them.

        Raises:
            RequestError: -32602, no such model, or the factor makes the radii too small or too large; 0, it has none;
                20, ``request`` is cancelled.
        """
        entry = self[model_id]
        scene = self._scene()
        former = None if entry.handle is None else scene.geometry(entry.handle)
        if former is None or not len(former.vertices) + len(former.spheres):
            raise RequestError(f"Model {model_id} ({entry.kind}) has no radii", code=DOMAIN_ERROR)
        if not factor > 0:
            raise RequestError(f"The radius multiplier must be greater than 0, got {factor:g}", code=INVALID_PARAMS)
        thickness = factor * entry.thickness
        if not 1 / _THICKEST <= thickness <= _THICKEST:
            raise RequestError(
                f"The radii cannot be multiplied by {factor:g}: they would be {thickness:g} times what they were at "
                f"first, and must be {1 / _THICKEST:g} to {_THICKEST:g} times that",
                code=INVALID_PARAMS,
            )
        instances = self._instances(entry)
        handles = [instance.handle for instance in instances if instance.handle is not None]
        with self._transaction(f"The radii cannot be multiplied by {factor:g}") as undo:
            thick = former.thickened(factor)
            for handle in handles:
                undo.callback(scene.set_geometry, handle, former)
                scene.set_geometry(handle, thick)
            self._commit(request)
        for instance in instances:
            instance.thickness, instance.box = thickness, thick.bounds

    def material(self, model_id: int) -> Material:
        """Get a model's material.

        Raises:
            RequestError: -32602, there is no such model; 0, it has no surface.
        """
        self._surface(model_id)
        return self[model_id].material

    def set_material(self, model_id: int, material: Material) -> None:
        """Give a model and its instances another material.

        Raises:
            RequestError: -32602, there is no such model; 0, it has no surface.
            ValueError: the material's numbers make none.
        """
        self._surface(model_id)
        row = row_of(material)
        for instance in self._instances(self[model_id]):
            self._scene().set_material(self._surface(instance.id), row)
            instance.material = material

    def _surface(self, model_id: int) -> int:
        entry = self[model_id]
        if entry.handle is None or entry.coloring is None:
            raise RequestError(f"Model {model_id} ({entry.kind}) has no material", code=DOMAIN_ERROR)
        return entry.handle

    def set_ramp(self, volume: Volume, ramp: ColorRamp) -> None:
        """Give a volume other colors."""
        volume.ramp = ramp
        self._scene().touch()

    def coloring(self, model_id: int) -> Coloring:
        """Get a model's coloring.

        Raises:
            RequestError: -32602, there is no such model, or it has no colors.
        """
        entry = self[model_id]
        if entry.coloring is None:
            raise RequestError(f"Model {model_id} ({entry.kind}) has no colors", code=INVALID_PARAMS)
        return entry.coloring

    def remove(self, ids: Sequence[int], request: RunningRequest | None = None) -> None:
        """Remove models; if one id is unknown, none.

        Raises:
            RequestError: -32603, there is no such model; 20, ``request`` is cancelled; all models stay.
        """
        for model_id in ids:
            if model_id not in self._entries:
                raise RequestError(f"No instance with id {model_id} was found", code=INTERNAL_ERROR)
        self._remove(list(dict.fromkeys(ids)), request)

    def clear(
        self, wanted: Callable[[Entry], bool] = lambda _entry: True, request: RunningRequest | None = None
    ) -> None:
        """Remove all models that ``wanted`` picks.

        Raises:
            RequestError: 20, ``request`` is cancelled; all models stay.
        """
        self._remove([entry.id for entry in self if wanted(entry)], request)

    def _remove(self, ids: Sequence[int], request: RunningRequest | None) -> None:
        handles = [handle for model_id in ids if (handle := self._entries[model_id].handle) is not None]
        if handles:
            self._commit(request, handles)
        removed = [self._forget(model_id) for model_id in ids]
        if not self._entries:
            self._freed.clear()
        for entry in removed:
            if entry.simulation is not None and not any(other.simulation is entry.simulation for other in self):
                entry.simulation.close()
        if any(entry.light is not None for entry in removed):
            self._set_lights()
        if any(entry.clip is not None for entry in removed):
            self._set_clips()

    def close_reports(self) -> None:
        """Close the files of all simulations; nothing can be shown after that."""
        for entry in self:
            if entry.simulation is not None:
                entry.simulation.close()

    def _set_effects_of(self, entry: Entry) -> None:
        """Pass a change of a light or clip on to the scene; if it is refused, the scene stays as it was."""
        if entry.light is not None:
            self._set_lights()
        if entry.clip is not None:
            self._set_clips()

    def _set_clips(self) -> None:
        clips = [
            Clip(*entry.clip, transform=matrix_of(entry.transform))
            for entry in self
            if entry.clip is not None and entry.visible
        ]
        try:
            self._scene().set_clips(pack_clips(clips))
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error

    def _set_lights(self) -> None:
        try:
            self._scene().lights = pack_lights(
                placed(entry.light, matrix_of(entry.transform))
                for entry in self
                if entry.light is not None and entry.visible
            )
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error

    def _free_id(self) -> int:
        return self._freed.pop() if self._freed else max(self._entries, default=-1) + 1

    def _forget(self, model_id: int) -> Entry:
        self._freed.append(model_id)
        return self._entries.pop(model_id)
