"""Node sets: named selections of nodes, of which only those that are used have to make sense.

Format: SONATA developer guide, "Node Sets File", with the operators of libsonata (``$regex``, ``$gt`` …). libsonata
selects where it can; what it refuses, such as several operators at once or equal floats, is understood here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.sonata.config import NodeSets
from brayns_widget.service.sonata.native import NativePopulation
from brayns_widget.service.sonata.populations import Population
from brayns_widget.service.sonata.problems import failure

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_IDS = ("node_id", "gids")  # the latter in the first examples of the format


def nodes_of(sets: NodeSets, name: str, population: Population) -> Ints:
    """Return the ids of the nodes of a population that are in a node set, ascending.

    Raises:
        RequestError: there is no such node set, or it makes no sense for this population.
    """
    used = _used(sets, name, ())
    if isinstance(population, NativePopulation) and (found := population.node_set(json.dumps(used), name)) is not None:
        return found
    try:
        chosen = _chosen(used, name, population)
    except (RequestError, TypeError, ValueError, OverflowError, re.error) as error:
        why = error.message if isinstance(error, RequestError) else error
        raise failure(f"Node set {name!r} in {sets.place(name)} can't be used on {population.name}: {why}") from error
    return np.flatnonzero(chosen).astype(np.int64)


def _used(sets: NodeSets, name: str, above: tuple[str, ...]) -> dict[str, Any]:
    """Return a node set with those that it consists of."""
    if name not in sets.values:
        of = f"which node set {above[-1]!r} names" if above else "which is not"
        place = sets.place(above[-1] if above else name)
        raise failure(f"Invalid node set: {name!r}, {of} in {place}")  # the first words are the real renderer's
    if name in above:
        raise failure(f"Node set {name!r} in {sets.place(name)} consists of itself: {' → '.join([*above, name])}")
    found = {name: sets.values[name]}
    if isinstance(sets.values[name], list):
        for part in sets.values[name]:
            if not isinstance(part, str):
                advice = 'a list has names of node sets; ids go into {"node_id": [...]}'
                raise failure(f"Node set {name!r} in {sets.place(name)} has {json.dumps(part)} in its list; {advice}")
            found |= _used(sets, part, (*above, name))
    return found


def _chosen(sets: dict[str, Any], name: str, population: Population) -> Bools:
    rules = sets[name]
    if isinstance(rules, list):
        parts = [_chosen(sets, part, population) for part in rules]
        return np.logical_or.reduce(parts) if parts else np.zeros(population.size, np.bool_)
    if not isinstance(rules, dict):
        raise TypeError(f"node set {name!r} is neither an object nor a list")
    chosen = np.ones(population.size, np.bool_)
    for attribute, rule in rules.items():
        if attribute == "population":
            chosen &= population.name in (rule if isinstance(rule, list) else [rule])
        elif attribute in _IDS:
            ids = rule if isinstance(rule, list) else [rule]
            if wrong := [one for one in ids if isinstance(one, bool) or not isinstance(one, int | float) or one % 1]:
                raise TypeError(f"{attribute} has {json.dumps(wrong[0])}, which is no whole number")
            chosen &= np.isin(np.arange(population.size), np.array(ids, np.int64))
        else:
            chosen &= _matching(population.attribute(attribute), rule)
    return chosen


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "$gt": np.greater,
    "$gte": np.greater_equal,
    "$lt": np.less,
    "$lte": np.less_equal,
}


def _matching(values: npt.NDArray[Any], rule: Any) -> Bools:
    """Find the values that match a rule: a value, a list of them, or an object of operators."""
    texts = values.dtype.kind == "O"
    if not isinstance(rule, dict):
        wanted = rule if isinstance(rule, list) else [rule]
        kind = str if texts else (int, float)
        if not all(isinstance(value, kind) for value in wanted):
            raise TypeError(f"its values are {'texts' if texts else 'numbers'}, but {json.dumps(rule)} is asked for")
        return np.isin(values, np.array(wanted, values.dtype if texts else None))
    found = np.ones(len(values), np.bool_)
    for operator, operand in rule.items():
        if operator == "$regex" and texts:
            if not isinstance(operand, str):
                raise TypeError(f"$regex takes a text, got {json.dumps(operand)}")
            pattern = re.compile(operand)
            found &= np.array([pattern.search(value) is not None for value in values.tolist()], np.bool_)
        elif operator in _OPERATORS and not texts:
            if isinstance(operand, bool) or not isinstance(operand, int | float):
                raise TypeError(f"{operator} takes a number, got {json.dumps(operand)}")
            found &= _OPERATORS[operator](values, operand)
        else:
            raise ValueError(f"{operator} cannot be used on {'texts' if texts else 'numbers'}")
    return found
