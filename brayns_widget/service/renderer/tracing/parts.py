"""What Embree gets of one model: its primitives where they stand in the world."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.geometry import Floats, Geometry, point_bounds, sphere_bounds
from brayns_widget.service.renderer.tracing.batch import Part, check_traceable, neighbor_flags, place_spheres
from brayns_widget.service.renderer.tracing.embree import (
    ROUND_LINEAR_CURVE,
    SPHERE_POINT,
    TRIANGLE,
    Device,
    Primitives,
)
from brayns_widget.service.renderer.tracing.instances import Instance, is_even


def _placed(points: Floats, transform: NDArray[np.float64]) -> Floats:
    """Points (N, 4: x, y, z, radius) moved by an affine matrix; the same array if it is the identity."""
    if (transform == np.eye(4)).all():
        check_traceable(points)
        return points
    placed = np.empty_like(points)
    place_spheres(points, transform, placed)
    return placed


def _placed_corners(points: Floats, transform: NDArray[np.float64]) -> Floats:
    """Points (N, 3) moved by an affine matrix, with room behind the last: Embree reads 16 bytes of each."""
    placed = np.empty((len(points) + 1, 3), np.float32)[:-1]
    with np.errstate(over="ignore", invalid="ignore"):  # checked next
        placed[:] = points @ transform[:3, :3].T + transform[:3, 3]
    check_traceable(placed)
    return placed


def build_parts(device: Device, geometry: Geometry, transform: NDArray[np.float64], *, neurites: bool) -> list[Part]:
    """Make what Embree gets of a model.

    Args:
        device: Embree's.
        geometry: the model's primitives.
        transform: 4x4, from their space to the world.
        neurites: whether its segments are wanted, too.

    Raises:
        ValueError: the transform moves it out of the numbers that can be traced.
    """
    even = is_even(transform)
    inner = transform if even else np.eye(4)  # instances are built in their own space
    parts: list[Part] = []
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
    """Release them; what holds them must be closed before."""
    for part in parts:
        part.primitives.close()
