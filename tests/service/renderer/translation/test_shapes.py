"""Shapes: what they become, and which there are not."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.protocol.brayns.shapes import BoundedPlane, Box, Capsule, Plane, Sphere
from brayns_widget.service.renderer.tracing.camera import Camera, Perspective, View
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.shapes import geometry_of

UNIT = Box(min=[0.0, 0.0, 0.0], max=[1.0, 1.0, 1.0])


def area(geometry):
    """Of all triangles."""
    a, b, c = (geometry.triangle_vertices[geometry.triangles[:, corner]].astype(float) for corner in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_each_shape_has_its_slot():
    capsule = Capsule(p0=[0.0, 0.0, 0.0], p1=[3.0, 0.0, 0.0], r0=1.0, r1=0.5)
    sphere = Sphere(center=[1.0, 2.0, 3.0], radius=4.0)
    geometry = geometry_of([sphere, capsule, UNIT, capsule])
    assert geometry.spheres.tolist() == [[1, 2, 3, 4]]
    assert geometry.sphere_slots.tolist() == [0]
    assert geometry.vertices.tolist() == [[0, 0, 0, 1], [3, 0, 0, 0.5]] * 2
    assert geometry.segments.tolist() == [0, 2]
    assert geometry.segment_slots.tolist() == [1, 3]
    assert set(geometry.triangle_slots.tolist()) == {2}


@pytest.mark.parametrize(("r0", "r1", "expected"), [(1.0, 0.5, [0, 0, 0, 1]), (0.5, 2.5, [0.5, 0, 0, 2.5])])
def test_a_capsule_whose_one_end_holds_the_other_is_a_sphere(r0, r1, expected):
    geometry = geometry_of([Capsule(p0=[0.0, 0.0, 0.0], p1=[0.5, 0.0, 0.0], r0=r0, r1=r1)])
    assert geometry.spheres.tolist() == [expected]
    assert len(geometry.segments) == 0


def test_a_box_has_six_faces():
    geometry = geometry_of([Box(min=[-1.0, 0.0, 2.0], max=[1.0, 3.0, 6.0])])
    assert area(geometry) == pytest.approx(2 * (2 * 3 + 3 * 4 + 4 * 2))
    assert [corner.tolist() for corner in geometry.bounds] == [[-1, 0, 2], [1, 3, 6]]


@pytest.mark.parametrize(
    ("coefficients", "expected"),
    [
        ([0.0, 0.0, 2.0, 1.0], 1.0),  # a square
        ([1.0, 1.0, 1.0, 0.5], np.sqrt(3) / 2 * 0.25),  # a triangle
        ([1.0, 1.0, 1.0, 1.5], 6 * np.sqrt(3) / 4 * 0.5),  # a regular hexagon
        ([1.0, -1.0, 0.0, 0.0], np.sqrt(2)),  # through edges
        ([1.0, 0.0, 0.0, 0.0], 1.0),  # a face
        ([1.0, 0.0, 0.0, -1.0], 0.0),  # beside the box
    ],
)
def test_a_bounded_plane_fills_its_box(coefficients, expected):
    assert area(geometry_of([BoundedPlane(coefficients=coefficients, bounds=UNIT)])) == pytest.approx(expected)


def test_a_plane_reaches_far_without_a_gap():
    coefficients = [1.0, 2.0, -2.0, 30.0]
    geometry = geometry_of([Plane(coefficients=coefficients)])
    corners = geometry.triangle_vertices.astype(float)
    off = np.abs(corners @ coefficients[:3] - coefficients[3]) / 3
    assert (off <= 1e-6 * np.linalg.norm(corners, axis=1)).all()
    assert np.abs(corners).max() > 1e7
    side = 2.0 * 8.0**8
    assert area(geometry) == pytest.approx(side**2, rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (Sphere(center=[0.0, 0.0, 0.0], radius=-1.0), "radius cannot be negative"),
        (Capsule(p0=[0.0, 0.0, 0.0], p1=[1.0, 0.0, 0.0], r0=1.0, r1=-0.1), "radius cannot be negative"),
        (Plane(coefficients=[0.0, 0.0, 0.0, 1.0]), "cannot have length 0"),
        (Plane(coefficients=[1e-30, 0.0, 0.0, 1e30]), "too far away"),
        (BoundedPlane(coefficients=[0.0, 0.0, 0.0, 1.0], bounds=UNIT), "cannot have length 0"),
        (Box(min=[0.0, 2.0, 0.0], max=[1.0, 1.0, 1.0]), "minimum"),
        (BoundedPlane(coefficients=[1.0, 0.0, 0.0, 0.0], bounds=Box(min=[9.0] * 3, max=[1.0] * 3)), "minimum"),
    ],
)
def test_refuses_what_is_no_shape(shape, message):
    with pytest.raises(ValueError, match=message):
        geometry_of([shape])


@pytest.mark.parametrize("coefficients", [[0, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 0], [0, 0, 2, 3]])
def test_planes_have_no_holes_for_who_looks_straight_at_them(coefficients: list[float]):
    """Rays that hit an edge of triangles exactly may miss both."""
    plane = Plane(coefficients=[float(number) for number in coefficients])
    normal = np.array(coefficients[:3]) / np.linalg.norm(coefficients[:3])
    up = (0.0, 0.0, 1.0) if abs(normal[1]) > 0.9 else (0.0, 1.0, 0.0)
    view = View(position=tuple(10 * normal), target=(0.0, 0.0, 0.0), up=up)
    renderer = RenderSettings(samples=1, ao_samples=0, background=(0.0, 0.0, 0.0, 0.0))
    with Engine(2) as engine:
        engine.scene.add(geometry_of([plane]), [[1.0, 1.0, 1.0, 1.0]])
        for size in ((64, 48), (200, 200), (800, 600)):
            assert (engine.snapshot(size, Camera(view, Perspective()), settings=renderer)[..., 3] == 255).all()
