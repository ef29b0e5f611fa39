"""The columns of primitives in a report of compartments.

Slots: four for each cell, one for each type of section, which show the soma's value, then one for each column.
Primitives of sections that the report has take the columns' slots, others those of their cell and type of section.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.coloring.cells import SEVERAL, CellSlots
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, Shape
from brayns_widget.service.renderer.loaders.morphologies.places import SOMA, Places
from brayns_widget.service.sonata.reports import node_spans

Ints = npt.NDArray[np.int64]


class CellColumns:
    """The columns of the loaded cells in a report of compartments.

    Args:
        ids: (N,) ids of the loaded cells.
        node_ids: (M,) ids of the cells in the report.
        index_pointers: (M + 1,), see ``node_spans``.
        element_ids: the dataset of all columns' section ids (``mapping/element_ids``).
        element_pos: that of their places within their sections, or None: columns of a section are in their order.

    Attributes:
        first: the first column that a loaded cell has.
        last: the one behind the last.
    """

    def __init__(
        self, ids: Ints, node_ids: Ints, index_pointers: Ints, element_ids: Any, element_pos: Any = None
    ) -> None:
        self._begins, self._ends, found = node_spans(ids, node_ids, index_pointers)
        self.first = int(self._begins[found].min()) if found.any() else 0
        self.last = int(self._ends[found].max()) if found.any() else 0
        self._elements = np.asarray(element_ids[self.first : self.last], np.int64)
        columns = slice(self.first, self.last)
        self._positions = None if element_pos is None else np.asarray(element_pos[columns], np.float64)
        self._plain = len(Section) * len(ids)
        self._rows = np.zeros(self._plain + self.last - self.first, np.int32)
        self._rows[: self._plain] = np.arange(self._plain)
        self.count = int(found.sum())

    def _sections_of(self, cell: int) -> tuple[Ints, Ints]:
        """Return the section ids of a cell's columns, ascending, and the columns, counted from ``first``."""
        begin, end = self._begins[cell] - self.first, self._ends[cell] - self.first
        own = slice(max(0, begin), max(0, end))
        elements = self._elements[own]
        if self._positions is None:
            order = np.argsort(elements, kind="stable")
        else:
            order = np.lexsort((self._positions[own], elements))
        return elements[order], begin + order

    def slots(self, cell: int, types: npt.NDArray[np.uint8], places: Places) -> npt.NDArray[np.uint32]:
        """Choose the slots of a cell's primitives.

        A section's compartments have equal parts of its segments, see ``places``.

        Args:
            cell: index of the cell.
            types: (P,) the ``Section`` of each primitive.
            places: (P, 2) section and part of it.
        """
        elements, columns = self._sections_of(cell)
        sections = places[:, 0].astype(np.int64)
        begins = np.searchsorted(elements, sections, "left")
        counts = np.searchsorted(elements, sections, "right") - begins
        plain = len(Section) * cell + types.astype(np.int64)
        slots = plain.copy()
        has = counts > 0
        parts = places[has, 1] * counts[has] + 1e-4  # float32 may fall short of the compartment where it begins
        steps = np.minimum(parts.astype(np.int64), counts[has] - 1)
        slots[has] = self._plain + columns[begins[has] + steps]
        self._rows[slots] = plain
        return slots.astype(np.uint32)

    def shown(self, shapes: Sequence[Shape], shape_of_cell: npt.NDArray[np.intp]) -> CellSlots:
        """Tell what the slots show that ``slots`` has chosen.

        Args:
            shapes: the different shapes.
            shape_of_cell: (N,) index into ``shapes``.
        """
        somas = np.arange(self._plain) % len(Section) == Section.SOMA
        sections = np.concatenate((np.where(somas, SOMA, SEVERAL), self._elements))
        starts = np.full(len(sections), np.nan, np.float32)
        starts[: self._plain][somas] = 0
        for cell, shape in enumerate(shape_of_cell):
            elements, columns = self._sections_of(cell)
            starts[self._plain + columns] = shapes[shape].starts_of(elements)
        return CellSlots(self._rows, sections.astype(np.int32), starts)

    def values(self) -> npt.NDArray[np.intp]:
        """Find the column of each slot; -1: none."""
        shown = np.full(len(self._rows), -1, np.intp)
        for cell in range(len(self._begins)):
            elements, columns = self._sections_of(cell)
            soma = columns[elements == SOMA]
            if len(soma):
                shown[len(Section) * cell : len(Section) * (cell + 1)] = self.first + soma[0]
        shown[self._plain :] = np.arange(self.first, self.last)
        return shown
