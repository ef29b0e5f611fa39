"""Node attributes of circuits, read through the backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brayns_widget.connection.server import Server
from brayns_widget.controller.files import reason
from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.answers import MAX_ANSWER, VALUE, is_too_large
from brayns_widget.protocol.errors import CircuitError, QueryError, RequestError

if TYPE_CHECKING:
    import pandas as pd

    from brayns_widget.protocol.backend import NodeAttributeListResult


async def read_cells(
    server: Server, model: ModelState, ids: Sequence[int], names: Sequence[str] | None
) -> pd.DataFrame:
    """Read node attributes of a model's cells.

    Args:
        server: the backend.
        model: the model.
        ids: node ids of its cells.
        names: names of the attributes; None reads all.

    Returns:
        a DataFrame with a row for each of ``ids``, indexed by ``node_id``.

    Raises:
        CircuitError: the population has no such attributes, or this backend cannot read them.
    """
    if model.path is None or model.population is None:
        raise CircuitError(f"{model.name!r} was not loaded from a circuit.")
    return await read_columns(server, model.path, model.population, ids, names)


async def read_columns(
    server: Server, path: str, population: str, ids: Sequence[int] | None, names: Iterable[str] | None
) -> pd.DataFrame:
    """Read node attributes of a population.

    Args:
        server: the backend.
        path: the circuit's configuration.
        population: the node population.
        ids: of the nodes; None reads all.
        names: names of the attributes; None reads all. A mapping has the place of each name in a query.

    Returns:
        a DataFrame with a row for each node, indexed by ``node_id``.

    Raises:
        CircuitError: the population has no such attributes, or this backend cannot read them.
    """
    listed = await _list(server, path, population)
    known = {attribute.name: attribute for attribute in listed.attributes}
    for name in names or ():
        if name not in known:
            what = " that can be read" if name in listed.left_out else ""
            hint = nearest(name, known)
            place = names[name] if isinstance(names, Mapping) else ()
            raise QueryError(f"Node population {population!r} has no attribute {name!r}{what}.", hint=hint, place=place)
    columns = _Columns(server, path, population, ids, listed.count if ids is None else len(ids))
    try:
        return await columns.read(list(known if names is None else dict.fromkeys(names)), range(columns.count))
    except RequestError as error:
        raise CircuitError(f"The node attributes of {path!r} cannot be read: {reason(error)}") from error


async def read_known(server: Server, path: str, population: str, ids: Sequence[int], name: str) -> pd.Series:
    """Read an attribute that a population is known to have, without the request that lists them.

    Args:
        server: the backend.
        path: the circuit's configuration.
        population: the node population.
        ids: of the nodes.
        name: name of the attribute.

    Returns:
        a Series with a value for each of ``ids``, indexed by ``node_id``.

    Raises:
        CircuitError: this backend cannot read it.
    """
    try:
        frame = await _Columns(server, path, population, ids, len(ids)).read([name], range(len(ids)))
    except RequestError as error:
        raise CircuitError(f"The node attributes of {path!r} cannot be read: {reason(error)}") from error
    return frame[name]


@dataclass(frozen=True)
class _Columns:
    """Node attributes of a population, in as many answers as they need.

    Attributes:
        ids: of the nodes; None: all.
        count: number of the nodes.
    """

    server: Server
    path: str
    population: str
    ids: Sequence[int] | None
    count: int

    async def read(self, names: list[str], rows: range) -> pd.DataFrame:
        """Read some attributes of some of the nodes; halves of what is too large, until it is not."""
        import pandas as pd

        from brayns_widget.controller.cells import stacked

        values = len(names) * len(rows)
        if values <= 1 or values * VALUE <= MAX_ANSWER:
            try:
                return await self._ask(names, rows)
            except RequestError as error:  # texts can be longer than they were estimated
                if values <= 1 or not is_too_large(error):
                    raise
        if len(names) > 1:
            half = len(names) // 2
            return pd.concat([await self.read(part, rows) for part in (names[:half], names[half:])], axis=1)
        half = len(rows) // 2
        return stacked([await self.read(names, part) for part in (rows[:half], rows[half:])])

    async def _ask(self, names: list[str], rows: range) -> pd.DataFrame:
        from brayns_widget.controller.cells import to_frame
        from brayns_widget.protocol import backend

        whole = self.ids is None and len(rows) == self.count
        ids = None if whole else list(rows if self.ids is None else self.ids[rows.start : rows.stop])
        selected = {} if ids is None else {"ids": ids}
        params = backend.NodeAttributesParams(path=self.path, population=self.population, names=names, **selected)
        reply, payload = await self.server.call_with_payload(backend.SONATA_GET_NODE_ATTRIBUTES, params)
        return to_frame(reply, payload, ids)


async def read_cell(server: Server, path: str, population: str, cell: int) -> pd.DataFrame:
    """Read all node attributes of one cell, in one request: each costs the backend a process.

    Args:
        server: the backend.
        path: the circuit's configuration.
        population: the node population.
        cell: the node.

    Returns:
        a DataFrame with one row.

    Raises:
        CircuitError: this backend cannot read them.
    """
    from brayns_widget.controller.cells import to_frame
    from brayns_widget.protocol import backend

    params = backend.NodeAttributesParams(path=path, population=population, ids=[cell])
    try:
        reply, payload = await server.call_with_payload(backend.SONATA_GET_NODE_ATTRIBUTES, params)
    except RequestError as error:
        raise CircuitError(f"The node attributes of {path!r} cannot be read: {reason(error)}") from error
    return to_frame(reply, payload, [cell])


async def read_values(server: Server, path: str, population: str, name: str) -> Sequence[str]:
    """Return the values that an attribute has in a node population, as texts; none of those that are no categories.

    A list that SONATA keeps for enumerations is read without reading a node; else whole columns are read.

    Args:
        server: the backend.
        path: the circuit's configuration.
        population: the node population.
        name: name of the attribute.
    """
    from brayns_widget.protocol import backend

    params = backend.NodeAttributesParams(path=path, population=population, ids=[], names=[name])
    try:
        (attribute,) = (await server.call(backend.SONATA_GET_NODE_ATTRIBUTES, params)).attributes
        if attribute.values or attribute.type == "float":  # noqa: PD011 - no frame's
            return attribute.values or ()  # noqa: PD011 - no frame's
        column = (await read_columns(server, path, population, None, [name]))[name]
    except (RequestError, CircuitError):
        return ()  # an older backend, or no such attribute: those that were loaded have to do
    return sorted(set(map(str, column.dropna().unique().tolist())))


async def _list(server: Server, path: str, population: str) -> NodeAttributeListResult:
    from brayns_widget.protocol import backend

    try:
        return await server.call(
            backend.SONATA_LIST_NODE_ATTRIBUTES, backend.NodeAttributeListParams(path=path, population=population)
        )
    except RequestError as error:
        raise CircuitError(f"The node attributes of {path!r} cannot be read: {reason(error)}") from error
