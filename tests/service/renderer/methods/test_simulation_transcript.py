"""Replay what was recorded from Brayns 3.10.1 of simulations, on one with the same frames.

The recorded simulation was not kept; its replies tell when its spikes and its report begin and end.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.service.renderer.methods.transcripts import replay
from tests.service.renderer.renderer_process import renderer_process

pytestmark = pytest.mark.data

CIRCUIT = "tiny_circuits/N_10__top_nodes_dim6"
POPULATION = "S1nonbarrel_neurons"


def write_simulation(folder: Path, circuit: Path) -> None:
    """Spikes from 0.05 ms to 9.99 ms, and 101 frames of the somas' voltages, 0.1 ms long."""
    folder.mkdir(parents=True)
    with h5py.File(folder / "spikes.h5", "w") as file:
        spikes = file.create_group(f"spikes/{POPULATION}")
        spikes["timestamps"] = np.linspace(0.05, 9.99, 10)
        spikes["timestamps"].attrs["units"] = "ms"
        spikes["node_ids"] = np.arange(10, dtype=np.uint64)
    with h5py.File(folder / "soma.h5", "w") as file:
        report = file.create_group(f"report/{POPULATION}")
        report["data"] = np.linspace(-80, 0, 1010, dtype=np.float32).reshape(101, 10)
        report["mapping/node_ids"] = np.arange(10, dtype=np.uint64)
        report["mapping/index_pointers"] = np.arange(11, dtype=np.uint64)
        report["mapping/element_ids"] = np.zeros(10, np.uint32)
        report["mapping/time"] = np.array([0.0, 10.1, 0.1])
    soma = {"cells": "All", "type": "compartment", "variable_name": "v", "dt": 0.1, "start_time": 0, "end_time": 10.1}
    config = {
        "run": {"tstop": 10.1, "dt": 0.025, "random_seed": 0},
        "output": {"output_dir": ".", "spikes_file": "spikes.h5"},
        "network": circuit.as_posix(),
        "reports": {"soma": soma},
    }
    (folder / "simulation_config.json").write_text(json.dumps(config))


def test_replies_about_simulations_are_those_of_the_real_renderer(shared_dir: Path, data_dir: Path, tmp_path: Path):
    write_simulation(tmp_path / CIRCUIT / "sim", data_dir / CIRCUIT / "circuit_config.json")
    path = shared_dir / "protocol" / "renderer-transcripts" / "simulation_parameters.jsonl"
    with renderer_process() as (address, _process):
        assert asyncio.run(replay(address, path, tmp_path, tmp_path)) == []
