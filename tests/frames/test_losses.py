from __future__ import annotations

from brayns_widget.frames.losses import PAUSE, PAUSE_MAX, ROW_MAX, STABLE, Losses


def test_the_next_process_is_tried_at_once_until_some_in_a_row_are_lost():
    losses = Losses()
    for _ in range(ROW_MAX - 1):
        losses.add(1.0)
        assert losses.pause == 0
    losses.add(1.0)
    assert losses.pause == PAUSE
    assert losses.total == ROW_MAX


def test_a_process_that_has_run_well_begins_the_row_anew():
    losses = Losses()
    for _ in range(10 * ROW_MAX):
        losses.add(STABLE)
        losses.add(1.0)
        assert losses.pause == 0


def test_pauses_grow_up_to_a_limit_and_are_short_again_after_a_process_that_has_run_well():
    losses = Losses()
    pauses = []
    for _ in range(7):
        losses.fail()
        pauses.append(losses.pause)
        losses.relent()
        assert losses.pause == 0
    assert pauses == [PAUSE, 2 * PAUSE, 4 * PAUSE, 8 * PAUSE, PAUSE_MAX, PAUSE_MAX, PAUSE_MAX]
    losses.add(STABLE)
    assert losses.pause == 0
    losses.fail()
    assert losses.pause == PAUSE


def test_after_a_pause_the_first_quick_loss_brings_the_next():
    losses = Losses()
    for _ in range(ROW_MAX):
        losses.add(1.0)
    losses.relent()
    losses.add(1.0)
    assert losses.pause == 2 * PAUSE
