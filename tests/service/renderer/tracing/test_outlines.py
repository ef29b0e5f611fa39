"""Lines at edges of depth."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.service.renderer.tracing import outlines
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, Perspective, View, ray_frame
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from tests.service.renderer.traced import FROM_Z, spheres

PLAIN = RenderSettings(samples=1, ao_samples=0, shadows=False, background=(0.0, 0.0, 0.0, 1.0))
LINED = replace(PLAIN, outlines=1.0)
WHITE = [[1.0, 1.0, 1.0, 1.0]]
FAR, NEAR = 200.0, 100.0


def found(depths, camera=None, fine=1):
    camera = camera or Camera(FROM_Z, Orthographic(height=float(len(depths))))  # a pixel covers 1 µm
    return outlines.lines(depths.astype(np.float32), ray_frame(camera, 1.0), fine)


def step(far=FAR, side=40):
    depths = np.full((side, side), far)
    depths[:, : side // 2] = NEAR
    return depths


def test_a_line_lies_behind_the_edge_and_not_on_it():
    shares = found(step())
    assert (shares[:, 20] > 0.3).all()
    assert (shares[:, :20] == 0).all()
    assert (shares[:, 21:] == 0).all()


def test_a_line_is_the_darker_the_farther_it_is_behind():
    darkness = [found(step(NEAR + gap))[20, 20] for gap in (2, 10, 20, 40)]
    assert darkness[0] == 0
    assert darkness == sorted(darkness)
    assert darkness[1] > 0
    assert found(step(np.inf))[20, 20] == pytest.approx(darkness[-1])


def test_a_steep_surface_has_no_line():
    assert (found(np.arange(40.0)[None] * np.full((40, 1), 2.0) + NEAR) == 0).all()


def test_distances_count_by_what_a_pixel_covers():
    """The same scene, ten times larger and farther away, has the same lines."""
    view = View((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
    camera = Camera(view, Perspective(fovy=45.0))
    near, far = found(step(110.0), camera), found(10 * step(110.0), camera)
    assert near[20, 20] > 0
    assert near == pytest.approx(far, abs=1e-3)


def test_thin_things_have_faint_lines():
    thin, wide = np.full((2, 40, 40), FAR)
    thin[:, 20], wide[:, 10:21] = NEAR, NEAR
    assert 0 < found(thin, fine=2)[10, 10] < found(wide, fine=2)[10, 10]


def test_fine_depths_and_rows_at_once_make_no_seams(monkeypatch):
    depths = np.where(np.random.default_rng(1).random((96, 64)) > 0.5, NEAR, FAR)
    whole = found(depths, fine=2)
    assert whole.shape == (48, 32)
    monkeypatch.setattr(outlines, "_ROWS", 16)
    assert (found(depths, fine=2) == whole).all()


def test_nothing_has_no_line():
    assert (found(np.full((8, 8), np.inf)) == 0).all()


def test_lines_darken_and_cover_what_is_transparent():
    pixels = np.array([[[200, 100, 50, 255], [200, 100, 50, 0], [0, 0, 0, 0]]], np.uint8)
    drawn = outlines.draw(pixels, np.array([[0.5, 1.0, 0.0]], np.float32), 0.5)
    assert drawn[0].tolist() == [[150, 75, 38, 255], [0, 0, 0, 128], [0, 0, 0, 0]]


@pytest.mark.parametrize("settings", [PLAIN, replace(PLAIN, samples=4), replace(PLAIN, path_tracing=True, samples=4)])
def test_a_ball_in_front_of_another_has_a_line_around_it(engine, settings):
    engine.scene.lights = pack_lights([AmbientLight(intensity=1.0)])
    engine.scene.add(spheres([0, 0, 0, 0.5], [0, 0, -20, 1.5]), WHITE * 2)
    camera = Camera(FROM_Z, Orthographic(height=4.0))
    pixels = {}
    for strength in (0.0, 1.0):
        chosen = replace(settings, outlines=strength)
        pixels[strength] = engine.snapshot((64, 64), camera, settings=chosen)[..., 0].astype(int)
    lost = pixels[0.0] - pixels[1.0]
    assert lost[32, 32] == lost[32, 14] == 0  # on the balls
    assert lost[32, 20:24].max() > 80  # beside the one in front, which ends at 24
    assert lost[32, 40:44].max() > 80


def test_the_interactive_picture_has_the_lines_of_a_snapshot(engine):
    engine.scene.lights = pack_lights([AmbientLight(intensity=1.0)])
    engine.scene.add(spheres([0, 0, 0, 0.5], [0, 0, -20, 1.5]), WHITE * 2)
    camera = Camera(FROM_Z, Orthographic(height=4.0))
    engine.set_viewport(64, 48)
    engine.set_camera(camera)
    engine.set_render_settings(LINED)
    assert engine.render()
    shown = np.asarray(Image.open(io.BytesIO(engine.encode("png"))))
    assert (shown == engine.snapshot((64, 48), camera, settings=LINED)).all()
    engine.set_render_settings(PLAIN)
    assert engine.render()
    assert (np.asarray(Image.open(io.BytesIO(engine.encode("png")))) != shown).any()
