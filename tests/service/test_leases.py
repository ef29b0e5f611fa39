import pytest

from brayns_widget.service.leases import Leases


class Clock:
    """Goes on as the test says."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leases(clock):
    return Leases(clock)


def wait(leases, clock, seconds, step=0.5):
    """Let time pass as the service's watch does; return the jobs whose leases are over then."""
    for _ in range(round(seconds / step)):
        clock.now += step
        over = leases.look()
    return over


def test_a_job_is_over_when_nobody_was_heard_for_its_lease(leases, clock):
    leases.grant("a", 120)
    assert wait(leases, clock, 119.5) == {}
    assert wait(leases, clock, 0.5) == {"a": 120}
    leases.drop("a")
    assert wait(leases, clock, 1) == {}


def test_each_sign_of_life_begins_the_lease_anew(leases, clock):
    leases.grant("a", 120)
    for _ in range(5):
        wait(leases, clock, 100)
        leases.heard("a")
    assert wait(leases, clock, 119) == {}
    assert wait(leases, clock, 1) == {"a": 120}


def test_a_connected_client_is_a_sign_of_life_until_it_has_gone(leases, clock):
    leases.grant("a", 120)
    with leases.in_use("a"), leases.in_use("a"):
        assert wait(leases, clock, 1000) == {}
    assert wait(leases, clock, 119.5) == {}
    assert wait(leases, clock, 0.5) == {"a": 120}


def test_a_job_without_a_lease_lasts(leases, clock):
    leases.heard("a")
    with leases.in_use("a"):
        pass
    assert wait(leases, clock, 10_000) == {}


def test_a_job_is_kept_on_demand_by_a_client_that_leaves(leases, clock):
    leases.grant("a", 120)
    with leases.in_use("a"):
        leases.grant("a", None)
    assert wait(leases, clock, 10_000) == {}


def test_a_lease_can_be_given_to_a_job_in_use(leases, clock):
    with leases.in_use("a"):
        leases.grant("a", 120)
        assert wait(leases, clock, 1000) == {}
    assert wait(leases, clock, 120) == {"a": 120}


@pytest.mark.parametrize("jump", [8 * 3600, 1e9, -8 * 3600])
def test_a_machine_that_slept_and_a_clock_that_jumped_cost_no_job(leases, clock, jump):
    leases.grant("a", 120)
    wait(leases, clock, 60)
    clock.now += jump
    assert leases.look() == {}
    assert wait(leases, clock, 58.5) == {}  # its clients have the rest of the lease to come back
    assert wait(leases, clock, 2) == {"a": 120}
