"""Pictures at rest that follow light along paths, after the usual ones."""

from __future__ import annotations

import dataclasses

from tests.stream.bench import CAMERA, TRACES, Bench, camera, run_with, until

traced = run_with(TRACES)


@traced
async def test_the_usual_picture_comes_first_and_is_replaced_by_better_ones_only(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    b.stream.set_paths(True)
    await until(lambda: sink.last == "800x600 x0 paths 8 q95")
    traced = [text for text in sink.texts if "paths" in text]
    usual = sink.texts[: -len(traced)]
    assert usual[-1] == "800x600 x0 3 q95"
    assert not any("paths" in text for text in usual)
    assert traced == [f"800x600 x0 paths {passes} q95" for passes in range(4, 9)]
    assert [bytes(picture.data) for picture in b.rested] == [b"800x600 x0 3 q95", b"800x600 x0 paths 8 q95"]


@traced
async def test_what_it_shows_is_asked_once_before_and_told_with_each_picture(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    b.stream.set_paths(True)
    await until(
        lambda: sink.last.startswith("800x600 x0 paths 8") and sink.ids and sink.ids[-1].seq == sink.frames[-1].seq
    )
    assert b.renderer.methods().count("render-ids") == 1
    order = b.renderer.methods()
    options = [index for index, (method, params) in enumerate(b.renderer.calls) if params == {"paths": True}]
    assert order.index("render-ids") < options[0]
    told = {ids.seq for ids in sink.ids}
    assert told == {frame.seq for frame in sink.frames if b"paths" in bytes(frame.picture.data)} | {min(told)}


@traced
async def test_a_gesture_ends_it_and_is_drawn_by_rays(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    b.stream.set_paths(True)
    await until(lambda: "paths" in sink.last)
    count = len(sink.frames)
    b.stream.set_camera(camera(1), moving=True)
    await until(lambda: len(sink.frames) > count and "x1" in sink.last)
    assert "paths" not in next(text for text in sink.texts[count:] if "x1" in text)
    assert b.renderer.paths is False
    b.stream.set_camera(camera(1))
    await until(lambda: sink.last == "800x600 x1 paths 8 q95")


@traced
async def test_each_size_is_finished_before_any_is_traced_along_paths(b: Bench) -> None:
    first, second = b.view("a"), b.view("b", 400, 300)
    b.stream.set_camera(CAMERA)
    b.stream.set_paths(True)
    await until(lambda: "paths 8" in first.last and "paths 8" in second.last)
    shots = [
        params for method, params in b.renderer.calls if method in {"set-picture-options", "set-application-parameters"}
    ]
    assert {"viewport": [400, 300]} in shots
    assert first.texts.index("800x600 x0 3 q95") < len(first.texts) - 1
    assert "400x300 x0 3 q95" in second.texts


@traced
async def test_without_the_wish_no_paths_are_traced(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    await b.idle()
    assert sink.last == "800x600 x0 3 q95"
    b.stream.set_paths(True)
    await until(lambda: "paths 8" in sink.last)
    b.stream.set_paths(False)
    b.stream.invalidate()  # as the controller does
    await until(lambda: sink.last == "800x600 x0 3 q95")


@run_with(dataclasses.replace(TRACES, traces_paths=False))
async def test_a_renderer_that_cannot_is_never_asked(b: Bench) -> None:
    sink = b.view()
    b.stream.set_camera(CAMERA)
    b.stream.set_paths(True)
    await b.idle()
    assert sink.last == "800x600 x0 3 q95"
    assert "set-picture-options" not in b.renderer.methods()
