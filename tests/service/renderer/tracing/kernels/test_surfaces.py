"""Hits and shading of the kernel against calculations in float64, one ray a pixel, no antialiasing."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from brayns_widget.protocol import colors
from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, Perspective, View, ray_frame
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from tests.service.renderer.traced import FROM_Z, byte, spheres

NO_SEGMENTS = (np.empty((0, 4), np.float32), np.empty(0, np.uint32), np.empty(0, np.uint32))
PLAIN = RenderSettings(samples=1, ao_samples=0, shadows=False, background=(0.0, 0.0, 0.0, 0.0))
WHITE = [[1.0, 1.0, 1.0, 1.0]]


def curve(*points, slots=None):
    count = len(points) - 1
    slots = np.zeros(count, np.uint32) if slots is None else np.array(slots, np.uint32)
    return Geometry(
        np.array(points, np.float32),
        np.arange(count, dtype=np.uint32),
        slots,
        np.empty((0, 4), np.float32),
        np.empty(0, np.uint32),
    )


def picture(engine, size=(64, 64), projection=None, renderer=PLAIN, view=FROM_Z):
    return engine.snapshot(size, Camera(view, projection or Orthographic(height=4.0)), settings=renderer)


def rays(size, projection, view=FROM_Z):
    """Origins and unit directions (height, width, 3) of the rays through the pixels' middles, in float64."""
    frame = ray_frame(Camera(view, projection), size[0] / size[1]).astype(np.float64)
    u = (np.arange(size[0]) + 0.5)[None, :, None] / size[0]
    v = (np.arange(size[1]) + 0.5)[:, None, None] / size[1]
    origins, directions = (frame[k] + u * frame[k + 1] + v * frame[k + 2] for k in (0, 3))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    return origins, directions


def sphere_gap(origins, directions, center, radius):
    """How far each ray passes outside of a sphere, relative to its radius; negative: it hits."""
    offset = np.asarray(center) - origins
    along = (offset * directions).sum(-1, keepdims=True)
    return (np.linalg.norm(offset - along * directions, axis=-1) - radius) / radius


def cone_gap(origins, directions, start, end, steps=120):
    """As ``sphere_gap``, of the hull of two spheres: the smallest gap of the spheres between them."""
    return np.min([sphere_gap(origins, directions, p[:3], p[3]) for p in np.linspace(start, end, steps)], axis=0)


@pytest.mark.parametrize("projection", [Perspective(fovy=30.0), Orthographic(height=5.0)])
def test_spheres_are_hit_where_float64_says(engine, projection):
    size = (96, 80)
    some = np.random.default_rng(5).uniform([-2, -2, -2, 0.05], [2, 2, 2, 0.5], (12, 4))
    engine.scene.add(spheres(*some), WHITE)
    hit = picture(engine, size, projection)[..., 3] > 0
    origins, directions = rays(size, projection)
    gap = np.min([sphere_gap(origins, directions, s[:3], s[3]) for s in some.astype(np.float32)], axis=0)
    assert (hit == (gap < 0))[abs(gap) > 1e-4].all()
    assert 0.05 < hit.mean() < 0.9


@pytest.mark.parametrize("projection", [Perspective(fovy=30.0), Orthographic(height=5.0)])
def test_cone_spheres_are_hit_where_float64_says(engine, projection):
    size = (96, 80)
    random = np.random.default_rng(6)
    points = random.uniform([-2, -2, -2, 0.05], [2, 2, 2, 0.3], (9, 4))
    engine.scene.add(curve(*points), WHITE)
    hit = picture(engine, size, projection)[..., 3] > 0
    chain = points.astype(np.float32).astype(np.float64)
    origins, directions = rays(size, projection)
    gap = np.min([cone_gap(origins, directions, a, b) for a, b in pairwise(chain)], axis=0)
    assert (hit == (gap < 0))[abs(gap) > 1e-2].all()
    assert 0.05 < hit.mean() < 0.9


def test_segments_that_do_not_continue_have_round_ends_of_their_own(engine):
    vertices = np.array([[-1, 0, 0, 0.5], [0, 0, 0, 0.5], [1.5, 0, 0, 0.2], [1.8, 0, 0, 0.2]], np.float32)
    slots = np.zeros(2, np.uint32)
    apart = Geometry(vertices, np.array([0, 2], np.uint32), slots, np.empty((0, 4), np.float32), slots[:0])
    engine.scene.add(apart, WHITE)
    row = picture(engine, (64, 64), Orthographic(height=4.0))[32, :, 3] > 0
    x = (np.arange(64) + 0.5) / 64 * 4 - 2
    assert (row == (((x > -1.5) & (x < 0.5)) | (x > 1.3))).all()


def test_silhouette_of_a_sphere_has_its_area(engine):
    engine.scene.add(spheres([0, 0, 0, 1.5]), WHITE)
    covered = (picture(engine, (400, 400))[..., 3] > 0).mean() * 16
    assert covered == pytest.approx(math.pi * 1.5**2, rel=2e-3)


def test_matte_surface_scatters_light_by_the_cosine(engine):
    engine.scene.add(spheres([0, 0, 0, 1.9]), [[0.8, 0.4, 0.2, 1.0]])
    engine.scene.lights = pack_lights(
        [
            AmbientLight(color=[0.5, 1.0, 1.0], intensity=0.2),
            DirectionalLight(color=[1.0, 0.5, 1.0], intensity=2.0, direction=[1.0, -2.0, -2.0]),
        ]
    )
    pixels = picture(engine, (128, 128)).astype(int)
    y, x = np.mgrid[1.984375:-2:-0.03125, -1.984375:2:0.03125]
    inside = x**2 + y**2 < 1.85**2
    normal = np.stack([x, y, np.sqrt(np.maximum(0, 1.9**2 - x**2 - y**2))], -1) / 1.9
    cosine = np.maximum(0, normal @ np.array([-1, 2, 2]) / 3)
    for channel in range(3):
        ambient = [0.1, 0.2, 0.2][channel]
        irradiance = [2.0, 1.0, 2.0][channel]
        light = [0.8, 0.4, 0.2][channel] * (ambient + irradiance / math.pi * cosine)
        wanted = np.vectorize(byte)(light)
        assert np.abs(pixels[..., channel] - wanted)[inside].max() <= 1


def test_normals_of_cones_are_square_to_their_flanks(engine):
    # A cone that opens towards +x, seen from the side: its upper edge's normal leans towards -x by asin(slope).
    engine.scene.add(curve([-3, 0, 0, 0.2], [3, 0, 0, 1.4]), WHITE)
    lean = math.asin(1.2 / 6)
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -1.0, 0.0], intensity=math.pi)])
    column = picture(engine, (64, 256), Orthographic(height=4.0))[:, 32]
    covered = np.flatnonzero(column[:, 3])
    # At the very edge of the silhouette the normal stands square to the view: cosine with +y is cos(lean).
    assert abs(int(column[covered[0], 0]) - byte(math.cos(lean) * 0.97)) <= 6


def test_shadow_falls_on_what_lies_behind(engine):
    engine.scene.add(spheres([0, 0, -3, 2], [0, 1.875, 2, 0.5]), WHITE)
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -2.5, -4.0], intensity=3.0)])
    lit = picture(engine)
    shadowed = picture(engine, renderer=replace(PLAIN, shadows=True))
    middle = (slice(30, 34), slice(30, 34), 0)
    assert lit[middle].min() > 100
    assert shadowed[middle].max() == 0
    assert (shadowed[50, 32] == lit[50, 32]).all()


def test_a_surface_does_not_shadow_itself_far_from_the_origin(engine):
    far = np.array([40_000.0, -30_000.0, 20_000.0])
    engine.scene.add(spheres([*far, 5]), WHITE)
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=3.0)])
    view = View(position=(far[0], far[1], far[2] + 50), target=tuple(far), up=(0.0, 1.0, 0.0))
    shadows = replace(PLAIN, shadows=True)
    plain, shadowed = (picture(engine, (64, 64), Orthographic(height=6.0), r, view) for r in (PLAIN, shadows))
    assert plain[..., 0].min() > 0
    assert (plain == shadowed).all()


def test_ambient_occlusion_darkens_a_crevice_only(engine):
    engine.scene.add(spheres([-1, 0, 0, 1], [1, 0, 0, 1]), WHITE)
    occluded = RenderSettings(samples=16, ao_samples=4, shadows=False, background=(0, 0, 0, 0.0))
    pixels = picture(engine, (64, 64), renderer=occluded).astype(int)
    crevice, open_side = pixels[31:33, 30:34, 0].mean(), pixels[31:33, 14:18, 0].mean()
    assert crevice < 0.8 * open_side
    assert open_side == pytest.approx(byte(1.0), abs=3)


def test_half_of_the_sky_behind_a_wall_is_half_the_light(engine):
    # A small ball that touches a huge one: towards the viewer its normal is square to the contact's.
    engine.scene.add(spheres([0, 0, 0, 0.1], [0, -1000.1, 0, 1000]), WHITE)
    occluded = RenderSettings(samples=64, ao_samples=8, shadows=False, background=(0, 0, 0, 0.0))
    pixels = picture(engine, (32, 32), Orthographic(height=0.4), occluded).astype(int)
    assert pixels[15:17, 15:17, 0].mean() == pytest.approx(byte(0.5), abs=5)


def test_colors_come_from_the_slots(engine):
    geometry = curve([-3, 0, 0, 0.5], [-1, 0, 0, 0.5], [1, 0, 0, 0.5], [3, 0, 0, 0.5], slots=[2, 0, 1])
    engine.scene.add(geometry, [[0, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1]])
    row = picture(engine)[32]
    assert [int(row[x, :3].argmax()) for x in (8, 32, 56)] == [0, 1, 2]
    assert (np.sort(row[[8, 32, 56], :3], axis=1)[:, :2] == 0).all()


def test_background_and_its_alpha(engine):
    engine.scene.add(spheres([0, 0, 0, 0.5]), WHITE)
    sky = replace(PLAIN, background=(0.004, 0.016, 0.102, 0.25))
    pixels = picture(engine, renderer=sky)
    assert pixels[0, 0].tolist() == [byte(0.004), byte(0.016), byte(0.102), 64]
    assert pixels[32, 32].tolist() == [byte(1.0)] * 3 + [255]


@pytest.mark.parametrize("background", [[-1.0, 0.0, 1e30, 7.0], [1e-30, 5.0, -0.0, -3.0]])
def test_backgrounds_out_of_range_are_clamped(engine, background):
    pixels = picture(engine, renderer=replace(PLAIN, background=background))
    wanted = [0 if c <= 1e-20 else 255 if c > 6.4 else byte(c) for c in background[:3]]
    assert pixels[0, 0].tolist() == [*wanted, 255 if background[3] > 1 else 0]


@pytest.mark.parametrize("hex_color", ["#ffffff", "#0d1016", "#808080", "#ff0000"])
def test_an_exact_background_is_what_was_asked_for(engine, hex_color):
    wanted = list(bytes.fromhex(hex_color[1:]))
    exact = replace(PLAIN, samples=2, background=colors.parse(hex_color), exact_background=True)
    assert (picture(engine, renderer=exact) == [*wanted, 255]).all()  # without a kernel
    engine.scene.add(spheres([0, 0, 0, 0.5]), WHITE)
    assert picture(engine, renderer=exact)[0, 0].tolist() == [*wanted, 255]
    assert picture(engine, renderer=exact)[32, 32].tolist() == [byte(1.0)] * 3 + [255]


@pytest.mark.parametrize("ground", ["#ffffff", "#0d1016"])
def test_edges_meet_an_exact_background_so_that_thin_neurites_keep_their_contrast(engine, ground):
    engine.scene.add(spheres([0, 0, 0, 1.5]), [[0.05, 0.05, 0.05, 1.0]])
    exact = replace(PLAIN, samples=16, background=colors.parse(ground), exact_background=True)
    clear = picture(engine, renderer=replace(PLAIN, samples=16)).astype(int)
    share = clear[..., 3:] / 255
    edge = (share > 0.2) & (share < 0.8)
    assert edge.sum() > 50
    near, far = byte(0.05) / 255, np.array(list(bytes.fromhex(ground[1:]))) / 255
    black = 1 if ground == "#ffffff" else 0  # of the negative
    mixed = 255 * abs(black - np.sqrt(share * (black - near) ** 2 + (1 - share) * (black - far) ** 2))
    assert abs(picture(engine, renderer=exact)[..., :3] - mixed)[edge[..., 0]].max() < 2


def test_an_exact_background_that_is_clear_leaves_the_colors_of_edges(engine):
    engine.scene.add(spheres([0, 0, 0, 1.5]), [[0.05, 0.05, 0.05, 1.0]])
    exact = replace(PLAIN, samples=16, background=(1.0, 1.0, 1.0, 0.0), exact_background=True)
    pixels = picture(engine, renderer=exact)
    seen = pixels[..., 3] > 0
    assert len(np.unique(pixels[..., 3])) > 5
    assert (abs(pixels[seen][:, :3].astype(int) - byte(0.05)) <= 1).all()


@pytest.mark.parametrize("settings", [PLAIN, replace(PLAIN, path_tracing=True)], ids=["rays", "paths"])
def test_fog_fades_what_is_far_into_the_background(engine, settings):
    """Balls at the begin, in the middle and at the end of the scene, under ambient light alone."""
    light = 0.2
    engine.scene.lights = pack_lights([AmbientLight(intensity=light)])
    for x, z in ((-1.0, 5.0), (0.0, 0.0), (1.0, -5.0)):
        engine.scene.add(spheres([x, 0, z, 0.4]), WHITE)
    sky = replace(settings, background=(0.0, 0.0, 0.5, 0.5), fog=0.8, bounces=1, samples=4)
    pixels = picture(engine, renderer=sky)
    begin, end = 5.4, -5.4
    for x, z in ((16, 5.4), (32, 0.4), (48, -4.6)):
        fog = 0.8 * (begin - z) / (begin - end)
        near = light * (1 - fog)
        wanted = [byte(near), byte(near), byte(near + 0.5 * fog), 255 * (1 - fog + 0.5 * fog)]
        assert pixels[32, x].tolist() == pytest.approx(wanted, abs=2)


def test_fog_needs_something_that_is_seen(engine):
    engine.scene.set_visible(engine.scene.add(spheres([0, 0, -100, 1.0]), WHITE), visible=False)
    engine.scene.add(spheres([0, 0, 0, 1.0]), WHITE)
    assert picture(engine, renderer=replace(PLAIN, fog=1.0))[32, 32, 3] == 255  # its front is the begin of the scene
    engine.scene.clear()
    assert (picture(engine, renderer=replace(PLAIN, fog=1.0)) == [0, 0, 0, 0]).all()


def test_near_clip_hides_what_is_nearer(engine):
    engine.scene.add(spheres([0, 0, 5, 0.5], [0, 0, -5, 0.5], slots=[0, 1]), [[1, 0, 0, 1], [0, 1, 0, 1]])
    pixels = [
        engine.snapshot((32, 32), Camera(FROM_Z, Orthographic(height=4.0), distance), settings=PLAIN)[16, 16].tolist()
        for distance in (0.0, 8.0, 30.0)
    ]
    assert pixels == [[byte(1.0), 0, 0, 255], [0, byte(1.0), 0, 255], [0, 0, 0, 0]]


def test_radius_zero_and_coincident_points_trace(engine):
    engine.scene.add(curve([0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0.3], [1, 0, 0, 0.3]), WHITE)
    engine.scene.add(spheres([0, 1, 0, 0]), WHITE)
    assert (picture(engine)[..., 3] > 0).any()
