"""What a circuit holds, told without reading it: for listings, which should take no longer than they must.

Neither h5py nor NumPy is imported while libsonata can tell: that takes a third of a short answer's time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import libsonata

from brayns_widget.protocol.errors import RequestError
from brayns_widget.protocol.reasons import NO_PLACES
from brayns_widget.service.recognised import check_file
from brayns_widget.service.sonata.config import Check, CircuitConfig, PopulationFile, unchecked
from brayns_widget.service.sonata.problems import about, failure, reading

if TYPE_CHECKING:
    from brayns_widget.service.sonata.populations import EdgePopulation, Population

VIRTUAL, BIOPHYSICAL = "virtual", "biophysical"


class Listed(NamedTuple):
    """A population of nodes that a configuration names.

    Attributes:
        name: its name.
        type: SONATA's type; "" if it is unknown.
        size: number of nodes; 0 if it cannot be read.
        reason: why it cannot be shown, or "".
        error: the error that reading it gives, or None.
    """

    name: str
    type: str
    size: int
    reason: str = ""
    error: RequestError | None = None


class ListedEdges(NamedTuple):
    """A population of edges that can be read.

    Attributes:
        name: its name.
        size: number of edges.
        source: the population of their sources; "" if the file does not tell.
        target: that of their targets.
    """

    name: str
    size: int
    source: str
    target: str


class Circuit:
    """The populations of a circuit.

    Args:
        config: its configuration.
        check: called with each file before it is opened.

    Attributes:
        config: the same.
        problems: sentences about what was left out, without repetitions; grows with what is asked for.
        errors: the errors of files that could not be read.
    """

    def __init__(self, config: CircuitConfig, check: Check = unchecked) -> None:
        self.config = config
        self.problems: dict[str, None] = dict.fromkeys(config.problems)
        self.errors: list[RequestError] = []
        self._check = check

    @cached_property
    def node_files(self) -> dict[str, PopulationFile]:
        """The names of the node populations with their files, sorted."""
        return self._names("node", self.config.nodes)

    @cached_property
    def edge_files(self) -> dict[str, PopulationFile]:
        """The names of the edge populations with their files, sorted."""
        return self._names("edge", self.config.edges)

    def _names(self, kind: str, files: tuple[PopulationFile, ...]) -> dict[str, PopulationFile]:
        found: dict[str, PopulationFile] = {}
        for file in files:
            try:
                with about(f"A file of {kind}s"):
                    names = self._names_in(file, kind) if file.populations is None else file.populations
            except RequestError as error:
                self.problems[error.message] = None
                self.errors.append(error)
                continue
            for name in names:
                found.setdefault(name, file)
        return dict(sorted(found.items()))

    def _names_in(self, file: PopulationFile, kind: str) -> list[str]:
        self._check_hdf5(file.elements)
        storage = libsonata.NodeStorage if kind == "node" else libsonata.EdgeStorage
        with reading(file.elements, libsonata.SonataError):
            return list(storage(file.elements).population_names)

    def _exists(self, file: str) -> None:
        self._check(file)
        path = Path(file)
        if not path.is_file():
            odd = "is a directory" if path.is_dir() else "is not a regular file"
            raise failure(f"{file} {odd if path.exists() else 'does not exist'}")

    def _check_hdf5(self, file: str) -> None:
        self._exists(file)
        with reading(file):
            check_file(Path(file), hdf5=True)

    def nodes(self, name: str) -> Population:
        """Open a node population.

        Raises:
            RequestError: it cannot be read.
        """
        from brayns_widget.service.sonata.populations import open_nodes

        file = self.node_files[name]
        with about(f"Population {name}"):
            self._check_hdf5(file.elements)
            if file.types:
                self._exists(file.types)
            return open_nodes(file.elements, file.types, name)

    def edges(self, name: str) -> EdgePopulation:
        """Open an edge population.

        Raises:
            RequestError: it cannot be read.
        """
        from brayns_widget.service.sonata.populations import open_edges

        file = self.edge_files[name]
        with about(f"Edge population {name}"):
            self._check_hdf5(file.elements)
            if file.types:
                self._check(file.types)
            return open_edges(file.elements, file.types, name)

    def listed_nodes(self) -> Iterator[Listed]:
        """Describe the node populations, by name."""
        for name, file in self.node_files.items():
            try:
                with about(f"Population {name}"):
                    found = self._listed(name, file)
                yield found
            except RequestError as error:
                kind = ""
                with contextlib.suppress(RequestError):
                    kind = file.properties(name).type
                yield Listed(name, kind, 0, error.message, error)

    def _listed(self, name: str, file: PopulationFile) -> Listed:
        self._check_hdf5(file.elements)
        told = None if file.types else _told(file, name)
        if told is None:
            population = self.nodes(name)
            told = population.size, set(population.attribute_names)
        size, names = told
        kind = file.properties(name).type or type_of(self.nodes(name) if "model_type" in names else None)
        reason = "" if kind == VASCULATURE or has_places(names) else NO_PLACES
        return Listed(name, kind, size, reason)

    def listed_edges(self) -> Iterator[ListedEdges]:
        """Describe the edge populations that can be read, by name."""
        for name, file in self.edge_files.items():
            try:
                with about(f"Edge population {name}"):
                    self._check_hdf5(file.elements)
                    found = _told_of_edges(file, name)
                    if found is None:
                        edges = self.edges(name)
                        found = ListedEdges(name, edges.size, edges.source, edges.target)
                yield found
            except RequestError as error:
                self.problems[error.message] = None
                self.errors.append(error)


VASCULATURE = "vasculature"


def has_places(attributes: set[str] | frozenset[str]) -> bool:
    """Whether nodes with these attributes have places; z may be missing."""
    return {"x", "y"} <= attributes or "positions" in attributes


def type_of(population: Population | None) -> str:
    """Find the type of a population that the configuration does not tell: that of its nodes, biophysical without.

    Types that cannot be read become a notice of the population.
    """
    if population is None or "model_type" not in population.attribute_names:
        return BIOPHYSICAL
    try:
        kinds = {str(kind) for kind in population.attribute("model_type")} - {""}
    except RequestError as error:
        population.notices.append(error.message)
        return BIOPHYSICAL
    return BIOPHYSICAL if BIOPHYSICAL in kinds or not kinds else min(kinds)


def _told(file: PopulationFile, name: str) -> tuple[int, set[str]] | None:
    """Ask libsonata for the number of nodes of a population and the names of their attributes; None: it refuses."""
    try:
        population = libsonata.NodeStorage(file.elements).open_population(name)
        return int(population.size), set(population.attribute_names)
    except (libsonata.SonataError, RuntimeError):
        return None


def _told_of_edges(file: PopulationFile, name: str) -> ListedEdges | None:
    """Ask libsonata for a population of edges; None: it refuses."""
    try:
        edges = libsonata.EdgeStorage(file.elements).open_population(name)
        return ListedEdges(name, int(edges.size), edges.source, edges.target)
    except (libsonata.SonataError, RuntimeError):
        return None
