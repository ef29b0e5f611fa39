"""A scene sleeps when nobody looks at it and nobody asks for it, against a fake cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from brayns_widget.controller import presence
from tests.controller.scenes import WAIT, load, on_loop, until
from tests.listening import Listener

VIEW = "page", "view"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(presence, "REST", 10**6)
    monkeypatch.setattr(presence, "GRACE", 0.05)
    monkeypatch.setattr(presence, "UNSEEN", 10**6)


def post(controller, call: Callable[..., Any], *arguments: Any) -> None:
    async def work() -> None:
        call(*arguments)

    on_loop(controller, work)


def guard(controller, is_held: Callable[[], bool]) -> None:
    post(controller, controller.presence.guard, is_held)


def asked_and_not_held(asked: threading.Event) -> Callable[[], bool]:
    def is_held() -> bool:
        asked.set()
        return False

    return is_held


def show(controller, view=VIEW) -> None:
    post(controller, controller.presence.heard, view)


def hide(controller, view=VIEW) -> None:
    post(controller, controller.presence.gone, view)


def state(controller) -> str:
    return str(controller.status.state)


def test_what_was_taken_from_the_page_and_is_held_by_nothing_sleeps_soon(cluster, controller):
    guard(controller, lambda: False)
    load(controller)
    show(controller)
    show(controller, ("page", "other view"))
    hide(controller)
    assert state(controller) == "ready"
    hide(controller, ("page", "other view"))
    until(lambda: state(controller) == "asleep")
    assert controller.status.text.startswith("Asleep: ")
    assert len(controller.models) == 1


def test_it_wakes_up_when_it_is_shown(cluster, controller):
    guard(controller, lambda: False)
    load(controller)
    show(controller)
    hide(controller)
    until(lambda: state(controller) == "asleep")
    activities = Listener(controller, lambda state: state.progress and state.progress.operation)
    show(controller)
    show(controller)
    activities.wait_for(lambda operation: operation is not None)
    until(lambda: state(controller) == "ready")
    assert len(controller.models) == 1
    assert cluster.paths().count("POST /start") == 2


def test_a_view_with_a_socket_is_there_even_if_it_says_nothing(cluster, controller, monkeypatch):
    monkeypatch.setattr(presence, "REST", 0.0)
    post(controller, controller.presence.plugged, VIEW, True)
    assert controller.presence.seen
    post(controller, controller.presence.plugged, VIEW, False)
    assert not controller.presence.seen


def test_what_is_held_waits_for_the_end_of_the_rest(cluster, controller, monkeypatch):
    asked = threading.Event()

    def is_held() -> bool:
        asked.set()
        return True

    guard(controller, is_held)
    load(controller)
    show(controller)
    hide(controller)
    assert asked.wait(WAIT)
    assert state(controller) == "ready"
    monkeypatch.setattr(presence, "REST", 0.1)
    until(lambda: state(controller) == "asleep")


def test_a_view_that_comes_back_at_once_keeps_the_job(cluster, controller):
    asked = threading.Event()
    guard(controller, asked_and_not_held(asked))
    load(controller)
    show(controller)
    hide(controller)
    show(controller, ("page", "the same elsewhere"))
    assert not asked.wait(0.3)
    assert state(controller) == "ready"


def test_a_page_that_is_slow_to_show_it_has_time(cluster, controller, monkeypatch):
    asked = threading.Event()
    guard(controller, asked_and_not_held(asked))
    load(controller)
    assert not asked.wait(0.3)
    monkeypatch.setattr(presence, "UNSEEN", 0.1)
    until(lambda: state(controller) == "asleep")


def test_a_call_that_runs_keeps_the_job(cluster, controller, monkeypatch):
    monkeypatch.setattr(presence, "REST", 0.1)
    controller.start().result(WAIT)
    cluster.renderer.delays["registry"] = 0.6
    guard(controller, lambda: False)
    show(controller)
    hide(controller)
    controller.renderer.request("registry")
    assert state(controller) == "ready"
    until(lambda: state(controller) == "asleep")


def test_a_page_that_says_nothing_for_long_counts_as_closed(cluster, controller, monkeypatch):
    guard(controller, lambda: True)
    load(controller)
    show(controller)
    monkeypatch.setattr(presence, "REST", 0.2)
    until(lambda: state(controller) == "asleep")
    show(controller)
    until(lambda: state(controller) == "ready")


def test_what_requests_of_the_users_own_have_changed_does_not_sleep_while_it_is_held(cluster, controller, monkeypatch):
    guard(controller, lambda: True)
    load(controller)
    controller.renderer.request("add-spheres", [])
    monkeypatch.setattr(presence, "REST", 0.1)
    show(controller)
    hide(controller)
    threading.Event().wait(0.5)  # long enough to fall asleep
    assert state(controller) == "ready"


def test_a_view_that_cannot_be_seen_keeps_its_scene_awake_but_does_not_wake_it(cluster, controller, monkeypatch):
    guard(controller, lambda: True)
    load(controller)
    on_loop(controller, lambda: heard_only(controller))
    assert controller.presence.seen
    monkeypatch.setattr(presence, "REST", 0.1)
    until(lambda: state(controller) == "asleep")
    on_loop(controller, lambda: heard_only(controller))
    assert len(controller.tasks) == 0, "nothing has begun to wake it"
    assert state(controller) == "asleep"


async def heard_only(controller) -> None:
    controller.presence.heard(VIEW, wakes=False)


def test_without_a_guard_nothing_sleeps(cluster, controller, monkeypatch):
    monkeypatch.setattr(presence, "REST", 0.1)
    load(controller)
    show(controller)
    hide(controller)
    threading.Event().wait(0.3)  # long enough to fall asleep
    assert state(controller) == "ready"
