from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.shapes import BoundedPlane, Box, Capsule, Plane, Shape, Sphere
from brayns_widget.protocol.errors import RequestError

BOX = Box(min=(0, 0, 0), max=(1, 2, 3))


@pytest.mark.parametrize(
    ("shape", "method"),
    [
        (Sphere(center=(1, 2, 3), radius=4), "add-spheres"),
        (Capsule(p0=(0, 0, 0), p1=(1, 1, 1), r0=1, r1=2), "add-capsules"),
        (BOX, "add-boxes"),
        (Plane(coefficients=(0, 0, 1, 0)), "add-planes"),
        (BoundedPlane(coefficients=(0, 0, 1, 0), bounds=BOX), "add-bounded-planes"),
    ],
)
def test_shapes_become_one_model(cluster, controller, shape: Shape, method):
    model = controller.shapes.add(shape, shape, color="red")
    one = {"color": [1, 0, 0, 1], "geometry": shape.model_dump()}
    assert cluster.renderer.sent(method) == [[one, one]]
    assert list(controller.models) == [model]
    assert (model.type, model.name, model.color) == ("geometry", "geometry", "#ff0000")
    model.visible = False
    model.remove()


@pytest.mark.parametrize(
    ("shapes", "options", "kind", "problem"),
    [
        ((), {}, TypeError, "expected one or more of one class"),
        ((BOX, Sphere(center=(0, 0, 0), radius=1)), {}, TypeError, "expected one or more of one class"),
        ((AmbientLight(),), {}, TypeError, "should be an instance of Sphere or Capsule"),
        ((BOX,), {"color": "no color"}, ValueError, "is not a color"),
    ],
)
def test_what_is_no_shape_is_refused(cluster, controller, shapes: Any, options, kind, problem):
    with pytest.raises(kind, match=problem):
        controller.shapes.add(*shapes, **options)
    assert cluster.calls == []


def test_what_the_renderer_refuses_is_not_there(cluster, controller):
    cluster.renderer.errors["add-boxes"] = (-32602, "no")
    with pytest.raises(RequestError):
        controller.shapes.add(BOX)
    assert len(controller.models) == 0
