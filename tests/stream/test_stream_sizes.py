"""Views of different sizes: one renderer draws for them in turn."""

from __future__ import annotations

import asyncio
import dataclasses

from tests.stream.bench import CAMERA, FAST, Bench, bench, camera, run, until


def _whole(size: str, x: int) -> str:
    return f"{size} x{x} 3 q95"


@run
async def test_each_view_ends_with_all_samples_in_its_own_device_pixels(b: Bench) -> None:
    small = b.view("small", 300, 200)
    large = b.view("large", 500, 400, dpr=2.0)
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert (small.last, large.last) == (_whole("300x200", 0), _whole("1000x800", 0))
    assert sorted(b.rested_for) == [["large"], ["small"]]
    b.stream.set_visible("large", False)
    b.stream.set_camera(camera(1))
    await b.idle()
    assert (small.last, large.last) == (_whole("300x200", 1), _whole("1000x800", 0))
    b.stream.resize("small", 310, 200)
    await until(lambda: small.last == _whole("310x200", 1))
    b.stream.resize("small", 300, 200)
    await until(lambda: small.last == _whole("300x200", 1))
    b.stream.set_visible("large", True)
    await until(lambda: large.last == _whole("1000x800", 1))


@run
async def test_a_view_that_takes_another_ones_size_gets_its_picture_at_once(b: Bench) -> None:
    small, large, sink = b.view("small", 300, 200), b.view("large", 500, 400), b.view("a", 500, 400)
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert small.frames[-1].picture.number != large.frames[-1].picture.number
    b.renderer.calls.clear()
    for width, height in ((300, 200), (500, 400), (300, 200)):  # of one the picture is older than of the other
        b.stream.resize("a", width, height)
        await b.idle()
        assert sink.last == _whole(f"{width}x{height}", 0)
    assert b.renderer.calls == []


@run
async def test_a_size_that_comes_again_shows_no_old_camera(b: Bench) -> None:
    sink = b.view("a", 300, 200)
    b.stream.set_camera(camera(1))
    await b.idle()
    b.stream.resize("a", 310, 200)
    b.stream.set_camera(camera(2))
    await b.idle()
    seen = len(sink.frames)
    b.stream.resize("a", 300, 200)
    await b.idle()
    assert sink.last == _whole("300x200", 2)
    assert {text.split()[1] for text in sink.texts[seen:]} == {"x2"}


@run
async def test_views_of_one_size_share_each_picture(b: Bench) -> None:
    one, two = b.view("one"), b.view("two")
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert one.texts == two.texts
    assert b.stream.stats()["passes"] == FAST.rest_passes


@run
async def test_gestures_in_turn_leave_every_view_whole_and_no_picture_of_another_size(b: Bench) -> None:
    small, large = b.view("small", 300, 200), b.view("large", 1000, 800)
    b.renderer.render_ms = 25.0  # keeps moving pictures at half the size
    for x in range(1, 41):
        steering = "small" if x % 20 < 10 else "large"
        b.stream.set_camera(camera(x), moving=x % 10 != 0, view=steering, number=x)
        await asyncio.sleep(0.004)
    await b.idle()
    assert (small.last, large.last) == (_whole("300x200", 40), _whole("1000x800", 40))
    for sink, size in ((small, (300, 200)), (large, (1000, 800))):
        pictures = [frame.picture for frame in sink.frames]
        assert {(p.width, p.height) for p in pictures if not p.moving} == {size}
        assert {(p.width, p.height) for p in pictures if p.moving} == {(size[0] // 2, size[1] // 2)}
        for frame, text in zip(sink.frames, sink.texts, strict=True):  # what it is said to be
            assert text.startswith(f"{frame.picture.width}x{frame.picture.height} ")


@run
async def test_every_second_moving_picture_is_for_the_view_that_moves(b: Bench) -> None:
    sinks = [b.view(name, width, 200) for name, width in (("a", 300), ("b", 400), ("c", 500))]
    b.renderer.render_ms = 20.0  # keeps the size at half
    for x in range(1, 61):
        b.stream.set_camera(camera(x), moving=True, view="b", number=x)
        await until(lambda x=x: b.stream.stats()["pictures"] >= x)  # type: ignore[misc]
    a, steering, c = (sum(frame.picture.moving for frame in sink.frames) for sink in sinks)
    assert abs(steering - (a + c)) <= 2
    assert abs(a - c) <= 2


def test_at_rest_each_view_gets_a_first_picture_before_any_is_refined() -> None:
    settings = dataclasses.replace(FAST, rest_passes=8, first_passes=2, hold_time=60.0)

    async def main() -> None:
        async with bench(settings) as b:
            small, large = b.view("small", 300, 200), b.view("large", 1000, 800)
            b.stream.set_camera(CAMERA, view="small", number=1)
            await until(lambda: large.frames)
            assert [frame.picture.accumulation for frame in small.frames] == [2]
            await b.idle()
            # Who goes on begins anew, and sends nothing worse than what is seen.
            for sink in (small, large):
                assert [frame.picture.accumulation for frame in sink.frames] == list(range(2, 9))
            assert b.stream.stats()["passes"] == 2 * (2 + 8)

    asyncio.run(main())


def test_a_view_without_answers_costs_no_gesture_anything_and_has_its_turn_at_rest() -> None:
    settings = dataclasses.replace(FAST, credit_timeout=0.01, silence=0.05)

    async def main() -> None:
        async with bench(settings) as b:
            small, gone = b.view("small", 300, 200), b.view("gone", 500, 400, acks=False)
            b.stream.set_camera(camera(1))
            await until(lambda: gone.last == _whole("500x400", 1) and small.last == _whole("300x200", 1))
            await asyncio.sleep(0.1)  # the page's silence
            seen = len(gone.frames)
            for x in range(2, 12):
                b.stream.set_camera(camera(x), moving=True)
                await until(lambda x=x: f" x{x} " in small.last)  # type: ignore[misc]
            assert len(gone.frames) == seen
            await until(lambda: gone.last == _whole("500x400", 11))
            assert small.last == _whole("300x200", 11)
            b.stream.ack("gone", gone.frames[-1].seq)  # it is there again
            b.stream.set_camera(camera(20), moving=True)
            await until(lambda: gone.frames[-1].picture.moving)
            b.stream.set_visible("small", False)
            await asyncio.sleep(0.1)
            b.stream.set_camera(camera(30), moving=True)  # nobody answers: a busy kernel may hold answers up
            await until(lambda: " x30 1 " in gone.last)

    asyncio.run(main())


@run
async def test_the_size_while_moving_goes_by_the_largest_view(b: Bench) -> None:
    small, _ = b.view("small", 300, 200), b.view("large", 1000, 800)
    override = b.renderer.answer

    def answer(method: str, params: object) -> object:
        width, height = b.renderer.state["set-application-parameters"]["viewport"]
        b.renderer.render_ms = 55.0 if width / height < 1.4 else 1.0  # the large one's shape
        return override(method, params)

    b.renderer.override = answer  # type: ignore[assignment]
    for x in range(1, 40):
        b.stream.set_camera(camera(x), moving=True, view="small", number=x)
        await until(lambda x=x: f" x{x} " in small.last)  # type: ignore[misc]
    assert b.stream.stats()["scale"] == 0.25


def test_a_view_of_another_size_is_rough_for_a_slow_renderer_but_each_sees_a_changed_scene_without_speckle() -> None:
    settings = dataclasses.replace(FAST, rest_passes=8, first_passes=8, hold_time=0.0)

    async def main() -> None:
        async with bench(settings) as b:
            small, large = b.view("small", 300, 200), b.view("large", 1000, 800)
            for _ in range(2):
                b.stream.set_camera(CAMERA)
                await b.idle()
                assert [frame.picture.accumulation for frame in (small.frames[0], large.frames[0])] == [8, 8]
                small.frames.clear()
                large.frames.clear()
                b.stream.invalidate()
            await b.idle()
            other = b.view("other", 400, 400)
            await b.idle()
            assert other.frames[0].picture.accumulation == 1

    asyncio.run(main())
