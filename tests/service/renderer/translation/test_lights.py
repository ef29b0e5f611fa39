"""Lights as kernels read them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight, QuadLight, SphereLight
from brayns_widget.service.renderer.tracing.lights import (
    COLUMNS,
    DIRECTIONAL,
    EDGE1,
    FACES,
    HARD,
    KIND,
    POWER,
    QUAD,
    RADIUS,
    SPHERE,
    hardened,
    have_places,
)
from brayns_widget.service.renderer.translation.lights import light_bounds, pack_lights, placed


def test_ambient_lights_add_up():
    ambient, directional = pack_lights(
        [AmbientLight(color=[1.0, 0.5, 0.0], intensity=2.0), AmbientLight(color=[0.0, 0.0, 1.0], intensity=0.5)]
    )
    assert ambient.tolist() == [2.0, 1.0, 0.5]
    assert directional.shape == (0, COLUMNS)


def test_directional_light_points_back_to_its_source():
    _, directional = pack_lights([DirectionalLight(direction=[0.0, -3.0, 4.0], intensity=math.pi)])
    assert directional[0, :6] == pytest.approx([0, 0.6, -0.8, 1, 1, 1])
    assert directional[0, KIND] == DIRECTIONAL
    assert not have_places(directional)


@pytest.mark.parametrize("size", [5e-324, 3e38])
def test_a_direction_of_any_length_is_one(size: float):
    _, directional = pack_lights([DirectionalLight(direction=[0.0, 0.0, -size])])
    assert directional[0, :3] == pytest.approx([0, 0, 1])


def test_a_sphere_light_has_its_intensity_whatever_its_radius():
    _, lights = pack_lights([SphereLight(position=[1.0, 2.0, 3.0], radius=r, intensity=math.pi) for r in (0.0, 2.0)])
    assert lights[0, :6].tolist() == lights[1, :6].tolist() == pytest.approx([1, 2, 3, 1, 1, 1])
    assert lights[:, RADIUS].tolist() == [0, 2]
    assert (lights[:, KIND] == SPHERE).all()
    assert have_places(lights)


def test_a_quad_light_shines_from_its_middle_by_its_area():
    light = QuadLight(position=[1.0, 0.0, 0.0], edge1=[2.0, 0.0, 0.0], edge2=[0.0, 0.0, 3.0], color=[1.0, 0.5, 0.0])
    _, lights = pack_lights([light])
    assert lights[0, :6] == pytest.approx([2, 0, 1.5, 6 / math.pi, 3 / math.pi, 0])
    assert lights[0, FACES : FACES + 3].tolist() == [0, -1, 0]
    assert lights[0, EDGE1:RADIUS].tolist() == [2, 0, 0, 0, 0, 3]
    assert lights[0, KIND] == QUAD


def test_hardened_lights_shine_from_their_middles_with_the_same_power():
    _, lights = pack_lights([QuadLight(), SphereLight(radius=2.0)])
    points = hardened(lights)
    assert (points[:, : POWER + 3] == lights[:, : POWER + 3]).all()
    assert not points[:, EDGE1:RADIUS].any()
    assert lights[:, EDGE1:RADIUS].any()
    assert points[:, RADIUS].tolist() == [0, 2]
    assert points[:, HARD].tolist() == [1, 1]


def test_only_quad_lights_have_bounds():
    low, high = light_bounds(QuadLight(position=[1.0, 1.0, 1.0], edge1=[-1.0, 0.0, 0.0], edge2=[0.0, 2.0, 1.0]))
    assert [low.tolist(), high.tolist()] == [[0, 1, 1], [1, 3, 2]]
    for light in (SphereLight(position=[1.0, 2.0, 3.0], radius=0.5), DirectionalLight()):
        low, high = light_bounds(light)
        assert (low > high).all()


def test_lights_are_placed_by_matrices():
    matrix = np.array([[0, -2, 0, 1], [2, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]], np.float64)
    ball = placed(SphereLight(position=[1.0, 0.0, 0.0], radius=1.0), matrix)
    assert isinstance(ball, SphereLight)
    assert [*ball.position, ball.radius] == pytest.approx([1, 2, 0, 2])
    moved = placed(QuadLight(position=[0.0, 1.0, 0.0]), matrix)
    assert moved == QuadLight(position=[-1.0, 0.0, 0.0], edge1=[0.0, 2.0, 0.0], edge2=[0.0, 0.0, 2.0])
    assert placed(DirectionalLight(direction=[1.0, 0.0, 0.0]), matrix) == DirectionalLight(direction=[0.0, 2.0, 0.0])
    assert placed(AmbientLight(), matrix) == AmbientLight()


@pytest.mark.parametrize(
    ("light", "problem"),
    [
        (DirectionalLight(direction=[0.0, 0.0, 0.0]), "direction other than zero"),
        (SphereLight(radius=-1.0), "radius .* cannot be negative, got -1"),
        (QuadLight(edge1=[0.0, 0.0, 2.0]), "must span an area"),
        (QuadLight(edge1=[3e38, 0.0, 0.0], edge2=[0.0, 3e38, 0.0]), "finite"),
        (AmbientLight(color=[1e30, 0.0, 0.0], intensity=1e30), "finite"),
    ],
)
def test_refuses_lights_that_are_none(light, problem):
    with pytest.raises(ValueError, match=problem):
        pack_lights([light])
