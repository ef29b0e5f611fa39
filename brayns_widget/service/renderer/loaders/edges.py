"""Synapses of the loaded cells as spheres, from SONATA edge populations, read with libsonata."""

from __future__ import annotations

from typing import Any

import libsonata
import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.coloring import YELLOW
from brayns_widget.service.renderer.geometry import Geometry
from brayns_widget.service.renderer.loaders.base import LoadedModel, failure
from brayns_widget.service.renderer.loaders.nodes import evenly
from brayns_widget.service.renderer.primitive_coloring import PrimitiveColoring


def synapses_model(
    circuit: Any, name: str, nodes: str, ids: npt.NDArray[np.int64], *, afferent: bool, percentage: float, radius: float
) -> LoadedModel:
    """Load the synapses of an edge population on, or from, the loaded cells.

    Args:
        circuit: a ``libsonata.CircuitConfig``.
        name: of the edge population.
        nodes: the population of the cells.
        ids: of the loaded cells.
        afferent: those that the cells receive, not those that they make.
        percentage: the part of them to load, from 0 to 1, at even steps; 0 means all.
        radius: of the spheres, in µm.

    Raises:
        RequestError: there is no such population, it joins other cells, or has no positions or no synapses of these.
    """
    side = "afferent" if afferent else "efferent"
    if name not in circuit.edge_populations:
        raise failure(f"Edge population {name} does not exist")
    try:
        edges = circuit.edge_population(name)
        joined = edges.target if afferent else edges.source
        if joined != nodes:
            raise failure(f"The {side} cells of edge population {name} are of population {joined}, not {nodes}")
        chosen = (edges.afferent_edges if afferent else edges.efferent_edges)(ids.tolist()).flatten().astype(np.int64)
        if percentage > 0 and len(chosen):
            chosen = chosen[evenly(len(chosen), max(1, round(percentage * len(chosen))))]
        if not len(chosen):
            raise failure(f"Edge population {name} has no {side} synapses of the loaded cells")
        points = _positions(edges, side, libsonata.Selection(chosen))
    except (libsonata.SonataError, RuntimeError) as error:
        raise failure(f"Edge population {name} cannot be read: {error}") from error
    spheres = np.column_stack((points, np.full(len(points), radius))).astype(np.float32)
    nothing = np.empty(0, np.uint32)
    slots = np.arange(len(spheres), dtype=np.uint32)
    return LoadedModel(
        kind=f"{side}_synapses",
        geometry=Geometry(np.empty((0, 4), np.float32), nothing, nothing, spheres, slots),
        coloring=PrimitiveColoring(np.tile(np.array(YELLOW, np.float32), (len(spheres), 1))),
        metadata={"population_name": name, "population_type": "edge"},
    )


def _positions(edges: Any, side: str, selection: Any) -> npt.NDArray[np.float64]:
    """Positions (N, 3) in µm: on the cell's surface, as the real renderer draws them, or else in its middle."""
    for where in ("surface", "center"):
        names = [f"{side}_{where}_{axis}" for axis in "xyz"]
        if edges.attribute_names >= set(names):
            points = np.stack([np.asarray(edges.get_attribute(name, selection), np.float64) for name in names], axis=1)
            if not np.isfinite(points).all():
                raise failure(f"Edge population {edges.name} has positions that are not finite")
            return points
    raise failure(f"Edge population {edges.name} has no positions ({side}_surface_x … or {side}_center_x …)")
