"""Ids of cells as users have them: lists, arrays, masks, and the selections of other libraries.

Selections are known by their public attributes, so that none of these libraries is needed: libsonata's ``Selection``,
bluepysnap's ``CircuitNodeIds`` and ``CircuitNodeId``, pandas' Index, MultiIndex (population, node id) and Series.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brayns_widget.controller.nearest import nearest
from brayns_widget.protocol.errors import CircuitError
from brayns_widget.protocol.ids import ascending

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_INDEX_NAMES = ("node_id", "node_ids")  # of the rows of ``Model.cells``, and of bluepysnap's frames
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class CellIds:
    """Cells that were chosen one by one, before it is known of which population they are.

    Attributes:
        name: the argument, for messages.
        values: (N,) ids, none below zero, or (N,) booleans: a mask over all cells of the population.
        populations: the population of each id, or None for ids of any.
    """

    name: str
    values: npt.NDArray[Any]
    populations: tuple[str, ...] | None = None

    @property
    def is_mask(self) -> bool:
        """Whether the values are a mask."""
        return self.values.dtype.kind == "b"

    @property
    def is_empty(self) -> bool:
        """Whether no cell is chosen, in whichever population."""
        return not (self.values.any() if self.is_mask else len(self.values))

    def __repr__(self) -> str:
        return f"<{'mask' if self.is_mask else 'ids'} of {len(self.values)} cells>"

    def within(self, population: str, size: int | None) -> Ints:
        """Return the ids of a population's cells, ascending, each once.

        Args:
            population: its name.
            size: number of its cells, or None if nobody can tell.

        Raises:
            CircuitError: a mask has another length, an id is out of range, or all ids are of other populations.
        """
        import numpy as np

        if self.is_mask:
            if size is None:
                raise CircuitError(f"{self.name} is a mask, and nobody can tell the population's size.", hint=_AS_IDS)
            if len(self.values) != size:
                text = f"{self.name} is a mask of {len(self.values)} values"
                raise CircuitError(f"{text}, but population {population!r} has {size} cells.", hint=_AS_IDS)
            return np.flatnonzero(self.values).astype(np.int64)
        places = np.arange(len(self.values))
        if self.populations is not None:
            places = np.flatnonzero(np.array(self.populations, object) == population)
            if len(self.values) and not len(places):
                others = sorted(set(self.populations))
                raise CircuitError(
                    f"{self.name} has no cell of population {population!r}.", hint=nearest(population, others)
                )
        ids = self.values[places]
        if size is not None and (beyond := np.flatnonzero(ids >= size)).size:
            first = int(beyond[0])
            raise CircuitError(
                f"{self.name}[{places[first]}] is {ids[first]}, but population {population!r} has {size} cells.",
                hint=f"Its node ids are 0 to {size - 1}." if size else "",
            )
        return ascending(ids)


_AS_IDS = "Give the ids instead, such as numpy.flatnonzero(mask)."


def read_ids(value: Any, name: str = "node_ids") -> CellIds:
    """Read ids of cells in any form.

    Args:
        value: one id; a list, set, range, array or pandas Index of ids; a mask of booleans, one for each cell of the
            population; a boolean pandas Series, by its index of node ids; or another library's selection.
        name: of the argument, for messages.

    Raises:
        ValueError: it is nothing of this kind; the message names the first bad id.
    """
    import numpy as np

    if isinstance(value, CellIds):
        return value
    if isinstance(value, str | bytes):
        raise _refusal(f"{name} is {value!r:.80}, and ids are whole numbers; names of node sets go into node_sets")
    if isinstance(value, Mapping):
        raise _refusal(f"{name} is {value!r:.80}; a query goes into query=…")
    if hasattr(value, "columns"):  # a DataFrame
        raise ValueError(f"{name} is a table; pass its index or one of its columns")
    if hasattr(value, "get_populations") and hasattr(value, "get_ids"):  # bluepysnap's CircuitNodeIds
        return _of_populations(value.get_populations(), value.get_ids(), name)
    if getattr(value, "nlevels", 1) == 2 and hasattr(value, "get_level_values"):  # pandas' MultiIndex
        return _of_populations(value.get_level_values(0), value.get_level_values(1), name)
    if hasattr(value, "flat_size") and hasattr(value, "flatten"):  # libsonata's Selection
        return CellIds(name, np.asarray(value.flatten(), np.int64))
    if hasattr(value, "index") and hasattr(value, "iloc"):  # pandas' Series
        return _of_series(value, name)
    if isinstance(value, int | float | np.generic):
        value = [value]
    if not isinstance(value, Iterable):
        what = "; pass a node population as population=…" if hasattr(value, "size") and hasattr(value, "ids") else ""
        raise _refusal(f"{name} is {value!r:.80}, which is no list of ids{what}")
    items = value if hasattr(value, "dtype") else list(value)
    if isinstance(items, list) and items and all(hasattr(one, "population") and hasattr(one, "id") for one in items):
        return _of_populations([one.population for one in items], [one.id for one in items], name)
    return CellIds(name, _checked(items, name))


def _of_populations(populations: Any, ids: Any, name: str) -> CellIds:
    return CellIds(name, _checked(ids, name), tuple(map(str, populations)))


def _of_series(series: Any, name: str) -> CellIds:
    values = _checked(series.array, name)
    if values.dtype.kind != "b":
        return CellIds(name, values)
    import numpy as np

    index = series.index
    if index.name not in _INDEX_NAMES and np.array_equal(np.asarray(index), np.arange(len(values))):
        return CellIds(name, values)
    chosen = index[values]
    if getattr(index, "nlevels", 1) == 2:
        return read_ids(chosen, name)
    return CellIds(name, _checked(chosen, f"the index of {name}"))


def _checked(items: Any, name: str) -> npt.NDArray[Any]:
    """Return ids as int64, or a mask as booleans."""
    import numpy as np

    if isinstance(items, list):
        kinds = set(map(type, items))
        if kinds - {int} and kinds != {bool}:  # NumPy would make numbers of booleans, and texts of numbers
            return _from_objects(items, name)
        try:
            items = np.array(items, np.bool_ if kinds == {bool} else np.int64)
        except OverflowError:
            return _from_objects(items, name)
    array = np.asarray(items)
    if array.ndim != 1:
        raise ValueError(
            f"{name} has shape {array.shape}; there has to be one id, or one value of a mask, for each cell"
        )
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind not in "iuf":
        return _from_objects(array.tolist(), name)
    wrong = array < 0
    if array.dtype.kind != "i":
        wrong |= array > _LARGEST
    if array.dtype.kind == "f":
        wrong |= ~np.isfinite(array)
        wrong[~wrong] = array[~wrong] % 1 != 0
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise _bad(name, first, array[first].item())
    return array.astype(np.int64)


def _from_objects(items: Sequence[Any], name: str) -> npt.NDArray[Any]:
    import numpy as np

    plain = [item.item() if isinstance(item, np.generic) else item for item in items]
    if plain and all(isinstance(item, bool) for item in plain):
        return np.array(plain, np.bool_)
    if plain and isinstance(plain[0], bool):
        first = next(place for place, item in enumerate(plain) if not isinstance(item, bool))
        raise ValueError(f"{name}[{first}] is {plain[first]!r:.80}, and a mask has nothing but booleans")
    for place, item in enumerate(plain):
        if not isinstance(item, int | float) or isinstance(item, bool) or not 0 <= item <= _LARGEST or item % 1:
            raise _bad(name, place, item)
    return np.array([int(item) for item in plain], np.int64)


def _refusal(text: str) -> ValueError:
    return ValueError(text)


def _bad(name: str, place: int, item: Any) -> ValueError:
    if isinstance(item, bool):
        what = "which is no id, and a mask has nothing but booleans"
    elif not isinstance(item, int | float) or not math.isfinite(item):
        what = "which is no id; ids are whole numbers from 0"
    else:
        what = "below zero" if item < 0 else "which is no whole number" if item % 1 else "which is too large"
    return ValueError(f"{name}[{place}] is {item!r:.80}, {what}")
