"""SONATA edge populations, synapses and endfeet of the loaded cells."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import EdgeParams
from brayns_widget.protocol.ids import ascending
from brayns_widget.service.renderer.content.coloring.base import WHITE
from brayns_widget.service.renderer.content.coloring.cells import CellColoring, Labels
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders.base import LoadedModel, failure
from brayns_widget.service.renderer.loaders.circuits.endfeet import endfeet_geometry
from brayns_widget.service.renderer.loaders.circuits.nodes import evenly
from brayns_widget.service.renderer.loaders.circuits.placed import PlacedNodes, SectionPlaces
from brayns_widget.service.renderer.loaders.circuits.recordings import open_recording
from brayns_widget.service.renderer.loaders.circuits.synapse_columns import synapse_columns
from brayns_widget.service.renderer.loaders.notices import Notices
from brayns_widget.service.sonata.config import SimulationConfig
from brayns_widget.service.sonata.listing import Circuit
from brayns_widget.service.sonata.populations import EdgePopulation

ENDFOOT = "endfoot"  # SONATA's type of the edges between vessels and astrocytes
_GLIAL = "synapse_astrocyte"  # … and from astrocytes to neurons: on the astrocyte's side, names begin otherwise
_LARGEST = float(np.finfo(np.float32).max)  # that geometry can have
Ints = npt.NDArray[np.int64]


def edges_model(
    circuit: Circuit, config: SimulationConfig | None, params: EdgeParams, nodes: PlacedNodes, notices: Notices
) -> LoadedModel:
    """Load the edges of a population to, or from, the loaded nodes: a sphere for each synapse, a mesh for each endfoot.

    Args:
        circuit: the circuit.
        config: the simulation, or None if there is no report to show.
        params: which edges.
        nodes: that are loaded.
        notices: gets what is odd about the edges.

    Raises:
        RequestError: there is no such population, it joins other nodes, or has no positions or no edges of these; the
            report cannot be shown.
    """
    name, side = params.edge_population, "afferent" if params.load_afferent else "efferent"
    file = circuit.edge_files.get(name)
    if file is None:
        for error in circuit.errors:  # it may be in a file that cannot be read
            raise error
        has = f"it has {', '.join(circuit.edge_files)}" if circuit.edge_files else "it has none"
        raise failure(f"Edge population {name} does not exist in {circuit.config.path}; {has}")
    edges = circuit.edges(name)
    for notice in edges.notices:
        notices.add(notice, f"Edge population {name}")
    properties = file.properties(name)
    chosen = _chosen(edges, side, nodes, params.edge_percentage)
    if properties.type == ENDFOOT:
        kind, geometry = "endfeet", endfeet_geometry(properties.path("endfeet_meshes_file"), edges, chosen)
    else:
        points = _positions(edges, properties.type, side, chosen, nodes)
        kind, geometry = f"{side}_synapses", _spheres(points, params.radius)
    cells = _cells(edges, side, chosen)
    if not np.isin(cells, nodes.ids).all():
        raise failure(f"The indices of edge population {name} in {edges.file} lead to edges of other nodes")
    model = LoadedModel(
        kind=kind,
        geometry=geometry,
        coloring=_coloring(cells, nodes),
        metadata={"population_name": name, "population_type": "edge"},
        ids=ascending(cells),
    )
    if params.edge_report_name:
        assert config is not None  # checked before anything was loaded
        with contextlib.closing(open_recording(config, "synapse", params.edge_report_name, edges.target)) as recording:
            simulation = recording.simulation(synapse_columns(recording, edges, chosen))
        model = replace(model, simulation=simulation)
    return model


def _cells(edges: EdgePopulation, side: str, chosen: Ints) -> Ints:
    """Look up the ids (N,) of the loaded cells that edges belong to."""
    return edges.target_nodes(chosen) if side == "afferent" else edges.source_nodes(chosen)


def _coloring(cells: Ints, nodes: PlacedNodes) -> CellColoring:
    """Color edges as the cells that they belong to, each with a slot of its own."""
    at = np.searchsorted(nodes.ids, cells)
    attributes = {name: Labels(labels.names, labels.codes[at]) for name, labels in nodes.labels.items()}
    return CellColoring(cells, attributes, [""], [], color=WHITE)


def _chosen(edges: EdgePopulation, side: str, nodes: PlacedNodes, percentage: float) -> Ints:
    """Choose the ids of the edges to load: a part of them, from 0 to 1, at even steps; 0 means all."""
    joined, find = (edges.target, edges.afferent) if side == "afferent" else (edges.source, edges.efferent)
    if joined not in {nodes.population, ""}:  # some files do not tell
        raise failure(
            f"The {side} cells of edge population {edges.name} in {edges.file} are of population {joined}, not "
            f"{nodes.population}"
        )
    chosen = find(nodes.ids)
    if percentage > 0 and len(chosen):
        chosen = chosen[evenly(len(chosen), max(1, round(percentage * len(chosen))))]
    if not len(chosen):
        raise failure(f"Edge population {edges.name} of {edges.file} has no {side} synapses of the loaded cells")
    return chosen


def _spheres(points: npt.NDArray[np.float64], radius: float) -> Geometry:
    spheres = np.column_stack((points, np.full(len(points), radius))).astype(np.float32)
    nothing = np.empty(0, np.uint32)
    return Geometry(np.empty((0, 4), np.float32), nothing, nothing, spheres, np.arange(len(spheres), dtype=np.uint32))


def _positions(
    edges: EdgePopulation, kind: str, side: str, chosen: Ints, nodes: PlacedNodes
) -> npt.NDArray[np.float64]:
    """Read positions (N, 3) in µm: on the cell's surface, as the real renderer has them, or else on its center line."""

    def read(names: list[str]) -> list[npt.NDArray[np.float64]] | None:
        if not edges.attribute_names >= set(names):
            return None
        values = [_numbers(edges, name, chosen) for name in names]
        for name, numbers in zip(names, values, strict=True):
            wrong = ~(np.abs(numbers) < _LARGEST)
            if wrong.any():
                edge = int(chosen[np.argmax(wrong)])
                raise failure(f"Edge {edge} of population {edges.name} in {edges.file} has no finite {name!r}")
        return values

    for where in ("surface", "center"):
        if (stored := read([f"{side}_{where}_{axis}" for axis in "xyz"])) is not None:
            return np.stack(stored, axis=1)
    prefix = "astrocyte" if kind == _GLIAL and side == "efferent" else side
    cells = _cells(edges, side, chosen)
    if (stored := read([f"{prefix}_section_id", f"{prefix}_section_pos"])) is not None:
        section, part = stored
        return nodes.points(SectionPlaces(cells, section.astype(np.int64), part))
    if (stored := read([f"{prefix}_{name}" for name in ("section_id", "segment_id", "segment_offset")])) is not None:
        section, segment, offset = stored
        return nodes.points(SectionPlaces(cells, section.astype(np.int64), None, segment.astype(np.int64), offset))
    if side == "afferent" and nodes.dendrites_first and (stored := read(["sec_id", "sec_x"])) is not None:
        section, part = stored  # SONATA's first edition
        return nodes.points(SectionPlaces(cells, section.astype(np.int64), part, dendrites_first=True))
    unreadable = "".join(f"; {name} cannot be read: {why}" for name, why in edges.unreadable.items())
    raise failure(
        f"Edge population {edges.name} of {edges.file} does not tell where its synapses are "
        f"({side}_surface_x …, {side}_center_x …, "
        f"{prefix}_section_id with {prefix}_section_pos, or with {prefix}_segment_id and {prefix}_segment_offset)"
        f"{unreadable}"
    )


def _numbers(edges: EdgePopulation, name: str, chosen: Ints) -> npt.NDArray[np.float64]:
    try:
        return edges.attribute(name, chosen).astype(np.float64)
    except ValueError as error:
        raise failure(
            f"Attribute {name!r} of edge population {edges.name} in {edges.file} is no number: {error}"
        ) from error
