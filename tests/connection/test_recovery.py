from __future__ import annotations

import random

import pytest

from brayns_widget.connection.recovery import CAP, REACHED_WITHIN, Recovery, Step, Verdict, pause_before, shortened


def test_the_master_is_asked_first_and_again_before_each_attempt():
    recovery = Recovery(jitter=lambda: 0.5)
    assert recovery.step is Step.ASK
    assert recovery.told(0, Verdict.RUNS) is Step.OPEN
    assert recovery.failed(1) is Step.PAUSE
    assert recovery.pause == 0.25
    assert recovery.paused() is Step.ASK
    assert recovery.attempt == 2


def test_a_job_that_is_over_is_not_tried():
    assert Recovery().told(0, Verdict.OVER) is Step.OVER


def test_a_job_that_cannot_be_reached_is_given_up_after_a_while_but_not_while_nothing_is_known():
    recovery, now, steps = Recovery(), 0.0, []
    for verdict in [Verdict.UNKNOWN] * 500 + [Verdict.RUNS] * 500:  # two hours without a network, then one with it
        assert recovery.told(now, verdict) is Step.OPEN
        now += 15
        steps.append((now, recovery.failed(now)))
        if steps[-1][1] is Step.GIVE_UP:
            break
        recovery.paused()
    assert steps[-1] == (500 * 15 + REACHED_WITHIN, Step.GIVE_UP)


def test_a_network_that_goes_once_more_begins_the_wait_anew():
    recovery = Recovery()
    recovery.told(0, Verdict.RUNS)
    recovery.told(REACHED_WITHIN - 1, Verdict.UNKNOWN)
    recovery.told(REACHED_WITHIN, Verdict.RUNS)
    assert recovery.failed(REACHED_WITHIN + 1) is Step.PAUSE


def test_a_refused_token_is_given_up_at_once():
    recovery = Recovery()
    recovery.told(0, Verdict.RUNS)
    assert recovery.failed(0, for_good=True) is Step.GIVE_UP


def test_one_attempt_may_be_all():
    recovery = Recovery(patience=0)
    recovery.told(0, Verdict.RUNS)
    assert recovery.failed(0) is Step.GIVE_UP


@pytest.mark.parametrize("attempt", [1, 2, 5, 10, 10_000])
def test_pauses_are_random_and_bounded(attempt):
    values = [pause_before(attempt, random.Random(seed).random) for seed in range(200)]
    most = min(CAP, 0.5 * 2.0 ** min(attempt - 1, 20))
    assert all(0 <= value <= most for value in values)
    assert max(values) > 0.9 * most
    assert min(values) < 0.1 * most


def test_pauses_are_shortened_by_chance_without_a_change_of_what_users_have_seeded():
    random.seed(7)
    before = random.getstate()
    values = [shortened(2.0) for _ in range(100)]
    assert 1.0 <= min(values) < max(values) <= 2.0
    assert random.getstate() == before
