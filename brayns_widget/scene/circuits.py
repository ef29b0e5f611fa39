"""What the backend knows of a SONATA circuit before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from brayns_widget.protocol.errors import CircuitError, ProtocolError


@dataclass(frozen=True, slots=True)
class Population:
    """A node population: ``size`` nodes of a SONATA ``type`` such as "biophysical"."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit's node populations and node sets."""

    path: str
    populations: tuple[Population, ...]
    node_sets: tuple[str, ...]

    @classmethod
    def from_replies(cls, path: str, populations: Any, node_sets: Any) -> Circuit:
        """Read the answers to ``sonata-list-populations`` and ``sonata-get-node-sets``.

        Raises:
            ProtocolError: they are no such answers.
        """
        try:
            return cls(
                path,
                tuple(
                    Population(str(item["name"]), str(item["type"]), int(item["size"]))
                    for item in populations["populations"]
                ),
                tuple(str(name) for name in node_sets["node_sets"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"The backend described a circuit in an unknown way: {error!r}.") from error

    def choose(self, name: str | None) -> Population:
        """Return the named population, or the one that is meant when none is named.

        That is the only one with cells, or the largest biophysical one.

        Raises:
            CircuitError: there is no such population, it has no cells, or several could be meant.
        """
        if name is not None:
            found = [population for population in self.populations if population.name == name]
            if not found:
                raise CircuitError(
                    f"{self.path!r} has no node population {name!r} that can be shown.", hint=self._listing()
                )
        else:
            filled = [population for population in self.populations if population.size > 0]
            biophysical = [population for population in filled if population.type == "biophysical"]
            found = sorted(biophysical, key=lambda population: -population.size)[:1] or filled
            if len(found) > 1:
                raise CircuitError(f"{self.path!r} has several node populations.", hint=f"Name one. {self._listing()}")
            found = found or list(self.populations[:1])
            if not found:
                raise CircuitError(f"{self.path!r} has no node population that can be shown.")
        if found[0].size == 0:
            raise CircuitError(f"Node population {found[0].name!r} of {self.path!r} has no cells.")
        return found[0]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON: path, populations as {name, type, size}, node_sets."""
        return {
            "path": self.path,
            "populations": [{"name": p.name, "type": p.type, "size": p.size} for p in self.populations],
            "node_sets": list(self.node_sets),
        }

    def _listing(self) -> str:
        if not self.populations:
            return "It has none."
        return "It has: " + ", ".join(f"{p.name} ({p.type}, {p.size})" for p in self.populations) + "."


@dataclass(frozen=True, slots=True)
class Directory:
    """A listing of the backend's file system, as JSON values."""

    path: str
    parent: str | None
    directories: tuple[Mapping[str, Any], ...]
    files: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_reply(cls, path: str, root: str, reply: Any) -> Directory:
        """Read the answer to ``fs-list-dir``.

        Args:
            path: the directory that was listed.
            root: the directory above which there is nothing to see.
            reply: the backend's answer.

        Raises:
            ProtocolError: it is no such answer.
        """
        # The backend may run on another system than we do; a drive letter or a backslash gives Windows away.
        flavour = PureWindowsPath if "\\" in root or PureWindowsPath(root).drive else PurePosixPath
        here, top = flavour(path), flavour(root)
        parent = str(here.parent) if here != top and here.is_relative_to(top) else None
        try:
            return cls(path, parent, _sorted(reply["directories"]), _sorted(reply["files"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ProtocolError(f"The backend listed a directory in an unknown way: {error!r}.") from error

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON: path, parent, directories as {name, path}, files as {name, path, size}."""
        return {
            "path": self.path,
            "parent": self.parent,
            "directories": [dict(entry) for entry in self.directories],
            "files": [dict(entry) for entry in self.files],
        }


def _sorted(entries: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(sorted(entries, key=lambda entry: str(entry["name"]).casefold()))
