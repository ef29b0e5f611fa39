"""Colors of models whose primitives have a slot each, such as spheres that a client adds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.ids import format_ids
from brayns_widget.service.renderer.content.coloring.base import (
    Colors,
    Elements,
    Values,
    check_values,
    parse_rows,
    unknown_method,
)


class PrimitiveColoring:
    """Colors of primitives that have a slot each.

    Args:
        colors: float32 (N, 4), the colors that they have at first.
    """

    by_corner = False

    def __init__(self, colors: Colors) -> None:
        self._table = colors

    @property
    def colors(self) -> Colors:
        """The color of each slot."""
        return self._table

    def methods(self) -> list[str]:
        """Name the ways to color."""
        return ["primitive", "solid"]

    def values(self, method: str) -> list[str]:
        """Name the keys of a method; for ``primitive`` one that stands for all."""
        match method:
            case "solid":
                return ["color"]
            case "primitive":
                return [format_ids(np.arange(len(self._table)))]
        raise unknown_method(self, method)

    def color(self, method: str, values: Values) -> Colors:
        """Color all primitives, or those of some numbers and ranges.

        Raises:
            RequestError: -32602 for an unknown method, no values, or numbers that there are not; -32603 for keys that
                mean nothing.
        """
        check_values(method, values)
        table = self._table.copy()  # all or nothing
        match method:
            case "solid":
                table[:] = values["color"]
            case "primitive":
                for key, color in values.items():
                    for rows in parse_rows(key, len(table)):
                        table[rows] = color
            case _:
                raise unknown_method(self, method)
        self._table = table
        return table

    def elements(self, slots: npt.NDArray[np.int32]) -> Elements:
        """Tell what slots (N,) show of cells: nothing."""
        return Elements.none(len(slots))
