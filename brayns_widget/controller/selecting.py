"""The selection: cells that people have picked or named, by population."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from brayns_widget.controller.amounts import Share
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.cell_ids import CellIds, read_ids
from brayns_widget.controller.deriving import Deriving
from brayns_widget.controller.files import inspect_circuit
from brayns_widget.controller.group import Core
from brayns_widget.controller.models import Models
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.picking import Aspect, Hearers, look_at, with_attributes
from brayns_widget.controller.pins import Pins
from brayns_widget.controller.rows import read_rows
from brayns_widget.controller.selected import (
    NOTHING,
    Selected,
    count_of,
    ids_of,
    joined,
    make_selected,
    read_selected,
)
from brayns_widget.controller.selection import Name
from brayns_widget.controller.sources import PopulationName
from brayns_widget.controller.value_colors import kind_of
from brayns_widget.controller.valued import CellValues
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError
from brayns_widget.protocol.ids import ascending

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class Selection(Deriving):
    """The selected cells, by population.

    Ids come in any form: lists, arrays, masks, selections of libsonata, bluepysnap and pandas. Those that do not tell
    their population are of the one that is loaded. Cells stay selected when their models are removed::

        viewer.selection = {"cells": [1, 2, 3]}           # of the widget: a trait, to observe and to link
        viewer.selection.add(libsonata.Selection([(10, 20)]))
        libsonata.Selection(viewer.selection.ids())
    """

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __init__(self, core: Core, models: Models, pins: Pins) -> None:
        super().__init__(core, models)
        self._pins = pins
        self._hearers = Hearers()
        self._values = CellValues(core, self._painter)
        self._looking: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------------ reading

    @property
    def value(self) -> Selected:
        """The present selection as an immutable mapping: ids by population, written as ranges such as "0-79,90"."""
        return self._store.state.selection

    @property
    def populations(self) -> tuple[str, ...]:
        """The populations that have selected cells."""
        return tuple(self.value)

    def __len__(self) -> int:
        return count_of(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, Selection) else other)

    def __repr__(self) -> str:
        parts = [f"{count_of({name: text})} of {name!r}" for name, text in self.value.items()]
        return f"<Selection: {', '.join(parts) or 'nothing'}>"

    def ids(self, population: str | None = None) -> np.ndarray:
        """Return the node ids (N,) of a population's selected cells, ascending.

        Args:
            population: its name; None if only one has selected cells.

        Raises:
            CircuitError: several populations have selected cells.
        """
        value = self.value
        if population is None:
            if len(value) > 1:
                names = ", ".join(map(repr, value))
                raise CircuitError("Cells of several populations are selected.", hint=f"Name one of {names}.")
            population = next(iter(value), "")
        return ids_of(value, population)

    def read(self, ids: Any) -> Selected:
        """Read ids without selecting them, or asking anybody: masks are refused, for their lengths cannot be checked.

        Args:
            ids: as of ``set``.

        Raises:
            CircuitError: it is not clear of which population they are.
            ValueError: they are no ids.
        """
        return ids.value if isinstance(ids, Selection) else read_selected(ids, known=self._known())

    # ------------------------------------------------------------------ changing

    @offered
    @waiting
    async def set(self, ids: Any, population: PopulationName | None = None) -> None:
        """Select these cells, and no others.

        Args:
            ids: the cells, in any form, or a mapping of these by population.
            population: their node population, if they do not tell it and several are loaded.

        Raises:
            CircuitError: it is not clear of which population they are, or a mask does not fit.
            ValueError: they are no ids.
        """
        self._take(await self._read(ids, population))

    @offered
    @waiting
    async def add(self, ids: Any, population: PopulationName | None = None) -> None:
        """Select these cells, too; arguments and errors as of ``set``."""
        found = await self._read(ids, population)
        self._take(joined(self.value, found, _with))

    @offered
    @waiting
    async def remove(self, ids: Any, population: PopulationName | None = None) -> None:
        """Select these cells no more; arguments and errors as of ``set``."""
        found = await self._read(ids, population)
        self._take(joined(self.value, found, _without))

    @offered
    @waiting
    async def set_by_value(self, attribute: str, value: Any, *, add: bool = False) -> None:
        """Select the cells that have a value, in all models that are colored by its attribute.

        Args:
            attribute: what the models are colored by, such as "mtype", or the name of values of yours.
            value: one of the categories in the legend.
            add: whether the other cells stay selected; those with the value are then selected no more if all were.

        Raises:
            CircuitError: no model shows such a value, its values are not of cells, or the attribute cannot be read.
        """
        found = await self._values.cells_with(kind_of(attribute), str(value))
        if not add:
            self._put(found)
        elif joined(found, self.value, _without):
            self._put(joined(self.value, found, _with))
        else:
            self._put(joined(self.value, found, _without))

    @offered
    @waiting
    async def clear(self) -> None:
        """Select nothing."""
        self._take(NOTHING)

    @offered
    @waiting
    async def pick(self, u: Share, v: Share, *, add: bool = False, aspect: Aspect | None = None) -> Picked:
        """Select the cell that the picture shows at a point, through the present camera.

        Args:
            u: from the picture's first column, 0, to its last, 1.
            v: from its first row, 0, to its last, 1.
            add: whether the other cells stay selected; the cell is then selected no more if it was.
            aspect: width / height of the picture; None: of the newest one, as Brayns takes it always.

        Returns:
            what is there; where no cell of a circuit is, nothing is selected, or with ``add`` all stays.
        """
        import numpy as np

        found = await look_at(self._core, u, v, aspect)
        here = NOTHING
        if found.cell is not None and found.population is not None:
            here = make_selected({found.population: np.array([found.cell], np.int64)})
        self._put(joined(self.value, here, partial(np.setxor1d, assume_unique=True)) if add else here)
        found = self._pins.number(await with_attributes(self._core, found))
        self._hearers.tell(found)
        return found

    def on_pick(self, call: Callable[[Picked], object]) -> Callable[[], None]:
        """Call a function with each pick, by a page or by ``pick``.

        Args:
            call: the function; it is called on a thread of its own, and may make any call.

        Returns:
            a function that ends it.
        """
        return self._hearers.add(call)

    # ------------------------------------------------------------------ attributes

    @waiting
    async def read_cells(self, attributes: Sequence[Name] | None = None) -> pd.DataFrame:
        """Read the node attributes of the selected cells.

        Args:
            attributes: names of node attributes; None reads all.

        Returns:
            a DataFrame with a row for each selected cell, indexed by ``population`` and ``node_id``. Where the
            attributes cannot be read it has the ids alone, and the notice says why.

        Raises:
            QueryError: a population has no such attribute.
        """
        frame, problem = await read_rows(self._core, self.value, attributes)
        if problem is not None:
            self._core.tell("warning", problem.message, problem.hint)
        return frame

    # ------------------------------------------------------------------ work

    async def _read(self, ids: Any, population: Any) -> Selected:
        if isinstance(ids, Selection):
            return ids.value
        many = isinstance(ids, Mapping)
        parts = {key: _parsed(one, key) for key, one in ids.items()} if many else {"ids": _parsed(ids)}
        has_mask = any(isinstance(part, CellIds) and part.is_mask for part in parts.values())
        sizes = await self._sizes() if has_mask else None
        given = parts if many else parts["ids"]
        return read_selected(given, "ids", population=population, known=self._known(), sizes=sizes)

    def _known(self) -> list[str]:
        return [model.population for model in self._store.state.models if model.population is not None]

    async def _sizes(self) -> dict[str, int]:
        """Read how many cells the loaded populations have."""
        backend, sizes = await self._core.backend(), dict[str, int]()
        capabilities = self._store.state.capabilities
        paths = {model.path for model in self._store.state.models if model.population and model.path}
        for path in sorted(paths):
            offers = capabilities.offers if capabilities is not None else (lambda _: False)
            circuit = await inspect_circuit(backend, path, offers, node_sets=False)
            sizes |= {population.name: population.size for population in circuit.populations}
        return sizes

    def _put(self, selected: Selected) -> None:
        if selected != self.value:
            self._store.state = replace(self._store.state, selection=selected)

    def _take(self, selected: Selected) -> None:
        """Set the selection, and tell of cells that nobody can see."""
        self._put(selected)
        task = asyncio.create_task(self._tell_unseen(selected), name="look for selected cells")
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _tell_unseen(self, selected: Selected) -> None:
        try:
            texts = [text for name in selected if (text := await self._unseen(selected, name))]
        except BraynsWidgetError:
            return  # whoever asks the renderer next is told
        if texts and selected == self.value:
            self._core.tell("info", " ".join(texts), "They stay selected, and are seen once they are loaded.")

    async def _unseen(self, selected: Selected, population: str) -> str:
        """Say which selected cells no model shows, or nothing."""
        import numpy as np

        ids, ready = ids_of(selected, population), self._core.connection.ready
        models = [model for model in self._store.state.models if model.population == population]
        if not models:
            return f"No loaded model shows population {population!r}."
        for model in models:
            if ready is None:
                return ""
            ids = np.setdiff1d(ids, await self._painter.loaded.ascending(ready.renderer, model.id), assume_unique=True)
        if not len(ids):
            return ""
        return f"{len(ids)} of the selected cells of {population!r} are in no loaded model, such as {ids[0]}."


def _parsed(ids: Any, population: Any = None) -> Any:
    """Read ids; those of a population may be a text."""
    if population is not None and isinstance(ids, str):
        return ids
    return read_ids(ids, "ids" if population is None else f"ids[{population!r}]")


def _with(one: Any, other: Any) -> Any:
    import numpy as np

    return ascending(np.concatenate([one, other]))


def _without(one: Any, other: Any) -> Any:
    import numpy as np

    return np.setdiff1d(one, other, assume_unique=True)
