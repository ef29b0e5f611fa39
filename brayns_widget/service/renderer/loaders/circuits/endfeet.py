"""Endfeet: the patches of surface in which astrocytes touch vessels, from a file of grouped properties.

Format: SONATA as the Blue Brain Project extended it, "Astrocyte Endfeet Description" and "Grouped Properties Layout":
``data/points`` and ``data/triangles`` hold all meshes, ``offsets/`` where each endfoot's begins; its triangles count
its own points from 0. Points are in the circuit's coordinates.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from brayns_widget.service import hdf5
from brayns_widget.service.confined import check_confined
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.sonata.populations import EdgePopulation
from brayns_widget.service.sonata.problems import UNREADABLE, words

Ints = npt.NDArray[np.int64]


def endfeet_geometry(file_name: str, edges: EdgePopulation, chosen: Ints) -> Geometry:
    """Read the meshes of endfeet; the n-th chosen one has color slot n.

    Args:
        file_name: SONATA's ``endfeet_meshes_file``.
        edges: a population of type ``endfoot``.
        chosen: (N,) ids of its edges.

    Raises:
        RequestError: the file is missing or unreadable, or has no meshes of these endfeet; the edges cannot be read.
    """
    ids = chosen
    if "endfoot_id" in edges.attribute_names:
        ids = np.asarray(edges.attribute("endfoot_id", chosen), np.int64)
    if not file_name:
        raise failure(f"The circuit names no endfeet_meshes_file for edge population {edges.name} of {edges.file}")
    check_confined(file_name)
    if not Path(file_name).is_file():
        raise failure(f"The endfeet meshes {file_name} do not exist")
    try:
        with h5py.File(file_name, "r") as file:
            hdf5.check(file)
            points, point_counts = _rows(file, "points", ids)
            triangles, triangle_counts = _rows(file, "triangles", ids)
    except UNREADABLE as error:
        raise failure(f"{file_name} cannot be read as endfeet meshes: {words(error)}") from error
    if not len(triangles):
        raise failure(f"{file_name} has no meshes of the endfeet of the loaded cells")
    own = np.repeat(point_counts, triangle_counts)
    if (triangles < 0).any() or (triangles >= own[:, None]).any():
        raise failure(f"{file_name} has triangles with corners that are no points of their endfoot")
    first_points = np.cumsum(point_counts) - point_counts
    nothing, none = np.empty(0, np.uint32), np.empty((0, 4), np.float32)
    return Geometry(
        none,
        nothing,
        nothing,
        none,
        nothing,
        triangle_vertices=points.astype(np.float32),
        triangles=(triangles.astype(np.int64) + np.repeat(first_points, triangle_counts)[:, None]).astype(np.uint32),
        triangle_slots=np.repeat(np.arange(len(ids), dtype=np.uint32), triangle_counts),
    )


def _rows(file: Any, name: str, ids: Ints) -> tuple[npt.NDArray[Any], Ints]:
    """Read the rows (M, 3) of a grouped property that belong to some ids, and how many belong to each."""
    offsets = np.asarray(file["offsets"][name], np.int64)
    data = file["data"][name]
    if data.ndim != 2 or data.shape[1] != 3 or offsets.ndim != 1 or (np.diff(offsets) < 0).any():
        raise ValueError(f"{name} and their offsets do not fit each other")
    if len(ids) and (ids.min() < 0 or ids.max() + 1 >= len(offsets) or offsets[-1] > len(data)):
        raise ValueError(f"it has {name} of {max(0, len(offsets) - 1)} endfeet, and not of endfoot {ids.max()}")
    begins, ends = offsets[ids], offsets[ids + 1]
    rows = [data[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return np.concatenate([np.empty((0, 3), data.dtype), *rows]), ends - begins
