"""Spikes and membrane voltages of the demo circuit: two waves, made up, not simulated.

A volley arrives in layer 4 and spreads up, down and across; a second wave climbs from layer 6 to the pia. Where a
wave passes, membranes depolarize and cells fire. A spike travels from its soma with a delay: along axons undiminished,
along dendrites attenuated and broadened, as back-propagating action potentials are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brayns_widget.demo.cortex import CELL_TYPES, HEIGHT, RADIUS, layer_depths
from brayns_widget.demo.growth import APICAL, AXON, BASAL, SOMA
from brayns_widget.demo.placement import Cells

DURATION = 50.0  # ms
REST = -75.0  # mV
SPIKE = 88.0  # mV above rest, at the soma
REFRACTORY = 3.0  # minimum ms between two spikes of a cell
DRIVE = 14.0  # mV above rest where a wave passes

# Section type → speed of a spike (µm/ms), length in which it falls to 1/e (µm).
_TRAVEL = {
    SOMA: (400.0, 400.0),
    AXON: (300.0, 20_000.0),
    BASAL: (300.0, 160.0),
    APICAL: (400.0, 450.0),
}
_CHUNK = 4096  # columns of a report computed at a time, which bounds memory


@dataclass(frozen=True)
class Spikes:
    """Spikes sorted by time: node ids and times in ms."""

    node: NDArray[np.uint64]
    time: NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Compartments that are the columns of a report; each array has a row per column.

    Attributes:
        cell: node id.
        kind: section type (1 soma, 2 axon, 3 basal, 4 apical dendrite).
        distance: path length from the soma, µm.
        position: in the circuit's frame, µm, shape (columns, 3).
    """

    cell: NDArray[np.int64]
    kind: NDArray[np.int32]
    distance: NDArray[np.float32]
    position: NDArray[np.float64]


def arrivals(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the time at which each wave reaches a place, ms; shape (places, 2)."""
    across = position[:, 0] + RADIUS
    middle = HEIGHT - sum(layer_depths(4)) / 2
    volley = 5.0 + np.abs(position[:, 1] - middle) / 110 + across / 120
    climb = 24.0 + position[:, 1] / 140 + across / 300
    return np.column_stack([volley, climb])


def fire(cells: Cells, rng: np.random.Generator) -> Spikes:
    """Make the spikes of all cells: one to three with each wave, more and faster ones of inhibitory cells."""
    excitatory = np.array([cell_type.excitatory for cell_type in CELL_TYPES])[cells.type]
    nodes, times = [], []
    for wave in arrivals(cells.position).T:
        first = wave + np.where(excitatory, 2.5, 1.5) + np.abs(rng.normal(0, 0.8, len(cells)))
        number = np.where(excitatory, rng.integers(1, 3, len(cells)), rng.integers(2, 4, len(cells)))
        gap = np.where(excitatory, rng.uniform(7, 12, len(cells)), rng.uniform(4, 6, len(cells)))
        for repeat in range(3):
            (firing,) = np.nonzero(number > repeat)
            nodes.append(firing)
            times.append(first[firing] + repeat * gap[firing])
    node, time = np.concatenate(nodes), np.round(np.concatenate(times), 3)
    order = np.lexsort((time, node))
    node, time = node[order], time[order]
    # Where the waves meet, a cell's last spikes of one wave may coincide with its first of the other.
    crowded = (np.diff(node, prepend=-1) == 0) & (np.diff(time, prepend=-np.inf) < REFRACTORY)
    kept = ~crowded & (time < DURATION)
    node, time = node[kept], time[kept]
    order = np.lexsort((node, time))
    return Spikes(node[order].astype(np.uint64), time[order])


def voltages(columns: Columns, spikes: Spikes, times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the membrane voltages, mV, shape (times, columns)."""
    per_cell = _spike_table(spikes, int(columns.cell.max()) + 1)
    result = np.empty((len(times), len(columns.cell)), np.float32)
    speed, reach = np.array([_TRAVEL[kind] for kind in (SOMA, AXON, BASAL, APICAL)]).T
    for begin in range(0, len(columns.cell), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        kind, distance = columns.kind[part], columns.distance[part]
        row = kind - SOMA
        delay = distance / speed[row]
        height = SPIKE * np.exp(-distance / reach[row])
        broad = np.where(kind == AXON, 1.0, 1.0 + distance / 300)
        voltage = np.full((len(times), len(kind)), REST)
        for train in per_cell[columns.cell[part]].T:
            voltage += height * _spike(times[:, None] - train - delay, broad)
        for front in arrivals(columns.position[part]).T:
            voltage += np.where(kind == AXON, 0.0, DRIVE) * _bump(times[:, None] - front)
        result[:, part] = voltage
    return result


def _spike_table(spikes: Spikes, cells: int) -> NDArray[np.float64]:
    """Spike times by cell, shape (cells, most spikes of a cell), filled up with infinity."""
    mine = spikes.node < cells
    order = np.argsort(spikes.node[mine], kind="stable")
    node = spikes.node[mine][order].astype(np.int64)
    counts = np.bincount(node, minlength=cells)
    number = np.arange(len(node)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.full((cells, int(counts.max(initial=0))), np.inf)
    table[node, number] = spikes.time[mine][order]
    return table


def _spike(since: NDArray[np.float64], broad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a spike's shape: about 1 at its peak, then a shallow, slow undershoot; 0 before `since` = 0 ms."""
    after = np.maximum(since, 0) / broad
    shape: NDArray[np.float64] = 2.75 * (np.exp(-after / 0.7) - np.exp(-after / 0.25)) - 0.1 * (
        np.exp(-after / 10) - np.exp(-after / 1.5)
    )
    return shape


def _bump(since: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a smooth rise and fall that peaks with 1 at 3 ms; 0 before 0 ms."""
    after = np.maximum(since, 0) / 3.0
    bump: NDArray[np.float64] = after * np.exp(1 - after)
    return bump
