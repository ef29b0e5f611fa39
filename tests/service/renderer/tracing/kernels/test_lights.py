"""Light from spheres and quads, against what it must be by the inverse square, and the shadows that it casts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import QuadLight, SphereLight
from brayns_widget.protocol.brayns.materials import Metal
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, View
from brayns_widget.service.renderer.tracing.lights import no_lights
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.renderer.translation.materials import row_of
from tests.service.renderer.traced import FROM_Z, spheres

NONE = np.empty(0, np.uint32)
HARD = RenderSettings(samples=1, ao_samples=0, background=(0.0, 0.0, 0.0, 0.0))
SOFT = replace(HARD, samples=32)
PATHS = RenderSettings(path_tracing=True, samples=32, bounces=1, background=(0.0, 0.0, 0.0, 0.0))
WHITE = [[1.0, 1.0, 1.0, 1.0]]


@pytest.fixture(autouse=True)
def dark(engine):
    engine.scene.lights = no_lights()


def wall(engine):
    """Fill the picture with a plane at z = 0."""
    corners = np.array([[-9, -9, 0], [9, -9, 0], [9, 9, 0], [-9, 9, 0]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
    nothing = np.empty((0, 4), np.float32)
    geometry = Geometry(nothing, NONE, NONE, nothing, NONE, corners, triangles, np.zeros(2, np.uint32))
    engine.scene.add(geometry, WHITE)


def light_on(engine, renderer, size=(32, 32), height=4.0):
    """Linear light of the picture, red only."""
    frame = engine.trace(size, Camera(FROM_Z, Orthographic(height=height)), settings=renderer, keep=True)
    return frame.light[..., 0]


def quad(side, distance, radiance, **other):
    """A square before the middle of the wall that faces it."""
    given = {"position": [-side / 2, side / 2, distance], "edge1": [side, 0.0, 0.0], "edge2": [0.0, -side, 0.0]}
    return QuadLight(intensity=radiance, **(given | other))


@pytest.mark.parametrize("renderer", [HARD, SOFT, PATHS])
@pytest.mark.parametrize("radius", [0.0, 0.5])
def test_a_sphere_light_falls_with_the_square_of_the_distance(engine, renderer, radius):
    wall(engine)
    engine.scene.lights = pack_lights([SphereLight(position=[0.0, 0.0, 2.0], radius=radius, intensity=4 * math.pi)])
    seen = light_on(engine, renderer)
    x = (np.arange(32) + 0.5) / 8 - 2
    square = x[None] ** 2 + x[:, None] ** 2 + 4
    expected = 4 * 2 / square**1.5  # intensity, cosine and inverse square
    if renderer is HARD and radius > 0:  # as strong as all of the light, but not as slanted
        expected *= 2 * (1 - np.sqrt(1 - radius**2 / square)) / (radius**2 / square)
    outside = x[None] ** 2 + x[:, None] ** 2 > 0.5  # paths see the light itself before the middle
    assert seen[outside] == pytest.approx(expected[outside], rel=0.1)
    assert seen[outside].mean() == pytest.approx(expected[outside].mean(), rel=0.005)


def test_a_sphere_light_is_strong_where_it_is_near(engine):
    wall(engine)
    engine.scene.lights = pack_lights([SphereLight(position=[0.0, 0.0, 1.1], radius=1.0, intensity=math.pi)])
    near = 2 * (1 - math.sqrt(1 - 1 / 1.1**2))  # the solid angle's share, where the inverse square is 0.83
    assert light_on(engine, HARD, height=0.01).mean() == pytest.approx(near, rel=0.02)


@pytest.mark.parametrize("renderer", [HARD, SOFT, PATHS])
def test_a_small_quad_light_shines_as_radiance_times_area(engine, renderer):
    wall(engine)
    engine.scene.lights = pack_lights([quad(0.2, 2.0, 100 * math.pi)])
    seen = light_on(engine, renderer)
    x = (np.arange(32) + 0.5) / 8 - 2
    square = x[None] ** 2 + x[:, None] ** 2 + 4
    expected = 4 * 4 / square**2  # cosines of both
    assert np.median(seen / expected) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("renderer", [HARD, PATHS])
def test_a_quad_light_shines_on_one_side_only(engine, renderer):
    wall(engine)
    engine.scene.lights = pack_lights([quad(1.0, 2.0, 5.0, edge2=[0.0, 1.0, 0.0])])
    seen = light_on(engine, renderer)
    assert seen[14:].max() == 0
    assert (seen[8, 16] > 0) == (renderer is PATHS)  # its front


@pytest.mark.parametrize("renderer", [HARD, SOFT, PATHS])
def test_a_sphere_light_is_dark_inside(engine, renderer):
    engine.scene.add(spheres([0, 0, 0, 1]), WHITE)
    engine.scene.lights = pack_lights([SphereLight(radius=3.0, intensity=1000.0)])
    light = light_on(engine, renderer)
    assert light[16, 16] == (0 if renderer is not PATHS else pytest.approx(1000 / (9 * math.pi), rel=1e-3))


@pytest.mark.parametrize(
    "light", [SphereLight(position=[0.0, 0.0, 4.0], radius=0.4, intensity=30.0), quad(0.8, 4.0, 30.0)]
)
def test_shadows_are_hard_in_one_sample_and_soft_in_many(engine, light):
    wall(engine)
    unshadowed = light_on(engine, HARD, (64, 64))
    assert unshadowed.max() == 0
    engine.scene.lights = pack_lights([light])
    unshadowed = light_on(engine, HARD, (64, 64))
    engine.scene.add(spheres([0, 0, 2, 0.5]), [[0.0, 0.0, 0.0, 1.0]])
    widths = []
    for renderer in (HARD, SOFT, PATHS, replace(SOFT, soft_shadows=False)):
        share = light_on(engine, renderer, (64, 64))[32] / unshadowed[32]
        widths.append(((share > 0.1) & (share < 0.9)).sum())
        assert share[[2, -3]] == pytest.approx([1, 1], abs=0.08)
    assert widths[0] == 0
    assert min(widths[1:3]) > 5
    assert widths[3] <= 5  # of samples beside one another
    assert widths[3] < min(widths[1:3])
    assert widths[1] == pytest.approx(widths[2], abs=4)


def test_no_shadows_without_them(engine):
    wall(engine)
    engine.scene.add(spheres([0, 0, 2, 0.5]), [[0.0, 0.0, 0.0, 1.0]])
    engine.scene.lights = pack_lights([SphereLight(position=[0.0, 0.0, 4.0], radius=1.0, intensity=30.0)])
    ring = np.hypot(*(np.mgrid[:32, :32] / 8 - 2)) > 0.7
    assert light_on(engine, HARD)[ring].min() == 0
    assert light_on(engine, replace(HARD, shadows=False))[ring].min() > 0.1


def test_nothing_behind_a_light_casts_a_shadow(engine):
    wall(engine)
    engine.scene.add(spheres([0, 0, 6, 0.5]), [[0.0, 0.0, 0.0, 1.0]])
    engine.scene.lights = pack_lights([SphereLight(position=[0.0, 0.0, 4.0], intensity=30.0)])
    view = View(position=(0.0, 0.0, 3.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
    for renderer in (HARD, PATHS):
        frame = engine.trace((16, 16), Camera(view, Orthographic(height=4.0)), settings=renderer, keep=True)
        assert frame.light[8, 8, 0] == pytest.approx(30 / math.pi / 16, rel=0.02)


def test_paths_see_lights_but_rays_of_the_interactive_renderer_do_not(engine):
    engine.scene.add(spheres([0, -50, 0, 1]), WHITE)
    lights = [
        SphereLight(position=[-1.0, 0.0, 0.0], radius=0.5, intensity=math.pi / 4, color=[0.5, 1.0, 1.0]),
        quad(1.0, 0.0, 0.25, position=[0.5, 0.5, 0.0]),
        quad(1.0, 0.0, 9.0, position=[0.5, 1.6, 0.0], edge2=[0.0, 1.0, 0.0]),  # its back
        SphereLight(position=[0.0, 1.0, 0.0], intensity=9.0),  # a point
    ]
    engine.scene.lights = pack_lights(lights)
    assert light_on(engine, SOFT).max() == 0
    # Towards the viewer: edge1 x edge2 points to +z
    engine.scene.lights = pack_lights(
        [
            light.model_copy(update={"edge1": light.edge2, "edge2": light.edge1})
            if isinstance(light, QuadLight)
            else light
            for light in lights
        ]
    )
    seen = light_on(engine, replace(PATHS, samples=1))
    assert seen[16, 8] == pytest.approx(0.5)
    assert seen[16, 24] == pytest.approx(0.25)
    assert set(np.unique(seen.round(4))) == {0, 0.25, 0.5}


def test_something_before_a_light_hides_it(engine):
    engine.scene.add(spheres([0, 0, 3, 0.5]), [[0.0, 0.0, 0.0, 1.0]])
    engine.scene.lights = pack_lights([SphereLight(radius=1.0, intensity=math.pi)])
    seen = light_on(engine, replace(PATHS, samples=1))
    assert seen[16, 16] == 0
    assert seen[16, 22] == pytest.approx(1)


def test_metal_shows_lights_whether_its_lobe_meets_or_samples_them(engine):
    handle = engine.scene.add(spheres([0, 0, 0, 1.9]), WHITE)
    engine.scene.lights = pack_lights([SphereLight(position=[0.0, 0.0, 30.0], radius=20.0, intensity=math.pi * 400)])
    seen = []
    for roughness in (0.01, 0.316, 0.317):  # squares on both sides of a width of 0.1
        engine.scene.set_material(handle, row_of(Metal(roughness=roughness)))
        seen.append(light_on(engine, replace(PATHS, samples=256))[14:18, 14:18].mean())
    assert seen[0] == pytest.approx(1, abs=0.01)
    assert seen[1] == pytest.approx(seen[2], abs=0.01)
    assert seen[1] == pytest.approx(0.94, abs=0.03)  # the rest of the lobe misses the light
