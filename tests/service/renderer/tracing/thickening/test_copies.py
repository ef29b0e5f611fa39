"""When a thickened copy serves, and that it is built aside."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from brayns_widget.protocol.brayns.shapes import Sphere
from brayns_widget.service.renderer.tracing.embree import Cancelled
from brayns_widget.service.renderer.tracing.thickening import copies as copies_module
from brayns_widget.service.renderer.tracing.thickening.floor import Floor
from brayns_widget.service.renderer.tracing.thickening.thickened import ThickenedScene
from brayns_widget.service.renderer.translation.clipping import Clip, pack_clips
from tests.service.renderer.tracing.thickening.thin import FAR, WHITE, ball, neurite

DEADLINE = 20.0


def test_a_copy_is_built_aside_and_serves_similar_cameras(scene, copies):
    scene.add(neurite(), WHITE)
    scene.commit()
    assert copies.best(FAR) is None
    assert copies.wait(DEADLINE)
    found = copies.best(FAR)
    assert found is not None
    near = Floor((1.0, 0.0, 100.0), 0.0, 0.01, 0.5)
    assert copies.best(near) is found
    assert copies._building is None
    # While the camera moves half an octave is not worth a build.
    assert copies.best(Floor(FAR.position, 0.0, 0.015, 0.5), moving=True) is found
    assert copies._building is None
    # Twice as large pixels: it serves until the better one is there.
    coarse = Floor(FAR.position, 0.0, 0.02, 0.5)
    assert copies.best(coarse) is found
    assert copies.wait(DEADLINE)
    assert copies.best(coarse) is not found
    assert copies.best(FAR) is found
    # Far too thick is worse than none, far too thin is better.
    assert copies.best(Floor((0.0, 0.0, 11.0), 0.0, 0.001, 0.125)) is None
    assert copies.wait(DEADLINE)
    assert copies.best(Floor((0.0, 0.0, 11.0), 0.0, 0.001, 0.125)) is not None
    assert copies.best(Floor((0.0, 0.0, 11.0), 0.0, 0.1, 0.5)) is not None


def test_while_the_camera_moves_builds_leave_time_to_pictures(monkeypatch, scene, copies):
    now = 100.0

    def builds() -> bool:
        return copies._building is not None

    monkeypatch.setattr("brayns_widget.service.renderer.tracing.thickening.copies.time.monotonic", lambda: now)
    scene.add(neurite(), WHITE)
    scene.commit()
    copies.best(FAR, moving=True)
    assert copies.wait(DEADLINE)
    now += 1.0  # the build took a second
    assert copies.best(FAR, moving=True) is not None
    coarse = Floor(FAR.position, 0.0, 0.02, 0.5)
    now += 1.9
    copies.best(coarse, moving=True)
    assert not builds()
    now += 0.2
    copies.best(coarse, moving=True)
    assert builds()
    assert copies.wait(DEADLINE)
    now += 1.0
    copies.best(coarse, moving=True)
    copies.best(Floor(FAR.position, 0.0, 0.1, 0.5))  # at rest there is no reason to wait
    assert builds()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own to lower")
def test_threads_that_build_come_after_those_that_trace(scene, copies):
    def priorities() -> dict[int, int]:
        threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
        return {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}

    scene.add(neurite(points=200_001), WHITE)  # enough for Embree to start threads
    scene.commit()
    copies.best(FAR, moving=True)  # without it pictures would be speckle, so that it comes at once
    assert copies.wait(DEADLINE)
    assert copies.best(FAR) is not None
    others = {thread.native_id for thread in threading.enumerate()}
    before = priorities()
    copies.best(Floor(FAR.position, 0.0, 0.015, 0.5))
    assert copies.wait(DEADLINE)
    after = priorities()
    assert {after[thread] for thread in after.keys() - others} == {max(10, before[threading.get_native_id()])}
    assert {thread: after[thread] for thread in after.keys() & others} == {
        thread: before[thread] for thread in after.keys() & others
    }


def test_a_build_gives_way_where_all_copies_are_speckle(scene, copies, monkeypatch):
    ended = []

    def build(_device, _parts, floor, go_on):
        end = time.monotonic() + DEADLINE
        while floor.slope == 0.015 and go_on():
            assert time.monotonic() < end
        ended.append(floor.slope)
        raise Cancelled

    scene.add(neurite(), WHITE)
    scene.commit()
    copies.best(FAR)
    assert copies.wait(DEADLINE)
    assert copies.best(FAR) is not None
    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    copies.best(Floor(FAR.position, 0.0, 0.015, 0.5))
    coarse = Floor(FAR.position, 0.0, 0.2, 0.5)
    for _ in range(2):
        copies.best(coarse, moving=True)
        assert copies.wait(DEADLINE)
    assert ended == [0.015, 0.2]


def test_a_copy_for_the_next_gesture_is_built_ahead(scene, copies):
    scene.add(neurite(), WHITE)
    scene.commit()
    copies.prepare(FAR)
    assert copies.wait(DEADLINE)
    assert copies.best(FAR, moving=True) is not None
    copies.prepare(FAR)
    assert not copies.wait(0)


def test_at_most_two_copies_are_kept(scene, copies):
    scene.add(neurite(), WHITE)
    scene.commit()
    for slope in (0.01, 0.1, 1.0, 10.0):
        copies.best(Floor(FAR.position, 0.0, slope, 0.5))
        assert copies.wait(DEADLINE)
        copies.best(Floor(FAR.position, 0.0, slope, 0.5))
    assert [copy.floor.slope for copy in copies._ready] == [10.0, 1.0]


def test_copies_of_what_is_gone_are_dropped(scene, copies):
    handle = scene.add(neurite(), WHITE)
    scene.commit()
    copies.best(FAR)
    assert copies.wait(DEADLINE)
    assert copies.best(FAR) is not None
    scene.remove(handle)
    scene.commit()
    assert copies.best(FAR) is None
    assert copies._ready == []


def test_a_copy_that_does_not_fit_into_memory_is_done_without(scene, copies, monkeypatch, caplog):
    def fail(*_arguments):
        raise MemoryError("too large")

    scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(copies_module, "ThickenedScene", fail)
    copies.best(FAR)
    assert copies.wait(DEADLINE)
    assert copies.best(FAR) is None
    assert copies._building is None
    assert "too large" in caplog.text


def test_building_is_given_up_when_the_scene_closes(scene, copies, monkeypatch):
    started = threading.Event()

    def build(_device, _parts, _floor, go_on):
        started.set()
        end = time.monotonic() + DEADLINE
        while go_on():
            assert time.monotonic() < end
        raise Cancelled

    scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    copies.best(FAR)
    assert started.wait(DEADLINE)
    copies.clear()
    assert copies._building is None


@pytest.mark.parametrize("change", ["remove", "hide", "fade", "clip"])
def test_building_stops_before_what_it_copies_changes(scene, copies, monkeypatch, change):
    seen = []

    def build(_device, parts, _floor, go_on):
        end = time.monotonic() + DEADLINE
        while go_on():
            assert time.monotonic() < end
        seen.append((parts[0].primitives.handle, parts[0].primitives.visible, parts[0].primitives.shadows))
        raise Cancelled

    handle = scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    copies.best(FAR)
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
    copies.best(FAR)  # and is begun anew
    assert (copies._building is None) == (change == "remove")


def test_a_copy_that_fails_is_done_without(scene, copies, monkeypatch, caplog):
    def fail(*_arguments):
        raise OSError("no more")

    scene.add(neurite(), WHITE)
    scene.commit()
    monkeypatch.setattr(copies_module, "ThickenedScene", fail)
    copies.best(FAR)
    assert copies.wait(DEADLINE)
    scene.remove(scene.add(ball(), WHITE))
    scene.add(ball(), WHITE)
    scene.commit()  # stops what is being built
    assert len(scene.traced[1]) == 2
    assert "no more" in caplog.text


def test_superfluous_copies_are_closed(scene, copies, monkeypatch):
    closed: list[ThickenedScene] = []
    close = ThickenedScene.close

    def noted(self):
        closed.append(self)
        close(self)

    monkeypatch.setattr(ThickenedScene, "close", noted)
    scene.add(neurite(), WHITE)
    scene.commit()
    for pixels in (0.5, 2.0, 8.0, 32.0):
        copies.best(Floor((0.0, 0.0, 100.0), 0.0, 0.01, pixels))
        assert copies.wait(DEADLINE)
    copies.best(FAR)
    assert len(closed) == 2
    copies.clear()
    assert len(closed) == 4


def test_a_copy_that_is_lent_outlives_what_others_do_meanwhile(scene, copies, monkeypatch):
    closed, really_close = [], ThickenedScene.close

    def close(copy: ThickenedScene) -> None:
        closed.append(copy)
        really_close(copy)

    monkeypatch.setattr(ThickenedScene, "close", close)
    scene.add(neurite(), WHITE)
    scene.commit()
    copies.best(FAR)
    assert copies.wait(DEADLINE)
    found = copies.best(FAR)
    with copies.fitting(FAR) as lent:
        assert lent is found
        copies.clear()
        assert closed == []
    assert closed == [found]


def test_others_have_their_turn_while_a_fitting_copy_is_built(scene, copies, monkeypatch):
    paused, made = threading.Event(), ThickenedScene

    def build(*arguments):
        assert paused.wait(DEADLINE)
        return made(*arguments)

    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    scene.add(neurite(), WHITE)
    scene.commit()
    with copies.fitting(FAR, pause=paused.set) as copy:
        assert copy is not None


def test_who_gives_up_in_a_pause_builds_no_copy(scene, copies, monkeypatch):
    asked = []

    def build(_device, _parts, _floor, go_on):
        end = time.monotonic() + DEADLINE
        while go_on():
            assert time.monotonic() < end
        asked.append("given up")
        raise Cancelled

    def pause() -> None:
        raise KeyError("pause")

    monkeypatch.setattr(copies_module, "ThickenedScene", build)
    scene.add(neurite(), WHITE)
    scene.commit()
    with pytest.raises(KeyError, match="pause"), copies.fitting(FAR, pause=pause):
        pytest.fail("It was lent.")
    assert asked == ["given up"]
