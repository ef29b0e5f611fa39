"""The interface of colorings, and parsers of their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError

Colors = npt.NDArray[np.float32]  # (slots, 4) linear RGBA
Values = Mapping[str, Sequence[float]]
Painted = tuple[str, Values]  # a way to color, and colors by its keys

YELLOW = (1.0, 1.0, 0.0, 1.0)  # of cells at first
WHITE = (1.0, 1.0, 1.0, 1.0)  # of synapses


class Elements(NamedTuple):
    """What slots show of cells.

    Attributes:
        cells: int64 (N,), ids in the circuit; -1 for what is no cell of a circuit.
        sections: int32 (N,), see ``morphologies.places``; -1 for none, or one of several.
        types: uint8 (N,), the ``Section`` of each; 255 for none.
        starts: float32 (N,), from the neurite's first point to the section's start, along the neurite, in µm; NaN for
            none.
    """

    cells: npt.NDArray[np.int64]
    sections: npt.NDArray[np.int32]
    types: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.float32]

    @classmethod
    def none(cls, count: int) -> Elements:
        """Make what slots show that belong to no cell."""
        return cls(
            np.full(count, -1),
            np.full(count, -1, np.int32),
            np.full(count, 255, np.uint8),
            np.full(count, np.nan, np.float32),
        )

    def put(self, where: npt.NDArray[np.bool_], others: Elements) -> None:
        """Replace those that are marked (N,) by others."""
        self.cells[where], self.sections[where] = others.cells, others.sections
        self.types[where], self.starts[where] = others.types, others.starts


class Coloring(Protocol):
    """The ways to color a model, and its table of colors."""

    @property
    def colors(self) -> Colors:
        """The color of each slot."""

    @property
    def by_corner(self) -> bool:
        """Whether all slots are triangles with three rows of ``colors``, one for each corner."""

    def methods(self) -> list[str]:
        """Names of the ways to color, in alphabetical order."""

    def values(self, method: str) -> list[str]:
        """List the keys that ``color`` takes for this method."""

    def color(self, method: str, values: Values) -> Colors:
        """Apply colors (RGBA, linear) and return the new table; slots without a value keep their color."""

    def elements(self, slots: npt.NDArray[np.int32]) -> Elements:
        """Tell what slots (N,) show of cells."""


def check_values(method: str, values: Values) -> None:
    """Check that values are given, and for ``solid`` exactly the one that it takes.

    Raises:
        RequestError: -32602, they are not.
    """
    if not values:
        raise RequestError("Color values cannot be empty", code=INVALID_PARAMS)
    if method == "solid" and set(values) != {"color"}:
        raise RequestError("Coloring by 'solid' takes one value, 'color'", code=INVALID_PARAMS)


def unknown_method(coloring: Coloring, method: str) -> RequestError:
    """Make the error of an unknown method, which names the known ones."""
    known = ", ".join(coloring.methods())
    return RequestError(f"Invalid coloring method {method!r}, this model has: {known}", code=INVALID_PARAMS)


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


def parse_rows(text: str, count: int) -> list[slice]:
    """Read numbers and ranges, as ``parse_ids``, of ``count`` things.

    Raises:
        RequestError: -32603, a part is not a number; -32602, there is no such thing.
    """
    ranges = parse_ids(text)
    for first, last in ranges:
        if not first <= last < count:
            raise RequestError(f"Range out of bounds: {first}-{last} of {count} (from 0)", code=INVALID_PARAMS)
    return [slice(first, last + 1) for first, last in ranges]
