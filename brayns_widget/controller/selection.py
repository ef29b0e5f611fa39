"""Choice of the cells of one node population, by ids, node sets and a query, as far as it takes the backend."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from annotated_types import Ge, Gt, Le, MaxLen

from brayns_widget.connection.connection import Ready
from brayns_widget.controller.arguments import Reads
from brayns_widget.controller.cell_ids import CellIds, read_ids
from brayns_widget.controller.circuits import CellCount, Population
from brayns_widget.controller.files import inspect_circuit
from brayns_widget.controller.queries import Query, Remark, parse
from brayns_widget.controller.questions import UNKNOWN, Questions
from brayns_widget.protocol.errors import CircuitError, ConnectionLost
from brayns_widget.protocol.ids import ascending

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


Density = Annotated[float, Gt(0), Le(1)]
Limit = Annotated[int, Ge(1)]
Name = Annotated[str, MaxLen(4096)]
Names = Annotated[Sequence[Name], MaxLen(1000)]
if TYPE_CHECKING:
    NodeIds: TypeAlias = Any  # whatever ``read_ids`` reads
else:
    NodeIds = Annotated[Sequence[Annotated[int, Ge(0)]], Reads(read_ids)]
CellQuery = Annotated[Mapping[str, Any], Reads(parse)]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a caller asked for: the cells that satisfy all of it, then a part of these.

    Attributes:
        node_ids: these cells, or None for any.
        node_sets: the cells of at least one of these node sets; none for any.
        query: the cells that satisfy it, or None for any.
        density: share of the cells to take, above 0, up to 1, at even steps.
        limit: largest number of cells, or None.
    """

    node_ids: CellIds | None = None
    node_sets: Sequence[str] = ()
    query: Query | None = None
    density: float = 1.0
    limit: int | None = None


def choice_of(node_ids: Any, node_sets: Sequence[str], query: Any, density: float, limit: int | None) -> Choice:
    """Make a choice of checked arguments.

    Raises:
        CircuitError: no cell can be meant.
    """
    if isinstance(node_ids, CellIds) and node_ids.is_empty:
        what = "is False everywhere" if node_ids.is_mask else "is empty"
        raise CircuitError(f"No cells are selected: node_ids {what}.", hint="Leave it out to take all cells.")
    return Choice(node_ids, node_sets, query, density, limit)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the renderer is asked for, and remarks for the user.

    Attributes:
        ids: node ids, ascending, or None if the renderer itself takes ``density`` and ``limit`` of ``node_sets``.
        node_sets: names of node sets.
        density: share of the cells.
        limit: largest number of cells, or None.
        remarks: about values that no cell has.
        notices: about what of the circuit cannot be read.
    """

    ids: list[int] | None
    node_sets: Sequence[str] = ()
    density: float = 1.0
    limit: int | None = None
    remarks: tuple[Remark, ...] = ()
    notices: tuple[str, ...] = ()


async def choose_cells(
    ready: Ready, path: str, population: str | None, choice: Choice, *, in_plane: bool = False
) -> tuple[Population, Chosen]:
    """Find the node population and the cells of a choice.

    Without ids and query the choice is the renderer's work, so it takes any renderer and any backend.

    Args:
        ready: the servers.
        path: the circuit's configuration.
        population: name of the node population, or None for the usual one.
        choice: the cells.
        in_plane: whether nodes without positions can be shown, too.

    Raises:
        CircuitError: there is no such population, no cell is left, or this backend cannot answer.
        QueryError: the query does not fit the population.
    """
    found, notices = await _population(ready, path, population, in_plane=in_plane)
    server, node_sets, query = Questions(ready, path, found), choice.node_sets, choice.query
    if query is not None and query.only_node_set is not None and choice.node_ids is None and not node_sets:
        node_sets, query = [query.only_node_set], None
    await server.check_node_sets(dict.fromkeys(node_sets, ()))
    if choice.node_ids is None and query is None:
        return found, Chosen(None, node_sets, choice.density, choice.limit, notices=notices)
    ids, remarks = await meeting(server, found, replace(choice, node_sets=node_sets, query=query))
    if not len(ids):
        hint = " ".join(remark.text for remark in remarks) or "A cell has to meet node_ids, node_sets and query."
        raise CircuitError(f"No cells of population {found.name!r} are selected.", hint=hint)
    return found, Chosen(None if len(ids) == found.size else ids.tolist(), remarks=remarks, notices=notices)


async def count_cells(ready: Ready, path: str, population: str | None, choice: Choice) -> CellCount:
    """Count the cells of a choice, of which there may be none; arguments and errors as of ``choose_cells``."""
    found, _ = await _population(ready, path, population)
    server = Questions(ready, path, found)
    await server.check_node_sets(dict.fromkeys(choice.node_sets, ()))
    ids, remarks = await meeting(server, found, choice)
    return CellCount(found.name, len(ids), found.size, remarks)


async def _population(
    ready: Ready, path: str, name: str | None, *, in_plane: bool = False
) -> tuple[Population, tuple[str, ...]]:
    """Return the node population of a name, or the usual one, and the circuit's notices."""
    if ready.backend is None:
        if name is None:
            raise CircuitError("This job has no backend to ask for node populations.", hint="Pass population=…")
        return Population(name, "", UNKNOWN), ()
    try:
        circuit = await inspect_circuit(ready.backend, path, ready.capabilities.offers, node_sets=False)
    except (CircuitError, ConnectionLost) as error:
        # The renderer may read what a backend of Brayns' cannot; what ours says of a file holds for its renderer.
        if name is None or (isinstance(error, CircuitError) and ready.capabilities.our_backend):
            raise
        return Population(name, "", UNKNOWN), (error.message,)
    return circuit.choose(name, in_plane=in_plane), circuit.notices


def thinned(ids: Ints, density: float, limit: int | None) -> Ints:
    """Take a share of cells and at most ``limit``, at even steps, as the renderer does with node sets."""
    import numpy as np

    wanted = max(1, round(density * len(ids)))
    for count in (wanted, limit):
        if count is not None and count < len(ids):
            ids = ids[np.arange(count, dtype=np.int64) * len(ids) // count]
    return ids


async def meeting(server: Questions, population: Population, choice: Choice) -> tuple[Ints, tuple[Remark, ...]]:
    """Return the cells that satisfy ids, node sets and query, ascending, and remarks about values that no cell has.

    Args:
        server: questions about their population.
        population: the same.
        choice: the cells.

    Raises:
        CircuitError: this backend cannot answer, or an id is out of range.
        QueryError: the query does not fit the population.
    """
    import numpy as np

    remarks: tuple[Remark, ...] = ()
    size = None if population.size == UNKNOWN else population.size
    ids = None if choice.node_ids is None else choice.node_ids.within(population.name, size)
    if choice.node_sets:
        members = await server.members(choice.node_sets)
        union = ascending(np.concatenate(list(members.values())))
        ids = union if ids is None else np.intersect1d(ids, union, assume_unique=True)
    if choice.query is not None:
        cells = await server.cells(choice.query)
        # In a thread: a regular expression may take long.
        mask, remarks = await asyncio.to_thread(choice.query.find, cells)
        ids = np.flatnonzero(mask).astype(np.int64) if ids is None else ids[mask[ids]]
    if ids is None:
        ids = np.arange(population.size, dtype=np.int64)
    return thinned(ids, choice.density, choice.limit), remarks
