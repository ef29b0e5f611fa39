"""Geometry: the primitives of one model, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Indices: TypeAlias = NDArray[np.uint32]
Bounds: TypeAlias = tuple[Floats, Floats]

_CACHED = 1 << 14  # rows that stay in a processor's cache
LARGEST_COORDINATE = 1e18  # µm; Embree leaves out what lies beyond (FLT_LARGE)
_LARGEST = np.finfo(np.float32).max


def empty_bounds() -> Bounds:
    """Bounds of nothing, (min, max), as Brayns writes them: the least and the greatest float32, swapped."""
    return np.full(3, _LARGEST, np.float32), np.full(3, -_LARGEST, np.float32)


def sphere_bounds(spheres: Floats) -> Bounds:
    """Bounds (min, max) in µm of spheres (N, 4: x, y, z, radius)."""
    low, high = empty_bounds()
    for start in range(0, len(spheres), _CACHED):
        columns = np.ascontiguousarray(spheres[start : start + _CACHED].T)
        low = np.minimum(low, (columns[:3] - columns[3]).min(axis=1))
        high = np.maximum(high, (columns[:3] + columns[3]).max(axis=1))
    return low, high


def point_bounds(points: Floats) -> Bounds:
    """Bounds (min, max) in µm of points (N, 3)."""
    return (points.min(axis=0), points.max(axis=0)) if len(points) else empty_bounds()


def join_bounds(first: Bounds, second: Bounds) -> Bounds:
    """Return the smallest box around two boxes."""
    return np.minimum(first[0], second[0]), np.maximum(first[1], second[1])


@dataclass(frozen=True, eq=False)
class Geometry:
    """Primitives of one model in µm, in the model's own space; never changed after construction.

    A segment is a cone-sphere: two spheres and the cone that touches both. Consecutive segments that continue one
    another share a vertex, so a neurite of n points has n vertices and n - 1 segments.

    Args:
        vertices: float32 (V, 4), x, y, z and radius of the segments' ends.
        segments: uint32 (S,), index of each segment's first vertex; its second is the next one.
        segment_slots: uint32 (S,), the segments' rows in the model's table of colors.
        spheres: float32 (P, 4), centers and radii of free-standing spheres.
        sphere_slots: uint32 (P,), the spheres' rows in the table of colors.
        triangle_vertices: float32 (N, 3), corners of triangles.
        triangles: uint32 (T, 3), each triangle's corners; both its sides are seen.
        triangle_slots: uint32 (T,), the triangles' rows in the table of colors.

    Raises:
        ValueError: shapes or types do not fit, an index is out of range, a number is not finite, a radius is negative.
    """

    vertices: Floats
    segments: Indices
    segment_slots: Indices
    spheres: Floats
    sphere_slots: Indices
    triangle_vertices: Floats = field(default_factory=lambda: np.empty((0, 3), np.float32))
    triangles: Indices = field(default_factory=lambda: np.empty((0, 3), np.uint32))
    triangle_slots: Indices = field(default_factory=lambda: np.empty(0, np.uint32))

    def __post_init__(self) -> None:
        for name, points, columns in (
            ("vertices", self.vertices, 4),
            ("spheres", self.spheres, 4),
            ("triangle_vertices", self.triangle_vertices, 3),
        ):
            if points.dtype != np.float32 or points.ndim != 2 or points.shape[1] != columns:
                raise ValueError(f"{name} must be float32 (N, {columns}), got {points.dtype} {points.shape}.")
            if not points.flags.c_contiguous:
                raise ValueError(f"{name} must be contiguous.")
            if len(points) and not np.isfinite(points.min() + points.max()):
                raise ValueError(f"{name} contains numbers that are not finite.")
            if len(points) and columns == 4 and points[:, 3].min() < 0:
                raise ValueError(f"{name} contains a negative radius.")
        for name, numbers, shape in (
            ("segments", self.segments, ()),
            ("segment_slots", self.segment_slots, ()),
            ("sphere_slots", self.sphere_slots, ()),
            ("triangles", self.triangles, (3,)),
            ("triangle_slots", self.triangle_slots, ()),
        ):
            if numbers.dtype != np.uint32 or numbers.shape[1:] != shape or not numbers.flags.c_contiguous:
                wanted = "(N, 3)" if shape else "(N,)"
                raise ValueError(f"{name} must be contiguous uint32 {wanted}, got {numbers.dtype} {numbers.shape}.")
        if len(self.segments) != len(self.segment_slots):
            raise ValueError(f"{len(self.segments)} segments, but {len(self.segment_slots)} segment_slots.")
        if len(self.spheres) != len(self.sphere_slots):
            raise ValueError(f"{len(self.spheres)} spheres, but {len(self.sphere_slots)} sphere_slots.")
        if len(self.triangles) != len(self.triangle_slots):
            raise ValueError(f"{len(self.triangles)} triangles, but {len(self.triangle_slots)} triangle_slots.")
        if len(self.triangles) and int(self.triangles.max()) >= len(self.triangle_vertices):
            raise ValueError(
                f"Triangle corner {int(self.triangles.max())} does not exist; "
                f"{len(self.triangle_vertices)} triangle_vertices."
            )
        if len(self.segments) and int(self.segments.max()) + 1 >= len(self.vertices):
            raise ValueError(f"Segment {int(self.segments.max())} has no second vertex; {len(self.vertices)} vertices.")

    @cached_property
    def vertex_bounds(self) -> Bounds:
        """Bounds of the segments alone."""
        return sphere_bounds(self.vertices)

    @cached_property
    def bounds(self) -> Bounds:
        """Bounds (min, max), float32 (3,) each, in µm; ``empty_bounds()`` if there is nothing."""
        round_bounds = join_bounds(self.vertex_bounds, sphere_bounds(self.spheres))
        return join_bounds(round_bounds, point_bounds(self.triangle_vertices))

    def thickened(self, factor: float) -> Geometry:
        """Make the same with all radii multiplied."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
            scale = np.array([1, 1, 1, factor], np.float32)
            return replace(self, vertices=self.vertices * scale, spheres=self.spheres * scale)

    def without_segments(self) -> Geometry:
        """Make the same without segments."""
        nothing = np.empty(0, np.uint32)
        return replace(self, vertices=np.empty((0, 4), np.float32), segments=nothing, segment_slots=nothing)

    @cached_property
    def slot_count(self) -> int:
        """How many rows a table of colors must have at least."""
        all_slots = (self.segment_slots, self.sphere_slots, self.triangle_slots)
        return max((int(slots.max()) + 1 for slots in all_slots if len(slots)), default=0)

    @property
    def count(self) -> int:
        """How many primitives there are."""
        return len(self.segments) + len(self.spheres) + len(self.triangles)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.vertices, self.segments, self.segment_slots, self.spheres, self.sphere_slots)
        triangles = (self.triangle_vertices, self.triangles, self.triangle_slots)
        return sum(array.nbytes for array in arrays + triangles)
