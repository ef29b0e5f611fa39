"""What a stream asks of the renderer, and which pictures come of it."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from brayns_widget.protocol.messages import Reply
from brayns_widget.stream import BRAYNS, StreamSettings
from tests.stream.bench import CAMERA, FAST, GOAL_METHODS, Bench, Sink, bench, camera, run, run_with, until


@run
async def test_a_view_gets_a_picture_that_refines_and_ends_in_full_quality(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert sink.texts == ["800x600 x0 1 q80", "800x600 x0 2 q80", "800x600 x0 3 q95"]
    picture = sink.frames[-1].picture
    assert (picture.width, picture.height, picture.accumulation, picture.max_accumulation) == (800, 600, 3, 3)
    assert picture.mime == "image/jpeg"
    assert not picture.moving
    assert [frame.seq for frame in sink.frames] == [1, 2, 3]


@run
async def test_only_the_last_picture_at_rest_is_told(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: sink.frames)
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert [(picture.accumulation, picture.moving) for picture in b.rested] == [(3, False)]
    b.stream.invalidate()
    await b.idle()
    assert len(b.rested) == 2


@run
async def test_a_picture_that_is_out_of_date_when_it_comes_is_no_rest(b: Bench) -> None:
    def answer(method: str, params: Any) -> Reply:
        reply = b.renderer.answer(method, params)
        if b.renderer.accumulation == 3:
            b.stream.set_camera(camera(2))
        return reply

    b.renderer.override = answer
    sink = b.view()
    b.stream.set_camera(camera(1))
    await b.idle()
    assert "800x600 x1 3 q95" in sink.texts
    assert [bytes(picture.data).decode() for picture in b.rested] == ["800x600 x2 3 q95"]


@run
async def test_what_moves_in_the_scene_gets_quick_pictures_and_no_setting_again(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    sink.frames.clear()
    b.renderer.calls.clear()
    b.stream.shift()
    await until(lambda: sink.frames)
    assert sink.frames[0].picture.moving
    assert "set-camera-view" not in b.renderer.methods()
    await until(lambda: not sink.frames[-1].picture.moving)  # nothing has moved for a while
    await b.idle()
    assert sink.frames[-1].picture.accumulation == 3


@run_with(dataclasses.replace(FAST, late_time=0.05))
async def test_a_picture_that_takes_long_is_told_until_it_is_there(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    b.lates.clear()  # the machine may be busy
    b.renderer.gate.clear()
    b.stream.invalidate()
    await until(lambda: b.lates == [True])
    b.renderer.gate.set()
    await until(lambda: b.lates == [True, False])
    await b.idle()
    assert sink.frames[-1].picture.accumulation == 3
    assert b.lates == [True, False], "what refines is not late"


@run_with(dataclasses.replace(FAST, late_time=0.02))
async def test_no_picture_is_late_while_none_can_be_drawn(b: Bench) -> None:
    b.view()
    b.stream.set_busy(True)
    b.stream.set_camera(CAMERA)
    await asyncio.sleep(0.1)  # longer than late_time
    b.stream.set_busy(False)
    await b.idle()
    b.stream.set_visible("a", False)
    b.stream.invalidate()
    await asyncio.sleep(0.1)
    assert b.lates == []


@run
async def test_nothing_is_asked_without_a_camera_a_view_or_a_link(b: Bench) -> None:
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert b.renderer.calls == []
    b.stream.set_request(None)
    b.view()
    await b.idle()
    assert b.renderer.calls == []


@run
async def test_a_request_is_sent_only_when_its_state_changed(b: Bench) -> None:
    b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    b.renderer.calls.clear()
    b.stream.set_camera(camera(1))
    await b.idle()
    assert b.renderer.methods() == ["set-camera-view", *["render-image"] * 3]
    b.renderer.calls.clear()
    b.stream.set_camera(camera(1))
    await b.idle()
    assert b.renderer.calls == []


@run
async def test_while_the_camera_moves_pictures_are_small_and_light_and_at_rest_full(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: sink.frames)
    assert sink.last == "400x300 x1 1 q65"
    assert sink.frames[-1].picture.moving
    b.stream.set_camera(camera(2), moving=False)
    await b.idle()
    assert sink.last == "800x600 x2 3 q95"


def test_the_last_picture_of_a_gesture_stays_until_there_is_a_better_one() -> None:
    settings = dataclasses.replace(FAST, rest_passes=16, first_passes=4, hold_time=60.0)

    async def main() -> None:
        async with bench(settings) as b:
            sink = b.view()
            b.stream.set_camera(camera(1), moving=True)
            await until(lambda: sink.frames)
            b.stream.set_camera(camera(1))
            await b.idle()
            accumulations = [frame.picture.accumulation for frame in sink.frames if not frame.picture.moving]
            assert accumulations == list(range(4, 17))

    asyncio.run(main())


def _accumulations_at_rest(settings: StreamSettings) -> list[int]:
    async def main() -> list[int]:
        async with bench(settings) as b:
            sink = b.view()
            b.stream.set_camera(CAMERA)
            await until(lambda: b.rested)
            return [frame.picture.accumulation for frame in sink.frames]

    return asyncio.run(main())


def test_the_first_picture_of_all_is_no_speckle() -> None:
    ours = dataclasses.replace(StreamSettings(), refine_interval=0.0, hold_time=60.0)
    assert _accumulations_at_rest(ours) == list(range(4, 17))
    real = dataclasses.replace(BRAYNS, refine_interval=0.0, hold_time=60.0)  # one pass has several samples there
    assert _accumulations_at_rest(real) == [1, 2, 3, 4]


@pytest.mark.parametrize(("changed", "patience"), [(False, 60.0), (True, 60.0), (True, 0.05)])
def test_a_slow_renderer_shows_what_it_has_but_of_a_changed_scene_later(changed: bool, patience: float) -> None:
    settings = dataclasses.replace(FAST, rest_passes=16, first_passes=16, hold_time=0.05, change_time=60.0)

    async def main() -> None:
        async with bench(settings) as b:
            sink = b.view()
            b.stream.set_camera(CAMERA)
            await until(lambda: sink.frames)
            assert sink.frames[0].picture.accumulation == 16
            sink.frames.clear()
            b.stream.settings = dataclasses.replace(settings, change_time=patience)
            if changed:
                b.stream.invalidate()
            b.stream.set_camera(camera(1))
            await until(lambda: b.renderer.accumulation == 1)
            b.renderer.gate.clear()
            await asyncio.sleep(settings.hold_time)  # what is tested is this time
            assert sink.frames == []
            b.renderer.gate.set()
            await until(lambda: sink.frames)
            assert (sink.frames[0].picture.accumulation == 16) is (changed and patience > 1)

    asyncio.run(main())


@run
async def test_all_requests_of_a_goal_are_sent_before_the_first_answer(b: Bench) -> None:
    sink = b.view()
    b.renderer.gate.clear()
    b.stream.set_camera(CAMERA)
    await until(lambda: b.renderer.under_way == 6)
    assert b.renderer.methods() == [*GOAL_METHODS, "render-image"]
    b.renderer.gate.set()
    await until(lambda: sink.last == "800x600 x0 3 q95")
    b.renderer.calls.clear()
    b.renderer.gate.clear()
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: b.renderer.under_way == 4)
    assert b.renderer.methods() == [*GOAL_METHODS[1:2], *GOAL_METHODS[3:], "render-image"]
    b.renderer.gate.set()


async def _drag(b: Bench, sink: Sink, cameras: int) -> set[str]:
    """Move the camera, each time after the picture of the time before; return the sizes of the last pictures."""
    start = len(sink.frames)
    for x in range(1, cameras + 1):
        b.stream.set_camera(camera(x), moving=True)
        await until(lambda x=x: f" x{x} " in sink.last)  # type: ignore[misc]
    return {text.split()[0] for text in sink.texts[start:][-5:]}


@run
async def test_the_size_while_moving_goes_by_the_renderers_own_time(b: Bench) -> None:
    sink = b.view()
    b.renderer.render_ms = 500.0  # although its answers come fast
    assert await _drag(b, sink, 20) == {"200x150"}
    assert b.stream.stats()["render_ms"] == 500.0
    assert b.stream.stats()["scale"] == 0.25


def test_the_round_trip_counts_where_the_server_tells_no_time() -> None:
    allowed = dataclasses.replace(FAST, moving_frame_time=1e-6)  # so that any time is too long

    async def main() -> None:
        async with bench(allowed) as b:
            sink = b.view()
            assert await _drag(b, sink, 20) == {"200x150"}
            assert b.stream.stats()["render_ms"] > 0
        async with bench(allowed) as b:
            sink = b.view()
            b.renderer.render_ms = 1e-6
            sink.decode_ms = 1e-6
            assert await _drag(b, sink, 20) == {"800x600"}

    asyncio.run(main())


@run
async def test_the_size_while_moving_goes_by_what_the_page_can_draw(b: Bench) -> None:
    sink = b.view()
    b.renderer.render_ms = 1.0
    assert await _drag(b, sink, 20) == {"800x600"}
    sink.decode_ms = 100.0
    assert await _drag(b, sink, 20) == {"400x300"}


@run
async def test_pictures_say_which_cameras_they_show(b: Bench) -> None:
    b.view("a")
    sink = b.view("b")
    b.stream.set_camera(camera(1), moving=True, view="a", number=7)
    await until(lambda: sink.frames)
    assert sink.frames[-1].picture.cameras == {"a": 7, "b": 0}
    b.stream.set_camera(camera(2), moving=True, view="b", number=3)
    await until(lambda: " x2 " in sink.last)
    assert sink.frames[-1].picture.cameras == {"a": 7, "b": 3}


@run
async def test_a_picture_under_way_does_not_show_a_camera_that_came_later(b: Bench) -> None:
    sink = b.view()
    b.renderer.gate.clear()
    b.stream.set_camera(camera(1), moving=True, view="a", number=1)
    await until(lambda: b.renderer.under_way)
    b.stream.set_camera(camera(2), moving=True, view="a", number=2)
    b.renderer.gate.set()
    await until(lambda: len(sink.frames) >= 2)
    shown = [(frame.picture.cameras["a"], text.split()[1]) for frame, text in zip(sink.frames, sink.texts, strict=True)]
    assert shown[:2] == [(1, "x1"), (2, "x2")]


@run
async def test_a_camera_that_was_overtaken_is_dropped(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(camera(2), view="a", number=2)
    b.stream.set_camera(camera(1), view="a", number=1)
    b.stream.set_camera(camera(3), view="a", number=2)
    await until(lambda: sink.last.endswith("3 q95"))
    await b.idle()
    assert {text.split()[1] for text in sink.texts} == {"x2"}
    sink = b.view()  # its page was loaded again, and counts anew
    b.stream.set_camera(camera(4), view="a", number=1)
    await until(lambda: sink.last == "800x600 x4 3 q95")


@run
async def test_each_view_is_told_of_a_finished_picture_at_rest_once(b: Bench) -> None:
    sink = b.view()
    b.view("second")
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: sink.frames)
    assert b.rested == []
    b.stream.set_camera(camera(1))
    await b.idle()
    assert [bytes(picture.data) for picture in b.rested] == [b"800x600 x1 3 q95"]
    b.view("third")
    await b.idle()
    assert b.rested_for == [["a", "second"], ["third"]]
    assert b.rested[0] is b.rested[1]
    b.stream.invalidate()
    b.view("fourth")  # what there is now is out of date
    await b.idle()
    assert b.rested_for[2:] == [["a", "second", "third", "fourth"]]


@run
async def test_ambient_occlusion_is_for_pictures_at_rest(b: Bench) -> None:
    sink = b.view()
    b.stream.set_ao_samples(2)
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: sink.frames)
    look = "set-renderer-interactive"
    assert [params["ao_samples"] for method, params in b.renderer.calls if method == look] == [0]
    b.stream.set_camera(camera(1))
    await b.idle()
    assert [params["ao_samples"] for method, params in b.renderer.calls if method == look] == [0, 2]
    b.stream.set_ao_samples(5)
    await b.idle()
    assert b.renderer.state[look] == {"samples_per_pixel": 3, "ao_samples": 5}


@run
async def test_a_camera_that_stands_still_is_at_rest_even_if_the_end_of_the_gesture_was_lost(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: sink.last == "800x600 x1 3 q95")


@run
async def test_of_many_cameras_only_the_newest_is_drawn(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(camera(0))
    await b.idle()
    b.renderer.gate.clear()
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: b.renderer.under_way)
    for x in range(2, 100):
        b.stream.set_camera(camera(x), moving=True)
    b.renderer.gate.set()
    await until(lambda: "x99 " in sink.last)
    drawn = {text.split()[1] for text in sink.texts}
    assert drawn == {"x0", "x1", "x99"}


@run
async def test_a_change_during_the_last_pass_is_not_lost(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await until(lambda: b.renderer.accumulation == 2)
    await until(lambda: b.renderer.under_way)
    b.stream.set_camera(camera(5))
    await until(lambda: sink.last == "800x600 x5 3 q95")


@run
async def test_a_gesture_does_not_wait_for_a_picture_at_rest(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await until(lambda: b.renderer.accumulation == 1)
    before = len(b.renderer.calls)
    b.renderer.gate.clear()
    await until(lambda: len(b.renderer.calls) > before)
    assert b.renderer.methods()[-1] == "render-image"
    before = len(b.renderer.calls)
    b.stream.set_camera(camera(5), moving=True)
    await until(lambda: len(b.renderer.calls) > before)  # although the picture under way did not come
    b.renderer.gate.set()
    await until(lambda: "x5 1 q65" in sink.last)
    assert b.stream.stats()["errors"] == 0


@run
async def test_changes_that_follow_fast_are_drawn_nevertheless(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    b.renderer.gate.clear()
    await until(lambda: b.renderer.under_way and b.renderer.methods()[-1] == "render-image")
    b.renderer.gate.set()
    before = b.stream.stats()["pictures"]
    for _ in range(200):  # each comes before the picture of the one before
        b.stream.invalidate()
        await asyncio.sleep(0.0005)
    assert b.stream.stats()["pictures"] > before
    await b.idle()
    assert sink.last.endswith("3 q95")


@run
async def test_a_server_that_does_not_give_way_is_waited_for(b: Bench) -> None:
    b.stream.settings = dataclasses.replace(FAST, gives_way=False)
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await until(lambda: b.renderer.accumulation == 1)
    before = len(b.renderer.calls)
    b.renderer.gate.clear()
    await until(lambda: len(b.renderer.calls) > before)
    before = len(b.renderer.calls)
    b.stream.set_camera(camera(5), moving=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(b.renderer.calls) == before
    b.renderer.gate.set()
    await until(lambda: "x5 1 q65" in sink.last)


@run
async def test_a_change_of_the_scene_draws_anew(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    b.renderer.accumulation = 0  # as add-model does
    b.renderer.calls.clear()
    b.stream.invalidate()
    await b.idle()
    # The change may have been to the renderer as a whole, so all of its settings are in doubt.
    assert b.renderer.methods() == [*GOAL_METHODS, *["render-image"] * 3]
    assert sink.last == "800x600 x0 3 q95"


@run
async def test_a_change_of_the_scene_while_the_samples_are_set_sets_them_again(b: Bench) -> None:
    sink = b.view()
    b.renderer.gate.clear()
    b.stream.set_camera(CAMERA)
    await until(lambda: b.renderer.under_way == 6)
    b.stream.invalidate()
    b.renderer.gate.set()
    await until(lambda: sink.last == "800x600 x0 3 q95")
    assert b.renderer.methods().count("set-renderer-interactive") == 2


@run
async def test_while_the_renderer_is_busy_the_stream_waits(b: Bench) -> None:
    sink = b.view()
    b.stream.set_busy(True)
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert b.renderer.calls == []
    b.stream.set_busy(False)
    await until(lambda: sink.last == "800x600 x0 3 q95")


@run
async def test_statistics(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    stats = b.stream.stats()
    assert stats["passes"] == stats["pictures"] == 3
    assert stats["bytes"] == sum(len(text) for text in sink.texts)
    assert stats["size"] == (800, 600)
    assert stats["views"]["a"]["shown"] == 3
    assert stats["render_ms"] > 0


def test_the_real_server_gets_its_own_quality_and_passes() -> None:
    async def main() -> None:
        async with bench(BRAYNS) as b:
            b.view()
            b.stream.set_camera(CAMERA)
            await b.idle()
            assert b.renderer.state["set-renderer-interactive"] == {"samples_per_pixel": 4, "ao_samples": 0}
            assert b.renderer.shots()[-1]["jpeg_quality"] == 5

    asyncio.run(main())
