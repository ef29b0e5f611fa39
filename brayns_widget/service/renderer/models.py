"""The scene as clients see it: models and lights with ids, transforms and visibility."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.lights import Light
from brayns_widget.protocol.brayns.materials import Material
from brayns_widget.protocol.brayns.models import LoadInfo, ModelInfo, Transform
from brayns_widget.protocol.brayns.shapes import Shape
from brayns_widget.protocol.errors import DOMAIN_ERROR, INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.clipping import Clip, pack_clips
from brayns_widget.service.renderer.coloring.base import Coloring, Values
from brayns_widget.service.renderer.coloring.ramp import ColorRamp
from brayns_widget.service.renderer.entries import Model, matrix_of
from brayns_widget.service.renderer.geometry import Bounds as Box
from brayns_widget.service.renderer.geometry import Geometry, empty_bounds, join_bounds
from brayns_widget.service.renderer.lights import light_bounds, pack_lights, placed
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.materials import row_of
from brayns_widget.service.renderer.tracing.scene import Cancelled, Scene
from brayns_widget.service.renderer.volumes import Volume
from brayns_widget.service.rpc.methods import Task

_BUILDING = "Building the acceleration structure"
_SOON_BUILT = 1_000_000  # primitives: nobody needs to hear how far a build of so few is

_THICKEST = 1e6  # times what radii are at first; single precision then still holds them, and brings them back


class Models:
    """All models by id, kept in step with the ray tracer's scene. Used by one thread at a time.

    Args:
        scene: gives the ray tracer's scene; it may have to be waited for.
    """

    def __init__(self, scene: Callable[[], Scene]) -> None:
        self._scene = scene
        self._models: dict[int, Model] = {}
        self._freed: list[int] = []  # ids; the last one is used again first, as in the real renderer

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def __getitem__(self, model_id: int) -> Model:
        """Look a model up.

        Raises:
            RequestError: -32602, there is none.
        """
        try:
            return self._models[model_id]
        except KeyError:
            raise RequestError(f"No model found with ID {model_id}", code=INVALID_PARAMS) from None

    @property
    def box(self) -> Box:
        """Bounds of all models, shown or not."""
        box = empty_bounds()
        for model in self:
            box = join_bounds(box, model.world_box)
        return box

    @property
    def primitives(self) -> int:
        """How many primitives all models have together."""
        handles = [model.handle for model in self if model.handle is not None]
        return sum(self._scene().primitives(handle) for handle in handles)

    def add_loaded(self, loaded: Sequence[LoadedModel], load_info: LoadInfo | None, task: Task) -> list[Model]:
        """Put loaded models into the scene; if that fails or is cancelled, the scene stays as it was.

        Small ones are built with the next picture.
        """
        scene = self._scene()
        handles: list[int] = []
        try:
            for part in loaded:
                by_corner = part.coloring.by_corner
                handles.append(scene.add(part.geometry, part.colors, part.volume, by_corner=by_corner))
            if not scene.can_wait(handles):
                self._commit(task)
            task.check()
        except BaseException as error:
            for handle in handles:
                scene.remove(handle)
            for part in loaded:
                part.close()
            if isinstance(error, MemoryError):
                raise RequestError("There is not enough memory for these models", code=INTERNAL_ERROR) from error
            raise
        added = []
        for part, handle in zip(loaded, handles, strict=True):
            model = Model(
                id=self._free_id(),
                kind=part.kind,
                info=ModelInfo(load_info=load_info, metadata=dict(part.metadata) or None),
                box=part.bounds,
                handle=handle,
                coloring=part.coloring if part.volume is None else None,
                ids=part.ids,
                simulation=part.simulation,
                volume=part.volume,
                atlas=part.atlas,
            )
            self._models[model.id] = model
            added.append(model)
        return added

    def add_geometry(self, geometry: Geometry, coloring: Coloring, box: Box, task: Task | None = None) -> Model:
        """Add primitives that a client described; few are built with the next picture.

        Args:
            geometry: the primitives.
            coloring: knows the colors of all slots.
            box: their bounds, as clients shall see them.
            task: is told how far a build is.

        Raises:
            RequestError: -32602, they cannot be drawn; 20, ``task`` is cancelled; nothing is added.
        """
        scene = self._scene()
        handle = scene.add(geometry, coloring.colors)
        with self._removed_on_failure([handle]):
            if not scene.can_wait([handle]):
                self._commit(task)
        model = Model(id=self._free_id(), kind="geometry", box=box, handle=handle, coloring=coloring)
        self._models[model.id] = model
        return model

    def instantiate(self, model_id: int, transforms: Sequence[Transform], task: Task | None = None) -> list[Model]:
        """Add models that differ from one in their place only; they share its colors for ever.

        Raises:
            RequestError: -32602, there is no such model or a transform cannot be used; 20, ``task`` is cancelled;
                nothing is added.
        """
        original = self[model_id]
        matrices = [matrix_of(transform) for transform in transforms]
        handles: Sequence[int | None] = [None] * len(matrices)
        if original.handle is not None:
            copies = [self._scene().add_copy(original.handle) for _ in matrices]
            with self._removed_on_failure(copies):
                for copy, matrix in zip(copies, matrices, strict=True):
                    self._scene().set_transform(copy, matrix)
                self._commit(task)
            handles = copies
        added = []
        for transform, handle in zip(transforms, handles, strict=True):
            instance = replace(original, id=self._free_id(), handle=handle, transform=transform, visible=True)
            self._models[instance.id] = instance
            added.append(instance)
        try:
            self._set_effects_of(original)
        except BaseException:
            for instance in added:
                self._forget(instance.id)
            raise
        return added

    def build(self, task: Task) -> None:
        """Build what loads have left to the next picture.

        Raises:
            RequestError: 20, ``task`` is cancelled; the next picture builds it.
        """
        self._commit(task)

    def _commit(self, task: Task | None, removed: Sequence[int] = ()) -> None:
        """Build what changed, without what is removed; a task is told how far it is, and its end raises error 20."""
        scene = self._scene()
        if task is None or scene.count < _SOON_BUILT:  # with copies that are no models yet
            scene.remove_now(removed)
            return
        task.check()
        try:
            scene.remove_now(removed, lambda amount: task.progress(amount, _BUILDING), lambda: task.cancelled)
        except Cancelled:
            task.check()
            raise

    @contextlib.contextmanager
    def _removed_on_failure(self, handles: Sequence[int]) -> Iterator[None]:
        """Take what is being added out again if that fails; what cannot be drawn becomes error -32602."""
        try:
            yield
        except BaseException as error:
            for handle in handles:
                self._scene().remove(handle)
            if isinstance(error, ValueError):
                raise RequestError(f"The geometry cannot be used: {error}", code=INVALID_PARAMS) from error
            raise

    def at(self, handle: int) -> Model:
        """Get the model of a handle of the ray tracer's scene."""
        return next(model for model in self if model.handle == handle)

    def add_light(self, light: Light) -> Model:
        """Add a light.

        Raises:
            RequestError: -32602, it shines nowhere, or with the others it is brighter than numbers reach.
        """
        model = Model(id=self._free_id(), kind="light", light=light, box=light_bounds(light))
        self._models[model.id] = model
        try:
            self._set_lights()
        except BaseException:
            self._forget(model.id)
            raise
        return model

    def add_clip(self, kind: str, shapes: Sequence[Shape], inverted: bool) -> Model:
        """Cut a part of the scene away, see ``clipping``.

        Raises:
            RequestError: -32602, there are no such shapes.
        """
        model = Model(id=self._free_id(), kind=kind, clip=(shapes, inverted))
        self._models[model.id] = model
        try:
            self._set_clips()
        except BaseException:
            self._forget(model.id)
            raise
        return model

    def update(
        self,
        model_id: int,
        *,
        visible: bool | None = None,
        transform: Transform | None = None,
        task: Task | None = None,
    ) -> Model:
        """Show, hide or place a model; None leaves as it is.

        Raises:
            RequestError: -32602, that cannot be; 20, ``task`` is cancelled; the model stays as it was.
        """
        model = self[model_id]
        former = model.transform, model.visible
        if transform is not None and transform != model.transform:
            matrix = matrix_of(transform)
            if model.handle is not None:
                self._place(model.handle, matrix, matrix_of(model.transform), task)
            model.transform = transform
        model.visible = model.visible if visible is None else visible
        if (model.transform, model.visible) != former:
            try:
                self._set_effects_of(model)
            except BaseException:
                model.transform, model.visible = former
                raise
            if model.handle is not None:
                self._scene().set_visible(model.handle, model.visible)
        return model

    def _place(
        self,
        handle: int,
        matrix: npt.NDArray[np.float64],
        former: npt.NDArray[np.float64],
        task: Task | None,
    ) -> None:
        scene = self._scene()
        try:
            scene.set_transform(handle, matrix)
            self._commit(task)
        except RequestError:  # cancelled: what there was is built with the next picture
            scene.set_transform(handle, former)
            raise
        except ValueError as error:
            scene.set_transform(handle, former)
            scene.commit()
            raise RequestError(f"The transform cannot be used: {error}", code=INVALID_PARAMS) from error

    def color(self, model_id: int, method: str, values: Values) -> None:
        """Color a model; see ``Coloring.color``."""
        self.coloring(model_id).color(method, values)
        for instance in self._instances(self[model_id]):
            self.repaint(instance)

    def _instances(self, model: Model) -> list[Model]:
        """List the models that differ from one in their place only, itself included."""
        return [other for other in self if other is model or other.coloring is model.coloring is not None]

    def repaint(self, model: Model) -> None:
        """Show a model's colors and radii as they are now: its simulation's, or else its own.

        Raises:
            RequestError: -32603, the report cannot be read.
        """
        assert model.coloring is not None
        assert model.handle is not None
        colors, shape = model.coloring.colors, None
        try:
            if model.simulation is not None:
                colors, shape = model.simulation.colors(colors), model.simulation.shape()
        except OSError as error:
            raise RequestError(
                f"The report of model {model.id} cannot be read: {error}", code=INTERNAL_ERROR
            ) from error
        self._scene().set_colors(model.handle, colors, by_corner=model.coloring.by_corner)
        if shape is not None:
            shape = shape.thickened(model.thickness)
            self._scene().set_geometry(model.handle, shape)
            self._scene().commit()
            model.box = shape.bounds

    def thicken(self, model_id: int, factor: float, task: Task | None = None) -> None:
        """Multiply the radii of a model and of its instances; rebuilds them.

        Raises:
            RequestError: -32602, no such model, or the factor makes the radii too small or too large; 0, it has none;
                20, ``task`` is cancelled.
        """
        model = self[model_id]
        scene = self._scene()
        former = None if model.handle is None else scene.geometry(model.handle)
        if former is None or not len(former.vertices) + len(former.spheres):
            raise RequestError(f"Model {model_id} ({model.kind}) has no radii", code=DOMAIN_ERROR)
        if not factor > 0:
            raise RequestError(f"The radius multiplier must be greater than 0, got {factor:g}", code=INVALID_PARAMS)
        thickness = factor * model.thickness
        if not 1 / _THICKEST <= thickness <= _THICKEST:
            raise RequestError(
                f"The radii cannot be multiplied by {factor:g}: they would be {thickness:g} times what they were at "
                f"first, and must be {1 / _THICKEST:g} to {_THICKEST:g} times that",
                code=INVALID_PARAMS,
            )
        instances = self._instances(model)
        handles = [instance.handle for instance in instances if instance.handle is not None]
        try:
            thick = former.thickened(factor)
        except ValueError as error:
            raise RequestError(f"The radii cannot be multiplied by {factor:g}: {error}", code=INVALID_PARAMS) from error
        try:
            for handle in handles:
                scene.set_geometry(handle, thick)
            self._commit(task)
        except RequestError:  # cancelled: what there was is built with the next picture
            for handle in handles:
                scene.set_geometry(handle, former)
            raise
        except (ValueError, MemoryError) as error:
            for handle in handles:
                scene.set_geometry(handle, former)
            scene.commit()
            raise RequestError(f"The radii cannot be multiplied by {factor:g}: {error}", code=INVALID_PARAMS) from error
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
        model = self[model_id]
        if model.handle is None or model.coloring is None:
            raise RequestError(f"Model {model_id} ({model.kind}) has no material", code=DOMAIN_ERROR)
        return model.handle

    def set_ramp(self, volume: Volume, ramp: ColorRamp) -> None:
        """Give a volume other colors."""
        volume.ramp = ramp
        self._scene().touch()

    def coloring(self, model_id: int) -> Coloring:
        """Get what a model can be colored by.

        Raises:
            RequestError: -32602, there is no such model, or it has no colors.
        """
        model = self[model_id]
        if model.coloring is None:
            raise RequestError(f"Model {model_id} ({model.kind}) has no colors", code=INVALID_PARAMS)
        return model.coloring

    def remove(self, ids: Sequence[int], task: Task | None = None) -> None:
        """Remove models; if one id is unknown, none.

        Raises:
            RequestError: -32603, there is no such model; 20, ``task`` is cancelled; all models stay.
        """
        for model_id in ids:
            if model_id not in self._models:
                raise RequestError(f"No instance with id {model_id} was found", code=INTERNAL_ERROR)
        self._remove(list(dict.fromkeys(ids)), task)

    def clear(self, wanted: Callable[[Model], bool] = lambda _model: True, task: Task | None = None) -> None:
        """Remove all models that ``wanted`` picks.

        Raises:
            RequestError: 20, ``task`` is cancelled; all models stay.
        """
        self._remove([model.id for model in self if wanted(model)], task)

    def _remove(self, ids: Sequence[int], task: Task | None) -> None:
        handles = [handle for model_id in ids if (handle := self._models[model_id].handle) is not None]
        if handles:
            self._commit(task, handles)
        removed = [self._forget(model_id) for model_id in ids]
        if not self._models:
            self._freed.clear()
        for model in removed:
            if model.simulation is not None and not any(other.simulation is model.simulation for other in self):
                model.simulation.close()
        if any(model.light is not None for model in removed):
            self._set_lights()
        if any(model.clip is not None for model in removed):
            self._set_clips()

    def close_reports(self) -> None:
        """Close the files of all simulations; nothing can be shown after that."""
        for model in self:
            if model.simulation is not None:
                model.simulation.close()

    def _set_effects_of(self, model: Model) -> None:
        """Let the scene know of a change of what has no primitives; if it cannot be, the scene stays as it was."""
        if model.light is not None:
            self._set_lights()
        if model.clip is not None:
            self._set_clips()

    def _set_clips(self) -> None:
        clips = [
            Clip(*model.clip, transform=matrix_of(model.transform))
            for model in self
            if model.clip is not None and model.visible
        ]
        try:
            self._scene().set_clips(pack_clips(clips))
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error

    def _set_lights(self) -> None:
        try:
            self._scene().lights = pack_lights(
                placed(model.light, matrix_of(model.transform))
                for model in self
                if model.light is not None and model.visible
            )
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error

    def _free_id(self) -> int:
        return self._freed.pop() if self._freed else max(self._models, default=-1) + 1

    def _forget(self, model_id: int) -> Model:
        self._freed.append(model_id)
        return self._models.pop(model_id)
