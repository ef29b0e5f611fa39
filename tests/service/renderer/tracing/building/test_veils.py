"""What is hidden or nearly clear does not come between the viewer and the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.building.veils import FAINT, HIDDEN, SEEN, same_veils, veils_of
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic
from brayns_widget.service.renderer.tracing.kernels.layers import MOST_FAINT
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from tests.service.renderer.traced import FROM_Z, byte, spheres

PLAIN = RenderSettings(ao_samples=0, shadows=False, background=(0.0, 0.0, 0.0, 0.0))
RED, FADED, CLEAR = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.04], [0.0, 1.0, 0.0, 0.0]


def picture(engine, **settings):
    renderer = replace(PLAIN, **settings)
    return engine.snapshot((64, 64), Camera(FROM_Z, Orthographic(height=4.0)), settings=renderer).astype(int)


def wall(count):
    """Balls, the farthest of them, slot 0, behind all others."""
    return spheres(*([0, 0, -4.0 + 0.1 * number, 1.0] for number in range(count)), slots=list(range(count)))


def mixed():
    """A ball, a neurite and a triangle beside each other; slots 0, 1 and 2."""
    return Geometry(
        np.array([[0, -1, 0, 0.3], [0, 1, 0, 0.3]], np.float32),
        np.array([0], np.uint32),
        np.array([1], np.uint32),
        np.array([[-1.2, 0, 0, 0.4]], np.float32),
        np.array([0], np.uint32),
        np.array([[0.8, -0.5, 0], [1.8, -0.5, 0], [1.3, 0.9, 0]], np.float32),
        np.array([[0, 1, 2]], np.uint32),
        np.array([2], np.uint32),
    )


def test_colors_are_seen_faint_or_hidden():
    alphas = [1.0, 0.5, 0.1, 0.09, 0.001, 0.0, -1.0]
    colors = np.array([[1, 1, 1, alpha] for alpha in alphas], np.float32)
    some = veils_of(colors)
    assert some is not None
    assert some.tolist() == [SEEN] * 3 + [FAINT] * 2 + [HIDDEN] * 2
    assert veils_of(colors[:2]) is None
    assert veils_of(colors[:0]) is None
    assert same_veils(None, None)
    assert same_veils(some, some.copy())
    assert not same_veils(some, None)
    assert not same_veils(some, some[::-1])


@pytest.mark.parametrize("paths", [False, True], ids=["rays", "paths"])
def test_what_is_behind_hidden_things_is_seen_as_without_them(engine, paths):
    handle = engine.scene.add(wall(40), [RED] * 40)
    engine.scene.set_colors(handle, [RED] + [CLEAR] * 39)
    hidden = picture(engine, path_tracing=paths, bounces=3)
    assert engine.scene.plain
    engine.scene.remove(handle)
    engine.scene.add(spheres([0, 0, -4.0, 1.0]), [RED])
    assert (hidden == picture(engine, path_tracing=paths, bounces=3)).all()


def test_what_is_behind_faint_things_is_seen_through_some_of_them(engine):
    engine.scene.add(wall(40), [RED] + [FADED] * 39)
    red, green, _blue, alpha = picture(engine, bounces=1)[32, 32]
    rest = 0.96**MOST_FAINT
    assert [red, green, alpha] == pytest.approx([byte(rest), byte(1 - rest), 255], abs=1)


def test_faint_things_cast_no_shadow_and_are_lit(engine):
    engine.scene.lights = pack_lights(
        [AmbientLight(intensity=0.1), DirectionalLight(direction=(0, 0, -1), intensity=3)]
    )
    engine.scene.add(spheres([0, 0, -2, 1.0]), [RED])
    alone = picture(engine, shadows=True)[32, 32, 0]
    handle = engine.scene.add(spheres([0, 0, 2, 0.5]), [FADED])
    red, green, *_ = picture(engine, shadows=True, ao_samples=1)[32, 32]
    assert green > 0
    assert red > 0.9 * alone
    engine.scene.set_colors(handle, [[0.0, 1.0, 0.0, 0.5]])
    assert picture(engine, shadows=True)[32, 32, 0] < 0.8 * alone


@pytest.mark.parametrize("slot", range(3))
def test_each_kind_of_primitive_is_hidden_by_its_slot_and_comes_back(engine, slot):
    handle = engine.scene.add(mixed(), [RED] * 3)
    whole = picture(engine)
    colors = [RED] * 3
    colors[slot] = CLEAR
    engine.scene.set_colors(handle, colors)
    seen = [int(picture(engine)[32, x, 3]) for x in (12, 32, 52)]
    assert seen == [0 if number == slot else 255 for number in range(3)]
    engine.scene.set_colors(handle, [RED] * 3)
    assert (picture(engine) == whole).all()


def test_colors_that_are_not_settled_rebuild_nothing(engine):
    handle = engine.scene.add(wall(2), [RED] * 2)
    picture(engine)
    parts = engine.scene.parts
    engine.scene.set_colors(handle, [RED, CLEAR], settled=False)
    assert picture(engine)[32, 32].tolist() == [byte(1.0), 0, 0, 255]
    assert engine.scene.parts == parts
    engine.scene.set_colors(handle, [RED, CLEAR])
    assert picture(engine)[32, 32].tolist() == [byte(1.0), 0, 0, 255]
    assert engine.scene.parts != parts


def test_all_that_is_hidden_is_nothing(engine):
    handle = engine.scene.add(mixed(), [CLEAR] * 3)
    assert picture(engine).max() == 0
    engine.scene.set_colors(handle, [RED] * 3)
    assert picture(engine).max() > 0
