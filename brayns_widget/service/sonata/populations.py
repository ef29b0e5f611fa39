"""Populations of nodes and edges: one interface, whoever reads them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import h5py
import libsonata
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service import hdf5
from brayns_widget.service.sonata.choice import why_not_libsonata
from brayns_widget.service.sonata.native import End, NativeEdges, NativePopulation
from brayns_widget.service.sonata.problems import failure, reading
from brayns_widget.service.sonata.table import Table
from brayns_widget.service.sonata.table_edges import TableEdges
from brayns_widget.service.sonata.types import Types

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


class Population(Protocol):
    """A population of nodes or edges; see ``table.Table`` for its attributes."""

    name: str
    file: Path
    size: int
    attribute_names: frozenset[str]
    dynamics_names: frozenset[str]
    unreadable: dict[str, str]
    notices: list[str]

    def attribute(self, name: str, ids: Ints | None = None, *, missing: float = np.nan) -> Array:
        """Read an attribute."""

    def dynamics(self, name: str, ids: Ints | None = None) -> Array:
        """Read one of ``dynamics_params``."""

    def library(self, name: str) -> Any:
        """Return the texts that an attribute points to, and what reads the indices; None: it has its own values."""


class EdgePopulation(Population, Protocol):
    """A population of edges.

    Attributes:
        source: the population of the sources; "" if the file does not tell.
        target: that of the targets.
    """

    source: str
    target: str

    def source_nodes(self, ids: Ints) -> Ints:
        """Return the source (N,) of each edge."""

    def target_nodes(self, ids: Ints) -> Ints:
        """Return the target (N,) of each edge."""

    def afferent(self, nodes: Ints) -> Ints:
        """Return the ids of the edges that have their target among the nodes."""

    def efferent(self, nodes: Ints) -> Ints:
        """Return the ids of the edges that have their source among the nodes."""

    def ends(self, end: End, begin: int, past: int) -> Ints:
        """Return the nodes (N,) at one end of the edges from ``begin`` up to, but without, ``past``."""

    def indexed(self, end: End, nodes: Ints, most: int) -> Ints | None:
        """Return the ids, ascending, of the edges that have this end among the nodes, by an index.

        None: there is no index, or they are more than ``most``.
        """


def population_names(file: Path) -> list[str]:
    """Return the names of the node populations of a file, sorted.

    Raises:
        RequestError: it cannot be read.
    """
    with reading(str(file), libsonata.SonataError):
        return sorted(libsonata.NodeStorage(str(file)).population_names)


def open_nodes(file: str, types_file: str, name: str) -> Population:
    """Open a population of nodes.

    Args:
        file: HDF5 file.
        types_file: CSV file of their types, or "".
        name: of the population.

    Raises:
        RequestError: it cannot be read.
    """
    path, types = Path(file), Types(Path(types_file), name) if types_file else None
    if _why(path, "node", name, types):
        return Table(path, "node", name, types)
    with reading(f"Population {name} of {path}", libsonata.SonataError):
        return NativePopulation(path, libsonata.NodeStorage(str(path)).open_population(name))


def open_edges(file: str, types_file: str, name: str) -> EdgePopulation:
    """Open a population of edges; see ``open_nodes``.

    Types that cannot be read are left out: nothing that is shown needs them.
    """
    path, types, notice = Path(file), None, ""
    try:
        types = Types(Path(types_file), name) if types_file else None
    except RequestError as error:
        notice = error.message
    edges: EdgePopulation
    if _why(path, "edge", name, types):
        edges = TableEdges(path, name, types)
    else:
        with reading(f"Edge population {name} of {path}", libsonata.SonataError):
            edges = NativeEdges(path, libsonata.EdgeStorage(str(path)).open_population(name))
    if notice:
        edges.notices.append(notice)
    return edges


def _why(path: Path, kind: str, name: str, types: Types | None) -> str:
    """Tell why a population is not read with libsonata; "": it is."""
    with reading(f"Population {name} of {path}" if kind == "node" else f"Edge population {name} of {path}"):
        stored = path.stat()
        stamp = stored.st_dev, stored.st_ino, stored.st_size, stored.st_mtime_ns
        try:
            return _told(path, kind, name, types is not None and bool(types.columns), stamp)
        except _Elsewhere:
            return "parts of it are in other files"


class _Elsewhere(Exception):
    """Parts of a population are in other files."""


@lru_cache(maxsize=256)  # clients load the same circuit again and again
def _told(path: Path, kind: str, name: str, types: bool, stamp: tuple[int, ...]) -> str:
    """Look why a population of a file is not read with libsonata, and whether it can be read safely.

    Raises:
        _Elsewhere: parts of it are in other files, whose changes would go unnoticed here.
    """
    del stamp
    with h5py.File(path, "r") as opened:
        group = hdf5.found(opened, f"{kind}s/{name}")
        if not isinstance(group, h5py.Group):
            known = opened.get(f"{kind}s")
            has = f"it has {', '.join(known)}" if isinstance(known, h5py.Group) and len(known) else "it has none"
            raise failure(f"{path} has no {kind} population {name!r}; {has}")
        if hdf5.check(group) or group.file.filename != opened.filename:
            raise _Elsewhere
        return why_not_libsonata(group, kind, types=types)
