"""The benchmark of frames in a notebook: it matches moves with pictures, judges by its goals, and runs."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from benchmarks.streaming import figures
from benchmarks.streaming.figures import Gesture
from benchmarks.streaming.report import Goal, goals, report
from brayns_widget.demo import write_circuit


def _picture(at, number, height=240):
    return {"at": at, "frame": at, "number": number, "width": 320, "height": height}


def test_a_camera_carries_all_moves_since_the_one_before():
    moves = [{"at": at, "x": 0, "y": 0} for at in (0, 10, 20, 30)]
    cameras = [{"number": 5, "moves": 1}, {"number": 7, "moves": 3}]
    gesture = figures.product_gesture({"moves": moves, "cameras": cameras, "pictures": [_picture(50, 7)]})
    assert gesture.moves == [(0, 5), (10, 7), (20, 7)]
    assert gesture.pictures == [(50, 50, 7, 320, 240)]


def test_positions_say_which_message_told_of_a_move():
    moves = [{"at": 10 * x, "x": x, "y": 1.5} for x in range(4)]
    heard = [(9, 9), (0, 1.5), (2, 1.5), (3, 1.5)]
    notes = {"moves": moves, "pictures": [_picture(60, 2), _picture(70, 3)]}
    gesture = figures.rfb_gesture(notes, heard, [0, 2, 4], since=1)
    assert gesture.moves == [(0, 2), (10, 3), (20, 3), (30, 4)]
    assert [picture[2] for picture in gesture.pictures] == [2, 4]


def test_a_move_waits_for_the_first_picture_that_follows_it_or_a_later_one():
    gesture = Gesture([(0, 1), (10, 2), (20, 3), (30, 4)], [(40, 1, 1, 8, 8), (60, 2, 3, 8, 8), (70, 3, 2, 8, 8)])
    assert figures.latencies(gesture) == [40, 50, 40, math.inf]


def test_two_pictures_in_one_animation_frame_are_one():
    pictures = [(10.0, 1.0, 1, 8, 8), (10.5, 1.0, 2, 8, 8), (26.0, 2.0, 3, 8, 8), (99.0, 3.0, 4, 8, 8)]
    assert figures.shown(Gesture([], pictures), 0, 50) == [10.5, 26.0]


@pytest.mark.parametrize(
    ("moments", "gap"),
    [([], 100), ([90, 150, 220], 70), ([50, 300], 250), ([110, 120], 80)],
    ids=["none", "inside", "across both ends", "until the end"],
)
def test_the_longest_gap_is_what_a_person_meets(moments, gap):
    assert figures.longest_gap(moments, 100, 200) == gap


def test_windows_become_one_row():
    rows = [{"shown_per_s": n, "gap_max": n, "side_least": n, "cpu": {"page": n}} for n in (1, 2, 9)]
    assert figures.median_of(rows) == {"shown_per_s": 2, "gap_max": 9, "side_least": 1, "cpu": {"page": 2}}


def _results(*, shown: float, gap: float, told: str):
    row: dict[str, Any] = {"latency_p50": 40, "latency_p95": 80, "gap_p95": 30, "gap_max": gap}
    row |= {"side": 0.5, "side_least": 0.25, "cpu_ms_per_frame": {"kernel": 1.5}}
    cell = {"shown_per_s": shown, "gap_max": gap, "told": told}
    return {
        "drags": {"640x480": {"socket": row | {"shown_per_s": shown}, "rfb": row | {"shown_per_s": 20}}},
        "busy": {"comm": {"sleep": cell, "gil": cell}},
        "first": {"socket": {"cold_s": 2.0, "second_s": 1.3}},
    }


def test_goals_hold_or_do_not():
    held = {goal.what: goal.holds for goal in goals(_results(shown=41, gap=251, told=""))}
    assert held["shown frames a second, 640x480"]
    assert not held["pointer → shown, p95, 640x480"]
    assert held["side while moving, 640x480"]
    assert not held["longest gap while a cell sleeps"]
    assert not held["told while a C call holds the GIL"]
    assert held["Run → first picture, cold"]
    assert not held["Run → first picture, second widget"]
    others = {goal.what: goal.holds for goal in goals(_results(shown=39, gap=250, told="The kernel is busy"))}
    assert not others["shown frames a second, 640x480"]
    assert others["longest gap while a cell sleeps"]
    assert others["told while a C call holds the GIL"]


def test_the_report_names_what_fails():
    text = report(_results(shown=41, gap=250, told=""))
    assert "| told while a C call holds the GIL | comm | 0.00 | ≥ 1 | NO |" in text
    assert "| socket | 41.0 (2.05) | 40 (1.00) | 80 (1.00) | 30 / 250 | 0.50 / 0.25 | kernel 1.5 |" in text


def test_a_limit_counts_as_reached():
    assert Goal("", "", 2.0, "≥", 2.0).holds
    assert Goal("", "", 2.0, "≤", 2.0).holds


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_short_run_measures_the_product_beside_jupyter_rfb(tmp_path):
    for module in ("jupyter_rfb", "jupyterlab", "playwright"):
        pytest.importorskip(module)
    from benchmarks.streaming.measure import Plan, measure

    circuit = write_circuit(tmp_path / "circuit", cells=3)
    plan = Plan(circuit=circuit, transports=("comm",), sizes=((320, 240),), seconds=1.0, windows=1, busy_seconds=0.0)
    results = asyncio.run(measure(plan, tmp_path))
    for name in ("comm", "rfb"):
        row = results["drags"]["320x240"][name]
        assert row["shown_per_s"] > 0
        assert 0 < row["latency_p50"] <= row["latency_p95"]
        assert row["cpu_ms_per_frame"]["kernel"] > 0
        assert row["cpu_ms_per_frame"]["page"] > 0
    assert results["drags"]["320x240"]["rfb"]["side"] == 1
    assert 0 < results["first"]["comm"]["second_s"] < 60
    assert len(goals(results)) == 4
