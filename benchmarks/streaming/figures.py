"""From what a page and a kernel noted to figures: pictures shown, latency, gaps, sizes."""

from __future__ import annotations

import itertools
import math
import statistics
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Notes = Mapping[str, Any]
"""What ``page.js`` noted: lists "moves", "cameras" and "pictures"."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """Moves of the pointer and the pictures that followed. Times are Unix ms.

    Attributes:
        moves: when the pointer moved, and the number of the message that told the kernel of it.
        pictures: when a picture was shown, its animation frame, the newest message that it follows, width and height.
    """

    moves: Sequence[tuple[float, int]]
    pictures: Sequence[tuple[float, float, int, int, int]]


def product_gesture(notes: Notes) -> Gesture:
    """Match by the camera's numbers: a page's message carries all moves since the one before."""
    cameras = notes["cameras"]
    ends = [camera["moves"] for camera in cameras]
    moves = []
    for index, move in enumerate(notes["moves"]):
        carrier = bisect_left(ends, index + 1)
        if carrier < len(cameras):  # else the gesture had ended before it
            moves.append((move["at"], cameras[carrier]["number"]))
    return Gesture(moves, [_picture(note, note["number"]) for note in notes["pictures"]])


def rfb_gesture(notes: Notes, heard: Sequence[Sequence[float]], sent: Sequence[int], since: int) -> Gesture:
    """Match by the pointer's position.

    Args:
        notes: of the page. A picture's number is its place among all that were sent.
        heard: positions that the kernel heard of, in order.
        sent: how many of them each picture follows that was sent, from the very first picture on.
        since: how many positions the kernel had heard of when ``notes`` were begun.
    """
    carried = notes["moves"]
    moves, index = [], 0
    for number, (x, y) in enumerate(heard[since:], since + 1):
        end = next((i for i in range(index, len(carried)) if (carried[i]["x"], carried[i]["y"]) == (x, y)), None)
        if end is not None:
            moves += [(move["at"], number) for move in carried[index : end + 1]]
            index = end + 1
    return Gesture(moves, [_picture(note, sent[note["number"] - 1]) for note in notes["pictures"]])


def _picture(note: Mapping[str, Any], number: int) -> tuple[float, float, int, int, int]:
    return note["at"], note["frame"], number, note["width"], note["height"]


def latencies(gesture: Gesture) -> list[float]:
    """Find ms from each move to the first picture that follows it or a later one; without a picture, infinity."""
    newest = list(itertools.accumulate((picture[2] for picture in gesture.pictures), max))
    waits = []
    for at, number in gesture.moves:
        first = bisect_left(newest, number)
        waits.append(gesture.pictures[first][0] - at if first < len(newest) else math.inf)
    return waits


def shown(gesture: Gesture, start: float, end: float) -> list[float]:
    """Find the times of animation frames with something new between two times, in ms."""
    frames = {frame: at for at, frame, *_ in gesture.pictures if start <= at <= end}
    return sorted(frames.values())


def longest_gap(moments: Sequence[float], start: float, end: float) -> float:
    """Find the longest time without a new picture that a person meets between two times, in ms."""
    before = [moment for moment in moments if moment <= start]
    after = [moment for moment in moments if moment >= end]
    inside = [moment for moment in moments if start < moment < end]
    edges = [before[-1] if before else start, *inside, after[0] if after else end]
    return max(b - a for a, b in itertools.pairwise(edges))


def percentile(values: Iterable[float], percent: float) -> float:
    """Find the smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def drag_figures(gesture: Gesture, side: float, cpu: Mapping[str, float]) -> dict[str, Any]:
    """Make the figures of one window, in ms and pictures a second.

    Args:
        gesture: what was moved and shown.
        side: height of the whole canvas in device pixels.
        cpu: ms of CPU by process.
    """
    start, end = gesture.moves[0][0], gesture.moves[-1][0]
    moments = shown(gesture, start, end)
    gaps = [b - a for a, b in itertools.pairwise([start, *moments, end])]
    waits = latencies(gesture)
    sides = [height / side for at, _frame, _number, _width, height in gesture.pictures if start <= at <= end]
    return {
        "moves_per_s": 1e3 * (len(gesture.moves) - 1) / (end - start),
        "shown_per_s": 1e3 * len(moments) / (end - start),
        "latency_p50": percentile(waits, 50),
        "latency_p95": percentile(waits, 95),
        "gap_p95": percentile(gaps, 95),
        "gap_max": max(gaps),
        "side": statistics.median(sides) if sides else 0.0,
        "side_least": min(sides, default=0.0),
        "cpu_ms_per_frame": {name: ms / max(len(moments), 1) for name, ms in cpu.items()},
    }


def median_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Make one row of several windows: the median of each figure, but the longest gap and the least side of all."""
    extremes = {"gap_max": max, "side_least": min}
    made: dict[str, Any] = {}
    for key in rows[0]:
        values = [row[key] for row in rows]
        if isinstance(values[0], Mapping):
            names = dict.fromkeys(name for value in values for name in value)
            made[key] = {name: statistics.median(value.get(name, 0.0) for value in values) for name in names}
        else:
            made[key] = extremes.get(key, statistics.median)(values)
    return made
