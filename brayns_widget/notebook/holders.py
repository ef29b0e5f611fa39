"""Who holds a widget: whether users can still reach it, other than through a notebook's output history.

ipywidgets keeps every widget in a registry, and IPython every result of a cell in ``Out``, so neither reference counts
nor the garbage collector tell. This walks from the widget to what refers to it, and on, until it finds a name, a module
or a running function.
"""

from __future__ import annotations

import gc
import re
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

import comm
import ipywidgets

_MOST_LEVELS = 30
_MOST_OBJECTS = 2000  # at each level

# The names by which IPython keeps results: _, __, ___, _3, Out, _oh.
_HISTORY = re.compile(r"_{1,3}|_\d+|Out|_oh")


def is_held(thing: Any, *, by_history: bool = False, inside: tuple[type, ...] = ()) -> bool:
    """Tell whether something is held by more than ipywidgets' registry and IPython's output history.

    A function of Python's that runs holds it unseen, in its local variables.

    Args:
        thing: the object.
        by_history: whether to be held by the output history counts, too.
        inside: classes of objects that hold it, but do not count.
    """
    names, history = _shell()
    seen = {id(item) for item in (thing, registry(), *(() if by_history else history))}
    level: list[Any] = [thing]
    for _ in range(_MOST_LEVELS):
        held, above = {id(item) for item in level}, []
        for holder in _referrers(level):
            if holder is names:
                if any(
                    id(value) in held and (by_history or not _HISTORY.fullmatch(name))
                    for name, value in list(names.items())
                ):
                    return True
            elif id(holder) in seen or isinstance(holder, inside) or _leads_nowhere(holder):
                continue
            elif _is_root(holder):
                return True
            else:
                seen.add(id(holder))
                above.append(holder)
        level = above
        if not level:
            return False
        if len(level) > _MOST_OBJECTS:
            return True  # it would take too long to find out
    return True


def _referrers(things: list[Any]) -> list[Any]:
    """Return what refers to any of some objects, without the list of them."""
    return [holder for holder in gc.get_referrers(*things) if holder is not things]


def _shell() -> tuple[Mapping[str, Any], Sequence[Any]]:
    """Return the names of the notebook's cells, and what keeps results of cells; outside of a notebook there are none.

    IPython keeps results in ``Out``, as attributes of its display hook and, with ``_3`` and the like, among the names
    that ``%who`` hides.
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        return {}, ()
    names, hook = shell.user_ns, shell.displayhook
    return names, (names.get("Out"), names.get("_oh"), shell.user_ns_hidden, hook, vars(hook))


def registry() -> dict[str, Any]:
    """Return ipywidgets' registry of all widgets by their model ids."""
    # ipywidgets has no public name for it any more.
    return getattr(ipywidgets.widgets.widget, "_instances", {})


def _leads_nowhere(holder: Any) -> bool:
    """Tell whether it keeps its results for itself: a comm of a widget, or IPython's account of a cell that has run."""
    return isinstance(holder, comm.base_comm.BaseComm) or type(holder).__name__ in {"ExecutionResult", "ExecutionInfo"}


def _is_root(holder: Any) -> bool:
    return isinstance(holder, types.ModuleType | types.FrameType | type) or (
        isinstance(holder, dict) and "__name__" in holder and "__builtins__" in holder  # of a module
    )
