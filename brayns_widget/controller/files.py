"""Files and circuits on the backend's machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from annotated_types import MaxLen

from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.circuits import Circuit, Column, Directory, Population
from brayns_widget.controller.group import Core, Group
from brayns_widget.protocol.errors import CircuitError, RequestError

# Orientations of cells, which are useless for coloring.
_ORIENTATIONS = ("orientation_", "rotation_angle_")

FilePath = Annotated[str, MaxLen(4096)] | Path
"""A path, as text or as an object; a page's text has a limited length."""


class Files(Group):
    """Files and circuits on the backend's machine."""

    @offered
    @waiting
    async def list(self, path: FilePath | None = None) -> Directory:
        """List a directory that the backend may show.

        Args:
            path: the directory; None is where browsing starts.

        Raises:
            CircuitError: it is not a directory, or may not be shown.
        """
        from brayns_widget.protocol import backend

        server = await self._core.backend()
        root = await server.call(backend.FS_GET_ROOT)
        if path is None:
            # Browsing a whole machine starts in the notebook's directory.
            here = str(Path.cwd())
            inside = self._core.connection.place.is_local and Path(here).is_relative_to(root)
            place = here if inside else root
        else:
            place = resolve(self._core, path)
        try:
            listing = await server.call(backend.FS_LIST_DIR, backend.ListDirParams(path=place))
        except RequestError as error:
            raise CircuitError(refusal(repr(place), "cannot be listed", place, error)) from error
        return Directory.of(place, root, listing)

    @offered
    @waiting
    async def inspect(self, path: FilePath) -> Circuit:
        """Read a circuit's node populations and node sets.

        Args:
            path: circuit or simulation configuration, or a directory that holds one.

        Raises:
            CircuitError: it cannot be read.
        """
        from brayns_widget.protocol.backend import SONATA_LIST_NODE_ATTRIBUTES

        server, where = await self._core.backend(), resolve(self._core, path)
        ready = self._core.connection.ready
        offers = ready.capabilities.offers if ready else lambda _: False
        circuit = await inspect_circuit(server, where, offers)
        if not offers(SONATA_LIST_NODE_ATTRIBUTES.name):
            return circuit
        attributes = await asyncio.gather(*(_color_attributes(server, where, item) for item in circuit.populations))
        return replace(circuit, populations=tuple(attributes))


def resolve(core: Core, path: str | Path) -> str:
    """Return a path for the servers: absolute with the local service, else unchanged."""
    if not core.connection.place.is_local:
        return str(path)
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - pathlib keeps ".." in it


async def inspect_circuit(
    server: Server, path: str, offers: Callable[[str], bool], *, node_sets: bool = True
) -> Circuit:
    """Read a circuit's node populations and node sets.

    Args:
        server: the backend.
        path: circuit or simulation configuration.
        offers: whether the backend has a method.
        node_sets: False leaves out the node sets, which takes half the time.

    Raises:
        CircuitError: it cannot be read.
    """
    from brayns_widget.protocol import backend

    found: backend.PopulationResult | backend.CircuitDescription
    params = backend.PopulationParams(path=path)
    ours = offers(backend.SONATA_DESCRIBE_CIRCUIT.name)
    try:
        if ours:
            found = await server.call(backend.SONATA_DESCRIBE_CIRCUIT, params)
        else:
            found = await server.call(backend.SONATA_LIST_POPULATIONS, params)
    except RequestError as error:
        # Ours says itself what to do.
        hint = "" if ours else "Name a SONATA configuration file, such as circuit_config.json."
        raise CircuitError(refusal(f"The circuit {path!r}", "cannot be read", path, error), hint=hint) from error
    sets, notices = await _node_sets(server, path) if node_sets else ((), ())
    return Circuit.of(path, found, sets, notices)


async def _node_sets(server: Server, path: str) -> tuple[Sequence[str], Sequence[str]]:
    """Read the names of the node sets; without them a circuit can be loaded all the same, and a notice says why."""
    from brayns_widget.protocol import backend

    try:
        return (await server.call(backend.SONATA_GET_NODE_SETS, backend.NodeSetParams(path=path))).node_sets, ()
    except RequestError as error:
        return (), (f"The node sets cannot be read: {reason(error)}",)


async def _color_attributes(server: Server, path: str, population: Population) -> Population:
    """Return a population with its attributes for coloring and for choosing cells."""
    from brayns_widget.protocol import backend

    if population.reason:
        return population
    params = backend.NodeAttributeListParams(path=path, population=population.name)
    try:
        found = await server.call(backend.SONATA_LIST_NODE_ATTRIBUTES, params)
    except RequestError:
        return population  # it can be loaded nevertheless
    names = [
        attribute.color_method or attribute.name
        for attribute in found.attributes
        if not attribute.dynamics and not attribute.name.startswith(_ORIENTATIONS)
    ]
    columns = tuple(Column(attribute.name, attribute.type != "string") for attribute in found.attributes)
    return replace(population, attributes=tuple(names), columns=columns)


def refusal(what: str, verdict: str, path: str, error: RequestError) -> str:
    """Return what a server says of a file; ``what`` and ``verdict`` stand before it as far as it lacks them.

    Args:
        what: the file in words, such as "The circuit 'c.json'".
        verdict: such as "cannot be read".
        path: of the file.
        error: what the server says.
    """
    text = reason(error)
    if text == f"File {path} does not exists.":  # the real renderer's words
        return f"{path!r} does not exist."
    if text.startswith((f"{path} ", f"{path!r} ", f"The circuit of {path} ")):
        return text
    text = text.removeprefix(f"{path}: ")
    return f"{what}: {text}" if f" {verdict}" in text else f"{what} {verdict}: {text}"


def reason(error: RequestError) -> str:
    """Return why a server refused, as the end of a sentence."""
    # The real backend puts its kind of error before the text.
    text = str(error)
    for prefix in ("Invalid params: ", "Internal error: "):
        text = text.removeprefix(prefix)
    text = text.strip().rstrip(".")
    return text if text.endswith("?") else f"{text}."
