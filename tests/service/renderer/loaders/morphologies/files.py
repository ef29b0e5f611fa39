"""Files of morphologies that tests write, and what is seen of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from brayns_widget.service.renderer.loaders.morphologies.files import read_file
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, Shape, ShapeOptions

# A soma of radius 5, an axon, a dendrite, an apical dendrite that forks.
SWC = """\
1 1 0 0 0 5 -1
2 4 0 5 0 1 1
3 4 0 40 0 1 2
4 4 20 60 0 0.8 3
5 4 -20 60 0 0.8 3
6 2 0 -5 0 0.5 1
7 2 0 -60 0 0.5 6
8 3 5 0 0 1 1
9 3 60 0 0 1 8
"""
CONTOUR = '("Soma" (Color Red) (CellBody) (5 0 0 0) (0 5 0 0) (-5 0 0 0) (0 -5 0 0))\n'
ASC = (
    CONTOUR
    + """\
((Color Blue) (Apical) (0 5 0 2) (0 40 0 2) ((20 60 0 1.6) | (-20 60 0 1.6)))
((Axon) (0 -5 0 1) (0 -60 0 1))
((Dendrite) (5 0 0 2) (60 0 0 2))
"""
)


def write_h5(
    path: Path, *, points: Any = None, structure: Any = None, types: tuple[str, str] = ("<f4", "<i4"), **packing: Any
) -> None:
    """Write the same cell as H5v1; ``packing``: as of ``h5py``'s ``create_dataset``."""
    if points is None:
        points = [[5, 0, 0, 0], [0, 5, 0, 0], [-5, 0, 0, 0], [0, -5, 0, 0], [0, 5, 0, 2], [0, 40, 0, 2]]
        points += [[0, 40, 0, 2], [20, 60, 0, 1.6], [0, 40, 0, 2], [-20, 60, 0, 1.6]]
        points += [[0, -5, 0, 1], [0, -60, 0, 1], [5, 0, 0, 2], [60, 0, 0, 2]]
    if structure is None:
        structure = [[0, 1, -1], [4, 4, 0], [6, 4, 1], [8, 4, 1], [10, 2, 0], [12, 3, 0]]
    with h5py.File(path, "w") as file:
        write_group(file, points, structure, types, **packing)


def write_group(
    group: Any, points: Any, structure: Any, types: tuple[str, str] = ("<f4", "<i4"), **packing: Any
) -> None:
    """Write a morphology of a container."""
    group.create_dataset("points", data=np.array(points, types[0]), **packing)
    group.create_dataset("structure", data=np.array(structure, types[1]), **packing)
    metadata = group.create_group("metadata")
    metadata.attrs["version"] = np.array([1, 1], np.uint32)
    metadata.attrs.create("cell_family", 0, dtype=np.uint32)


def shape_of(path: Path, **options: Any) -> Shape:
    """Read a file, with all parts and the file's radii."""
    chosen: dict[str, Any] = {"soma": True, "axon": True, "dendrites": True, "geometry_type": "original"}
    return read_file(path, ShapeOptions(**(chosen | options)))


def lines_of(shape: Shape, section: Section | None = None) -> set[tuple[tuple[float, ...], ...]]:
    """Both ends of each segment, of a type or all, rounded."""
    chosen = shape.segments if section is None else shape.segments[shape.segment_types == section]
    pairs = zip(shape.vertices[chosen], shape.vertices[chosen + 1], strict=True)
    return {tuple(tuple(np.round(end[:3].astype(float), 3).tolist()) for end in pair) for pair in pairs}


def balls_of(shape: Shape) -> list[list[float]]:
    """Center and radius of each sphere, rounded."""
    return sorted(np.round(shape.spheres.astype(float), 3).tolist())
