"""Who gets a stream's pictures: views, their sinks and their credits."""

from __future__ import annotations

import asyncio
import dataclasses

from tests.stream.bench import CAMERA, FAST, Bench, Sink, camera, run, until


@run
async def test_another_sink_gets_the_newest_picture_at_once_and_all_credits(b: Bench) -> None:
    old = b.view(acks=False)
    b.stream.set_camera(CAMERA)
    await until(lambda: len(old.frames) == 2)
    new = Sink(window=1)
    b.stream.set_sink("a", new)
    assert new.last == old.last
    b.stream.ack("a", new.frames[-1].seq)
    new.stream = b.stream
    await until(lambda: new.last == "800x600 x0 3 q95")
    assert len(old.frames) == 2
    b.stream.set_sink("gone", old)
    assert len(old.frames) == 2


@run
async def test_a_sink_without_a_window_gets_nothing_and_moves_nothing(b: Bench) -> None:
    sink = b.view(window=0)
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: b.rested)
    assert len([shot for shot in b.renderer.shots() if shot["send"]]) == 1  # it is kept for who can take it
    assert sink.frames == []
    socket = Sink(window=1)
    socket.stream = b.stream
    b.stream.set_sink("a", socket)
    await until(lambda: socket.last == "800x600 x1 3 q95")
    assert sink.frames == []


@run
async def test_a_window_of_one_has_one_frame_under_way(b: Bench) -> None:
    b.stream.settings = dataclasses.replace(FAST, credit_timeout=60.0)
    sink = b.view(acks=False, window=1)
    for x in range(1, 10):
        b.stream.set_camera(camera(x), moving=True)
        await asyncio.sleep(0.005)
    await until(lambda: sink.frames)
    assert len(sink.frames) == 1


@run
async def test_a_new_view_gets_the_newest_picture_at_once(b: Bench) -> None:
    first = b.view("a")
    b.stream.set_camera(CAMERA)
    await b.idle()
    b.renderer.calls.clear()
    second = b.view("b")
    assert second.last == first.last
    await b.idle()
    assert b.renderer.calls == []


@run
async def test_a_view_without_credits_gets_the_newest_picture_when_one_comes_back(b: Bench) -> None:
    quick = b.view("quick")
    slow = b.view("slow", acks=False)
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert len(quick.frames) == 3
    assert len(slow.frames) == 2
    b.stream.ack("slow", slow.frames[0].seq)
    assert slow.last == quick.last


@run
async def test_without_any_credit_moving_pictures_stop_and_go_on_with_the_newest_camera(b: Bench) -> None:
    b.stream.settings = dataclasses.replace(FAST, credit_timeout=60.0)
    sink = b.view(acks=False)
    for x in range(1, 20):
        b.stream.set_camera(camera(x), moving=True)
        await asyncio.sleep(0.005)
    assert len(sink.frames) == 2
    b.stream.ack("a", sink.frames[-1].seq)
    await until(lambda: len(sink.frames) == 3)
    assert "x19 " in sink.last


@run
async def test_credits_that_are_not_returned_expire(b: Bench) -> None:
    sink = b.view(acks=False)
    b.stream.set_camera(CAMERA)
    await until(lambda: sink.last == "800x600 x0 3 q95")
    assert len(sink.frames) == 3
    b.renderer.calls.clear()
    await b.idle()
    assert b.renderer.calls == []


@run
async def test_the_first_message_of_a_reloaded_page_resets_its_window(b: Bench) -> None:
    before = b.view(acks=False)
    b.stream.set_camera(CAMERA)
    await until(lambda: len(before.frames) == 2)
    after = b.view()
    assert len(after.frames) == 1
    await until(lambda: after.last == "800x600 x0 3 q95")


@run
async def test_a_hidden_view_gets_nothing_and_shown_again_the_newest_picture(b: Bench) -> None:
    watching = b.view("watching")
    hidden = b.view("hidden")
    b.stream.set_visible("hidden", False)
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert hidden.frames == []
    b.stream.set_visible("hidden", True)
    assert hidden.last == watching.last


@run
async def test_nobody_looks_nothing_is_rendered(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    b.stream.set_visible("a", False)
    b.renderer.calls.clear()
    b.stream.set_camera(camera(3))
    await b.idle()
    assert b.renderer.calls == []
    b.stream.set_visible("a", True)
    await until(lambda: sink.last == "800x600 x3 3 q95")
    b.stream.remove_view("a")
    b.stream.remove_view("a")
    b.renderer.calls.clear()
    b.stream.set_camera(camera(4))
    await b.idle()
    assert b.renderer.calls == []


@run
async def test_what_is_said_of_a_view_that_is_gone_changes_nothing(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    calls, stats = list(b.renderer.calls), b.stream.stats()
    b.stream.resize("gone", 10, 10)
    b.stream.ack("gone", sink.frames[-1].seq)
    b.stream.set_visible("gone", False)
    b.stream.remove_view("gone")
    await b.idle()
    assert (b.renderer.calls, b.stream.stats()) == (calls, stats)


@run
async def test_a_sink_that_fails_loses_its_frame_and_nothing_else(b: Bench) -> None:
    good, bad = b.view("good"), b.view("bad")
    bad.error = LookupError("no parent header")
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert good.last == "800x600 x0 3 q95"
    assert [str(error) for error in b.errors] == ["no parent header"]
    b.errors.clear()
    bad.error = None
    await until(lambda: bad.last == good.last)
