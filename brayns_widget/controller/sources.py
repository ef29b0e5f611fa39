"""Circuits as users have them: paths, and the objects of bluepysnap, known by their attributes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from annotated_types import MaxLen

from brayns_widget.controller.arguments import Reads
from brayns_widget.controller.files import FilePath


@dataclass(frozen=True, slots=True)
class Source:
    """A node population of a circuit, as one object named it."""

    path: str
    population: str

    def __str__(self) -> str:
        return self.path


def read_circuit(value: Any, name: str = "path") -> Any:
    """Read what a circuit is loaded from.

    Args:
        value: a path; a bluepysnap ``Circuit`` or ``Simulation``; or one of a circuit's ``NodePopulation``.
        name: of the argument, for messages.

    Returns:
        a path as it was given, the path of a circuit, or a ``Source``.

    Raises:
        ValueError: it is an object of another kind, or does not tell its path.
    """
    if isinstance(value, str | Path) or value is None:
        return value
    if isinstance(value, os.PathLike):
        return Path(value)
    if _is_circuit(value):
        return _path_of(value, name)
    if _is_population(value):
        # bluepysnap has no public name for a population's circuit.
        circuit = getattr(value, "circuit", None) or getattr(value, "_circuit", None)
        if circuit is None or not _is_circuit(circuit):
            raise ValueError(f"{name} is a node population that does not tell its circuit; {_INSTEAD}, population=…")
        return Source(_path_of(circuit, name), str(value.name))
    return value


def read_population(value: Any, name: str = "population") -> Any:
    """Return the name of a node population of bluepysnap or libsonata; other values as they are."""
    del name
    return str(value.name) if _is_population(value) else value


def read_populations(value: Any, name: str = "population") -> Any:
    """Return a list with the name of each node population; one alone is a list of one. Others stay as they are."""
    if isinstance(value, str) or _is_population(value):
        return [read_population(value, name)]
    if isinstance(value, list | tuple) and any(map(_is_population, value)):
        return [read_population(one, name) for one in value]
    return value


def place_of(source: Any, population: str | None) -> tuple[str | Path, str | None]:
    """Return the path of what ``read_circuit`` has read, and the name of the node population or None.

    Raises:
        ValueError: it is a node population, and another one is named.
    """
    path, names = places_of(source, None if population is None else [population])
    return path, names[0]


def places_of(source: Any, populations: Sequence[str] | None) -> tuple[str | Path, Sequence[str | None]]:
    """Return the path of what ``read_circuit`` has read, and the names of the node populations; one None is the usual.

    Raises:
        ValueError: it is a node population, and others are named; or none is.
    """
    if populations is not None and not populations:
        raise ValueError("population is empty; leave it out to load the usual one")
    if not isinstance(source, Source):
        return source, populations or [None]
    if populations is not None and list(populations) != [source.population]:
        named = ", ".join(map(repr, populations))
        raise ValueError(f"path is the node population {source.population!r}, but population is {named}")
    return source.path, [source.population]


if TYPE_CHECKING:
    CircuitPath: TypeAlias = Any  # whatever ``read_circuit`` reads
    PopulationName: TypeAlias = Any
    PopulationNames: TypeAlias = Any
else:
    CircuitPath = Annotated[FilePath, Reads(read_circuit)]
    PopulationName = Annotated[str, MaxLen(4096), Reads(read_population)]
    PopulationNames = Annotated[Sequence[Annotated[str, MaxLen(4096)]], MaxLen(1000), Reads(read_populations)]

_INSTEAD = "pass the path of its configuration"


def _is_circuit(value: Any) -> bool:
    names = set(dir(value))  # asking for the attributes would open files
    return "config" in names and not names.isdisjoint({"nodes", "circuit"})


def _is_population(value: Any) -> bool:
    return not isinstance(value, str) and hasattr(value, "name") and hasattr(value, "size")


def _path_of(circuit: Any, name: str) -> str:
    # A circuit is pickled as the path of its configuration; there is no other public name for it.
    state = circuit.__getstate__()
    if isinstance(state, str):
        return state
    raise ValueError(f"{name} is a circuit that does not tell its path; {_INSTEAD}")
