"""Placement of the demo circuit's cells: types, positions, orientations, and morphologies to be grown.

The frame of the circuit: y is the height above the white matter, the pia is at `HEIGHT`, x and z are 0 on the
column's axis; µm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brayns_widget.demo.cortex import CELL_TYPES, HEIGHT, LAYER_THICKNESSES, RADIUS, CellType
from brayns_widget.demo.growth import Blueprint

VARIANTS = 8  # morphologies per type at most
TILT = np.radians(2.0)  # standard deviation of a cell's tilt against the vertical
CANDIDATES = 8  # candidate positions for each soma; the one farthest from all others is chosen


@dataclass(frozen=True)
class Cells:
    """The cells, sorted by type; all arrays have one row per cell.

    Attributes:
        type: index into `CELL_TYPES`.
        layer: 1 to 6.
        position: of the soma, µm, shape (cells, 3).
        orientation: unit quaternion w, x, y, z that turns the morphology into the circuit, shape (cells, 4).
        morphology: index into `blueprints`.
        blueprints: the neurons to grow, with the name of each morphology.
    """

    type: NDArray[np.int64]
    layer: NDArray[np.int64]
    position: NDArray[np.float64]
    orientation: NDArray[np.float64]
    morphology: NDArray[np.int64]
    blueprints: dict[str, Blueprint]

    def __len__(self) -> int:
        return len(self.type)

    def of_type(self, index: int) -> CellType:
        """Return the type of one cell."""
        return CELL_TYPES[self.type[index]]


def place(count: int, rng: np.random.Generator) -> Cells:
    """Choose type, position, orientation and morphology of `count` cells."""
    types = np.repeat(np.arange(len(CELL_TYPES)), apportion(count, [cell_type.share for cell_type in CELL_TYPES]))
    depth = np.zeros(count)
    morphology = np.zeros(count, np.int64)
    blueprints: dict[str, Blueprint] = {}
    for index, cell_type in enumerate(CELL_TYPES):
        (members,) = np.nonzero(types == index)
        if not len(members):
            continue
        top, bottom = cell_type.depths
        # One cell per slice of the type's depths: even where there are few cells, layers are filled.
        slices = (np.arange(len(members)) + rng.uniform(0.1, 0.9, len(members))) / len(members)
        depth[members] = top + (0.04 + 0.92 * slices) * (bottom - top)
        for number, group in enumerate(np.array_split(members, min(VARIANTS, len(members)))):
            morphology[group] = len(blueprints)
            # Grown for the shallowest cell of the group: no tuft sticks out of the pia.
            name = f"{cell_type.mtype.replace(':', '-')}_{number + 1}"
            blueprints[name] = Blueprint(cell_type.roots, cell_type.radius, float(depth[group].min()))
    return Cells(
        type=types,
        layer=np.searchsorted(np.cumsum(LAYER_THICKNESSES), depth) + 1,
        position=_scatter(HEIGHT - depth, rng),
        orientation=_orientations(count, rng),
        morphology=morphology,
        blueprints=blueprints,
    )


def apportion(count: int, shares: list[float]) -> NDArray[np.int64]:
    """Divide `count` by `shares`: one each in the order of the shares, the rest by largest remainders."""
    weights = np.array(shares)
    order = np.argsort(-weights, kind="stable")
    numbers = np.zeros(len(weights), np.int64)
    numbers[order[:count]] = 1
    wanted = np.maximum(weights / weights.sum() * count - numbers, 0)
    rest = count - int(numbers.sum())
    if rest:
        wanted *= rest / wanted.sum()
        numbers += np.floor(wanted).astype(np.int64)
        short = count - int(numbers.sum())
        numbers[np.argsort(np.floor(wanted) - wanted, kind="stable")[:short]] += 1
    return numbers


def _scatter(height: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Places at given heights inside the column, each as far as possible from the earlier ones."""
    positions = np.zeros((len(height), 3))
    positions[:, 1] = height
    for index in range(len(height)):
        reach = RADIUS * np.sqrt(rng.random(CANDIDATES))
        around = rng.uniform(0, 2 * np.pi, CANDIDATES)
        candidates = np.column_stack(
            [reach * np.cos(around), np.full(CANDIDATES, height[index]), reach * np.sin(around)]
        )
        gaps = candidates[:, None] - positions[None, :index]
        nearest = np.einsum("ijk,ijk->ij", gaps, gaps).min(axis=1, initial=np.inf)
        positions[index] = candidates[nearest.argmax()]
    return positions


def _orientations(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Any turn about the vertical axis, then a small tilt about a horizontal one."""
    turn = rng.uniform(0, 2 * np.pi, count) / 2
    tilt = rng.normal(0, TILT, count) / 2
    axis = rng.uniform(0, 2 * np.pi, count)
    # (cos t, sin t cos a, 0, sin t sin a) · (cos y, 0, sin y, 0)
    return np.column_stack(
        [
            np.cos(tilt) * np.cos(turn),
            np.sin(tilt) * (np.cos(axis) * np.cos(turn) - np.sin(axis) * np.sin(turn)),
            np.cos(tilt) * np.sin(turn),
            np.sin(tilt) * (np.sin(axis) * np.cos(turn) + np.cos(axis) * np.sin(turn)),
        ]
    )


def rotate(quaternions: NDArray[np.float64], vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn vectors, shape (n, 3), by unit quaternions w, x, y, z, shape (n, 4) or (4,)."""
    quaternions = np.broadcast_to(quaternions, (len(vectors), 4))
    real, imaginary = quaternions[:, :1], quaternions[:, 1:]
    twice = 2 * np.cross(imaginary, vectors)
    turned: NDArray[np.float64] = vectors + real * twice + np.cross(imaginary, twice)
    return turned
