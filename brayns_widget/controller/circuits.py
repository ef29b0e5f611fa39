"""Listings of files, and contents of SONATA circuits before they are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Protocol, TypeVar

from brayns_widget.controller.nearest import did_you_mean
from brayns_widget.controller.queries import Remark
from brayns_widget.protocol.errors import CircuitError
from brayns_widget.protocol.reasons import NO_PLACES

if TYPE_CHECKING:
    from brayns_widget.protocol import backend


@dataclass(frozen=True, slots=True)
class Column:
    """A node attribute: its name in the file, and whether its values are numbers (else texts)."""

    name: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class CellCount:
    """Number of cells that a choice finds in a population, and remarks about values in the query that no cell has."""

    population: str
    cells: int
    size: int
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeSet:
    """A node set as to one population.

    Attributes:
        name: its name.
        cells: number of the population's cells in it, or None if it is not known.
        reason: why no cell can be loaded by it, or "".
    """

    name: str
    cells: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Population:
    """A node population.

    Attributes:
        name: its name.
        type: SONATA's type, such as "biophysical".
        size: number of its nodes.
        attributes: names of the node attributes for coloring its cells.
        columns: the node attributes for choosing cells.
        reason: why it cannot be shown, or "".
        afferent: names of the edge populations that end at its cells.
        efferent: names of the edge populations that start at its cells.
    """

    name: str
    type: str
    size: int
    attributes: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    reason: str = ""
    afferent: tuple[str, ...] = ()
    efferent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit's node populations and node sets.

    Attributes:
        path: its configuration file.
        populations: the node populations; some may have a reason why they cannot be shown.
        node_sets: names of the node sets.
        default_population: the population that is loaded if none is named, or None if several could be meant.
        notices: sentences about what of it cannot be read, which does not prevent the rest from being shown.
    """

    path: str
    populations: tuple[Population, ...]
    node_sets: tuple[str, ...]
    default_population: str | None = None
    notices: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        path: str,
        found: backend.PopulationResult | backend.CircuitDescription,
        node_sets: Sequence[str],
        notices: Sequence[str] = (),
    ) -> Circuit:
        """Make it from the backend's answers.

        Args:
            path: the configuration file.
            found: the answer to ``sonata-list-populations``, or to our own backend's ``sonata-describe-circuit``.
            node_sets: names of the node sets.
            notices: further ones.
        """
        populations = tuple(
            Population(
                item.name,
                item.type,
                item.size,
                reason=getattr(item, "reason", ""),
                afferent=tuple(edges.name for edges in found.edges if edges.target == item.name),
                efferent=tuple(edges.name for edges in found.edges if edges.source == item.name),
            )
            for item in found.populations
        )
        candidates = _candidates(populations)
        default = candidates[0].name if len(candidates) == 1 else None
        return cls(path, populations, tuple(node_sets), default, (*getattr(found, "notices", ()), *notices))

    def choose(self, name: str | None, *, in_plane: bool = False) -> Population:
        """Return the named population, or the default one.

        The default is the largest biophysical one, or the only one with cells that is not virtual.

        Args:
            name: of the population; None: the default one.
            in_plane: whether nodes without positions can be shown, too.

        Raises:
            CircuitError: there is no such population, it has no cells, or several could be meant.
        """
        if name is not None:
            found = [population for population in self.populations if population.name == name]
            if not found:
                near = did_you_mean(name, [population.name for population in self.populations])
                raise CircuitError(
                    f"{self.path!r} has no node population {name!r} that can be shown.",
                    hint=f"{near} {self._listing()}".lstrip(),
                )
        else:
            found = _candidates(self.populations, in_plane)
            if len(found) > 1:
                raise CircuitError(f"{self.path!r} has several node populations.", hint=f"Name one. {self._listing()}")
            found = found or [population for population in self.populations if not population.reason][:1]
            if not found:
                hint = self._listing() if self.populations else "Its configuration names none in networks.nodes."
                raise CircuitError(f"{self.path!r} has no node population that can be shown.", hint=hint)
        if found[0].size == 0 and found[0].reason:
            raise CircuitError(f"Node population {found[0].name!r} cannot be shown: {found[0].reason}.")
        if found[0].size == 0:
            raise CircuitError(f"Node population {found[0].name!r} of {self.path!r} has no cells.")
        return found[0]

    def _listing(self) -> str:
        if not self.populations:
            return "It has none."
        return "It has: " + ", ".join(map(_described, self.populations)) + "."


def _described(population: Population) -> str:
    kind = f"{population.name} ({population.type}, {population.size}"
    # Panels have no such option, so the backend does not name it.
    way_out = "; in_plane=True places them side by side" if population.reason == NO_PLACES else ""
    return f"{kind}; not shown: {population.reason}{way_out})" if population.reason else f"{kind})"


def _candidates(populations: Iterable[Population], in_plane: bool = False) -> list[Population]:
    """Return the candidates for the default population: the largest biophysical one, else all that have cells.

    Virtual ones, which are the input of a simulation, are meant only where there are no others; those without
    positions, only if none has some and they are to be shown in a plane.
    """
    filled = [population for population in populations if population.size > 0 and not population.reason]
    if in_plane and not filled:
        filled = [population for population in populations if population.size > 0]
    biophysical = [population for population in filled if population.type == "biophysical"]
    simulated = [population for population in filled if population.type != "virtual"]
    return sorted(biophysical, key=lambda population: -population.size)[:1] or simulated or filled


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory in a listing."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class File:
    """A file in a listing; its size in bytes."""

    name: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """A listing of the backend's file system.

    Attributes:
        path: the directory.
        parent: the directory above, or None if that may not be shown.
        directories: the directories in it.
        files: the files in it.
        trail: the directories that lead to it, from the topmost one that may be shown to itself.
    """

    path: str
    parent: str | None
    directories: tuple[Folder, ...]
    files: tuple[File, ...]
    trail: tuple[Folder, ...] = ()

    @classmethod
    def of(cls, path: str, root: str, listing: backend.ListDirResult) -> Directory:
        """Make it from the answer to ``fs-list-dir``.

        Args:
            path: the directory that was listed.
            root: the topmost directory that may be shown.
            listing: the backend's answer.
        """
        # The backend may run on another system than ours; a drive letter or a backslash means Windows.
        flavor = PureWindowsPath if "\\" in root or PureWindowsPath(root).drive else PurePosixPath
        here, top = flavor(path), flavor(root)
        above = [one for one in here.parents if one.is_relative_to(top)]
        parent = str(above[0]) if above else None
        trail = tuple(Folder(one.name or str(one), str(one)) for one in (*reversed(above), here))
        directories = tuple(Folder(entry.name, entry.path) for entry in _sorted(listing.directories))
        files = tuple(File(entry.name, entry.path, entry.size) for entry in _sorted(listing.files))
        return cls(path, parent, directories, files, trail)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def _sorted(entries: Iterable[N]) -> list[N]:
    return sorted(entries, key=lambda entry: entry.name.casefold())
