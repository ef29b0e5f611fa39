"""Edges of a circuit, read through the backend.

Import it where it is needed: it imports pandas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from brayns_widget.connection.server import Server
from brayns_widget.controller.cells import to_frame
from brayns_widget.controller.files import reason
from brayns_widget.controller.nearest import nearest
from brayns_widget.protocol import backend
from brayns_widget.protocol.answers import MAX_ANSWER, VALUE, is_too_large
from brayns_widget.protocol.errors import CircuitError, QueryError, RequestError

if TYPE_CHECKING:
    from brayns_widget.protocol.endpoints import Endpoint

Ints = npt.NDArray[np.int64]
Direction = Literal["afferent", "efferent"]

ID, SOURCE, TARGET = "@edge_id", "@source_node", "@target_node"
"""Columns that all edges have, as bluepysnap calls them."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Edges of one population between two sets of nodes.

    Attributes:
        path: the circuit's configuration.
        population: the edge population.
        source: the node population of the sources.
        target: that of the targets.
        sources: ids of the nodes where they start; None: any.
        targets: ids of the nodes where they end; None: any.
        direction: seen from the cells that were asked for.
        count: number of the edges.
    """

    path: str
    population: str
    source: str
    target: str
    sources: Ints | None
    targets: Ints | None
    direction: Direction
    count: int = 0

    def params(self, kind: type[Any], **more: Any) -> Any:
        """Return the parameters of a request about these edges."""
        ends = {"sources": self.sources, "targets": self.targets}
        given = {name: ids.tolist() for name, ids in ends.items() if ids is not None}
        return kind(path=self.path, population=self.population, **given, **more)


async def count(server: Server, part: Part) -> int:
    """Count edges.

    Raises:
        CircuitError: they cannot be read.
    """
    found, _ = await _ask(server, backend.SONATA_COUNT_EDGES, part, part.params(backend.EdgeCountParams))
    number: int = found.count
    return number


async def count_by(server: Server, part: Part, end: Literal["source", "target"]) -> pd.Series[int]:
    """Count edges by the nodes at one end: numbers by node id, ascending.

    Raises:
        CircuitError: they cannot be read.
    """
    params = part.params(backend.EdgeCountParams, by=end)
    found, payload = await _ask(server, backend.SONATA_COUNT_EDGES, part, params)
    ids, numbers = np.frombuffer(payload, "<i8").astype(np.int64).reshape(2, found.nodes)
    return pd.Series(numbers, pd.Index(ids, name="node_id"))


async def attributes(server: Server, part: Part) -> list[str]:
    """Return the names of the attributes of an edge population.

    Raises:
        CircuitError: they cannot be read.
    """
    params = backend.EdgeAttributeListParams(path=part.path, population=part.population)
    try:
        found = await server.call(backend.SONATA_LIST_EDGE_ATTRIBUTES, params)
    except RequestError as error:
        raise _unreadable(part, error) from error
    return [attribute.name for attribute in found.attributes]


async def read(server: Server, part: Part, names: Sequence[str] | None, limit: int) -> pd.DataFrame:
    """Read edges.

    Args:
        server: the backend.
        part: the edges.
        names: of attributes; None: all.
        limit: the most that are read, at even steps through all.

    Returns:
        a DataFrame with a row for each, indexed by ``edge_id``.

    Raises:
        QueryError: they have no such attribute.
        CircuitError: they cannot be read.
    """
    names = await attributes(server, part) if names is None else list(names)
    chosen, frames = min(limit, part.count), list[pd.DataFrame]()
    page = max(1, min(chosen, MAX_ANSWER // (VALUE * (len(names) + 3))))
    first = 0
    while first < chosen:
        params = part.params(backend.EdgesParams, names=names, limit=limit, first=first, count=page)
        try:
            found, payload = await server.call_with_payload(backend.SONATA_GET_EDGES, params)
        except RequestError as error:
            if not is_too_large(error) or page == 1:  # texts can be longer than they were estimated
                await _check_names(server, part, names)
                raise _unreadable(part, error) from error
            page //= 2
            continue
        if not found.count:
            break  # the file has changed
        frames.append(to_frame(backend.NodeAttributesResult(count=found.count, attributes=found.attributes), payload))
        first += found.count
    if not frames:
        return pd.DataFrame(columns=[SOURCE, TARGET, *names], index=pd.Index(np.empty(0, np.int64), name="edge_id"))
    from brayns_widget.controller.rows import stacked

    return stacked([frame.set_index(ID).rename_axis("edge_id") for frame in frames])


async def _check_names(server: Server, part: Part, names: Sequence[str]) -> None:
    """Refuse names of attributes that there are not; not before they are refused, for each question takes a while."""
    known = await attributes(server, part)
    for name in names:
        if name not in known:
            text = f"Edge population {part.population!r} has no attribute {name!r}."
            raise QueryError(text, hint=nearest(name, known))


async def _ask(server: Server, endpoint: Endpoint[Any, Any], part: Part, params: Any) -> tuple[Any, bytes]:
    try:
        found, payload = await server.call_with_payload(endpoint, params)
    except RequestError as error:
        raise _unreadable(part, error) from error
    return found, bytes(payload)


def _unreadable(part: Part, error: RequestError) -> CircuitError:
    return CircuitError(f"The edges {part.population!r} of {part.path!r} cannot be read: {reason(error)}")
