"""A copy of the scene whose round primitives have at least the radius of a floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from brayns_widget.service.renderer.content.geometry import Floats, Indices, sphere_bounds
from brayns_widget.service.renderer.tracing.building.instances import Instance
from brayns_widget.service.renderer.tracing.building.parts import Part
from brayns_widget.service.renderer.tracing.embree import (
    INSTANCE,
    ROUND_LINEAR_CURVE,
    SPHERE_POINT,
    Bvh,
    Cancelled,
    Device,
    Primitives,
)
from brayns_widget.service.renderer.tracing.scene import Scene, Traced
from brayns_widget.service.renderer.tracing.thickening.floor import Floor

ROUND = (ROUND_LINEAR_CURVE, SPHERE_POINT)


class ThickenedScene:
    """A copy of the scene with a radius floor: its geomIDs are the scene's, its primIDs are not.

    Raises:
        Cancelled: ``proceed`` returned False.
        MemoryError: it does not fit into memory.
    """

    def __init__(self, device: Device, parts: Sequence[Part], floor: Floor, proceed: Callable[[], bool]) -> None:
        self.floor = floor
        self.parts = parts
        self._own: dict[int, tuple[Primitives, Indices]] = {}  # by geomID; triangles are shared with the scene
        try:
            for number, part in enumerate(parts):
                if not proceed():
                    raise Cancelled("The radius floor was cancelled.")
                if part.primitives.kind in (*ROUND, INSTANCE):
                    self._own[number] = thickened_part(device, part, floor)
            geometries = [
                self._own[number][0] if number in self._own else part.primitives for number, part in enumerate(parts)
            ]
            self._bvh = Bvh(device, geometries, lambda _amount: proceed())
        except BaseException:
            self._close_own()
            raise

    def traced(self, scene: Scene) -> Traced:
        """Return what the tracer needs, as ``Scene.traced`` does, with the colors and the visibility of now."""
        table = scene.traced[1].copy()
        for number, (primitives, slots) in self._own.items():
            seen = self.parts[number].primitives
            shown = seen.visible, seen.shadows, seen.faint
            if (primitives.visible, primitives.shadows, primitives.faint) != shown:
                primitives.set_visible(*shown)
            table[number, 0] = slots.ctypes.data
        return Traced(self._bvh.handle, table, self._bvh.geometries)

    @property
    def size(self) -> int:
        """How many round primitives it has."""
        return sum(len(slots) for _primitives, slots in self._own.values())

    def close(self) -> None:
        """Release it; nothing may be tracing it."""
        self._bvh.close()
        self._close_own()

    def _close_own(self) -> None:
        for primitives, _slots in self._own.values():
            primitives.close()


def thickened_part(device: Device, part: Part, floor: Floor) -> tuple[Primitives, Indices]:
    """Copy a part of round primitives with at least the floor's radii; returns the copy and its slots."""
    if not isinstance(part.primitives, Instance):
        return _thickened_primitives(device, part, part.primitives.vertices, floor, lambda vertices: vertices)
    instance = part.primitives
    inner = replace(part, primitives=instance.inner)
    # Radii are compared in world space, where the camera is; each counts as its mean over all directions.
    placed = instance.placed(instance.inner.vertices)
    raised, slots = _thickened_primitives(device, inner, placed, floor, instance.taken_back)
    try:
        return Instance(device, raised, sphere_bounds(raised.vertices), instance.transform), slots
    except BaseException:
        raised.close()
        raise


def _thickened_primitives(
    device: Device, part: Part, vertices: Floats, floor: Floor, to_part: Callable[[Floats], Floats]
) -> tuple[Primitives, Indices]:
    """Copy a part of round primitives.

    Args:
        device: Embree's.
        part: what to copy.
        vertices: the part's vertices in world space.
        floor: least radii.
        to_part: brings vertices from world space back to the part's own.
    """
    position = np.array(floor.position, np.float32)
    if part.primitives.kind == SPHERE_POINT:
        raised = vertices.copy()
        distance = np.linalg.norm(vertices[:, :3] - position, axis=1)
        raised[:, 3] = np.maximum(vertices[:, 3], floor.pixels * (floor.base + floor.slope * distance))
        return Primitives(device, SPHERE_POINT, to_part(raised)), part.slots
    # Imported here: the import compiles the kernel, or loads it.
    from brayns_widget.service.renderer.tracing.kernels.thicken import thicken

    segments, seen = part.shown_segments()
    count = len(segments)
    # As large as can be needed: the system provides memory only when the kernel touches it.
    thick = np.empty((2 * count, 4), np.float32)
    runs, slots, flags = np.empty(count, np.uint32), np.empty(count, np.uint32), np.empty(count, np.uint8)
    kept, made = thicken(
        vertices, segments, seen, position,
        np.float32(floor.base), np.float32(floor.slope), np.float32(floor.pixels),
        thick, runs, slots, flags,
    )  # fmt: skip
    return Primitives(device, ROUND_LINEAR_CURVE, to_part(thick[:kept]), runs[:made], flags[:made]), slots[:made]
