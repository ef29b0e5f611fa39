"""A batch: neurites of several models in one of Embree's geometries.

A leaf of Embree's structure holds primitives of one geometry only. Models whose arbors overlap would take up to four
times the memory, and rays twice the time, if each had a geometry of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import (
    Bounds,
    Floats,
    Geometry,
    empty_bounds,
    join_bounds,
    sphere_bounds,
)
from brayns_widget.service.renderer.tracing.building.parts import Part
from brayns_widget.service.renderer.tracing.building.placing import neighbor_flags, place_spheres
from brayns_widget.service.renderer.tracing.embree import (
    ROUND_LINEAR_CURVE,
    Device,
    Primitives,
)

# Embree reads vertices while it traverses, so a neurite with a radius of nearly 0 disappears at once. A power of two is
# used because division brings the exact radius back, unless it is less than a millionth of an ångström.
_HIDING = np.float32(2.0**-100)


@dataclass(frozen=True)
class _Span:
    """The rows of the batch that belong to a model."""

    vertices: slice
    segments: slice
    slots: slice
    bounds: Bounds


class Batch:
    """Neurites of several models, copied into one geometry.

    Args:
        device: Embree's.
        models: by handle: primitives, transform (4x4) and colors.
        copied: called with the share that has been copied, 0..1; an exception that it raises stops the work.

    Raises:
        ValueError: a transformed coordinate is too large for Embree.

    Attributes:
        part: what Embree gets; replaced whenever a model is shown or hidden.
        colors: float32 (N, 4), the tables of all models, one after another.
    """

    def __init__(
        self,
        device: Device,
        models: Mapping[int, tuple[Geometry, NDArray[np.float64], Floats]],
        copied: Callable[[float], None] = lambda _part: None,
    ) -> None:
        geometries = [geometry for geometry, _transform, _colors in models.values()]
        vertices = np.empty((sum(len(geometry.vertices) for geometry in geometries), 4), np.float32)
        segments, slots = np.empty((2, sum(len(geometry.segments) for geometry in geometries)), np.uint32)
        flags = np.empty(len(segments), np.uint8)
        self.colors = np.empty((sum(geometry.slot_count for geometry in geometries), 4), np.float32)
        self._spans: dict[int, _Span] = {}
        bounds = empty_bounds()
        v = s = c = 0
        for handle, (geometry, transform, colors) in models.items():
            here = slice(v, v + len(geometry.vertices))
            span = slice(s, s + len(geometry.segments))
            rows = slice(c, c + geometry.slot_count)
            place_spheres(geometry.vertices, transform, vertices[here])
            np.add(geometry.segments, np.uint32(v), out=segments[span])
            np.add(geometry.segment_slots, np.uint32(c), out=slots[span])
            flags[span] = neighbor_flags(geometry.segments)
            self.colors[rows] = colors[: geometry.slot_count]
            box = sphere_bounds(vertices[here])
            self._spans[handle] = _Span(here, span, rows, box)
            bounds = join_bounds(bounds, box)
            v, s, c = here.stop, span.stop, rows.stop
            copied(v / max(1, len(vertices)))
        self._vertices = vertices
        self.part = Part(Primitives(device, ROUND_LINEAR_CURVE, vertices, segments, flags), slots, bounds)
        self._hidden: set[int] = set()

    def __contains__(self, handle: object) -> bool:
        return handle in self._spans

    @property
    def handles(self) -> list[int]:
        """Its models, in order."""
        return list(self._spans)

    def bounds(self, handle: int) -> Bounds:
        """Bounds of a model's neurites."""
        return self._spans[handle].bounds

    def count(self, handle: int) -> int:
        """How many segments a model has."""
        span = self._spans[handle].segments
        return int(span.stop - span.start)

    def restored(self, handle: int, rest: Geometry) -> Geometry:
        """Return all primitives of a model that was not transformed; ``rest`` has those that are not neurites."""
        span = self._spans[handle]
        assert self.part.primitives.indices is not None
        vertices = self._vertices[span.vertices]
        if handle in self._hidden:
            vertices = (vertices / np.array([1, 1, 1, _HIDING], np.float32)).astype(np.float32)
        segments = self.part.primitives.indices[span.segments] - np.uint32(span.vertices.start)
        slots = self.part.slots[span.segments] - np.uint32(span.slots.start)
        return replace(rest, vertices=vertices, segments=segments, segment_slots=slots)

    def paint(self, handle: int, colors: Floats) -> None:
        """Give a model other colors."""
        rows = self._spans[handle].slots
        self.colors[rows] = colors[: rows.stop - rows.start]

    def show(self, handle: int, visible: bool, before_change: Callable[[], None]) -> None:
        """Show or hide a model at once, without a rebuild; ``before_change`` is called if that changes anything."""
        if visible == (handle not in self._hidden):
            return
        before_change()
        radii = self._vertices[self._spans[handle].vertices, 3]
        if visible:
            self._hidden.remove(handle)
            radii /= _HIDING
            self.part.primitives.revision += 1
        else:
            self._hidden.add(handle)
            radii *= _HIDING
        self.part = replace(self.part, hidden=[self._spans[hidden].segments for hidden in self._hidden])

    def owners(self, slots: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the handles (N,) of the models that slots (N,) of the batch belong to, and the models' own slots."""
        handles = np.array(self.handles, np.int64)
        starts = np.array([span.slots.start for span in self._spans.values()], np.int32)
        which = np.searchsorted(starts, slots, "right") - 1
        return handles[which], slots - starts[which]
