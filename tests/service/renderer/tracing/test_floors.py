"""Radius floors: what a copy looks like, when it serves, and that it is built aside."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from brayns_widget.service.renderer.clipping import Clip, pack_clips
from brayns_widget.service.renderer.geometry import Geometry
from brayns_widget.service.renderer.lights import pack_lights
from brayns_widget.service.renderer.settings import AmbientLight
from brayns_widget.service.renderer.shapes import Sphere
from brayns_widget.service.renderer.tracing import floors as floors_module
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, Perspective, View
from brayns_widget.service.renderer.tracing.embree import ROUND_LINEAR_CURVE, SPHERE_POINT, Cancelled, Device
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.floors import Floor, Floored, Floors
from brayns_widget.service.renderer.tracing.scene import Scene
from brayns_widget.service.renderer.tracing.settings import RenderSettings

NONE = np.empty(0, np.uint32)
WHITE = [[1.0, 1.0, 1.0, 1.0]]
DEADLINE = 20.0
FAR = Floor((0.0, 0.0, 100.0), 0.0, 0.01, 0.5)  # pixels of 1 µm at distance 100


def neurite(points=101, radius=0.001, spacing=0.1):
    """A straight neurite along x, through (0, 0.12, 0): beside a line of samples."""
    vertices = np.zeros((points, 4), np.float32)
    vertices[:, 0] = (np.arange(points) - (points - 1) / 2) * spacing
    vertices[:, 1] = 0.12
    vertices[:, 3] = radius
    count = points - 1
    spheres = np.empty((0, 4), np.float32)
    return Geometry(vertices, np.arange(count, dtype=np.uint32), np.zeros(count, np.uint32), spheres, NONE)


def ball(radius=1.0, x=0.0):
    spheres = np.array([[x, 0, 0, radius]], np.float32)
    return Geometry(np.empty((0, 4), np.float32), NONE, NONE, spheres, np.zeros(1, np.uint32))


@pytest.fixture
def scene():
    with Device(2) as device:
        scene = Scene(device)
        yield scene
        scene.close()


@pytest.fixture
def floors(scene):
    floors = Floors(scene, scene._device)
    yield floors
    floors.close()


@pytest.fixture
def engine():
    with Engine(2) as engine:
        engine.scene.lights = pack_lights([AmbientLight()])
        engine.set_viewport(61, 61)  # odd: what lies in the middle lies in a row's middle
        engine.set_camera(
            Camera(View(position=(0.0, 0, 100), target=(0.0, 0, 0), up=(0.0, 1, 0)), Orthographic(height=30.0))
        )
        engine.set_render_settings(renderer(1))
        yield engine


def renderer(samples):
    return RenderSettings(samples=samples, ao_samples=0, shadows=False, background=(0.0, 0.0, 0.0, 0.0))


def covered(engine):
    """How much of the interactive picture is not background, in pixels."""
    return float(engine._frame.pixels[:, :, 3].sum()) / 255


def render_until(engine, condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        engine.render()


def copied(scene, floor, kind):
    (part,) = [part for part in scene.parts if part.primitives.kind == kind]
    return floors_module._raised(scene._device, part, floor)


def test_thin_neurites_get_the_radius_that_the_floor_has_at_their_distance(scene):
    scene.add(neurite(), WHITE)
    scene.commit()
    primitives, _slots = copied(scene, FAR, ROUND_LINEAR_CURVE)
    distances = np.hypot(primitives.vertices[:, 0], 100)
    assert primitives.vertices[:, 3] == pytest.approx(0.005 * distances, rel=1e-4)
    primitives.close()


def test_thick_things_stay_as_they_are(scene):
    scene.add(neurite(radius=2.0, spacing=1.5), WHITE)
    scene.add(ball(2.0), WHITE)
    scene.commit()
    for part in scene.parts:
        primitives, _slots = floors_module._raised(scene._device, part, FAR)
        assert (primitives.vertices == part.primitives.vertices).all()
        primitives.close()


def test_spheres_are_raised(scene):
    scene.add(ball(0.01), WHITE)
    scene.commit()
    primitives, _slots = copied(scene, FAR, SPHERE_POINT)
    assert primitives.vertices.tolist() == [[0, 0, 0, 0.5]]
    primitives.close()


def test_vertices_within_a_pixel_are_left_out_but_not_the_ends(scene):
    geometry = neurite(points=101, spacing=0.1)  # 10 µm: ten pixels
    scene.add(geometry, WHITE)
    scene.commit()
    primitives, slots = copied(scene, FAR, ROUND_LINEAR_CURVE)
    x = primitives.vertices[:, 0]
    assert (x[0], x[-1]) == (-5, 5)
    assert 9 <= len(slots) <= 11 == len(primitives.vertices)
    assert np.diff(x)[:-1].min() >= 0.999
    primitives.close()


def test_branches_stay_apart_and_keep_their_slots(scene):
    """Two neurites in one list, and a piece without neighbors: no segment joins them."""
    vertices = np.zeros((8, 4), np.float32)
    vertices[:, 0] = [0, 5, 10, 20, 25, 30, 40, 45]
    vertices[:, 3] = 0.01
    geometry = Geometry(
        vertices,
        np.array([0, 1, 3, 4, 6], np.uint32),
        np.arange(5, dtype=np.uint32),
        np.empty((0, 4), np.float32),
        NONE,
    )
    scene.add(geometry, WHITE * 5)
    scene.commit()
    primitives, slots = copied(scene, FAR, ROUND_LINEAR_CURVE)
    assert primitives.vertices[:, 0].tolist() == vertices[:, 0].tolist()
    assert primitives.indices.tolist() == [0, 1, 3, 4, 6]
    assert slots.tolist() == [0, 1, 2, 3, 4]
    assert primitives._flags.tolist() == [2, 1, 2, 1, 0]
    primitives.close()


def test_floors_differ_by_pixel_size_and_by_how_far_the_camera_moved():
    bounds = (np.full(3, -10, np.float32), np.full(3, 10, np.float32))

    def octaves(other, thin=0.001):
        return FAR.octaves_from(other, bounds, thin)

    assert octaves(FAR) == 0
    assert octaves(Floor(FAR.position, 0.0, 0.02, 0.5)) == 1
    assert octaves(Floor(FAR.position, 0.0, 0.01, 0.125)) == 2
    assert octaves(Floor((0.0, 0.0, 190.0), 0.0, 0.01, 0.5)) == 1  # moved by as much as the scene is away
    assert octaves(Floor((0.0, 0.0, 50.0), 1.0, 0.0, 0.5)) == math.inf  # orthographic
    for slope, pixels in ((5e-324, 5e-324), (5e-324, 0.5), (1e308, 1e300), (math.inf, 0.5)):  # no numbers any more
        assert octaves(Floor((0.0, 0.0, 100.0), 0.0, slope, pixels)) == math.inf
    # Within the scene nothing thicker than a pixel changes.
    inside = Floor((0.0, 0.0, 0.0), 0.0, 0.01, 0.5)
    assert inside.octaves_from(Floor((1.0, 0.0, 0.0), 0.0, 0.01, 0.5), bounds, 5.0) < 0.01
    assert inside.octaves_from(Floor((1.0, 0.0, 0.0), 0.0, 0.01, 0.5), bounds, 0.0) == math.inf


def test_a_copy_is_built_aside_and_serves_similar_cameras(scene, floors):
    scene.add(neurite(), WHITE)
    scene.commit()
    assert floors.best(FAR) is None
    assert floors.wait(DEADLINE)
    found = floors.best(FAR)
    assert found is not None
    near = Floor((1.0, 0.0, 100.0), 0.0, 0.01, 0.5)
    assert floors.best(near) is found
    assert floors._building is None
    # While the camera moves half an octave is not worth a build.
    assert floors.best(Floor(FAR.position, 0.0, 0.015, 0.5), moving=True) is found
    assert floors._building is None
    # Twice as large pixels: it serves until the better one is there.
    coarse = Floor(FAR.position, 0.0, 0.02, 0.5)
    assert floors.best(coarse) is found
    assert floors.wait(DEADLINE)
    assert floors.best(coarse) is not found
    assert floors.best(FAR) is found
    # Far too thick is worse than none, far too thin is better.
    assert floors.best(Floor((0.0, 0.0, 11.0), 0.0, 0.001, 0.125)) is None
    assert floors.wait(DEADLINE)
    assert floors.best(Floor((0.0, 0.0, 11.0), 0.0, 0.001, 0.125)) is not None
    assert floors.best(Floor((0.0, 0.0, 11.0), 0.0, 0.1, 0.5)) is not None


def test_while_the_camera_moves_builds_leave_time_to_pictures(monkeypatch, scene, floors):
    now = 100.0

    def builds() -> bool:
        return floors._building is not None

    monkeypatch.setattr("brayns_widget.service.renderer.tracing.floors.time.monotonic", lambda: now)
    scene.add(neurite(), WHITE)
    scene.commit()
    floors.best(FAR, moving=True)
    assert floors.wait(DEADLINE)
    now += 1.0  # the build took a second
    assert floors.best(FAR, moving=True) is not None
    coarse = Floor(FAR.position, 0.0, 0.02, 0.5)
    now += 1.9
    floors.best(coarse, moving=True)
    assert not builds()
    now += 0.2
    floors.best(coarse, moving=True)
    assert builds()
    assert floors.wait(DEADLINE)
    now += 1.0
    floors.best(coarse, moving=True)
    floors.best(Floor(FAR.position, 0.0, 0.1, 0.5))  # at rest there is no reason to wait
    assert builds()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own to lower")
def test_threads_that_build_come_after_those_that_trace(scene, floors):
    def priorities() -> dict[int, int]:
        threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
        return {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}

    scene.add(neurite(points=200_001), WHITE)  # enough for Embree to start threads
    scene.commit()
    floors.best(FAR, moving=True)  # without it pictures would be speckle, so that it comes at once
    assert floors.wait(DEADLINE)
    assert floors.best(FAR) is not None
    others = {thread.native_id for thread in threading.enumerate()}
    before = priorities()
    floors.best(Floor(FAR.position, 0.0, 0.015, 0.5))
    assert floors.wait(DEADLINE)
    after = priorities()
    assert {after[thread] for thread in after.keys() - others} == {max(10, before[threading.get_native_id()])}
    assert {thread: after[thread] for thread in after.keys() & others} == {
        thread: before[thread] for thread in after.keys() & others
    }


def test_a_build_gives_way_where_all_copies_are_speckle(scene, floors, monkeypatch):
    ended = []

    def build(_device, _parts, floor, go_on):
        end = time.monotonic() + DEADLINE
        while floor.slope == 0.015 and go_on():
            assert time.monotonic() < end
        ended.append(floor.slope)
        raise Cancelled

    scene.add(neurite(), WHITE)
    scene.commit()
    floors.best(FAR)
    assert floors.wait(DEADLINE)
    assert floors.best(FAR) is not None
    monkeypatch.setattr(floors_module, "Floored", build)
    floors.best(Floor(FAR.position, 0.0, 0.015, 0.5))
    coarse = Floor(FAR.position, 0.0, 0.2, 0.5)
    for _ in range(2):
        floors.best(coarse, moving=True)
        assert floors.wait(DEADLINE)
    assert ended == [0.015, 0.2]


def test_a_copy_for_the_next_gesture_is_built_ahead(scene, floors):
    scene.add(neurite(), WHITE)
    scene.commit()
    floors.prepare(FAR)
    assert floors.wait(DEADLINE)
    assert floors.best(FAR, moving=True) is not None
    floors.prepare(FAR)
    assert not floors.wait(0)


def test_at_most_two_copies_are_kept(scene, floors):
    scene.add(neurite(), WHITE)
    scene.commit()
    for slope in (0.01, 0.1, 1.0, 10.0):
        floors.best(Floor(FAR.position, 0.0, slope, 0.5))
        assert floors.wait(DEADLINE)
        floors.best(Floor(FAR.position, 0.0, slope, 0.5))
    assert [floored.floor.slope for floored in floors._ready] == [10.0, 1.0]


def test_copies_of_what_is_gone_are_dropped(scene, floors):
    handle = scene.add(neurite(), WHITE)
    scene.commit()
    floors.best(FAR)
    assert floors.wait(DEADLINE)
    assert floors.best(FAR) is not None
    scene.remove(handle)
    scene.commit()
    assert floors.best(FAR) is None
    assert floors._ready == []


def test_a_copy_that_does_not_fit_into_memory_is_done_without(scene, floors, monkeypatch, caplog):
    def fail(*_arguments):
        raise MemoryError("too large")

    scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(floors_module, "Floored", fail)
    floors.best(FAR)
    assert floors.wait(DEADLINE)
    assert floors.best(FAR) is None
    assert floors._building is None
    assert "too large" in caplog.text


def test_building_is_given_up_when_the_scene_closes(scene, floors, monkeypatch):
    started = threading.Event()

    def build(_device, _parts, _floor, go_on):
        started.set()
        end = time.monotonic() + DEADLINE
        while go_on():
            assert time.monotonic() < end
        raise Cancelled

    scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(floors_module, "Floored", build)
    floors.best(FAR)
    assert started.wait(DEADLINE)
    floors.clear()
    assert floors._building is None


@pytest.mark.parametrize("change", ["remove", "hide", "fade", "clip"])
def test_building_stops_before_what_it_copies_changes(scene, floors, monkeypatch, change):
    seen = []

    def build(_device, parts, _floor, go_on):
        end = time.monotonic() + DEADLINE
        while go_on():
            assert time.monotonic() < end
        seen.append((parts[0].primitives.handle, parts[0].primitives.visible, parts[0].primitives.shadows))
        raise Cancelled

    handle = scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(floors_module, "Floored", build)
    floors.best(FAR)
    match change:
        case "remove":
            scene.remove(handle)
            scene.commit()
        case "hide":
            scene.set_visible(handle, False)
        case "fade":
            scene.set_colors(handle, [[1.0, 1.0, 1.0, 0.5]])
        case "clip":
            scene.set_clips(pack_clips([Clip([Sphere(center=[0, 0, 0], radius=1)], False, np.eye(4))]))
    assert [state[1:] for state in seen] == [(True, True)]
    floors.best(FAR)  # and is begun anew
    assert (floors._building is None) == (change == "remove")


def test_a_copy_shows_what_the_scene_shows(scene):
    first = scene.add(neurite(), WHITE)
    scene.add(ball(), WHITE)
    scene.commit()
    floored = Floored(scene._device, scene.parts, FAR, lambda: True)
    colors = np.full((1, 4), 0.5, np.float32)
    scene.set_colors(first, colors)
    scene.set_visible(first, False)
    table = floored.traced(scene).table
    assert table[:, 1].tolist() == scene.traced[1][:, 1].tolist()
    assert [primitives.visible for primitives, _slots in floored._own.values()] == [False, True]
    floored.close()


def test_a_cancelled_copy_leaves_nothing(scene):
    scene.add(neurite(), WHITE)
    scene.commit()
    with pytest.raises(Cancelled):
        Floored(scene._device, scene.parts, FAR, lambda: False)


def test_a_thin_neurite_is_a_whole_line_in_the_picture(engine):
    engine.scene.add(neurite(points=201), WHITE)  # 20 µm: 40 pixels
    engine.render()
    assert covered(engine) < 5
    engine.set_radius_floor(0.5)
    render_until(engine, lambda: covered(engine) > 0 and engine._floored is not None)
    engine.render()
    assert 40 <= covered(engine) <= 44
    engine.set_radius_floor(0)
    engine.render()
    assert covered(engine) < 5


@pytest.mark.parametrize("projection", [Orthographic(height=30.0), Perspective(fovy=17.0)], ids=["parallel", "central"])
def test_what_is_stretched_has_a_floor_in_the_mean_of_its_directions(engine, projection):
    """A line of 20 µm and a ball of a micrometer, both eight times as deep as high: half as thick as the floor says."""
    engine.set_camera(Camera(View(position=(0.0, 0, 100), target=(0.0, 0, 0), up=(0.0, 1, 0)), projection))
    stretched = np.diag([1.0, 1.0, 8.0, 1.0])
    line = engine.scene.add(neurite(points=201), WHITE)
    dot = engine.scene.add(ball(0.001, 3.1), WHITE)
    for handle in (line, dot):
        engine.scene.set_transform(handle, stretched)
    engine.scene.set_visible(dot, False)
    engine.set_radius_floor(0.0)
    engine.render()
    assert covered(engine) < 5
    engine.set_radius_floor(2.0)
    render_until(engine, lambda: engine._floored is not None)
    engine.render()
    assert 75 <= covered(engine) <= 95  # 40 pixels long, two high
    engine.scene.set_visible(line, False)
    engine.scene.set_visible(dot, True)
    engine.render()
    assert 2 <= covered(engine) <= 6  # a disc of one pixel's radius


def test_more_samples_need_less_of_a_floor(engine):
    engine.scene.add(neurite(points=201), WHITE)
    engine.set_radius_floor(0.5)
    engine.set_render_settings(renderer(16))
    while engine.accumulation < engine.max_accumulation:
        engine.render()
    # The last sample waited for the copy, with which the picture then began anew.
    assert engine._floored is not None
    assert 6 <= covered(engine) <= 14  # 40 pixels long, a quarter of a pixel wide


def test_a_copy_that_is_ready_while_the_last_sample_waits_is_in_the_picture(engine, monkeypatch):
    engine.scene.add(neurite(points=201), WHITE)
    engine.set_radius_floor(0.5)
    engine.set_render_settings(renderer(16))
    asked, wait, made = threading.Event(), engine._floors.wait, floors_module.Floored

    def build(*arguments):
        assert asked.wait(DEADLINE)
        return made(*arguments)

    def wait_to_the_end(_seconds):
        asked.set()
        return wait(DEADLINE)

    monkeypatch.setattr(floors_module, "Floored", build)
    monkeypatch.setattr(engine._floors, "wait", wait_to_the_end)
    while engine.accumulation < engine.max_accumulation:
        engine.render()
    assert engine._floored is not None


def test_a_finished_picture_readies_a_copy_for_the_next_gesture(engine):
    engine.scene.add(neurite(points=201), WHITE)
    engine.set_radius_floor(0.5)
    engine.set_render_settings(renderer(16))
    while engine.accumulation < engine.max_accumulation:
        engine.render()
    assert engine._floors.wait(DEADLINE)
    engine.set_viewport(30, 30)
    engine.set_render_settings(renderer(1))
    engine.render()
    assert engine._floored.floor.pixels == 0.5


def test_snapshots_have_the_floor_at_once_and_at_their_own_size(engine):
    engine.scene.add(neurite(points=201), WHITE)
    engine.set_radius_floor(0.5)
    for side, least in ((61, 40), (301, 200)):
        pixels = engine.snapshot((side, side), engine._camera)
        assert least <= (pixels[:, :, 3] > 0).sum() <= 1.1 * least


def test_a_snapshot_with_a_floor_can_be_cancelled(engine):
    engine.scene.add(neurite(points=201), WHITE)
    engine.set_radius_floor(0.5)
    with pytest.raises(Cancelled):
        engine.snapshot((61, 61), engine._camera, cancelled=lambda: True)


def test_perspective_pixels_grow_with_distance(engine):
    """Of two thin neurites the far one is as wide on the screen as the near one."""
    for z in (0.0, -300.0):
        handle = engine.scene.add(neurite(points=401), WHITE)
        engine.scene.set_transform(handle, [[1, 0, 0, 0], [0, 1, 0, z / 40], [0, 0, 1, z], [0, 0, 0, 1]])
    view = View(position=(0.0, 0, 100), target=(0.0, 0, 0), up=(0.0, 1, 0))
    engine.set_radius_floor(0.5)
    pixels = engine.snapshot((61, 61), Camera(view, Perspective(fovy=30.0)))
    rows = (pixels[:, :, 3] > 0).sum(axis=1)
    assert sorted(rows[rows > 0]) == [pytest.approx(11, abs=2.5), pytest.approx(45, abs=2.5)]


def test_a_copy_that_fails_is_done_without(scene, floors, monkeypatch, caplog):
    def fail(*_arguments):
        raise OSError("no more")

    scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(floors_module, "Floored", fail)
    floors.best(FAR)
    assert floors.wait(DEADLINE)
    scene.remove(scene.add(ball(), WHITE))
    scene.add(ball(), WHITE)
    scene.commit()  # stops what is being built
    assert len(scene.traced[1]) == 2
    assert "no more" in caplog.text


def test_superfluous_copies_are_closed(scene, floors, monkeypatch):
    closed: list[Floored] = []
    close = Floored.close

    def noted(self):
        closed.append(self)
        close(self)

    monkeypatch.setattr(Floored, "close", noted)
    scene.add(neurite(), WHITE)
    scene.commit()
    for pixels in (0.5, 2.0, 8.0, 32.0):
        floors.best(Floor((0.0, 0.0, 100.0), 0.0, 0.01, pixels))
        assert floors.wait(DEADLINE)
    floors.best(FAR)
    assert len(closed) == 2
    floors.clear()
    assert len(closed) == 4
