"""The scene as clients see it: models and lights with ids, transforms and visibility."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import DOMAIN_ERROR, INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.atlas import Atlas
from brayns_widget.service.renderer.coloring.base import Coloring, Values
from brayns_widget.service.renderer.coloring.cells import CellColoring
from brayns_widget.service.renderer.coloring.ramp import ColorRamp
from brayns_widget.service.renderer.geometry import Bounds as Box
from brayns_widget.service.renderer.geometry import Geometry, empty_bounds, join_bounds
from brayns_widget.service.renderer.lights import light_bounds, placed
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.materials import Material
from brayns_widget.service.renderer.rotations import quaternion_matrices
from brayns_widget.service.renderer.settings import Light
from brayns_widget.service.renderer.shapes import Shape
from brayns_widget.service.renderer.simulation import Simulation
from brayns_widget.service.renderer.tracing.clipping import Clip
from brayns_widget.service.renderer.tracing.scene import Cancelled, Scene
from brayns_widget.service.renderer.volumes import Volume
from brayns_widget.service.rpc.methods import Task
from brayns_widget.service.rpc.schema import Object, Quaternion, Size, Vector3, read_only, unlisted

_BUILDING = "Building the acceleration structure"
_SOON_BUILT = 1_000_000  # primitives: nobody needs to hear how far a build of so few is

_THICKEST = 1e6  # times what radii are at first; single precision then still holds them, and brings them back


class Bounds(Object):
    """A box in µm; the bounds of nothing are the largest numbers, swapped."""

    max: Vector3 = read_only()
    min: Vector3 = read_only()


class Transform(Object):
    """Scale, then rotate (quaternion x, y, z, w), then translate."""

    rotation: Quaternion = unlisted([0.0, 0.0, 0.0, 1.0])
    scale: Vector3 = unlisted([1.0, 1.0, 1.0])
    translation: Vector3 = unlisted([0.0, 0.0, 0.0])


class LoadInfo(Object):
    """Where a model came from."""

    load_parameters: Any = read_only()
    loader_name: str = read_only()
    path: str = read_only()
    source: Literal["from_file", "from_blob", "none"] = read_only()


class ModelInfo(Object):
    """What is known about a model; lights have none of it."""

    base_transform: Transform | None = read_only(required=False)
    load_info: LoadInfo | None = read_only(required=False)
    metadata: dict[str, str] | None = read_only(required=False)


class ModelInstance(Object):
    """A model or a light in the scene."""

    bounds: Bounds = read_only()
    info: ModelInfo = read_only()
    is_visible: bool = unlisted(default=True)
    model_id: Size = read_only()
    model_type: str = read_only()
    transform: Transform = unlisted(Transform())


@dataclass
class Model:
    """One entry of the scene: geometry (with a handle of the ray tracer's scene) or a light.

    Attributes:
        box: bounds before the transform.
        clip: what it cuts away: shapes, and whether their normals are inverted.
        ids: ids of the circuit's cells that it shows, or None.
        simulation: the report that it shows, or None; instances share it.
        volume: what there is to see of it beside primitives, or None; instances share it.
        atlas: what it shows in one of several ways, or None.
        thickness: what its radii were multiplied by since it was loaded; instances have the same.
    """

    id: int
    kind: str
    info: ModelInfo = field(default_factory=ModelInfo)
    box: Box = field(default_factory=empty_bounds)
    handle: int | None = None
    light: Light | None = None
    clip: tuple[Sequence[Shape], bool] | None = None
    coloring: Coloring | None = None
    ids: npt.NDArray[np.int64] | None = None
    simulation: Simulation | None = None
    volume: Volume | None = None
    atlas: Atlas | None = None
    thickness: float = 1.0
    visible: bool = True
    transform: Transform = field(default_factory=Transform)

    @property
    def world_box(self) -> Box:
        """Bounds in the world: those of the transformed corners, within single precision."""
        low, high = self.box
        if (low > high).any():
            return self.box
        largest = float(np.finfo(np.float32).max)
        ends = [np.clip(end.astype(np.float64), -largest, largest) for end in (low, high)]
        corners = np.stack(np.meshgrid(*zip(*ends, strict=True)), axis=-1).reshape(-1, 3)
        matrix = matrix_of(self.transform)
        corners = corners @ matrix[:3, :3].T + matrix[:3, 3]
        corners = np.clip(corners, -largest, largest)
        return corners.min(axis=0).astype(np.float32), corners.max(axis=0).astype(np.float32)

    def describe(self, slot: int) -> dict[str, Any]:
        """Tell what a colour slot shows: for cells the id in the circuit."""
        if self.ids is None or not isinstance(self.coloring, CellColoring) or not self.coloring.has_sections:
            return {}
        return {"neuron_id": self.coloring.id_of(slot)}

    def instance(self) -> ModelInstance:
        """Describe it to clients."""
        return ModelInstance(
            bounds=bounds_of(self.world_box),
            info=self.info,
            is_visible=self.visible,
            model_id=self.id,
            model_type=self.kind,
            transform=self.transform,
        )


def bounds_of(box: Box) -> Bounds:
    """Make a box JSON, with the shortest numbers that stand for its float32 values."""
    low, high = ([float(str(number)) for number in corner] for corner in box)
    return Bounds(min=low, max=high)


def matrix_of(transform: Transform) -> npt.NDArray[np.float64]:
    """Make the 4x4 matrix, model's space to world, of a transform.

    Raises:
        RequestError: -32602, the rotation has length 0.
    """
    quaternion = np.array([transform.rotation], np.float64)
    if not np.linalg.norm(quaternion) > 0:
        raise RequestError("The rotation of a transform must be a quaternion of length 1, not 0", code=INVALID_PARAMS)
    matrix = np.eye(4)
    matrix[:3, :3] = quaternion_matrices(quaternion)[0] * transform.scale
    matrix[:3, 3] = transform.translation
    return matrix


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
                scene.commit(
                    progress=lambda amount: task.progress(amount, _BUILDING),
                    cancelled=lambda: task.cancelled,
                )
            task.check()
        except BaseException as error:
            for handle in handles:
                scene.remove(handle)
            for part in loaded:
                part.close()
            if isinstance(error, Cancelled):
                task.check()
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

    def add_geometry(self, geometry: Geometry, coloring: Coloring, box: Box) -> Model:
        """Add primitives that a client described.

        Args:
            geometry: the primitives.
            coloring: knows the colours of all slots.
            box: their bounds, as clients shall see them.
        """
        handle = self._scene().add(geometry, coloring.colors)
        self._commit_or_remove([handle], [np.eye(4)])
        model = Model(id=self._free_id(), kind="geometry", box=box, handle=handle, coloring=coloring)
        self._models[model.id] = model
        return model

    def instantiate(self, model_id: int, transforms: Sequence[Transform], task: Task | None = None) -> list[Model]:
        """Add models that differ from one in their place only; they share its colours for ever.

        Raises:
            RequestError: -32602, there is no such model or a transform cannot be used; 20, ``task`` is cancelled;
                nothing is added.
        """
        original = self[model_id]
        matrices = [matrix_of(transform) for transform in transforms]
        handles: Sequence[int | None] = [None] * len(matrices)
        if original.handle is not None:
            copies = [self._scene().add_copy(original.handle) for _ in matrices]
            self._commit_or_remove(copies, matrices, task)
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

    def _commit(self, task: Task | None) -> None:
        """Build what changed; a task is told how far it is, and its end raises error 20."""
        if task is None or self.primitives < _SOON_BUILT:
            self._scene().commit()
            return
        try:
            self._scene().commit(lambda amount: task.progress(amount, _BUILDING), lambda: task.cancelled)
        except Cancelled:
            task.check()
            raise

    def _commit_or_remove(
        self, handles: Sequence[int], matrices: Sequence[npt.NDArray[np.float64]], task: Task | None = None
    ) -> None:
        scene = self._scene()
        try:
            for handle, matrix in zip(handles, matrices, strict=True):
                scene.set_transform(handle, matrix)
            self._commit(task)
        except BaseException as error:
            for handle in handles:
                scene.remove(handle)
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
        """Colour a model; see ``Coloring.color``."""
        self.coloring(model_id).color(method, values)
        for instance in self._instances(self[model_id]):
            self.repaint(instance)

    def _instances(self, model: Model) -> list[Model]:
        """List the models that differ from one in their place only, itself included."""
        return [other for other in self if other is model or other.coloring is model.coloring is not None]

    def repaint(self, model: Model) -> None:
        """Show a model's colours and radii as they are now: its simulation's, or else its own.

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
        return self._scene().material(self._surface(model_id))

    def set_material(self, model_id: int, material: Material) -> None:
        """Give a model and its instances another material.

        Raises:
            RequestError: -32602, there is no such model; 0, it has no surface.
            ValueError: the material's numbers make none.
        """
        self._surface(model_id)
        for instance in self._instances(self[model_id]):
            self._scene().set_material(self._surface(instance.id), material)

    def _surface(self, model_id: int) -> int:
        model = self[model_id]
        if model.handle is None or model.coloring is None:
            raise RequestError(f"Model {model_id} ({model.kind}) has no material", code=DOMAIN_ERROR)
        return model.handle

    def set_ramp(self, volume: Volume, ramp: ColorRamp) -> None:
        """Give a volume other colours."""
        volume.ramp = ramp
        self._scene().touch()

    def coloring(self, model_id: int) -> Coloring:
        """Get what a model can be coloured by.

        Raises:
            RequestError: -32602, there is no such model, or it has no colours.
        """
        model = self[model_id]
        if model.coloring is None:
            raise RequestError(f"Model {model_id} ({model.kind}) has no colors", code=INVALID_PARAMS)
        return model.coloring

    def remove(self, ids: Sequence[int]) -> None:
        """Remove models; if one id is unknown, none.

        Raises:
            RequestError: -32603, there is no such model.
        """
        for model_id in ids:
            if model_id not in self._models:
                raise RequestError(f"No instance with id {model_id} was found", code=INTERNAL_ERROR)
        self._remove(list(dict.fromkeys(ids)))

    def clear(self, wanted: Callable[[Model], bool] = lambda _model: True) -> None:
        """Remove all models that ``wanted`` picks."""
        self._remove([model.id for model in self if wanted(model)])

    def _remove(self, ids: Sequence[int]) -> None:
        removed = [self._forget(model_id) for model_id in ids]
        if not self._models:
            self._freed.clear()
        for model in removed:
            if model.simulation is not None and not any(other.simulation is model.simulation for other in self):
                model.simulation.close()
        handles = [model.handle for model in removed if model.handle is not None]
        if handles:
            scene = self._scene()
            for handle in handles:
                scene.remove(handle)
            scene.commit()
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
            self._scene().set_clips(clips)
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error

    def _set_lights(self) -> None:
        try:
            self._scene().lights = [
                placed(model.light, matrix_of(model.transform))
                for model in self
                if model.light is not None and model.visible
            ]
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error

    def _free_id(self) -> int:
        return self._freed.pop() if self._freed else max(self._models, default=-1) + 1

    def _forget(self, model_id: int) -> Model:
        self._freed.append(model_id)
        return self._models.pop(model_id)
