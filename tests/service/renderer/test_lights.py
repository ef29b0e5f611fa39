"""Lights as kernels read them."""

from __future__ import annotations

import math

import pytest

from brayns_widget.service.renderer.lights import pack_lights
from brayns_widget.service.renderer.settings import AmbientLight, DirectionalLight


def test_ambient_lights_add_up():
    ambient, directional = pack_lights(
        [AmbientLight(color=[1.0, 0.5, 0.0], intensity=2.0), AmbientLight(color=[0.0, 0.0, 1.0], intensity=0.5)]
    )
    assert ambient.tolist() == [2.0, 1.0, 0.5]
    assert directional.shape == (0, 6)


def test_directional_light_points_back_to_its_source():
    _, directional = pack_lights([DirectionalLight(direction=[0.0, -3.0, 4.0], intensity=math.pi)])
    assert directional[0] == pytest.approx([0, 0.6, -0.8, 1, 1, 1])


@pytest.mark.parametrize("size", [5e-324, 3e38])
def test_a_direction_of_any_length_is_one(size: float):
    _, directional = pack_lights([DirectionalLight(direction=[0.0, 0.0, -size])])
    assert directional[0, :3] == pytest.approx([0, 0, 1])


def test_refuses_a_light_that_goes_nowhere():
    with pytest.raises(ValueError, match="direction other than zero"):
        pack_lights([DirectionalLight(direction=[0.0, 0.0, 0.0])])


def test_refuses_what_overflows():
    with pytest.raises(ValueError, match="finite"):
        pack_lights([AmbientLight(color=[1e30, 0.0, 0.0], intensity=1e30)])
