"""Progress reports of long calls."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[float | None, str], None]
"""Function that gets an amount from 0 to 1, or None if it is unknown, and the name of the operation."""


def ignore(amount: float | None, operation: str) -> None:
    """Ignore a report."""
