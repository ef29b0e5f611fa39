"""Simple shapes of the protocol, converted to primitives. Lengths are in µm."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.shapes import BoundedPlane, Box, Capsule, Plane, Shape, Sphere
from brayns_widget.protocol.schema import Vector3
from brayns_widget.service.renderer.content.geometry import Bounds, Geometry, Indices, empty_bounds, point_bounds

# An unbounded plane is drawn as rings of triangles, each RING_GROWTH times as wide as the one inside: triangles are
# intersected with an error that grows with their size, which must stay small against the distance from the middle.
_INNER_RING, _RING_GROWTH, _RINGS = 1.0, 8.0, 9  # half a side of 1 µm to 134 m
_OFF_MIDDLE = np.array([0.237, 0.119])  # of the inner ring


N = TypeVar("N", np.float32, np.uint32)


def check_shape(shape: Shape) -> None:
    """Check the numbers of a shape.

    Raises:
        ValueError: a radius is negative, a plane has no normal, or a box has a minimum above its maximum.
    """
    match shape:
        case Sphere(radius=radius):
            _check_radius(radius)
        case Capsule(r0=first, r1=second):
            _check_radius(first)
            _check_radius(second)
        case Box():
            _check_box(shape)
        case Plane(coefficients=coefficients):
            unit_plane(coefficients)
        case BoundedPlane(bounds=bounds, coefficients=coefficients):
            unit_plane(coefficients)
            _check_box(bounds)


def unit_plane(coefficients: Sequence[float]) -> npt.NDArray[np.float64]:
    """Scale a plane's coefficients, float64 (4,), so that its normal has length 1.

    Raises:
        ValueError: the normal has length 0, or its distance overflows.
    """
    plane = np.array(coefficients, np.float64)
    length = math.hypot(*plane[:3])
    if not length > 0:
        raise ValueError(f"The normal of a plane cannot have length 0, got the coefficients {list(coefficients)}")
    plane /= length
    if not abs(plane[3]) < np.finfo(np.float32).max:
        raise ValueError(f"The plane of the coefficients {list(coefficients)} is too far away")
    return plane


def is_ball(capsule: Capsule) -> bool:
    """Whether one of a capsule's spheres contains the other, so that there is no cone between them."""
    return math.dist(capsule.p0, capsule.p1) <= abs(capsule.r1 - capsule.r0)


def larger_end(capsule: Capsule) -> tuple[Vector3, float]:
    """Return center and radius of the larger of a capsule's spheres."""
    return (capsule.p0, capsule.r0) if capsule.r0 >= capsule.r1 else (capsule.p1, capsule.r1)


def geometry_of(shapes: Sequence[Shape]) -> Geometry:
    """Convert shapes to primitives; shape n has slot n.

    Raises:
        ValueError: the numbers make no shape (see ``check_shape``).
    """
    spheres: list[list[float]] = []
    sphere_slots: list[int] = []
    vertices: list[list[float]] = []
    segment_slots: list[int] = []
    corners: list[npt.NDArray[np.float64]] = []
    triangles: list[Indices] = []
    triangle_slots: list[int] = []
    corner_count = 0
    for slot, shape in enumerate(shapes):
        check_shape(shape)
        match shape:
            case Sphere(center=center, radius=radius):
                spheres.append([*center, radius])
                sphere_slots.append(slot)
            case Capsule() if is_ball(shape):
                center, radius = larger_end(shape)
                spheres.append([*center, radius])
                sphere_slots.append(slot)
            case Capsule(p0=p0, p1=p1, r0=r0, r1=r1):
                vertices += [[*p0, r0], [*p1, r1]]
                segment_slots.append(slot)
            case _:
                own_corners, own_triangles = _mesh(shape)
                corners.append(own_corners)
                triangles.append(own_triangles + np.uint32(corner_count))
                triangle_slots += [slot] * len(own_triangles)
                corner_count += len(own_corners)
    return Geometry(
        vertices=np.array(vertices, np.float32).reshape(-1, 4),
        segments=np.arange(0, len(vertices), 2, dtype=np.uint32),
        segment_slots=np.array(segment_slots, np.uint32),
        spheres=np.array(spheres, np.float32).reshape(-1, 4),
        sphere_slots=np.array(sphere_slots, np.uint32),
        triangle_vertices=_join(corners, np.float32),
        triangles=_join(triangles, np.uint32),
        triangle_slots=np.array(triangle_slots, np.uint32),
    )


def shape_bounds(shapes: Sequence[Shape], geometry: Geometry) -> Bounds:
    """Compute the bounds that shapes of one class have for clients, (min, max) in µm.

    Unbounded planes have none, and a bounded plane has those of its whole box, as in Brayns.

    Args:
        shapes: one or more of one class.
        geometry: what ``geometry_of`` made of them.
    """
    match shapes[0]:
        case Plane():
            return empty_bounds()
        case BoundedPlane():
            boxes = [shape.bounds for shape in shapes if isinstance(shape, BoundedPlane)]
            return point_bounds(np.array([corner for box in boxes for corner in (box.min, box.max)], np.float32))
        case _:
            return geometry.bounds


def _join(parts: Sequence[npt.NDArray[Any]], kind: type[N]) -> npt.NDArray[N]:
    return np.concatenate([np.empty((0, 3)), *parts]).astype(kind)


def _check_radius(radius: float) -> None:
    if radius < 0:
        raise ValueError(f"A radius cannot be negative, got {radius}")


def _check_box(box: Box) -> None:
    if any(low > high for low, high in zip(box.min, box.max, strict=True)):
        raise ValueError(f"A box cannot have its minimum {box.min} above its maximum {box.max}")


def _mesh(shape: Box | Plane | BoundedPlane) -> tuple[npt.NDArray[np.float64], Indices]:
    match shape:
        case Box():
            return _box_mesh(shape)
        case Plane(coefficients=coefficients):
            return _plane_mesh(unit_plane(coefficients))
        case BoundedPlane(bounds=bounds, coefficients=coefficients):
            return _polygon_mesh(unit_plane(coefficients), _box_corners(bounds))


def _box_corners(box: Box) -> npt.NDArray[np.float64]:
    """Compute the 8 corners; number n has the box's maximum on axis k where bit k of n is set."""
    chosen = np.arange(8)[:, None] >> np.arange(3) & 1
    return np.where(chosen, np.array(box.max, np.float64), np.array(box.min, np.float64))


def _box_mesh(box: Box) -> tuple[npt.NDArray[np.float64], Indices]:
    faces = []
    for axis in range(3):
        first, second = (1 << other for other in range(3) if other != axis)
        for start in (0, 1 << axis):
            a, b, c, d = start, start + first, start + first + second, start + second
            faces += [(a, b, c), (a, c, d)]
    return _box_corners(box), np.array(faces, np.uint32)


def _plane_axes(normal: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Find two unit vectors that span the plane of a unit normal."""
    across = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    across /= np.linalg.norm(across)
    return across, np.cross(normal, across)


def _plane_mesh(plane: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], Indices]:
    # Askew and off the middle: rays through edges may miss both triangles, and cameras like to look straight at them.
    turn, (x, y) = np.array([[0.8, 0.6], [-0.6, 0.8]]), _OFF_MIDDLE * _INNER_RING
    across, along = turn @ np.array(_plane_axes(plane[:3]))
    middle = plane[3] * plane[:3] + x * across + y * along
    square = np.array([across + along, along - across, -across - along, across - along])
    sizes = _INNER_RING * _RING_GROWTH ** np.arange(_RINGS)
    corners = middle + (sizes[:, None, None] * square).reshape(-1, 3)
    triangles = [(0, 1, 2), (0, 2, 3)]
    for inner in range(0, 4 * (_RINGS - 1), 4):
        for side in range(4):
            a, b = inner + side, inner + (side + 1) % 4
            triangles += [(a, a + 4, b + 4), (a, b + 4, b)]
    return corners, np.array(triangles, np.uint32)


def _polygon_mesh(
    plane: npt.NDArray[np.float64], corners: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], Indices]:
    """Cut a box by a plane; empty if they do not intersect."""
    points = np.array(list(_crossings(plane, corners))).reshape(-1, 3)
    if len(points) < 3:
        return np.empty((0, 3)), np.empty((0, 3), np.uint32)
    across, along = _plane_axes(plane[:3])
    spokes = points - points.mean(axis=0)
    points = points[np.argsort(np.arctan2(spokes @ along, spokes @ across))]
    fan = [(0, corner, corner + 1) for corner in range(1, len(points) - 1)]
    return points, np.array(fan, np.uint32)


def _crossings(plane: npt.NDArray[np.float64], corners: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the points where a plane crosses the edges of a box, and the corners on it."""
    heights = corners @ plane[:3] - plane[3]
    heights[np.abs(heights) < 1e-9 * max(1.0, float(np.abs(corners).max()))] = 0
    yield from corners[heights == 0]
    for one, other in combinations(range(8), 2):
        is_edge = (one ^ other).bit_count() == 1
        if is_edge and heights[one] * heights[other] < 0:
            part = heights[one] / (heights[one] - heights[other])
            yield corners[one] + part * (corners[other] - corners[one])
