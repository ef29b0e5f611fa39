from __future__ import annotations

from dataclasses import replace

import pytest

from brayns_widget.controller.pins import MOST_PICKS
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import load


@pytest.fixture
def pick(cluster, controller):
    """A function that picks a cell."""
    model = load(controller)
    found = {"hit": True, "model_id": model.id, "position": [1.0, 2.0, 3.0]}
    cluster.renderer.answers["pick"] = lambda _: dict(found)

    def pick(cell):
        found["cell"] = cell
        return controller.selection.pick(0.5, 0.5)

    return pick


def test_picks_are_pinned_the_newest_first_and_unpinned(controller, pick):
    pins = controller.pins
    assert list(pins) == []
    first, second = pick(1), pick(2)
    pins.add()
    pins.add(first)
    pins.add(first.number)
    assert list(pins) == [first, second]
    assert (len(pins), pins[0], pins[-1], repr(pins)) == (2, first, second, repr([first, second]))
    pick(3)
    assert list(pins) == [first, second], "they stay"
    pins.remove(second)
    pins.remove(second)
    assert list(pins) == [first]
    pins.add(second)
    pins.clear()
    assert list(pins) == []


def test_what_was_not_picked_cannot_be_pinned(controller, pick):
    with pytest.raises(CircuitError, match="Nothing was picked"):
        controller.pins.add()
    first = pick(1)
    with pytest.raises(CircuitError, match="no pick 2"):
        controller.pins.add(2)
    for _ in range(MOST_PICKS):
        pick(2)
    with pytest.raises(CircuitError, match="no pick 1 among"):
        controller.pins.add(first)
    with pytest.raises(CircuitError, match="no pick 0"):
        controller.pins.add(replace(first, hit=False, number=0))


def test_a_pin_that_was_removed_long_ago_comes_back_by_undo(controller, pick):
    first = pick(1)
    controller.pins.add()
    for _ in range(MOST_PICKS):
        pick(2)
    controller.pins.remove(first)
    assert controller.history.next_undo == "unpin what was picked"
    controller.undo()
    assert list(controller.pins) == [first]
    controller.redo()
    assert list(controller.pins) == []
