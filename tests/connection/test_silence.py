from __future__ import annotations

import pytest

from brayns_widget.connection.silence import ANSWERS_WITHIN, IDLE, LOOK, Silence, Step


def test_a_dead_link_is_found_within_half_a_minute():
    assert IDLE + ANSWERS_WITHIN + 2 * LOOK <= 30


def looks(silence: Silence, *, until: float, since: float = 0.0, pending: bool = False, overtakes: bool = True):
    """Look regularly, and return the steps that are no waits, with their times."""
    now, found = since, []
    while now <= until:
        step = silence.look(now, pending=pending, overtakes=overtakes)
        if step is not Step.WAIT:
            found.append((round(now, 6), step))
        now += silence.pause
    return found


@pytest.mark.parametrize("pending", [True, False])
def test_what_overtakes_is_asked_in_any_state(pending):
    silence = Silence(0.0)
    assert looks(silence, until=30, pending=pending)[:2] == [(10.0, Step.OVERTAKE), (25.0, Step.DEAD)]


def test_a_server_without_anything_that_overtakes_is_asked_while_it_has_nothing_to_do():
    assert looks(Silence(0.0), until=26, overtakes=False)[0] == (10.0, Step.PROBE)
    assert looks(Silence(0.0), until=300, overtakes=False, pending=True) == []


def test_whatever_is_heard_ends_the_silence():
    silence = Silence(0.0)
    assert looks(silence, until=20) == [(10.0, Step.OVERTAKE)]
    silence.heard(20.5)
    assert looks(silence, since=21, until=30) == []
    assert looks(silence, since=31, until=40) == [(31.0, Step.OVERTAKE)]


def test_a_look_that_was_held_up_counts_nothing_that_it_could_not_hear():
    silence = Silence(0.0)
    assert looks(silence, until=10) == [(10.0, Step.OVERTAKE)]
    # The computer sleeps, or a cell holds the GIL, for an hour.
    assert silence.look(3610.0, pending=False, overtakes=True) is Step.WAIT
    assert silence.look(3610.0 + silence.pause, pending=False, overtakes=True) is Step.WAIT
    assert looks(silence, since=3612.0, until=3630)[0][1] is Step.DEAD
