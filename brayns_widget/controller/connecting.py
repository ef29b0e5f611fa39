"""Connections between cells, and points of any kind: synapses, partners, tables, electrodes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from annotated_types import Ge

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.reports import Report, ignore
from brayns_widget.controller.amounts import Radius
from brayns_widget.controller.arguments import Reads
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.circuits import Circuit
from brayns_widget.controller.connected import MOST_ROWS, EdgesFound, Form, PartnerList, Partners, Synapses, counted
from brayns_widget.controller.ends import Cells, Ends
from brayns_widget.controller.files import inspect_circuit, resolve
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.models import Model, Models
from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.selected import Selected, make_selected
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.selection import Name, Names
from brayns_widget.controller.sources import CircuitPath, place_of
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import pandas as pd

    from brayns_widget.controller.edges import Direction, Part

Directions = Literal["afferent", "efferent", "both"]
MOST_LISTED = 1000
"""Partners that a page gets."""


def _read_table(value: Any, name: str) -> Any:
    if not hasattr(value, "columns") or not hasattr(value, "iloc"):
        raise ValueError(f"{name} is {type(value).__name__}, not a DataFrame")
    return value


if TYPE_CHECKING:
    Table: TypeAlias = pd.DataFrame
else:
    Table = Annotated[Any, Reads(_read_table)]


class Connections(Group):
    """Synapses between cells, partners of cells, and points of one's own.

    Cells come in any form: one id or many, a query, the name of a node set, a model, the selection, what was picked, or
    a mapping of these by node population. Those that do not tell their population are of the one that is loaded::

        viewer.synapses(source={"layer": 4}, target={"layer": 5}).show("lines", color_by="type")
        viewer.synapses(source={"thalamus": None}, target=viewer.selection).dataframe()
        viewer.partners(7).isolate()
    """

    def __init__(self, core: Core, models: Models, selection: Selection) -> None:
        super().__init__(core)
        self._models = models
        self._selection = selection

    @waiting
    async def synapses(
        self,
        source: Any = None,
        target: Any = None,
        *,
        populations: Names | None = None,
        path: CircuitPath | None = None,
    ) -> Synapses:
        """Find the synapses from some cells to some cells.

        Args:
            source: the cells that send; None: any, of all node populations.
            target: the cells that receive, likewise.
            populations: edge populations; None: all that join such cells.
            path: the circuit; None: the one that is loaded.

        Raises:
            CircuitError: this backend cannot tell edges, or it is not clear which circuit or which cells are meant.
            QueryError: a query does not fit its population.
            ValueError: the cells are in no form that is known.
        """
        ready, parts = await self._joining(source, target, populations, path)
        return Synapses(self._core, self._models, await counted(ready.backend, parts))

    @waiting
    async def partners(
        self,
        cell: Any = None,
        direction: Directions = "both",
        *,
        populations: Names | None = None,
        path: CircuitPath | None = None,
    ) -> Partners:
        """Find the cells that synapses join with a cell, or with several.

        Args:
            cell: the cell; None: the selected ones, such as the one that was picked last.
            direction: "afferent": those that send to it; "efferent": those that it sends to; or "both".
            populations: edge populations; None: all.
            path: the circuit; None: the one that is loaded.

        Raises:
            CircuitError: nothing is selected, or as of ``synapses``.
            QueryError: a query does not fit its population.
            ValueError: the cells are in no form that is known.
        """
        from brayns_widget.controller import edges, wires

        ready, circuit, ends = await self._circuit(path)
        assert ready.backend is not None  # checked by _circuit
        cells = await ends.read(self._selection if cell is None else cell, "cell")
        self._tell(ends)
        parts: list[Part] = []
        if direction != "efferent":
            parts += _parts(circuit, None, cells, populations, "afferent")
        if direction != "afferent":
            parts += _parts(circuit, cells, None, populations, "efferent")
        far = ["source" if part.direction == "afferent" else "target" for part in parts]
        found = await asyncio.gather(
            *(edges.count_by(ready.backend, part, end) for part, end in zip(parts, far, strict=True))  # type: ignore[arg-type]
        )
        counts: dict[str, list[Any]] = {
            name: [] for name in (["afferent", "efferent"] if direction == "both" else [direction])
        }
        told: list[Part] = []
        for part, numbers in zip(parts, found, strict=True):
            counts[part.direction].append(wires.of_population(part, numbers))
            told.append(wires.with_count(part, numbers))
        frame = wires.to_cells(counts)
        return Partners(
            self._core,
            self._selection,
            Synapses(self._core, self._models, told),
            frame,
            cells=_selected(circuit, cells or {}),
            partners=make_selected(wires.by_population(frame)),
        )

    @offered
    @waiting
    async def count_synapses(
        self, source: Any = None, target: Any = None, *, path: CircuitPath | None = None
    ) -> tuple[EdgesFound, ...]:
        """Count the synapses of each edge population that joins such cells; arguments and errors as of ``synapses``."""
        from brayns_widget.controller.edges import attributes

        ready, parts = await self._joining(source, target, None, path)
        assert ready.backend is not None  # checked by _circuit
        found = await counted(ready.backend, parts)
        names = await asyncio.gather(*(attributes(ready.backend, part) for part in parts))
        return tuple(
            EdgesFound(part.population, part.count, tuple(known)) for part, known in zip(found, names, strict=True)
        )

    @offered
    @long
    async def show_synapses(
        self,
        report: Report,
        source: Any = None,
        target: Any = None,
        *,
        populations: Names | None = None,
        path: CircuitPath | None = None,
        form: Form = "spheres",
        color_by: Name | None = "direction",
        limit: Annotated[int, Ge(1)] = MOST_ROWS,
    ) -> Model:
        """Find synapses and show them: ``synapses`` and ``Synapses.show`` as one call, whose task can be cancelled.

        Args:
            report: is told what is done.
            source: the cells that send, as of ``synapses``.
            target: the cells that receive.
            populations: edge populations; None: all that join such cells.
            path: the circuit; None: the one that is loaded.
            form: "spheres" or "lines"; this and the rest as of ``Synapses.show``.
            color_by: "direction", "type", or an attribute of the edges; None: one color.
            limit: the most spheres or lines; of more, so many at even steps, and the notice says so.

        Raises:
            CircuitError: as of both.
            QueryError: as of both.
            ValueError: as of both.
        """
        report(None, "Counting synapses")
        found = await self.synapses.aio(source, target, populations=populations, path=path)
        report(None, "Reading synapses")
        return await found.show.aio(form, color_by=color_by, limit=limit)

    @offered
    @waiting
    async def list_partners(
        self,
        cell: Any = None,
        direction: Directions = "both",
        *,
        isolate: bool = False,
        path: CircuitPath | None = None,
    ) -> PartnerList:
        """List the partners of a cell, those with most synapses first; the rest as of ``partners``.

        Args:
            cell: the cell; None: the selected ones.
            direction: "afferent", "efferent" or "both".
            isolate: whether all other cells fade, as by ``Partners.isolate``.
            path: the circuit; None: the one that is loaded.
        """
        found = await self.partners.aio(cell, direction, path=path)
        if isolate:
            await found.isolate.aio()
        return found.listed(MOST_LISTED)

    @waiting
    async def add_points(
        self,
        table: Table,
        *,
        radius: Radius | Name = 1.0,
        color_by: Any = None,
        color: Any = None,
        name: Name = "points",
        colormap: Any = None,
        range: tuple[float, float] | None = None,  # noqa: A002 - the usual word
        palette: Any = None,
        missing: Any = None,
        title: str | None = None,
    ) -> Model:
        """Show the rows of a table as spheres.

        Args:
            table: a DataFrame with the columns "x", "y" and "z", in µm. Rows without a place are left out, and the
                notice says so.
            radius: of the spheres in µm, or the name of a column that has those.
            color_by: the name of a column, or a value for each row; None: one color.
            color: the one color, in any form that ``colors.parse`` reads.
            name: of the model.
            colormap: the rest as of ``Model.color_by``.
            range: of numbers, the values at the ends of the color map.
            palette: of categories, their colors.
            missing: color of those without a value.
            title: of the legend.

        Raises:
            ValueError: a column is missing or has no numbers, no row has a place, there are too many, something is no
                color, or an option does not go with the values.
        """
        from brayns_widget.controller.points import add_points
        from brayns_widget.controller.tabled import read_points

        options = {"colormap": colormap, "range": range, "palette": palette, "missing": missing, "title": title}
        points, values, left = read_points(table, radius, None if color is not None else color_by, name)
        painter = self._models._painter  # noqa: SLF001 - of the same package
        added = await add_points(self._core, painter, points, values=values, color=color, options=options)
        if left:
            self._core.tell("info", f"{left:,} rows are not shown, for they have no place, or no radius.")
        return self._models.by_id(added)

    @waiting
    async def load_electrodes(
        self,
        path: str | Path,
        *,
        radius: Radius = 10.0,
        color_by: Name | None = None,
        color: Any = None,
    ) -> Model:
        """Show a recording array: the electrodes of a file on this machine.

        Args:
            path: SONATA's HDF5 file of electrodes, as BlueRecording writes it, whose group ``electrodes`` has a group
                with a ``position`` for each; or a table in CSV with the columns x, y, z, or x_pos, y_pos, z_pos, as
                BMTK has it. HDF5 takes h5py, which comes with the extra ``local``.
            radius: of their spheres, µm.
            color_by: another column, or a text that each has, such as "type", "region" or "layer"; None: one color.
            color: the one color, in any form that ``colors.parse`` reads.

        Raises:
            OSError: the file cannot be read.
            ValueError: it has no electrodes, or no such column.
        """
        from brayns_widget.controller.tabled import read_electrodes

        table, name = await asyncio.to_thread(read_electrodes, path)
        return await self.add_points.aio(table, radius=radius, color_by=color_by, color=color, name=name)

    # ------------------------------------------------------------------ work

    def _tell(self, ends: Ends) -> None:
        if ends.remarks:
            self._core.tell("warning", " ".join(dict.fromkeys(ends.remarks)))

    async def _joining(
        self, source: Any, target: Any, populations: Sequence[str] | None, path: Any
    ) -> tuple[Ready, list[Part]]:
        """Return the servers, and the parts of the edge populations that join such cells, not counted yet."""
        ready, circuit, ends = await self._circuit(path)
        sources, targets = await asyncio.gather(ends.read(source, "source"), ends.read(target, "target"))
        self._tell(ends)
        direction: Direction = "afferent" if sources is None and targets is not None else "efferent"
        return ready, list(_parts(circuit, sources, targets, populations, direction))

    async def _circuit(self, path: Any) -> tuple[Ready, Circuit, Ends]:
        """Return the servers, what is known of a circuit, and the reader of its cells.

        Raises:
            CircuitError: no circuit is meant, or this job has no backend that can tell edges.
        """
        from brayns_widget.protocol.backend import SONATA_GET_EDGES

        ready = await self._core.connection.ensure(ignore)
        if ready.backend is None or not ready.capabilities.offers(SONATA_GET_EDGES.name):
            raise CircuitError(
                "This job has no backend that can tell which edges join cells.",
                hint="load_circuit(afferent=…, efferent=…) shows all synapses of the loaded cells with any renderer.",
            )
        models = [model for model in self._store.state.models if model.path and model.population]
        if path is None:
            paths = list(dict.fromkeys(model.path for model in models))
            if len(paths) != 1:
                there = f"Loaded are {', '.join(map(repr, paths))}." if paths else "No circuit is loaded."
                raise CircuitError("It is not clear of which circuit the cells are.", hint=f"Give path=…. {there}")
            where = str(paths[0])
        else:
            where = resolve(self._core, place_of(path, None)[0])
        circuit = await inspect_circuit(ready.backend, where, ready.capabilities.offers, node_sets=False)
        loaded = [str(model.population) for model in models if model.path == where]
        return ready, circuit, Ends(ready, circuit, loaded)


def _parts(
    circuit: Circuit, sources: Cells | None, targets: Cells | None, names: Sequence[str] | None, direction: Direction
) -> Iterator[Part]:
    """Yield the parts of the edge populations that join such cells."""
    from brayns_widget.controller.edges import Part

    ends = _ends(circuit)
    for name in names or ():
        if name not in ends:
            text = f"{circuit.path!r} has no edge population {name!r} between known nodes."
            raise CircuitError(text, hint=nearest(name, ends))
    for name in ends if names is None else dict.fromkeys(names):
        source, target = ends[name]
        if (sources is None or source in sources) and (targets is None or target in targets):
            starts = None if sources is None else sources[source]
            stops = None if targets is None else targets[target]
            yield Part(circuit.path, name, source, target, starts, stops, direction)


def _ends(circuit: Circuit) -> Mapping[str, tuple[str, str]]:
    """Return the node populations that each edge population joins."""
    sources = {name: population.name for population in circuit.populations for name in population.efferent}
    targets = {name: population.name for population in circuit.populations for name in population.afferent}
    return {name: (sources[name], targets[name]) for name in sorted(sources.keys() & targets.keys())}


def _selected(circuit: Circuit, cells: Cells) -> Selected:
    import numpy as np

    sizes = {population.name: population.size for population in circuit.populations}
    return make_selected({name: np.arange(sizes[name]) if ids is None else ids for name, ids in cells.items()})
