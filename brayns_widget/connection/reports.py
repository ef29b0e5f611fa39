"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[float | None, str], None]
"""Gets an amount from 0 to 1, or None where nobody can tell, and what is being done."""


def ignore(amount: float | None, operation: str) -> None:
    """Tell nobody."""
