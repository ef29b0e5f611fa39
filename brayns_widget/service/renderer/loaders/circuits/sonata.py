"""The SONATA loader: node populations of a circuit or of a simulation's circuit.

Format: SONATA developer guide, circuit configuration and node files, read with ``service.sonata``; morphologies with
MorphIO. Populations without morphologies are spheres.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import libsonata._libsonata
import morphio._morphio
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import SONATA, PopulationParams, SonataParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.confined import check_confined
from brayns_widget.service.renderer.content.coloring.cells import CellColoring, Labels
from brayns_widget.service.renderer.content.simulation import Simulation
from brayns_widget.service.renderer.loaders import hdf5
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.circuits import nodes
from brayns_widget.service.renderer.loaders.circuits.cells import KnownShapes, point_shapes, read_labels, read_shapes
from brayns_widget.service.renderer.loaders.circuits.edges import edges_model
from brayns_widget.service.renderer.loaders.circuits.neurons import place
from brayns_widget.service.renderer.loaders.circuits.placed import PlacedNodes, Reader
from brayns_widget.service.renderer.loaders.circuits.recordings import open_recording, read_spikes, report_file
from brayns_widget.service.renderer.loaders.circuits.reduction import FittedShapes
from brayns_widget.service.renderer.loaders.circuits.vasculature import vessels_model
from brayns_widget.service.renderer.loaders.morphologies.files import morphology_reader
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.renderer.loaders.morphologies.params import check_morphology, shape_options
from brayns_widget.service.renderer.loaders.notices import Notices
from brayns_widget.service.rpc.running import RunningRequest
from brayns_widget.service.sonata.config import Properties, SimulationConfig, read_configuration
from brayns_widget.service.sonata.folders import configuration_of
from brayns_widget.service.sonata.listing import VASCULATURE, Circuit, type_of
from brayns_widget.service.sonata.populations import Population
from brayns_widget.service.sonata.problems import about

_POINTS = ("virtual", "point_neuron", "point_process", "single_compartment")  # types of nodes without morphologies
_CELL_REPORTS = ("spikes", "compartment", "summation")
_VESSEL_REPORTS = ("bloodflow_pressure", "bloodflow_speed", "bloodflow_radii")


def load(path: Path, params: SonataParams, request: RunningRequest) -> list[LoadedModel]:
    """Load one model for each population in ``params``; see ``Loader.load``."""
    hdf5.silence(libsonata._libsonata, morphio._morphio)  # noqa: SLF001  the extension modules hold HDF5
    config, simulation, problems = read_configuration(configuration_of(path, check_confined), check_confined)
    circuit = Circuit(config, check_confined)
    notices = Notices()
    for problem in (*config.problems, *problems):
        notices.add(problem)
    opened_nodes = [_open(circuit, simulation, settings) for settings in params.node_population_settings]
    count = len(params.node_population_settings)
    known: KnownShapes = {}
    models: list[LoadedModel] = []
    with contextlib.ExitStack() as opened:

        def keep(model: LoadedModel) -> None:
            opened.callback(model.close)
            models.append(model)

        for index, settings in enumerate(params.node_population_settings):
            part = request.part(index / count, (index + 1) / count)
            model, placed = _load_population(
                circuit, simulation, opened_nodes[index], settings, known, part, notices=notices
            )
            keep(model)
            for edges in settings.edge_populations:
                part.progress(1.0, f"Reading edge population {edges.edge_population}")
                keep(edges_model(circuit, simulation, edges, placed, notices))
        opened.pop_all()  # the reports are the caller's from here on
    return [replace(model, notices=notices.texts) for model in models]


LOADER = Loader(SONATA, "Circuit Explorer", (".json",), SonataParams, load, folders=True)


def _open(circuit: Circuit, simulation: SimulationConfig | None, settings: PopulationParams) -> _Nodes:
    """Open a population, and refuse what cannot be shown of it before anything is loaded."""
    name, kind = settings.node_population, settings.report_type
    file = circuit.node_files.get(name)
    if file is None:
        for error in circuit.errors:  # it may be in a file that cannot be read
            raise error
        has = f"it has {', '.join(circuit.node_files)}" if circuit.node_files else "it has none"
        # The real renderer's words begin so, and the next ones.
        raise failure(f"Population {name} does not exists in {circuit.config.path}; {has}")
    population = circuit.nodes(name)
    properties = file.properties(name)
    population_type = properties.type or type_of(population)
    wanted = [] if kind == "none" else [(kind, settings.report_name)]
    wanted += [("synapse", edges.edge_report_name) for edges in settings.edge_populations if edges.edge_report_name]
    shown = _VESSEL_REPORTS if population_type == VASCULATURE else _CELL_REPORTS
    if wanted and simulation is None:
        raise failure(f"No simulation configuration available: {circuit.config.path} tells of a circuit only")
    if kind not in ("none", *shown):
        what = "Vessels" if population_type == VASCULATURE else "Cells"
        raise RequestError(f"{what} of population {name} cannot show a report of type {kind!r}", code=INVALID_PARAMS)
    for report_type, report in wanted:
        if simulation is not None and report_type != "spikes":
            report_file(simulation, report_type, report)
    check_morphology(settings.neuron_morphology_parameters)
    return _Nodes(population, properties, population_type)


@dataclass(frozen=True)
class _Nodes:
    """A population that is to be loaded.

    Attributes:
        population: the nodes.
        properties: what the configuration says of them.
        type: SONATA's type.
    """

    population: Population
    properties: Properties
    type: str


def _load_population(  # noqa: PLR0917 - all are needed
    circuit: Circuit,
    config: SimulationConfig | None,
    found: _Nodes,
    settings: PopulationParams,
    known: KnownShapes,
    request: RunningRequest,
    *,
    notices: Notices,
) -> tuple[LoadedModel, PlacedNodes]:
    population, name = found.population, settings.node_population
    request.progress(0.0, f"Reading population {name}")
    for notice in population.notices:
        notices.add(notice, f"Population {name}")
    ids = nodes.select(
        population,
        node_sets_paths=_node_sets_paths(circuit, config) if settings.node_sets else (),
        node_sets=settings.node_sets,
        node_ids=settings.node_ids,
        percentage=settings.node_percentage,
        limit=settings.node_count_limit,
        circuit=str(circuit.config.path),
    )
    if found.type == VASCULATURE:
        model = vessels_model(population, ids, settings, config)
        return model, PlacedNodes(name, ids)
    positions = _positions(population, ids, settings, notices)
    rotations = nodes.rotations(population, ids)
    labels = read_labels(population, ids, notices)
    morphologies, reader = _morphologies(found, ids, labels, notices)
    by_type = nodes.dendrites_first(population, ids, notices)
    placed = PlacedNodes(name, ids, positions, rotations, morphologies, reader, labels, by_type)
    shapes, shape_of_cell = _shapes(placed, settings, request.part(0.0, 0.5), known=known, notices=notices)
    centers = np.array([shape.soma_center for shape in shapes])[shape_of_cell]
    positions = nodes.recentered(population, ids, positions, rotations, centers)
    placed = replace(placed, positions=positions)
    types = np.unique(np.concatenate([np.r_[shape.segment_types, shape.sphere_types] for shape in shapes]))
    metadata = {"loaded_neuron_count": str(len(ids)), "population_name": name, "population_type": "node"}
    metadata.update(shapes.metadata)
    if settings.node_sets and not settings.node_ids:
        metadata["node_sets"] = ", ".join(settings.node_sets)
    columns, spikes, simulation = None, None, None
    if config is not None and settings.report_type == "spikes":
        spikes = read_spikes(config, name, ids, settings.spike_transition_time)
    with contextlib.ExitStack() as stack:
        if config is not None and settings.report_type in ("compartment", "summation"):
            recording = open_recording(config, settings.report_type, settings.report_name, name)
            stack.callback(recording.close)
            columns = recording.cells(ids)
        geometry, slots = place(shapes, shape_of_cell, rotations, positions, request.part(0.5, 1.0), columns=columns)
        if columns is not None:
            simulation = recording.simulation(columns.values())
        elif spikes is not None:
            simulation = Simulation(spikes, (slots.rows // len(Section)).astype(np.intp))
    model = LoadedModel(
        kind="neurons",
        geometry=geometry,
        coloring=CellColoring(
            ids,
            labels,
            [section.name.lower() for section in Section],
            [Section(kind).name.lower() for kind in types],
            slots,
        ),
        metadata=metadata,
        ids=ids,
        simulation=simulation,
    )
    return model, placed


def _node_sets_paths(circuit: Circuit, simulation: SimulationConfig | None) -> tuple[str, str]:
    return circuit.config.node_sets_file, "" if simulation is None else simulation.node_sets_file


def _positions(
    population: Population, ids: npt.NDArray[np.int64], settings: PopulationParams, notices: Notices
) -> npt.NDArray[np.float64]:
    if settings.in_plane:
        notices.add("its cells stand in a made-up plane, as was asked for", f"Population {population.name}")
        return nodes.plane(len(ids))
    if not {"x", "y", "positions"} & {*population.attribute_names, *population.unreadable}:
        raise failure(
            f"The nodes of population {population.name} have no positions (x, y, z) in {population.file}; in_plane "
            "places them side by side"
        )
    return nodes.positions(population, ids, notices)


def _morphologies(
    found: _Nodes, ids: npt.NDArray[np.int64], labels: dict[str, Labels], notices: Notices
) -> tuple[Labels | None, Reader | None]:
    """Find the cells' morphologies, "" for none, and the function that finds their reader; None without any."""
    morphologies = labels.get("morphology")
    if morphologies is None or found.type in _POINTS:
        return None, None
    points = np.isin(nodes.words(found.population, "model_type", ids, notices), _POINTS)
    if points.any():
        names = np.array(morphologies.names, object)[morphologies.codes]
        names[points] = ""
        morphologies = Labels.of(names)
    first = next((name for name in morphologies.names if name), None)
    if first is None:
        return None, None

    def find() -> tuple[Callable[[str], Any], str]:
        properties = found.properties
        places = properties.path("morphologies_dir"), properties.alternate_morphologies
        with about(f"Population {found.population.name}"):
            return morphology_reader(*places, first, circuit=str(properties.file.components.file))

    return morphologies, find


def _shapes(
    placed: PlacedNodes,
    settings: PopulationParams,
    request: RunningRequest,
    *,
    known: KnownShapes,
    notices: Notices,
) -> tuple[FittedShapes, npt.NDArray[np.intp]]:
    """Read each morphology once; returns the shapes, spheres without morphologies, and which one each cell has."""
    params = settings.neuron_morphology_parameters
    options = replace(shape_options(params), dendrites_first=placed.dendrites_first)
    morphologies = placed.morphologies
    if not options.sections or morphologies is None or placed.reader is None:
        return point_shapes(len(placed.ids), options), np.zeros(len(placed.ids), np.intp)
    shapes = read_shapes(placed.reader(), morphologies, placed.ids, options, request, known=known, notices=notices)
    return shapes, morphologies.codes
