"""What thickened copies do to pictures."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, Perspective, View
from brayns_widget.service.renderer.tracing.embree import Cancelled
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.tracing.thickening import copies as copies_module
from brayns_widget.service.renderer.tracing.thickening.thickened import ThickenedScene
from brayns_widget.service.renderer.translation.lights import pack_lights
from tests.service.renderer.tracing.thickening.thin import WHITE, ball, neurite

DEADLINE = 20.0


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


def test_a_thin_neurite_is_a_whole_line_in_the_picture(engine):
    engine.scene.add(neurite(points=201), WHITE)  # 20 µm: 40 pixels
    engine.render()
    assert covered(engine) < 5
    engine.set_radius_floor(0.5)
    render_until(engine, lambda: covered(engine) > 0 and engine._thickened is not None)
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
    render_until(engine, lambda: engine._thickened is not None)
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
    assert engine._thickened is not None
    assert 6 <= covered(engine) <= 14  # 40 pixels long, a quarter of a pixel wide


def test_a_copy_that_is_ready_while_the_last_sample_waits_is_in_the_picture(engine, monkeypatch):
    engine.scene.add(neurite(points=201), WHITE)
    engine.set_radius_floor(0.5)
    engine.set_render_settings(renderer(16))
    asked, wait, made = threading.Event(), engine._copies.wait, ThickenedScene

    def build(*arguments):
        assert asked.wait(DEADLINE)
        return made(*arguments)

    def wait_to_the_end(_seconds):
        asked.set()
        return wait(DEADLINE)

    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    monkeypatch.setattr(engine._copies, "wait", wait_to_the_end)
    while engine.accumulation < engine.max_accumulation:
        engine.render()
    assert engine._thickened is not None


def test_a_finished_picture_readies_a_copy_for_the_next_gesture(engine):
    engine.scene.add(neurite(points=201), WHITE)
    engine.set_radius_floor(0.5)
    engine.set_render_settings(renderer(16))
    while engine.accumulation < engine.max_accumulation:
        engine.render()
    assert engine._copies.wait(DEADLINE)
    engine.set_viewport(30, 30)
    engine.set_render_settings(renderer(1))
    engine.render()
    assert engine._thickened.floor.pixels == 0.5


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


@pytest.mark.parametrize("samples", [1, 16])
def test_the_first_picture_of_a_scene_has_the_floor(engine, samples: int):
    engine.set_radius_floor(0.5)
    engine.set_render_settings(renderer(samples))
    for _model in range(2):
        engine.scene.add(neurite(points=201), WHITE)
        assert engine.render()
        assert engine._thickened is not None
        assert engine.accumulation == 1


def test_the_first_picture_waits_for_no_floor_that_takes_long(engine, monkeypatch):
    go_on, made = threading.Event(), ThickenedScene

    def build(*arguments):
        assert go_on.wait(DEADLINE)
        return made(*arguments)

    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    monkeypatch.setattr(copies_module, "_FIRST_WAIT", 0.05)
    engine.set_radius_floor(0.5)
    engine.set_render_settings(renderer(1))
    engine.scene.add(neurite(points=201), WHITE)
    assert engine.render()
    assert engine._thickened is None
    go_on.set()
    render_until(engine, lambda: engine._thickened is not None)


@pytest.mark.measures
def test_who_stops_the_first_picture_waits_for_no_floor(engine, monkeypatch):
    go_on = threading.Event()

    def build(*_arguments):
        assert go_on.wait(DEADLINE)
        raise Cancelled

    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    monkeypatch.setattr(copies_module, "_FIRST_WAIT", DEADLINE)
    engine.set_radius_floor(0.5)
    engine.scene.add(neurite(points=201), WHITE)
    engine.scene.commit()
    begun = time.monotonic()
    assert not engine.render(lambda: True)
    assert time.monotonic() - begun < DEADLINE / 2
    go_on.set()
