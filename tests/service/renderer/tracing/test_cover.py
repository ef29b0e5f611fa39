"""Masks of pictures: nothing that is seen is left out, and little else is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing import cover, tracer
from brayns_widget.service.renderer.tracing.camera import (
    Camera,
    Cylindric,
    Orthographic,
    Perspective,
    Region,
    View,
    ray_frame,
)
from brayns_widget.service.renderer.tracing.cover import Cover, make_lens, whole_mask
from brayns_widget.service.renderer.tracing.embree import (
    ROUND_LINEAR_CURVE,
    SPHERE_POINT,
    TRIANGLE,
    Device,
    Primitives,
)
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.kernels.cover import CHUNK, GROUP
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights

VIEW = View(position=(0.0, 0.0, 10.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
SIZE = (90, 61)


@pytest.fixture(scope="module", autouse=True)
def compiled():
    cover.warm_up()
    assert cover.ready()


@pytest.fixture(scope="module")
def device():
    with Device(1) as device:
        yield device


def masked(primitives, projection=None, view=VIEW, size=SIZE):
    """The mask as it is inside of the picture."""
    camera = ray_frame(Camera(view, projection or Perspective(fovy=45.0)), size[0] / size[1])
    mask = Cover().mask(primitives, camera, size, (0.5, 0.5), run=lambda work: work(), state=np.zeros(2, np.int64))
    assert not mask[size[1] :].any()
    assert not mask[:, size[0] :].any()
    return mask[: size[1], : size[0]]


def spheres(device, *rows):
    return Primitives(device, SPHERE_POINT, np.array(rows, np.float32))


def chain(device, *rows):
    return Primitives(device, ROUND_LINEAR_CURVE, np.array(rows, np.float32), np.arange(len(rows) - 1, dtype=np.uint32))


def forest(seed, branches=40, steps=50):
    """Random walks from a few spheres."""
    random = np.random.default_rng(seed)
    steps_taken = random.normal(size=(branches, steps, 3))
    vertices = np.empty((branches, steps, 4), np.float32)
    vertices[..., :3] = random.uniform(-3, 3, (branches, 1, 3)) + np.cumsum(0.3 * steps_taken, axis=1)
    vertices[..., 3] = np.geomspace(0.2, 0.005, steps)
    segments = (np.arange(branches)[:, None] * steps + np.arange(steps - 1)).ravel().astype(np.uint32)
    somas = random.uniform([-3, -3, -3, 0.1], [3, 3, 3, 0.6], (5, 4)).astype(np.float32)
    none = np.zeros(len(segments), np.uint32)
    return Geometry(vertices.reshape(-1, 4), segments, none, somas, np.zeros(5, np.uint32))


PROJECTIONS = {
    "narrow": Perspective(fovy=10.0),
    "wide": Perspective(fovy=130.0),
    "parallel": Orthographic(height=6.0),
    "lens": Perspective(fovy=45.0, aperture_radius=0.3, focus_distance=4.0),
}


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=PROJECTIONS)
@pytest.mark.parametrize("distance", [0.01, 0.5, 4.0, 40.0])
def test_pictures_are_the_same_as_when_all_pixels_are_traced(monkeypatch, projection, distance):
    geometry = forest(3)
    random = np.random.default_rng(4)
    renderer = RenderSettings(samples=3, ao_samples=0, shadows=False, background=(0, 0, 0, 0))
    seen = 0
    with Engine(2) as engine:
        engine.scene.add(geometry, np.ones((1, 4)))
        engine.scene.lights = pack_lights([AmbientLight()])
        for start in geometry.vertices[::333, :3].astype(np.float64):
            away = random.normal(size=3)
            position = start + distance * away / np.linalg.norm(away)
            view = View(position=position.tolist(), target=start.tolist(), up=random.normal(size=3).tolist())
            region = Region(start=(0.2, 0.9), end=(0.7, 0.3))
            ours = engine.snapshot(SIZE, Camera(view, projection, region=region), settings=renderer)
            with monkeypatch.context() as patch:
                patch.setattr(tracer, "ready", lambda: False)
                expected = engine.snapshot(SIZE, Camera(view, projection, region=region), settings=renderer)
            assert (ours == expected).all()
            seen += int((expected[..., 3] > 0).sum())
    assert seen > 0


@pytest.mark.parametrize("projection", [Perspective(fovy=45.0), Orthographic(height=8.0)])
def test_a_thin_line_marks_its_own_pixels_only(device, projection):
    across = chain(device, [-3, -1, 0, 0.01], [3, 1, 0, 0.01])
    mask = masked([across], projection)
    assert mask[SIZE[1] // 2, SIZE[0] // 2] or mask[SIZE[1] // 2, SIZE[0] // 2 - 1]
    assert 10 < mask.sum() < 60
    mask = masked([chain(device, [0.01, -3, 0, 0.1], [0.01, 3, 0, 0.1])], projection)
    assert mask.any(axis=0).sum() <= 3
    assert mask.any(axis=1).sum() > 40


def test_many_small_groups_each_mark_a_few_pixels(device):
    count = 3 * GROUP * CHUNK + 1
    places = np.full((count, 4), 0.001, np.float32)
    places[:, :3] = np.random.default_rng(0).uniform(-0.1, 0.1, (count, 3))
    places[-1] = (3, 2, 0, 0.1)
    mask = masked([spheres(device, *places)])
    assert 1 <= mask.sum() <= 12
    assert mask[:20, 60:].any()


def test_a_mask_is_made_if_there_are_pixels_enough(device):
    line = chain(device, *[[x, 0, 0, 0.1] for x in range(101)])
    assert cover.worthwhile([line], (10, 5))
    assert not cover.worthwhile([line], (7, 7))
    line.set_visible(False)
    assert cover.worthwhile([line], (1, 1))


def test_what_is_not_seen_marks_nothing(device):
    behind = chain(device, [-1, 0, 12, 0.1], [1, 0, 12, 0.1])
    aside = spheres(device, [100, 0, 0, 1])
    passing = chain(device, [2, 0, 8, 0.01], [2, 0, 11, 0.01])
    hidden = spheres(device, [0, 0, 0, 1])
    hidden.set_visible(False)
    assert not masked([behind, aside, passing, hidden]).any()
    assert not masked([]).any()
    hidden.set_visible(True)
    assert masked([hidden]).any()


def test_a_cylindric_picture_is_traced_whole(device):
    assert masked([spheres(device, [0, 0, 0, 0.1])], Cylindric(fovy=48.5)).all()


def test_what_surrounds_the_camera_marks_everything(device):
    assert masked([spheres(device, [0, 0, 10, 0.5])]).all()
    assert masked([chain(device, [0, 0, 9, 0.2], [0, 0, 11, 0.2])]).all()


def test_a_picture_of_a_single_ray_is_traced(device):
    assert masked([spheres(device, [9, 9, 0, 0.1])], Perspective(fovy=1e-5)).all()
    with Engine(1) as engine:
        engine.scene.add(forest(1), np.ones((1, 4)))
        point = Region(start=(0.5, 0.5), end=(0.5, 0.5))
        assert engine.snapshot((8, 8), Camera(VIEW, Perspective(), region=point)).shape == (8, 8, 4)


def test_triangles_mark_a_box(device):
    corners = np.zeros((4, 3), np.float32)[:-1]
    corners[:] = [[-1, -1, 0], [1, -1, 0], [0, 1, 0]]
    triangle = Primitives(device, TRIANGLE, corners, np.array([[0, 1, 2]], np.uint32))
    mask = masked([triangle], Orthographic(height=6.0))
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max()) == (18, 41)
    assert (columns.min(), columns.max()) == (33, 55)
    corners[0, 2] = 20
    around = Primitives(device, TRIANGLE, corners, np.array([[0, 1, 2]], np.uint32))
    assert masked([around]).all()


def test_a_lens_says_where_points_are_seen():
    camera = ray_frame(Camera(VIEW, Perspective(fovy=45.0)), 2.0)
    lens = make_lens(camera, (200, 100), (0.0, 0.0), 1000.0)
    assert lens is not None
    point = np.array([1.0, 2.0, 3.0])
    u, v, _depth = np.linalg.solve(camera[[4, 5, 3]].T.astype(float), point - camera[0])
    depth = (point - lens[0:3]) @ lens[9:12]
    u, v = u / _depth, v / _depth
    x, y = (float((point - lens[0:3]) @ lens[axis : axis + 3]) / depth for axis in (3, 6))
    assert (lens[12] * x + lens[13], lens[14] * y + lens[15]) == pytest.approx((200 * u, 100 * v), abs=1e-3)
    assert lens[20] == pytest.approx(1e-3)


def test_a_whole_mask_ends_with_the_picture():
    mask = whole_mask(5, 3)
    assert mask.shape == (4, 8)
    assert mask.sum() == 15


@pytest.mark.parametrize(
    ("view", "region"),
    [
        (replace(VIEW, position=(3e38, 0.0, 0.0)), Region()),
        (
            View(position=(1e-38, -1.0, 1e30), target=(-1.0, 1e18, 1.0), up=(1e-9, 1e20, 0.5)),
            Region(start=(-1e18, 3e38), end=(10.0, 1e20)),
        ),
        (VIEW, Region(start=(-1e18, 3e38), end=(10.0, 1e20))),
        (VIEW, Region(start=(0.0, 1e30), end=(1e30, 0.0))),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_camera_beyond_the_numbers_has_no_lens(device, view, region):
    """What is computed with it may be no number, and then is no place in the mask."""
    rows = [[1e17, 10, 1, 1e17], [10, 0.5, -1e18, 0.5], [1, -1e18, -1e18, 1e-6], [0.5, 1, -1e18, 1e18], [0, 0, 0, 0]]
    camera = ray_frame(Camera(view, Perspective(fovy=45.0), region=region), 1.0)
    for primitives in (spheres(device, *rows), chain(device, *rows[:4])):
        state = np.zeros(2, np.int64)
        mask = Cover().mask([primitives], camera, (1, 1), (0.5, 0.5), run=lambda work: work(), state=state)
        assert mask[0, 0] == 1  # all is traced
