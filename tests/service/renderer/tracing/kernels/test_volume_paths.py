"""What the production renderer shows of volumes, against what formulas say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight, SphereLight
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.ramps import ColorRamp
from brayns_widget.service.renderer.content.volumes import Volume
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, View
from brayns_widget.service.renderer.tracing.lights import no_lights
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from tests.service.renderer.traced import spheres

NONE = np.empty(0, np.uint32)
NO_ROUNDS = np.empty((0, 4), np.float32)
NOTHING = Geometry(NO_ROUNDS, NONE, NONE, NO_ROUNDS, NONE)
FRONT = View(position=(0.0, 0.0, 100.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
BLACK, WHITE = [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.5]


@pytest.fixture(autouse=True)
def dark(engine):
    engine.scene.lights = no_lights()


def fog(engine, color, opacity, size=(10.0, 10.0, 10.0)):
    """An even volume around the origin."""
    frame = np.diag([*(np.array(size) / 4), 1.0])
    frame[:3, 3] = -np.array(size) / 2
    volume = Volume(np.ones((4, 4, 4), np.uint8), frame)
    volume.ramp = ColorRamp(np.array([[*color, opacity]], np.float32), 0, 1)
    return engine.scene.add(NOTHING, np.empty((0, 4)), volume)


def mean(engine, samples=64, background=BLACK, bounces=1, height=4.0):
    """The mean light (RGBA) of a picture of what is in the middle."""
    renderer = RenderSettings(path_tracing=True, samples=samples, bounces=bounces, background=background)
    frame = engine.trace((32, 32), Camera(FRONT, Orthographic(height=height)), settings=renderer, keep=True)
    return frame.light.mean(axis=(0, 1))


def ball(engine, z, radius):
    return engine.scene.add(spheres([0, 0, z, radius]), [[1, 1, 1, 1]])


def test_black_fog_lets_through_what_its_length_leaves(engine):
    fog(engine, [0, 0, 0], 0.1)
    engine.scene.lights = pack_lights([AmbientLight(), DirectionalLight()])
    left = math.exp(-1)
    assert mean(engine, background=WHITE) == pytest.approx([left, left, left, 1 - left / 2], abs=0.01)


def test_fog_that_takes_nothing_away_is_as_bright_as_what_is_around(engine):
    fog(engine, [1, 1, 1], 0.3)
    engine.scene.lights = pack_lights([AmbientLight()])
    assert mean(engine, samples=8, background=WHITE, bounces=64)[:3] == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("direction", [[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
def test_thin_fog_scatters_light_evenly_into_all_directions(engine, direction):
    fog(engine, [1, 0.5, 0], 0.002)
    engine.scene.lights = pack_lights([DirectionalLight(direction=direction, intensity=100.0)])
    # of the light that is stopped on the way to the eye's side, 1 / 4 pi goes towards the eye
    wanted = 100 / (4 * math.pi) * (1 - math.exp(-0.02))
    assert mean(engine, samples=256)[:3] == pytest.approx([wanted, wanted / 2, 0], rel=0.06, abs=1e-3)


def test_lights_with_a_place_light_fog_too(engine):
    fog(engine, [1, 1, 1], 0.01, size=(1.0, 1.0, 1.0))
    engine.scene.lights = pack_lights([SphereLight(position=[0.0, 50.0, 0.0], radius=1.0, intensity=1e6)])
    wanted = 1e6 / 50**2 / (4 * math.pi) * (1 - math.exp(-0.01))
    assert mean(engine, samples=512, height=0.5)[0] == pytest.approx(wanted, rel=0.06)


def test_fog_weakens_the_light_that_reaches_it_and_surfaces(engine):
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=math.pi)])
    handle = ball(engine, -20, 10)
    bare = mean(engine, height=1.0)[0]
    assert bare == pytest.approx(1, abs=0.01)
    fog(engine, [0, 0, 0], 0.05)
    assert mean(engine, samples=256, height=1.0)[0] == pytest.approx(bare * math.exp(-0.5) ** 2, rel=0.05)
    engine.scene.remove(handle)


def test_balls_cast_shadows_into_fog(engine):
    fog(engine, [1, 1, 1], 0.01)
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -1.0, 0.0], intensity=100.0)])
    lit = mean(engine)[0]
    spheres = np.array([[0, 30, 0, 20]], np.float32)
    above = Geometry(NO_ROUNDS, NONE, NONE, spheres, np.zeros(1, np.uint32))
    engine.scene.add(above, [[1, 1, 1, 1]])
    assert mean(engine)[0] < 0.01 * lit


def test_surfaces_before_fog_hide_it(engine):
    fog(engine, [1, 0, 0], 5)
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, 0.0, -1.0], intensity=math.pi)])
    ball(engine, 20, 10)
    red, green, blue, opacity = mean(engine, height=1.0)
    assert [red, green, blue] == pytest.approx([1, 1, 1], abs=0.01)
    assert opacity == 1
