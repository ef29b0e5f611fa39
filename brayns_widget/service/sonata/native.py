"""Populations of nodes and edges, read with libsonata."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import libsonata
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.ids import ascending
from brayns_widget.service.sonata.problems import reading

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
End = Literal["source", "target"]


class NativePopulation:
    """A population of nodes or edges; attributes as of ``table.Table``."""

    def __init__(self, file: Path, population: Any) -> None:
        self.population = population
        self.name: str = population.name
        self.size: int = population.size
        self.attribute_names = frozenset(population.attribute_names)
        self.dynamics_names = frozenset(population.dynamics_attribute_names)
        self.unreadable: dict[str, str] = {}
        self.notices: list[str] = []
        self.file = file

    def attribute(self, name: str, ids: Ints | None = None, *, missing: float = np.nan) -> Array:
        """Read an attribute; see ``Table.attribute``. All nodes have it, so that ``missing`` is never needed."""
        del missing
        with self._reading(f"Attribute {name!r} of population {self.name} in {self.file}"):
            return np.asarray(self.population.get_attribute(name, self._selection(ids)))

    def dynamics(self, name: str, ids: Ints | None = None) -> Array:
        """Read one of ``dynamics_params``; see ``Table.dynamics``."""
        with self._reading(f"Dynamics parameter {name!r} of population {self.name} in {self.file}"):
            return np.asarray(self.population.get_dynamics_attribute(name, self._selection(ids)))

    def library(self, name: str) -> tuple[list[str], Any] | None:
        """Return the texts of an attribute's library; see ``Table.library``."""
        if name not in self.population.enumeration_names:
            return None

        def codes(ids: Ints | None) -> Array:
            with self._reading(f"Attribute {name!r} of population {self.name} in {self.file}"):
                return np.asarray(self.population.get_enumeration(name, self._selection(ids)))

        return list(self.population.enumeration_values(name)), codes

    def node_set(self, sets: str, name: str) -> Ints | None:
        """Return the ids of the nodes of a node set, ascending; None: libsonata refuses it. ``sets`` is JSON."""
        try:
            selection = libsonata.NodeSets(sets).materialize(name, self.population)
        except (libsonata.SonataError, RuntimeError):
            return None
        return ascending(selection.flatten().astype(np.int64))

    def _selection(self, ids: Ints | None) -> Any:
        if ids is not None:
            return libsonata.Selection(np.asarray(ids, np.uint64))
        return self.population.select_all() if self.size else libsonata.Selection([])

    @staticmethod
    def _reading(what: str) -> Any:
        return reading(what, libsonata.SonataError)


class NativeEdges(NativePopulation):
    """A population of edges; see ``populations.EdgePopulation``."""

    def __init__(self, file: Path, population: Any) -> None:
        super().__init__(file, population)
        self.source: str = population.source
        self.target: str = population.target

    def source_nodes(self, ids: Ints) -> Ints:
        """Return the source (N,) of each edge."""
        with self._reading(f"Edge population {self.name} of {self.file}"):
            return np.asarray(self.population.source_nodes(self._selection(ids)), np.int64)

    def target_nodes(self, ids: Ints) -> Ints:
        """Return the target (N,) of each edge."""
        with self._reading(f"Edge population {self.name} of {self.file}"):
            return np.asarray(self.population.target_nodes(self._selection(ids)), np.int64)

    def afferent(self, nodes: Ints) -> Ints:
        """Return the ids of the edges that have their target among the nodes."""
        with self._reading(f"Edge population {self.name} of {self.file}"):
            found: Ints = self.population.afferent_edges(nodes.tolist()).flatten().astype(np.int64)
            return found

    def efferent(self, nodes: Ints) -> Ints:
        """Return the ids of the edges that have their source among the nodes."""
        with self._reading(f"Edge population {self.name} of {self.file}"):
            found: Ints = self.population.efferent_edges(nodes.tolist()).flatten().astype(np.int64)
            return found

    def ends(self, end: End, begin: int, past: int) -> Ints:
        """Return the nodes at one end of the edges of a range."""
        with self._reading(f"Edge population {self.name} of {self.file}"):
            read = self.population.source_nodes if end == "source" else self.population.target_nodes
            found: Ints = read(libsonata.Selection([(begin, past)] if begin < past else [])).astype(np.int64)
            return found

    def indexed(self, end: End, nodes: Ints, most: int) -> Ints | None:
        """Return the ids of the edges that have this end among the nodes, unless they are many."""
        with self._reading(f"Edge population {self.name} of {self.file}"):
            find = self.population.efferent_edges if end == "source" else self.population.afferent_edges
            found = find(nodes.tolist())
            return None if found.flat_size > most else ascending(found.flatten().astype(np.int64))
