"""The models of the scene: load them, find them, change them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, overload

from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.reports import Report, ignore
from brayns_widget.connection.server import Server
from brayns_widget.controller.amounts import RadiusMultiplier, Share, SynapseRadius
from brayns_widget.controller.arguments import Reads
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.copying import copy
from brayns_widget.controller.counting import Counting
from brayns_widget.controller.dressing import Dressed, ModelName, Thickness
from brayns_widget.controller.files import resolve
from brayns_widget.controller.group import Core
from brayns_widget.controller.loaders import Loaders
from brayns_widget.controller.loading import (
    add_model,
    population_params,
    remove,
    tell_about,
)
from brayns_widget.controller.morphologies import Add, Morphologies, MorphologyParts, check_parts, is_morphology
from brayns_widget.controller.painting import Painter
from brayns_widget.controller.placing import Placed
from brayns_widget.controller.scene import discard
from brayns_widget.controller.selection import CellQuery, Density, Limit, Name, Names, NodeIds, choice_of, choose_cells
from brayns_widget.controller.sources import CircuitPath, PopulationNames, places_of
from brayns_widget.controller.surfaces import MaterialKind, material_kinds
from brayns_widget.controller.synapses import synapse_params
from brayns_widget.controller.uploads import Uploads
from brayns_widget.controller.views import LiveCamera
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import pandas as pd


def _read_ids(order: Any, name: str) -> list[int]:
    """Take models for their ids."""
    if isinstance(order, str | bytes) or not isinstance(order, Iterable):
        raise TypeError(f"{name} is {order!r:.80}, not a list of models")
    return [one.id if isinstance(one, Model) else operator.index(one) for one in order]


if TYPE_CHECKING:
    ModelIds: TypeAlias = Any  # models, or their ids
else:
    ModelIds = Annotated[Sequence[int], Reads(_read_ids)]


class Models(Uploads, Loaders, Morphologies, Counting, Sequence["Model"]):
    """The models of the scene, in the order in which they were loaded, or put by ``reorder``.

    ``models[0]`` is the first one, ``models["S1nonbarrel_neurons"]`` the one of that name.
    """

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._painter = Painter(core)

    def __len__(self) -> int:
        return len(self._store.state.models)

    def __iter__(self) -> Iterator[Model]:
        return iter([Model(self._core, self._painter, state.id) for state in self._store.state.models])

    @overload
    def __getitem__(self, key: int | str) -> Model: ...

    @overload
    def __getitem__(self, key: slice) -> list[Model]: ...

    def __getitem__(self, key: int | str | slice) -> Model | list[Model]:
        """Find a model by its index or by its name.

        Raises:
            IndexError, KeyError: there are fewer models; no model has this name, or several have.
            SceneLost: they have gone with their renderer.
        """
        found = list(self)
        if not isinstance(key, str):
            try:
                return found[key]
            except IndexError:
                self._core.scene.need()
                raise IndexError(f"there is no model {key}: there are {len(found) or 'none yet'}") from None
        named = [model for model in found if model.name == key]
        if len(named) == 1:
            return named[0]
        if not named:
            self._core.scene.need()
            raise KeyError(f"there is no model {key!r}; there are: {', '.join(m.name for m in found) or 'none'}")
        places = ", ".join(f"models[{found.index(model)}]" for model in named)
        raise KeyError(f"several models have the name {key!r}: {places}")

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self))}]"

    def by_id(self, model_id: int) -> Model:
        """Find a model by the renderer's id.

        Raises:
            CircuitError: there is none.
        """
        self._core.scene.model(model_id)
        return Model(self._core, self._painter, model_id)

    @offered
    @long
    async def load_circuit(
        self,
        report: Report,
        path: CircuitPath,
        *,
        population: PopulationNames | None = None,
        density: Density = 1.0,
        node_ids: NodeIds | None = None,
        node_sets: Names = (),
        query: CellQuery | None = None,
        limit: Limit | None = None,
        soma: bool = True,
        axon: bool | None = None,
        dendrites: bool = True,
        radius_multiplier: RadiusMultiplier = 1.0,
        in_plane: bool = False,
        afferent: Names = (),
        efferent: Names = (),
        synapse_density: Density = 1.0,
        synapse_radius: SynapseRadius = 2.0,
        color_by: Name | None = None,
        frame: bool = True,
    ) -> list[Model]:
        """Load node populations of a SONATA circuit, or a single morphology; starts the job if need be.

        Each node population gives a model, and so does each edge population.

        Args:
            report: gets the progress.
            path: circuit or simulation configuration, a directory that holds one, a morphology, or a circuit or node
                population of bluepysnap; with the local service, it may be relative to the working directory.
            population: node population, or several, each with the same options; None takes the only one, or the largest
                biophysical one.
            density: share of the chosen cells, above 0, up to 1; taken at even steps.
            node_ids: load only these cells: ids, a mask over all cells, or a selection of libsonata, bluepysnap or
                pandas; they are loaded in ascending order.
            node_sets: load only the cells of this node set, or of at least one of these.
            query: load only the cells that satisfy it, in bluepysnap's grammar, such as {"layer": [4, 5]}.
            limit: largest number of cells.
            soma: load the cell bodies.
            axon: load the axons; None loads that of a morphology, and none of a circuit.
            dendrites: load the dendrites.
            radius_multiplier: factor on all radii, 0.1 or more; nodes without morphologies are spheres of 1 µm.
            in_plane: place nodes that have no positions side by side in a plane.
            afferent: show the synapses at which edges of this population, or of these, end at the cells.
            efferent: show the synapses at which edges of this population, or of these, start from the cells.
            synapse_density: share of these synapses, above 0, up to 1; taken at even steps.
            synapse_radius: of the spheres that show synapses, in µm, 0.1 or more.
            color_by: a coloring method of the model, such as "mtype" or "layer"; None gives it one color.
            frame: point the camera at it, if it is the first model and no camera was set before.

        Raises:
            ValueError: an option is out of range.

        Raises (from the task):
            CircuitError: the circuit cannot be loaded as asked.
        """
        axon = is_morphology(str(path)) if axon is None else axon
        check_parts(soma=soma, axon=axon, dendrites=dendrites)
        choice = choice_of(node_ids, node_sets, query, density, limit)
        path, names = places_of(path, population)
        if node_ids is not None and len(names) > 1:
            raise ValueError("node_ids are of one population; load the populations one by one")
        if is_morphology(path, choice):
            parts = MorphologyParts(soma, axon, dendrites, radius_multiplier)
            return await self._load_file(report, path, parts, color_by=color_by, frame=frame)
        where, ready = resolve(self._core, path), await self._core.connection.ensure(report)
        report(None, "Reading the circuit ...")
        chosen = [await choose_cells(ready, where, name, choice, in_plane=in_plane) for name in names]
        populations, cells = [found for found, _ in chosen], [which for _, which in chosen]
        edges = synapse_params(populations, afferent, efferent, synapse_density, synapse_radius)
        from brayns_widget.protocol.brayns.loaders import SONATA, SonataParams

        parameters = SonataParams(
            node_population_settings=[
                population_params(
                    found.name,
                    which,
                    soma=soma,
                    axon=axon,
                    dendrites=dendrites,
                    radius_multiplier=radius_multiplier,
                    in_plane=in_plane,
                    edges=shown,
                )
                for found, which, shown in zip(populations, cells, edges, strict=True)
            ]
        )
        if color_by is not None:
            for found in populations:
                self._painter.list_values(where, found.name, color_by)
        notices = tuple(dict.fromkeys(notice for which in cells for notice in which.notices))
        add = partial(add_model, path=where, loader=SONATA, parameters=parameters, notices=notices)
        loaded = await self._load(ready.renderer, report, where, add, color_by=color_by, frame=frame)
        if remarks := dict.fromkeys(remark.text for which in cells for remark in which.remarks):
            self._core.tell("warning", " ".join(remarks))
        return loaded

    @offered
    @waiting
    async def materials(self) -> tuple[MaterialKind, ...]:
        """List the kinds of materials, each with the JSON Schema of its options."""
        return material_kinds((await self._core.connection.ensure(ignore)).capabilities)

    @offered
    @waiting
    async def reorder(self, order: ModelIds) -> None:
        """List the models in another order, which they keep.

        Args:
            order: models or their ids; those that are not among them come behind, as they are.

        Raises:
            CircuitError: one is not there.
        """
        for model_id in order:
            self._core.scene.model(model_id)
        self._core.scene.reorder(order)

    @offered
    @waiting
    async def clear(self) -> None:
        """Remove all models and clipping shapes, whoever has added them, after the loads that run; the lights stay."""
        renderer, scene = await self._core.loaded_renderer(), self._core.scene
        await scene.read(renderer)
        state = self._store.state
        if found := [*(model.id for model in state.models), *(clip.id for clip in state.clips)]:
            await remove(renderer, scene.drop, found)

    @waiting
    async def refresh(self) -> None:
        """Read the scene again at once: other clients may have changed it."""
        await self._core.scene.read(await self._core.renderer())

    async def _load(
        self,
        renderer: Server,
        report: Report,
        path: str,
        add: Add,
        *,
        color_by: str | None,
        frame: bool,
    ) -> list[Model]:
        scene = self._core.scene
        await self._core.light(renderer)
        async with scene.changing:
            first = not self._store.state.models
            states = await add(renderer, scene, report)
            ids = [state.id for state in states]
            try:
                if any(state.cells == 0 for state in states):
                    raise CircuitError(
                        f"No cell of {path!r} was loaded.", hint="Raise the density, or choose other node sets or ids."
                    )
                report(1.0, "Coloring ...")
                for model_id in ids:
                    await self._painter.paint_new(renderer, model_id, color_by)
            except BaseException:
                await finish_cleanup(discard(renderer, scene, ids))
                raise
        loaded = [self.by_id(model_id) for model_id in ids]
        if first and frame and not self._core.aimed:
            LiveCamera._of(self._core)._show_all()  # noqa: SLF001 - of the same package
        self._core.aimed = False
        tell_about(self._core, [model.state for model in loaded])
        return loaded


class Model(Dressed, Placed):
    """One model of the scene.

    Its properties are the present ones, and changes take effect at once. After the model was removed, everything but
    its ``id`` raises CircuitError.
    """

    def __init__(self, core: Core, painter: Painter, model_id: int) -> None:
        super().__init__(core, model_id)
        self._painter = painter

    @property
    def name(self) -> str:
        """Name of the model: at first the node population, or the file; set it to give it another."""
        return self.state.name

    @name.setter
    def name(self, name: str) -> None:
        self.update(name=name)

    @property
    def visible(self) -> bool:
        """Whether it is shown; set it to show or hide the model."""
        return self.state.visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self.update(visible=visible)

    @property
    def opacity(self) -> float | None:
        """How opaque its material is, 0 to 1; None if its material has no opacity. It can be set."""
        return self.state.material_options.get("opacity")

    @opacity.setter
    def opacity(self, opacity: float) -> None:
        self.update(opacity=opacity)

    @property
    def thickness(self) -> float | None:
        """Factor of its radii since it was loaded, or first seen here; None if it has none. It can be set."""
        return self.state.thickness

    @thickness.setter
    def thickness(self, thickness: float) -> None:
        self.update(thickness=thickness)

    @property
    def color(self) -> str | None:
        """Its color as "#rrggbb" if it has a single one, else None; set it in any form that ``colors.parse`` reads."""
        return self.state.color

    @color.setter
    def color(self, color: Any) -> None:
        self.color_by("solid", color=color)

    @offered
    @waiting
    async def update(
        self,
        *,
        visible: bool | None = None,
        name: ModelName | None = None,
        opacity: Share | None = None,
        thickness: Thickness | None = None,
    ) -> None:
        """Change some of its properties; None leaves one as it is.

        Args:
            visible: whether it is shown.
            name: what it is called here; the renderer knows no names.
            opacity: of its material, 0 to 1; matte, phong and plastic have one.
            thickness: factor of the radii that it was loaded with.

        Raises:
            CircuitError: it was removed, or its material has no opacity.
            RequestError: it has no radii.
        """
        renderer = await self._renderer()
        if name is not None:
            self._put(name=name)
        if visible is not None:
            from brayns_widget.protocol.brayns.models import ModelInstance

            await self._change(renderer, ModelInstance(is_visible=visible))
        if opacity is not None:
            async with self._core.scene.changing:
                await self._fade(renderer, opacity)
        if thickness is not None:
            await self._set_thickness(thickness)

    @offered
    @waiting
    async def color_by(
        self,
        values: Any,
        *,
        color: Any = None,
        colormap: Any = None,
        range: tuple[float, float] | None = None,  # noqa: A002 - the field's word
        missing: Any = None,
        palette: Any = None,
        title: str | None = None,
    ) -> None:
        """Color it by one of its coloring methods, or its cells by values of yours.

        Args:
            values: "solid" or another of ``color_methods``, with spaces or underscores; the name of a node attribute;
                a pandas Series or a dictionary by node id; or an array with a value for each loaded cell, in the order
                of loading (that of ``cells``).
            color: for "solid": a color in any form that ``colors.parse`` reads.
            colormap: for numbers: a color map of matplotlib's, by its name; "viridis" by default.
            range: for numbers: the values at the ends of the color map; None takes the lowest and the highest.
            missing: for values: the color of cells without a value; gray by default.
            palette: for categories: a mapping from them to colors, a list of colors, or the name of a color map, for
                all models that show these values; None takes the colors that they have, see ``colors``.
            title: what the legend calls the values; None takes their own name.

        Raises:
            CircuitError: it was removed, or cannot be colored so.
            ValueError: the values do not fit the cells, something is no color, or an option does not go with the
                values.
        """
        renderer = await self._renderer()
        options = {"color": color, "colormap": colormap, "range": range, "missing": missing}
        options |= {"palette": palette, "title": title}
        how = {name: value for name, value in options.items() if value is not None}
        async with self._core.scene.changing:
            if isinstance(values, str):
                await self._painter.paint(renderer, self.id, values, **how)
            else:
                await self._painter.paint_values(renderer, self.id, values, **how)

    @offered
    @long
    async def copy(self, report: Report) -> Model:
        """Load it once more, with the same material, thickness and place, and with a color of its own.

        Args:
            report: gets the progress.

        Raises (from the task):
            CircuitError: it was removed, or it is not known how it was loaded.
        """
        renderer, core = await self._renderer(), self._core
        async with core.scene.changing:
            state = await copy(core, self._painter, renderer, report, self.state)
        return Model(core, self._painter, state.id)

    @offered
    @waiting
    async def remove(self) -> None:
        """Remove it from the scene.

        Raises:
            CircuitError: it was removed before.
        """
        await remove(await self._renderer(), self._core.scene.drop, [self.id])

    # ------------------------------------------------------------------ cells

    @property
    def cells(self) -> pd.DataFrame:
        """Its cells: a DataFrame by node id with all attributes of their population; see ``read_cells``."""
        return self.read_cells()

    @waiting
    async def read_cells(self, attributes: Sequence[str] | None = None) -> pd.DataFrame:
        """Read the node attributes of its cells.

        Args:
            attributes: names of node attributes; None reads all.

        Returns:
            a DataFrame with a row for each loaded cell, in the order of loading, indexed by ``node_id``.

        Raises:
            CircuitError: it was removed, it is not a circuit, or its population has no such attribute.
        """
        return await self._painter.cells(await self._renderer(), self.state, attributes)

    @waiting
    async def ids(self) -> list[int]:
        """Read the node ids of its cells, in the order of loading.

        Raises:
            CircuitError: it was removed, or it is not a circuit.
        """
        return await self._painter.ids(await self._renderer(), self.id)
