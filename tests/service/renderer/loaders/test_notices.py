"""Tests of notices."""

from __future__ import annotations

from brayns_widget.service.renderer.loaders.notices import Notices


def test_keeps_their_order_and_says_each_once() -> None:
    notices = Notices()
    notices.add("Two edges files are missing")
    notices.add("radii below 0 were taken as positive", "a.swc")
    notices.add("Two edges files are missing")
    assert notices.texts == ("Two edges files are missing", "a.swc: radii below 0 were taken as positive")


def test_names_some_of_many_places() -> None:
    notices = Notices()
    for number in range(100):
        notices.add("has negative radii", f"{number}.swc")
        notices.add("has negative radii", f"{number}.swc")
    assert notices.texts == ("0.swc, 1.swc, 2.swc and 97 more: has negative radii",)
