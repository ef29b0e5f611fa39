"""A stream whose requests fail, whose link is lost, and that is closed."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from typing import Any

import pytest

from brayns_widget.protocol.errors import ConnectionLost, DeadlineExceeded, ProtocolError, RequestError
from brayns_widget.protocol.messages import Reply
from brayns_widget.stream import StreamSettings
from tests.stream.bench import CAMERA, FAST, GOAL_METHODS, Bench, Renderer, bench, camera, run, until


@pytest.mark.parametrize("method", [*GOAL_METHODS, "render-image"])
def test_a_request_that_fails_fails_its_picture(method: str) -> None:
    unretrieved: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unretrieved.append(context))
        async with bench() as b:
            sink = b.view()
            b.renderer.errors[method] = RequestError("No.", code=1)
            b.stream.set_camera(CAMERA)
            await until(lambda: b.stream.stats()["errors"] >= 2)
            assert [str(error) for error in b.errors] == ["No."]
            assert sink.frames == []
            b.renderer.errors.clear()
            b.renderer.calls.clear()
            await until(lambda: sink.last == "800x600 x0 3 q95")
            # Each may or may not have taken effect.
            assert set(GOAL_METHODS) <= set(b.renderer.methods())
        gc.collect()

    asyncio.run(main())
    assert unretrieved == []


def test_requests_that_all_fail_leave_no_error_that_nobody_has_seen() -> None:
    unretrieved: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unretrieved.append(context))
        async with bench() as b:
            b.view()
            b.renderer.error = ConnectionLost("gone")
            b.stream.set_camera(CAMERA)
            await until(lambda: len(b.renderer.shots()) >= 2)
            assert b.errors == []
        gc.collect()

    asyncio.run(main())
    assert unretrieved == []


@run
async def test_an_error_is_told_once_and_the_stream_goes_on_by_itself(b: Bench) -> None:
    sink = b.view()
    b.renderer.error = RequestError("Out of memory", code=-32603)
    b.stream.set_camera(CAMERA)
    await until(lambda: len(b.renderer.shots()) >= 3)
    assert [str(error) for error in b.errors] == ["Out of memory"]
    b.errors.clear()
    b.renderer.error = None
    await until(lambda: sink.last == "800x600 x0 3 q95")
    assert b.errors == [None]  # taken back, once
    b.errors.clear()


def test_after_an_error_a_change_is_tried_at_once() -> None:
    async def main() -> None:
        async with bench(StreamSettings(retry_first=1000.0, retry_last=1000.0)) as b:
            sink = b.view()
            b.renderer.error = RequestError("Out of memory", code=-32603)
            b.stream.set_camera(CAMERA)
            await until(lambda: b.errors)
            b.renderer.error = None
            b.stream.set_camera(camera(1))
            await until(lambda: "x1 " in sink.last)

    asyncio.run(main())


@run
async def test_pauses_after_errors_grow(b: Bench) -> None:
    b.view()
    b.renderer.error = RequestError("no", code=0)
    b.stream.set_camera(CAMERA)
    await until(lambda: b.stream.stats()["errors"] == 3)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await until(lambda: b.stream.stats()["errors"] == 4)
    assert loop.time() - started > 0.15  # 0.05, 0.1, 0.2
    b.errors.clear()


def test_a_renderer_that_does_not_answer_is_not_waited_for_forever() -> None:
    async def main() -> None:
        async with bench(StreamSettings(deadline=0.05, retry_first=0.01)) as b:
            sink = b.view()
            b.renderer.gate.clear()
            b.stream.set_camera(CAMERA)
            await until(lambda: b.errors)
            assert isinstance(b.errors[0], DeadlineExceeded)
            assert "0.05 s" in str(b.errors[0])
            b.renderer.gate.set()
            await until(lambda: sink.frames)

    asyncio.run(main())


@run
async def test_a_lost_link_is_its_owners_to_tell_and_a_new_one_gets_all_state_again(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    b.renderer.error = ConnectionLost("gone")
    b.stream.set_camera(camera(1))
    await b.idle()
    b.stream.set_request(None)
    b.stream.set_camera(camera(2))
    fresh = Renderer()
    b.stream.set_request(fresh)
    await until(lambda: sink.last == "800x600 x2 3 q95")
    assert fresh.methods()[:5] == GOAL_METHODS


@run
async def test_what_comes_late_from_an_old_link_is_not_shown(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    old, fresh = b.renderer, Renderer()
    old.gate.clear()
    b.stream.set_camera(camera(1))
    await until(lambda: old.under_way)
    b.stream.set_request(fresh)
    b.stream.set_camera(camera(2))
    old.gate.set()
    await until(lambda: sink.last == "800x600 x2 3 q95")
    assert not any("x1 " in text for text in sink.texts)
    assert fresh.state["set-application-parameters"] == {"viewport": [800, 600]}


@run
async def test_what_goes_wrong_late_on_an_old_link_is_not_told(b: Bench) -> None:
    sink = b.view()
    old = b.renderer
    old.gate.clear()
    b.stream.set_camera(CAMERA)
    await until(lambda: old.under_way)
    b.stream.set_request(Renderer())
    old.error = RequestError("It is gone.", code=1)
    old.gate.set()
    await until(lambda: sink.last == "800x600 x0 3 q95")


@run
async def test_a_new_link_brings_the_settings_of_its_server(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await until(lambda: sink.last == "800x600 x0 3 q95")
    b.stream.set_request(Renderer(), dataclasses.replace(FAST, rest_passes=2, rest_quality=77))
    await until(lambda: sink.last == "800x600 x0 2 q77")


@pytest.mark.parametrize("result", [None, {}, {"accumulation": "x", "max_accumulation": 1}])
def test_a_malformed_answer_is_an_error(result: Any) -> None:
    async def main() -> None:
        async with bench() as b:
            b.renderer.override = lambda method, params: Reply(1, result, memoryview(b"jpeg"))
            b.view()
            b.stream.set_camera(CAMERA)
            await until(lambda: b.errors)
            assert isinstance(b.errors[0], ProtocolError)

    asyncio.run(main())


@run
async def test_an_answer_without_a_picture_is_an_error(b: Bench) -> None:
    b.renderer.override = lambda method, params: Reply(1, {"accumulation": 1, "max_accumulation": 1})
    b.view()
    b.stream.set_camera(CAMERA)
    await until(lambda: b.errors)
    assert "without a picture" in str(b.errors.pop())


def test_a_closed_stream_leaves_no_task() -> None:
    async def main() -> None:
        async with bench() as b:
            b.view()
            b.renderer.gate.clear()
            b.stream.set_camera(CAMERA)
            await until(lambda: b.renderer.under_way)
            await b.stream.close()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_stream_closed_while_a_picture_is_made_leaves_no_task() -> None:
    async def main() -> None:
        async with bench() as b:
            b.view()
            b.stream.set_camera(CAMERA)
            await until(lambda: b.renderer.accumulation == 1)
            before = len(b.renderer.calls)
            b.renderer.gate.clear()
            await until(lambda: len(b.renderer.calls) > before)
            assert b.renderer.methods()[-1] == "render-image"
            await b.stream.close()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
