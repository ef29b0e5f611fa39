"""Questions about the cells of a node population, to whichever backend there is.

Our backend reads any node attribute. Brayns' own knows node sets and positions only, by selections that it keeps.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.server import Server
from brayns_widget.controller.circuits import Population
from brayns_widget.controller.files import reason
from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.queries import Cells, Query
from brayns_widget.protocol.answers import MAX_ANSWER, VALUE
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError, ProtocolError, QueryError, RequestError
from brayns_widget.protocol.ids import ascending

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from brayns_widget.protocol.backend import NodeIdParams

    Ints = npt.NDArray[np.int64]

UNKNOWN = -1  # size of a population of which nobody can tell
_AXES = ("x", "y", "z")
_UNLOAD_TIMEOUT = 10.0  # seconds
_HINT = "Choose cells by node_ids or by node_sets, or with the local service."


class Questions:
    """Questions about one node population.

    Args:
        ready: the servers.
        path: the circuit's configuration.
        population: the node population.
    """

    def __init__(self, ready: Ready, path: str, population: Population) -> None:
        self._ready = ready
        self._path = path
        self._population = population

    async def cells(self, query: Query) -> Cells:
        """Read what a query names, and nothing else.

        Raises:
            CircuitError: this backend cannot tell it, or it cannot be read.
            QueryError: there is no such attribute or node set.
        """
        here = self._population
        if here.size == UNKNOWN:
            raise CircuitError("This job has no backend, so it cannot answer queries.", hint="Pass node_ids=…")
        await self.check_node_sets(query.node_sets)
        members = await self.members(list(query.node_sets))
        columns = await self._columns(query.attributes) if query.attributes else {}
        return Cells(here.name, here.type, here.size, columns, members)

    async def positions(self) -> Mapping[str, Any]:
        """Read "x", "y" and "z" of all cells, in µm.

        Raises:
            CircuitError: this backend cannot tell them, or they cannot be read.
            QueryError: the cells have none.
        """
        return await self._columns(dict.fromkeys(_AXES, ()))

    async def check_node_sets(self, names: Mapping[str, Sequence[str | int]]) -> None:
        """Refuse unknown node sets, as far as the backend can list them.

        Args:
            names: the node sets, each with its place in a query, or ().

        Raises:
            QueryError: there is none of this name.
        """
        from brayns_widget.protocol.backend import SONATA_GET_NODE_SETS, NodeSetParams

        if self._ready.backend is None or not names:
            return
        try:
            known = (await self._ready.backend.call(SONATA_GET_NODE_SETS, NodeSetParams(path=self._path))).node_sets
        except RequestError:
            return  # whoever reads the node sets says why it cannot
        for name, place in names.items():
            if name not in known:
                raise QueryError(f"{self._path!r} has no node set {name!r}.", hint=nearest(name, known), place=place)

    async def members(self, names: Sequence[str]) -> dict[str, Ints]:
        """Read the ids of the cells in each of these node sets, ascending.

        Raises:
            CircuitError: this backend cannot tell them, or they cannot be read.
        """
        import numpy as np

        from brayns_widget.protocol.backend import SONATA_GET_NODE_SET_IDS, SONATA_LOAD_NODES, NodeSetIdsParams

        if not names:
            return {}
        server = self._backend("which cells are in a node set", SONATA_GET_NODE_SET_IDS.name, SONATA_LOAD_NODES.name)
        try:
            if not self._offers(SONATA_GET_NODE_SET_IDS.name):
                return {name: await self._selected_ids(server, [name]) for name in names}
            fitting = max(1, MAX_ANSWER // (VALUE * max(1, self._population.size)))
            members: dict[str, Ints] = {}
            for begin in range(0, len(names), fitting):
                part = list(names[begin : begin + fitting])
                params = NodeSetIdsParams(path=self._path, population=self._population.name, node_sets=part)
                found, payload = await server.call_with_payload(SONATA_GET_NODE_SET_IDS, params)
                ids = np.frombuffer(payload, "<i8").astype(np.int64)
                members |= zip(part, np.split(ids, np.cumsum(found.counts)[:-1]), strict=True)
        except RequestError as error:
            raise CircuitError(f"The node sets of {self._path!r} cannot be read: {reason(error)}") from error
        return members

    async def _columns(self, names: Mapping[str, Sequence[str | int]]) -> Mapping[str, Any]:
        """Read node attributes of all cells."""
        from brayns_widget.controller.attributes import read_columns
        from brayns_widget.protocol.backend import SONATA_GET_NODE_ATTRIBUTES, SONATA_GET_NODE_POSITIONS

        others = [name for name in names if name not in _AXES]
        usable = [SONATA_GET_NODE_ATTRIBUTES.name, *([] if others else [SONATA_GET_NODE_POSITIONS.name])]
        server = self._backend(f"the {', '.join(others or names)} of cells", *usable)
        if self._offers(SONATA_GET_NODE_ATTRIBUTES.name):
            frame = await read_columns(server, self._path, self._population.name, None, names)
            return {str(name): frame[name] for name in frame}
        try:
            return await self._positions(server)
        except RequestError as error:
            raise CircuitError(f"The positions in {self._path!r} cannot be read: {reason(error)}") from error

    def _offers(self, method: str) -> bool:
        return self._ready.capabilities.offers(method)

    def _backend(self, what: str, *methods: str) -> Server:
        """Return the backend if it has one of the methods."""
        if self._ready.backend is None or not any(map(self._offers, methods)):
            raise CircuitError(f"This job has no backend that can tell {what}.", hint=_HINT)
        return self._ready.backend

    # ------------------------------------------------------------------ Brayns' own backend

    @contextlib.asynccontextmanager
    async def _selection(self, server: Server, node_sets: Sequence[str]) -> AsyncIterator[tuple[NodeIdParams, int]]:
        """Make a selection of the backend's; yields the parameters that name it, and its count."""
        from brayns_widget.protocol import backend

        params = backend.NodeParams(
            path=self._path, population=self._population.name, count=self._population.size, node_sets=list(node_sets)
        )
        made = await server.call(backend.SONATA_LOAD_NODES, params)
        selection = backend.NodeIdParams(id=made.id)
        try:
            yield selection, made.count
        except BaseException:
            await finish_cleanup(_unload(server, selection))
            raise
        await _unload(server, selection)

    async def _selected_ids(self, server: Server, node_sets: Sequence[str]) -> Ints:
        import numpy as np

        from brayns_widget.protocol.backend import SONATA_GET_NODE_IDS

        async with self._selection(server, node_sets) as (selection, count):
            _, payload = await server.call_with_payload(SONATA_GET_NODE_IDS, selection)
        ids = np.frombuffer(payload, "<u8").astype(np.int64)
        different = ascending(ids)
        if len(different) != count:  # libsonata below 0.2 with NumPy 2 answers zeros only
            raise ProtocolError(f"The backend named {len(different)} nodes, not {count}.")
        return different

    async def _positions(self, server: Server) -> Mapping[str, Any]:
        import numpy as np
        import pandas as pd

        from brayns_widget.protocol.backend import SONATA_GET_NODE_POSITIONS

        async with self._selection(server, ()) as (selection, count):
            _, payload = await server.call_with_payload(SONATA_GET_NODE_POSITIONS, selection)
        values = np.frombuffer(payload, "<f4")
        if not len(values) == 3 * count == 3 * self._population.size:
            raise ProtocolError(f"The backend answered {len(values)} coordinates of {self._population.size} nodes.")
        return {axis: pd.Series(column) for axis, column in zip(_AXES, values.reshape(-1, 3).T, strict=True)}


async def _unload(server: Server, selection: NodeIdParams) -> None:
    from brayns_widget.protocol.backend import SONATA_UNLOAD_NODES

    with contextlib.suppress(BraynsWidgetError):  # what was asked for is known already, or another error tells more
        await server.call(SONATA_UNLOAD_NODES, selection, timeout=_UNLOAD_TIMEOUT)
