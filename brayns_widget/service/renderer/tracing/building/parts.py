"""Parts: the primitives of one model in world space, as Embree gets them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import (
    Bounds,
    Floats,
    Geometry,
    Indices,
    point_bounds,
    sphere_bounds,
)
from brayns_widget.service.renderer.tracing.building.instances import Instance, is_even
from brayns_widget.service.renderer.tracing.building.placing import check_traceable, neighbor_flags, place_spheres
from brayns_widget.service.renderer.tracing.building.veils import FAINT, SEEN, seen_as
from brayns_widget.service.renderer.tracing.embree import (
    ROUND_LINEAR_CURVE,
    SPHERE_POINT,
    TRIANGLE,
    Device,
    Primitives,
)


@dataclass(eq=False)
class Part:
    """Primitives of one kind in world space: one of Embree's geometries.

    Attributes:
        slots: rows in the table of colors.
        hidden: ranges of primitives that are hidden.
        faint: whether its colors are nearly clear, see ``veils``.
    """

    primitives: Primitives
    slots: Indices
    bounds: Bounds
    hidden: list[slice] = field(default_factory=list)
    faint: bool = False

    @property
    def matrix(self) -> int:
        """Address of the matrix that brings its normals to world space, see ``instances``; 0: they are there."""
        normal_matrix = self.primitives.normal_matrix
        return 0 if normal_matrix is None else normal_matrix.ctypes.data

    def shown_segments(self) -> tuple[Indices, Indices]:
        """Return the segments (of curves) that are not hidden, and their slots."""
        assert self.primitives.indices is not None
        if not self.hidden:
            return self.primitives.indices, self.slots
        shown = np.ones(len(self.slots), np.bool_)
        for span in self.hidden:
            shown[span] = False
        return self.primitives.indices[shown], self.slots[shown]


def _placed(points: Floats, transform: NDArray[np.float64]) -> Floats:
    """Transform points (N, 4: x, y, z, radius) by an affine matrix; returns the same array for the identity."""
    if (transform == np.eye(4)).all():
        check_traceable(points)
        return points
    placed = np.empty_like(points)
    place_spheres(points, transform, placed)
    return placed


def _placed_corners(points: Floats, transform: NDArray[np.float64]) -> Floats:
    """Transform points (N, 3) by an affine matrix, with padding behind the last: Embree reads 16 bytes of each."""
    placed = np.empty((len(points) + 1, 3), np.float32)[:-1]
    with np.errstate(over="ignore", invalid="ignore"):  # checked next
        placed[:] = points @ transform[:3, :3].T + transform[:3, 3]
    check_traceable(placed)
    return placed


def build_parts(
    device: Device,
    geometry: Geometry,
    transform: NDArray[np.float64],
    *,
    neurites: bool,
    veils: NDArray[np.uint8] | None = None,
) -> list[Part]:
    """Build the parts of a model.

    Args:
        device: Embree's.
        geometry: the model's primitives.
        transform: 4x4, from model space to world space.
        neurites: whether to include its segments.
        veils: of each slot, see ``veils.veils_of``: what is hidden is left out, what is faint has parts of its own;
            None: all is seen.

    Raises:
        ValueError: a transformed coordinate is too large for Embree.
    """
    even = is_even(transform)
    inner = transform if even else np.eye(4)  # instances are built in their own space
    if veils is not None:
        parts = build_parts(device, seen_as(geometry, veils, SEEN), transform, neurites=neurites)
        try:
            faint = build_parts(device, seen_as(geometry, veils, FAINT), transform, neurites=neurites)
        except BaseException:
            close_parts(parts)
            raise
        for part in faint:
            part.faint = True
        return parts + faint
    parts = []
    try:
        if neurites and len(geometry.segments):
            vertices = _placed(geometry.vertices, inner)
            flags = neighbor_flags(geometry.segments)
            curves = Primitives(device, ROUND_LINEAR_CURVE, vertices, geometry.segments, flags)
            box = geometry.vertex_bounds if vertices is geometry.vertices else sphere_bounds(vertices)
            parts.append(Part(curves, geometry.segment_slots, box))
        if len(geometry.spheres):
            spheres = _placed(geometry.spheres, inner)
            points = Primitives(device, SPHERE_POINT, spheres)
            parts.append(Part(points, geometry.sphere_slots, sphere_bounds(spheres)))
        if not even:
            for number, part in enumerate(parts):
                instance = Instance(device, part.primitives, part.bounds, transform)
                parts[number] = Part(instance, part.slots, instance.bounds)
        if len(geometry.triangles):
            corners = _placed_corners(geometry.triangle_vertices, transform)
            triangles = Primitives(device, TRIANGLE, corners, geometry.triangles)
            parts.append(Part(triangles, geometry.triangle_slots, point_bounds(corners)))
    except BaseException:
        close_parts(parts)
        raise
    return parts


def close_parts(parts: Iterable[Part]) -> None:
    """Release parts; structures that hold them must be closed before."""
    for part in parts:
        part.primitives.close()
