"""Models in the renderer's scene, and the parameters that load them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brayns_widget.protocol.errors import ProtocolError
from brayns_widget.scene.camera import Bounds, Vector
from brayns_widget.scene.colors import Rgba

LOADER = "SONATA loader"


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the scene.

    Attributes:
        id: the renderer's id. Renderers use an id again after its model was removed.
        name: what people call it: the node population, or the file.
        type: the renderer's model type, such as "neurons".
        visible: whether it is shown.
        color: linear RGBA if it has a single color, else None.
        color_by: the coloring method in use, such as "solid" or "mtype".
        color_methods: the coloring methods that it offers.
        cells: how many cells were loaded, or None where the renderer does not say.
        path: the file it was loaded from.
        population: its node population, or "".
        bounds: lower and upper corner in µm, or None if it is empty.
        left_out: what the renderer did not load because it has not enough memory, in its words, or "".
    """

    id: int
    name: str
    type: str
    visible: bool = True
    color: Rgba | None = None
    color_by: str = "solid"
    color_methods: tuple[str, ...] = ()
    cells: int | None = None
    path: str = ""
    population: str = ""
    bounds: Bounds | None = None
    left_out: str = ""

    @classmethod
    def from_instance(cls, instance: Mapping[str, Any], color_methods: Sequence[str] = ()) -> Model:
        """Read what the renderer's ``add-model`` and ``get-scene`` say of a model.

        Raises:
            ProtocolError: it is no description of a model.
        """
        try:
            info = instance["info"]
            metadata = info.get("metadata", {})
            path = info.get("load_info", {}).get("path", "")
            population = metadata.get("population_name", "")
            count = metadata.get("loaded_neuron_count", "")
            return cls(
                id=int(instance["model_id"]),
                name=population or path.replace("\\", "/").rpartition("/")[2] or str(instance["model_type"]),
                type=str(instance["model_type"]),
                visible=bool(instance.get("is_visible", True)),
                color_methods=tuple(str(method) for method in color_methods),
                cells=int(count) if str(count).isdecimal() else None,
                path=str(path),
                population=str(population),
                bounds=read_bounds(instance["bounds"]),
                left_out=str(metadata.get("left_out", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(f"The renderer described a model in an unknown way: {error!r}.") from error

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, as the widget's trait ``models`` holds it."""
        bounds = None if self.bounds is None else {"min": list(self.bounds[0]), "max": list(self.bounds[1])}
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "visible": self.visible,
            "color": None if self.color is None else list(self.color),
            "color_by": self.color_by,
            "color_methods": list(self.color_methods),
            "cells": self.cells,
            "path": self.path,
            "population": self.population,
            "bounds": bounds,
        }


def read_bounds(value: Mapping[str, Any]) -> Bounds | None:
    """Read the renderer's bounds; None for those of nothing, whose lower corner lies above the upper one."""
    low, high = _vector(value["min"]), _vector(value["max"])
    return None if any(a > b for a, b in zip(low, high, strict=True)) else (low, high)


def union(bounds: Sequence[Bounds | None]) -> Bounds | None:
    """Return the box around all boxes, or None if there is none."""
    boxes = [box for box in bounds if box is not None]
    if not boxes:
        return None
    lows, highs = zip(*boxes, strict=True)
    low = tuple(map(min, zip(*lows, strict=True)))
    high = tuple(map(max, zip(*highs, strict=True)))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def load_params(
    path: str,
    population: str,
    *,
    density: float = 1.0,
    node_ids: Sequence[int] | None = None,
    node_sets: Sequence[str] = (),
    limit: int | None = None,
    soma: bool = True,
    axon: bool = False,
    dendrites: bool = True,
    radius_multiplier: float = 1.0,
) -> dict[str, Any]:
    """Return the parameters of ``add-model`` that load a SONATA node population.

    Args:
        path: circuit or simulation configuration, as the renderer's machine sees it.
        population: node population.
        density: share of the cells, above 0, up to 1; taken at even steps.
        node_ids: load only these cells of the population.
        node_sets: load only the cells in one of these node sets.
        limit: largest number of cells.
        soma: load the cell bodies.
        axon: load the axons.
        dendrites: load the dendrites.
        radius_multiplier: factor on all radii, at least 0.1.

    Raises:
        ValueError: a value is out of range, or no part of the cells is to be loaded.
    """
    if not 0 < density <= 1:
        raise ValueError(f"density is {density}, not above 0 and up to 1")
    if not radius_multiplier >= 0.1:
        raise ValueError(f"radius_multiplier is {radius_multiplier}, which is less than 0.1")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}, not at least 1")
    if not (soma or axon or dendrites):
        raise ValueError("nothing to load: soma, axon and dendrites are all off")
    settings: dict[str, Any] = {
        "node_population": population,
        "node_percentage": density,
        "report_type": "none",
        "edge_populations": [],
        "neuron_morphology_parameters": {
            "radius_multiplier": radius_multiplier,
            "load_soma": soma,
            "load_axon": axon,
            "load_dendrites": dendrites,
            "geometry_type": "smooth",
        },
    }
    if node_ids is not None:
        settings["node_ids"] = [int(node_id) for node_id in node_ids]
    if node_sets:
        settings["node_sets"] = list(node_sets)
    if limit is not None:
        settings["node_count_limit"] = limit
    return {
        "path": path,
        "loader_name": LOADER,
        "loader_properties": {"node_population_settings": [settings]},
    }


def method_name(name: str, known: Sequence[str]) -> str | None:
    """Find a coloring method by its name, written with spaces or with underscores; None if there is none."""
    plain = name.replace("_", " ")
    return next((method for method in known if method.replace("_", " ") == plain), None)


def _vector(value: Any) -> Vector:
    x, y, z = value
    return float(x), float(y), float(z)
