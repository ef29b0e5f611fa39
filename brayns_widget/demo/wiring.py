"""Synapses of the demo circuit: a distance rule chooses connected cells, the source's type the place on the target.

A connection's probability falls with the distance of the somata, faster across the column than along it. It is
scaled so that a cell has a dozen presynaptic cells, whatever the number of cells. Numbers of synapses per connection
and the conduction speed (300 µm/ms) are of the order that Markram et al. 2015 (see `cortex`) report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brayns_widget.demo.cortex import CELL_TYPES
from brayns_widget.demo.growth import AXON
from brayns_widget.demo.morphology import Compartments
from brayns_widget.demo.placement import Cells, rotate

PARTNERS = 12.0  # presynaptic cells of a cell, on average
ACROSS, ALONG = 120.0, 250.0  # µm in which the probability of a connection falls to 1/e
HIGHEST = 0.8  # maximum probability
SPEED = 300.0  # µm/ms
ROWS = 256  # targets handled at a time, which bounds memory


@dataclass(frozen=True)
class Synapses:
    """Chemical synapses, sorted by target and then source; one row per synapse.

    Attributes:
        source, target: node ids.
        section: section id on the target (soma 0, others MorphIO's id + 1).
        position: along that section, 0 to 1.
        center: in the circuit's frame, µm, shape (synapses, 3).
        weight: peak conductance, nS.
        delay: ms.
    """

    source: NDArray[np.uint64]
    target: NDArray[np.uint64]
    section: NDArray[np.uint32]
    position: NDArray[np.float32]
    center: NDArray[np.float32]
    weight: NDArray[np.float32]
    delay: NDArray[np.float32]


def connect(cells: Cells, shapes: Sequence[Compartments], rng: np.random.Generator) -> Synapses:
    """Draw the synapses between `cells`; `shapes` holds the compartments of each morphology."""
    sources, targets = _connections(cells.position, rng)
    excitatory = np.array([cell_type.excitatory for cell_type in CELL_TYPES])[cells.type]
    counts = 1 + rng.poisson(np.where(excitatory[sources], 3.5, 9.0))
    source, target = np.repeat(sources, counts), np.repeat(targets, counts)

    rule = np.array([_rule(cell_type.mtype) for cell_type in CELL_TYPES])[cells.type[source]]
    place = np.zeros(len(source), np.int64)
    groups = cells.morphology[target] * len(_REACH) + rule
    for group in np.unique(groups):
        (members,) = np.nonzero(groups == group)
        shape = shapes[group // len(_REACH)]
        place[members] = rng.choice(len(shape.section), len(members), p=_chances(shape, *_REACH[group % len(_REACH)]))

    section, position, local = (
        np.zeros(len(source), np.uint32),
        np.zeros(len(source), np.float32),
        np.zeros((len(source), 3)),
    )
    for index, shape in enumerate(shapes):
        members = cells.morphology[target] == index
        section[members] = shape.section[place[members]]
        position[members] = shape.fraction[place[members]]
        local[members] = shape.center[place[members]]
    center = cells.position[target] + rotate(cells.orientation[target], local)
    way = np.linalg.norm(center - cells.position[source], axis=1)
    return Synapses(
        source=source.astype(np.uint64),
        target=target.astype(np.uint64),
        section=section,
        position=position,
        center=center.astype(np.float32),
        weight=rng.lognormal(np.log(0.7), 0.4, len(source)).astype(np.float32),
        delay=(0.5 + way / SPEED).astype(np.float32),
    )


# Path distances from the soma, µm, between which the synapses of a source lie: basket cells stay near the soma,
# Martinotti cells prefer the far dendrites, all others have no preference.
_REACH = ((-1.0, 90.0), (120.0, np.inf), (5.0, np.inf))


def _rule(mtype: str) -> int:
    return 0 if mtype.endswith("LBC") else 1 if mtype.endswith("MC") else 2


def _chances(shape: Compartments, near: float, far: float) -> NDArray[np.float64]:
    """Probability of each compartment: by its length, on the soma and the dendrites between two distances."""
    reached = (shape.kind != AXON) & (shape.distance >= near) & (shape.distance <= far)
    if not reached.any():
        reached = shape.kind != AXON
    weights = np.where(reached, np.maximum(shape.length, 10.0), 0.0)
    chances: NDArray[np.float64] = weights / weights.sum()
    return chances


def _connections(
    position: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return sources and targets of the connections, sorted by target and then source."""
    total = sum(_nearness(position, begin).sum() for begin in range(0, len(position), ROWS))
    scale = PARTNERS * len(position) / total if total else 0.0
    pairs = []
    for begin in range(0, len(position), ROWS):
        chance = np.minimum(scale * _nearness(position, begin), HIGHEST)
        target, source = np.nonzero(rng.random(chance.shape) < chance)
        pairs.append((source, target + begin))
    return np.concatenate([source for source, _ in pairs]), np.concatenate([target for _, target in pairs])


def _nearness(position: NDArray[np.float64], begin: int) -> NDArray[np.float64]:
    """Return proximities, 1 near to 0 far, of cells to targets from `begin`, shape (targets, cells); 0 to itself."""
    gap = position[begin : begin + ROWS, None] - position[None]
    near: NDArray[np.float64] = np.exp(-np.hypot(gap[..., 0], gap[..., 2]) / ACROSS - np.abs(gap[..., 1]) / ALONG)
    rows = np.arange(len(gap))
    near[rows, begin + rows] = 0
    return near
