"""Colors of a single neuron: by the types of its sections, or section by section."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.renderer.content.coloring.base import (
    YELLOW,
    Colors,
    Elements,
    Values,
    check_values,
    unknown_method,
)


class SectionColoring:
    """Colors of sections that have a slot each.

    Args:
        ids: (N,) ids of the sections: 0 is the soma, others are MorphIO's + 1, as in reports of compartments.
        types: (N,) index in ``names`` of each section's type.
        names: of all types of sections.
        starts: (N,) see ``Elements``.
    """

    by_corner = False

    def __init__(
        self,
        ids: npt.NDArray[np.int64],
        types: npt.NDArray[np.integer],
        names: Sequence[str],
        starts: npt.NDArray[np.float32],
    ) -> None:
        self._ids = ids.astype(np.int32)
        self._starts = starts
        self._slots = {str(number): slot for slot, number in enumerate(ids.tolist())}
        self._types = types
        self._names = list(names)
        self._table = np.tile(np.array(YELLOW, np.float32), (len(ids), 1))

    @property
    def colors(self) -> Colors:
        """The color of each slot."""
        return self._table

    def methods(self) -> list[str]:
        """Name the ways to color."""
        return ["morphology section", "morphology section geometry", "solid"]

    def values(self, method: str) -> list[str]:
        """Name the keys of a method; of ``morphology section geometry`` as the real renderer sorts them, as texts."""
        match method:
            case "solid":
                return ["color"]
            case "morphology section":
                return sorted(self._names[kind] for kind in np.unique(self._types))
            case "morphology section geometry":
                return sorted(self._slots)
        raise unknown_method(self, method)

    def color(self, method: str, values: Values) -> Colors:
        """Color all sections, those of some types, or those of some ids; ids that there are not are ignored.

        Raises:
            RequestError: -32602 for an unknown method or no values, -32603 for a type that there is not.
        """
        check_values(method, values)
        table = self._table.copy()  # all or nothing
        match method:
            case "solid":
                table[:] = values["color"]
            case "morphology section":
                for key, color in values.items():
                    if key not in self._names:
                        raise RequestError(f"Invalid enum name {key!r}", code=INTERNAL_ERROR)
                    table[self._types == self._names.index(key)] = color
            case "morphology section geometry":
                for key, color in values.items():
                    if key in self._slots:
                        table[self._slots[key]] = color
            case _:
                raise unknown_method(self, method)
        self._table = table
        return table

    def elements(self, slots: npt.NDArray[np.int32]) -> Elements:
        """Tell which sections slots (N,) show; the cell is of no circuit."""
        types = self._types[slots].astype(np.uint8)
        return Elements(np.full(len(slots), -1), self._ids[slots], types, self._starts[slots])
