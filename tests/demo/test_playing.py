"""The renderer's loader plays the demo's simulation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.demo.activity import DURATION
from brayns_widget.demo.sonata import POPULATION
from brayns_widget.service.renderer.content.coloring.cells import CellColoring
from brayns_widget.service.renderer.content.ramps import LEVELS, ColorRamp
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.rpc.running import RunningRequest

LOW, HIGH = -90.0, 40.0
STEP = (HIGH - LOW) / (LEVELS - 1)
GREYS = ColorRamp(np.repeat(np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None], 4, axis=1), LOW, HIGH)


@contextlib.contextmanager
def loaded(circuit: Path, **settings: Any) -> Iterator[LoadedModel]:
    cells = {"load_soma": True, "load_axon": True, "load_dendrites": True}
    params = {"node_population": POPULATION, "node_percentage": 1.0, "neuron_morphology_parameters": cells, **settings}
    path = str(circuit / "simulation_config.json")
    (model,) = sonata.LOADER.read(path, {"node_population_settings": [params]}, RunningRequest())
    assert model.simulation is not None
    model.simulation.ramp = GREYS
    try:
        yield model
    finally:
        model.close()


def shown(model: LoadedModel, time: float) -> npt.NDArray[np.float64]:
    """The value that each slot shows at a time."""
    assert model.simulation is not None
    model.simulation.seek(time)
    return LOW + model.colors[:, 0].astype(np.float64) * (HIGH - LOW)


@pytest.mark.parametrize("name", ["soma_voltage", "compartment_voltage"])
def test_its_voltages_play(circuit: Path, name: str):
    with h5py.File(circuit / "output" / f"{name}.h5") as file:
        group = file[f"report/{POPULATION}"]
        data, step = group["data"][:], float(group["mapping/time"][2])
        nodes, pointers = group["mapping/node_ids"][:].astype(int), group["mapping/index_pointers"][:].astype(int)
    with loaded(circuit, report_type="compartment", report_name=name) as model:
        assert model.simulation is not None
        line = model.simulation.timeline
        assert line.end + 1 == len(data) == pytest.approx(DURATION / step, abs=1)
        for frame in (0, len(data) // 2, len(data) - 1):
            values = shown(model, frame * step)
            somas = data[frame, pointers[:-1]]  # the first column of each cell
            np.testing.assert_allclose(values[len(Section) * nodes], somas, atol=2 * STEP)
            np.testing.assert_allclose(values[-data.shape[1] :], data[frame], atol=2 * STEP)  # each column has a slot


def test_its_spikes_play(circuit: Path):
    with h5py.File(circuit / "output" / "spikes.h5") as file:
        spikes = file[f"spikes/{POPULATION}"]
        times, nodes = spikes["timestamps"][:], spikes["node_ids"][:].astype(int)
    with loaded(circuit, report_type="spikes") as model:
        assert isinstance(model.coloring, CellColoring)
        assert model.coloring.slots is not None
        values, cells = shown(model, times[0]), model.coloring.slots.rows // len(Section)
        np.testing.assert_allclose(values[cells == nodes[0]], -10, atol=3 * STEP)
        silent = ~np.isin(cells, nodes[np.abs(times - times[0]) < 2])
        assert silent.any()
        np.testing.assert_allclose(values[silent], -80, atol=2 * STEP)
