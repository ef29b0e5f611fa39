from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.shapes import BoundedPlane, Box, Capsule, Plane, Shape, Sphere
from brayns_widget.protocol.errors import RequestError
from tests.controller.scenes import load

BOX = Box(min=(0, 0, 0), max=(1, 2, 3))
PLANE = Plane(coefficients=(0, 0, 1, -5))


@pytest.mark.parametrize(
    ("shape", "method", "sent"),
    [
        (PLANE, "planes", {"coefficients": [0, 0, 1, -5]}),
        (BOX, "boxes", {"min": [0, 0, 0], "max": [1, 2, 3]}),
        (Sphere(center=(1, 2, 3), radius=4), "spheres", {"center": [1, 2, 3], "radius": 4}),
        (
            Capsule(p0=(0, 0, 0), p1=(1, 1, 1), r0=1, r1=2),
            "capsules",
            {"p0": [0, 0, 0], "p1": [1, 1, 1], "r0": 1, "r1": 2},
        ),
        (
            BoundedPlane(coefficients=(0, 0, 1, 0), bounds=BOX),
            "bounded-planes",
            {"coefficients": [0, 0, 1, 0], "bounds": {"min": [0, 0, 0], "max": [1, 2, 3]}},
        ),
    ],
)
def test_shapes_cut(cluster, controller, shape: Shape, method, sent):
    part = controller.clipping.add(shape, shape)
    assert cluster.renderer.sent(f"add-clipping-{method}") == [{"primitives": [sent, sent], "invert_normals": False}]
    assert list(controller.clipping) == [part]
    assert repr(part) == f"<clip_geometry {part.id}>"
    assert len(controller.models) == 0


def test_the_other_side_can_be_cut(cluster, controller):
    controller.clipping.add(PLANE, invert=True)
    assert cluster.renderer.sent("add-clipping-planes")[0]["invert_normals"] is True


@pytest.mark.parametrize(
    ("shapes", "problem"),
    [
        ((), r"expected one or more of one class \(Plane, BoundedPlane, Box, Sphere, Capsule\)"),
        ((PLANE, BOX), r"expected one or more of one class"),
        ((AmbientLight(),), r"shapes is .*should be an instance of Sphere or Capsule or Box or Plane"),
    ],
)
def test_what_does_not_cut_is_refused(cluster, controller, shapes: Any, problem):
    with pytest.raises(TypeError, match=problem):
        controller.clipping.add(*shapes)
    assert cluster.calls == []


def test_what_the_renderer_refuses_is_not_there(cluster, controller):
    cluster.renderer.errors["add-clipping-planes"] = (-32602, "no")
    with pytest.raises(RequestError):
        controller.clipping.add(PLANE)
    assert len(controller.clipping) == 0


def test_nothing_is_cut_any_more(cluster, controller):
    first, second = controller.clipping.add(PLANE), controller.clipping.add(BOX)
    first.remove()
    assert list(controller.clipping) == [second]
    controller.clipping.clear()
    assert len(controller.clipping) == 0
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3


def test_clearing_the_scene_clears_clipping_too(cluster, controller):
    controller.clipping.add(Plane(coefficients=(0, 0, 1, 0)))
    load(controller)
    controller.clear()
    assert list(controller.clipping) == list(controller.models) == []
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3
