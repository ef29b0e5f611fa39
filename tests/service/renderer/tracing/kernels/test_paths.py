"""Light that the path tracer finds, against what it must be; one convex white surface under an even sky is even."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import DirectionalLight
from brayns_widget.protocol.brayns.materials import Glass, Matte, Principled
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.renderer.translation.materials import row_of
from tests.service.renderer.traced import FROM_Z, byte, spheres

NONE = np.empty(0, np.uint32)
ONE = RenderSettings(path_tracing=True, samples=1)
MANY = RenderSettings(path_tracing=True, samples=64)
WHITE = [[1.0, 1.0, 1.0, 1.0]]


def picture(engine, renderer=ONE, size=(64, 64), height=4.0):
    return engine.snapshot(size, Camera(FROM_Z, Orthographic(height=height)), settings=renderer).astype(int)


def test_a_convex_matte_surface_under_an_even_sky_has_its_color(engine):
    engine.scene.add(spheres([0, 0, 0, 3]), [[0.8, 0.4, 0.2, 1.0]])
    pixels = picture(engine)
    assert np.unique(pixels.reshape(-1, 4), axis=0).tolist() == [[byte(0.8), byte(0.4), byte(0.2), 255]]


def test_directional_light_falls_as_in_the_interactive_renderer(engine):
    engine.scene.add(spheres([0, 0, 0, 1.5], [0.8, 0.8, 1.5, 0.4]), [[0.8, 0.4, 0.2, 1.0]])
    engine.scene.lights = pack_lights([DirectionalLight(intensity=3.0, direction=[-1.0, -1.0, -2.0])])
    scivis = picture(engine, RenderSettings(ao_samples=0))
    traced = picture(engine, RenderSettings(path_tracing=True, samples=1, bounces=1))
    assert (traced == scivis).all()
    assert (traced[..., 0] > 100).any()
    assert (traced[..., 0] == 0).any()


def test_light_between_surfaces_brightens_a_crevice_with_each_bounce(engine):
    engine.scene.add(spheres([-1, 0, 0, 1], [1, 0, 0, 1]), WHITE)
    crevice = [
        picture(engine, RenderSettings(path_tracing=True, samples=64, bounces=bounces))[31:33, 30:34, 0].mean()
        for bounces in (1, 2, 8)
    ]
    assert crevice[0] + 10 < crevice[1] < crevice[2] <= byte(1.0)
    occluded = picture(engine, RenderSettings(samples=64, ao_samples=4))[31:33, 30:34, 0].mean()
    assert crevice[0] == pytest.approx(occluded, abs=6)


def test_light_takes_the_color_of_the_surface_that_it_comes_from(engine):
    engine.scene.add(spheres([0, 0, 0, 0.1]), WHITE)
    engine.scene.add(spheres([0, -1000.1, 0, 1000]), [[1.0, 0.0, 0.0, 1.0]])
    red, green, _blue, _alpha = picture(engine, MANY, (32, 32), 0.4)[15:17, 15:17].reshape(-1, 4).mean(0)
    # Half from the sky, and a fifth from the ground, which the ball shades: 4096 samples give 0.7.
    assert red == pytest.approx(byte(0.7), abs=4)
    assert green == pytest.approx(byte(0.5), abs=5)


def test_the_sky_is_not_seen_but_the_background_is(engine):
    engine.scene.add(spheres([0, 0, 0, 1]), WHITE)
    sky = replace(MANY, background=(0.004, 0.016, 0.102, 0.25))
    pixels = picture(engine, sky)
    assert pixels[0, 0].tolist() == [byte(0.004), byte(0.016), byte(0.102), 64]
    assert pixels[32, 32].tolist() == [byte(1.0)] * 3 + [255]


def test_no_bounces_still_show_the_first_surface(engine):
    engine.scene.add(spheres([0, 0, 0, 3]), WHITE)
    assert (picture(engine, RenderSettings(path_tracing=True, samples=1, bounces=0))[..., 0] == byte(1.0)).all()


def test_paths_among_white_walls_end(engine):
    engine.scene.add(spheres([0, 0, 0, 50]), WHITE)
    assert picture(engine, RenderSettings(path_tracing=True, samples=1, bounces=10**30))[..., 0].max() == 0


def test_paths_accumulate_in_the_interactive_picture(engine):
    engine.scene.add(spheres([-1, 0, 0, 1], [1, 0, 0, 1]), WHITE)
    engine.set_viewport(32, 24)
    engine.set_camera(Camera(FROM_Z, Orthographic(height=4.0)))
    engine.set_render_settings(RenderSettings(path_tracing=True, samples=3))
    counts = []
    while engine.render():
        counts.append(engine.accumulation)
    assert counts == [1, 2, 3]
    engine.set_render_settings(RenderSettings(ao_samples=0))
    assert engine.render()


@pytest.mark.parametrize(
    ("material", "left"),
    [
        (Matte(), 0),
        (Matte(opacity=0.4), 0.36),
        (Glass(), 1),
        (Principled(transmission=0.5, metallic=0.2), 0.16),
        (Principled(transmission=0.5), 0.25),
    ],
)
def test_surfaces_weaken_light_on_its_way(engine, material, left):
    engine.scene.add(spheres([0, 0, -3, 2]), WHITE)
    handle = engine.scene.add(spheres([0, 1.875, 2, 0.5]), WHITE)
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -2.5, -4.0], intensity=2.0)])
    renderer = RenderSettings(path_tracing=True, samples=1, bounces=1)
    seen = []
    for each in (Matte(opacity=0.0), material):
        engine.scene.set_material(handle, row_of(each))
        frame = engine.trace((64, 64), Camera(FROM_Z, Orthographic(height=4.0)), settings=renderer, keep=True)
        seen.append(frame.light[32, 32, 0])
    assert seen[1] / seen[0] == pytest.approx(left, abs=1e-4)
