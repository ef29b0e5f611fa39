"""The models of the scene: load them, find them, change them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.camera import Bounds
from brayns_widget.controller.counting import Counting
from brayns_widget.controller.files import resolve
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.loaders import Loaders
from brayns_widget.controller.loading import (
    RadiusMultiplier,
    add_model,
    population_params,
    remove,
    tell_about,
)
from brayns_widget.controller.morphologies import Add, Morphologies, MorphologyParts, check_parts, is_morphology
from brayns_widget.controller.painting import Painter
from brayns_widget.controller.scene import discard, read_bounds
from brayns_widget.controller.selection import CellQuery, Density, Limit, Name, Names, NodeIds, choice_of, choose_cells
from brayns_widget.controller.sources import CircuitPath, PopulationNames, places_of
from brayns_widget.controller.state import ModelState
from brayns_widget.controller.synapses import SynapseRadius, synapse_params
from brayns_widget.controller.uploads import Uploads
from brayns_widget.controller.views import LiveCamera
from brayns_widget.protocol.errors import CircuitError, SceneLost

if TYPE_CHECKING:
    import pandas as pd

    from brayns_widget.protocol.brayns.materials import Material
    from brayns_widget.protocol.brayns.models import Transform
    from brayns_widget.protocol.brayns.simulation import ColorRamp


class Models(Uploads, Loaders, Morphologies, Counting, Sequence["Model"]):
    """The models of the scene, in the order in which they were loaded.

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


class Model(Group):
    """One model of the scene.

    Its properties are the present ones, and changes take effect at once. After the model was removed, everything but
    its ``id`` raises CircuitError.
    """

    def __init__(self, core: Core, painter: Painter, model_id: int) -> None:
        super().__init__(core)
        self._key = core.scene.key(model_id)
        self._painter = painter

    @property
    def id(self) -> int:
        """The renderer's id; renderers use an id again after its model was removed."""
        return self._core.scene.present(self._key)[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[int, int, int]:
        return id(self._core), *self._core.scene.present(self._key)

    def __repr__(self) -> str:
        try:
            state = self.state
        except (CircuitError, SceneLost):
            return f"<Model {self.id}: removed>"
        cells = "" if state.cells is None else f", {state.cells} cells"
        hidden = "" if state.visible else ", hidden"
        return f"<Model {self.id} {state.name!r}: {state.type}{cells}{hidden}>"

    @property
    def state(self) -> ModelState:
        """Present state of the model, as one immutable value.

        Raises:
            CircuitError: it was removed.
        """
        return self._core.scene.model(*self._core.scene.present(self._key))

    @property
    def name(self) -> str:
        """Name of the model: the node population, or the file."""
        return self.state.name

    @property
    def type(self) -> str:
        """The renderer's model type, such as "neurons"."""
        return self.state.type

    @property
    def path(self) -> str | None:
        """The file it was loaded from, or None."""
        return self.state.path

    @property
    def population(self) -> str | None:
        """Its node population, or None."""
        return self.state.population

    @property
    def bounds(self) -> Bounds | None:
        """Lower and upper corner of the bounding box in µm, or None if it is empty."""
        return self.state.bounds

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about what could not be read, or was read otherwise than it is written."""
        return self.state.notices

    @property
    def color_methods(self) -> tuple[str, ...]:
        """Its coloring methods, for ``color_by``."""
        return self.state.color_methods

    @property
    def colored_by(self) -> str | None:
        """The coloring method in use, or the name of the values; "" for a file's own colors; None if not known."""
        return self.state.colored_by

    @property
    def visible(self) -> bool:
        """Whether it is shown; set it to show or hide the model."""
        return self.state.visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self.update(visible=visible)

    @property
    def color(self) -> str | None:
        """Its color as "#rrggbb" if it has a single one, else None; set it in any form that ``colors.parse`` reads."""
        return self.state.color

    @color.setter
    def color(self, color: Any) -> None:
        self.color_by("solid", color=color)

    @offered
    @waiting
    async def update(self, *, visible: bool) -> None:
        """Show or hide it.

        Args:
            visible: whether it is shown.

        Raises:
            CircuitError: it was removed.
        """
        from brayns_widget.protocol.brayns.models import ModelInstance

        await self._change(ModelInstance(is_visible=visible))

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
    @waiting
    async def remove(self) -> None:
        """Remove it from the scene.

        Raises:
            CircuitError: it was removed before.
        """
        await remove(await self._renderer(), self._core.scene.drop, [self.id])

    @waiting
    async def frame(self) -> None:
        """Point the camera at it, from the present direction.

        Raises:
            CircuitError: it was removed, or it is empty.
        """
        bounds = self.state.bounds
        if bounds is None:
            raise CircuitError(f"{self.name!r} is empty, so there is nothing to point the camera at.")
        LiveCamera._of(self._core)._look_at(bounds)  # noqa: SLF001 - of the same package

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

    # ------------------------------------------------------------------ looks and place

    @property
    def material(self) -> Material:
        """Its material, one of the classes of ``protocol.brayns.materials``; can be set."""
        return self.read_material()

    @material.setter
    def material(self, material: Material) -> None:
        self.set_material(material)

    @waiting
    async def read_material(self) -> Material:
        """Read its material.

        Raises:
            RequestError: it has none.
        """
        from brayns_widget.protocol.brayns import materials
        from brayns_widget.protocol.brayns.models import GetModelParams

        renderer, model = await self._renderer(), GetModelParams(id=self.id)
        name = await renderer.call(materials.GET_MATERIAL_TYPE, model)
        found: Material = await renderer.call(materials.getter(materials.MATERIALS[name]), model)
        return found

    @waiting
    async def set_material(self, material: Material) -> None:
        """Set its material; properties that were not given take their defaults.

        Args:
            material: one of the classes of ``brayns_widget.protocol.brayns.materials``.

        Raises:
            RequestError: the renderer refuses it.
            TypeError: it is not a material.
        """
        from brayns_widget.protocol.brayns import materials

        kind = type(material)
        if kind not in materials.MATERIALS.values():
            names = ", ".join(kind.__name__ for kind in materials.MATERIALS.values())
            raise TypeError(f"{material!r:.80} is not a material; use one of {names}")
        params = materials.SetMaterialParams[kind](model_id=self.id, material=material)  # type: ignore[valid-type]
        await (await self._renderer()).call(materials.setter(kind), params)
        self._core.touch()

    @property
    def ramp(self) -> ColorRamp:
        """The color ramp of its simulation or volume; set it to a ``ColorRamp``."""
        return self.read_ramp()

    @ramp.setter
    def ramp(self, ramp: ColorRamp) -> None:
        self.set_ramp(ramp)

    @waiting
    async def read_ramp(self) -> ColorRamp:
        """Read the color ramp (linear RGBA) of its simulation or volume.

        Raises:
            RequestError: it has none.
        """
        from brayns_widget.protocol.brayns.models import GetModelParams
        from brayns_widget.protocol.brayns.simulation import GET_COLOR_RAMP

        return await (await self._renderer()).call(GET_COLOR_RAMP, GetModelParams(id=self.id))

    @waiting
    async def set_ramp(self, ramp: ColorRamp) -> None:
        """Set the color ramp of its simulation or volume; properties that were not given stay.

        Args:
            ramp: a ``brayns_widget.protocol.brayns.simulation.ColorRamp``.

        Raises:
            RequestError: it has no simulation and no volume.
        """
        from brayns_widget.protocol.brayns.simulation import SET_COLOR_RAMP, SetColorRampParams

        await (await self._renderer()).call(SET_COLOR_RAMP, SetColorRampParams(id=self.id, color_ramp=ramp))
        self._core.touch()

    @waiting
    async def place(self, transform: Transform) -> None:
        """Set its transform: scale, rotation and translation.

        Args:
            transform: a ``brayns_widget.protocol.brayns.models.Transform``; it replaces the present one.

        Raises:
            CircuitError: it was removed.
        """
        from brayns_widget.protocol.brayns.models import ModelInstance

        await self._change(ModelInstance(transform=transform))

    @waiting
    async def thicken(self, factor: float) -> None:
        """Multiply its radii; the factors of several calls multiply.

        Args:
            factor: above 1 makes it thicker.

        Raises:
            RequestError: it has no radii, or they would overflow.
        """
        from brayns_widget.protocol.brayns.circuits import SET_CIRCUIT_THICKNESS, ThicknessParams

        params = ThicknessParams(model_id=self.id, radius_multiplier=factor)
        await (await self._renderer()).call(SET_CIRCUIT_THICKNESS, params)
        self._core.touch()

    async def _renderer(self) -> Server:
        """Return the renderer; starts no job for a model that was removed, and touches none that has its id now."""
        _ = self.state
        renderer = await self._core.renderer()
        _ = self.state
        return renderer

    async def _change(self, changes: Any) -> None:
        from brayns_widget.protocol.brayns.models import UPDATE_MODEL, UpdateModelParams

        scene, renderer = self._core.scene, await self._renderer()
        instance = await renderer.call(UPDATE_MODEL, UpdateModelParams(model_id=self.id, model=changes))
        known = scene.model(self.id)
        scene.put([replace(known, visible=instance.is_visible, bounds=read_bounds(instance.bounds))])
        self._core.touch()
