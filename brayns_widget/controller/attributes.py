"""Node attributes of circuits, read through the backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from brayns_widget.connection.server import Server
from brayns_widget.controller.files import reason
from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.state import ModelState
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
    import pandas as pd

    from brayns_widget.controller.cells import in_parts, to_frame
    from brayns_widget.protocol import backend

    listed = await _list(server, path, population)
    known = {attribute.name: attribute for attribute in listed.attributes}
    for name in names or ():
        if name not in known:
            what = " that can be read" if name in listed.left_out else ""
            hint = nearest(name, known)
            place = names[name] if isinstance(names, Mapping) else ()
            raise QueryError(f"Node population {population!r} has no attribute {name!r}{what}.", hint=hint, place=place)
    wanted = [known[name] for name in (known if names is None else names)]
    frames = []
    selected = {} if ids is None else {"ids": list(ids)}
    for part in in_parts(wanted, listed.count if ids is None else len(ids)) or [[]]:
        params = backend.NodeAttributesParams(path=path, population=population, names=part, **selected)
        try:
            reply, payload = await server.call_with_payload(backend.SONATA_GET_NODE_ATTRIBUTES, params)
        except RequestError as error:
            raise CircuitError(f"The node attributes of {path!r} cannot be read: {reason(error)}") from error
        frames.append(to_frame(reply, payload, ids))
    return pd.concat(frames, axis=1)


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
    """Return the values that an attribute of texts has in a node population, as far as they are listed there.

    Args:
        server: the backend.
        path: the circuit's configuration.
        population: the node population.
        name: name of the attribute.
    """
    from brayns_widget.protocol import backend

    # Without ids no node is read, only the list of values that SONATA keeps for enumerations.
    params = backend.NodeAttributesParams(path=path, population=population, ids=[], names=[name])
    try:
        found = await server.call(backend.SONATA_GET_NODE_ATTRIBUTES, params)
    except RequestError:
        return ()  # an older backend, or no such attribute: those that were loaded have to do
    return found.attributes[0].values or ()  # noqa: PD011 - no frame's


async def _list(server: Server, path: str, population: str) -> NodeAttributeListResult:
    from brayns_widget.protocol import backend

    try:
        return await server.call(
            backend.SONATA_LIST_NODE_ATTRIBUTES, backend.NodeAttributeListParams(path=path, population=population)
        )
    except RequestError as error:
        raise CircuitError(f"The node attributes of {path!r} cannot be read: {reason(error)}") from error
