"""Selected cells as one immutable value, which is its own JSON: ids by population, as texts such as "0-79,90".

The texts grow with the number of runs, not of cells, and compare fast, so they serve as state, as trait and on pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from brayns_widget.controller.cell_ids import CellIds, read_ids
from brayns_widget.protocol.errors import CircuitError
from brayns_widget.protocol.ids import ascending, format_ids

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

Selected = Mapping[str, str]
"""Ascending ids by population, as ranges; no population without ids. Never changed in place."""

NOTHING: Selected = MappingProxyType({})

MOST_CELLS = 1 << 25
"""Cells of one population that can be selected: so many fit into memory, whatever a page sends."""

_RANGES = re.compile(r"\d{1,18}(-\d{1,18})?(,\d{1,18}(-\d{1,18})?)*", re.ASCII)


def parse_ranges(text: str, name: str) -> Ints:
    """Read ids (N,) from a text such as "0-79,90", ascending, each once.

    Args:
        text: the text; an empty one for no ids.
        name: what it is, for messages.

    Raises:
        ValueError: it is written otherwise, or has too many ids.
    """
    import numpy as np

    if not text:
        return np.empty(0, np.int64)
    if _RANGES.fullmatch(text) is None:
        raise ValueError(f"{name} is {text!r:.80}, which is written otherwise than '0-79,90'")
    ends = [part.partition("-") for part in text.split(",")]
    firsts = np.array([first for first, _, _ in ends], np.int64)
    lasts = np.array([last or first for first, _, last in ends], np.int64)
    if (lasts < firsts).any():
        raise ValueError(f"{name} has a range that descends, {text[:80]!r}")
    counts = lasts - firsts + 1
    total = float(counts.astype(np.float64).sum())
    if total > MOST_CELLS:
        raise ValueError(f"{name} has {total:.0f} ids; at most {MOST_CELLS} cells can be selected")
    starts = np.cumsum(counts) - counts
    return ascending(np.repeat(firsts - starts, counts) + np.arange(int(total), dtype=np.int64))


def is_ranges(text: str) -> bool:
    """Whether a text is ids as ``parse_ranges`` reads them."""
    return _RANGES.fullmatch(text) is not None


def ids_of(selected: Selected, population: str) -> Ints:
    """Return the ids (N,) of a population's selected cells, ascending."""
    return parse_ranges(selected.get(population, ""), population)


def count_of(selected: Selected) -> int:
    """Return the number of selected cells, without making a list of them."""
    parts = (part.partition("-") for text in selected.values() for part in text.split(","))
    return sum(int(last or first) - int(first) + 1 for first, _, last in parts)


def make_selected(ids: Mapping[str, Ints]) -> Selected:
    """Make the value of ascending ids by population."""
    return MappingProxyType({population: format_ids(some) for population, some in ids.items() if len(some)})


def joined(
    one: Selected, other: Selected, join: Callable[[Any, Any], Any], populations: Iterable[str] | None = None
) -> Selected:
    """Join two selections, population by population.

    Args:
        one: a selection.
        other: another one.
        join: of two arrays of ascending ids, to another one.
        populations: those in which they are joined; None for those of ``other``. In the rest it is ``one``.
    """
    changed = other if populations is None else populations
    found = {name: format_ids(join(ids_of(one, name), ids_of(other, name))) for name in changed}
    return MappingProxyType({name: text for name, text in {**one, **found}.items() if text})


def read_selected(
    value: Any,
    name: str = "selection",
    *,
    population: str | None = None,
    known: Iterable[str] = (),
    sizes: Mapping[str, int] | None = None,
) -> Selected:
    """Read a selection in any form.

    Args:
        value: ids in any form that ``read_ids`` takes; or these, or a text such as "0-79,90", by population.
        name: of the argument, for messages.
        population: of ids that do not tell theirs.
        known: the populations that are loaded; if it is one, ids are of it without ``population``.
        sizes: number of cells by population, for masks.

    Raises:
        ValueError: it is nothing of this kind.
        CircuitError: it is not clear of which population ids are, or a mask does not fit.
    """
    if isinstance(value, Mapping):
        if population is not None:
            raise ValueError(f"{name} names populations itself; leave out population={population!r}")
        return make_selected({key: _ids(one, f"{name}[{key!r}]", key, sizes) for key, one in value.items()})
    ids = read_ids(value, name)
    if ids.is_empty:
        return NOTHING
    if ids.populations is not None:
        names = dict.fromkeys(ids.populations) if population is None else (population,)
        return make_selected({one: ids.within(one, None) for one in names})
    if population is None:
        loaded = list(dict.fromkeys(known))
        if len(loaded) != 1:
            there = f"Loaded are {', '.join(map(repr, loaded))}." if loaded else "No circuit is loaded."
            hint = f"Name it: population=…, or {{'population': ids}}. {there}"
            raise CircuitError(f"{name} does not tell of which population the cells are.", hint=hint)
        (population,) = loaded
    return make_selected({population: _ids(ids, name, population, sizes)})


def _ids(value: Any, name: str, population: Any, sizes: Mapping[str, int] | None) -> Ints:
    if not isinstance(population, str) or not population:
        raise ValueError(f"{name} is not by the name of a population")
    if isinstance(value, str):
        return parse_ranges(value, name)
    ids: CellIds = read_ids(value, name)
    found = ids.within(population, (sizes or {}).get(population) if ids.is_mask else None)
    if len(found) > MOST_CELLS:
        raise ValueError(f"{name} has {len(found)} ids; at most {MOST_CELLS} cells can be selected")
    return found
