"""Colors of cells: by their attributes, and by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.protocol.ids import ascending, format_ids
from brayns_widget.service.renderer.content.coloring.base import (
    YELLOW,
    Colors,
    Elements,
    Values,
    check_values,
    parse_ids,
    unknown_method,
)


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


SEVERAL = -1  # in place of a section's id: there may be several


@dataclass(frozen=True, eq=False)
class CellSlots:
    """What the slots of cells show.

    Attributes:
        rows: (slots,) int32, ``cell * (number of section types) + type``; cells are counted.
        sections: (slots,) int32, ids of sections, see ``morphologies.places``; 0 is the soma, -1 one of several.
        starts: (slots,) float32, see ``Elements``.
    """

    rows: npt.NDArray[np.int32]
    sections: npt.NDArray[np.int32]
    starts: npt.NDArray[np.float32]


class CellColoring:
    """Colors of cells, or of synapses and endfeet of cells.

    Args:
        ids: (N,) ids of the cells in the circuit, of synapses those that they belong to, so that an id may come again.
        attributes: Brayns' name of a color method → the cells' values.
        sections: names of all section types, in the order of the slots.
        loaded: those that the model has; without any these are no cells. Somas alone are not colored by section.
        slots: what they show; None: ``cell * len(sections) + section``.
        color: that all have at first.

    Attributes:
        slots: what they show, or None.
    """

    by_corner = False

    def __init__(
        self,
        ids: npt.NDArray[np.int64],
        attributes: Mapping[str, Labels],
        sections: Sequence[str],
        loaded: Sequence[str],
        slots: CellSlots | None = None,
        *,
        color: tuple[float, float, float, float] = YELLOW,
    ) -> None:
        self._ids = ids
        self._attributes = attributes
        self._sections = list(sections)
        self._loaded = sorted(loaded)
        self.slots = slots
        self._table = np.tile(np.array(color, np.float32), (len(ids), len(sections), 1))

    @property
    def colors(self) -> Colors:
        """The color of each slot."""
        colors = self._table.reshape(-1, 4)
        return colors if self.slots is None else colors[self.slots.rows]

    def methods(self) -> list[str]:
        """Name the ways to color: those that all cells have, and the attributes that the circuit has."""
        sections = ("morphology section",) if self._by_section else ()
        return sorted({"solid", "id", *sections, *self._attributes})

    @property
    def has_sections(self) -> bool:
        """Whether these are cells whose sections have colors of their own."""
        return bool(self._loaded)

    @property
    def _by_section(self) -> bool:
        return any(section != "soma" for section in self._loaded)

    def values(self, method: str) -> list[str]:
        """Name the keys of a method; for ``id`` one key that stands for all cells."""
        match method:
            case "solid":
                return ["color"]
            case "id":
                return [format_ids(ascending(self._ids))]
            case "morphology section" if self._by_section:
                return list(self._loaded)
            case _ if method in self._attributes:
                return list(self._attributes[method].names)
        raise unknown_method(self, method)

    def color(self, method: str, values: Values) -> Colors:
        """Color by a method.

        Values of attributes and ids that no cell of this model has are ignored, so that one color table serves all
        models of a circuit.

        Raises:
            RequestError: -32602 for an unknown method or no values, -32603 for keys that mean nothing.
        """
        check_values(method, values)
        table = self._table.copy()  # all or nothing
        match method:
            case "solid":
                table[:] = values["color"]
            case "id":
                for key, color in values.items():
                    table[_with_ids(self._ids, key)] = color
            case "morphology section" if self._by_section:
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

    def elements(self, slots: npt.NDArray[np.int32]) -> Elements:
        """Tell what slots (N,) show of cells; synapses and endfeet are none."""
        if not self.has_sections or self.slots is None:
            return Elements.none(len(slots))
        cells, types = np.divmod(self.slots.rows[slots], len(self._sections))
        return Elements(self._ids[cells], self.slots.sections[slots], types.astype(np.uint8), self.slots.starts[slots])

    def id_of(self, slot: int) -> int:
        """Id, in the circuit, of the cell that a slot belongs to."""
        row = slot if self.slots is None else int(self.slots.rows[slot])
        return int(self._ids[row // len(self._sections)])


def _with_ids(ids: npt.NDArray[np.int64], key: str) -> npt.NDArray[np.bool_]:
    ranges = parse_ids(key)
    found = np.isin(ids, [first for first, last in ranges if first == last < 1 << 63])
    for first, last in ranges:
        if first != last:
            found |= (ids >= first) & (ids <= last)
    return found
