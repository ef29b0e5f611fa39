"""Populations of edges, read with h5py: also those without indices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.service.sonata.native import End
from brayns_widget.service.sonata.table import Table
from brayns_widget.service.sonata.types import Types

Ints = npt.NDArray[np.int64]
_CHUNK = 1 << 22  # edges that are looked through at once


class TableEdges(Table):
    """A population of edges; see ``populations.EdgePopulation``. Edges are found by looking through all of them."""

    def __init__(self, file: Path, name: str, types: Types | None) -> None:
        super().__init__(file, "edge", name, types)
        with self._group() as group:
            self.source, self.target = (_population(group[f"{end}_node_id"]) for end in ("source", "target"))
            for end in ("source", "target"):
                if (shape := group[f"{end}_node_id"].shape) != (self.size,):
                    raise ValueError(f"{end}_node_id has the shape {shape}, but there are {self.size} edges")

    def source_nodes(self, ids: Ints) -> Ints:
        """Return the source (N,) of each edge."""
        return self._ends("source")[ids]

    def target_nodes(self, ids: Ints) -> Ints:
        """Return the target (N,) of each edge."""
        return self._ends("target")[ids]

    def afferent(self, nodes: Ints) -> Ints:
        """Return the ids of the edges that have their target among the nodes."""
        return self._found("target", nodes)

    def efferent(self, nodes: Ints) -> Ints:
        """Return the ids of the edges that have their source among the nodes."""
        return self._found("source", nodes)

    def ends(self, end: End, begin: int, past: int) -> Ints:
        """Return the nodes at one end of the edges of a range."""
        with self._group() as group:
            found: Ints = np.asarray(group[f"{end}_node_id"][begin:past]).astype(np.int64)
        return found

    def indexed(self, end: End, nodes: Ints, most: int) -> None:
        """Return None: these populations have no indices, or some that are not trusted."""

    def _ends(self, end: str) -> Ints:
        with self._group() as group:
            return np.asarray(group[f"{end}_node_id"], np.int64)

    def _found(self, end: str, nodes: Ints) -> Ints:
        with self._group() as group:
            ends = group[f"{end}_node_id"]
            found = [
                begin + np.flatnonzero(np.isin(ends[begin : begin + _CHUNK], nodes))
                for begin in range(0, len(ends), _CHUNK)
            ]
        return np.concatenate([np.empty(0, np.int64), *found])


def _population(ends: Any) -> str:
    name = ends.attrs.get("node_population", "")
    return name.decode() if isinstance(name, bytes) else str(name)
