"""Atomic writing of the demo circuit into a directory."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brayns_widget.demo import sonata
from brayns_widget.demo.activity import DURATION, Columns, Spikes, fire, voltages
from brayns_widget.demo.cortex import HEIGHT
from brayns_widget.demo.growth import SOMA, grow
from brayns_widget.demo.morphology import Compartments, compartments, write_morphology
from brayns_widget.demo.placement import Cells, place, rotate
from brayns_widget.demo.wiring import connect
from brayns_widget.protocol.errors import BraynsWidgetError

DEFAULT_CELLS = 80
MAX_CELLS = 10_000
REPORTED_CELLS = 100  # cells of the compartment report at most: it takes about 60 kB for each
MARKER = "demo.json"
FORMAT = 1  # changes when the same parameters give another circuit


def write_circuit(directory: str | os.PathLike[str], *, cells: int = DEFAULT_CELLS, seed: int = 0) -> Path:
    """Write a synthetic SONATA circuit, with a made-up simulation of it, and return its configuration's path.

    The same parameters always give the same data. A directory that holds that circuit already is left as it is.

    Args:
        directory: where to write; it may be missing or empty.
        cells: number of cells, 1 to `MAX_CELLS`.
        seed: seed of all random numbers, 0 or more.

    Returns:
        The path of `circuit_config.json`; `simulation_config.json` lies beside it.

    Raises:
        BraynsWidgetError: a parameter is out of range, the directory holds something else, or cannot be written.
    """
    if not 1 <= cells <= MAX_CELLS:
        raise BraynsWidgetError(f"A demo circuit cannot have {cells} cells.", hint=f"Ask for 1 to {MAX_CELLS}.")
    if seed < 0:
        raise BraynsWidgetError(f"The seed {seed} is negative.", hint="Use 0 or more.")
    marker: dict[str, str | int] = {"generator": "brayns-widget demo", "format": FORMAT, "cells": cells, "seed": seed}
    return write_once(directory, marker, lambda draft: _write(draft, cells, seed))


def write_once(directory: str | os.PathLike[str], marker: dict[str, str | int], write: Callable[[Path], None]) -> Path:
    """Write a directory as a whole, unless it holds the same already, and return its configuration's path.

    Args:
        directory: where to write; it may be missing or empty.
        marker: what is written, for the file `MARKER` in it.
        write: writes all files into an empty directory.

    Raises:
        BraynsWidgetError: the directory holds something else, or cannot be written.
    """
    target = Path(directory).expanduser().absolute()
    config = target / "circuit_config.json"
    try:
        if _holds(target, marker):
            return config
        target.parent.mkdir(parents=True, exist_ok=True)
        # Written beside the target and renamed, so that an incomplete circuit is never visible.
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        draft.mkdir()
        try:
            write(draft)
            sonata.write_json(draft / MARKER, marker)
            if _holds(target, marker):  # another process was faster
                return config
            if target.exists():
                target.rmdir()  # empty, as _holds has made sure
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise BraynsWidgetError(f"The demo circuit cannot be written to {target}: {error}.") from error
    return config


def _holds(target: Path, marker: dict[str, str | int]) -> bool:
    """Whether `target` holds the circuit that `marker` describes; False if it is missing or empty."""
    if target.is_dir():
        if not any(target.iterdir()):
            return False
        try:
            found = json.loads((target / MARKER).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            raise BraynsWidgetError(
                f"{target} is not empty and holds no demo circuit.", hint="Name a new or empty directory."
            ) from None
        if found == marker:
            return True
        raise BraynsWidgetError(
            f"{target} holds another demo circuit: {found}.",
            hint="Name another directory, or delete that one first.",
        )
    if target.exists():
        raise BraynsWidgetError(f"{target} is a file.", hint="Name a directory.")
    return False


def _write(directory: Path, count: int, seed: int) -> None:
    """Write all files of the circuit and its simulation."""
    # A stream of its own for each part: a change of one part leaves the others as they were.
    for_places, for_growth, for_synapses, for_spikes = (
        np.random.default_rng(sequence) for sequence in np.random.SeedSequence(seed).spawn(4)
    )
    cells = place(count, for_places)
    trees = grow(list(cells.blueprints.values()), for_growth, floor=HEIGHT)
    shapes = [compartments(tree) for tree in trees]
    (directory / "morphologies").mkdir()
    for (name, blueprint), tree in zip(cells.blueprints.items(), trees, strict=True):
        write_morphology(directory / "morphologies" / f"{name}.h5", tree, blueprint.radius)
    sonata.write_nodes(directory / "nodes.h5", cells)
    sonata.write_edges(directory / "edges.h5", connect(cells, shapes, for_synapses), count)

    spikes = fire(cells, for_spikes)
    reported = np.unique(np.linspace(0, count - 1, min(count, REPORTED_CELLS)).round().astype(np.int64))
    (directory / "output").mkdir()
    sonata.write_spikes(directory / "output" / "spikes.h5", spikes)
    _write_reports(directory / "output", cells, shapes, spikes, reported)

    sonata.write_json(directory / "node_sets.json", sonata.node_sets(reported))
    sonata.write_json(directory / "circuit_config.json", sonata.circuit_config())
    sonata.write_json(directory / "simulation_config.json", sonata.simulation_config(seed))


def _write_reports(
    directory: Path, cells: Cells, shapes: list[Compartments], spikes: Spikes, reported: NDArray[np.int64]
) -> None:
    """Write the voltage of every soma, and of every compartment of the reported cells."""
    every = np.arange(len(cells))
    somata = Columns(every, np.full(len(cells), SOMA, np.int32), np.zeros(len(cells), np.float32), cells.position)
    ids = [np.zeros(1, np.uint32)] * len(cells)
    data = voltages(somata, spikes, _times(sonata.SOMA_STEP))
    sonata.write_report(directory / "soma_voltage.h5", every, ids, sonata.SOMA_STEP, data)

    parts = [shapes[cells.morphology[cell]] for cell in reported]
    columns = Columns(
        cell=np.repeat(reported, [len(part.section) for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
        distance=np.concatenate([part.distance for part in parts]),
        position=np.concatenate(
            [
                cells.position[cell] + rotate(cells.orientation[cell], part.center)
                for cell, part in zip(reported, parts, strict=True)
            ]
        ),
    )
    data = voltages(columns, spikes, _times(sonata.COMPARTMENT_STEP))
    ids = [part.section for part in parts]
    sonata.write_report(directory / "compartment_voltage.h5", reported, ids, sonata.COMPARTMENT_STEP, data)


def _times(step: float) -> NDArray[np.float64]:
    """Return the times of a report's frames, ms."""
    return np.arange(round(DURATION / step)).astype(np.float64) * step
