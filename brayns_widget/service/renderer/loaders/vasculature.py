"""Blood vessels of a SONATA population of type "vasculature": each node is a piece between two cross-sections."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.geometry import Geometry
from brayns_widget.service.renderer.loaders.base import LoadedModel, failure
from brayns_widget.service.renderer.primitive_coloring import PrimitiveColoring

_ENDS = ("start", "end")
_MEASURES = ("x", "y", "z", "diameter")
_RED = (0.8, 0.05, 0.05, 1.0)


def vessels_model(population: Any, selection: Any, ids: npt.NDArray[np.int64], radius_multiplier: float) -> LoadedModel:
    """Make the model of vessels.

    Args:
        population: a ``libsonata.NodePopulation`` with the attributes ``start_x`` to ``end_diameter``, in µm (SONATA
            extension, "Vasculature").
        selection: a ``libsonata.Selection`` of its nodes.
        ids: the same nodes, (N,).
        radius_multiplier: factor for the radii.

    Raises:
        RequestError: an attribute is missing, or a number is none.
    """
    ends = np.stack([_end(population, selection, end) for end in _ENDS], axis=1)
    if not np.isfinite(ends).all() or (ends[..., 3] < 0).any():
        node = ids[np.flatnonzero(~(np.isfinite(ends).all(axis=(1, 2)) & (ends[..., 3] >= 0).all(axis=1)))[0]]
        raise failure(f"Node {node} of population {population.name} has no finite place, or a negative diameter")
    ends[..., 3] *= radius_multiplier / 2
    slots = np.arange(len(ids), dtype=np.uint32)
    geometry = Geometry(
        vertices=ends.reshape(-1, 4).astype(np.float32),
        segments=2 * slots,
        segment_slots=slots,
        spheres=np.empty((0, 4), np.float32),
        sphere_slots=np.empty(0, np.uint32),
    )
    return LoadedModel(
        kind="vasculature",
        geometry=geometry,
        coloring=PrimitiveColoring(np.tile(np.array(_RED, np.float32), (len(ids), 1))),
        metadata={"population_name": population.name, "population_type": "node"},
        ids=ids,
    )


def _end(population: Any, selection: Any, end: str) -> npt.NDArray[np.float64]:
    names = [f"{end}_{measure}" for measure in _MEASURES]
    missing = [name for name in names if name not in population.attribute_names]
    if missing:
        raise failure(f"Population {population.name} has no attribute {missing[0]!r}, so it cannot be shown as vessels")
    return np.stack([np.asarray(population.get_attribute(name, selection), np.float64) for name in names], axis=1)
