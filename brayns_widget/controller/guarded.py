"""Objects that refuse attributes which nobody reads, so that a misspelled one is told at once."""

from __future__ import annotations

import difflib
import inspect
from typing import Any


class Guarded:
    """Refuses to set what is no attribute that can be set: unknown names, calls, what is read only."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute.

        Raises:
            AttributeError: there is none of that name, or it cannot be set.
        """
        if not name.startswith("_"):
            check_settable(type(self), name)
        super().__setattr__(name, value)


def check_settable(kind: type, name: str) -> None:
    """Check that objects of a class have a public attribute that can be set.

    Raises:
        AttributeError: they have none, or it cannot be set.
    """
    member = inspect.getattr_static(kind, name, None)
    if hasattr(type(member), "__set__") and getattr(member, "fset", True) is not None:
        return
    if member is not None or any(name in vars(base).get("__annotations__", ()) for base in kind.__mro__):
        raise AttributeError(f"{name!r} of {kind.__name__} cannot be set")
    settable = [other for other in dir(kind) if not other.startswith("_")]
    near = difflib.get_close_matches(name, settable, 1)
    raise AttributeError(f"{kind.__name__} has no {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
