"""Whatever is written has taken effect before whatever is called after it: all pairs, whichever thread writes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from brayns_widget.controller import group
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.tasks import Task
from brayns_widget.notebook.traits import to_json
from brayns_widget.notebook.widget import BraynsWidget
from brayns_widget.protocol.errors import CircuitError
from tests.fakes import FakeCluster
from tests.notebook.pages import record_comms, until
from tests.notebook.pairs import (
    CALLS,
    CHANGES_NOTHING,
    PROPERTIES,
    WAIT,
    WRITING_CALLS,
    Stage,
    Write,
    found_calls,
    found_properties,
)

NUMBERS = itertools.count(1000)  # of values

Call = Callable[[bool], Any]
"""Function that makes a call, in its awaitable form or the other one."""


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch, FakeCluster(polls=0) as cluster:
        patch.setattr(group, "FOLLOW_PERIOD", 3600.0)  # so that all requests are those of the tests
        patch.setattr(Selection, "_tell_unseen", AsyncMock())
        cluster.renderer.offers += ["set-radius-floor", "set-fog", "set-slab", "set-outlines", "set-picture-options"]
        cluster.renderer.delays.clear()
        cluster.logs = {}
        assert cluster.backend is not None
        cluster.backend.node_attributes = {"x": [0.0, 1.0, 2.0, 3.0]}
        cluster.backend.edges = [{"name": "joins", "size": 2, "source": "cells", "target": "cells"}]
        cluster.backend.joined = [(0, 1, 5.0), (2, 1, 6.0)]
        comms = record_comms(patch)
        with Controller(**cluster.options) as controller:
            viewers = BraynsWidget(controller=controller), BraynsWidget(controller=controller)
            until(lambda: controller.status.state == "ready")
            controller.loop.loop.call_soon_threadsafe(controller.presence.plugged, "a page", True)  # tells the camera
            until(lambda: controller.presence.seen)
            yield Stage(cluster.renderer, controller, viewers, dict(zip(viewers, comms, strict=True)))
            for viewer in viewers:
                viewer.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


def _call(call: Call) -> None:
    result = call(False)
    if isinstance(result, Task):
        result.result(WAIT)


def _write_here(write: Callable[[], None], call: Call) -> None:
    write()
    _call(call)


def _write_elsewhere(write: Callable[[], None], call: Call) -> None:
    writing = threading.Thread(target=write)
    writing.start()
    writing.join(WAIT)
    _call(call)


def _write_in_a_loop(write: Callable[[], None], call: Call) -> None:
    async def main() -> None:
        async with asyncio.timeout(WAIT):
            write()
            await call(True)

    asyncio.run(main())


WRITERS = {"this thread": _write_here, "another thread": _write_elsewhere, "an event loop": _write_in_a_loop}


def _shown(requests: list[tuple[str, Any]], number: int) -> dict[str, Any] | None:
    """Return what is seen by a request that looks at the scene, or None if it does not."""
    method, params = requests[number]
    if method in {"snapshot", "export-gbuffers"}:
        camera, renderer = params["camera"]["params"], params["renderer"]["params"]
        return {"view": params["camera_view"], "projection": camera, "settings": renderer}
    if method != "inspect":
        return None
    newest: dict[str, Any] = {}
    for name, value in requests[:number]:
        if name == "set-camera-view":
            newest["view"] = value
        elif name in {"set-camera-perspective", "set-camera-orthographic"}:
            newest["projection"] = value
        elif name == "set-renderer-interactive":
            newest["settings"] = value
    return newest


def _check_pair(
    stage: Stage, write: Write, path: str, pass_by: Callable[[Callable[[], None], Call], None], *, posted: bool = False
) -> None:
    """Write and call; check what was read in between, and what the renderer had when the call reached it.

    Args:
        stage: the scene.
        write: what is written.
        path: names the call.
        pass_by: writes, and then calls.
        posted: whoever writes does not wait, but the request by which it is written must be the first of all.
    """
    stage.set()
    value, requests, found = write.value(next(NUMBERS)), stage.renderer.requests, list[Any]()
    args, kwargs = CALLS[path](stage)
    call, begin = stage.call(path), len(requests)
    written = begin + (posted and write.sent is not None)

    def do() -> None:
        nonlocal written
        write.do(stage, value)
        if not posted:
            written = len(requests)
            found.extend([] if write.read is None else [write.read(stage)])

    # What a write has removed cannot be called any more.
    with contextlib.suppress(CircuitError) if write.removes else contextlib.nullcontext():
        pass_by(do, lambda awaited: (call.aio if awaited and hasattr(call, "aio") else call)(*args, **kwargs))
    assert found in ([], [value]), "something else was read"
    if write.sent is not None:
        method, read = write.sent
        until(lambda: not posted or len(requests) >= written)  # not every call makes a request
        values = [read(params) for name, params in requests[begin:written] if name == method]
        assert values[-1:] == [value], f"{method} had not been sent when {path} was called"
    history = list(requests)
    for number in range(written, len(history)):
        shown = None if write.seen is None else _shown(history, number)
        assert shown is None or write.seen is None or write.seen(shown) == value, f"{path} saw something else"


LEAVING = ("job.close", "job.end", "job.stop")  # short calls after which there may be no job
MOVING = ("job.attach", "job.connect")


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("name", PROPERTIES)
def test_what_was_set_has_taken_effect_before_any_call(stage: Stage, name: str, writer: str) -> None:
    for path in CALLS:
        _check_pair(stage, PROPERTIES[name], path, WRITERS[writer])


@pytest.mark.parametrize("name", WRITING_CALLS)
def test_what_was_called_has_taken_effect_before_any_other_call(stage: Stage, name: str) -> None:
    for path in CALLS:
        _check_pair(stage, WRITING_CALLS[name], path, _write_elsewhere)


@pytest.mark.parametrize("trait", ["camera", "background", "selection"])
def test_what_a_page_has_set_takes_effect_before_any_call(stage: Stage, trait: str) -> None:
    def do(stage: Stage, value: Any) -> None:
        stage.pages[stage.viewer].set(**{trait: to_json(value)})

    write = replace(PROPERTIES[f"widget.{trait}"], do=do, read=None)
    for path in CALLS:
        _check_pair(stage, write, path, _write_here, posted=True)


def test_what_was_set_has_taken_effect_before_the_end() -> None:
    with staged() as stage:
        stage.set()
        begin = len(stage.renderer.requests)
        values = {name: write.value(next(NUMBERS)) for name, write in PROPERTIES.items()}
        for name, write in PROPERTIES.items():
            write.do(stage, values[name])
        stage.controller.job.close()
        history = stage.renderer.requests[begin:]
    for name, write in PROPERTIES.items():
        if write.sent is not None:
            method, read = write.sent
            assert values[name] in [read(params) for asked, params in history if asked == method], name


def test_every_property_and_every_call_is_among_the_pairs() -> None:
    assert set(PROPERTIES) == found_properties()
    assert {*CALLS, *MOVING, *LEAVING} == found_calls(long=True) | found_calls(long=False)
    assert {*WRITING_CALLS, *CHANGES_NOTHING, *LEAVING} == found_calls(long=False)
