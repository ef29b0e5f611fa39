"""Round things that are scaled unevenly look like the mesh of the same ellipsoid, whatever traces them."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.protocol.brayns.materials import Ghost
from brayns_widget.protocol.brayns.shapes import Plane, Sphere
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.building.instances import Instance, is_even
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic
from brayns_widget.service.renderer.tracing.clipping import no_clips
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.clipping import Clip, pack_clips
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.renderer.translation.materials import row_of
from tests.service.renderer.traced import FROM_Z, spheres

SIZE = (120, 90)
CAMERA = Orthographic(height=6)
COLOR = [[0.8, 0.3, 0.2, 1.0]]
PLAIN = RenderSettings(samples=4, ao_samples=1)

# Scaled, turned by half a radian around z, moved.
STRETCH = np.eye(4)
STRETCH[:2, :2] = [[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]]
STRETCH[:3, :3] = STRETCH[:3, :3] @ np.diag([2.0, 0.7, 1.2])
STRETCH[0, 3] = 0.3


def mesh() -> Geometry:
    """The unit sphere, of 20,480 triangles."""
    ball = trimesh.creation.icosphere(5)
    round_things = np.empty((0, 4), np.float32)
    none = np.empty(0, np.uint32)
    corners, faces = np.array(ball.vertices, np.float32), np.array(ball.faces, np.uint32)
    return Geometry(round_things, none, none, round_things, none, corners, faces, np.zeros(len(faces), np.uint32))


BALL = spheres([0, 0, 0, 1])


@pytest.fixture
def engine():
    with Engine(2) as engine:
        engine.scene.lights = pack_lights(
            [
                DirectionalLight(direction=[-0.5, -1.0, -1.0], intensity=3.0),
                AmbientLight(intensity=0.3),
            ]
        )
        yield engine


def seen(engine: Engine, geometry: Geometry, renderer: RenderSettings = PLAIN, material=None):
    """The picture of stretched primitives above a ball that is scaled evenly."""
    engine.scene.clear()
    stretched = engine.scene.add(geometry, COLOR)
    engine.scene.set_transform(stretched, STRETCH)
    if material is not None:
        engine.scene.set_material(stretched, row_of(material))
    small = np.diag([0.3, 0.3, 0.3, 1.0])
    small[1, 3] = -1.8
    engine.scene.set_transform(engine.scene.add(BALL, COLOR), small)
    return engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=renderer)[..., :3].astype(int)


def assert_alike(first, second) -> None:
    difference = np.abs(first - second).max(axis=2)
    assert difference.mean() < 0.5  # of 255; a shaded ball of the mean radius differs by more than 5
    assert (difference > 30).mean() < 0.003  # edges


@pytest.mark.parametrize(
    ("renderer", "material"),
    [(PLAIN, None), (PLAIN, Ghost()), (RenderSettings(path_tracing=True, samples=16), None)],
    ids=["interactive", "ghost", "production"],
)
def test_an_ellipsoid_looks_like_its_mesh(engine, renderer, material):
    first = seen(engine, BALL, renderer, material)
    assert any(isinstance(each, Instance) for each in engine.scene.traced.primitives)
    assert_alike(first, seen(engine, mesh(), renderer, material))


@pytest.mark.parametrize(
    "shape", [Plane(coefficients=[1.0, 1.0, 0.0, 0.2]), Sphere(center=[0.9, 0.3, 1.0], radius=0.8)]
)
def test_clipping_cuts_it_where_it_cuts_its_mesh(engine, shape):
    engine.scene.set_clips(pack_clips([Clip([shape], inverted=False, transform=np.eye(4))]))
    cut = seen(engine, BALL)
    assert_alike(cut, seen(engine, mesh()))
    engine.scene.set_clips(no_clips())
    whole = seen(engine, BALL)
    assert np.abs(whole - cut).max(axis=2).mean() > 3


def test_a_clip_that_comes_later_cuts_it_without_a_build(engine):
    seen(engine, BALL)
    built = engine.scene.traced.scene
    engine.scene.set_clips(
        pack_clips([Clip([Plane(coefficients=[1.0, 1.0, 0.0, 0.2])], inverted=False, transform=np.eye(4))])
    )
    cut = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=PLAIN)[..., :3].astype(int)
    assert engine.scene.traced.scene == built
    assert_alike(cut, seen(engine, mesh()))


def test_buffers_and_picks_are_those_of_its_mesh(engine):
    found = []
    for geometry in (BALL, mesh()):
        seen(engine, geometry)
        surfaces = engine.surfaces(SIZE, Camera(FROM_Z, CAMERA))
        engine.set_viewport(*SIZE)
        engine.set_camera(Camera(FROM_Z, CAMERA))
        pick = engine.pick(0.55, 0.5)
        assert pick is not None
        found.append((surfaces, pick))
    (round_one, pick), (flat, other) = found
    both = np.isfinite(round_one.depth) & np.isfinite(flat.depth)
    assert both.mean() > 0.05
    assert (np.isfinite(round_one.depth) == np.isfinite(flat.depth)).mean() > 0.998
    assert np.percentile(np.abs(round_one.depth[both] - flat.depth[both]), 99) < 0.02
    assert np.percentile(np.abs(round_one.normal[both] - flat.normal[both]), 99) < 0.05
    np.testing.assert_allclose(round_one.albedo[both], flat.albedo[both])
    np.testing.assert_allclose(pick.position, other.position, atol=0.01)


def test_hiding_and_colors_need_no_build(engine):
    lit = seen(engine, BALL)
    scene, built = engine.scene, engine.scene.traced.scene
    scene.set_visible(0, False)
    hidden = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=PLAIN)[..., :3].astype(int)
    scene.set_visible(0, True)
    scene.set_colors(0, [[0.1, 0.9, 0.1, 1.0]])
    green = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=PLAIN)[..., :3].astype(int)
    assert scene.traced.scene == built
    middle = (45, 65)
    assert lit[middle][0] > lit[middle][1]
    assert hidden[middle].max() == 0
    assert green[middle][1] > green[middle][0]


def test_neurites_that_are_stretched_leave_the_others(engine):
    line = Geometry(
        np.array([[-1, 0, 0, 0.5], [1, 0, 0, 0.5]], np.float32),
        np.zeros(1, np.uint32),
        np.zeros(1, np.uint32),
        np.empty((0, 4), np.float32),
        np.empty(0, np.uint32),
    )
    handles = [engine.scene.add(line, COLOR) for _ in range(3)]
    engine.scene.commit()
    together = engine.scene.traced.primitives
    engine.scene.set_transform(handles[0], np.diag([1.0, 4.0, 1.0, 1.0]))
    tall = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=PLAIN)
    low, high = engine.scene.bounds(handles[0])
    np.testing.assert_allclose([low, high], [[-1.5, -2, -0.5], [1.5, 2, 0.5]], rtol=1e-5)
    assert len(engine.scene.traced.primitives) == len(together) + 1
    engine.scene.set_transform(handles[0], np.eye(4))
    low_again = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=PLAIN)
    count = [int((image[..., 0] > image[..., 2] + 20).sum()) for image in (tall, low_again)]
    assert count[0] == pytest.approx(4 * count[1], rel=0.1)


@pytest.mark.parametrize("flat", [[1.0, 1.0, 0.0], [1.0, 1.0, 1e-30]])
def test_what_is_flattened_is_a_disc(engine, flat):
    engine.scene.set_transform(engine.scene.add(BALL, COLOR), np.diag([*flat, 1.0]))
    image = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA), settings=RenderSettings(ao_samples=0, shadows=False))
    disc = int((image[..., 0] > image[..., 2] + 20).sum())
    assert disc == pytest.approx(np.pi * (90 / 6) ** 2, rel=0.05)
    engine.scene.set_transform(0, np.diag([0.0, 0.0, 0.0, 1.0]))
    empty = engine.snapshot(SIZE, Camera(FROM_Z, CAMERA))
    assert int((empty[..., 0] > empty[..., 2] + 20).sum()) == 0


def test_stretches_beyond_the_numbers_are_refused(engine):
    handle = engine.scene.add(BALL, COLOR)
    engine.scene.set_transform(handle, np.diag([1e20, 1.0, 1.0, 1.0]))
    with pytest.raises(ValueError, match="Coordinates must stay below"):
        engine.scene.commit()
    engine.scene.set_transform(handle, STRETCH)
    engine.scene.commit()


@pytest.mark.parametrize(
    ("scale", "even"),
    [
        ([1, 1, 1], True),
        ([-2, 2, 2], True),
        ([1e30, 1e30, 1e30], True),
        ([1e-30, 1e-30, 1e-30], True),
        ([1, 1, 1.000001], True),
        ([0, 0, 0], True),
        ([1, 1, 1.01], False),
        ([1, 1, 0], False),
        ([1e30, 1, 1], False),
    ],
)
def test_knows_what_leaves_balls_round(scale, even):
    assert is_even(np.diag([*scale, 1.0])) is even
    turned = np.eye(4)
    turned[:3, :3] = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0] * scale
    assert is_even(turned) is even
