"""How many cells a load would take, asked before it."""

from __future__ import annotations

from brayns_widget.connection.reports import ignore
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.circuits import CellCount, NodeSet
from brayns_widget.controller.files import reason, resolve
from brayns_widget.controller.group import Group
from brayns_widget.controller.selection import CellQuery, Density, Limit, Names, NodeIds, choice_of, count_cells
from brayns_widget.controller.sources import CircuitPath, PopulationName, place_of
from brayns_widget.protocol.errors import CircuitError, RequestError


class Counting(Group):
    """The part of a group that counts cells."""

    @offered
    @waiting
    async def count_cells(
        self,
        path: CircuitPath,
        *,
        population: PopulationName | None = None,
        density: Density = 1.0,
        node_ids: NodeIds | None = None,
        node_sets: Names = (),
        query: CellQuery | None = None,
        limit: Limit | None = None,
    ) -> CellCount:
        """Count the cells that ``load_circuit`` would load with the same arguments; see there.

        Args:
            path: circuit or simulation configuration, or a circuit or node population of bluepysnap.
            population: node population.
            density: share of the chosen cells.
            node_ids: only these cells.
            node_sets: only the cells of this node set, or of at least one of these.
            query: only the cells that satisfy it.
            limit: largest number of cells.

        Raises:
            CircuitError: the circuit cannot be read, or it has no such population, node set or attribute.
            ValueError: an option is out of range.
        """
        choice = choice_of(node_ids, node_sets, query, density, limit)
        path, population = place_of(path, population)
        ready = await self._core.connection.ensure(ignore)
        return await count_cells(ready, resolve(self._core, path), population, choice)

    @offered
    @waiting
    async def count_node_sets(self, path: CircuitPath, *, population: PopulationName) -> tuple[NodeSet, ...]:
        """Count the cells of a population in each node set of a circuit, by one question to the backend.

        Args:
            path: circuit or simulation configuration, or a circuit or node population of bluepysnap.
            population: node population.

        Raises:
            CircuitError: the circuit cannot be read, it has no such population, or this backend does not count.
        """
        from brayns_widget.protocol.backend import SONATA_COUNT_NODE_SETS, NodeSetCountsParams

        place, name = place_of(path, population)
        ready, where = await self._core.connection.ensure(ignore), resolve(self._core, place)
        if ready.backend is None or not ready.capabilities.offers(SONATA_COUNT_NODE_SETS.name):
            hint = "Ask for each by count_cells(node_sets=…)."
            raise CircuitError("This job has no backend that counts all node sets at once.", hint=hint)
        try:
            params = NodeSetCountsParams(path=where, population=name or population)
            found = await ready.backend.call(SONATA_COUNT_NODE_SETS, params)
        except RequestError as error:
            raise CircuitError(f"The node sets of {where!r} cannot be counted: {reason(error)}") from error
        lack = f"no cell of {population}"
        return tuple(NodeSet(one.name, one.count, lack if one.count == 0 else one.reason) for one in found.node_sets)
