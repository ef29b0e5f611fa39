"""Blood vessels of a SONATA population of type "vasculature": each node is a segment between two cross-sections."""

from __future__ import annotations

import contextlib

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import PopulationParams
from brayns_widget.service.renderer.content.coloring.cells import CellColoring, Labels
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.simulation import Simulation
from brayns_widget.service.renderer.loaders.base import LoadedModel, failure
from brayns_widget.service.renderer.loaders.circuits.recordings import open_recording
from brayns_widget.service.sonata.config import SimulationConfig
from brayns_widget.service.sonata.listing import VASCULATURE
from brayns_widget.service.sonata.populations import Population
from brayns_widget.service.sonata.reports import node_spans

Ints = npt.NDArray[np.int64]
_ENDS = ("start", "end")
_MEASURES = ("x", "y", "z", "diameter")
_RED = (1.0, 0.0, 0.0, 1.0)


def vessels_model(
    population: Population, ids: Ints, params: PopulationParams, config: SimulationConfig | None
) -> LoadedModel:
    """Make the model of vessels.

    Args:
        population: with the attributes ``start_x`` to ``end_diameter``, in µm (SONATA
            extension, "Fields for vasculature population").
        ids: (N,) of its nodes.
        params: factor for the radii, and the report to show.
        config: the simulation, or None if there is no report to show.

    Raises:
        RequestError: an attribute is missing, a number is none, or the report cannot be shown.
    """
    ends = np.stack([_end(population, ids, end) for end in _ENDS], axis=1)
    if not np.isfinite(ends).all() or (ends[..., 3] < 0).any():
        node = ids[np.flatnonzero(~(np.isfinite(ends).all(axis=(1, 2)) & (ends[..., 3] >= 0).all(axis=1)))[0]]
        raise failure(
            f"Node {node} of population {population.name} in {population.file} has no finite place, or a negative "
            "diameter"
        )
    ends[..., 3] *= params.vasculature_geometry_parameters.radius_multiplier / 2
    slots = np.arange(len(ids), dtype=np.uint32)
    geometry = Geometry(
        vertices=ends.reshape(-1, 4).astype(np.float32),
        segments=2 * slots,
        segment_slots=slots,
        spheres=np.empty((0, 4), np.float32),
        sphere_slots=np.empty(0, np.uint32),
    )
    simulation = None
    if params.report_type != "none":
        simulation = _simulation(population.name, ids, params, config, geometry)
        geometry = simulation.shape() or geometry
    return LoadedModel(
        kind=VASCULATURE,
        geometry=geometry,
        coloring=CellColoring(ids, _labels(population, ids), [""], [], color=_RED),
        metadata={"population_name": population.name, "population_type": "node"},
        ids=ids,
        simulation=simulation,
    )


def _labels(population: Population, ids: Ints) -> dict[str, Labels]:
    """Read the attributes that vessels can be colored by, by Brayns' name: their ``type``, such as artery or vein."""
    if "type" not in population.attribute_names:
        return {}
    values = population.attribute("type", ids)
    return {"vasculature section type": Labels.of(values)}


def _simulation(
    name: str, ids: Ints, params: PopulationParams, config: SimulationConfig | None, geometry: Geometry
) -> Simulation:
    """Open the report of blood flow: one value for each node and frame."""
    assert config is not None  # checked before anything was loaded
    with contextlib.closing(open_recording(config, params.report_type, params.report_name, name)) as recording:
        begins, ends, _found = node_spans(ids, recording.node_ids, recording.index_pointers)
        if (ends - begins > 1).any():
            node = ids[np.argmax(ends - begins > 1)]
            raise recording.refusal(f"it has more than one value for vessel {node}")
        columns = np.where(ends > begins, begins, -1).astype(np.intp)
        if params.report_type == "bloodflow_radii":
            factor = params.vasculature_geometry_parameters.radius_multiplier
            simulation: Simulation = recording.radii(columns, geometry, factor)
        else:
            simulation = recording.simulation(columns)
    return simulation


def _end(population: Population, ids: Ints, end: str) -> npt.NDArray[np.float64]:
    names = [f"{end}_{measure}" for measure in _MEASURES]
    missing = [name for name in names if name not in population.attribute_names]
    if missing:
        raise failure(
            f"Population {population.name} of {population.file} has no attribute {missing[0]!r}, so it cannot be shown "
            "as vessels"
        )
    return np.stack([np.asarray(population.attribute(name, ids), np.float64) for name in names], axis=1)
