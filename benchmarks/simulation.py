"""What it takes to show another frame of a compartment report.

Usage: python -m benchmarks simulation [--config SIMULATION] [--report NAME] [--loads N] [--frames N]

The cells of the simulation's first population of neurons, with axons, are loaded N times (by default a demo circuit of
100 cells, once). Frames are chosen all over the report, so that none has been read before, and applied as by the method
``set-simulation-parameters``; the file is read, the colors looked up and handed to the scene. Medians of wall ms.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import libsonata

from brayns_widget.demo import write_circuit
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.registry import LOADERS
from brayns_widget.service.renderer.methods import METHODS
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.rpc.running import RunningRequest


def measure(config: str, report: str, loads: int, frames: int) -> dict[str, float]:
    """Load and play; returns the number of segments and the ms a frame takes, median and longest."""
    circuit = libsonata.CircuitConfig.from_file(libsonata.SimulationConfig.from_file(config).network)
    names = circuit.node_populations
    neurons = min(name for name in names if circuit.node_population_properties(name).type == "biophysical")
    settings = {
        "node_population": neurons,
        "node_percentage": 1.0,
        "report_type": "compartment",
        "report_name": report,
        "neuron_morphology_parameters": {"load_soma": True, "load_axon": True, "load_dendrites": True},
    }
    params = {
        "path": config,
        "loader_name": "SONATA loader",
        "loader_properties": {"node_population_settings": [settings]},
    }
    context = Context(METHODS, LOADERS)
    context.start(Engine)

    def call(method: str, params: object = None) -> None:
        METHODS[method].call(context, params, memoryview(b""), RunningRequest())

    try:
        for _ in range(loads):
            call("add-model", params)
        scene = context.engine.scene
        scene.commit()
        line = context.playback.timeline
        assert line is not None
        times = []
        for number in range(frames):
            start = time.perf_counter()
            call(
                "set-simulation-parameters", {"current": line.start + (1 + number * 7919) % (line.end + 1 - line.start)}
            )
            assert scene.traced.scene  # brings what is traced up to date
            times.append(1e3 * (time.perf_counter() - start))
        segments = sum(len(part.primitives.indices) for part in scene.parts if part.primitives.indices is not None)
    finally:
        context.close()
    return {"segments": segments, "frame_ms": statistics.median(times), "longest_ms": max(times)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", help="a SONATA simulation configuration")
    parser.add_argument("--report", default="compartment_voltage", help="name of a compartment report")
    parser.add_argument("--loads", type=int, default=1)
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = options.config or str(
            write_circuit(Path(folder) / "demo", cells=100).with_name("simulation_config.json")
        )
        row = measure(config, options.report, options.loads, options.frames)
    print(", ".join(f"{key} {value:.1f}" for key, value in row.items()))


if __name__ == "__main__":
    main()
