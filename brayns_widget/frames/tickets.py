"""Tickets for pages' sockets: each opens one socket, of one view, on one page's origin, within a minute."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Generic, TypeVar

LIFETIME = 60.0
"""Seconds that a ticket is worth something."""

_MOST = 1024

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Ticket(Generic[S]):
    """A ticket; only its ``secret`` is shown by who uses it.

    Attributes:
        secret: 256 random bits, as text.
        origin: scheme, host and port of the page.
        seat: what it opens.
    """

    secret: str = field(repr=False)
    origin: str
    seat: S


def new_secret() -> str:
    """Make a ticket's secret."""
    return secrets.token_urlsafe(32)


class Tickets(Generic[S]):
    """Tickets that were issued and not used. Times are in seconds, on any clock that does not go back."""

    def __init__(self) -> None:
        self._issued: dict[str, tuple[Ticket[S], float]] = {}

    def issue(self, ticket: Ticket[S], now: float) -> None:
        """Let a ticket be used once, from now on; the oldest of too many are dropped."""
        self._issued = {secret: entry for secret, entry in self._issued.items() if entry[1] > now}
        while len(self._issued) >= _MOST:
            self._issued.pop(next(iter(self._issued)))
        self._issued[ticket.secret] = ticket, now + LIFETIME

    def use(self, secret: str, origin: str | None, now: float) -> S | None:
        """Return what a ticket opens, or None if it is unknown, used, too old or of another origin.

        A ticket that was shown from another origin is lost: whoever has shown it must not have it.
        """
        ticket, end = self._issued.pop(secret, (None, 0.0))
        if ticket is None or now >= end or origin != ticket.origin:
            return None
        return ticket.seat
