"""What a stream asks of a finished picture: which cell each pixel shows."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from brayns_widget.protocol.errors import ConnectionLost, ProtocolError, RequestError
from brayns_widget.protocol.messages import Reply
from brayns_widget.stream.ids import Ids
from tests.stream.bench import CAMERA, TELLS, Bench, Sink, bench, camera, until


def run(test: Any) -> Callable[[], None]:
    def wrapper() -> None:
        async def main() -> None:
            async with asyncio.timeout(20), bench(TELLS) as b:
                await test(b)
                assert b.errors == []

        asyncio.run(main())

    wrapper.__name__ = test.__name__
    return wrapper


def _asked(b: Bench) -> int:
    return b.renderer.methods().count("render-ids")


def _texts(sink: Sink) -> list[str]:
    return [bytes(sent.ids.data).decode() for sent in sink.ids]


@run
async def test_a_finished_picture_is_followed_by_what_it_shows(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert _texts(sink) == ["ids of 800x600 x0"]
    sent = sink.ids[0]
    assert (sent.seq, sent.view) == (sink.frames[-1].seq, "a")
    assert (sent.ids.width, sent.ids.height, sent.ids.count, sent.ids.section_types) == (800, 600, 2, ["soma"])
    assert b.renderer.methods()[-1] == "render-ids"
    assert _asked(b) == 1


def test_a_renderer_that_does_not_tell_is_not_asked() -> None:
    async def main() -> None:
        async with bench() as b:
            b.view()
            b.stream.set_camera(CAMERA)
            await b.idle()
            assert _asked(b) == 0

    asyncio.run(main())


@run
async def test_no_ids_of_a_moving_picture(b: Bench) -> None:
    sink = b.view()
    b.renderer.ids_gate.clear()
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: sink.frames)
    assert _asked(b) == 0
    b.stream.set_camera(camera(1))
    await until(lambda: _asked(b))
    assert sink.last == "800x600 x1 3 q95"


@pytest.mark.parametrize("change", ["gesture", "scene", "busy", "size"])
def test_a_change_cancels_the_question_at_once_and_pictures_do_not_wait(change: str) -> None:
    async def main() -> None:
        async with asyncio.timeout(20), bench(TELLS) as b:
            sink = b.view()
            b.renderer.ids_gate.clear()
            b.stream.set_camera(CAMERA)
            await until(lambda: _asked(b))
            asked = b.renderer.under_way
            assert asked == 1
            if change == "gesture":
                b.stream.set_camera(camera(1), moving=True)
                await until(lambda: sink.frames[-1].picture.moving)
            elif change == "scene":
                b.stream.invalidate()
                await until(lambda: sink.frames[-1].seq > 3)
            elif change == "busy":
                b.stream.set_busy(True)
                await until(lambda: not b.renderer.under_way)
            else:
                b.stream.resize("a", 400, 300)
                await until(lambda: sink.frames[-1].picture.width == 400)
            assert sink.ids == []

    asyncio.run(main())


def test_a_renderer_that_does_not_take_the_cancel_holds_no_picture_up() -> None:
    """As a link does: it waits for the answer to the cancel, while it sends other requests."""

    async def main() -> None:
        async with asyncio.timeout(20), bench(TELLS) as b:
            stubborn, asked = asyncio.Event(), asyncio.Event()

            async def request(method: str, params: Any) -> Reply:
                if method == "render-ids":
                    asked.set()
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        await stubborn.wait()
                        raise
                return await b.renderer(method, params)

            b.stream.set_request(request, TELLS)
            sink = b.view()
            b.stream.set_camera(CAMERA)
            await asked.wait()
            b.stream.set_camera(camera(1), moving=True)
            await until(lambda: sink.frames[-1].picture.moving)
            assert not stubborn.is_set()
            stubborn.set()

    asyncio.run(main())


@run
async def test_acknowledgements_neither_cancel_nor_wait(b: Bench) -> None:
    sink = b.view(acks=False, window=3)
    b.renderer.ids_gate.clear()
    b.stream.set_camera(CAMERA)
    await until(lambda: _asked(b))
    b.stream.ack("a", sink.frames[-1].seq)
    assert b.stream.stats()["views"]["a"]["shown"] == 1
    b.renderer.ids_gate.set()
    await until(lambda: sink.ids)
    assert _asked(b) == 1


@run
async def test_a_view_that_has_not_got_the_picture_gets_no_ids_before_it(b: Bench) -> None:
    sink = b.view(acks=False, window=1)
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert _asked(b) == 1
    assert [frame.picture.accumulation for frame in sink.frames] == [1]
    assert sink.ids == []
    b.stream.ack("a", sink.frames[-1].seq)
    await until(lambda: sink.ids)
    assert [frame.picture.accumulation for frame in sink.frames] == [1, 3]
    assert sink.ids[0].seq == sink.frames[-1].seq


@run
async def test_each_size_is_told_for_its_own_picture(b: Bench) -> None:
    large, small, same = b.view("a"), b.view("b", 400, 300), b.view("c")
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert _texts(large) == _texts(same) == ["ids of 800x600 x0"]
    assert _texts(small) == ["ids of 400x300 x0"]
    assert _asked(b) == 2


@run
async def test_a_view_that_comes_later_or_goes_another_way_gets_them_too(b: Bench) -> None:
    b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    late, other = b.view("late"), Sink()
    await until(lambda: late.ids)
    b.stream.set_sink("a", other)
    await until(lambda: other.ids)
    assert other.ids[0].seq == other.frames[-1].seq
    assert _asked(b) == 1


@run
async def test_a_hidden_view_costs_no_question(b: Bench) -> None:
    sink = b.view()
    b.renderer.ids_gate.clear()
    b.stream.set_camera(CAMERA)
    await until(lambda: _asked(b))
    b.stream.set_visible("a", False)
    await until(lambda: not b.renderer.under_way)
    await b.idle()
    assert _asked(b) == 1
    b.renderer.ids_gate.set()
    b.stream.set_visible("a", True)
    await until(lambda: sink.ids)


@pytest.mark.parametrize(
    ("error", "logged"),
    [(RequestError("no", code=1), True), (ConnectionLost("gone"), False), (ProtocolError("not one"), True)],
)
def test_a_failure_is_logged_once_and_pictures_go_on(error: Exception, logged: bool, caplog: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(20), bench(TELLS) as b:
            sink = b.view()
            b.renderer.errors["render-ids"] = error
            b.stream.set_camera(CAMERA)
            await b.idle()
            assert _asked(b) == 1
            assert b.errors == []
            assert len(caplog.records) == logged
            del b.renderer.errors["render-ids"]
            b.stream.set_camera(camera(1))
            await until(lambda: sink.ids)
            assert _texts(sink) == ["ids of 800x600 x1"]

    asyncio.run(main())


def test_a_question_has_a_deadline(caplog: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(20), bench(dataclasses.replace(TELLS, ids_deadline=0.05)) as b:
            b.view()
            b.renderer.ids_gate.clear()
            b.stream.set_camera(CAMERA)
            await until(lambda: caplog.records)
            await until(lambda: not b.renderer.under_way)
            assert "no answer in time" in caplog.text
            await b.idle()
            assert _asked(b) == 1

    asyncio.run(main())


@run
async def test_a_picture_that_does_not_stand_is_not_asked_about(b: Bench) -> None:
    b.stream.settings = dataclasses.replace(TELLS, ids_pause=60.0)
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert sink.last == "800x600 x0 3 q95"
    assert _asked(b) == 0


@run
async def test_ids_that_cannot_be_sent_are_an_error_once(b: Bench) -> None:
    sink = b.view()
    b.renderer.ids_gate.clear()
    b.stream.set_camera(CAMERA)
    await until(lambda: _asked(b))
    sink.error = OSError("full")
    b.renderer.ids_gate.set()
    await until(lambda: b.errors)
    assert b.errors == [sink.error]
    b.errors.clear()


@pytest.mark.parametrize(
    ("result", "payload"),
    [(None, b"x"), ({"count": 1}, b"x"), ({"count": 0, "height": 2, "width": 2, "section_types": []}, b"")],
)
def test_another_answer_is_a_mistake_of_the_renderer(result: Any, payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        Ids.of(1, Reply(1, result, memoryview(payload)))
