"""Scene: what a commit builds, what changes without one, and what stays when it fails."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.service.renderer.content.geometry import Geometry, empty_bounds
from brayns_widget.service.renderer.tracing.embree import Cancelled, Device, Primitives
from brayns_widget.service.renderer.tracing.scene import Scene
from brayns_widget.service.renderer.translation.lights import pack_lights

RED = [[1.0, 0.0, 0.0, 1.0]]


@pytest.fixture
def scene():
    with Device(2) as device:
        scene = Scene(device)
        yield scene
        scene.close()


def ball(x=0.0, radius=1.0, count=1):
    spheres = np.tile(np.array([x, 0, 0, radius], np.float32), (count, 1))
    none = np.empty(0, np.uint32)
    return Geometry(np.empty((0, 4), np.float32), none, none, spheres, np.zeros(count, np.uint32))


def neurites(count):
    vertices = np.random.default_rng(2).random((count + 1, 4), np.float32)
    slots = np.zeros(count, np.uint32)
    none = np.empty(0, np.uint32)
    return Geometry(vertices, np.arange(count, dtype=np.uint32), slots, np.empty((0, 4), np.float32), none)


def test_a_commit_without_changes_keeps_the_structure(scene):
    handle = scene.add(ball(), RED)
    scene.commit()
    built = scene.traced[0]
    scene.commit()
    scene.set_colors(handle, [[0.0, 1.0, 0.0, 1.0]])
    scene.set_visible(handle, False)
    scene.lights = pack_lights([AmbientLight()])
    scene.set_transform(handle, np.eye(4))
    scene.commit()
    assert scene.traced[0] == built


def test_every_change_that_can_be_seen_raises_the_revision(scene):
    def revised(change, *arguments):
        before = scene.revision
        change(*arguments)
        return scene.revision > before

    assert revised(scene.add, ball(), RED)
    assert revised(scene.set_colors, 0, RED)
    assert revised(scene.set_visible, 0, False)
    assert not revised(scene.set_visible, 0, False)
    assert revised(scene.set_transform, 0, np.diag([2.0, 2.0, 2.0, 1.0]))
    assert not revised(scene.set_transform, 0, np.diag([2.0, 2.0, 2.0, 1.0]))
    assert revised(setattr, scene, "lights", [AmbientLight()])
    assert revised(scene.remove, 0)
    assert not revised(scene.commit)


def test_bounds_follow_transforms_and_removals(scene):
    first = scene.add(ball(1.0), RED)
    second = scene.add(ball(-10.0, 2.0), RED)
    scene.commit()
    assert [side.tolist() for side in scene.bounds()] == [[-12, -2, -2], [2, 2, 2]]
    scene.set_transform(first, [[0, -3, 0, 0], [3, 0, 0, 0], [0, 0, 3, 5], [0, 0, 0, 1]])
    scene.remove(second)
    scene.commit()
    # x = 1 turns to y = 3, the radius triples.
    assert [side.tolist() for side in scene.bounds()] == [[-3, 0, 2], [3, 6, 8]]
    assert [side.tolist() for side in scene.bounds(first)] == [[-3, 0, 2], [3, 6, 8]]
    scene.clear()
    assert [side.tolist() for side in scene.bounds()] == [side.tolist() for side in empty_bounds()]


def test_a_shared_geometry_is_not_changed_by_a_transform(scene):
    geometry = ball(1.0)
    scene.set_transform(scene.add(geometry, RED), np.diag([4.0, 4.0, 4.0, 1.0]))
    scene.add(geometry, RED)
    scene.commit()
    assert geometry.spheres.tolist() == [[1, 0, 0, 1]]


def test_cancelled_commit_leaves_what_is_traced_and_can_be_repeated(scene):
    scene.add(ball(), RED)
    scene.commit()
    before = scene.traced[0]
    handle = scene.add(neurites(300_000), RED)
    seen: list[float] = []
    with pytest.raises(Cancelled):
        scene.commit(seen.append, lambda: bool(seen))
    assert seen
    assert scene.traced[0] == before
    assert len(scene.traced[1]) == 1
    scene.commit()
    assert len(scene.traced[1]) == 2
    assert scene.bounds(handle)[1][0] > 0


def test_what_is_removed_stays_if_the_build_is_cancelled(scene):
    """Also what shares a batch, which holds the only copy of its neurites."""
    handles = [scene.add(neurites(100_000), RED) for _ in range(3)]
    handles.append(scene.add(ball(), RED))
    scene.commit()
    traced, bounds = scene.traced, scene.bounds()
    seen: list[float] = []
    with pytest.raises(Cancelled):
        scene.remove_now(handles[1:3], seen.append, lambda: bool(seen))
    scene.commit()
    assert scene.traced[0] == traced[0]
    np.testing.assert_array_equal(scene.bounds(), bounds)
    assert [scene.primitives(handle) for handle in handles] == [100_000, 100_000, 100_000, 1]
    scene.remove_now(handles[1:3])
    assert [scene.primitives(handle) for handle in (handles[0], handles[3])] == [100_000, 1]
    assert len(scene.geometry(handles[0]).segments) == 100_000
    with pytest.raises(ValueError, match="no model with handle"):
        scene.bounds(handles[1])
    scene.remove_now([handles[0], handles[3]])
    assert len(scene.traced[1]) == 0


def test_removing_what_was_never_built_needs_no_rebuild(scene):
    scene.add(ball(), RED)
    scene.commit()
    before = scene.traced[0]
    scene.remove(scene.add(neurites(10), RED))
    scene.commit()
    assert scene.traced[0] == before


def test_exception_of_the_progress_comes_back(scene):
    scene.add(neurites(200_000), RED)

    def fail(_amount):
        raise RuntimeError("client gone")

    with pytest.raises(RuntimeError, match="client gone"):
        scene.commit(fail)
    scene.commit()


def test_transform_out_of_the_traceable_world_is_refused_and_can_be_undone(scene):
    handle = scene.add(ball(), RED)
    scene.commit()
    scene.set_transform(handle, np.diag([1e25, 1e25, 1e25, 1.0]))
    with pytest.raises(ValueError, match="Coordinates must stay below"):
        scene.commit()
    scene.set_transform(handle, np.eye(4))
    scene.commit()
    assert scene.bounds()[1].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "matrix",
    [np.eye(3), np.full((4, 4), np.nan), np.diag([1.0, 1.0, 1.0, 2.0]), np.diag([np.inf, 1.0, 1.0, 1.0])],
)
def test_refuses_what_is_no_affine_matrix(scene, matrix):
    with pytest.raises(ValueError, match="affine 4x4"):
        scene.set_transform(scene.add(ball(), RED), matrix)


def test_refuses_colors_that_do_not_fit(scene):
    geometry = neurites(3)
    with pytest.raises(ValueError, match=r"Colors must be \(N, 4\)"):
        scene.add(geometry, [[1.0, 1.0, 1.0]])
    with pytest.raises(ValueError, match="1 slots, but there are 0 colors"):
        scene.add(geometry, np.empty((0, 4), np.float32))


def test_unknown_handles_are_named(scene):
    for call in (scene.remove, scene.bounds):
        with pytest.raises(ValueError, match="no model with handle 7"):
            call(7)


@pytest.fixture
def open_geometries(monkeypatch):
    """Embree's geometries that are not closed; their number is what a leak makes grow."""
    found: set[int] = set()
    make, close = Primitives.__init__, Primitives.close

    def made(self, *arguments):
        make(self, *arguments)
        found.add(id(self))
        kept.append(self)  # or another one would get its id

    def closed(self):
        close(self)
        found.discard(id(self))

    kept: list[Primitives] = []
    monkeypatch.setattr(Primitives, "__init__", made)
    monkeypatch.setattr(Primitives, "close", closed)
    return found


def test_what_is_replaced_or_given_up_is_closed(scene, open_geometries):
    handles = [scene.add(neurites(100_000), RED) for _ in range(2)]
    ball_handle = scene.add(ball(), RED)
    scene.commit()
    assert len(open_geometries) == 2  # the batch and the ball
    for step in range(3):
        scene.set_transform(handles[0], np.diag([2.0 + step, 2.0 + step, 2.0 + step, 1.0]))
        scene.set_transform(ball_handle, np.diag([1.0, 2.0 + step, 1.0, 1.0]))  # an instance and what it holds
        before = set(open_geometries)
        for late in (0.0, 0.5):  # before Embree gets anything, and when it builds
            seen = [0.0]
            with pytest.raises(Cancelled):
                scene.commit(seen.append, lambda seen=seen, late=late: seen[-1] > late)
            assert open_geometries == before
        scene.commit()
        assert len(open_geometries) == 3
    scene.remove_now(handles)
    assert len(open_geometries) == 2
    scene.clear()
    scene.commit()
    assert not open_geometries
