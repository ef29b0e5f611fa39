"""Attributes of nodes and edges, read in the child process that runs ``circuits``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.answers import check_answer
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.sonata.populations import Population

Ints = npt.NDArray[np.int64]

_DYNAMICS = "@dynamics:"  # as bluepysnap marks them
_ADVICE = "ask for fewer attributes, nodes or edges at once"


@dataclass(frozen=True)
class Attribute:
    """An attribute of a population.

    Attributes:
        population: the nodes.
        name: name for clients.
        stored: name in the file.
        dynamics: whether it is one of ``dynamics_params``.
    """

    population: Population
    name: str
    stored: str
    dynamics: bool

    @cached_property
    def enumerated(self) -> bool:
        """Whether the file has indices into a library of texts."""
        return not self.dynamics and self.population.library(self.stored) is not None

    @cached_property
    def type(self) -> Literal["float", "integer", "string"]:
        """The type of its values.

        Raises:
            RequestError: -32603, the type cannot be read.
        """
        if self.enumerated:
            return "string"
        kind = self._values(np.empty(0, np.int64)).dtype.kind
        return "float" if kind == "f" else "integer" if kind in "iu" else "string"

    def column(self, ids: Ints | None) -> tuple[list[str], npt.NDArray[Any]]:
        """Read the values of nodes: texts with an index per node, or no texts with a number per node.

        Raises:
            RequestError: -32603, it cannot be read.
        """
        match self.type:
            case "float":
                return [], self._values(ids).astype("<f8")
            case "integer":
                return [], self._values(ids).astype("<i8")
        if (library := None if self.dynamics else self.population.library(self.stored)) is not None:
            codes = library[1](ids)
            texts, places = np.unique(library[0], return_inverse=True)
            if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < len(places):
                raise _unreadable(self, "it points beyond its library")
            return texts.tolist(), places.astype("<u4")[codes]
        values = self._values(ids).tolist()
        different = sorted(set(values))
        numbers = {text: number for number, text in enumerate(different)}
        return different, np.array([numbers[text] for text in values], "<u4")

    def _values(self, ids: Ints | None) -> npt.NDArray[Any]:
        read = self.population.dynamics if self.dynamics else self.population.attribute
        return read(self.stored, ids)


def attributes_of(population: Population) -> dict[str, Attribute]:
    """Return the attributes of a population by their names for clients."""
    own = {name: Attribute(population, name, name, dynamics=False) for name in sorted(population.attribute_names)}
    dynamics = {}
    for stored in sorted(population.dynamics_names):
        name = f"{_DYNAMICS}{stored}" if stored in own else stored
        dynamics[name] = Attribute(population, name, stored, dynamics=True)
    return own | dynamics


def listed(population: Population) -> dict[str, Any]:
    """List names and types; no value is read."""
    readable, left_out = [], sorted(population.unreadable)
    for name, attribute in attributes_of(population).items():
        try:
            readable.append({"name": name, "type": attribute.type, "dynamics": attribute.dynamics})
        except RequestError:
            left_out.append(name)
    return {"count": population.size, "attributes": readable, "left_out": left_out}


def read(
    population: Population, ids: Sequence[int] | None, names: Sequence[str] | None
) -> tuple[dict[str, Any], bytes]:
    """Read attributes of nodes.

    Args:
        population: the nodes.
        ids: of the nodes, in any order; None: all.
        names: of the attributes; None: all that can be read.

    Returns:
        the answer to ``sonata-get-node-attributes``, and its payload.

    Raises:
        RequestError: -32602, there is no such node or attribute, or too many for one answer; -32603, an
            attribute cannot be read.
    """
    selection, order = _selected(population, ids)
    columns, payload = read_columns(population, selection, names, order)
    count = population.size if order is None else len(order)
    return {"count": count, "attributes": columns}, payload


def read_columns(
    population: Population,
    selection: Ints | None,
    names: Sequence[str] | None,
    order: npt.NDArray[np.intp] | None = None,
    *,
    size: int = 0,
) -> tuple[list[dict[str, Any]], bytes]:
    """Read attributes of nodes or edges.

    Args:
        population: the nodes or edges.
        selection: ids of those that are read, ascending; None: all.
        names: of the attributes; None: all that can be read.
        order: the index in ``selection`` of each row; None: it has them in their order.
        size: bytes that the answer has already.

    Returns:
        a description of each column, and the columns.

    Raises:
        RequestError: as of ``read``.
    """
    count = population.size if selection is None else len(selection if order is None else order)
    columns, parts = [], []
    for attribute in _wanted(population, names):
        size += count * (4 if attribute.type == "string" else 8)
        check_answer(size, _ADVICE)
        try:
            texts, values = attribute.column(selection)
        except RequestError as error:
            raise _unreadable(attribute, error.message) from error
        column = {"name": attribute.name, "type": attribute.type, "dynamics": attribute.dynamics}
        if attribute.type == "string":
            column["values"] = texts
            size += sum(map(len, texts))
            check_answer(size, _ADVICE)
        columns.append(column)
        parts.append((values if order is None else values[order]).tobytes())
    return columns, b"".join(parts)


def _selected(population: Population, ids: Sequence[int] | None) -> tuple[Ints | None, npt.NDArray[np.intp] | None]:
    """Select each node once, in ascending order, which is quick; also return the index of each of ``ids`` in that."""
    if ids is None:
        return None, None
    # Python's own maximum: an id may be larger than NumPy's integers.
    if ids and (largest := max(ids)) >= population.size:
        raise RequestError(
            f"Node id {largest} is not in population {population.name!r}, which has {population.size} nodes",
            code=INVALID_PARAMS,
        )
    different, order = np.unique(np.array(ids, np.int64), return_inverse=True)
    return different, order


def _wanted(population: Population, names: Sequence[str] | None) -> list[Attribute]:
    known = attributes_of(population)
    if names is None:
        return [known[found["name"]] for found in listed(population)["attributes"]]
    for name in names:
        if name in population.unreadable and name not in known:
            raise _unreadable(Attribute(population, name, name, dynamics=False), population.unreadable[name])
        if name not in known:
            there_are = f"it has {', '.join(known)}" if known else "it has none"
            raise RequestError(
                f"Population {population.name!r} has no attribute {name!r}; {there_are}", code=INVALID_PARAMS
            )
        try:
            _ = known[name].type
        except RequestError as error:
            raise _unreadable(known[name], error.message) from error
    return [known[name] for name in names]


def _unreadable(attribute: Attribute, error: object) -> RequestError:
    population = attribute.population.name
    return RequestError(
        f"Attribute {attribute.name!r} of population {population!r} cannot be read: {error}", code=INTERNAL_ERROR
    )
