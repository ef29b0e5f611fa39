"""Growth of branching morphologies."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.demo.cortex import CELL_TYPES, HEIGHT
from brayns_widget.demo.growth import (
    APICAL,
    AXON,
    BASAL,
    PIA_MARGIN,
    SHORTEST_BRANCH,
    STEP,
    Blueprint,
    Program,
    Root,
    Tree,
    grow,
)


@pytest.fixture(scope="module")
def grown() -> list[tuple[Blueprint, Tree]]:
    blueprints = [Blueprint(t.roots, t.radius, sum(t.depths) / 2) for t in CELL_TYPES for _ in range(2)]
    return list(zip(blueprints, grow(blueprints, np.random.default_rng(7), floor=HEIGHT), strict=True))


def straight(**changes: object) -> Program:
    return Program(**{"kind": BASAL, "length": 100.0, "diameter": (2.0, 1.0), "wander": 0.0, **changes})  # type: ignore[arg-type]


def test_sections_hang_together(grown):
    for _, tree in grown:
        assert len(tree.kinds) == len(tree.parents) == len(tree.offsets) - 1
        assert tree.offsets[-1] == len(tree.points)
        assert (np.diff(tree.offsets) >= 2).all()
        (children,) = np.nonzero(tree.parents >= 0)
        assert (tree.parents[children] < children).all()
        assert (tree.kinds[tree.parents[children]] == tree.kinds[children]).all()
        parents_last = tree.offsets[tree.parents[children] + 1] - 1
        np.testing.assert_array_equal(tree.points[parents_last, :3], tree.points[tree.offsets[children], :3])
        np.testing.assert_array_equal(tree.distance[parents_last], tree.distance[tree.offsets[children]])


def test_no_section_has_a_single_child(grown):
    for _, tree in grown:
        counts = np.bincount(tree.parents[tree.parents >= 0], minlength=1)
        assert set(counts[counts > 0].tolist()) == {2}


def test_kinds_come_in_the_usual_order(grown):
    for _, tree in grown:
        assert (np.diff(tree.kinds) >= 0).all()
        assert set(tree.kinds.tolist()) <= {AXON, BASAL, APICAL}


def test_steps_have_the_length_they_claim(grown):
    for _, tree in grown:
        same_section = np.ones(len(tree.points) - 1, bool)
        same_section[tree.offsets[1:-1] - 1] = False
        lengths = np.linalg.norm(np.diff(tree.points[:, :3], axis=0), axis=1)[same_section]
        np.testing.assert_allclose(lengths, STEP, atol=1e-3)
        np.testing.assert_allclose(np.diff(tree.distance)[same_section], STEP, atol=1e-3)


def test_branches_taper_and_never_widen_along_a_section(grown):
    for _, tree in grown:
        inside = np.ones(len(tree.points) - 1, bool)
        inside[tree.offsets[1:-1] - 1] = False
        assert (np.diff(tree.points[:, 3])[inside] <= 1e-5).all()
        assert tree.points[:, 3].min() > 0.2


def test_nothing_leaves_the_pia(grown):
    for blueprint, tree in grown:
        assert (blueprint.depth - tree.points[:, 1]).min() > PIA_MARGIN - STEP


def test_tips_are_not_stubs(grown):
    for _, tree in grown:
        tips = np.setdiff1d(np.arange(len(tree.kinds)), tree.parents)
        lengths = tree.distance[tree.offsets[tips + 1] - 1] - tree.distance[tree.offsets[tips]]
        assert np.median(lengths) > SHORTEST_BRANCH


def test_without_branching_a_neurite_is_one_section_of_its_length():
    tree = grow([Blueprint([Root(straight(), (3, 3))], 5.0, 500.0)], np.random.default_rng(0))[0]
    assert tree.parents.tolist() == [-1, -1, -1]
    assert ((tree.distance[tree.offsets[1:] - 1] >= 40) & (tree.distance[tree.offsets[1:] - 1] <= 165)).all()
    np.testing.assert_allclose(np.linalg.norm(tree.points[tree.offsets[:-1], :3], axis=1), 5.0, rtol=1e-6)


def test_a_straight_program_grows_straight():
    tree = grow([Blueprint([Root(straight(), elevation=(0, 0))], 5.0, 500.0)], np.random.default_rng(0))[0]
    way = np.linalg.norm(tree.points[-1, :3] - tree.points[0, :3])
    assert way == pytest.approx(tree.distance[-1], rel=1e-5)


def test_a_pull_turns_towards_the_pia():
    program = straight(up=2.0, length=400.0)
    tree = grow([Blueprint([Root(program, elevation=(-45, -45))], 5.0, 1000.0)], np.random.default_rng(0))[0]
    last = tree.points[-1, :3] - tree.points[-2, :3]
    assert last[1] / np.linalg.norm(last) > 0.9


def test_then_takes_over_at_its_depth():
    tuft = straight(kind=APICAL, length=60.0)
    trunk = straight(kind=APICAL, length=4000.0, up=1.0, until=200.0, then=tuft)
    tree = grow([Blueprint([Root(trunk, elevation=(90, 90))], 5.0, 1000.0)], np.random.default_rng(0))[0]
    assert tree.parents.tolist() == [-1, 0, 0]
    assert 1000.0 - tree.points[tree.offsets[1] - 1, 1] == pytest.approx(200.0, abs=STEP)


def test_a_side_branch_leaves_its_stem_straight():
    side = straight(length=50.0)
    stem = straight(length=1000.0, branch=0.02, fade=1e9, angle=90, side=side, forks=100)
    tree = grow([Blueprint([Root(stem, elevation=(0, 0))], 5.0, 500.0)], np.random.default_rng(0))[0]
    assert len(tree.kinds) > 5
    # The stem is the longest way out, and it is a straight line.
    assert np.linalg.norm(tree.points[:, :3], axis=1).max() == pytest.approx(tree.distance.max() + 5.0, rel=1e-4)


def test_below_the_floor_growth_ends():
    program = straight(length=5000.0, up=-1.0)
    roots = [Root(program, (8, 8), (-90, -90))]
    free = grow([Blueprint(roots, 5.0, 100.0)], np.random.default_rng(0))[0]
    stopped = grow([Blueprint(roots, 5.0, 100.0)], np.random.default_rng(0), floor=200.0)[0]
    assert free.points[:, 1].min() < -1500
    assert stopped.points[:, 1].min() > -600


def test_the_seed_decides():
    blueprints = [Blueprint(t.roots, t.radius, t.depths[1]) for t in CELL_TYPES[:4]]
    first, again, other = (grow(blueprints, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.points, b.points)
    assert any(len(a.points) != len(b.points) for a, b in zip(first, other, strict=True))
