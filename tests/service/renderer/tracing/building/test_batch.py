"""Models that share a geometry look and behave as if each had its own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.materials import Ghost, Phong
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing import cover
from brayns_widget.service.renderer.tracing import scene as scene_module
from brayns_widget.service.renderer.tracing.building.model import Model
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, View
from brayns_widget.service.renderer.tracing.embree import ROUND_LINEAR_CURVE, Cancelled
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.renderer.translation.materials import row_of

RENDERER = RenderSettings(samples=1, ao_samples=0, shadows=False)
VIEW = View(position=(0.0, 0.0, 50.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
COLORS = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 0, 1]], np.float32)


def line(x: float, radius: float = 1.0) -> Geometry:
    """A vertical neurite of two segments with a ball on top; two slots."""
    vertices = np.array([[x, y, 0, radius] for y in (-8, 0, 8)], np.float32)
    segments = np.array([0, 1], np.uint32)
    ball = np.array([[x, 10, 0, 2]], np.float32)
    return Geometry(vertices, segments, segments, ball, np.ones(1, np.uint32))


@pytest.fixture
def engine():
    with Engine(2) as engine:
        engine.scene.lights = pack_lights([AmbientLight(intensity=1.0)])
        yield engine


def picture(engine: Engine):
    return engine.snapshot((80, 80), Camera(VIEW, Orthographic(height=24.0)), settings=RENDERER)


def column(engine: Engine, x: float) -> list[int]:
    """The color of the lower segment at a place, as bits RGB."""
    pixels = picture(engine)
    return [int(channel > 60) for channel in pixels[60, round(40 + x * 80 / 24), :3]]


def curves(engine: Engine) -> int:
    """How many geometries of curves Embree has."""
    return sum(part.primitives.kind == ROUND_LINEAR_CURVE for part in engine.scene.parts)


def fill(engine: Engine) -> list[int]:
    return [engine.scene.add(line(x), COLORS[[n, 3]]) for n, x in enumerate((-8.0, 0.0, 8.0))]


def test_models_share_a_geometry_and_look_as_before(engine, monkeypatch):
    fill(engine)
    together = picture(engine)
    assert curves(engine) == 1
    monkeypatch.setattr(Model, "batchable", False)
    np.testing.assert_array_equal(picture(engine), together)
    assert curves(engine) == 3
    assert len(np.unique(together.reshape(-1, 4), axis=0)) >= 5  # three neurites, their balls, the background


def test_arrays_are_not_kept_twice(engine):
    handles = fill(engine)
    originals = [engine.scene.geometry(handle) for handle in handles]
    engine.scene.commit()
    for handle, original in zip(handles, originals, strict=True):
        assert len(engine.scene._models[handle].geometry.segments) == 0
        assert engine.scene.primitives(handle) == original.count
        restored = engine.scene.geometry(handle)
        for name in ("vertices", "segments", "segment_slots", "spheres", "sphere_slots"):
            np.testing.assert_array_equal(getattr(restored, name), getattr(original, name))
        assert [side.tolist() for side in engine.scene.bounds(handle)] == [side.tolist() for side in original.bounds]


def test_hiding_needs_no_rebuild_and_is_exact(engine):
    handles = fill(engine)
    before = picture(engine)
    built = engine.scene.traced[0]
    engine.scene.set_visible(handles[1], False)
    hidden = picture(engine)
    assert engine.scene.traced[0] == built
    assert (hidden[:, 30:50] == hidden[0, 0]).all()
    np.testing.assert_array_equal(hidden[:, :30], before[:, :30])
    np.testing.assert_array_equal(engine.scene.geometry(handles[1]).vertices, line(0.0).vertices)
    engine.scene.set_visible(handles[1], True)
    np.testing.assert_array_equal(picture(engine), before)
    assert engine.scene.traced[0] == built


def test_what_was_hidden_at_first_can_be_shown(engine):
    """Short and thick: what is known of the places of such neurites depends on their radii."""
    cover.warm_up()
    blob = np.array([[0, y / 100, 0, 5] for y in range(9)], np.float32)
    segments, slots = np.arange(8, dtype=np.uint32), np.zeros(8, np.uint32)
    handle = engine.scene.add(Geometry(blob, segments, slots, np.empty((0, 4), np.float32), slots[:0]), COLORS)
    engine.scene.add(line(100.0), COLORS)
    engine.scene.set_visible(handle, False)
    assert (picture(engine) == picture(engine)[0, 0]).all()
    engine.scene.set_visible(handle, True)
    assert (picture(engine)[40, 28:52, :3] != picture(engine)[0, 0, :3]).any(axis=1).all()


def test_what_is_hidden_stays_so_when_others_come_and_can_be_shown_again(engine):
    handles = fill(engine)
    before = picture(engine)
    engine.scene.set_visible(handles[1], False)
    picture(engine)
    fourth = engine.scene.add(line(4.0), COLORS[[0, 3]])
    assert column(engine, 0.0) == [0, 0, 0]
    assert column(engine, 4.0) == [1, 0, 0]
    engine.scene.remove(fourth)
    engine.scene.set_visible(handles[1], True)
    np.testing.assert_array_equal(picture(engine), before)


def test_a_radius_floor_does_not_show_what_is_hidden(engine):
    handles = fill(engine)
    engine.set_radius_floor(6.0)
    thick = picture(engine)
    for handle in handles[1:]:
        engine.scene.set_visible(handle, False)
    shown = picture(engine)
    assert (shown[:, 30:] == shown[0, 0]).all()
    np.testing.assert_array_equal(shown[:, :28], thick[:, :28])
    engine.scene.set_visible(handles[0], False)
    assert (picture(engine) == shown[0, 0]).all()


def test_colors_change_without_a_rebuild(engine):
    handles = fill(engine)
    assert [column(engine, x) for x in (-8.0, 0.0, 8.0)] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    built = engine.scene.traced[0]
    engine.scene.set_colors(handles[1], COLORS[[2, 3]])
    assert [column(engine, x) for x in (-8.0, 0.0, 8.0)] == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert engine.scene.traced[0] == built


def test_models_that_look_different_leave_and_come_back(engine):
    handles = fill(engine)
    before = picture(engine)
    engine.scene.set_material(handles[0], row_of(Ghost()))
    assert column(engine, 8.0) == [0, 0, 1]
    assert curves(engine) == 2
    engine.scene.set_colors(handles[1], COLORS[[1, 3]] * [1, 1, 1, 0.5])
    picture(engine)
    assert curves(engine) == 3
    engine.scene.set_material(handles[0], row_of(Phong()))
    engine.scene.set_colors(handles[1], COLORS[[1, 3]])
    np.testing.assert_array_equal(picture(engine), before)
    assert curves(engine) == 1


def test_moved_models_and_copies_share_too(engine):
    handles = fill(engine)
    picture(engine)
    copy = engine.scene.add_copy(handles[0])
    matrix = np.eye(4)
    matrix[0, 3] = 12.0
    engine.scene.set_transform(copy, matrix)
    assert column(engine, 4.0) == [1, 0, 0]
    assert column(engine, -8.0) == [1, 0, 0]
    assert curves(engine) == 1
    engine.scene.set_transform(handles[2], matrix)  # out of the picture
    assert column(engine, 8.0) == [0, 0, 0]
    engine.scene.set_transform(handles[2], np.eye(4))
    assert column(engine, 8.0) == [0, 0, 1]


def test_what_is_picked_is_the_models_own(engine):
    handles = fill(engine)
    engine.set_viewport(80, 80)
    engine.set_camera(Camera(VIEW, Orthographic(height=24.0)))
    for handle, x in zip(handles, (-8.0, 0.0, 8.0), strict=True):
        for y, slot in ((-4.0, 0), (4.0, 1), (10.0, 1)):
            pick = engine.pick(0.5 + x / 24, 0.5 - y / 24)
            assert (pick.handle, pick.slot) == (handle, slot)


def test_the_last_two_part_again(engine):
    handles = fill(engine)
    picture(engine)
    engine.scene.set_visible(handles[0], False)
    for handle in handles[1:]:
        engine.scene.remove(handle)
    engine.scene.set_visible(handles[0], True)
    assert column(engine, -8.0) == [1, 0, 0]
    assert curves(engine) == 1
    assert engine.scene._batch is None


def test_a_cancelled_load_leaves_what_was_built(engine):
    handles = fill(engine)
    before = picture(engine)
    built = engine.scene.traced[0]
    added = engine.scene.add(line(4.0), COLORS[[0, 3]])
    with pytest.raises(Cancelled):
        engine.scene.commit(cancelled=lambda: True)
    engine.scene.remove(added)
    np.testing.assert_array_equal(picture(engine), before)
    assert engine.scene.traced[0] == built
    assert handles == engine.scene._batch.handles


def test_a_transform_beyond_all_numbers_leaves_what_was_built(engine):
    handles = fill(engine)
    before = picture(engine)
    matrix = np.eye(4) * 1e20
    matrix[3, 3] = 1
    engine.scene.set_transform(handles[1], matrix)
    with pytest.raises(ValueError, match="Coordinates must stay below"):
        engine.scene.commit()
    engine.scene.set_transform(handles[1], np.eye(4))
    np.testing.assert_array_equal(picture(engine), before)


def test_slots_of_models_follow_one_another(engine):
    fill(engine)
    engine.scene.commit()
    batch = engine.scene._batch
    assert batch is not None
    assert len(batch.colors) == 6
    spans = [batch._spans[handle].slots for handle in batch.handles]
    assert all(first.stop == second.start for first, second in pairwise(spans))


def test_small_loads_wait_for_the_picture(engine, monkeypatch):
    scene = engine.scene
    handles = fill(engine)
    assert scene.can_wait(handles)
    monkeypatch.setattr(scene_module, "_SMALL_LOAD", 8)
    assert not scene.can_wait(handles)
    assert scene.can_wait(handles[:1])
    monkeypatch.setattr(scene_module, "_SMALL_SCENE", 8)
    assert not scene.can_wait(handles[:1])


def test_what_cannot_be_built_is_told_when_it_is_loaded(engine):
    handle = engine.scene.add(line(1e19), COLORS)
    with pytest.raises(ValueError, match="Coordinates must stay below"):
        engine.scene.can_wait([handle])


def test_copying_tells_how_far_it_is_and_can_be_stopped(engine):
    for x in (-6, 0, 6):
        engine.scene.add(line(x), COLORS[:2])
    amounts: list[float] = []
    with pytest.raises(Cancelled):
        engine.scene.commit(amounts.append, lambda: bool(amounts))
    assert amounts == [pytest.approx(0.05)]  # of the three models that are copied in the first 0.15
    assert engine.scene.parts == []
    engine.scene.commit(amounts.append)
    assert amounts[1:] == sorted(amounts[1:])
    assert [amount for amount in amounts[1:] if amount < 0.16] == pytest.approx([0.05, 0.1, 0.15])
    assert amounts[-1] > 0.3
