"""How many cells a load would take, asked before it."""

from __future__ import annotations

from brayns_widget.connection.reports import ignore
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.circuits import CellCount
from brayns_widget.controller.files import resolve
from brayns_widget.controller.group import Group
from brayns_widget.controller.selection import CellQuery, Density, Limit, Names, NodeIds, choice_of, count_cells
from brayns_widget.controller.sources import CircuitPath, PopulationName, place_of


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
