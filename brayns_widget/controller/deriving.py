"""What can be made of the selected cells: models of their own, and node sets."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.encoded import Encoded
from brayns_widget.controller.group import Core
from brayns_widget.controller.loading import add_model
from brayns_widget.controller.models import Model, Models
from brayns_widget.controller.selected import ids_of
from brayns_widget.controller.selection import Name
from brayns_widget.controller.showing import Showing
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.loaders import SonataParams

NodeSet = dict[str, Any]


class Deriving(Showing):
    """Calls that make something of the selected cells."""

    def __init__(self, core: Core, models: Models) -> None:
        super().__init__(core, models._painter)  # noqa: SLF001 - of the same package
        self._models = models

    @offered
    @long
    async def to_model(self, report: Report, *, color_by: Name | None = None) -> list[Model]:
        """Load the selected cells as models of their own, one for each population, beside those that show them.

        They are loaded as the first model of their population was, with the same parts and radii.

        Args:
            report: gets the progress.
            color_by: a coloring method of the models, such as "mtype"; None gives each one color.

        Raises (from the task):
            CircuitError: nothing is selected, or it was not loaded from a circuit.
        """
        from brayns_widget.protocol.brayns.loaders import SONATA

        selected, loaded = self._selected, list[Model]()
        renderer = await self._core.renderer()
        for population in selected:
            model = self._first(population)
            parameters = await _like(renderer, model, ids_of(selected, population).tolist())
            add = partial(add_model, path=str(model.path), loader=SONATA, parameters=parameters)
            loaded += await self._models._load(  # noqa: SLF001 - of the same package
                renderer, report, str(model.path), add, color_by=color_by, frame=False
            )
        return loaded

    @offered
    @waiting
    async def to_node_set(self, name: Name) -> NodeSet:
        """Return the selected cells as SONATA node sets, as in a file of these.

        Args:
            name: name of the node set. Of several populations it is compound: each has a node set of its own, whose
                name ends in that of the population.

        Raises:
            CircuitError: nothing is selected.
        """
        return self._node_set(name)

    def _node_set(self, name: str) -> NodeSet:
        selected = self._selected
        single = {
            population: {"population": population, "node_id": ids_of(selected, population).tolist()}
            for population in selected
        }
        if len(single) == 1:
            return {name: single.popitem()[1]}
        return {f"{name}_{population}": one for population, one in single.items()} | {
            name: [f"{name}_{population}" for population in single]
        }

    def save_node_set(self, path: str | Path, name: str) -> None:
        """Write the selected cells to a file of SONATA node sets on this machine; others in it are kept.

        Args:
            path: the file, usually ``node_sets.json``.
            name: name of the node set; see ``to_node_set``.

        Raises:
            CircuitError: nothing is selected, or the file has a node set of this name.
            ValueError: the file is there, and has no node sets.
            OSError: it cannot be read or written.
        """
        file, made = Path(path).expanduser(), self._node_set(name)
        known = _read(file) if file.exists() else {}
        if taken := sorted(known.keys() & made.keys()):
            raise CircuitError(f"{str(file)!r} has a node set {taken[0]!r} already.", hint="Choose another name.")
        Encoded(json.dumps(known | made, indent=2).encode()).save(file)

    def _first(self, population: str) -> ModelState:
        for model in self._store.state.models:
            if model.population == population and model.path is not None:
                return model
        raise CircuitError(f"No loaded model shows population {population!r}.", hint="Load it first.")


async def _like(renderer: Server, model: ModelState, ids: list[int]) -> SonataParams:
    """Return how a model was loaded, but for its cells."""
    from brayns_widget.protocol.brayns.loaders import SONATA, SonataParams
    from brayns_widget.protocol.brayns.models import GET_MODEL, GetModelParams

    origin = (await renderer.call(GET_MODEL, GetModelParams(id=model.id))).info.load_info
    if origin is None or origin.loader_name != SONATA:
        raise CircuitError(f"{model.name!r} was not loaded from a SONATA circuit.")
    for settings in SonataParams.model_validate(origin.load_parameters).node_population_settings:
        if settings.node_population == model.population:
            given = {name: getattr(settings, name) for name in settings.model_fields_set - _CHOICE}
            chosen = type(settings)(**given, node_ids=ids, node_percentage=1.0)
            return SonataParams(node_population_settings=[chosen])
    raise CircuitError(f"{model.name!r} does not tell how it was loaded.")


_CHOICE = {"edge_populations", "node_count_limit", "node_ids", "node_percentage", "node_sets"}


def _read(file: Path) -> NodeSet:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{str(file)!r} is there, and is not JSON: {error}") from error
    if not isinstance(known, dict):
        raise ValueError(f"{str(file)!r} is there, and is not an object of node sets")  # noqa: TRY004 - of a file
    return known
