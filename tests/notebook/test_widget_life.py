"""When a widget is closed and when it stays, by who shows it and who holds it."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from brayns_widget.controller import presence
from brayns_widget.notebook import holders
from brayns_widget.notebook import widget as module
from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import FakeCluster
from tests.notebook.pages import until


def forgotten(cluster: FakeCluster, use: Callable[[BraynsWidget], object]) -> weakref.ref[BraynsWidget]:
    """Make a ready widget, use it, and hold it no more."""
    viewer = BraynsWidget(**cluster.options)
    until(lambda: viewer.status.state == "ready")
    use(viewer)
    return weakref.ref(viewer)


def test_a_widget_that_nothing_holds_is_closed(cluster, comms):
    cluster.dialect = "2024"
    threads = set(threading.enumerate())
    viewer = forgotten(cluster, lambda _: None)
    gc.collect()
    assert viewer() is None
    until(lambda: any(path.startswith("POST /stop/") for path in cluster.paths()))
    assert comms[0].closed
    until(lambda: not any(thread.name == "brayns-widget traits" for thread in set(threading.enumerate()) - threads))


def test_a_forked_child_that_drops_a_widget_closes_nothing_of_its_parents(cluster, comms, monkeypatch):
    viewer = BraynsWidget(**cluster.options)
    until(lambda: viewer.status.state == "ready")
    with monkeypatch.context() as patch:
        patch.setattr(viewer.controller.loop, "_process", -1)  # so it looks in a child
        viewer.__del__()
    assert not comms[0].closed
    viewer.close()


def test_a_call_of_a_widget_that_nothing_holds_comes_to_its_end(cluster, comms):
    cluster.renderer.delays["snapshot"] = 0.5
    pending: list[Any] = []
    viewer = forgotten(cluster, lambda viewer: pending.append(viewer.snapshot(size=(16, 16))))
    gc.collect()
    assert viewer() is None
    assert pending[0].result(10)


@pytest.mark.parametrize("how", ["shown", "displayed"])
def test_a_widget_that_was_on_a_page_stays_for_it(cluster, comms, how):
    def show(viewer: BraynsWidget) -> None:
        if how == "displayed":
            viewer._repr_mimebundle_()
        else:
            comms[0].say("ready", width=400, height=300, dpr=2)
            comms[0].wait("frame")

    viewer = forgotten(cluster, show)
    gc.collect()
    kept = viewer()
    assert kept is not None
    assert kept.status.state == "ready"
    kept.close()


def test_a_widget_sleeps_when_it_was_taken_from_the_page_and_wakes_when_it_is_shown(cluster, comms, monkeypatch):
    monkeypatch.setattr(presence, "GRACE", 0.05)
    monkeypatch.setattr(module, "is_held", lambda _, by_history=False, inside=(): by_history)
    viewer = BraynsWidget("/data/circuit.json", **cluster.options)
    (page,) = comms
    page.say("ready", width=400, height=300, dpr=2)
    until(lambda: viewer.status.state == "ready" and len(viewer.models) == 1)
    page.say("gone")
    until(lambda: viewer.status.state == "asleep")
    assert len(viewer.models) == 1
    page.say("ready", view="w", width=400, height=300, dpr=2)
    until(lambda: viewer.status.state == "ready")
    page.wait("frame", lambda content: content["view"] == "w")
    assert [model["model_type"] for model in cluster.renderer.models].count("neurons") == 1
    viewer.close()


KEPT: list[Any] = []
"""What a user keeps."""


@pytest.mark.parametrize("kept", [False, True])
def test_a_widget_that_has_left_the_page_is_closed_when_nothing_holds_it(cluster, comms, monkeypatch, kept):
    monkeypatch.setattr(presence, "GRACE", 0.05)
    cluster.dialect = "2024"

    def show(viewer: BraynsWidget) -> None:
        comms[0].say("ready", width=400, height=300, dpr=2)
        comms[0].wait("frame")
        KEPT.extend([viewer] if kept else [])

    viewer = forgotten(cluster, show)
    assert viewer() is not None, "a page shows it"
    comms[0].say("gone")
    if kept:
        until(lambda: KEPT[0].model_id not in holders.registry())
        assert not comms[0].closed
        KEPT.clear()
    until(lambda: (not kept or gc.collect() >= 0) and comms[0].closed)
    until(lambda: any(path.startswith("POST /stop/") for path in cluster.paths()))


def test_a_widget_that_was_let_go_is_kept_again_when_it_is_shown_again(cluster, comms, monkeypatch):
    monkeypatch.setattr(presence, "GRACE", 0.05)
    viewer = BraynsWidget(**cluster.options)
    KEPT.append(viewer)
    (page,) = comms
    page.say("ready", width=400, height=300, dpr=2)
    page.say("gone")
    until(lambda: viewer.model_id not in holders.registry())
    page.say("ready", view="w", width=400, height=300, dpr=2)
    assert holders.registry()[viewer.model_id] is viewer
    KEPT.clear()
    viewer.close()


@pytest.mark.parametrize("part", ["models", "camera", "controller", "model", "call"])
def test_whoever_has_a_part_of_a_dropped_widget_has_its_job(cluster, comms, part):
    cluster.dialect = "2024"
    cores: list[Any] = []

    def keep(viewer: BraynsWidget) -> None:
        (model,) = viewer.load_circuit("/data/circuit.json").result(10)
        cores.append(viewer.controller._core)
        KEPT.append({"model": model, "call": viewer.rendering.set_background}.get(part) or getattr(viewer, part))

    viewer = forgotten(cluster, keep)
    gc.collect()
    assert viewer() is None
    until(lambda: comms[0].closed)
    (core,) = cores
    core.loop.submit(core.presence.abandon()).result(10)
    assert core.store.state.status.state == "ready"
    assert len(core.store.state.models) == 1
    assert not any(path.startswith("POST /stop/") for path in cluster.paths())
    KEPT.clear()
    until(lambda: gc.collect() >= 0 and any(path.startswith("POST /stop/") for path in cluster.paths()))


def test_a_master_that_is_silent_keeps_no_view_open(cluster, comms, monkeypatch):
    monkeypatch.setattr(module, "_CLOSE_TIMEOUT", 0.05)
    viewer = BraynsWidget(**cluster.options)
    until(lambda: viewer.status.state == "ready")
    release, shut = asyncio.Event(), BraynsWidget._shut

    async def late(widget: BraynsWidget) -> None:
        await release.wait()
        await shut(widget)

    monkeypatch.setattr(BraynsWidget, "_shut", late)
    viewer.close()
    assert comms[0].closed
    viewer.controller.loop.post(release.set)
    viewer.controller.close()
