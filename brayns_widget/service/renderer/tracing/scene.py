"""Scene: models, lights and clips, and the acceleration structure.

Models are flattened into one structure: arbors overlap so much that instances of them are many times slower to trace.
(Only round primitives that a transform stretches are instances.) Neurites of models that look alike even share one of
Embree's geometries, see ``batch``. Colors and visibility are stored outside of the structure and change without a
rebuild. (Neurites that become transparent or opaque leave that geometry or join it, which is a rebuild.)
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brayns_widget.service.renderer.content.geometry import (
    Bounds,
    Floats,
    Geometry,
    empty_bounds,
    join_bounds,
)
from brayns_widget.service.renderer.content.volumes import Packed, Volume, pack_volumes
from brayns_widget.service.renderer.memory import give_back
from brayns_widget.service.renderer.tracing.building.batch import Batch
from brayns_widget.service.renderer.tracing.building.instances import is_even
from brayns_widget.service.renderer.tracing.building.model import Model
from brayns_widget.service.renderer.tracing.building.parts import Part, build_parts, close_parts
from brayns_widget.service.renderer.tracing.building.placing import check_traceable
from brayns_widget.service.renderer.tracing.building.reporting import BuildReporter
from brayns_widget.service.renderer.tracing.building.veils import same_veils
from brayns_widget.service.renderer.tracing.clipping import no_clips
from brayns_widget.service.renderer.tracing.embree import (
    Bvh,
    Cancelled,
    Device,
    Primitives,
)
from brayns_widget.service.renderer.tracing.kernels.clip import filter_address
from brayns_widget.service.renderer.tracing.lights import PackedLights, no_lights
from brayns_widget.service.renderer.tracing.materials import COLUMNS, is_plain, lets_through, matte_row

__all__ = ["Cancelled", "Scene", "Traced"]

_COMMON = matte_row()  # the default material
_SMALL_LOAD = 1_000_000  # primitives; built in less than a second
_SMALL_SCENE = 12_000_000  # built in some seconds


class Traced(NamedTuple):
    """A built structure as the tracer needs it.

    Attributes:
        scene: address of the RTCScene.
        table: int64 (G, 4), see ``kernels.surfaces.trace``.
        primitives: its primitives, in the order of geomIDs.
    """

    scene: int
    table: NDArray[np.int64]
    primitives: list[Primitives]

    def slot(self, geometry: int, primitive: int) -> int:
        """Return a primitive's row in the table of colors of its geometry."""
        return ctypes.c_uint32.from_address(int(self.table[geometry, 0]) + 4 * primitive).value

    def alpha(self, geometry: int, slot: int) -> float:
        """Return the alpha of a color; with one for each corner, that of the first."""
        row = slot * (3 if self.table[geometry, 3] else 1)
        return ctypes.c_float.from_address(int(self.table[geometry, 1]) + 16 * row + 12).value


class Scene:
    """Models and lights. Used by one thread at a time; the engine traces what the last ``commit`` built.

    Attributes:
        revision: grows with every visible change.
        before_change: called before built geometry changes or is closed; once it returns, no other thread may use the
            geometry.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._models: dict[int, Model] = {}
        self._next_handle = 0
        self._clipped = False
        self._lights = no_lights()
        self._bvh = Bvh(device, [], lambda _amount: True)
        self._batch: Batch | None = None  # its part is the first in the structure
        self._built: list[Part] = []  # in the structure; geomID n is the n-th
        self._table = np.zeros((0, 4), np.int64)
        self._materials = np.zeros((0, COLUMNS), np.float32)
        self._plain = True
        self._veiled = False
        self._kept: list[Floats] = []  # keeps alive what the table has addresses of
        self._table_outdated = False  # filled on demand: a frame of a simulation paints many models
        self._packed_clips = no_clips()
        self._packed_volumes = (-1, Packed())  # as of which revision
        self.revision = 0
        self.before_change: Callable[[], None] = lambda: None

    def add(
        self, geometry: Geometry, colors: ArrayLike, volume: Volume | None = None, *, by_corner: bool = False
    ) -> int:
        """Add a model; it shows after the next ``commit``.

        Args:
            geometry: its primitives; must not be changed afterwards.
            colors: float32 (N, 4), RGBA, linear, 0..1: a row for each slot of the geometry.
            volume: drawn beside the primitives; call ``touch`` after its ramp has changed.
            by_corner: each slot is a triangle with three rows of ``colors``, one a corner, which are interpolated.

        Returns:
            Its handle.

        Raises:
            ValueError: there are fewer colors than slots, or they are not (N, 4).
        """
        checked = _checked_colors(geometry.slot_count, colors, by_corner)
        return self._add(Model(geometry, checked, volume, by_corner=by_corner))

    def add_copy(self, handle: int) -> int:
        """Add a model with the primitives, colors and material of another; returns its handle."""
        model = self._model(handle)
        self._make_whole(handle, model)
        return self._add(replace(model, transform=np.eye(4), even=True, visible=True, parts=None, batched=False))

    def _add(self, model: Model) -> int:
        handle = self._next_handle
        self._next_handle += 1
        self._models[handle] = model
        self.revision += 1
        return handle

    def remove(self, handle: int) -> None:
        """Remove a model; it is gone after the next ``commit``."""
        self._discard_parts(self._model(handle))
        del self._models[handle]
        self._packed_volumes = (-1, Packed())  # or the volume would be kept in memory until the next picture

    def remove_now(
        self,
        handles: Sequence[int],
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """Remove models and build what is left, as ``commit``; if that fails, they stay."""
        former, removed = self._models, set(handles)
        self._models = {handle: model for handle, model in former.items() if handle not in removed}
        self.revision += bool(removed)
        try:
            self.commit(progress=progress, cancelled=cancelled)
        except BaseException:
            self._models = former
            raise
        self._table_outdated = True
        self._packed_volumes = (-1, Packed())

    def clear(self) -> None:
        """Remove all models."""
        for handle in list(self._models):
            self.remove(handle)

    def set_visible(self, handle: int, visible: bool) -> None:
        """Show or hide a model, without a rebuild."""
        model = self._model(handle)
        if model.visible != visible:
            model.visible = visible
            self._show(handle, model)
            self.revision += 1

    def set_transform(self, handle: int, matrix: ArrayLike) -> None:
        """Place a model; it moves at the next ``commit``.

        Args:
            handle: the model.
            matrix: 4x4, model's space to world, applied to column vectors.

        Raises:
            ValueError: the matrix is not an affine 4x4 of finite numbers.
        """
        model = self._model(handle)
        transform = np.array(matrix, np.float64)
        if transform.shape != (4, 4) or not np.isfinite(transform).all() or (transform[3] != (0, 0, 0, 1)).any():
            raise ValueError(f"A transform must be an affine 4x4 matrix of finite numbers, got {transform.tolist()}.")
        if (transform != model.transform).any():
            self._make_whole(handle, model)
            self._discard_parts(model)
            model.transform, model.even = transform, is_even(transform)

    def geometry(self, handle: int) -> Geometry:
        """Get a model's primitives."""
        model = self._model(handle)
        return model.geometry if model.whole else self._restored(handle, model)

    def set_geometry(self, handle: int, geometry: Geometry) -> None:
        """Replace a model's primitives, whose slots must fit its colors; shows after the next ``commit``."""
        model = self._model(handle)
        _checked_colors(geometry.slot_count, model.colors, model.by_corner)
        self._discard_parts(model)
        model.geometry, model.whole, model.slot_count = geometry, True, geometry.slot_count

    def set_colors(self, handle: int, colors: ArrayLike, *, by_corner: bool = False, settled: bool = True) -> None:
        """Replace a model's colors, as in ``add``; takes effect at once.

        Neurites that become transparent or opaque leave or join the batch with the next ``commit``. So do primitives
        that become hidden or faint, unless the colors are not ``settled``, as those of a simulation's frame: rays meet
        these then.
        """
        model = self._model(handle)
        before, model.by_corner = model.veils, by_corner
        model.paint(_checked_colors(model.slot_count, colors, by_corner), settled=settled)
        if not same_veils(before, model.veils):
            self._make_whole(handle, model)
            self._discard_parts(model)
        model.show(self.before_change)
        if self._batch is not None and model.batched:
            self._batch.paint(handle, model.colors)
        self._table_outdated = True
        self.revision += 1

    def set_material(self, handle: int, material: Floats) -> None:
        """Replace a model's material; takes effect at once. Its neurites may leave or join the batch, as above.

        Args:
            handle: the model.
            material: float32 (materials.COLUMNS,).
        """
        model = self._model(handle)
        model.material, model.common = material, bool((material == _COMMON).all())
        model.show(self.before_change)
        self._table_outdated = True
        self.revision += 1

    @property
    def lights(self) -> PackedLights:
        """The lights; assign others to change them."""
        return self._lights

    @lights.setter
    def lights(self, lights: PackedLights) -> None:
        self._lights = lights
        self.revision += 1

    def set_clips(self, clips: Floats) -> None:
        """Cut parts of the scene away; replaces the clips before.

        Takes effect at once, but if there are triangles, the first clip and the end of the last one cause a rebuild by
        the next ``commit``: Embree decides at build time whether it will filter hits of triangles.

        Args:
            clips: see ``clipping``.
        """
        clipped = bool(clips[0] > 0)
        if clipped and self._device.move_filter(clips):  # such as a slab that moves: copies that are being built go on
            self._packed_clips = clips
            self.revision += 1
            return
        self.before_change()
        self._device.set_filter(filter_address() if clipped else None, clips if clipped else None)
        self._packed_clips = clips
        if clipped != self._clipped:
            self._clipped = clipped
            for model in self._models.values():
                if len(model.geometry.triangles):
                    self._discard_parts(model)
        self.revision += 1

    def touch(self) -> None:
        """Record a visible change."""
        self.revision += 1

    @property
    def packed_clips(self) -> Floats:
        """The clips as kernels read them, see ``clipping``."""
        return self._packed_clips

    @property
    def packed_volumes(self) -> Packed:
        """The visible volumes as kernels read them."""
        if self._packed_volumes[0] != self.revision:
            shown = (model for model in self._models.values() if model.visible)
            packed = pack_volumes((model.volume, model.transform) for model in shown if model.volume is not None)
            self._packed_volumes = (self.revision, packed)
        return self._packed_volumes[1]

    def bounds(self, handle: int | None = None) -> Bounds:
        """Bounds (min, max) in µm, world space, of one model or of all, as of the last ``commit``."""
        return self._join(self._models if handle is None else [handle])

    def seen_bounds(self) -> Bounds:
        """Bounds (min, max) in µm, world space, of the visible models, as of the last ``commit``."""
        return self._join(handle for handle, model in self._models.items() if model.visible)

    def _join(self, handles: Iterable[int]) -> Bounds:
        box = empty_bounds()
        for number in handles:
            model = self._model(number)
            for part in model.parts or []:
                box = join_bounds(box, part.bounds)
            if self._batch is not None and model.batched and model.parts is not None:
                box = join_bounds(box, self._batch.bounds(number))
        return box

    def can_wait(self, handles: Sequence[int]) -> bool:
        """Whether the next picture may build these models, since that takes little time.

        Clients load many small models one after another; a build of all models at each load would take far too long.

        Raises:
            ValueError: one cannot be built: its coordinates are too large.
        """
        for handle in handles:
            for corner in self._model(handle).geometry.bounds if self._model(handle).slot_count else ():
                check_traceable(corner)
        small = sum(self.primitives(handle) for handle in handles) <= _SMALL_LOAD
        return small and self.count <= _SMALL_SCENE

    @property
    def count(self) -> int:
        """How many primitives all models have."""
        return sum(map(self.primitives, self._models))

    def primitives(self, handle: int) -> int:
        """Count a model's primitives."""
        model = self._model(handle)
        neurites = 0 if model.whole or self._batch is None else self._batch.count(handle)
        return model.geometry.count + neurites

    def commit(
        self, progress: Callable[[float], None] | None = None, cancelled: Callable[[], bool] | None = None
    ) -> None:
        """Build what changed. Costs nothing if nothing did; if it fails, the structure stays as it was.

        Args:
            progress: called with 0..1, on any thread; an exception that it raises stops the build and is raised here.
            cancelled: whether to give up; called on any thread.

        Raises:
            Cancelled: ``cancelled`` said so.
            ValueError: a transformed coordinate is too large for Embree.
            MemoryError: the structure does not fit into memory.
        """
        if self._wanted() == self._built:
            return
        members = self._members()
        batch, parts, fresh = self._batch, {}, list[Part]()
        report = BuildReporter(progress, cancelled)
        try:
            if not self._is_batched(members):
                batch = self._make_batch(members, lambda part: report.copied(part / 2))
                fresh += [] if batch is None else [batch.part]
            for number, (handle, model) in enumerate(self._models.items()):
                report.copied((1 + number / len(self._models)) / 2)
                batched = handle in members
                if model.parts is None or model.batched != batched:
                    if not batched:
                        self._make_whole(handle, model)
                    parts[handle] = build_parts(
                        self._device, model.geometry, model.transform, neurites=not batched, veils=model.veils
                    )
                    fresh += parts[handle]
                else:
                    parts[handle] = model.parts
            wanted = [] if batch is None else [batch.part]
            wanted += [part for handle in parts for part in parts[handle]]
            bvh = Bvh(self._device, [part.primitives for part in wanted], report.built)
        except BaseException:
            close_parts(fresh)
            raise
        try:
            self.before_change()
        except BaseException:
            bvh.close()
            close_parts(fresh)
            raise
        self._bvh.close()
        outdated = set(self._built) - set(wanted)
        self._bvh, self._built, self._batch = bvh, wanted, batch
        close_parts(outdated)
        for handle, model in self._models.items():
            model.parts, model.batched = parts[handle], handle in members
            self._show(handle, model)
        self._leave_to_batch()
        self._fill_table()
        give_back()  # memory that the load and the build have used temporarily

    def owners(
        self, geometry: NDArray[np.int32], slots: NDArray[np.int32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Find the models that slots of the built structure belong to.

        Args:
            geometry: (N,) geomIDs.
            slots: (N,) as ``table`` has them.

        Returns:
            The models' handles (N,), and the slots (N,) in their own tables of colors.
        """
        handles = np.empty(len(geometry), np.int64)
        own = slots.copy()
        of_part = {id(part): handle for handle, model in self._models.items() for part in model.parts or []}
        for number in np.unique(geometry):
            chosen, part = geometry == number, self._built[number]
            if self._batch is not None and part is self._batch.part:
                handles[chosen], own[chosen] = self._batch.owners(slots[chosen])
            else:
                handles[chosen] = of_part[id(part)]
        return handles, own

    def colors_at(self, geometry: NDArray[np.int32], primitive: NDArray[np.int32], uv: Floats) -> Floats:
        """float32 (N, 3), colors of hits on the built structure; black for geomID -1.

        Args:
            geometry: (N,) geomIDs.
            primitive: (N,) primIDs.
            uv: (N, 2) coordinates in a triangle.
        """
        self._update_table()
        colors = np.zeros((len(geometry), 3), np.float32)
        for number in np.unique(geometry[geometry >= 0]):
            chosen = geometry == number
            slots, table = self._built[number].slots[primitive[chosen]], self._kept[number]
            if self._table[number, 3]:
                u, v = uv[chosen].T
                weights = np.stack((1 - u - v, u, v), axis=1)
                colors[chosen] = np.einsum("nk,nkc->nc", weights, table.reshape(-1, 3, 4)[slots, :, :3])
            else:
                colors[chosen] = table[slots, :3]
        return colors

    @property
    def traced(self) -> Traced:
        """The built structure as the tracer needs it."""
        self._update_table()
        return Traced(self._bvh.handle, self._table, self._bvh.geometries)

    @property
    def materials(self) -> Floats:
        """float32 (G, materials.COLUMNS), for each geomID of the built scene the model's material."""
        self._update_table()
        return self._materials

    @property
    def plain(self) -> bool:
        """Whether all surfaces are opaque and none emits light."""
        self._update_table()
        return self._plain

    @property
    def veiled(self) -> bool:
        """Whether some surfaces let light through."""
        self._update_table()
        return self._veiled

    @property
    def parts(self) -> list[Part]:
        """The parts of the built structure: geomID n is the n-th."""
        return self._built

    def close(self) -> None:
        """Release everything; nothing may be tracing it."""
        self.before_change()
        self.clear()
        self._bvh.close()
        close_parts(self._built)
        self._built = []

    def _model(self, handle: int) -> Model:
        try:
            return self._models[handle]
        except KeyError:
            raise ValueError(f"There is no model with handle {handle}.") from None

    def _wanted(self) -> list[Part | None]:
        """List the parts that the structure should hold; None for those that must be built first."""
        members = self._members()
        wanted: list[Part | None] = []
        if members:
            wanted.append(self._batch.part if self._batch is not None and self._is_batched(members) else None)
        for handle, model in self._models.items():
            unbuilt = model.parts is None or model.batched != (handle in members)
            wanted += [None] if unbuilt and model.slot_count > 0 else model.parts or []
        return wanted

    def _members(self) -> dict[int, Model]:
        """Choose the models that are to share a batch."""
        members = {handle: model for handle, model in self._models.items() if model.batchable}
        return members if len(members) > 1 else {}

    def _is_batched(self, members: dict[int, Model]) -> bool:
        """Whether the batch holds exactly these models, up to date."""
        built = self._batch.handles if self._batch is not None else []
        return built == list(members) and all(model.parts is not None for model in members.values())

    def _make_batch(self, members: dict[int, Model], copied: Callable[[float], None]) -> Batch | None:
        if not members:
            return None
        return Batch(
            self._device,
            {handle: (self.geometry(handle), model.transform, model.colors) for handle, model in members.items()},
            copied,
        )

    def _leave_to_batch(self) -> None:
        """Free neurites that the batch holds, too, unless it cannot restore them or copies share them."""
        uses = Counter(id(model.geometry) for model in self._models.values())
        for model in self._models.values():
            alone = uses[id(model.geometry)] == 1 and (model.transform == np.eye(4)).all()
            if alone and model.batched and model.whole:
                model.geometry, model.whole = model.geometry.without_segments(), False

    def _restored(self, handle: int, model: Model) -> Geometry:
        assert self._batch is not None
        return self._batch.restored(handle, model.geometry)

    def _make_whole(self, handle: int, model: Model) -> None:
        """Copy a model's neurites back from the batch."""
        if not model.whole:
            restored = self._restored(handle, model)
            model.geometry, model.whole = replace(restored, vertices=restored.vertices.copy()), True

    def _show(self, handle: int, model: Model) -> None:
        """Apply a model's visibility to what is built of it."""
        model.show(self.before_change)
        if self._batch is not None and model.batched:
            former = self._batch.part
            self._batch.show(handle, model.visible, self.before_change)
            self._built = [self._batch.part if part is former else part for part in self._built]

    def _discard_parts(self, model: Model) -> None:
        parts, model.parts = model.parts or [], None
        close_parts(set(parts) - set(self._built))  # those that the structure still holds are closed with it
        self.revision += 1

    def _update_table(self) -> None:
        if self._table_outdated:
            self._fill_table()

    def _fill_table(self) -> None:
        self._table_outdated = False
        if self._wanted() == self._built:  # else the next commit fills it, when there are new geomIDs
            rows: list[tuple[Part, Floats, bool, Floats]] = []
            if self._batch is not None:
                rows.append((self._batch.part, self._batch.colors, False, _COMMON))
            for model in self._models.values():
                rows += [(part, model.colors, model.by_corner, model.material) for part in model.parts or []]
            addresses = [
                (part.slots.ctypes.data, colors.ctypes.data, part.matrix, by_corner)
                for part, colors, by_corner, _material in rows
            ]
            self._table = np.array(addresses, np.int64).reshape(-1, 4)
            self._kept = [colors for _part, colors, _by_corner, _material in rows]
            materials = [material for _part, _colors, _by_corner, material in rows]
            self._materials = np.array(materials, np.float32).reshape(-1, COLUMNS)
            self._plain = all(
                is_plain(model.material) and not (model.transparent or model.faint) for model in self._models.values()
            )
            self._veiled = any(lets_through(model.material) or model.transparent for model in self._models.values())


def _checked_colors(slot_count: int, colors: ArrayLike, by_corner: bool) -> Floats:
    copied = np.array(colors, np.float32, order="C")
    if copied.ndim != 2 or copied.shape[1] != 4:
        raise ValueError(f"Colors must be (N, 4), got {copied.shape}.")
    if len(copied) < slot_count * (3 if by_corner else 1):
        each = "with three corners each, " if by_corner else ""
        raise ValueError(f"The geometry has {slot_count} slots, {each}but there are {len(copied)} colors.")
    return copied
