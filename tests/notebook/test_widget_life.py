"""When a widget is closed and when it stays, by who shows it and who holds it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from brayns_widget.controller import presence
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
    monkeypatch.setattr(module, "is_held", lambda _: False)
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
