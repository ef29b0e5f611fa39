"""Populations written with h5py, in all the ways that people's files have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

TEXT = h5py.string_dtype()


def write_nodes(
    path: Path, groups: dict[str, dict[str, Any]], *, name: str = "cells", packed: str | None = None, **index: Any
) -> Path:
    """Write a population: the attributes of each group, and the datasets beside the groups."""
    with h5py.File(path, "a") as file:
        population = file.create_group(f"nodes/{name}")
        fill(population, groups, packed)
        count = sum(len(next(iter(attributes.values()))) for attributes in groups.values() if attributes)
        for key, values in {"node_type_id": np.zeros(count, np.int64), **index}.items():
            if values is not None:
                population.create_dataset(key, data=np.asarray(values), compression=packed)
    return path


def fill(population: Any, groups: dict[str, dict[str, Any]], packed: str | None = None) -> None:
    for number, attributes in groups.items():
        group = population.create_group(number)
        for key, values in attributes.items():
            texts = len(values) and isinstance(values[0], str)
            data = np.array(values, dtype=TEXT) if texts else np.asarray(values)
            group.create_dataset(key, data=data, compression=packed)


def write_edges(
    path: Path,
    sources: list[int],
    targets: list[int],
    attributes: dict[str, Any] | None = None,
    *,
    change: Callable[[Any], None] | None = None,
    **index: Any,
) -> Path:
    """Write the edge population "joins" from "axons" to "cells", without indices."""
    with h5py.File(path, "w") as file:
        population = file.create_group("edges/joins")
        for end, nodes, of in (("source", sources, "axons"), ("target", targets, "cells")):
            data = np.array(nodes, np.uint64)
            population.create_dataset(f"{end}_node_id", data=data).attrs["node_population"] = of
        population["edge_type_id"] = np.zeros(len(sources), np.int64)
        fill(population, {"0": attributes or {}})
        for key, values in index.items():
            population[key] = values
        if change:
            change(population)
    return path
