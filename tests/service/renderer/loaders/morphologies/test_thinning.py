"""Which points are kept, on small trees and against slow loops on random ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.service.renderer.loaders.morphologies import thinning

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def tree(*sections: list[list[float]]) -> tuple[Floats, Ints, Ints]:
    ends = np.cumsum([len(section) for section in sections])
    return np.array([point for section in sections for point in section], np.float32), np.r_[0, ends[:-1]], ends


def random_tree() -> tuple[Floats, Ints, Ints, Ints]:
    """Sections of 2 to 40 points, each of which begins where its parent ends."""
    rng = np.random.default_rng(7)
    parents = np.array([-1, 0, 1, 1, 0, -1, 5, 5, 7, -1])
    sections: list[list[list[float]]] = []
    for parent in parents:
        start = np.zeros(3) if parent < 0 else np.array(sections[parent][-1])
        steps = rng.normal((1, 0, 0), 0.4, (rng.integers(1, 40), 3))
        sections.append([start.tolist(), *(start + np.cumsum(steps, axis=0)).tolist()])
    return *tree(*sections), parents


def test_every_nth_point_and_the_last_of_each_section():
    _points, starts, ends = tree([[0, 0, 0]] * 5, [[0, 0, 0]] * 4, [[0, 0, 0]])
    kept = thinning.every_nth(10, starts, ends, 3)
    assert kept.tolist() == [True, False, False, True, True, True, False, False, True, True]


def test_points_on_a_straight_line_are_dropped():
    points, starts, ends = tree([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [3, 1, 0]], [[0, 0, 0], [1, 0, 0]])
    assert thinning.bends(points, starts, ends, 0.99).tolist() == [True, False, False, True, True, True, True]
    assert thinning.bends(points, starts, ends, 0.0).tolist() == [True, False, False, False, True, True, True]


def test_a_point_that_repeats_another_has_no_direction_and_stays():
    points, starts, ends = tree([[0, 0, 0], [1, 0, 0], [1, 0, 0], [2, 0, 0]])
    assert thinning.bends(points, starts, ends, 0.5).tolist() == [True, True, True, True]


@pytest.mark.parametrize("straight", [0.5, 0.9, 0.99])
def test_bends_are_those_of_a_walk_along_each_section(straight: float):
    points, starts, ends, _parents = random_tree()
    expected = np.ones(len(points), np.bool_)
    for start, end in zip(starts, ends, strict=True):
        pivot = points[start].astype(np.float64)
        for at in range(start + 1, end - 1):
            before, after = points[at] - pivot, points[at + 1].astype(np.float64) - points[at]
            if before @ after / np.linalg.norm(before) / np.linalg.norm(after) >= straight:
                expected[at] = False
            else:
                pivot = points[at].astype(np.float64)
    assert 0 < (~expected).sum() < len(points)
    np.testing.assert_array_equal(thinning.bends(points, starts, ends, straight), expected)


def test_all_tips_grow_at_once():
    # A trunk of 2, a branch of 2 more and one of 6 more; each branch is measured by its own way to the tip.
    trunk: list[list[float]] = [[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]
    short: list[list[float]] = [[2.0, 0, 0], [3, 0, 0], [4, 0, 0]]
    long: list[list[float]] = [[2.0, 0, 0], [4, 0, 0], [6, 0, 0], [8, 0, 0]]
    points, starts, ends = tree(trunk, short, long)
    parents = np.array([-1, 0, 0])

    def kept(growth: float) -> list[float]:
        left: list[float] = points[thinning.grown(points, starts, ends, parents, growth), 0].tolist()
        return left

    assert kept(0.0) == []
    assert kept(0.2) == [0, 1]
    assert kept(0.6) == [0, 1, 2, 2, 2, 4]
    assert kept(0.8) == [0, 1, 2, 2, 3, 2, 4, 6]
    assert kept(0.999) == [0, 1, 2, 2, 3, 2, 4, 6]


def test_growth_is_that_of_a_walk_up_and_down_the_tree():
    points, starts, ends, parents = random_tree()

    def length(section: int, upto: int) -> float:
        part = points[starts[section] : upto + 1].astype(np.float64)
        return float(np.linalg.norm(np.diff(part, axis=0), axis=1).sum())

    def before(section: int) -> float:
        parent = int(parents[section])
        return 0.0 if parent < 0 else before(parent) + length(parent, ends[parent] - 1)

    def farthest(section: int) -> float:
        children = np.flatnonzero(parents == section).tolist()
        own = before(section) + length(section, ends[section] - 1)
        return max([own, *(farthest(child) for child in children)])

    expected = [
        before(section) + length(section, at) < 0.6 * farthest(section)
        for section in range(len(parents))
        for at in range(starts[section], ends[section])
    ]
    assert thinning.grown(points, starts, ends, parents, 0.6).tolist() == expected
