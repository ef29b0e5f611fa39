"""Colors of corners blend across their triangles, in pictures, in buffers and in what they let through."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from tests.service.renderer.traced import FROM_Z, byte

SIZE = (60, 60)
CAMERA = Orthographic(height=6)
CORNERS = [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]]


def triangle(z: float = 0.0) -> Geometry:
    """A triangle with the corners (-2, -2), (2, -2) and (-2, 2)."""
    round_things, none = np.empty((0, 4), np.float32), np.empty(0, np.uint32)
    points = np.array([[-2, -2, z], [2, -2, z], [-2, 2, z]], np.float32)
    return Geometry(
        round_things, none, none, round_things, none, points, np.array([[0, 1, 2]], np.uint32), np.zeros(1, np.uint32)
    )


@pytest.fixture
def engine():
    with Engine(2) as engine:
        engine.scene.lights = pack_lights([AmbientLight(intensity=1.0)])
        yield engine


def expected(x: float, y: float) -> list[float]:
    """The blend at a point: weights are areas (barycentric coordinates)."""
    u, v = (x + 2) / 4, (y + 2) / 4
    return [1 - u - v, u, v]


def place(x: float, y: float) -> tuple[int, int]:
    return int((3 - y) * 10), int((x + 3) * 10)


PLACES = [(-1.85, -1.85), (1.65, -1.85), (-1.85, 1.65), (-0.75, -0.75)]


@pytest.mark.parametrize(
    "renderer", [RenderSettings(samples=1, ao_samples=0), RenderSettings(path_tracing=True, samples=64)]
)
def test_colors_blend(engine, renderer):
    engine.scene.add(triangle(), CORNERS, by_corner=True)
    image = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=renderer).astype(int)
    for x, y in PLACES:
        wanted = [byte(light) for light in expected(x, y)]
        np.testing.assert_allclose(image[place(x, y)][:3], wanted, atol=12)
    albedo = engine.surfaces(SIZE, Camera(FROM_Z, CAMERA)).albedo
    for x, y in PLACES:
        np.testing.assert_allclose(albedo[place(x, y)], expected(x, y), atol=0.03)


def test_colors_change_from_triangles_to_corners_and_back_without_a_build(engine):
    scene = engine.scene
    handle = scene.add(triangle(), [[1, 1, 1, 1]])
    scene.commit()
    built = scene.traced.scene
    plain = engine.surfaces(SIZE, Camera(FROM_Z, CAMERA)).albedo[place(1.65, -1.85)]
    scene.set_colors(handle, CORNERS, by_corner=True)
    blended = engine.surfaces(SIZE, Camera(FROM_Z, CAMERA)).albedo[place(1.65, -1.85)]
    copy = scene.add_copy(handle)
    scene.remove(handle)
    copied = engine.surfaces(SIZE, Camera(FROM_Z, CAMERA)).albedo[place(1.65, -1.85)]
    scene.set_colors(copy, [[1, 1, 1, 1]])
    again = engine.surfaces(SIZE, Camera(FROM_Z, CAMERA)).albedo[place(1.65, -1.85)]
    assert built
    np.testing.assert_allclose(plain, [1, 1, 1])
    np.testing.assert_allclose(blended, expected(1.65, -1.85), atol=0.03)
    np.testing.assert_allclose(copied, blended)
    np.testing.assert_allclose(again, plain)
    with pytest.raises(ValueError, match="1 slots, with three corners each, but there are 2 colors"):
        scene.set_colors(copy, [[1, 1, 1, 1]] * 2, by_corner=True)


def test_opacity_blends_in_pictures_and_shadows(engine):
    """Light falls straight down through a triangle that is clear at its first corner onto a white one."""
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=np.pi)])
    engine.scene.add(triangle(-1), [[1, 1, 1, 1]])
    engine.scene.add(triangle(1), [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]], by_corner=True)
    for shadows, power in ((False, 1), (True, 2)):  # once on the way of the eye's ray, again on the light's
        renderer = RenderSettings(samples=1, ao_samples=0, shadows=shadows)
        image = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=renderer)
        for x, y in PLACES:
            clear = expected(x, y)[0]
            assert int(image[place(x, y)][0]) == pytest.approx(byte(clear**power), abs=14)
