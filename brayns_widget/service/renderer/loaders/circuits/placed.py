"""The loaded nodes of a population with their positions, for edges at their sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.coloring.cells import Labels
from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.morphologies.files import read_morphology
from brayns_widget.service.renderer.loaders.morphologies.places import SOMA, dendrites_first

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Reader: TypeAlias = Callable[[], tuple[Callable[[str], Any], str]]
"""Finds the reader of morphologies, see ``files.morphology_reader``."""


@dataclass(frozen=True)
class SectionPlaces:
    """Places on cells, (N,) each, as SONATA addresses them.

    Attributes:
        nodes: ids of the cells.
        sections: 0 is the soma; others are as ``dendrites_first`` says.
        parts: of the section's length, 0 to 1; None: there are ``segments`` and ``offsets``.
        segments: number of the segment within the section.
        offsets: from the segment's start, in µm.
        dendrites_first: whether ``morphologies.places.dendrites_first`` numbers the sections, or MorphIO's number + 1.
    """

    nodes: Ints
    sections: Ints
    parts: Floats | None
    segments: Ints | None = None
    offsets: Floats | None = None
    dendrites_first: bool = False


@dataclass(frozen=True)
class PlacedNodes:
    """The loaded nodes of a population.

    Attributes:
        population: its name.
        ids: (N,) ascending.
        positions: (N, 3) in µm; None for what is no cell.
        rotations: (N, 3, 3).
        morphologies: of the cells; None: the population has none.
        reader: of the morphologies.
        labels: attributes of the cells by which they, and their edges, can be colored.
        dendrites_first: how BMTK numbers the sections of these cells, see ``morphologies.places``.
    """

    population: str
    ids: Ints
    positions: Floats | None = None
    rotations: Floats | None = None
    morphologies: Labels | None = None
    reader: Reader | None = None
    labels: Mapping[str, Labels] = field(default_factory=dict)
    dendrites_first: bool = False

    def points(self, places: SectionPlaces) -> Floats:
        """Compute the world positions (N, 3) in µm of places on the cells' center lines. Each morphology is read once.

        Raises:
            RequestError: the cells have no morphologies, one cannot be read, or has no such section.
        """
        if self.morphologies is None or self.reader is None or self.positions is None or self.rotations is None:
            raise failure(f"Population {self.population} has no morphologies to find places on")
        read, folder = self.reader()
        cells = np.searchsorted(self.ids, places.nodes)
        kinds = self.morphologies.codes[cells]
        local = np.empty((len(cells), 3))
        for kind in np.unique(kinds):
            (chosen,) = np.nonzero(kinds == kind)
            name = self.morphologies.names[kind]
            morphology = read_morphology(read, name, int(places.nodes[chosen[0]]))
            local[chosen] = _Axes(morphology, f"{name!r} in {folder}").points(places, chosen)
        world: Floats = np.einsum("nij,nj->ni", self.rotations[cells], local) + self.positions[cells]
        return world


class _Axes:
    """The center lines of a morphology's sections.

    Args:
        morphology: a ``morphio.Morphology``.
        name: with its place, for messages.
    """

    def __init__(self, morphology: Any, name: str) -> None:
        self._name = name
        self._points = np.asarray(morphology.points, np.float64)
        self._soma = np.asarray(morphology.soma.center, np.float64)
        offsets = np.asarray(morphology.section_offsets, np.int64)
        self._starts, self._lasts = offsets[:-1], offsets[1:] - 1
        numbers = dendrites_first(np.asarray(morphology.section_types, np.int64))
        self._by_type = np.argsort(np.where(numbers < 0, len(numbers) + 1, numbers))  # place → section
        self._dendrites = int((numbers > 0).sum())
        steps = np.linalg.norm(np.diff(self._points, axis=0), axis=1)
        self._path = np.concatenate(([0.0], np.cumsum(steps)))

    def points(self, places: SectionPlaces, chosen: Ints) -> Floats:
        """Compute the chosen places, (M, 3), in the morphology's coordinates."""
        sections = places.sections[chosen] - 1
        count, kind = len(self._starts), "sections"
        if places.dendrites_first:
            count, kind = self._dendrites, "sections of dendrites"
        wrong = (sections < SOMA - 1) | (sections >= count)
        if wrong.any():
            self._refuse(places, chosen[np.argmax(wrong)], f"{count} {kind}")
        if places.dendrites_first and count:
            sections = np.where(sections < 0, sections, self._by_type[sections])
        if not len(self._starts):
            return np.tile(self._soma, (len(chosen), 1))
        starts, lasts = self._starts[sections], self._lasts[sections]
        if places.parts is not None:
            length = self._path[lasts] - self._path[starts]
            path = self._path[starts] + places.parts[chosen].clip(0, 1) * length
            begins = np.searchsorted(self._path, path, "right") - 1
        else:
            assert places.segments is not None
            assert places.offsets is not None
            begins = starts + places.segments[chosen]
            wrong = (sections >= 0) & ((begins < starts) | (begins >= lasts))
            if wrong.any():
                index = int(np.argmax(wrong))
                self._refuse(places, chosen[index], f"{lasts[index] - starts[index]} segments there")
            path = self._path[begins.clip(starts, lasts)] + places.offsets[chosen]
        begins = begins.clip(starts, np.maximum(starts, lasts - 1))
        ends = np.minimum(begins + 1, lasts)
        length = self._path[ends] - self._path[begins]
        along = np.divide(path - self._path[begins], length, out=np.zeros(len(path)), where=length > 0).clip(0, 1)
        points: Floats = self._points[begins] + along[:, None] * (self._points[ends] - self._points[begins])
        points[sections < 0] = self._soma
        return points

    def _refuse(self, places: SectionPlaces, index: int, has: str) -> NoReturn:
        where = f"section {places.sections[index]}"
        if places.segments is not None:
            where = f"segment {places.segments[index]} of {where}"
        raise failure(
            f"Morphology {self._name} of cell {places.nodes[index]} has {has}, but something is to be on {where}"
        )
