"""Synapses between two selections of cells, and the partners of cells, as values that can be read and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from annotated_types import Ge

from brayns_widget.controller.amounts import Radius
from brayns_widget.controller.calls import waiting
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.models import Model, Models
from brayns_widget.controller.selected import Selected, count_of, joined
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.selection import Limit, Name
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import pandas as pd

    from brayns_widget.controller.edges import Part

Form = Literal["spheres", "lines"]
RADII: Mapping[Form, float] = MappingProxyType({"spheres": 2.0, "lines": 1.0})

MOST_ROWS = 100_000
"""Synapses that are read, and shown, unless more are asked for."""


@dataclass(frozen=True, slots=True)
class EdgesFound:
    """How many edges of one population join cells.

    Attributes:
        name: of the edge population.
        count: number of its edges.
        attributes: names of its attributes.
    """

    name: str
    count: int
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partner:
    """A cell that synapses join with those that were asked for.

    Attributes:
        population: its node population.
        cell: its node id.
        afferent: number of synapses from it onto them.
        efferent: number of synapses from them onto it.
    """

    population: str
    cell: int
    afferent: int
    efferent: int


@dataclass(frozen=True, slots=True)
class PartnerList:
    """Partners, those with most synapses first.

    Attributes:
        count: number of all of them.
        synapses: number of the synapses with all of them.
        partners: the first of them.
    """

    count: int
    synapses: int
    partners: tuple[Partner, ...]


class Synapses(Group):
    """Synapses (edges) between two selections of cells: how many there are, what they are, where they are.

    Made by ``viewer.synapses`` and ``viewer.partners``. Two of them can be added::

        onto = viewer.synapses(target=7)
        (onto + viewer.synapses(source=7)).show(color_by="direction")
    """

    def __init__(self, core: Core, models: Models, parts: Sequence[Part]) -> None:
        super().__init__(core)
        self._models = models
        self._parts = tuple(parts)

    @property
    def count(self) -> int:
        """Number of all of them."""
        return sum(part.count for part in self._parts)

    @property
    def populations(self) -> Mapping[str, int]:
        """Number of them in each edge population that joins the cells."""
        found: dict[str, int] = {}
        for part in self._parts:
            found[part.population] = found.get(part.population, 0) + part.count
        return MappingProxyType(found)

    def __len__(self) -> int:
        return self.count

    def __add__(self, other: Synapses) -> Self:
        return type(self)(self._core, self._models, [*self._parts, *other._parts])

    def __repr__(self) -> str:
        parts = [f"{number} of {name!r}" for name, number in self.populations.items() if number]
        return f"<Synapses: {', '.join(parts) or 'none'}>"

    @waiting
    async def dataframe(self, limit: Limit = MOST_ROWS, attributes: Sequence[Name] | None = None) -> pd.DataFrame:
        """Read them.

        Args:
            limit: the most that are read; of more, so many at even steps, and the notice says so.
            attributes: names of attributes of edges; None reads all.

        Returns:
            a DataFrame with a row for each, indexed by ``population`` and ``edge_id``, with the columns
            ``@source_node``, ``@target_node`` and ``direction``, and the attributes; ``attrs["count"]`` is the number
            of all of them.

        Raises:
            QueryError: an edge population has no such attribute.
            CircuitError: they cannot be read.
        """
        from brayns_widget.controller.wires import read_parts

        frame = await read_parts(await self._core.backend(), self._parts, attributes, limit)
        self._tell_rest(len(frame), "read")
        frame.attrs["count"] = self.count
        return frame

    @waiting
    async def show(
        self,
        form: Form = "spheres",
        *,
        color_by: Name | None = "direction",
        color: Any = None,
        radius: Radius | None = None,
        limit: Annotated[int, Ge(1)] = MOST_ROWS,
        colormap: Any = None,
        range: tuple[float, float] | None = None,  # noqa: A002 - the usual word
        palette: Any = None,
        missing: Any = None,
        title: str | None = None,
    ) -> Model:
        """Show them as a model: as spheres at their places, or as lines between the somas that they join.

        A sphere is where the file has the synapse on the receiving cell: at its surface, else on its center line, else
        likewise on the sending cell. A line stands for all synapses of a pair of cells, and becomes thinner from the
        sending cell to the receiving one.

        Args:
            form: "spheres" or "lines".
            color_by: "direction": afferent, onto the cells that were asked for, or efferent, from them; "type":
                excitatory or inhibitory, by the ``synapse_class`` ("EXC", "INH") or ``ei`` ("e", "i") of the sending
                cells, else by the edges' ``syn_type_id`` (100 and more: excitatory), else by negative ``syn_weight``;
                or an attribute of the edges, of which a line has the mean; None: one color.
            color: the one color, in any form that ``colors.parse`` reads.
            radius: in µm; None: 2 of spheres, 1 of lines where they begin.
            limit: the most spheres or lines; of more, so many at even steps, and the notice says so. An error names the
                most that a model can have.
            colormap: the rest as of ``Model.color_by``.
            range: of numbers, the values at the ends of the color map.
            palette: of categories, their colors.
            missing: color of those without a value.
            title: of the legend.

        Raises:
            CircuitError: there are none, they do not tell their places, or they cannot be colored so.
            QueryError: an edge population has no such attribute.
            ValueError: something is no color, or an option does not go with the values.
        """
        from brayns_widget.controller import wires
        from brayns_widget.controller.points import MOST_SHAPES, add_points

        if not self.count:
            raise CircuitError("There are no such synapses, so there is nothing to show.")
        if limit > MOST_SHAPES:
            raise ValueError(f"limit is {limit}; a model has at most {MOST_SHAPES} spheres or lines")
        options = {"colormap": colormap, "range": range, "palette": palette, "missing": missing, "title": title}
        make = wires.spheres if form == "spheres" else wires.lines
        radius = RADII[form] if radius is None else radius
        wired = await make(await self._core.backend(), self._parts, color_by if color is None else None, radius, limit)
        if wired.remarks:
            self._core.tell("info", " ".join(wired.remarks))
        painter = self._models._painter  # noqa: SLF001 - of the same package
        added = await add_points(self._core, painter, wired.points, values=wired.values, color=color, options=options)
        return self._models.by_id(added)

    def _tell_rest(self, number: int, done: str) -> None:
        if number < self.count:
            text = f"{number:,} of {self.count:,} synapses were {done}, at even steps."
            self._core.tell("info", text, "A larger limit takes more.")


class Partners(Group):
    """Cells that synapses join with cells that were asked for. Made by ``viewer.partners``."""

    def __init__(
        self,
        core: Core,
        selection: Selection,
        synapses: Synapses,
        dataframe: pd.DataFrame,
        *,
        cells: Selected,
        partners: Selected,
    ) -> None:
        super().__init__(core)
        self._selection = selection
        self._synapses = synapses
        self._dataframe = dataframe
        self._cells = cells
        self._partners = partners

    @property
    def cells(self) -> Selected:
        """The cells that were asked for: ids by population, as ranges such as "0-79,90"."""
        return self._cells

    @property
    def partners(self) -> Selected:
        """The cells that synapses join with them, likewise."""
        return self._partners

    @property
    def synapses(self) -> Synapses:
        """The synapses between them."""
        return self._synapses

    @property
    def dataframe(self) -> pd.DataFrame:
        """The partners, those with most synapses first, indexed by ``population`` and ``node_id``.

        ``afferent`` is the number of synapses from the partner onto the cells, ``efferent`` that from them onto it.
        """
        return self._dataframe

    def __len__(self) -> int:
        return len(self.dataframe)

    def __repr__(self) -> str:
        return f"<Partners: {len(self)} of {count_of(self.cells)} cells, by {self.synapses.count} synapses>"

    def listed(self, limit: int) -> PartnerList:
        """Return the first of them as values that a page can have."""
        frame = self.dataframe.head(limit)
        columns = [frame[name].tolist() if name in frame else [0] * len(frame) for name in ("afferent", "efferent")]
        partners = [
            Partner(population, int(cell), afferent, efferent)
            for (population, cell), afferent, efferent in zip(frame.index, *columns, strict=True)
        ]
        return PartnerList(len(self), self.synapses.count, tuple(partners))

    def _repr_html_(self) -> str:
        html: str = self.dataframe._repr_html_()  # type: ignore[operator]
        return html

    @waiting
    async def select(self) -> None:
        """Select the partners, and no others."""
        await self._selection.set.aio(self.partners)

    @waiting
    async def isolate(self) -> None:
        """Select the cells and their partners, and let all others fade, until ``selection.show_all``.

        Raises:
            CircuitError: no model shows any of them, or one was colored elsewhere.
        """
        await self._selection.set.aio(joined(self.cells, self.partners, _with))
        await self._selection.isolate.aio()


def _with(one: Any, other: Any) -> Any:
    import numpy as np

    from brayns_widget.protocol.ids import ascending

    return ascending(np.concatenate([one, other]))


async def counted(server: Any, parts: Sequence[Part]) -> list[Part]:
    """Return parts with the numbers of their edges, asked for all at once."""
    from brayns_widget.controller.edges import count

    numbers = await asyncio.gather(*(count(server, part) for part in parts))
    return [replace(part, count=number) for part, number in zip(parts, numbers, strict=True)]
