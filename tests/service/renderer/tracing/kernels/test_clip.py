"""Clipping where other parts of the renderer trace: paths, their shadow rays, weakened light, and radius floors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import DirectionalLight
from brayns_widget.protocol.brayns.materials import Glass, Matte
from brayns_widget.protocol.brayns.shapes import Plane, Sphere
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic
from brayns_widget.service.renderer.tracing.clipping import no_clips
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.clipping import Clip, pack_clips
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.renderer.translation.materials import row_of
from tests.service.renderer.traced import FROM_Z, spheres

NONE = np.empty(0, np.uint32)
NO_SPHERES = np.empty((0, 4), np.float32)
PATHS = RenderSettings(path_tracing=True, samples=1, bounces=2, background=(0.0, 0.0, 0.0, 0.0))
RAYS = RenderSettings(samples=1, ao_samples=0, background=(0.0, 0.0, 0.0, 0.0))
WHITE = [1.0, 1.0, 1.0, 1.0]


def ball(engine, x, y, z, radius, color=WHITE):
    return engine.scene.add(spheres([x, y, z, radius]), [color])


def cut(engine, *shapes, inverted=False):
    engine.scene.set_clips(pack_clips([Clip(shapes, inverted, np.eye(4))]))


def light_of(engine, renderer, height=4.0):
    """Linear light and opacity, (64, 64, 4)."""
    return engine.trace((64, 64), Camera(FROM_Z, Orthographic(height=height)), settings=renderer, keep=True).light


def test_paths_see_into_what_is_cut_open(engine):
    ball(engine, 0, 0, 0, 1.5, [1.0, 0.0, 0.0, 1.0])
    ball(engine, 0, 0, 0, 0.5, [0.0, 0.0, 1.0, 1.0])
    assert (light_of(engine, PATHS)[32, 32, :3] > 0).tolist() == [True, False, False]
    cut(engine, Plane(coefficients=[0.0, 0.0, -1.0, -0.9]))  # what is nearer than z = 0.9
    samples = replace(PATHS, samples=64)
    opened = light_of(engine, samples)
    assert opened[32, 32, 2] > 0.2  # the small ball, lit by what comes in
    assert opened[32, 32, 0] == 0
    assert opened[32, 42, 0] > 0  # the inside of the large one, beside it
    cut(engine, Plane(coefficients=[1.0, 0.0, 0.0, 0.0]))
    halved = light_of(engine, PATHS)
    assert halved[:, :30].max() == 0
    assert halved[32, 34, 3] == 1


def test_paths_through_glass_pass_what_is_cut(engine):
    glass = ball(engine, 0, 0, 2, 1.0)
    engine.scene.set_material(glass, row_of(Glass(index_of_refraction=1.0)))
    ball(engine, 0, 0, -3, 1.5, [0.0, 1.0, 0.0, 1.0])
    ball(engine, 0, 0, 0, 0.9, [1.0, 0.0, 0.0, 1.0])
    assert light_of(engine, replace(PATHS, bounces=6))[32, 32, 1] == 0
    cut(engine, Sphere(center=[0.0, 0.0, 0.0], radius=1.0))
    assert light_of(engine, replace(PATHS, bounces=6))[32, 32, 1] > 0.5


@pytest.mark.parametrize("renderer", [PATHS, RAYS])
@pytest.mark.parametrize(("opacity", "left"), [(1.0, 0.0), (0.5, 0.25)])
def test_what_is_cut_casts_no_shadow(engine, renderer, opacity, left):
    ball(engine, 0, 0, -3, 2)
    engine.scene.set_material(ball(engine, 0, 1.875, 2, 0.5), row_of(Matte(opacity=opacity)))
    engine.scene.lights = pack_lights([DirectionalLight(direction=[0.0, -2.5, -4.0], intensity=2.0)])
    shaded = light_of(engine, renderer)[32, 32, 0]
    cut(engine, Sphere(center=[0.0, 1.875, 2.0], radius=0.6))
    lit = light_of(engine, renderer)[32, 32, 0]
    assert lit > 0.1
    assert shaded == pytest.approx(left * lit, abs=1e-3)


def test_floors_are_cut_where_the_scene_is(engine):
    """A thin neurite along x, of which a plane cuts the left half and a ball a piece of the rest."""
    vertices = np.array([[-6, 0, 0, 0.01], [0, 0, 0, 0.01], [6, 0, 0, 0.01]], np.float32)
    slots = np.zeros(2, np.uint32)
    engine.scene.add(Geometry(vertices, np.arange(2, dtype=np.uint32), slots, NO_SPHERES, NONE), [WHITE])
    engine.set_radius_floor(1.5)
    for renderer in (RAYS, PATHS):
        engine.scene.set_clips(no_clips())
        whole = light_of(engine, renderer, 16.0)[30:34, :, 3].max(0)
        assert (whole > 0).sum() == pytest.approx(12 * 4, abs=4)
        cut(engine, Plane(coefficients=[1.0, 0.0, 0.0, 0.0]), Sphere(center=[3.0, 0.0, 0.0], radius=1.0))
        seen = light_of(engine, renderer, 16.0)
        left = np.flatnonzero(seen[30:34, :, 3].max(0)) / 4 - 8 + 0.125
        assert len(left) == pytest.approx(4 * 4, abs=3)
        assert ((left > -0.2) & (abs(left - 3) > 0.8)).all()
        assert (seen[..., 3] > 0).any(1).sum() in {3, 4}  # three pixels high, as the floor makes it
