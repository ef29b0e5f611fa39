"""Loading of circuits and files: options, the renderer's request, and clean-up after a failure."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.files import refusal
from brayns_widget.controller.formats import defaults_of, format_of, read_formats
from brayns_widget.controller.group import Core
from brayns_widget.controller.scene import Scene, discard
from brayns_widget.controller.selection import Chosen
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError, RequestCancelled, RequestError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.loaders import EdgeParams, LoaderParams, PopulationParams
    from brayns_widget.protocol.brayns.models import ModelInstance

_MOST_TOLD = 3  # notices that a message has room for
_MORE_MEMORY = (
    "Load fewer cells, or start the renderer with more memory: with BRAYNS_WIDGET_MEMORY_BUDGET=8G in the environment "
    "of the local service, or with --memory-budget."
)

Options = Mapping[str, Any]


def population_params(
    population: str,
    cells: Chosen,
    *,
    soma: bool,
    axon: bool,
    dendrites: bool,
    radius_multiplier: float,
    in_plane: bool,
    edges: Sequence[EdgeParams] = (),
) -> PopulationParams:
    """Return the parameters of the SONATA loader for cells of one node population.

    Args:
        population: the node population.
        cells: the cells.
        soma: load the cell bodies; the rest as of ``Models.load_circuit``, too.
        axon: load the axons.
        dendrites: load the dendrites.
        radius_multiplier: factor on all radii.
        in_plane: place nodes that have no positions side by side.
        edges: the edge populations whose synapses are shown.
    """
    from brayns_widget.protocol.brayns.loaders import MorphologyParams, PopulationParams

    optional: dict[str, Any] = {}  # without a value there is no limit
    if cells.ids is not None:
        optional["node_ids"] = cells.ids
    if cells.node_sets:
        optional["node_sets"] = list(cells.node_sets)
    if cells.limit is not None:
        optional["node_count_limit"] = cells.limit
    if in_plane:
        optional["in_plane"] = True
    return PopulationParams(
        node_population=population,
        node_percentage=cells.density,
        report_type="none",
        edge_populations=list(edges),
        neuron_morphology_parameters=MorphologyParams(
            radius_multiplier=radius_multiplier,
            load_soma=soma,
            load_axon=axon,
            load_dendrites=dendrites,
            geometry_type="smooth",
        ),
        **optional,
    )


async def choose_loader(
    renderer: Server, path: str, loader: str | None, parameters: LoaderParams | None
) -> tuple[str, LoaderParams | Options]:
    """Choose the loader of a file and its parameters.

    Args:
        renderer: knows loaders by extensions.
        path: the file.
        loader: the loader's name; None: the one that takes the parameters, or the one of the file's extension.
        parameters: its parameters; None: see ``defaults_of``.

    Raises:
        CircuitError: no loader reads files of this extension, it is one for circuits, which need parameters, or these
            select no cells.
    """
    from brayns_widget.protocol.brayns import loaders

    name = loader or await _find_loader(renderer, path, parameters)
    if isinstance(parameters, loaders.SonataParams):
        for settings in parameters.node_population_settings:
            if "node_ids" in settings.model_fields_set and not settings.node_ids:  # for the loader that is all cells
                raise CircuitError("No cells are selected: node_ids is empty.", hint="Leave it out to load all cells.")
    if parameters is None and name == loaders.SONATA:
        raise CircuitError(f"{path!r} is a circuit.", hint="Load it with load_circuit, or pass SonataParams.")
    return name, defaults_of(name) if parameters is None else parameters


async def _find_loader(renderer: Server, path: str, parameters: LoaderParams | None) -> str:
    from brayns_widget.protocol.brayns import loaders

    if parameters is not None:
        return next(name for name, kind in loaders.LOADERS.items() if kind is type(parameters))
    return format_of(path, await read_formats(renderer)).loader


async def add_model(
    renderer: Server,
    scene: Scene,
    report: Report,
    *,
    path: str,
    loader: str,
    parameters: LoaderParams | Options,
    notices: Sequence[str] = (),
) -> list[ModelState]:
    """Load a file and add its models to the state; the caller holds the scene.

    Args:
        renderer: the renderer, which loads the file.
        scene: the scene, which gets the models.
        report: gets the progress.
        path: the file's path on the renderer's machine.
        loader: the name of its loader.
        parameters: the parameters of the loader: one of the classes of ``protocol.brayns.loaders``, or as JSON.
        notices: those of the file, beside the renderer's.

    Raises:
        CircuitError: it cannot be loaded; none of its models is kept.
    """
    from brayns_widget.protocol.brayns import loaders

    params = loaders.AddModelParams(
        path=path,
        loader_name=loader,
        loader_properties=dict(parameters) if isinstance(parameters, Mapping) else parameters,
    )
    call = renderer.call(loaders.ADD_MODEL, params, on_progress=report)
    return await added(renderer, scene, path, report, call, notices=notices)


async def added(
    renderer: Server,
    scene: Scene,
    name: str,
    report: Report,
    call: Coroutine[Any, Any, list[ModelInstance]],
    *,
    notices: Sequence[str] = (),
) -> list[ModelState]:
    """Await a request that adds models, and add them to the state; the caller holds the scene.

    Args:
        renderer: the renderer.
        scene: the scene, which gets the models.
        name: what is loaded, for messages.
        report: gets the progress.
        call: the request.
        notices: those of the file, beside the renderer's.

    Raises:
        CircuitError: the renderer refuses it; no model is kept.
    """
    report(0.0, "Loading ...")
    try:
        instances = await call
    except RequestCancelled:
        raise
    except RequestError as error:
        raise CircuitError(refusal(repr(name), "cannot be loaded", name, error)) from error
    return await _keep(renderer, scene, instances, notices)


async def _keep(
    renderer: Server, scene: Scene, instances: Sequence[ModelInstance], notices: Sequence[str]
) -> list[ModelState]:
    try:
        states = await scene.add(renderer, instances)
    except BaseException:
        await finish_cleanup(discard(renderer, scene, [instance.model_id for instance in instances]))
        raise
    if notices:
        states = [replace(state, notices=tuple(dict.fromkeys((*state.notices, *notices)))) for state in states]
        scene.put(states)
    return states


def tell_about(core: Core, states: Sequence[ModelState]) -> None:
    """Tell what loaded models lack, and what is odd about their files."""
    for state in states:
        if state.left_out:
            text = f"{state.name} does not fit into the renderer's memory. Left out: {state.left_out}."
            core.tell("warning", text, _MORE_MEMORY)
        elif state.notices:
            more = len(state.notices) - _MOST_TOLD
            told = [notice.rstrip(".") for notice in state.notices[:_MOST_TOLD]]
            hint = f" {more} more: see the model's notices." if more > 0 else ""
            core.tell("warning", f"{state.name} is shown. About its files:", ". ".join(told) + "." + hint)


async def remove(renderer: Server, drop: Callable[[Sequence[int]], None], ids: Sequence[int]) -> None:
    """Remove models, and drop them from the state."""
    from brayns_widget.protocol.brayns.models import REMOVE_MODEL, RemoveModelParams

    await renderer.call(REMOVE_MODEL, RemoveModelParams(ids=list(ids)))
    drop(ids)
