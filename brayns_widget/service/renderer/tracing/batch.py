"""Neurites of several models in one of Embree's geometries.

A leaf of Embree's structure holds primitives of one geometry only. Models whose arbors overlap would take up to four
times the memory, and rays twice the time, if each had a geometry of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.geometry import (
    LARGEST_COORDINATE,
    Bounds,
    Floats,
    Geometry,
    Indices,
    empty_bounds,
    join_bounds,
    sphere_bounds,
)
from brayns_widget.service.renderer.tracing.embree import (
    NEIGHBOR_LEFT,
    NEIGHBOR_RIGHT,
    ROUND_LINEAR_CURVE,
    Device,
    Primitives,
)

# Embree reads vertices while it traverses, so a neurite disappears at once when its radius does. Times this power of
# two a radius comes back exactly, unless it is less than a millionth of an ångström.
_HIDING = np.float32(2.0**-100)


@dataclass(eq=False)
class Part:
    """Primitives of one kind, where they stand in the scene: one of Embree's geometries.

    Attributes:
        slots: rows in the table of colors.
        hidden: ranges of primitives that are not seen.
    """

    primitives: Primitives
    slots: Indices
    bounds: Bounds
    hidden: list[slice] = field(default_factory=list)

    @property
    def matrix(self) -> int:
        """Address of what turns its normals into those of the world, see ``instances``; 0: nothing needs to."""
        normal_matrix = self.primitives.normal_matrix
        return 0 if normal_matrix is None else normal_matrix.ctypes.data

    def shown_segments(self) -> tuple[Indices, Indices]:
        """Return the segments (of curves) that are seen, and their slots."""
        assert self.primitives.indices is not None
        if not self.hidden:
            return self.primitives.indices, self.slots
        shown = np.ones(len(self.slots), np.bool_)
        for span in self.hidden:
            shown[span] = False
        return self.primitives.indices[shown], self.slots[shown]


@dataclass(frozen=True)
class _Span:
    """Which rows of the batch are a model's."""

    vertices: slice
    segments: slice
    slots: slice
    bounds: Bounds


class Batch:
    """Neurites of several models, copied into one geometry.

    Args:
        device: Embree's.
        models: by handle: primitives, transform (4x4) and colors.
        copied: told what part of the models has been copied; what it raises ends the work.

    Raises:
        ValueError: a transform moves a model out of the numbers that can be traced.

    Attributes:
        part: what Embree gets; another object after each change of what is seen.
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
        """Return the primitives of a model that was not transformed; ``rest`` is what it has without neurites."""
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
        """Show or hide a model, at once and without a rebuild; what changes is announced."""
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

    def owner(self, primitive: int) -> tuple[int, int]:
        """Return the handle of a primitive's model, and the slot in that model's own table."""
        handle, span = next((handle, span) for handle, span in self._spans.items() if primitive < span.segments.stop)
        return handle, int(self.part.slots[primitive]) - span.slots.start


def place_spheres(points: Floats, transform: NDArray[np.float64], out: Floats) -> None:
    """Move points (N, 4: x, y, z, radius) by an affine matrix that scales all directions alike.

    Raises:
        ValueError: they leave the numbers that can be traced.
    """
    if (transform == np.eye(4)).all():
        out[:] = points
    else:
        linear = transform[:3, :3]
        with np.errstate(over="ignore", invalid="ignore"):  # checked next
            out[:, :3] = points[:, :3] @ linear.T + transform[:3, 3]
            out[:, 3] = points[:, 3] * np.cbrt(abs(np.linalg.det(linear)))  # one scale for all axes, see ``instances``
    check_traceable(out)


def check_traceable(points: Floats) -> None:
    """Check that Embree will not leave points out.

    Raises:
        ValueError: it would.
    """
    if len(points) and not max(abs(float(points.min())), abs(float(points.max()))) < LARGEST_COORDINATE:
        raise ValueError(f"Coordinates must stay below {LARGEST_COORDINATE:g} µm.")


def neighbor_flags(segments: Indices) -> NDArray[np.uint8]:
    """For each segment, which of its ends continues in the segment before or after it in the list."""
    follows = segments[1:] == segments[:-1] + np.uint32(1)
    flags = np.zeros(len(segments), np.uint8)
    flags[1:] |= follows * np.uint8(NEIGHBOR_LEFT)
    flags[:-1] |= follows * np.uint8(NEIGHBOR_RIGHT)
    return flags
