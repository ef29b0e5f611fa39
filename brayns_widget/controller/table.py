"""The table of a node population: all its cells with their node attributes, filtered and in an order."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Le

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.reports import ignore
from brayns_widget.controller.attributes import read_columns
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.circuits import Column, Population
from brayns_widget.controller.files import inspect_circuit
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.picked import Value
from brayns_widget.controller.queries import Cells, Query
from brayns_widget.controller.questions import Questions
from brayns_widget.controller.selected import Selected, ids_of
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.selection import CellQuery, Name
from brayns_widget.controller.sources import PopulationName
from brayns_widget.controller.state import ModelState
from brayns_widget.controller.weakly import weakly
from brayns_widget.protocol.errors import CircuitError, QueryError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Ints = npt.NDArray[np.int64]

MOST_CELLS = 500_000
"""Largest population that is shown; the attributes of its cells are kept in memory."""

MOST_ROWS = 500
"""Rows of one answer."""

Row = Annotated[int, Ge(0)]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a population's table.

    Attributes:
        population: the node population.
        size: number of its cells.
        count: number of rows, which is that of the cells that satisfy the filter.
        columns: the node attributes.
        first: the number of the first row that is here.
        cells: node ids of the rows that are here.
        values: the attributes of each of these cells in the order of ``columns``; None where it has no value.
        place: number of the row of the cell that was looked for; None if it is in none.
    """

    population: str
    size: int
    count: int
    columns: tuple[Column, ...]
    first: int
    cells: tuple[int, ...]
    values: tuple[tuple[Value, ...], ...]
    place: int | None = None


@dataclass(frozen=True)
class _Question:
    """Which cells are rows, and in which order: a node attribute, a query, a selection; None for any."""

    sort: str | None
    descending: bool
    query: Query | None
    chosen: Selected | None


@dataclass(frozen=True)
class _Table:
    """All node attributes of one population."""

    ready: Ready
    path: str
    population: Population
    frame: pd.DataFrame


class Table(Group):
    """The table of a node population that is loaded: all its cells, filtered and in an order, row by row.

    ``models[…].cells`` and ``selection.read_cells`` give DataFrames; this is for what shows a part of many rows.
    """

    def __init__(self, core: Core, selection: Selection) -> None:
        super().__init__(core)
        self._selection = selection
        self._reading = asyncio.Lock()  # a table is read once, for all who ask meanwhile
        self._table: _Table | None = None
        self._order: tuple[object, Ints] | None = None  # of the last question
        core.store.listen(lambda state: state.models, weakly(self._forget))

    @offered
    @waiting
    async def rows(
        self,
        population: PopulationName | None = None,
        *,
        first: Row = 0,
        count: Annotated[int, Ge(0), Le(MOST_ROWS)] = 100,
        sort: Name | None = None,
        descending: bool = False,
        query: CellQuery | None = None,
        selected: bool = False,
        find: Row | None = None,
    ) -> Rows:
        """Read some rows.

        Args:
            population: the node population; None takes that of the first model that has one.
            first: number of the first row.
            count: number of rows, as far as there are so many.
            sort: the node attribute by which the rows are sorted, cells without a value last; None: by node id.
            descending: whether the largest is first.
            query: only the cells that satisfy it; see ``load_circuit``.
            selected: only the selected cells.
            find: a node id, whose row is told as ``place``.

        Raises:
            CircuitError: there is no such population, its attributes cannot be read, or it is too large.
            QueryError: it has no such attribute or node set, or the query does not fit them.
        """
        import numpy as np

        table, order = await self._ordered(population, self._question(sort, descending, query, selected))
        cells = order[first : first + count]
        place = [] if find is None else np.flatnonzero(order == find).tolist()
        return Rows(
            table.population.name,
            table.population.size,
            len(order),
            tuple(Column(str(name), _is_number(table.frame[name])) for name in table.frame),
            first,
            tuple(cells.tolist()),
            _values(table.frame.iloc[cells]),
            place[0] if place else None,
        )

    @offered
    @waiting
    async def select(
        self,
        population: PopulationName | None = None,
        *,
        first: Row = 0,
        last: Row | None = None,
        add: bool = False,
        sort: Name | None = None,
        descending: bool = False,
        query: CellQuery | None = None,
        selected: bool = False,
    ) -> int:
        """Select the cells of some rows; the other arguments and errors are those of ``rows``.

        Args:
            population: the node population.
            first: number of the first row.
            last: number of the last row; None: to the end.
            add: whether other cells stay selected.
            sort: the node attribute by which the rows are sorted.
            descending: whether the largest is first.
            query: only the cells that satisfy it.
            selected: only the selected cells.

        Returns:
            the number of the rows.
        """
        table, order = await self._ordered(population, self._question(sort, descending, query, selected))
        cells = order[first : None if last is None else last + 1]
        ids = {table.population.name: cells}
        await (self._selection.add.aio(ids) if add else self._selection.set.aio(ids))
        return len(cells)

    # ------------------------------------------------------------------ work

    def _forget(self, models: tuple[ModelState, ...]) -> None:
        """Give the memory of a table back whose circuit is no longer loaded."""
        kept = self._table
        if kept is not None and kept.path not in {model.path for model in models}:
            self._table = self._order = None

    def _question(self, sort: str | None, descending: bool, query: Any, selected: bool) -> _Question:
        return _Question(sort, descending, query, self._store.state.selection if selected else None)

    async def _ordered(self, name: str | None, question: _Question) -> tuple[_Table, Ints]:
        """Return a table, and the node ids of its rows."""
        table, sort = await self._read(name), question.sort
        if sort is not None and sort not in table.frame:
            text = f"Node population {table.population.name!r} has no attribute {sort!r}."
            raise QueryError(text, hint=nearest(sort, table.frame.columns))
        asked = id(table), question
        if self._order is not None and self._order[0] == asked:
            return table, self._order[1]
        cells = None if question.query is None else await _cells(table, question.query)
        order = await asyncio.to_thread(_order, table, question, cells)
        self._order = asked, order
        return table, order

    async def _read(self, name: str | None) -> _Table:
        """Return the table of a population, which is read if it is another one than before."""
        async with self._reading:
            ready = await self._core.connection.ensure(ignore)
            path, name = self._where(name)
            kept = self._table
            if kept is not None and (kept.ready, kept.path, kept.population.name) == (ready, path, name):
                return kept
            if ready.backend is None:
                raise CircuitError("This job has no backend, so node attributes cannot be read.")
            circuit = await inspect_circuit(ready.backend, path, ready.capabilities.offers, node_sets=False)
            population = circuit.choose(name, in_plane=True)
            if population.size > MOST_CELLS:
                raise CircuitError(
                    f"{name!r} has {population.size} cells; a table shows at most {MOST_CELLS}.",
                    hint="Load the cells that you want by a query, and read them with models[…].cells.",
                )
            self._table = self._order = None  # not two of them in memory
            frame = _readable(await read_columns(ready.backend, path, name, None, None))
            self._table = _Table(ready, path, replace(population, size=len(frame)), frame)
            return self._table

    def _where(self, name: str | None) -> tuple[str, str]:
        """Return the circuit and the name of a population that is loaded, by default of the first one."""
        loaded = {m.population: m.path for m in reversed(self._store.state.models) if m.population and m.path}
        if not loaded:
            raise CircuitError("No circuit is loaded, so there is no table.", hint="Load one.")
        name = next(reversed(loaded)) if name is None else name
        if name not in loaded:
            raise CircuitError(f"No loaded model shows population {name!r}.", hint=nearest(name, loaded))
        return loaded[name], name


async def _cells(table: _Table, query: Query) -> Cells:
    """Return what a query names; its attributes are in the table."""
    columns = table.frame.columns
    for name, place in query.attributes.items():
        if name not in columns:
            text = f"Node population {table.population.name!r} has no attribute {name!r}."
            raise QueryError(text, hint=nearest(name, columns), place=place)
    questions = Questions(table.ready, table.path, table.population)
    await questions.check_node_sets(query.node_sets)
    members = await questions.members(list(query.node_sets))
    named = {name: table.frame[name] for name in query.attributes}
    return Cells(table.population.name, table.population.type, table.population.size, named, members)


def _order(table: _Table, question: _Question, cells: Cells | None) -> Ints:
    """Return the node ids of the rows; ``cells`` is what the query names."""
    import numpy as np

    keep = np.ones(len(table.frame), bool)
    if question.query is not None and cells is not None:
        keep &= question.query.find(cells)[0]
    if question.chosen is not None:
        chosen = ids_of(question.chosen, table.population.name)
        keep &= np.isin(np.arange(len(keep)), chosen)
    ids = np.flatnonzero(keep).astype(np.int64)
    if question.sort is None:
        return ids[::-1] if question.descending else ids
    keys = _keys(table.frame[question.sort])[ids]
    return ids[np.argsort(-keys if question.descending else keys, kind="stable")]  # NaN is last in both


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its columns in the order of their use: texts, then the place, then other numbers."""
    return frame[sorted(frame, key=lambda name: (_is_number(frame[str(name)]), name not in {"x", "y", "z"}))]


def _is_number(column: pd.Series[Any]) -> bool:
    """Whether a node attribute has numbers, not texts."""
    import pandas as pd

    return not isinstance(column.dtype, pd.CategoricalDtype)


def _keys(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Return numbers in the order of a column's values; NaN for none."""
    import numpy as np

    if _is_number(column):
        return column.to_numpy(np.float64)
    ranks = np.empty(len(column.cat.categories) + 1)
    ranks[np.argsort(np.asarray(column.cat.categories, dtype=object), kind="stable")] = np.arange(len(ranks) - 1)
    ranks[-1] = np.nan  # of code -1
    return ranks[column.cat.codes.to_numpy()]


def _values(frame: pd.DataFrame) -> tuple[tuple[Value, ...], ...]:
    """Return the rows of a DataFrame as JSON values, which are finite."""
    columns = [[value if _is_told(value) else None for value in frame[name].tolist()] for name in frame]
    return tuple(zip(*columns, strict=True)) if columns else ((),) * len(frame)


def _is_told(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
