from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from brayns_widget.controller.framing import placed
from brayns_widget.controller.placement import UNMOVED, Placement, placement_of
from brayns_widget.protocol.brayns.models import Transform

CENTER = (10.0, -20.0, 30.0)


def where(placement: Placement, *place: float) -> tuple[float, ...]:
    """Where a place of the model is, as the renderer puts it."""
    return tuple(placed(np.array([place], np.float64), placement.transform)[0].round(9).tolist())


def about(x: float, y: float, z: float) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(CENTER, (x, y, z), strict=True))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (1, 2, 3)),
        ({"move": (5.0, 0.0, -5.0)}, (6, 2, -2)),
        ({"scale": (2.0, 2.0, 2.0)}, (2, 4, 6)),
        ({"turn": (90.0, 0.0, 0.0)}, (1, -3, 2)),
        ({"turn": (0.0, 90.0, 0.0)}, (3, 2, -1)),
        ({"turn": (0.0, 0.0, 90.0)}, (-2, 1, 3)),
        ({"turn": (90.0, 0.0, 90.0)}, (3, 1, 2)),
        ({"turn": (0.0, 0.0, 90.0), "scale": (2.0, 1.0, 1.0), "move": (0.0, 0.0, 1.0)}, (-2, 2, 4)),
    ],
)
def test_a_model_is_scaled_and_turned_about_its_center_and_then_moved(changes, expected):
    placement = replace(UNMOVED, center=CENTER, **changes)
    assert where(placement, *about(1, 2, 3)) == pytest.approx(about(*expected))


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (20.0, -70.0, 130.0)])
def test_points_are_carried_to_where_the_renderer_puts_the_model(turn):
    first = Placement((5.0, 0.0, -5.0), turn, (2.0, 1.0, 0.5), CENTER)
    second = Placement((0.0, 1.0, 2.0), (0.0, 90.0, 0.0), (1.0, 3.0, 1.0), CENTER)
    own = [(1.0, 2.0, 3.0), (-40.0, 0.5, 7.0)]
    placed_first = first.placed(own)
    for point, there in zip(own, placed_first, strict=True):
        assert where(first, *point) == pytest.approx(there)
    for point, there in zip(own, first.carried(second, placed_first), strict=True):
        assert where(second, *point) == pytest.approx(there)
    assert first.carried(first, own) == tuple(own)
    assert replace(first, scale=(1.0, 0.0, 1.0)).carried(second, own) == ()


def test_what_was_set_keeps_its_numbers_when_the_renderer_tells_its_transform():
    placement = Placement((1.5, 2.5, 1e4), (0.0, 100.0, 361.0), (3.0, 3.0, 3.0), CENTER)
    sent = placement.transform
    single = Transform(**{name: np.float32(getattr(sent, name)).astype(float).tolist() for name in dict(sent)})
    opposite = sent.model_copy(update={"rotation": [-part for part in sent.rotation]})
    for told in (sent, single, opposite):
        assert placement.following(told) == placement


def test_what_others_have_changed_is_taken_in():
    placement = Placement((1.0, 0.0, 0.0), (0.0, 0.0, 45.0), center=CENTER)
    other = replace(placement, move=(2.0, 0.0, 0.0))
    assert placement.following(other.transform).turn == placement.turn
    assert placement.following(other.transform).move == pytest.approx((2.0, 0.0, 0.0))
    assert placement.following(Transform()) == Placement(center=CENTER)


def test_any_transform_is_told_as_a_placement_that_makes_it():
    numbers = random.Random(7)
    for _ in range(200):
        rotation = [numbers.gauss(0, 1) for _ in range(4)]
        rotation = [part / math.hypot(*rotation) for part in rotation]
        translation = [numbers.uniform(-500, 500) for _ in range(3)]
        transform = Transform(rotation=rotation, translation=translation, scale=[0.5, 2.0, 1.0])
        found = replace(UNMOVED, center=CENTER).following(transform)
        points = np.array([[0, 0, 0], [100, 0, 0], [0, 100, 0], [0, 0, 100]], np.float64)
        assert placed(points, found.transform) == pytest.approx(placed(points, transform), abs=1e-3)


@pytest.mark.parametrize("y", [90.0, -90.0])
def test_a_turn_to_a_pole_is_found_again(y):
    wanted = Placement(turn=(30.0, y, 50.0))
    found = UNMOVED.following(wanted.transform)
    assert found.turn[1] == pytest.approx(y, abs=0.01)
    points = np.eye(3) * 100
    assert placed(points, found.transform) == pytest.approx(placed(points, wanted.transform), abs=0.02)


def test_the_center_of_a_model_that_others_have_placed_is_that_of_where_it_was_loaded():
    placement = Placement((7.0, 8.0, 9.0), (10.0, 20.0, 30.0), (2.0, 2.0, 2.0), CENTER)
    low, high = (-1.0, -2.0, -3.0), (1.0, 2.0, 3.0)
    corners = [about(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    seen = placed(np.array(corners), placement.transform)
    (a, b, c), (d, e, f) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    found = placement_of(placement.transform, ((a, b, c), (d, e, f)))
    assert found.center == pytest.approx(CENTER)
    assert found.move == pytest.approx(placement.move)
    assert found.turn == pytest.approx(placement.turn, abs=1e-3)


def test_an_empty_model_has_its_center_at_the_origin():
    assert placement_of(Transform(), None) == UNMOVED
    assert placement_of(Transform(scale=[0, 1, 1]), ((0, 0, 0), (0, 2, 2))).center == (0.0, 1.0, 1.0)
