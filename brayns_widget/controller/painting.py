"""Coloring of models: by the renderer's coloring methods, by node attributes, or by the user's values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.server import Server
from brayns_widget.controller.group import Core
from brayns_widget.controller.legend import LegendSection, legend_of_values
from brayns_widget.controller.loaded import LoadedIds
from brayns_widget.controller.looks import BY_ID, Look, Looks
from brayns_widget.controller.nearest import did_you_mean
from brayns_widget.controller.palettes import colors_of_ids
from brayns_widget.controller.palettes import palette as usual_palette
from brayns_widget.controller.state import ModelState
from brayns_widget.controller.value_colors import give, kind_of, tells_cells, with_colors
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import pandas as pd

SOLID, BY_PRIMITIVE = "solid", "primitive"
_MODEL_COLORS = 7


@dataclass(frozen=True, slots=True)
class Painted:
    """All about the colors of a model."""

    look: Look
    colored_by: str
    color: str | None
    legend: LegendSection | None


class Painter:
    """Painter of one controller's models. Callers hold the scene's ``changing``.

    Args:
        core: the controller's core.

    Attributes:
        loaded: the cells of the models.
        looks: their colorings, and what lies over these.
    """

    def __init__(self, core: Core) -> None:
        self.loaded = LoadedIds(core.scene)
        self.looks = Looks(core, self.loaded)
        self._core = core
        self._listed: dict[tuple[str, str, str], asyncio.Task[Sequence[str]]] = {}

    def list_values(self, path: str | None, population: str | None, name: str) -> asyncio.Task[Sequence[str]] | None:
        """Begin to read all values that an attribute has in a population, as far as the backend tells.

        It is read once, and while a model loads, because the backend starts a process for it.

        Args:
            path: the circuit's configuration, or None for other files.
            population: the node population, or None.
            name: a coloring method or node attribute.

        Returns:
            the task that reads them, not to be cancelled; None if there is nothing to ask.
        """
        from brayns_widget.controller.attributes import read_values
        from brayns_widget.protocol.brayns.colors import CELL_ATTRIBUTES

        method, ready = method_name(name, tuple(CELL_ATTRIBUTES)), self._core.connection.ready
        attribute = name if method is None else CELL_ATTRIBUTES[method]
        if path is None or population is None or ready is None or ready.backend is None:
            return None
        key = (path, population, attribute)
        if (task := self._listed.get(key)) is None:
            work = read_values(ready.backend, path, population, attribute)
            task = self._listed[key] = asyncio.create_task(work, name="list values")
            task.add_done_callback(lambda done: self._forget_failed(key, done))
        return task

    def _forget_failed(self, key: tuple[str, str, str], task: asyncio.Task[Sequence[str]]) -> None:
        if task.cancelled() or task.exception() is not None:
            del self._listed[key]

    async def paint_new(self, renderer: Server, model_id: int, color_by: str | None) -> None:
        """Color a model that was just loaded, then as requested.

        At first it has a color that no other model has and, if possible, no value in a legend.

        Raises:
            CircuitError: it cannot be colored so.
        """
        model = self._core.scene.model(model_id)
        if SOLID in model.color_methods:
            state = self._core.store.state
            taken = {other.color for other in state.models}
            meant = {entry.color for section in state.sections for entry in section.entries}
            choices = [colors.to_hex(color) for color in usual_palette(_MODEL_COLORS)]
            await self._solid(renderer, model, min(choices, key=lambda color: (color in taken, color in meant)))
        if color_by is not None:
            await self.paint(renderer, model_id, color_by)

    async def paint(self, renderer: Server, model_id: int, name: str, **how: Any) -> None:
        """Color a model by one of its coloring methods or by a node attribute.

        Args:
            renderer: draws it.
            model_id: the model.
            name: "solid", another coloring method, with spaces or underscores, or a node attribute.
            how: the options of ``Model.color_by`` that were given.

        Raises:
            CircuitError: it has neither such a method nor such an attribute.
            ValueError: an option does not go with it.
        """
        model = self._core.scene.model(model_id)
        method = method_name(name, model.color_methods)
        if method == SOLID:
            _refuse_others(how, {"color"}, "'solid'")
            given = how.get("color", model.color or colors.to_hex(usual_palette(1)[0]))
            await self._solid(renderer, model, colors.to_hex(colors.parse(given)))
        elif method is not None:
            _refuse_others(how, {"palette", "title"}, f"the coloring method {method!r}")
            await self._by_method(renderer, model, method, **how)
        else:
            values = await self._attribute(renderer, model, name)
            await self.paint_values(renderer, model_id, values, attribute=name, **how)

    async def paint_values(
        self, renderer: Server, model_id: int, values: Any, *, attribute: str | None = None, **how: Any
    ) -> None:
        """Color the cells of a model by values.

        Args:
            renderer: draws it.
            model_id: the model.
            values: as of ``Model.color_by``.
            attribute: the node attribute that they are, or None if they are the user's.
            how: the options of ``Model.color_by`` that were given.

        Raises:
            CircuitError: it shows no cells that could be colored one by one.
            ValueError: the values do not fit the cells, or an option does not go with values.
        """
        _refuse_others(how, {"colormap", "range", "missing", "palette", "title"}, "values")
        model = self._core.scene.model(model_id)
        if BY_ID not in model.color_methods:
            raise CircuitError(
                f"The cells of {model.name!r} cannot be colored one by one.", hint=_offer(model.color_methods)
            )
        from brayns_widget.controller.coloring import color_cells  # NumPy takes a tenth of a second

        ids = await self.ids(renderer, model_id)
        among = () if attribute is None or "palette" in how else await self._listed_values(model, attribute)
        usual = partial(self._give, among=among)
        found = color_cells(values, ids, model=model_id, usual=usual, **how)
        await self.looks.color(renderer, model_id, BY_ID, found.by_ids, found.keys)
        legend = replace(found.legend, selectable=bool(found.keys) and model.cells is not None)
        self._colored(model, colored_by=legend.title or "values", legend=legend)
        if "palette" in how and legend.attribute:
            by_label = {label: found.by_ids[key] for label, key in found.keys.items()}
            await self.recolor(renderer, legend.attribute, by_label)

    async def paint_primitives(self, renderer: Server, model_id: int, values: Any, count: int, **how: Any) -> None:
        """Color the shapes of a model by values.

        Args:
            renderer: draws it.
            model_id: the model, which was made of simple shapes.
            values: as of ``color_cells``, by the places of the shapes.
            count: number of the shapes.
            how: the options of ``Model.color_by`` that were given.

        Raises:
            ValueError: the values do not fit the shapes, or an option does not go with values.
        """
        from brayns_widget.controller.coloring import color_cells

        _refuse_others(how, {"colormap", "range", "missing", "palette", "title"}, "values")
        found = color_cells(values, range(count), model=model_id, usual=self._give, **how)
        await self.looks.color(renderer, model_id, BY_PRIMITIVE, found.by_ids, found.keys)
        model = self._core.scene.model(model_id)
        self._colored(model, colored_by=found.legend.title or "values", legend=found.legend)

    async def ids(self, renderer: Server, model_id: int) -> list[int]:
        """Return the node ids of a model's cells, in the order of loading.

        Raises:
            CircuitError: it is not a circuit.
        """
        ids: list[int] = (await self.loaded.of(renderer, model_id)).tolist()
        return ids

    async def cells(self, renderer: Server, model: ModelState, names: Sequence[str] | None) -> pd.DataFrame:
        """Read node attributes of a model's cells, in the order of loading; the caller does not hold ``changing``.

        Raises:
            CircuitError: it is not a circuit, or has no such attributes.
        """
        return await self._cells(await self._core.backend(), renderer, model, names)

    async def _cells(
        self, backend: Server, renderer: Server, model: ModelState, names: Sequence[str] | None
    ) -> pd.DataFrame:
        from brayns_widget.controller.attributes import read_cells

        return await read_cells(backend, model, await self.ids(renderer, model.id), names)

    async def _attribute(self, renderer: Server, model: ModelState, name: str) -> Any:
        try:
            return (await self._cells(self._core.backend_at_hand(), renderer, model, [name]))[name]
        except CircuitError as error:
            near, rest = did_you_mean(name, model.color_methods), error.hint or error.message
            rest = "" if rest == near else rest
            raise CircuitError(
                f"{model.name!r} has no coloring method and no node attribute {name!r}.",
                hint=" ".join(filter(None, [near, _offer(model.color_methods), rest])),
            ) from error

    async def _solid(self, renderer: Server, model: ModelState, color: str) -> None:
        await self.looks.color(renderer, model.id, SOLID, {"color": colors.parse(color)})
        self._colored(model, colored_by=SOLID, color=color)

    async def _by_method(
        self, renderer: Server, model: ModelState, method: str, palette: Any = None, title: str | None = None
    ) -> None:
        from brayns_widget.protocol.brayns.colors import GET_COLOR_VALUES, ColorMethodParams

        names = await renderer.call(GET_COLOR_VALUES, ColorMethodParams(id=model.id, method=method))
        names = [name for name in names if name]
        if not names:
            raise CircuitError(
                f"The coloring method {method!r} of {model.name!r} has no values to color.",
                hint="Send your own with renderer.request('color-model', …).",
            )
        kind, names = kind_of(method), sorted(names)
        if method == BY_ID:
            values = colors_of_ids(names)
        elif palette is None:
            values = self._give(kind, names, await self._listed_values(model, method))
        else:
            from brayns_widget.controller.coloring import colors_of_categories

            values = colors_of_categories(palette, names)
        await self.looks.color(renderer, model.id, method, values, {name: name for name in values})
        legend = legend_of_values(model.id, method, values, selectable=tells_cells(model, method))
        if legend is not None and title is not None:
            legend = replace(legend, title=title)
        self._colored(model, colored_by=method, legend=legend)
        if palette is not None and legend is not None:
            await self.recolor(renderer, kind, values)

    # ------------------------------------------------------------------ back to earlier colors

    def painted(self, model: ModelState) -> Painted | None:
        """Return the colors of a model, or None if they are not known."""
        look = self.looks.known(model.id)
        if look is None or model.colored_by is None:
            return None
        legend = next((one for one in self._core.store.state.sections if one.model == model.id), None)
        return Painted(look, model.colored_by, model.color, legend)

    async def paint_again(self, renderer: Server, model_id: int, painted: Painted) -> None:
        """Give a model the colors that it had."""
        await self.looks.bring_back(renderer, model_id, painted.look)
        legend = None if painted.legend is None else replace(painted.legend, model=model_id)
        model = self._core.scene.model(model_id)
        self._colored(model, colored_by=painted.colored_by, color=painted.color, legend=legend)

    # ------------------------------------------------------------------ the colors of values

    async def _listed_values(self, model: ModelState, name: str) -> Sequence[str]:
        listed = self.list_values(model.path, model.population, name)
        return () if listed is None else await asyncio.shield(listed)

    def _give(self, kind: str, names: Sequence[str], among: Sequence[str] = ()) -> dict[str, colors.Rgba]:
        """Return the colors of values, which they keep."""
        store = self._core.store
        found = give(store.state, kind, names, among)
        if kind:
            store.state = with_colors(store.state, kind, found)
        return {name: found[name] for name in names}

    def keep(self, kind: str, changed: Mapping[str, colors.Rgba]) -> None:
        """Set the colors (linear RGBA) that values of an attribute have in models that are still to come."""
        store = self._core.store
        store.state = with_colors(store.state, kind, {**store.state.value_colors.get(kind, {}), **changed})

    async def recolor(self, renderer: Server, kind: str, changed: Mapping[str, colors.Rgba]) -> None:
        """Give values of an attribute other colors, in all models that show them, and in those that are still to come.

        Args:
            renderer: draws them.
            kind: the attribute, see ``value_colors.kind_of``.
            changed: linear RGBA by value.
        """
        store = self._core.store
        self.keep(kind, changed)
        for section in store.state.sections:
            new, model_id = section.recolored(changed), section.model
            if section.attribute == kind and new != section and model_id is not None:
                await self.looks.recolor(renderer, model_id, self._look(section, model_id), changed)
                sections = tuple(new if one == section else one for one in store.state.sections)
                store.state = replace(store.state, sections=sections)
        self._core.touch()

    def _look(self, section: LegendSection, model_id: int) -> Look:
        """Return the present look of a model; what another client has colored looks as its legend tells."""
        entries = {entry.label: entry.color for entry in section.entries}
        look = self.looks.known(model_id)
        if look is not None and entries == {label: colors.to_hex(color) for label, color in look.by_label.items()}:
            return look
        method = self._core.scene.model(model_id).colored_by or ""
        values = {label: colors.parse(color) for label, color in entries.items()}
        return Look(method, values, {label: label for label in values})

    def _colored(
        self, model: ModelState, *, colored_by: str, color: str | None = None, legend: LegendSection | None = None
    ) -> None:
        # The model may have changed in other ways meanwhile.
        newest, store = self._core.scene.model(model.id), self._core.store
        others = tuple(section for section in store.state.sections if section.model != model.id)
        store.state = replace(store.state, sections=others if legend is None else (*others, legend))
        self._core.scene.put([replace(newest, colored_by=colored_by, color=color)])
        self._core.touch()


def _refuse_others(given: Iterable[str], fitting: AbstractSet[str], what: str) -> None:
    """Refuse options that would have no effect."""
    if others := sorted(set(given) - fitting):
        raise ValueError(f"{others[0]} does not go with {what}, which takes {', '.join(sorted(fitting))}")


def method_name(name: str, known: Sequence[str]) -> str | None:
    """Find a coloring method by its name, with spaces or underscores; None if there is none."""
    plain = name.replace("_", " ")
    return next((method for method in known if method.replace("_", " ") == plain), None)


def _offer(methods: Sequence[str]) -> str:
    return f"It has the coloring methods {', '.join(methods)}." if methods else "It has no coloring methods."
