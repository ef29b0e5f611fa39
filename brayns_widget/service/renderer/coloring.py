"""What a model can be coloured by, and the colours that result: a table with one row for each colour slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError

Colors = npt.NDArray[np.float32]  # (slots, 4) linear RGBA
Values = Mapping[str, Sequence[float]]

YELLOW = (1.0, 1.0, 0.0, 1.0)


class Coloring(Protocol):
    """What the registry of models needs to colour one."""

    @property
    def colors(self) -> Colors:
        """The colour of each slot."""

    def methods(self) -> list[str]:
        """Names of the ways to colour, in alphabetical order."""

    def values(self, method: str) -> list[str]:
        """List the keys that ``color`` takes for this method."""

    def color(self, method: str, values: Values) -> Colors:
        """Apply colours (RGBA, linear) and return the new table; what has no value keeps its colour."""


@dataclass(frozen=True)
class Labels:
    """An attribute of cells: ``names[codes[i]]`` is the value of cell i."""

    names: list[str]
    codes: npt.NDArray[np.intp]

    @classmethod
    def of(cls, values: npt.NDArray[np.generic]) -> Labels:
        """Group equal values."""
        names, codes = np.unique(values.astype(str), return_inverse=True)
        return cls(names.tolist(), codes)


class CellColoring:
    """Colours of cells whose slots are ``cell * len(sections) + section``.

    Args:
        ids: (N,) ids of the cells in the circuit; None: one cell that is of no circuit.
        attributes: Brayns' name of a colour method → the cells' values.
        sections: names of all section types, in the order of the slots.
        loaded: those that the model has.
        rows: (slots,) ``cell * len(sections) + section`` of each slot, where slots are not that themselves.
    """

    def __init__(
        self,
        ids: npt.NDArray[np.int64] | None,
        attributes: Mapping[str, Labels],
        sections: Sequence[str],
        loaded: Sequence[str],
        rows: npt.NDArray[np.intp] | None = None,
    ) -> None:
        self._ids = ids
        self._attributes = attributes
        self._sections = list(sections)
        self._loaded = sorted(loaded)
        self._rows = rows
        cells = 1 if ids is None else len(ids)
        self._table = np.tile(np.array(YELLOW, np.float32), (cells, len(sections), 1))

    @property
    def colors(self) -> Colors:
        """The colour of each slot."""
        colors = self._table.reshape(-1, 4)
        return colors if self._rows is None else colors[self._rows]

    def methods(self) -> list[str]:
        """Name the ways to colour: those that all cells have, and the attributes that the circuit has."""
        ids = () if self._ids is None else ("id",)
        return sorted({"solid", *ids, "morphology section", *self._attributes})

    def values(self, method: str) -> list[str]:
        """Name the keys of a method; for ``id`` one key that stands for all cells."""
        match method:
            case "solid":
                return ["color"]
            case "id" if self._ids is not None:
                return [format_ids(self._ids)]
            case "morphology section":
                return list(self._loaded)
            case _ if method in self._attributes:
                return list(self._attributes[method].names)
        raise unknown_method(self, method)

    def color(self, method: str, values: Values) -> Colors:
        """Colour by a method.

        Values of attributes and ids that no cell of this model has are ignored, so that one colour table serves all
        models of a circuit.

        Raises:
            RequestError: -32602 for an unknown method or no values, -32603 for keys that mean nothing.
        """
        check_values(method, values)
        table = self._table.copy()  # all or nothing
        match method:
            case "solid":
                table[:] = values["color"]
            case "id" if self._ids is not None:
                for key, color in values.items():
                    table[_with_ids(self._ids, key)] = color
            case "morphology section":
                for key, color in values.items():
                    if key not in self._sections:
                        raise RequestError(f"Invalid enum name {key!r}", code=INTERNAL_ERROR)
                    table[:, self._sections.index(key)] = color
            case _ if method in self._attributes:
                labels = self._attributes[method]
                for code, name in enumerate(labels.names):
                    if name in values:
                        table[labels.codes == code] = values[name]
            case _:
                raise unknown_method(self, method)
        self._table = table
        return self.colors

    def id_of(self, slot: int) -> int:
        """Id, in the circuit, of the cell that a slot belongs to."""
        assert self._ids is not None
        row = slot if self._rows is None else int(self._rows[slot])
        return int(self._ids[row // len(self._sections)])


def check_values(method: str, values: Values) -> None:
    """Check that there are values, and for ``solid`` the one that it takes.

    Raises:
        RequestError: -32602, there are not.
    """
    if not values:
        raise RequestError("Color values cannot be empty", code=INVALID_PARAMS)
    if method == "solid" and set(values) != {"color"}:
        raise RequestError("Coloring by 'solid' takes one value, 'color'", code=INVALID_PARAMS)


def unknown_method(coloring: Coloring, method: str) -> RequestError:
    """Tell which methods there are instead."""
    known = ", ".join(coloring.methods())
    return RequestError(f"Invalid coloring method {method!r}, this model has: {known}", code=INVALID_PARAMS)


def _with_ids(ids: npt.NDArray[np.int64], key: str) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(ids), np.bool_)
    for first, last in parse_ids(key):
        found |= (ids >= first) & (ids <= last)
    return found


def parse_ids(text: str) -> list[tuple[int, int]]:
    """Read ids and inclusive ranges, such as ``"0"``, ``"1-3"`` or ``"5,7-9"``.

    Raises:
        RequestError: -32603, a part is not a number.
    """
    ranges = []
    for part in text.split(","):
        bounds = part.split("-", 1)
        for bound in bounds:
            if not (bound.strip().isascii() and bound.strip().isdigit() and len(bound) < 20):
                raise RequestError(f"Cannot parse {bound!r} as a number", code=INTERNAL_ERROR)
        ranges.append((int(bounds[0]), int(bounds[-1])))
    return ranges


def format_ids(ids: npt.NDArray[np.int64]) -> str:
    """Write ascending ids as ``parse_ids`` reads them."""
    breaks = np.flatnonzero(np.diff(ids) != 1) + 1
    runs = np.split(ids, breaks)
    return ",".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs if len(run))
