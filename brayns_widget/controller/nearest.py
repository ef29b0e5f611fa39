"""The nearest known name, for messages about unknown ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MANY = 12  # names that a message lists


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """Return a question for the nearest known name, or ""; letters of either case count as the same."""
    by_lower = {str(one).lower(): str(one) for one in known}
    near = difflib.get_close_matches(str(name).lower(), by_lower, 1)
    return f"Did you mean {by_lower[near[0]]!r}?" if near else ""


def nearest(name: object, known: Iterable[object]) -> str:
    """Return ``did_you_mean``, or a list of the known names if none is near."""
    names = list(map(str, known))
    rest = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    listing = f"There are {', '.join(map(repr, names[:_MANY]))}{rest}." if names else "There are none."
    return did_you_mean(name, names) or listing
