"""Queries for cells, in bluepysnap's grammar.

A query is a dictionary; a cell has to satisfy all of its entries::

    {"layer": [4, 5], "mtype": {"$regex": "L5_TPC.*"}, "x": {"$gt": 100}}

The entries::

    "mtype": "L5_TPC:A"                 the attribute has this value
    "layer": [4, 5]                     it has one of these values
    "x": [100, 200]                     of floating-point numbers: it lies between these two, ends included
    "mtype": {"$regex": "L5_.*"}        all of the text matches Python's regular expression
    "x": {"$gt": 100, "$lte": 200}      comparisons of numbers: $gt, $gte, $lt, $lte
    "node_id": [1, 2]                   the cell is one of these
    "population": "cells"               it belongs to this population, or to one of these
    "population_type": "virtual"        it belongs to a population of this type, or of one of these
    "$node_set": "Layer5"               it is in this node set
    "$and": [query, …]                  it satisfies all of these queries
    "$or": [query, …]                   it satisfies at least one of them

The grammar: bluepysnap 3, ``nodes.ids``, where of an expression such as ``a|b`` only the last alternative has to match
all of the text; here each has to. The comparisons: SONATA developer guide, node sets.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brayns_widget.controller.cell_ids import read_ids
from brayns_widget.controller.nearest import nearest
from brayns_widget.protocol.errors import CircuitError, QueryError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

AND, OR, NODE_SET = "$and", "$or", "$node_set"
NODE_ID, POPULATION, POPULATION_TYPE = "node_id", "population", "population_type"
REGEX = "$regex"
COMPARISONS: Mapping[str, Callable[[Any, float], Any]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
MAX_DEPTH = 50

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark about a part of a query: its place as a JSON pointer, and what there is to say."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query of which the grammar was checked; make it with ``parse``.

    Attributes:
        content: the query.
        attributes: the attributes that it names, each with the place where it does first.
        node_sets: the node sets that it names, likewise.
    """

    content: Mapping[str, Any]
    attributes: Mapping[str, Place]
    node_sets: Mapping[str, Place]

    @property
    def only_node_set(self) -> str | None:
        """The node set if there is nothing else in the query, else None."""
        return self.content[NODE_SET] if self.content.keys() == {NODE_SET} else None

    def find(self, cells: Cells) -> tuple[Bools, tuple[Remark, ...]]:
        """Find the cells that satisfy the query.

        Returns:
            a mask over all cells of the population, and remarks about values that no cell has.

        Raises:
            QueryError: an operator or a value does not go with an attribute, or an id is out of range.
        """
        work = _Evaluation(cells)
        return work.all_of(self.content, ()), tuple(work.remarks)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a population, as far as a query names their properties.

    Attributes:
        population: name of the population.
        type: its type, such as "biophysical".
        size: number of its cells.
        columns: the value of each cell, by attribute: a pandas Series of numbers, or of texts as categories.
        node_sets: ids of the cells, by node set.
    """

    population: str
    type: str
    size: int
    columns: Mapping[str, Any] = field(default_factory=dict)
    node_sets: Mapping[str, Ints] = field(default_factory=dict)


def parse(query: Any, name: str = "query") -> Query:
    """Check a query's grammar.

    Args:
        query: the query.
        name: of the argument, for messages.

    Raises:
        QueryError: it is no query.
    """
    if isinstance(query, Query):
        return query
    if not isinstance(query, Mapping):
        raise QueryError(f"{name} is {query!r:.80}, not a dictionary such as {{'layer': [4, 5]}}.")
    attributes: dict[str, Place] = {}
    node_sets: dict[str, Place] = {}
    content = _parsed(query, (), attributes, node_sets)
    return Query(content, attributes, node_sets)


def _parsed(
    query: Mapping[Any, Any], place: Place, attributes: dict[str, Place], node_sets: dict[str, Place]
) -> dict[str, Any]:
    if len(place) > 2 * MAX_DEPTH:
        raise QueryError(f"The query is nested deeper than {MAX_DEPTH} times.", place=place)
    content: dict[str, Any] = {}
    for key, value in query.items():
        here = (*place, key if isinstance(key, str) else repr(key))
        match key:
            case "$and" | "$or":
                content[key] = list(_children(key, value, here, attributes, node_sets))
            case "$node_set":
                if not isinstance(value, str):
                    raise QueryError(f"$node_set is {value!r:.80}, not the name of a node set.", place=here)
                node_sets.setdefault(value, here)
                content[key] = value
            case "population" | "population_type":
                names = [value] if isinstance(value, str) else _listed(value)
                if names is None or not all(isinstance(one, str) for one in names):
                    raise QueryError(f"{key} is {value!r:.80}, neither a name nor a list of names.", place=here)
                content[key] = names
            case "node_id":
                try:
                    content[key] = read_ids(value, NODE_ID)
                except ValueError as error:
                    raise QueryError(f"{error}.", place=here) from None
            case str() if key.startswith("$"):
                known = (AND, OR, NODE_SET)
                hint = "It stands behind an attribute." if key in {REGEX, *COMPARISONS} else nearest(key, known)
                raise QueryError(f"{key} is no part of a query at this place.", hint=hint, place=here)
            case "edge_id":
                raise QueryError("edge_id chooses edges, not cells.", hint="Use node_id.", place=here)
            case str():
                attributes.setdefault(key, here)
                content[key] = _rule(key, value, here)
            case _:
                raise QueryError(f"{key!r:.80} is no name of an attribute.", place=here)
    return content


def _children(
    key: str, value: Any, place: Place, attributes: dict[str, Place], node_sets: dict[str, Place]
) -> Iterator[dict[str, Any]]:
    parts = _listed(value)
    if parts is None or not all(isinstance(part, Mapping) for part in parts):
        raise QueryError(f"{key} is {value!r:.80}, not a list of queries.", place=place)
    for index, part in enumerate(parts):
        yield _parsed(part, (*place, index), attributes, node_sets)


def _rule(name: str, value: Any, place: Place) -> Any:
    """Return what an attribute is compared with: a plain value, a list of these, or a dictionary of operators."""
    if isinstance(value, Mapping):
        if not value:
            raise QueryError(f"{name} is compared with nothing.", hint=_OPERATORS, place=place)
        return {key: _operand(name, key, one, place) for key, one in value.items()}
    values = _listed(value)
    for one in [value] if values is None else values:
        if not isinstance(_plain(one), str | int | float) or _plain(one) != _plain(one):
            raise QueryError(f"{name} is compared with {one!r:.80}, neither a number nor a text.", place=place)
    return _plain(value) if values is None else [_plain(one) for one in values]


_OPERATORS = f"There are {', '.join((REGEX, *COMPARISONS))}."


def _operand(name: str, key: Any, value: Any, place: Place) -> Any:
    value = _plain(value)
    if key == REGEX:
        try:
            re.compile(value)
        except (re.error, TypeError, RecursionError) as error:
            raise QueryError(f"{name}: {value!r:.80} is no regular expression: {error}.", place=place) from None
    elif key not in COMPARISONS:
        raise QueryError(f"{name}: {key!r:.80} is no operator.", hint=nearest(key, (REGEX, *COMPARISONS)), place=place)
    elif not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        raise QueryError(f"{name}: {key} takes a number, not {value!r:.80}.", place=place)
    return value


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value


def _listed(value: Any) -> list[Any] | None:
    if hasattr(value, "tolist") and getattr(value, "ndim", 1) == 1:
        listed: list[Any] = value.tolist()
        return listed
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return list(value)
    return None


class _Evaluation:
    """One evaluation of a query."""

    def __init__(self, cells: Cells) -> None:
        self.remarks: list[Remark] = []
        self._cells = cells

    def all_of(self, content: Mapping[str, Any], place: Place) -> Bools:
        import numpy as np

        found = np.ones(self._cells.size, np.bool_)
        here = {POPULATION: self._cells.population, POPULATION_TYPE: self._cells.type}
        if any(content.get(key, [own]).count(own) == 0 for key, own in here.items()):
            return ~found  # of another population, whose ids and attributes are no matter here
        for key, value in content.items():
            if key not in here:
                found &= self._one(key, value, (*place, key))
        return found

    def _one(self, key: str, value: Any, place: Place) -> Bools:
        import numpy as np

        match key:
            case "$and" | "$or":
                masks = [self.all_of(part, (*place, index)) for index, part in enumerate(value)]
                join = np.logical_and if key == AND else np.logical_or
                found: Bools = np.full(self._cells.size, key == AND)
                for mask in masks:
                    found = join(found, mask)
                return found
            case "$node_set":
                return self._mask(self._cells.node_sets[value])
            case "node_id":
                try:
                    return self._mask(value.within(self._cells.population, self._cells.size))
                except CircuitError as error:
                    raise QueryError(error.message, hint=error.hint, place=place) from None
        column = self._cells.columns[key]
        if column.dtype.kind in "iufb":
            return self._numbers(key, column.to_numpy(), value, place)
        return self._texts(key, column, value, place)

    def _mask(self, ids: Ints) -> Bools:
        import numpy as np

        mask = np.zeros(self._cells.size, np.bool_)
        mask[ids] = True
        return mask

    def _texts(self, name: str, column: Any, rule: Any, place: Place) -> Bools:
        import numpy as np

        categories = column.astype("category").cat
        labels = list(map(str, categories.categories))
        if isinstance(rule, Mapping):
            if other := rule.keys() - {REGEX}:
                raise QueryError(f"{name} has texts, and {min(other)} compares numbers.", place=place)
            expression = re.compile(rule[REGEX])
            chosen = [expression.fullmatch(label) is not None for label in labels]
            if not any(chosen):
                self._remark(place, f"No {name} matches {rule[REGEX]!r:.80}. {nearest(rule[REGEX], labels)}")
        else:
            wanted = rule if isinstance(rule, list) else [rule]
            values = {value for value in wanted if isinstance(value, str)}
            chosen = [label in values for label in labels]
            known = set(labels)
            for value in wanted:
                if value not in known:
                    self._remark(place, f"No cell has the {name} {value!r:.80}. {nearest(value, labels)}")
        # The code of cells without a value is -1.
        found: Bools = np.array([*chosen, False], np.bool_)[categories.codes.to_numpy()]
        return found

    def _numbers(self, name: str, values: npt.NDArray[Any], rule: Any, place: Place) -> Bools:
        import numpy as np

        found: Any = np.ones(len(values), np.bool_)
        if isinstance(rule, Mapping):
            if REGEX in rule:
                raise QueryError(f"{name} has numbers, and {REGEX} matches texts.", place=place)
            for key, limit in rule.items():
                found &= COMPARISONS[key](values, limit)
            return np.asarray(found, np.bool_)
        wanted = rule if isinstance(rule, list) else [rule]
        if texts := [one for one in wanted if isinstance(one, str)]:
            raise QueryError(f"{name} has numbers, and {texts[0]!r:.80} is a text.", place=place)
        if values.dtype.kind == "f" and isinstance(rule, list):
            if len(rule) != 2:
                message = f"{name} has floating-point numbers, of which a list is a range: [lowest, highest]."
                raise QueryError(message, hint="Join several ranges by $or.", place=place)
            return np.asarray((values >= rule[0]) & (values <= rule[1]), np.bool_)
        found = np.isin(values, wanted)
        if wanted and not found.any() and len(values):
            self._remark(place, f"No cell has such a {name}; it goes from {values.min()} to {values.max()}.")
        return np.asarray(found, np.bool_)

    def _remark(self, place: Place, text: str) -> None:
        self.remarks.append(Remark(QueryError("", place=place).place, text.rstrip()))
