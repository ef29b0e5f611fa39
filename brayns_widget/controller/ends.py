"""Cells at the ends of edges, in all forms in which people have them, such as ids, queries, or what was picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.connection import Ready
from brayns_widget.controller.cell_ids import CellIds, read_ids
from brayns_widget.controller.circuits import Circuit
from brayns_widget.controller.models import Model
from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.queries import parse
from brayns_widget.controller.questions import Questions
from brayns_widget.controller.selected import is_ranges, parse_ranges
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.selection import Choice, meeting
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

Cells = Mapping[str, "Ints | None"]
"""Ids by node population; None: all of it."""


class Ends:
    """Reader of cells at the ends of a circuit's edges.

    Args:
        ready: the servers.
        circuit: what the backend tells of the circuit.
        loaded: the node populations of it that models show.

    Attributes:
        remarks: sentences about values in queries that no cell has.
    """

    def __init__(self, ready: Ready, circuit: Circuit, loaded: Sequence[str]) -> None:
        self.remarks: list[str] = []
        self._ready = ready
        self._circuit = circuit
        self._populations = {population.name: population for population in circuit.populations}
        self._loaded = list(dict.fromkeys(name for name in loaded if name in self._populations))

    async def read(self, given: Any, name: str) -> Cells | None:
        """Read cells; None for any.

        Args:
            given: ids in any form, a query, the name of a node set, a model, the selection, what was picked, or a
                mapping of these by population, where None stands for all.
            name: of the argument, for messages.

        Raises:
            CircuitError: it is not clear of which population they are, or they cannot be read.
            QueryError: a query does not fit its population.
            ValueError: they are nothing of this kind.
        """
        if given is None:
            return None
        if isinstance(given, Selection):
            if not given:
                raise CircuitError(f"{name} is the selection, and nothing is selected.", hint="Click a cell.")
            return {population: given.ids(population) for population in given.populations}
        if isinstance(given, Picked):
            if given.cell is None or given.population is None:
                raise CircuitError(f"{name} is a place where no cell of a circuit was picked.")
            return {given.population: await self._ids([given.cell], given.population, name)}
        if isinstance(given, Model):
            if given.state.population is None:
                raise CircuitError(f"{name} is {given.name!r}, which shows no cells of a circuit.")
            return {given.state.population: await self._ids(await given.ids.aio(), given.state.population, name)}
        if isinstance(given, Mapping) and given and given.keys() <= self._populations.keys():
            return {one: None if ids is None else await self._ids(ids, one, name) for one, ids in given.items()}
        ids = given if isinstance(given, Mapping | str) else read_ids(given, name)
        if isinstance(ids, CellIds) and ids.populations is not None:
            return {one: await self._ids(ids, one, name) for one in dict.fromkeys(ids.populations)}
        population = self._usual(name)
        return {population: await self._ids(ids, population, name)}

    def _usual(self, name: str) -> str:
        """Return the population of cells that do not tell theirs: the one that is loaded."""
        known = self._loaded or [one for one in [self._circuit.default_population] if one is not None]
        if len(known) != 1:
            names = ", ".join(map(repr, self._loaded or self._populations))
            raise CircuitError(
                f"{name} does not tell of which population the cells are.",
                hint=f"Give {{'population': cells}}; the circuit has {names}.",
            )
        return known[0]

    async def _ids(self, given: Any, name: str, argument: str) -> Ints:
        if isinstance(given, str) and is_ranges(given):
            return parse_ranges(given, argument)
        if name not in self._populations:
            hint = nearest(name, self._populations)
            raise CircuitError(f"{self._circuit.path!r} has no node population {name!r}.", hint=hint)
        population = self._populations[name]
        choice, questions = _choice(given, argument), Questions(self._ready, self._circuit.path, population)
        await questions.check_node_sets(dict.fromkeys(choice.node_sets, ()))
        found, remarks = await meeting(questions, population, choice)
        self.remarks += (remark.text for remark in remarks)
        return found


def _choice(given: Any, argument: str) -> Choice:
    if isinstance(given, str):
        return Choice(node_sets=[given])
    if isinstance(given, Mapping):
        return Choice(query=parse(given, argument))
    return Choice(node_ids=read_ids(given, argument))
