"""Engine: accumulation, restarts, framebuffers, snapshots, and numbers out of range."""

from __future__ import annotations

import io
import math
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, Perspective, Region, View
from brayns_widget.service.renderer.tracing.embree import Cancelled
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.lights import no_lights
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights

VIEW = View(position=(0.0, 0.0, 10.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
ORTHOGRAPHIC = Orthographic(height=4.0)
FOUR = RenderSettings(samples=4, ao_samples=0, shadows=False, background=(0.0, 0.0, 0.0, 0.0))
ONE = replace(FOUR, samples=1)
WHITE = [[1.0, 1.0, 1.0, 1.0]]


def ball(radius=1.0, x=0.0):
    none = np.empty(0, np.uint32)
    spheres = np.array([[x, 0, 0, radius]], np.float32)
    return Geometry(np.empty((0, 4), np.float32), none, none, spheres, np.zeros(1, np.uint32))


def square():
    """Two triangles that fill the plane z = 0 from -1 to 1: below and above the diagonal."""
    none = np.empty(0, np.uint32)
    nothing = np.empty((0, 4), np.float32)
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 3, 2]], np.uint32)
    return Geometry(nothing, none, none, nothing, none, corners, triangles, np.arange(2, dtype=np.uint32))


@pytest.fixture(scope="module")
def shared():
    with Engine(2) as engine:
        yield engine


@pytest.fixture
def engine(shared):
    shared.scene.clear()
    shared.scene.lights = pack_lights([AmbientLight()])
    shared.set_viewport(80, 60)
    shared.set_camera(Camera(VIEW, ORTHOGRAPHIC))
    shared.set_coarse_scale(1)
    shared.set_render_settings(FOUR)
    return shared


def complete(engine):
    count = 0
    while engine.render():
        count += 1
    return count


def pixels(engine):
    return np.asarray(Image.open(io.BytesIO(engine.encode("png"))))


def test_accumulates_as_many_samples_as_asked_for_and_stops(engine):
    engine.scene.add(ball(), WHITE)
    seen = []
    while engine.render():
        seen.append((engine.accumulation, engine.max_accumulation))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert not engine.render()


def test_the_first_step_has_all_samples_where_they_do_not_come_one_by_one(engine):
    engine.scene.add(ball(), WHITE)
    complete(engine)
    expected = pixels(engine)
    engine.set_render_settings(replace(FOUR, stepwise=False))
    seen = []
    while engine.render():
        seen.append((engine.accumulation, engine.max_accumulation))
        assert (pixels(engine) == expected).all()
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_step_has_no_more_samples_than_can_be_stopped(engine):
    engine.scene.add(ball(), WHITE)
    engine.set_render_settings(replace(FOUR, samples=10**6, stepwise=False))
    engine.render()
    most = replace(FOUR, samples=64)
    assert (pixels(engine) == engine.snapshot((80, 60), Camera(VIEW, ORTHOGRAPHIC), settings=most)).all()


def test_a_first_small_picture_has_all_samples_too(engine):
    engine.scene.add(ball(), WHITE)
    engine.set_viewport(320, 240)
    engine.set_coarse_scale(4)
    engine.set_render_settings(replace(FOUR, stepwise=False))
    for size in ((80, 64), (320, 240)):
        engine.render()
        assert engine.size == size
        assert len(np.unique(pixels(engine)[..., 0])) > 3  # soft edges


def test_first_sample_is_sharp_and_more_samples_soften_edges_only(engine):
    engine.scene.add(ball(), WHITE)
    engine.render()
    first = pixels(engine)[..., 0].astype(int)
    assert set(np.unique(first)) == {0, first.max()}
    complete(engine)
    last = pixels(engine)[..., 0].astype(int)
    assert len(np.unique(last)) > 3
    assert (first == last)[28:32, 38:42].all()
    assert (first == last)[:5].all()


def test_accumulation_converges(engine):
    engine.scene.add(ball(), WHITE)

    def area(samples):
        engine.set_render_settings(replace(FOUR, samples=samples))
        complete(engine)
        # Light, not bytes, adds up to the area; alpha is linear.
        return pixels(engine)[..., 3].mean() / 255 * 4 * 16 / 3

    error = [abs(area(samples) - math.pi) for samples in (1, 64)]
    assert error[1] < 0.01
    assert error[1] < error[0]


def test_equal_settings_do_not_restart_but_a_renderer_does(engine):
    complete(engine)
    engine.set_viewport(80, 60)
    engine.set_camera(Camera(replace(VIEW), replace(ORTHOGRAPHIC)))
    engine.set_coarse_scale(1)
    assert not engine.render()
    engine.set_render_settings(replace(FOUR))
    assert engine.accumulation == 0
    assert complete(engine) == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda engine: engine.set_viewport(81, 60),
        lambda engine: engine.set_camera(Camera(VIEW, Perspective())),
        lambda engine: engine.set_camera(Camera(VIEW, ORTHOGRAPHIC, near_clip=0.5)),
        lambda engine: engine.set_camera(Camera(VIEW, ORTHOGRAPHIC, region=Region(end=(0.5, 0.5)))),
        lambda engine: engine.scene.add(ball(), WHITE),
        lambda engine: setattr(engine.scene, "lights", no_lights()),
    ],
)
def test_changes_restart(engine, change):
    complete(engine)
    change(engine)
    assert engine.accumulation == 0
    assert engine.render()
    assert engine.accumulation == 1


def test_progressive_starts_small(engine):
    engine.scene.add(ball(), WHITE)
    engine.set_viewport(640, 480)
    engine.set_coarse_scale(4)
    sizes = []
    while engine.render():
        sizes.append((engine.size, engine.accumulation))
    assert sizes == [((160, 120), 1), ((640, 480), 2), ((640, 480), 3), ((640, 480), 4)]
    assert pixels(engine).shape == (480, 640, 4)


def test_progressive_with_one_sample_ends_in_full_size(engine):
    engine.set_render_settings(ONE)
    engine.set_coarse_scale(4)
    engine.set_viewport(400, 300)
    assert engine.max_accumulation == 2
    assert complete(engine) == 2
    assert engine.size == (400, 300)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (33, 31), (5, 300), (2000, 1)])
@pytest.mark.parametrize("scale", [1, 8])
def test_odd_sizes_trace(engine, size, scale):
    engine.scene.add(ball(1e5), WHITE)
    engine.set_viewport(*size)
    engine.set_coarse_scale(scale)
    complete(engine)
    picture = pixels(engine)
    assert picture.shape == (size[1], size[0], 4)
    assert (picture[..., 3] == 255).all()


@pytest.mark.parametrize("size", [(0, 0), (-5, 10), (10**6, 10), (16385, 16385)])
def test_impossible_viewports_are_refused_and_the_old_one_stays(engine, size):
    with pytest.raises(ValueError, match="16384"):
        engine.set_viewport(*size)
    engine.render()
    assert engine.size == (80, 60)


@pytest.mark.parametrize(
    ("view", "near", "text"),
    [
        (replace(VIEW, target=VIEW.position), 1e-6, "target"),
        (replace(VIEW, up=(0.0, 0.0, 1.0)), 1e-6, "up vector"),
        (replace(VIEW, position=(math.nan, 0.0, 0.0)), 1e-6, "finite"),
        (VIEW, -1.0, "near"),
        (VIEW, math.nan, "near"),
    ],
)
def test_impossible_cameras_are_refused_and_the_old_one_stays(engine, view, near, text):
    complete(engine)
    with pytest.raises(ValueError, match=text):
        engine.set_camera(Camera(view, ORTHOGRAPHIC, near_clip=near))
    assert engine.accumulation == 4
    assert not engine.render()


def test_an_infinite_background_is_refused(engine):
    with pytest.raises(ValueError, match="background"):
        engine.set_render_settings(replace(FOUR, background=(math.inf, 0, 0, 0)))


def test_geometry_far_out_and_huge_is_traced_or_missed_without_harm(engine):
    engine.scene.add(ball(1e15), WHITE)
    engine.scene.add(ball(1.0, 1e17), WHITE)
    engine.set_camera(Camera(VIEW, Perspective()))
    assert complete(engine) == 4


def test_empty_scene_is_background(engine):
    engine.set_render_settings(replace(ONE, background=(0.004, 0.016, 0.102, 0.0)))
    engine.render()
    assert (pixels(engine) == [17, 35, 90, 0]).all()


def test_an_empty_scene_is_the_background_that_rays_find_and_needs_no_kernel(engine, monkeypatch):
    engine.set_render_settings(replace(FOUR, background=(0.02, 0.4, 2.0, 0.3)))
    hidden = engine.scene.add(ball(), WHITE)
    engine.scene.set_visible(hidden, visible=False)
    complete(engine)
    traced = pixels(engine)
    engine.scene.remove(hidden)
    monkeypatch.setattr("brayns_widget.service.renderer.tracing.tracer._COMPILATIONS", {})
    assert complete(engine) == 4
    assert (pixels(engine) == traced).all()
    assert len(np.unique(traced.reshape(-1, 4), axis=0)) == 1


def test_colors_visibility_and_removal_show(engine):
    engine.set_render_settings(ONE)
    handle = engine.scene.add(ball(100.0), [[1.0, 0.0, 0.0, 1.0]])

    def color():
        assert engine.render()
        return (pixels(engine)[30, 40] > 0).tolist()

    assert color() == [True, False, False, True]
    engine.scene.set_colors(handle, [[0.0, 0.0, 1.0, 1.0]])
    assert color() == [False, False, True, True]
    engine.scene.set_visible(handle, False)
    assert color() == [False] * 4
    engine.scene.set_visible(handle, True)
    assert color() == [False, False, True, True]
    engine.scene.remove(handle)
    assert color() == [False] * 4


def test_colors_of_two_models_stay_apart_when_one_goes(engine):
    engine.set_render_settings(ONE)
    left = engine.scene.add(ball(0.5, -1.0), [[1.0, 0.0, 0.0, 1.0]])
    right = engine.scene.add(ball(0.5, 1.0), [[0.0, 1.0, 0.0, 1.0]])
    engine.render()
    before = pixels(engine)
    engine.scene.remove(left)
    engine.scene.set_colors(right, [[0.0, 0.0, 1.0, 1.0]])
    engine.render()
    after = pixels(engine)
    assert (before[30, 25, :3] > 0).tolist() == [True, False, False]
    assert (before[30, 55, :3] > 0).tolist() == [False, True, False]
    assert not after[30, 25].any()
    assert (after[30, 55, :3] > 0).tolist() == [False, False, True]


def test_transform_moves_a_model(engine):
    engine.set_render_settings(ONE)
    handle = engine.scene.add(ball(0.5, -1.0), WHITE)
    engine.render()
    engine.scene.set_transform(handle, [[1, 0, 0, 2], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    engine.render()
    picture = pixels(engine)
    assert not picture[30, 25].any()
    assert picture[30, 55].all()


def test_jpeg_of_the_newest_picture(engine):
    engine.render()
    picture = Image.open(io.BytesIO(engine.encode("jpg", 80)))
    assert (picture.format, picture.size) == ("JPEG", (80, 60))


def test_snapshot_leaves_the_interactive_picture_alone(engine):
    engine.scene.add(ball(), WHITE)
    engine.render()
    before = engine.encode("png")
    amounts: list[float] = []
    snapshot = engine.snapshot((200, 100), Camera(VIEW, Perspective()), settings=FOUR, progress=amounts.append)
    assert snapshot.shape == (100, 200, 4)
    assert amounts == sorted(amounts)
    assert amounts[-1] == 1.0
    assert (engine.accumulation, engine.size, engine.encode("png")) == (1, (80, 60), before)
    assert engine.render()
    assert engine.accumulation == 2


def test_snapshot_equals_the_accumulated_picture(engine):
    engine.scene.add(ball(), WHITE)
    complete(engine)
    assert (engine.snapshot((80, 60), Camera(VIEW, ORTHOGRAPHIC)) == pixels(engine)).all()


def test_the_number_of_threads_does_not_change_the_picture(engine):
    engine.scene.add(ball(), WHITE)
    shaded = replace(FOUR, ao_samples=2, shadows=True)
    engine.scene.lights = pack_lights([AmbientLight(intensity=0.4), DirectionalLight(direction=[-1.0, -1.0, -1.0])])
    many = engine.snapshot((200, 150), Camera(VIEW, ORTHOGRAPHIC), settings=shaded)
    with Engine(1) as single:
        single.scene.add(ball(), WHITE)
        single.scene.lights = engine.scene.lights
        assert (single.snapshot((200, 150), Camera(VIEW, ORTHOGRAPHIC), settings=shaded) == many).all()


def test_snapshot_stops_when_cancelled(engine):
    engine.scene.add(ball(), WHITE)
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > 1

    endless = replace(FOUR, samples=10**9)
    with pytest.raises(Cancelled):
        engine.snapshot((300, 300), Camera(VIEW, ORTHOGRAPHIC), settings=endless, cancelled=cancelled)
    assert engine.render()


def test_exception_of_the_snapshots_progress_comes_back(engine):
    def fail(_amount):
        raise KeyError("client gone")

    with pytest.raises(KeyError, match="client gone"):
        engine.snapshot((64, 64), Camera(VIEW, ORTHOGRAPHIC), progress=fail)
    assert engine.render()


def test_interrupted_step_is_finished_later_with_the_same_picture(engine):
    engine.scene.add(ball(1.9), WHITE)
    heavy = RenderSettings(samples=2, ao_samples=8, background=(0.0, 0.0, 0.0, 0.0))
    engine.set_viewport(640, 480)
    engine.set_render_settings(heavy)
    engine.scene.commit()
    interrupted = 0
    while engine.accumulation < 2:
        # Stops whatever runs a few ms after the step began; early enough that a step takes several tries.
        timer = threading.Timer(0.01, engine.interrupt)
        timer.start()
        interrupted += not engine.render()
        timer.join()
    assert interrupted > 0
    assert (engine.snapshot((640, 480), Camera(VIEW, ORTHOGRAPHIC), settings=heavy) == pixels(engine)).all()


def test_a_step_that_was_given_up_before_it_began_does_nothing(engine):
    engine.scene.add(ball(1.9), WHITE)
    engine.interrupt()
    assert not engine.render(lambda: True)
    assert engine.accumulation == 0
    assert engine.render()


def test_triangles_are_seen_from_both_sides_in_their_own_colors(engine):
    engine.set_render_settings(ONE)
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=math.pi)])
    engine.scene.add(square(), [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
    complete(engine)
    picture = pixels(engine)
    # The two wind differently; 80 x 60 pixels show 5.33 x 4 µm, so the square is 30 pixels wide.
    assert picture[35, 50, :2].tolist() == [picture[..., 0].max(), 0]
    assert picture[25, 30, :2].tolist() == [0, picture[..., 0].max()]
    assert picture[35, 50, 0] > 200
    assert (picture[..., 3] > 0).sum() == 900


def test_triangles_move_with_their_model(engine):
    engine.set_render_settings(ONE)
    handle = engine.scene.add(square(), WHITE * 2)
    engine.scene.set_transform(handle, [[0.5, 0, 0, 1], [0, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    complete(engine)
    rows, columns = np.nonzero(pixels(engine)[..., 3])
    assert len(rows) == 225
    assert abs(columns.mean() - 54.5) < 1
    assert [side.tolist() for side in engine.scene.bounds()] == [[0.5, -0.5, 0], [1.5, 0.5, 0]]


def test_more_ambient_rays_than_can_be_counted_are_as_many_as_possible(engine):
    engine.scene.add(ball(), WHITE)
    engine.set_viewport(8, 6)
    engine.set_render_settings(replace(FOUR, samples=1, ao_samples=1 << 70))
    assert engine.render()
