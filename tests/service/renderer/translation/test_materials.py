"""What each material does to the picture of the production renderer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import DirectionalLight
from brayns_widget.protocol.brayns.materials import (
    MATERIALS,
    CarPaint,
    Emissive,
    Ghost,
    Glass,
    Material,
    Matte,
    Metal,
    Phong,
    Plastic,
    Principled,
    name_of,
)
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic
from brayns_widget.service.renderer.tracing.lights import no_lights
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.albedo import mirrored_once
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.renderer.translation.materials import row_of
from tests.service.renderer.traced import FROM_Z, byte, spheres

NONE = np.empty(0, np.uint32)
ORANGE = [1.0, 0.5, 0.2, 1.0]
MIDDLE = (slice(30, 34), slice(30, 34))


def ball(engine, material: Material, color=ORANGE, place=(0, 0, 0, 1.5)):
    engine.scene.set_material(engine.scene.add(spheres(place), [color]), row_of(material))


def picture(engine, samples=64, background=(0.0, 0.0, 0.0, 0.0), bounces=6):
    renderer = RenderSettings(path_tracing=True, samples=samples, bounces=bounces, background=background)
    return engine.snapshot((64, 64), Camera(FROM_Z, Orthographic(height=4.0)), settings=renderer).astype(int)


def middle(pixels):
    return pixels[MIDDLE].reshape(-1, 4).mean(0)


@pytest.mark.parametrize("kind", [Matte, Phong])
def test_opacity_shows_what_is_behind(engine, kind):
    ball(engine, kind(opacity=0.5))
    engine.scene.lights = no_lights()
    red, green, _blue, alpha = middle(picture(engine, 256, (0.0, 1.0, 0.0, 0.0)))
    # Both sides of the ball let half of the light through.
    assert red == 0
    assert green == pytest.approx(byte(0.25), abs=12)
    assert alpha == pytest.approx(0.75 * 255, abs=12)


def test_the_alpha_of_a_color_is_opacity_too(engine):
    ball(engine, Matte(), [1.0, 0.0, 0.0, 0.0])
    assert middle(picture(engine, 1, (0.0, 1.0, 0.0, 0.0))).tolist() == [0, byte(1.0), 0, 0]


def test_plastic_has_a_coat_that_reflects_the_sky(engine):
    ball(engine, Matte(), [0.0, 0.0, 0.0, 1.0])
    assert picture(engine)[..., 0].max() == 0
    engine.scene.clear()
    ball(engine, Plastic(), [0.0, 0.0, 0.0, 1.0])
    pixels = picture(engine)[32, :, 0]
    assert pixels[31:33].mean() == pytest.approx(byte(0.04), abs=20)  # ((1.5 - 1) / (1.5 + 1))²
    assert pixels[9:11].mean() > 2 * pixels[31:33].mean()  # Fresnel: more at grazing angles


def test_flakes_of_car_paint_reflect_a_light(engine):
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=1.0)])
    seen = []
    for density in (0.0, 0.8):
        ball(engine, CarPaint(flake_density=density), [0.2, 0.2, 0.2, 1.0])
        seen.append(picture(engine, 256)[32, (32, 48), 0])
        engine.scene.clear()
    without, flakes = seen
    assert flakes[0] > without[0] + 20  # in the mirror direction
    assert flakes[1] < without[1]  # and less beside it


def test_metal_reflects_in_its_color_and_roughness_blurs(engine):
    ball(engine, Metal(roughness=0.01))
    assert middle(picture(engine))[:3] == pytest.approx([byte(c) for c in ORANGE[:3]], abs=4)
    seen = []
    for roughness in (0.01, 0.6):
        engine.scene.clear()
        engine.scene.lights = no_lights()
        ball(engine, Metal(roughness=roughness))
        ball(engine, Emissive(intensity=2.0), place=(0, 0, 30, 5))  # behind the camera
        seen.append(picture(engine, 128)[..., 0])
    assert seen[0].max() > seen[1].max()
    assert (seen[0] > 8).sum() < (seen[1] > 8).sum()


def test_transmitted_light_is_bent(engine):
    orders = []
    for index in (1.0, 1.5):
        engine.scene.clear()
        engine.scene.lights = no_lights()
        ball(engine, Principled(transmission=1.0, ior=index))
        ball(engine, Emissive(color=[1.0, 0.0, 0.0]), place=(-50.5, 0, -60, 50))
        ball(engine, Emissive(color=[0.0, 1.0, 0.0]), place=(50.5, 0, -60, 50))
        pixels = picture(engine)
        orders.append([int(pixels[32, x, :3].argmax()) for x in (24, 40)])
    assert orders == [[0, 1], [1, 0]]


def test_glass_is_a_hollow_shell_of_its_color(engine):
    """Two panes reflect R + T²R of the ambient light, of a channel that they absorb F, as in a picture of Brayns."""
    light = light_of(engine, Glass(index_of_refraction=2.0), (1.0, 0.0, 0.0, 1.0), samples=100, bounces=3)
    assert light[MIDDLE].mean((0, 1)) == pytest.approx([0.2 + 0.64 * 0.2, 1 / 9, 1 / 9], abs=0.03)
    engine.scene.clear()
    ball(engine, Glass(index_of_refraction=2.0), [1.0, 0.0, 0.0, 1.0])
    assert middle(picture(engine, 100))[3] == pytest.approx(255 * (1 - 0.64 / 3), abs=8)


def test_a_rough_matte_surface_is_darker_at_first_and_brighter_where_light_is_slanted(engine):
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=math.pi)])
    white = (1.0, 1.0, 1.0, 1.0)
    smooth, rough = (light_of(engine, kind(), white, samples=16)[32, :, 0] for kind in (Phong, Matte))
    factor = 1 / (1 + 0.5 - 2 / (3 * math.pi))  # A of Oren and Nayar over Lambert's
    slanted = smooth > 0.3
    cosine = smooth[slanted]
    assert rough[slanted] == pytest.approx(cosine * factor * (1 + (1 - cosine**2) / cosine), rel=0.05)
    assert rough[32] == pytest.approx(factor, abs=0.01)


def test_glass_loses_no_light(engine):
    ball(engine, Glass())
    pixels = picture(engine, 64, (1.0, 1.0, 1.0, 1.0), bounces=20)
    assert middle(pixels)[0] == pytest.approx(byte(1.0), abs=2)


def test_emissive_shines_in_its_own_color_and_lights_others(engine):
    engine.scene.lights = no_lights()
    ball(engine, Emissive(color=[1.0, 0.5, 0.0], intensity=0.5), [0.0, 0.0, 1.0, 1.0])
    assert middle(picture(engine, 1)).tolist() == [byte(0.5), byte(0.25), 0, 255]
    engine.scene.clear()
    ball(engine, Matte(), [1.0, 1.0, 1.0, 1.0])
    assert picture(engine)[..., 0].max() == 0
    ball(engine, Emissive(color=[0.0, 1.0, 0.0]), place=(0, 20, 20, 15))
    pixels = picture(engine)
    assert pixels[20, 32, 1] > 50
    assert pixels[..., 0].max() == 0


def test_ghost_shows_edges_only(engine):
    ball(engine, Ghost())
    alpha = picture(engine, 128)[32, :, 3]
    assert alpha[31:33].max() == 0
    assert alpha[8:10].mean() > 100


def test_principled_is_metal_glass_and_plastic_in_parts(engine):
    pairs = [
        (Principled(coat=1.0), Plastic()),
        (Principled(), Phong()),
        (Principled(roughness=1.0), Matte()),
    ]
    seen = []
    for pair in pairs:
        pictures = []
        for material in pair:
            engine.scene.clear()
            ball(engine, material)
            ball(engine, Emissive(), place=(0, 20, 20, 15))
            pictures.append(picture(engine, 4))
        assert (pictures[0] == pictures[1]).all(), pair
        seen.append(pictures[0])
    assert all((one != other).any() for n, one in enumerate(seen) for other in seen[:n])


def test_thin_principled_scatters_light_forwards(engine):
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, 1.0], intensity=3.0)])  # from behind
    seen = []
    for back_light in (0.0, 1.0):
        engine.scene.clear()
        ball(engine, Principled(thin=True, back_light=back_light, roughness=1.0))
        seen.append(middle(picture(engine))[0])
    assert seen[0] < seen[1]


def test_a_tinted_coat_and_sheen_change_the_color(engine):
    seen = []
    for material in (Principled(), Principled(coat=1.0, coat_color=[0.0, 0.0, 1.0]), Principled(sheen=1.0)):
        engine.scene.clear()
        ball(engine, material, [0.3, 0.3, 0.3, 1.0])
        pixels = picture(engine)
        seen.append((pixels[32, 32, 0], pixels[32, 10, 0]))
    plain, coated, sheen = seen
    assert coated[0] < plain[0]
    assert sheen[1] > plain[1]
    assert sheen[0] == pytest.approx(plain[0], abs=2)


def light_of(engine, material, color=(0.3, 0.3, 0.3, 1.0), samples=64, bounces=6, size=64):
    """Linear light of the production picture of one ball (size, size, 3)."""
    engine.scene.clear()
    ball(engine, material, list(color))
    renderer = RenderSettings(path_tracing=True, samples=samples, bounces=bounces, background=(0.0, 0.0, 0.0, 0.0))
    return engine.trace((size, size), Camera(FROM_Z, Orthographic(height=4.0)), settings=renderer, keep=True).light[
        ..., :3
    ]


def test_a_thicker_coat_takes_more_of_the_light(engine):
    colors = []
    for thickness in (0.0, 1.0, 2.0):
        material = Principled(coat=1.0, coat_ior=1.0001, coat_color=[1.0, 0.5, 0.25], coat_thickness=thickness)
        colors.append(light_of(engine, material, samples=256)[30:34, 30:34].mean((0, 1)))
    assert colors[0] == pytest.approx([0.3, 0.3, 0.3], rel=1e-3)
    # Light passes the coat twice: slantwise from the sky, and straight to the viewer.
    cosine = (np.arange(1000) + 0.5) / 1000
    for thickness in (1, 2):
        left = np.array([1.0, 0.5, 0.25])[:, None] ** (thickness * (1 + 1 / cosine))
        expected = 0.3 * (2 * cosine * left).mean(1)
        assert colors[thickness] == pytest.approx(expected, rel=0.05, abs=2e-4)


def test_sheen_takes_the_color_of_the_base_by_its_tint(engine):
    blue = (0.0, 0.0, 0.5, 1.0)
    edges = []
    for tint in (0.0, 0.5, 1.0):
        material = Principled(sheen=1.0, sheen_color=[1.0, 0.0, 0.0], sheen_tint=tint)
        edges.append(light_of(engine, material, blue, 16)[32, 9])
    reds, blues = [edge[0] for edge in edges], [edge[2] for edge in edges]
    assert reds[0] > 0.1
    assert reds == pytest.approx([reds[0], reds[0] / 2, 0], rel=0.05)
    assert blues[0] == pytest.approx(0.5, rel=0.01)
    assert blues == sorted(blues)
    assert blues[2] > blues[0] + 0.05


def test_rough_sheen_reaches_farther_inwards(engine):
    rows = [light_of(engine, Principled(sheen=1.0, sheen_roughness=each), samples=16)[32, :, 0] for each in (0.2, 0.6)]
    inwards = 14
    assert rows[1][inwards] > rows[0][inwards] + 0.03
    assert rows[0][32] == pytest.approx(rows[1][32], abs=0.01)


@pytest.mark.parametrize("depth", [1.5, 3.0])
def test_solid_glass_absorbs_by_beers_law(engine, depth):
    color = np.array([0.9, 0.5, 0.2])
    material = Principled(transmission=1.0, ior=1.0, transmission_color=color.tolist(), transmission_depth=depth)
    seen = light_of(engine, material, samples=4)
    x = 0.5 / 16  # of the middle pixel
    for column, offset in ((32, x), (48, 1 + x)):
        path = 2 * math.sqrt(1.5**2 - offset**2 - x**2)
        assert seen[32, column] == pytest.approx(color ** (path / depth), rel=0.02)


def test_thin_glass_absorbs_by_its_thickness(engine):
    color = np.array([0.9, 0.5, 0.2])
    for thickness in (0.0, 1.0, 3.0):
        material = Principled(
            transmission=1.0, ior=1.0, transmission_color=color.tolist(), transmission_depth=2.0, thin=True,
            thickness=thickness,
        )  # fmt: skip
        through_both_walls = color ** (2 * thickness / 2)
        assert light_of(engine, material, samples=4)[32, 32] == pytest.approx(through_both_walls, rel=1e-3)


def highlight(engine, **settings):
    """Standard deviations of the bright part, in pixels across and down."""
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=1.0)])
    material = Principled(metallic=1.0, roughness=0.4, **settings)
    light = light_of(engine, material, (1.0, 1.0, 1.0, 1.0), 4, bounces=1)[..., 0].astype(np.float64)
    places = np.arange(64) - 31.5
    return [math.sqrt((light.sum(axis) * places**2).sum() / light.sum()) for axis in (0, 1)]


def test_anisotropy_stretches_highlights_and_its_rotation_turns_them(engine):
    across, down = highlight(engine)
    assert across == pytest.approx(down, rel=0.05)
    across, down = highlight(engine, anisotropy=0.9)
    assert across > 1.5 * down
    turned = highlight(engine, anisotropy=0.9, anisotropy_rotation=0.25)
    # On a ball the direction turns a little on the way up and down.
    assert turned == pytest.approx([down, across], rel=0.25)
    assert highlight(engine, anisotropy=0.9, anisotropy_rotation=0.5) == pytest.approx([across, down], rel=0.05)


@pytest.mark.parametrize(("anisotropy", "rotation"), [(0.0, 0.0), (0.8, 0.0), (0.8, 0.25)])
def test_stretched_metal_reflects_an_even_sky_but_for_what_facets_hide(engine, anisotropy, rotation):
    material = Principled(metallic=1.0, roughness=0.5, anisotropy=anisotropy, anisotropy_rotation=rotation)
    seen = light_of(engine, material, (1.0, 1.0, 1.0, 1.0), 256)[30:34, 30:34].mean()
    # Facets around the normal, by their density; of what they reflect, Smith's share gets out.
    stretch = math.sqrt(1 - 0.9 * anisotropy)
    widths = np.array([0.25 / stretch, 0.25 * stretch])
    u, v = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(400) + 0.5) / 400)
    slopes = np.sqrt(u / (1 - u))[..., None] * np.stack([np.cos(2 * np.pi * v), np.sin(2 * np.pi * v)], -1) * widths
    height = 1 / np.sqrt(1 + (slopes**2).sum(-1))
    ways = 2 * height[..., None] ** 2 * slopes
    up = 2 * height**2 - 1
    out = np.where(up > 0, 2 * up / (up + np.sqrt(up**2 + ((ways * widths) ** 2).sum(-1))), 0)
    # What does not is reflected again (Kulla and Conty), as much as by metal that is not stretched.
    table, once = mirrored_once(0.5)
    again = (1 - table[-1]) * 0.99**2 * once / (1 - 0.99 * (1 - once))
    assert seen == pytest.approx(0.99 * out.mean() + again, abs=0.01)


@pytest.mark.parametrize(
    "extreme",
    [
        {"transmission_color": [0.0, 0.0, 0.0], "transmission_depth": -1.0},
        {"transmission_color": [2.0, -1.0, 0.0], "thin": True, "thickness": 3e38},
        {"coat": 1.0, "coat_color": [0.0, 0.0, 0.0], "coat_thickness": 3e38},
        {"sheen": 3e38, "sheen_roughness": -3e38, "sheen_tint": 3e38},
        {"anisotropy": 1.0, "anisotropy_rotation": 1.0, "metallic": 1.0, "roughness": 1.0},
    ],
)
def test_extreme_numbers_make_pictures_too(engine, extreme):
    seen = light_of(engine, Principled(transmission=0.5, **extreme), samples=4)
    assert np.isfinite(seen).all()
    assert seen.min() >= 0


def test_a_material_changes_the_picture_without_a_rebuild(engine):
    ball(engine, Matte())
    engine.scene.commit()
    traced = engine.scene.traced[0]
    revision = engine.scene.revision
    engine.scene.set_material(next(iter(engine.scene._models)), row_of(Metal()))
    engine.scene.commit()
    assert engine.scene.traced[0] == traced
    assert engine.scene.revision > revision


@pytest.mark.parametrize(
    "material", [Glass(index_of_refraction=0.0), Glass(index_of_refraction=-1.0), Principled(coat_ior=0.0)]
)
def test_numbers_that_make_no_material_are_refused(material):
    with pytest.raises(ValueError, match="index of refraction"):
        row_of(material)


def test_every_material_has_a_name():
    assert {name_of(kind()) for kind in MATERIALS.values()} == set(MATERIALS)
