"""What the interactive renderer shows of materials that are not opaque or not lit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight, SphereLight
from brayns_widget.protocol.brayns.materials import Emissive, Ghost, Glass, Matte, Metal, Phong, Plastic, Principled
from brayns_widget.service.renderer.tracing import tracer
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic
from brayns_widget.service.renderer.tracing.cover import ready, warm_up
from brayns_widget.service.renderer.tracing.lights import no_lights
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.renderer.translation.materials import row_of
from tests.service.renderer.traced import FROM_Z, byte, spheres

NONE = np.empty(0, np.uint32)
PLAIN = RenderSettings(ao_samples=0, shadows=False, background=(0.0, 0.0, 0.0, 0.0))
BLUE = [0.0, 0.0, 1.0, 0.5]


def ball(engine, material, color=(1.0, 0.0, 0.0, 1.0), place=(0, 0, 0, 1.5)):
    handle = engine.scene.add(spheres(place), [list(color)])
    engine.scene.set_material(handle, row_of(material))
    return handle


def picture(engine, **settings):
    renderer = replace(PLAIN, **settings)
    return engine.snapshot((64, 64), Camera(FROM_Z, Orthographic(height=4.0)), settings=renderer).astype(int)


def light_of(engine, **settings):
    """Linear light, (64, 64, 4)."""
    renderer = replace(PLAIN, **settings)
    return engine.trace((64, 64), Camera(FROM_Z, Orthographic(height=4.0)), settings=renderer, keep=True).light


@pytest.mark.parametrize("kind", [Matte, Phong, Plastic])
def test_both_sides_of_a_half_opaque_ball_cover_what_is_behind(engine, kind):
    ball(engine, kind(opacity=0.5))
    pixels = picture(engine, background=BLUE)
    # front 1/2, back 1/4, background 1/4
    assert pixels[32, 32].tolist() == [byte(0.75), 0, byte(0.25), round(255 * (0.75 + 0.25 * 0.5))]
    assert pixels[2, 2].tolist() == [0, 0, byte(1.0), 128]


def test_an_exact_background_is_seen_through_a_half_opaque_ball(engine):
    ball(engine, Matte(opacity=0.5))
    pixels = picture(engine, background=(1.0, 1.0, 1.0, 1.0), exact_background=True)
    # front 1/2, back 1/4, background 1/4; in the negative, in which the background is 0, the squares are mixed
    red, other = 255 - math.sqrt(0.75) * (255 - byte(1.0)), 255 - math.sqrt(0.75) * 255
    assert pixels[32, 32].tolist() == pytest.approx([red, other, other, 255], abs=1)
    assert pixels[2, 2].tolist() == [255] * 4


def test_fog_fades_each_layer(engine):
    ball(engine, Matte(opacity=0.5))
    pixels = picture(engine, background=(0.0, 0.0, 1.0, 1.0), fog=1.0)
    # The front, at the begin of the scene, is clear; the back, at its end, has faded wholly.
    assert pixels[32, 32].tolist() == pytest.approx([byte(0.5), 0, byte(0.5), 255], abs=1)
    clear = picture(engine, background=(0.0, 0.0, 0.0, 0.0), fog=1.0, exact_background=True)
    assert clear[32, 32].tolist() == pytest.approx([byte(1.0), 0, 0, 128], abs=1)


def test_rays_meet_as_many_surfaces_as_they_may(engine):
    for depth in range(4):
        ball(engine, Matte(opacity=0.5), place=(0, 0, -4 * depth, 1.5))
    seen = [picture(engine, bounces=bounces)[32, 32, 3] for bounces in (0, 1, 2, 20)]
    assert seen == [128, 128, 191, 254]


def test_the_alpha_of_a_color_is_opacity(engine):
    handle = ball(engine, Matte(), [1.0, 0.0, 0.0, 0.25])
    ball(engine, Matte(), [0.0, 1.0, 0.0, 1.0], (0, 0, -5, 3))
    assert picture(engine)[32, 32].tolist() == [byte(0.4375), byte(0.5625), 0, 255]
    engine.scene.set_colors(handle, [[1.0, 0.0, 0.0, 1.0]])
    assert picture(engine)[32, 32].tolist() == [byte(1.0), 0, 0, 255]


def test_emissive_and_plastic_are_plain_in_brayns(engine):
    engine.scene.lights = no_lights()
    ball(engine, Emissive(color=[1.0, 0.5, 0.0]))
    ball(engine, Plastic(opacity=0.0), place=(0, 0, 3, 1))
    brayns = RenderSettings(ao_samples=0, all_materials=False)
    camera = Camera(FROM_Z, Orthographic(height=4.0))
    pixels = engine.snapshot((8, 8), camera, settings=brayns)
    assert pixels[4, 4].tolist() == [0, 0, 0, 255]
    assert engine.snapshot((8, 8), camera, settings=RenderSettings(ao_samples=0))[4, 4, 0] == byte(1.0)


def test_emissive_is_not_lit(engine):
    engine.scene.lights = no_lights()
    ball(engine, Emissive(color=[1.0, 0.5, 0.0], intensity=0.5))
    assert picture(engine)[32, 32].tolist() == [byte(0.5), byte(0.25), 0, 255]


def test_ghost_shows_edges_only(engine):
    ball(engine, Ghost())
    alpha = picture(engine)[32, :, 3]
    assert alpha[31:33].max() == 0
    assert 100 < alpha[8:10].mean() < 255
    assert (np.diff(alpha[8:32]) <= 0).all()


@pytest.mark.parametrize("material", [Metal(), Glass()])
def test_other_materials_are_matte(engine, material):
    ball(engine, material)
    assert picture(engine)[32, 32].tolist() == [byte(1.0), 0, 0, 255]


@pytest.mark.parametrize(
    ("material", "left"),
    [
        (Matte(), 0),
        (Emissive(), 0),
        (Glass(), 0),
        (Principled(transmission=1.0), 0),
        (Matte(opacity=0.5), 0.25),  # two surfaces
        (Plastic(opacity=0.9), 0.01),
        (Matte(opacity=0.0), 1),
        (Ghost(), 1),  # in the middle of its shadow
    ],
)
def test_surfaces_weaken_light_by_their_opacity(engine, material, left):
    ball(engine, Matte(), (0.0, 1.0, 0.0, 1.0), (0, 0, -3, 2))
    ball(engine, material, place=(0, 1.875, 2, 0.5))
    shares = []
    for light in (
        DirectionalLight(direction=[0.0, -2.5, -4.0], intensity=2.0),
        SphereLight(position=[0.0, 19.0, 29.3], intensity=2000.0),
    ):
        engine.scene.lights = pack_lights([light])
        lit, shaded = (light_of(engine, shadows=shadows)[32, 32, 1] for shadows in (False, True))
        shares.append(shaded / lit)
    assert shares == pytest.approx([left, left], abs=0.01)


def test_a_ghost_only_adds_light(engine):
    ball(engine, Matte(), (0.0, 1.0, 0.0, 1.0), (0, 0, -30, 20))
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -5.0, -15.0], intensity=2.0)])
    before = light_of(engine, shadows=True)
    ball(engine, Ghost(), (1.0, 0.0, 0.0, 1.0), place=(0, 0, 5, 1))
    after = light_of(engine, shadows=True)
    assert after[..., 1:3] == pytest.approx(before[..., 1:3], abs=1e-4)  # neither hides nor shades
    row = after[32, :, 0]
    assert row[32] == pytest.approx(0, abs=1e-3)
    assert 0.5 < row.max() < 1


def test_ambient_light_comes_through_what_lets_it(engine):
    ball(engine, Matte(), (1.0, 1.0, 1.0, 1.0), (0, 0, 0, 1))
    hollow = ball(engine, Matte(opacity=0.4), (0.0, 0.0, 0.0, 1.0), (0, 0, 0, 3))
    middle = slice(28, 36), slice(28, 36), 0  # rays end by chance
    seen = light_of(engine, ao_samples=8, samples=8)[middle].mean()
    assert seen == pytest.approx(0.6 * 0.6, abs=0.01)  # on its way to the ball, and to the viewer
    engine.scene.set_colors(hollow, [[0.0, 0.0, 0.0, 0.5]])
    seen = light_of(engine, ao_samples=8, samples=8)[middle].mean()
    assert seen == pytest.approx(0.8 * 0.8, abs=0.01)


def test_rays_of_light_that_end_by_chance_keep_the_mean(engine):
    ball(engine, Matte(), (0.0, 1.0, 0.0, 1.0), (0, 0, -3, 2))
    for number in range(4):
        ball(engine, Matte(opacity=0.4), place=(0, 1.875 + number * 2.5, 2 + number * 4, 0.7))
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -2.5, -4.0], intensity=2.0)])
    middle = slice(31, 34), slice(31, 34), 1
    lit, shaded = (light_of(engine, shadows=shadows, samples=256)[middle].mean() for shadows in (False, True))
    assert shaded / lit == pytest.approx(0.6**8, rel=0.15)  # without it, all of it would be lost below an eighth


def test_many_surfaces_weaken_light_many_times(engine):
    ball(engine, Matte(), (0.0, 1.0, 0.0, 1.0), (0, 0, -3, 2))
    for number in range(5):
        ball(engine, Matte(opacity=0.1), place=(0, 1.875 + number * 2.5, 2 + number * 4, 0.5))
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -2.5, -4.0], intensity=2.0)])
    lit, shaded = (light_of(engine, shadows=shadows)[32, 32, 1] for shadows in (False, True))
    assert shaded / lit == pytest.approx(0.9**10, abs=0.01)


def test_what_is_behind_a_light_does_not_weaken_it(engine):
    ball(engine, Matte(), (0.0, 1.0, 0.0, 1.0), (0, 0, -3, 2))
    ball(engine, Matte(opacity=0.5), place=(0, 1.875, 2, 0.5))
    engine.scene.lights = pack_lights([SphereLight(position=[0.0, 1.2, 1.0], intensity=5.0)])
    lit, shaded = (light_of(engine, shadows=shadows)[32, 32, 1] for shadows in (False, True))
    assert shaded == lit > 0


def test_shadows_come_and_go_with_opacity(engine):
    ball(engine, Matte(), (0.0, 1.0, 0.0, 1.0), (0, 0, -3, 2))
    handle = ball(engine, Matte(), place=(0, 1.875, 2, 0.5))
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -2.5, -4.0], intensity=3.0)])
    seen = []
    for material in (Matte(), Matte(opacity=0.1), Matte()):
        engine.scene.set_material(handle, row_of(material))
        seen.append(int(picture(engine, shadows=True)[32, 32, 1]))
    assert seen[0] == seen[2] == 0
    assert seen[1] > 100


def test_layers_are_shaded_as_opaque_surfaces_are(engine):
    effects = {"ao_samples": 2, "shadows": True, "samples": 4}
    engine.scene.lights = pack_lights(
        [AmbientLight(intensity=0.3), DirectionalLight(direction=[-1.0, -1.0, -1.0], intensity=3.0)]
    )
    ball(engine, Matte(), (1.0, 0.7, 0.4, 1.0))
    ball(engine, Matte(), (1.0, 0.7, 0.4, 1.0), (1.2, 0.3, 1.0, 0.5))
    opaque = picture(engine, **effects)
    ball(engine, Emissive(), place=(50, 0, 0, 1))  # out of sight, but not plain
    # The compiler rounds differently; a ray that grazes may miss what it hit.
    assert (abs(picture(engine, **effects) - opaque) > 1).mean() < 0.01
    assert not engine.scene.plain


def test_pictures_are_the_same_as_when_all_pixels_are_traced(engine, monkeypatch):
    warm_up()
    assert ready()
    random = np.random.default_rng(1)
    for place in random.uniform([-2, -2, -2, 0.05], [2, 2, 2, 0.3], (40, 4)):
        ball(engine, Matte(opacity=0.5), random.uniform(0, 1, 4), place)
    engine.scene.lights = pack_lights([SphereLight(position=[5.0, 5.0, 5.0], radius=1.0, intensity=200.0)])
    renderer = RenderSettings(samples=2, ao_samples=1, background=(0.1, 0.2, 0.3, 0.4))
    pictures = []
    for mask in (True, False):
        monkeypatch.setattr(tracer, "ready", lambda mask=mask: mask)
        # A picture of fewer pixels would be traced whole.
        pictures.append(engine.snapshot((400, 300), Camera(FROM_Z, Orthographic(height=6.0)), settings=renderer))
    assert (pictures[0] == pictures[1]).all()
    assert len(np.unique(pictures[0][..., 3])) > 2
