"""What the interactive renderer shows of volumes, against what formulas say."""

from __future__ import annotations

import math
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.protocol.brayns.materials import Matte
from brayns_widget.protocol.brayns.shapes import Plane, Sphere
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.ramps import ColorRamp
from brayns_widget.service.renderer.content.volumes import Volume
from brayns_widget.service.renderer.tracing.camera import Camera, Orthographic, Perspective, View
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.clipping import Clip, pack_clips
from brayns_widget.service.renderer.translation.materials import row_of
from tests.service.renderer.traced import spheres

NONE = np.empty(0, np.uint32)
NO_ROUNDS = np.empty((0, 4), np.float32)
NOTHING = Geometry(NO_ROUNDS, NONE, NONE, NO_ROUNDS, NONE)
PLAIN = RenderSettings(ao_samples=0, shadows=False, background=(0.0, 0.0, 0.0, 0.0))
FRONT = View(position=(0.0, 0.0, 100.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
SIZE = 33  # the middle of the middle pixel is the middle of the picture


def centered(size, spacing=1.0):
    """The frame of a cube of ``size`` cells (or of the space between vertices) around the origin."""
    frame = np.diag([spacing, spacing, spacing, 1.0])
    frame[:3, 3] = -spacing * size / 2
    return frame


def add(engine, values, *colors, low=0.0, high=1.0, cells=True, spacing=1.0, frame=None, transform=None):
    count = values.shape[0] - (0 if cells else 1)
    volume = Volume(values, centered(count, spacing) if frame is None else frame, cells=cells)
    volume.ramp = ColorRamp(np.array(colors, np.float32), low, high)
    handle = engine.scene.add(NOTHING, np.empty((0, 4)), volume)
    if transform is not None:
        engine.scene.set_transform(handle, transform)
    return handle, volume


def light(engine, view=FRONT, projection=None, samples=1, **settings):
    """(SIZE, SIZE, 4) linear light of a picture 20 µm high."""
    projection = projection or Orthographic(height=20.0)
    renderer = replace(PLAIN, samples=samples, **settings)
    return engine.trace((SIZE, SIZE), Camera(view, projection), settings=renderer, keep=True).light


def middle(engine, **settings):
    return light(engine, **settings)[SIZE // 2, SIZE // 2]


def cube(value, size=10, kind=np.uint8):
    return np.full((size, size, size), value, kind)


def ball(engine, z, radius=2.0, color=(0.0, 1.0, 0.0, 1.0)):
    return engine.scene.add(spheres([0, 0, z, radius]), [list(color)])


@pytest.mark.parametrize("cells", [True, False])
@pytest.mark.parametrize("spacing", [1.0, 0.3, 7.0])
@pytest.mark.parametrize("opacity", [0.001, 0.1, 2.0])
def test_an_even_volume_stops_light_by_its_length(engine, cells, spacing, opacity):
    add(engine, cube(1, 10 if cells else 11), [1, 0.5, 0, opacity], cells=cells, spacing=spacing)
    share = 1 - math.exp(-opacity * 10 * spacing)
    pixel = middle(engine, projection=Orthographic(height=0.1), background=(0.0, 0.0, 1.0, 0.0))
    if share > 1 - 1 / 256:  # then what is behind counts as hidden
        assert pixel[0] == pytest.approx(1, abs=1 / 256)
        assert pixel[2] == 0
    else:
        assert pixel == pytest.approx([share, share / 2, 1 - share, share], abs=1e-5)


def test_an_even_volume_seen_at_an_angle_is_as_thick_as_the_way_through(engine):
    add(engine, cube(1), [1, 1, 1, 0.05])
    view = View(position=(100.0, 0.0, 100.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
    assert middle(engine, view=view)[0] == pytest.approx(1 - math.exp(-0.05 * 10 * math.sqrt(2)), abs=2e-3)


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "float32"])
def test_values_of_all_types_have_their_colors(engine, kind):
    values = np.zeros((10, 10, 10), kind)
    values[:, :, 5:] = 100
    if kind == "int16":
        values[:, :, :5] = -100
    low = float(values.min())
    add(engine, values, [1, 0, 0, 0.1], [0, 1, 0, 0.1], low=low, high=100)
    picture = light(engine)
    share = 1 - math.exp(-1)
    assert picture[16, 10] == pytest.approx([share, 0, 0, share], abs=1e-3)
    assert picture[16, 22] == pytest.approx([0, share, 0, share], abs=1e-3)


@pytest.mark.parametrize("axis", range(3))
def test_x_is_the_fastest_axis(engine, axis):
    values = cube(0)
    first = [slice(None)] * 3
    first[2 - axis] = slice(0, 2)
    values[tuple(first)] = 1
    add(engine, values, [0, 0, 0, 0], [1, 1, 1, 10])
    picture = light(engine)[..., 0] > 0.5
    rows, columns = np.nonzero(picture)
    low, high = SIZE * 0.25, SIZE * 0.75  # of the cube in the picture
    if axis == 0:
        assert (columns.min(), columns.max()) == (round(low), round(low + SIZE / 10) - 1)
    elif axis == 1:  # y goes up, rows go down
        assert (rows.min(), rows.max()) == (round(high - SIZE / 10), round(high) - 1)
    else:
        assert picture.sum() == pytest.approx(SIZE * SIZE / 4, rel=0.15)


def test_cells_are_even_and_vertices_are_blended(engine):
    values = cube(0, 2, np.float32)
    values[:, :, 1] = 1
    add(engine, values, [0, 0, 0, 1], [1, 1, 1, 1], spacing=10)
    row = light(engine, projection=Orthographic(height=20))[16, :, 0]
    assert row[:16] == pytest.approx(0, abs=1e-3)
    assert row[17:] == pytest.approx(1, abs=1e-3)
    engine.scene.clear()
    add(engine, values, [0, 0, 0, 1], [1, 1, 1, 1], spacing=20, cells=False)
    row = light(engine, projection=Orthographic(height=20))[16, :, 0]
    assert row == pytest.approx((np.arange(SIZE) + 0.5) / SIZE, abs=2e-3)


def test_opacity_that_grows_along_the_ray_adds_up(engine):
    values = np.zeros((65, 65, 65), np.float32)
    values[:] = np.linspace(0, 1, 65, dtype=np.float32)[:, None, None]  # towards the viewer
    add(engine, values, [1, 1, 1, 0], [1, 1, 1, 0.1], cells=False, spacing=10 / 64)
    # the mean opacity over 10 µm is 0.05
    assert middle(engine, samples=16)[0] == pytest.approx(1 - math.exp(-0.5), abs=1e-3)


def test_removed_volumes_give_their_memory_back(engine):
    handle, volume = add(engine, cube(1), [1, 1, 1, 0.1])
    light(engine)
    values = weakref.ref(volume.values)
    del volume
    assert values() is not None
    engine.scene.remove(handle)
    assert values() is None


def test_what_is_in_front_covers_what_is_behind(engine):
    values = cube(0, 10)
    values[5:] = 1  # the half towards the viewer
    add(engine, values, [1, 0, 0, 0.1], [0, 1, 0, 0.1])
    half = 1 - math.exp(-0.5)
    assert middle(engine) == pytest.approx([half * (1 - half), half, 0, 1 - math.exp(-1)], abs=1e-4)


def test_a_ball_of_density_is_as_dark_as_its_chords(engine):
    size, radius = 80, 8.0
    place = (np.arange(size) + 0.5) / size * 20 - 10
    z, y, x = np.meshgrid(place, place, place, indexing="ij")
    values = (x * x + y * y + z * z < radius * radius).astype(np.uint8)
    add(engine, values, [1, 1, 1, 0], [1, 1, 1, 0.04], spacing=20 / size)
    row = light(engine, samples=8)[16, :, 3]
    x = ((np.arange(SIZE) + 0.5) / SIZE - 0.5) * 20
    chord = 2 * np.sqrt(np.maximum(0, radius**2 - x**2))
    inside = np.abs(np.abs(x) - radius) > 0.5  # cells make the edge coarse
    assert row[inside] == pytest.approx(1 - np.exp(-0.04 * chord[inside]), abs=0.02)


def test_finer_cells_of_the_same_density_look_the_same(engine):
    pictures = []
    for size in (8, 32, 128):
        engine.scene.clear()
        place = (np.arange(size) + 0.5) / size
        values = np.broadcast_to(np.sin(place * np.pi)[:, None, None], (size, size, size)).astype(np.float32)
        add(engine, values, [1, 0, 0, 0], [0, 1, 0, 0.2], spacing=10 / size)
        pictures.append(middle(engine, samples=32))
    assert pictures[0] == pytest.approx(pictures[2], abs=0.02)
    assert pictures[1] == pytest.approx(pictures[2], abs=0.005)


@pytest.mark.parametrize("view", [FRONT, View(position=(90.0, 50.0, 70.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))])
def test_jumping_over_clear_blocks_changes_nothing(engine, view):
    rng = np.random.default_rng(7)
    values = np.zeros((60, 60, 60), np.uint8)
    for corner in rng.integers(0, 55, (12, 3)):
        values[tuple(slice(place, place + 5) for place in corner)] = 255
    _, volume = add(engine, values, [0, 0, 1, 0], [1, 1, 0, 1], low=0, high=255, spacing=0.25)
    jumped = light(engine, view=view)
    volume.shown(volume._shown[1]).coarse[:] = 0  # nothing is known to be clear
    slow = light(engine, view=view)
    assert (jumped > 0.1).any()
    assert np.abs(jumped - slow).mean() < 1e-4
    assert (np.abs(jumped - slow) > 0.02).mean() < 2e-3  # steps that begin at an edge


def test_numbers_that_are_none_are_clear(engine):
    values = cube(1, kind=np.float32)
    values[:5] = np.nan
    add(engine, values, [1, 1, 1, 0.1])
    assert middle(engine)[3] == pytest.approx(1 - math.exp(-0.5), abs=1e-4)
    engine.scene.clear()
    add(engine, cube(np.nan, kind=np.float32), [1, 1, 1, 0.1])
    assert (light(engine) == 0).all()


def test_values_outside_of_the_range_have_the_outermost_colors(engine):
    values = np.array([-np.inf, -5, 5, np.inf], np.float32).repeat(4).reshape(1, 1, 16)
    add(engine, values, [1, 0, 0, 5], [0, 0, 1, 5], frame=np.diag([1.0, 10, 10, 1]))
    picture = light(engine, view=View(position=(8.0, 5.0, 50.0), target=(8.0, 5.0, 0.0), up=(0.0, 1.0, 0.0)))
    assert picture[16, 5, :3] == pytest.approx([1, 0, 0], abs=1e-2)
    assert picture[16, 12, :3] == pytest.approx([1, 0, 0], abs=1e-2)
    assert picture[16, 20, :3] == pytest.approx([0, 0, 1], abs=1e-2)
    assert picture[16, 27, :3] == pytest.approx([0, 0, 1], abs=1e-2)


def test_surfaces_stand_in_front_of_within_and_behind_volumes(engine):
    add(engine, cube(1), [1, 0, 0, 0.1])  # z from -5 to 5
    for z, before in ((50, 0.0), (3, 0.0), (0, 3.0), (-20, 10.0)):
        handle = ball(engine, z)
        share = 1 - math.exp(-0.1 * before)
        assert middle(engine) == pytest.approx([share, 1 - share, 0, 1], abs=1e-4), z
        engine.scene.remove(handle)


def test_surfaces_that_let_light_through_show_the_volume_behind(engine):
    add(engine, cube(1), [1, 0, 0, 0.1])
    handle = ball(engine, 20)
    engine.scene.set_material(handle, row_of(Matte(opacity=0.5)))
    share = 1 - math.exp(-1)
    assert middle(engine, bounces=3) == pytest.approx([share / 4, 0.75, 0, 0.75 + share / 4], abs=1e-4)


def test_volumes_may_lie_in_each_other(engine):
    add(engine, cube(1), [1, 0, 0, 0.1])
    add(engine, cube(1, 5), [0, 1, 0, 0.3], spacing=0.9)  # 4.5 µm in its middle
    tenth, inner = 0.1 * 2.75, (0.1 + 0.3) * 4.5
    reach = math.exp(-tenth)
    within = 1 - math.exp(-inner)
    red = 1 - reach + reach * within / 4 + reach * math.exp(-inner) * (1 - reach)
    pixel = middle(engine, samples=32)
    assert pixel[3] == pytest.approx(1 - math.exp(-2 * tenth - inner), abs=1e-3)
    assert pixel[:2] == pytest.approx([red, reach * within * 3 / 4], abs=0.02)


def test_models_of_volumes_can_be_moved_scaled_turned_hidden_and_copied(engine):
    handle, _ = add(engine, cube(1, 4), [1, 1, 1, 0.1])
    share = 1 - math.exp(-0.4)
    assert middle(engine)[0] == pytest.approx(share, abs=1e-4)
    move = np.eye(4)
    move[0, 3] = 6
    engine.scene.set_transform(handle, move)
    assert middle(engine)[0] == 0
    assert light(engine)[16, 26, 0] == pytest.approx(share, abs=1e-4)
    engine.scene.set_transform(handle, np.diag([1.0, 1, 3, 1]))
    assert middle(engine)[0] == pytest.approx(1 - math.exp(-1.2), abs=1e-4)
    turn = np.eye(4)
    turn[:2, :2] = math.sqrt(0.5) * np.array([[1, -1], [1, 1]])
    engine.scene.set_transform(handle, turn)
    assert (light(engine)[16, :, 0] > 0).sum() == pytest.approx(4 * math.sqrt(2) / 20 * SIZE, abs=1.1)
    copy = engine.scene.add_copy(handle)
    assert middle(engine)[0] == pytest.approx(1 - math.exp(-0.8), abs=1e-4)
    engine.scene.set_visible(handle, False)
    assert middle(engine)[0] == pytest.approx(share, abs=1e-4)
    engine.scene.remove(copy)
    assert (light(engine) == 0).all()


def test_flattened_volumes_are_not_seen(engine):
    add(engine, cube(1), [1, 1, 1, 1], transform=np.diag([1.0, 1, 0, 1]))
    assert (light(engine) == 0).all()


def test_clips_cut_volumes(engine):
    add(engine, cube(1), [1, 1, 1, 0.1])
    engine.scene.set_clips(pack_clips([Clip([Plane(coefficients=[1.0, 0, 0, 0])], False, np.eye(4))]))
    picture = light(engine)[16, :, 3]
    assert (picture[:16] == 0).all()
    assert picture[18] == pytest.approx(1 - math.exp(-1), abs=1e-4)
    engine.scene.set_clips(pack_clips([Clip([Sphere(center=[0, 0, 0], radius=2)], False, np.eye(4))]))
    assert middle(engine, samples=32)[3] == pytest.approx(1 - math.exp(-0.6), abs=0.02)


def test_what_is_nearer_than_the_near_clip_is_not_seen(engine):
    add(engine, cube(1), [1, 1, 1, 0.1])
    frame = engine.trace(
        (SIZE, SIZE), Camera(FRONT, Orthographic(height=20.0), near_clip=102.0), settings=PLAIN, keep=True
    )
    assert frame.light[16, 16, 0] == pytest.approx(1 - math.exp(-0.3), abs=1e-4)


def test_cameras_may_stand_within_volumes(engine):
    add(engine, cube(1), [1, 1, 1, 0.1])
    view = View(position=(0.0, 0.0, 1.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
    assert middle(engine, view=view, projection=Perspective())[0] == pytest.approx(1 - math.exp(-0.6), abs=1e-4)


def test_the_background_shows_through_with_its_alpha(engine):
    add(engine, cube(1), [1, 0, 0, 0.1])
    share = 1 - math.exp(-1)
    pixel = middle(engine, background=(0.0, 0.0, 1.0, 0.5))
    assert pixel == pytest.approx([share, 0, 1 - share, share + (1 - share) / 2], abs=1e-5)


def test_another_ramp_shows_once_the_scene_is_told(engine):
    _, volume = add(engine, cube(1), [1, 0, 0, 0.1])
    engine.set_viewport(SIZE, SIZE)
    engine.set_camera(Camera(FRONT, Orthographic(height=20.0)))
    engine.set_render_settings(PLAIN)
    assert engine.render()
    assert not engine.render()
    volume.ramp = ColorRamp(np.array([[0, 0, 1, 0.1]], np.float32), 0, 1)
    engine.scene.touch()
    assert engine.render()
    assert not engine.render()
    assert light(engine)[16, 16, :3] == pytest.approx([0, 0, 1 - math.exp(-1)], abs=1e-4)


@pytest.mark.measures
def test_rays_along_an_axis_skip_empty_space_as_others_do(engine):
    """They once took thirty times as long."""
    values = np.zeros((192, 192, 192), np.uint8)
    values[80:90, 80:90, 80:90] = 200
    add(engine, values, [1, 1, 1, 0], [1, 1, 1, 1], high=255.0)

    def least_time(view: View) -> float:
        times = []
        for _ in range(4):
            start = time.process_time()
            engine.snapshot((128, 128), Camera(view, Orthographic(height=200.0)), settings=PLAIN)
            times.append(time.process_time() - start)
        return min(times)

    askew = View(position=(1.0, 0.5, 300.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
    straight = View(position=(0.0, 0.0, 300.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
    assert least_time(straight) < 5 * least_time(askew)
