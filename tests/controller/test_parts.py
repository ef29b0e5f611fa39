from __future__ import annotations

import pytest

from brayns_widget.controller.parts import choose
from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.shapes import Plane
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import WAIT, load

PLANE = Plane(coefficients=(0, 0, 1, 0))


def test_parts_are_a_sequence(controller):
    controller.start().result(WAIT)
    lights = controller.lights
    assert [light.id for light in lights] == [0, 1, 2]
    assert lights[0] == lights[-3]
    assert lights[1:] == [lights[1], lights[2]]
    assert lights[0] in lights
    assert lights.index(lights[2]) == 2
    assert len({lights[0], lights[0], lights[1]}) == 2
    assert lights[0] != 0
    with pytest.raises(IndexError):
        lights[3]
    assert repr(lights) == "[<light 0>, <light 1>, <light 2>]"


def test_a_part_is_removed_once(cluster, controller):
    part = controller.clipping.add(PLANE)
    part.remove()
    assert len(controller.clipping) == 0
    cluster.renderer._ids = part.id
    model = load(controller)  # has its id now
    assert model.id == part.id
    with pytest.raises(CircuitError, match=rf"The clip_geometry {part.id} was removed before"):
        part.remove()
    assert list(controller.models) == [model]


def test_a_part_that_the_scene_was_read_with_is_there_once(controller):
    part = controller.lights.add(AmbientLight())
    controller.models.refresh()
    assert list(controller.lights).count(part) == 1


def test_things_of_one_class_have_an_endpoint():
    endpoints = {int: "int", str: "str"}
    assert choose(endpoints, 1, 2) == "int"
    for things in ((), (1, "a"), (1.0,), (True,)):
        with pytest.raises(TypeError, match=r"expected one or more of one class \(int, str\), got"):
            choose(endpoints, *things)
