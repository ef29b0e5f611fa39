from __future__ import annotations

import math
from typing import Any

from brayns_widget.stream.ids import FrameIds
from brayns_widget.stream.quality import StreamSettings
from brayns_widget.stream.views import Frame, View


class _Sink:
    def __init__(self, window: int) -> None:
        self.window = window

    def send(self, frame: Frame) -> None:
        raise AssertionError("a view only counts")

    def send_ids(self, ids: FrameIds) -> None:
        raise AssertionError("a view only counts")


def _view(window: int = 2, **settings: Any) -> View:
    return View("a", _Sink(window), 800, 600, StreamSettings(**settings))


def test_a_view_takes_as_many_frames_as_its_window() -> None:
    view = _view(window=2)
    assert view.has_credit(0.0)
    view.sent(1, 1, 0.0)
    assert view.has_credit(0.0)
    view.sent(2, 2, 0.1)
    assert not view.has_credit(0.1)


def test_an_acknowledgement_returns_its_credit_and_measures_the_trip() -> None:
    view = _view(window=1)
    view.sent(1, 1, 10.0)
    assert view.acknowledged(1, 10.5, shown=True, decode_ms=3.0)
    assert view.has_credit(10.5)
    assert view.rtt == 0.5
    assert view.decode_ms == 3.0
    assert view.counts == {"sent": 1, "shown": 1}


def test_a_credit_that_is_not_returned_expires() -> None:
    view = _view(window=2, credit_timeout=2.0)
    view.sent(1, 1, 0.0)
    view.sent(2, 2, 0.5)
    assert view.credit_at(0.5) == 2.0
    assert not view.has_credit(1.9)
    assert view.has_credit(2.0)
    view.sent(3, 3, 2.0)
    assert view.credit_at(2.0) == 2.5


def test_a_sink_without_a_window_never_has_a_credit() -> None:
    view = _view(window=0)
    assert not view.has_credit(0.0)
    view.reset_window()
    assert view.credit_at(1e9) == math.inf


def test_the_window_is_that_of_the_present_sink() -> None:
    view = _view(window=2)
    view.sent(1, 1, 0.0)
    view.sink = _Sink(1)
    assert not view.has_credit(0.0)


def test_a_slow_connection_gets_more_time() -> None:
    view = _view(window=1, credit_timeout=2.0)
    view.sent(1, 1, 0.0)
    view.acknowledged(1, 3.0, shown=True, decode_ms=None)  # late, but it tells how long the trip is
    view.sent(2, 2, 3.0)
    assert view.credit_at(3.0) == 15.0


def test_an_acknowledgement_of_an_unknown_frame_changes_nothing() -> None:
    view = _view(window=1)
    view.sent(7, 1, 0.0)
    assert not view.acknowledged(6, 0.1, shown=True, decode_ms=None)
    assert not view.has_credit(0.1)
    assert view.rtt is None


def test_a_view_is_silent_from_some_time_after_the_first_frame_without_an_answer() -> None:
    view = _view(silence=10.0)
    assert not view.is_silent(1e9)
    view.sent(1, 1, 1000.0)
    view.sent(2, 2, 1100.0)
    assert not view.is_silent(1009.9)
    assert view.is_silent(1010.0)
    view.acknowledged(2, 1200.0, shown=True, decode_ms=None)
    assert not view.is_silent(1e9)
    for sign_of_life in (view.reset_window, view.lives):
        view.sent(3, 3, 0.0)
        sign_of_life()
        assert not view.is_silent(1e9)


def test_a_reset_returns_all_credits() -> None:
    view = _view(window=1)
    view.sent(1, 1, 0.0)
    view.reset_window()
    assert view.has_credit(0.0)


def test_frames_that_nobody_acknowledges_are_forgotten() -> None:
    view = _view()
    for second in range(1000):
        view.sent(second, second, float(second))
    assert len(view._sent) <= 60
