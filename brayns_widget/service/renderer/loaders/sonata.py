"""The SONATA loader: node populations of a circuit or of a simulation's circuit.

Format: SONATA developer guide, circuit configuration and node files, read with libsonata; morphologies with MorphIO.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import libsonata
import libsonata._libsonata
import morphio._morphio
import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.coloring import CellColoring, Labels
from brayns_widget.service.renderer.loaders import hdf5, nodes
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.cells import KnownShapes, read_labels, read_shapes
from brayns_widget.service.renderer.loaders.edges import synapses_model
from brayns_widget.service.renderer.loaders.morphology import (
    Section,
    Shape,
    morphology_reader,
    point_shape,
)
from brayns_widget.service.renderer.loaders.morphology_params import MorphologyParams
from brayns_widget.service.renderer.loaders.neurons import place
from brayns_widget.service.renderer.loaders.recordings import open_recording, report_file, spike_simulation
from brayns_widget.service.renderer.loaders.vasculature import vessels_model
from brayns_widget.service.rpc.methods import Task
from brayns_widget.service.rpc.schema import Object, Size, unlisted

Part = Annotated[float, Field(ge=0, le=1)]
ReportType = Literal[
    "none",
    "spikes",
    "compartment",
    "summation",
    "synapse",
    "bloodflow_pressure",
    "bloodflow_speed",
    "bloodflow_radii",
]


class EdgeParams(Object):
    """An edge population whose synapses are shown."""

    model_config = ConfigDict(title="SonataEdgePopulationParameters")

    edge_percentage: Part = 1.0
    edge_population: str
    edge_report_name: str = unlisted("")
    load_afferent: bool
    radius: Annotated[float, Field(ge=0.1)] = 2.0


class VasculatureParams(Object):
    """Applies to populations of vessels."""

    model_config = ConfigDict(title="VasculatureGeometrySettings")

    radius_multiplier: Annotated[float, Field(ge=0.1)] = 1.0


class PopulationParams(Object):
    """Which cells of a population are loaded, and how."""

    model_config = ConfigDict(title="SonataNodePopulationParameters")

    edge_populations: list[EdgeParams] = unlisted([])
    neuron_morphology_parameters: MorphologyParams = Field(
        default=MorphologyParams(), json_schema_extra={"default": {}}
    )
    node_count_limit: Size = unlisted(0)
    node_ids: list[Size] = unlisted([])
    node_percentage: Part = 0.01
    node_population: str
    node_sets: list[str] = unlisted([])
    report_name: str = unlisted("")
    report_type: ReportType = "none"
    spike_transition_time: Annotated[float, Field(ge=0)] = 1.0
    vasculature_geometry_parameters: VasculatureParams = Field(
        default=VasculatureParams(), json_schema_extra={"default": {}}
    )


class SonataParams(Object):
    """Parameters of the SONATA loader."""

    model_config = ConfigDict(title="SonataLoaderParameters")

    node_population_settings: list[PopulationParams]


def load(path: Path, params: SonataParams, task: Task) -> list[LoadedModel]:
    """Load one model for each population in ``params``; see ``Loader.load``."""
    hdf5.silence(libsonata._libsonata, morphio._morphio)  # noqa: SLF001  the extension modules hold HDF5
    circuit, simulation = open_circuit(path)
    for settings in params.node_population_settings:
        _refuse_unsupported(circuit, simulation, settings)
    count = len(params.node_population_settings)
    known: KnownShapes = {}
    models: list[LoadedModel] = []
    try:
        for index, settings in enumerate(params.node_population_settings):
            part = task.part(index / count, (index + 1) / count)
            model = _load_population(circuit, simulation, settings, known, part)
            models.append(model)
            if model.ids is not None:
                models += [_load_synapses(circuit, settings, edges, model.ids) for edges in settings.edge_populations]
    except BaseException:
        for model in models:
            model.close()
        raise
    return models


LOADER = Loader("SONATA loader", "Circuit Explorer", (".json",), SonataParams, load)


def open_circuit(path: Path) -> tuple[Any, Any]:
    """Open a circuit configuration, or the circuit of a simulation configuration.

    Returns:
        a ``libsonata.CircuitConfig``, and a ``libsonata.SimulationConfig`` if ``path`` is one, or None.

    Raises:
        RequestError: the file is neither.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise failure(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise failure(f"{path} is not a SONATA configuration: it is not JSON ({error})") from error
    if not isinstance(content, dict) or not content.keys() & {"networks", "run"}:
        raise failure(f"{path} is not a SONATA configuration: it has neither 'networks' nor 'run'")
    simulation = None
    try:
        if "networks" not in content:
            simulation = libsonata.SimulationConfig.from_file(str(path))
            path = Path(simulation.network)
        return libsonata.CircuitConfig.from_file(str(path)), simulation
    except (libsonata.SonataError, RuntimeError) as error:
        raise failure(f"{path} is not a SONATA circuit configuration: {error}") from error


def _refuse_unsupported(circuit: Any, simulation: Any, settings: PopulationParams) -> None:
    name, kind = settings.node_population, settings.report_type
    if name not in circuit.node_populations:
        raise failure(f"Population {name} does not exists")  # the real renderer's words, as the next two
    population_type = circuit.node_population_properties(name).type
    if population_type not in ("biophysical", "point_neuron", "point_process", "vasculature"):
        raise failure("Unsupported population type")
    if population_type == "vasculature" and settings.report_type != "none":
        raise RequestError(f"This version shows no reports of vessels (population {name})", code=INVALID_PARAMS)
    if kind != "none" and simulation is None:
        raise failure("No simulation configuration available")
    if kind in ("compartment", "summation"):
        report_file(simulation, kind, settings.report_name)
    elif kind not in ("none", "spikes"):
        raise RequestError(f"Cells of population {name} cannot show a report of type {kind!r}", code=INVALID_PARAMS)
    settings.neuron_morphology_parameters.check()
    for edges in settings.edge_populations:
        if edges.edge_report_name:
            raise RequestError(
                f"This version shows no reports of synapses (edge population {edges.edge_population})",
                code=INVALID_PARAMS,
            )


def _load_synapses(
    circuit: Any, settings: PopulationParams, edges: EdgeParams, ids: npt.NDArray[np.int64]
) -> LoadedModel:
    return synapses_model(
        circuit,
        edges.edge_population,
        settings.node_population,
        ids,
        afferent=edges.load_afferent,
        percentage=edges.edge_percentage,
        radius=edges.radius,
    )


def _load_population(
    circuit: Any, config: Any, settings: PopulationParams, known: KnownShapes, task: Task
) -> LoadedModel:
    name = settings.node_population
    task.progress(0.0, f"Reading population {name}")
    try:
        population = circuit.node_population(name)
        ids = nodes.select(
            population,
            node_sets_path=circuit.node_sets_path,
            node_sets=settings.node_sets,
            node_ids=settings.node_ids,
            percentage=settings.node_percentage,
            limit=settings.node_count_limit,
        )
        selection = libsonata.Selection(ids)
        if circuit.node_population_properties(name).type == "vasculature":
            return vessels_model(population, selection, ids, settings.vasculature_geometry_parameters.radius_multiplier)
        positions = nodes.positions(population, selection)
        rotations = nodes.rotations(population, selection)
        labels = read_labels(population, selection)
    except (libsonata.SonataError, RuntimeError) as error:
        raise failure(f"Population {name} cannot be read: {error}") from error
    shapes, shape_of_cell = _shapes(
        circuit.node_population_properties(name), settings, ids, labels, task.part(0.0, 0.5), known=known
    )
    types = np.unique(np.concatenate([np.r_[shape.segment_types, shape.sphere_types] for shape in shapes]))
    metadata = {"loaded_neuron_count": str(len(ids)), "population_name": name, "population_type": "node"}
    if settings.node_sets and not settings.node_ids:
        metadata["node_sets"] = ", ".join(settings.node_sets)
    recording, simulation = None, None
    if settings.report_type == "spikes":
        simulation = spike_simulation(config, name, ids, settings.spike_transition_time)
    elif settings.report_type != "none":
        recording = open_recording(config, settings.report_type, settings.report_name, name, ids)
    with contextlib.ExitStack() as stack:
        if recording is not None:
            stack.callback(recording.close)
        columns = None if recording is None else recording.columns
        geometry = place(shapes, shape_of_cell, rotations, positions, task.part(0.5, 1.0), columns=columns)
        if recording is not None:
            simulation = recording.simulation()
        stack.pop_all()  # the file is the simulation's from here on
    return LoadedModel(
        kind="neurons",
        geometry=geometry,
        coloring=CellColoring(
            ids,
            labels,
            [section.name.lower() for section in Section],
            [Section(kind).name.lower() for kind in types],
            None if columns is None else columns.rows,
        ),
        metadata=metadata,
        ids=ids,
        simulation=simulation,
    )


def _shapes(
    properties: Any,
    settings: PopulationParams,
    ids: npt.NDArray[np.int64],
    labels: dict[str, Labels],
    task: Task,
    *,
    known: KnownShapes,
) -> tuple[list[Shape], npt.NDArray[np.intp]]:
    """Read each morphology once; returns the shapes and which one each cell has."""
    params = settings.neuron_morphology_parameters
    options = params.options()
    if not options.sections:
        return [point_shape(params.radius_multiplier)], np.zeros(len(ids), np.intp)
    if "morphology" not in labels:
        raise failure(f"Population {settings.node_population} has no morphologies; load it without soma and neurites")
    morphologies = labels["morphology"]
    reader = morphology_reader(
        properties.morphologies_dir, dict(properties.alternate_morphology_formats), morphologies.names[0]
    )
    return read_shapes(reader, morphologies, ids, options, task, known=known), morphologies.codes
