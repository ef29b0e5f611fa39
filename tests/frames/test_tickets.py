from __future__ import annotations

import pytest

from brayns_widget.frames.tickets import LIFETIME, Ticket, Tickets, new_secret

HERE = "https://hub.example"


def _tickets(*secrets: str, now: float = 0.0) -> Tickets[str]:
    tickets: Tickets[str] = Tickets()
    for secret in secrets:
        tickets.issue(Ticket(secret, HERE, f"seat of {secret}"), now)
    return tickets


def test_a_ticket_opens_its_seat_once() -> None:
    tickets = _tickets("a", "b")
    assert tickets.use("a", HERE, 1.0) == "seat of a"
    assert tickets.use("a", HERE, 1.0) is None
    assert tickets.use("b", HERE, 1.0) == "seat of b"


def test_a_ticket_is_worth_a_minute() -> None:
    assert LIFETIME == 60
    assert _tickets("a", now=100.0).use("a", HERE, 159.9) == "seat of a"
    assert _tickets("a", now=100.0).use("a", HERE, 160.0) is None


@pytest.mark.parametrize("origin", [None, "", "https://hub.example:8000", "http://hub.example", "https://evil.example"])
def test_a_ticket_that_another_origin_shows_is_lost(origin: str | None) -> None:
    tickets = _tickets("a")
    assert tickets.use("a", origin, 1.0) is None
    assert tickets.use("a", HERE, 1.0) is None


def test_an_unknown_ticket_opens_nothing_and_costs_nothing() -> None:
    tickets = _tickets("a")
    assert tickets.use("b", HERE, 1.0) is None
    assert tickets.use("a", HERE, 1.0) == "seat of a"


def test_of_too_many_tickets_the_oldest_are_dropped() -> None:
    tickets = _tickets(*map(str, range(5000)))
    assert tickets.use("0", HERE, 1.0) is None
    assert tickets.use("4999", HERE, 1.0) == "seat of 4999"
    assert len(tickets._issued) <= 1024


def test_old_tickets_are_forgotten() -> None:
    tickets = _tickets("a", "b")
    tickets.issue(Ticket("c", HERE, "seat"), 61.0)
    assert list(tickets._issued) == ["c"]


def test_a_ticket_does_not_show_its_secret() -> None:
    secret = new_secret()
    assert secret not in repr(Ticket(secret, HERE, "seat"))


def test_secrets_have_256_bits_and_differ() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(secret) >= 43 for secret in secrets)  # 6 bits each
