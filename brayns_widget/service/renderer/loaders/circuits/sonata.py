"""The SONATA loader: node populations of a circuit or of a simulation's circuit.

Format: SONATA developer guide, circuit configuration and node files, read with libsonata; morphologies with MorphIO.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libsonata
import libsonata._libsonata
import morphio._morphio
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import SONATA, PopulationParams, SonataParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.coloring.cells import CellColoring, Labels
from brayns_widget.service.renderer.loaders import hdf5
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.circuits import nodes
from brayns_widget.service.renderer.loaders.circuits.cells import KnownShapes, point_shapes, read_labels, read_shapes
from brayns_widget.service.renderer.loaders.circuits.edges import edges_model
from brayns_widget.service.renderer.loaders.circuits.neurons import place
from brayns_widget.service.renderer.loaders.circuits.placed import PlacedNodes, Reader
from brayns_widget.service.renderer.loaders.circuits.recordings import open_recording, report_file, spike_simulation
from brayns_widget.service.renderer.loaders.circuits.reduction import FittedShapes
from brayns_widget.service.renderer.loaders.circuits.vasculature import VASCULATURE, vessels_model
from brayns_widget.service.renderer.loaders.morphologies.files import morphology_reader
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.renderer.loaders.morphologies.params import check_morphology, shape_options
from brayns_widget.service.rpc.methods import RunningRequest


def load(path: Path, params: SonataParams, request: RunningRequest) -> list[LoadedModel]:
    """Load one model for each population in ``params``; see ``Loader.load``."""
    hdf5.silence(libsonata._libsonata, morphio._morphio)  # noqa: SLF001  the extension modules hold HDF5
    circuit, simulation = open_circuit(path)
    for settings in params.node_population_settings:
        _refuse_unsupported(circuit, simulation, settings)
    count = len(params.node_population_settings)
    known: KnownShapes = {}
    models: list[LoadedModel] = []
    with contextlib.ExitStack() as opened:

        def keep(model: LoadedModel) -> None:
            opened.callback(model.close)
            models.append(model)

        for index, settings in enumerate(params.node_population_settings):
            part = request.part(index / count, (index + 1) / count)
            model, placed = _load_population(circuit, simulation, settings, known, part)
            keep(model)
            for edges in settings.edge_populations:
                part.progress(1.0, f"Reading edge population {edges.edge_population}")
                keep(edges_model(circuit, simulation, edges, placed))
        opened.pop_all()  # the reports are the caller's from here on
    return models


LOADER = Loader(SONATA, "Circuit Explorer", (".json",), SonataParams, load)


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
    if population_type not in _TYPES:
        raise failure("Unsupported population type")
    wants_report = kind != "none" or any(edges.edge_report_name for edges in settings.edge_populations)
    if wants_report and simulation is None:
        raise failure("No simulation configuration available")
    shown = _VESSEL_REPORTS if population_type == VASCULATURE else _CELL_REPORTS
    if kind not in ("none", *shown):
        what = "Vessels" if population_type == VASCULATURE else "Cells"
        raise RequestError(f"{what} of population {name} cannot show a report of type {kind!r}", code=INVALID_PARAMS)
    if kind not in ("none", "spikes"):
        report_file(simulation, kind, settings.report_name)
    for edges in settings.edge_populations:
        if edges.edge_report_name:
            report_file(simulation, "synapse", edges.edge_report_name)
    check_morphology(settings.neuron_morphology_parameters)


_TYPES = ("biophysical", "point_neuron", "point_process", "astrocyte", VASCULATURE)
_CELL_REPORTS = ("spikes", "compartment", "summation")
_VESSEL_REPORTS = ("bloodflow_pressure", "bloodflow_speed", "bloodflow_radii")


def _load_population(
    circuit: Any, config: Any, settings: PopulationParams, known: KnownShapes, request: RunningRequest
) -> tuple[LoadedModel, PlacedNodes]:
    name = settings.node_population
    request.progress(0.0, f"Reading population {name}")
    try:
        population = circuit.node_population(name)
        ids = nodes.select(
            population,
            node_sets_paths=[circuit.node_sets_path, "" if config is None else config.node_sets_file],
            node_sets=settings.node_sets,
            node_ids=settings.node_ids,
            percentage=settings.node_percentage,
            limit=settings.node_count_limit,
        )
        selection = libsonata.Selection(ids)
        properties = circuit.node_population_properties(name)
        if properties.type == VASCULATURE:
            model = vessels_model(population, ids, settings, config)
            return model, PlacedNodes(name, ids)
        positions = nodes.positions(population, selection)
        rotations = nodes.rotations(population, selection)
        labels = read_labels(population, selection)
    except (libsonata.SonataError, RuntimeError) as error:
        raise failure(f"Population {name} cannot be read: {error}") from error
    morphologies, reader = labels.get("morphology"), _reader(properties, labels)
    placed = PlacedNodes(name, ids, positions, rotations, morphologies, reader, labels)
    shapes, shape_of_cell = _shapes(placed, settings, request.part(0.0, 0.5), known=known)
    types = np.unique(np.concatenate([np.r_[shape.segment_types, shape.sphere_types] for shape in shapes]))
    metadata = {"loaded_neuron_count": str(len(ids)), "population_name": name, "population_type": "node"}
    metadata.update(shapes.metadata)
    if settings.node_sets and not settings.node_ids:
        metadata["node_sets"] = ", ".join(settings.node_sets)
    columns, simulation = None, None
    if settings.report_type == "spikes":
        simulation = spike_simulation(config, name, ids, settings.spike_transition_time)
    with contextlib.ExitStack() as stack:
        if settings.report_type in ("compartment", "summation"):
            recording = open_recording(config, settings.report_type, settings.report_name, name)
            stack.callback(recording.close)
            columns = recording.cells(ids)
        geometry = place(shapes, shape_of_cell, rotations, positions, request.part(0.5, 1.0), columns=columns)
        if columns is not None:
            simulation = recording.simulation(columns.values())
        stack.pop_all()  # the file is the simulation's from here on
    model = LoadedModel(
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
    return model, placed


def _reader(properties: Any, labels: dict[str, Labels]) -> Reader:
    """Make the function that finds the reader of a population's morphologies."""

    def find() -> tuple[Callable[[str], Any], str]:
        others = dict(properties.alternate_morphology_formats)
        return morphology_reader(properties.morphologies_dir, others, labels["morphology"].names[0])

    return find


def _shapes(
    placed: PlacedNodes, settings: PopulationParams, request: RunningRequest, *, known: KnownShapes
) -> tuple[FittedShapes, npt.NDArray[np.intp]]:
    """Read each morphology once; returns the shapes and which one each cell has."""
    params = settings.neuron_morphology_parameters
    options = shape_options(params)
    if not options.sections:
        return point_shapes(len(placed.ids), options), np.zeros(len(placed.ids), np.intp)
    morphologies = placed.morphologies
    if morphologies is None or placed.reader is None:
        raise failure(f"Population {placed.population} has no morphologies; load it without soma and neurites")
    return read_shapes(placed.reader(), morphologies, placed.ids, options, request, known=known), morphologies.codes
