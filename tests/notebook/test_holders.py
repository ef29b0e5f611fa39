"""Who holds an object: names, containers and functions of users, but neither registries nor the output history."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from ipywidgets.widgets.widget_box import HBox
from ipywidgets.widgets.widget_string import Label

from brayns_widget.notebook import holders

KEPT: list[Any] = []


class Thing:
    """Something with a cycle, as widgets have."""

    def __init__(self) -> None:
        self.me = self
        self.method = self.call

    def call(self) -> None:
        """Do nothing."""


@pytest.fixture
def names(monkeypatch) -> dict[str, Any]:
    """The names of a notebook's cells, with its output history."""
    out: dict[int, Any] = {}
    names: dict[str, Any] = {"Out": out, "_oh": out}
    monkeypatch.setattr(holders, "_shell", lambda: (names, (out,)))
    return names


def held(names: dict[str, Any], thing: weakref.ref[Any]) -> bool:
    gc.collect()
    found = thing()
    assert found is not None
    return holders.is_held(found)


def store(names: dict[str, Any], place: str) -> weakref.ref[Any]:
    """Keep a thing in one place only."""
    thing = Thing()
    match place:
        case "name":
            names["viewer"] = thing
        case "list":
            names["viewers"] = [[thing]]
        case "closure":
            names["show"] = lambda: thing
        case "method":
            names["call"] = thing.call
        case "object":
            names["app"] = Thing()
            names["app"].viewer = thing
        case "module":
            KEPT[:] = [thing]
        case "coroutine":

            async def work(held: Any) -> None:
                raise NotImplementedError

            names["work"] = work(thing)
        case "history":
            names["Out"][3] = names["_"] = names["___"] = names["_3"] = thing
        case "history of a container":
            names["Out"][3] = names["_3"] = [thing]
        case "registry":
            holders.registry()["test"] = thing
    return weakref.ref(thing)


@pytest.mark.parametrize("place", ["name", "list", "closure", "method", "object", "module", "coroutine"])
def test_what_users_keep_is_held(names, place):
    assert held(names, store(names, place))
    KEPT.clear()
    if place == "coroutine":
        names["work"].close()


@pytest.mark.parametrize("place", ["history", "history of a container", "registry"])
def test_what_only_the_notebook_keeps_is_not_held(names, place):
    thing = store(names, place)
    try:
        assert not held(names, thing)
        assert holders.is_held(thing(), by_history=True) is (place != "registry")
        names["viewer"] = thing()
        assert held(names, thing)
    finally:
        holders.registry().pop("test", None)


def test_a_container_of_widgets_holds_only_if_it_is_held(names):
    names["Out"][1] = HBox([Label("a")])
    label = weakref.ref(names["Out"][1].children[0])
    assert not held(names, label)
    names["box"] = names["Out"][1]
    assert held(names, label)
    names.pop("box").close()


def test_outside_of_a_notebook_there_is_no_history():
    assert holders._shell() == ({}, ())


def test_what_holds_it_for_itself_does_not_count(names):
    thing, inner = store(names, "object"), type("Inner", (), {})
    assert held(names, thing)
    names["app"] = inner()
    names["app"].viewer = thing()
    assert held(names, thing)
    assert not holders.is_held(thing(), inside=(inner,))
