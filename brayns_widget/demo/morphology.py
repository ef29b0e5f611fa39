"""Morphologies of the demo circuit: a soma, a tree, its compartments, and the file they are written to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from brayns_widget.demo.growth import APICAL, AXON, BASAL, SOMA, Tree

CONTOUR_POINTS = 20
COMPARTMENT_LENGTH = {AXON: 300.0, BASAL: 120.0, APICAL: 120.0}  # µm


@dataclass(frozen=True)
class Compartments:
    """Compartments of one morphology, soma first, then by section from its start to its end.

    Attributes:
        section: section id, soma 0, others MorphIO's id + 1; shape (compartments,).
        kind: section type (1 soma, 2 axon, 3 basal, 4 apical dendrite).
        fraction: position of the middle along its section, 0 to 1.
        distance: path length from the soma's surface to the middle, µm.
        length: µm.
        center: of the compartment in the neuron's frame, µm, shape (compartments, 3).
    """

    section: NDArray[np.uint32]
    kind: NDArray[np.int32]
    fraction: NDArray[np.float32]
    distance: NDArray[np.float32]
    length: NDArray[np.float32]
    center: NDArray[np.float32]


def compartments(tree: Tree) -> Compartments:
    """Cut every section into an odd number of compartments, 1 + 2 ⌊length / `COMPARTMENT_LENGTH`⌋.

    The rule, with 40 µm, is the usual one for NEURON models of these cells (Blue Brain's `geom_nseg`); ours is coarser,
    which keeps the reports small.
    """
    first, last = tree.offsets[:-1], tree.offsets[1:] - 1
    begin, end = tree.distance[first], tree.distance[last]
    lengths = end - begin
    longest = np.array([COMPARTMENT_LENGTH[kind] for kind in tree.kinds.tolist()])
    counts = 1 + 2 * (lengths / longest).astype(int)
    section = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(section)) - np.repeat(np.cumsum(counts) - counts, counts)
    fraction = (number + 0.5) / counts[section]
    distance = begin[section] + fraction * lengths[section]

    # Arc length that grows over the whole tree: one interpolation serves all sections.
    shift = np.concatenate([[0.0], np.cumsum(lengths + 1.0)[:-1]]) - begin
    arc = tree.distance + np.repeat(shift, np.diff(tree.offsets))
    at = distance + shift[section]
    center = np.column_stack([np.interp(at, arc, tree.points[:, axis]) for axis in range(3)])
    return Compartments(
        section=np.concatenate([[0], section + 1]).astype(np.uint32),
        kind=np.concatenate([[SOMA], tree.kinds[section]]).astype(np.int32),
        fraction=np.concatenate([[0.5], fraction]).astype(np.float32),
        distance=np.concatenate([[0.0], distance]).astype(np.float32),
        length=np.concatenate([[0.0], lengths[section] / counts[section]]).astype(np.float32),
        center=np.concatenate([np.zeros((1, 3)), center]).astype(np.float32),
    )


def soma_contour(radius: float, *, pyramidal: bool) -> NDArray[np.float32]:
    """Return a closed outline in the x-y plane around the origin, µm, shape (`CONTOUR_POINTS`, 4), diameters 0.

    A pyramidal soma is drawn out towards its apical dendrite.
    """
    angle = 2 * np.pi * np.arange(CONTOUR_POINTS) / CONTOUR_POINTS
    stretch = 1 + (0.35 * np.maximum(np.sin(angle), 0) ** 4 if pyramidal else 0 * angle)
    x, y = radius * stretch * np.cos(angle), radius * stretch * np.sin(angle)
    return np.column_stack([x, y, 0 * x, 0 * x]).astype(np.float32)


def write_morphology(path: Path, tree: Tree, radius: float) -> None:
    """Write a morphology in the H5 format that MorphIO reads, version 1.2.

    `points` holds x, y, z and diameter; `structure` a row for each section, the soma first: index of its first
    point, section type, row of its parent.
    """
    contour = soma_contour(radius, pyramidal=bool((tree.kinds == APICAL).any()))
    structure = np.column_stack([tree.offsets[:-1] + len(contour), tree.kinds, tree.parents + 1])
    with h5py.File(path, "w") as file:
        file["points"] = np.concatenate([contour, tree.points])
        file["structure"] = np.concatenate([[[0, SOMA, -1]], structure]).astype(np.int32)
        metadata = file.create_group("metadata")
        metadata.attrs["cell_family"] = np.array([0], np.uint32)  # a neuron
        metadata.attrs["version"] = np.array([1, 2], np.uint32)
