"""What a scene costs by its size: loading, building, memory, frames, with and without a radius floor.

Usage: python -m benchmarks scale [--cells N ...] [--threads N] [--json FILE] [--svg FILE]

Circuits are those of ``brayns-widget demo``, axons included, each measured in a process of its own. Frames are whole
views of 640 x 480 pixels with one sample, shadows and no ambient occlusion; wall and CPU ms are medians.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from brayns_widget.demo import write_circuit
from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.service.cores import usable_cores
from brayns_widget.service.renderer.loaders.circuits.sonata import LOADER
from brayns_widget.service.renderer.tracing.camera import Camera, Perspective, View, ray_frame
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.tracing.thickening.floor import Floor
from brayns_widget.service.renderer.tracing.thickening.thickened import ThickenedScene
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.rpc.running import RunningRequest

SIZE = (640, 480)
FRAMES = 5
PIXELS = 0.5
COLUMNS = (
    ("cells", "cells", "d"),
    ("segments", "segments", ",d"),
    ("load_s", "load, s", ".2f"),
    ("build_s", "build, s", ".2f"),
    ("bytes_per_segment", "bytes a segment", ".0f"),
    ("peak_bytes_per_segment", "… at the peak", ".0f"),
    ("frame_ms", "frame, ms", ".1f"),
    ("frame_cpu_ms", "… CPU ms", ".1f"),
    ("floor_build_s", "floor: build, s", ".2f"),
    ("floor_segments", "… segments", ",d"),
    ("floor_frame_ms", "… frame, ms", ".1f"),
    ("floor_frame_cpu_ms", "… CPU ms", ".1f"),
)
CURVES = (("load_s", 1e3, "load"), ("build_s", 1e3, "build"), ("frame_ms", 1, "frame"), ("floor_frame_ms", 1, "floor"))


def measure(config: Path, cells: int, threads: int | None) -> dict[str, float]:
    """Load a circuit and trace it; returns a row of the table."""
    population = {
        "node_population": "S1_neurons",
        "node_percentage": 1.0,
        "neuron_morphology_parameters": {"load_soma": True, "load_axon": True, "load_dendrites": True},
    }
    process = psutil.Process()  # type: ignore[no-untyped-call]
    with Engine(threads) as engine:
        scene = engine.scene
        # What the first load and picture of a process take, whatever its size, is not the scene's.
        (model,) = LOADER.read(
            str(config), {"node_population_settings": [{**population, "node_ids": [0]}]}, RunningRequest()
        )
        handle = scene.add(model.geometry, model.coloring.colors)
        scene.commit()
        _frames(engine, _whole(*scene.bounds()))
        scene.remove(handle)
        memory = process.memory_info().rss
        start = time.perf_counter()
        (model,) = LOADER.read(str(config), {"node_population_settings": [population]}, RunningRequest())
        load = time.perf_counter() - start
        scene.add(model.geometry, model.coloring.colors)
        scene.lights = pack_lights(
            [AmbientLight(intensity=0.8), DirectionalLight(intensity=4, direction=[-0.5, -1, -1])]
        )
        start = time.perf_counter()
        scene.commit()
        build = time.perf_counter() - start
        peak = _peak(process) - memory
        memory = process.memory_info().rss - memory
        view = _whole(*scene.bounds())
        frame, frame_cpu = _frames(engine, view)
        floor = Floor.of(ray_frame(Camera(view, Perspective()), SIZE[0] / SIZE[1]), SIZE[1], PIXELS)
        start = time.perf_counter()
        copy = ThickenedScene(engine._device, scene.parts, floor, lambda: True)  # noqa: SLF001
        floor_build = time.perf_counter() - start
        copied = copy.size
        copy.close()
        engine.set_radius_floor(PIXELS)
        floor_frame, floor_frame_cpu = _frames(engine, view)
    segments = len(model.geometry.segments)
    return {
        "cells": cells,
        "segments": segments,
        "load_s": load,
        "build_s": build,
        "bytes_per_segment": memory / segments,
        "peak_bytes_per_segment": peak / segments,
        "frame_ms": frame,
        "frame_cpu_ms": frame_cpu,
        "floor_build_s": floor_build,
        "floor_segments": copied,
        "floor_frame_ms": floor_frame,
        "floor_frame_cpu_ms": floor_frame_cpu,
    }


def _peak(process: Any) -> int:
    """Bytes that the process had at most so far."""
    if sys.platform == "win32":
        return int(process.memory_info().peak_wset)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _whole(low: Any, high: Any) -> View:
    center = (low + high) / 2
    distance = float(np.linalg.norm(high - low)) / 2 / math.sin(math.radians(22.5))
    position = center + np.array([0, 0, distance])
    return View(position=position.tolist(), target=center.tolist(), up=(0.0, 1.0, 0.0))


def _frames(engine: Engine, view: View) -> tuple[float, float]:
    """Trace several frames; returns the medians of wall and CPU ms."""
    settings = RenderSettings(samples=1, ao_samples=0, shadows=True)
    engine.set_viewport(*SIZE)
    engine.set_camera(Camera(view, Perspective()))
    engine.set_render_settings(settings)
    engine.render()
    engine._copies.wait(600)  # noqa: SLF001
    figures = []
    for _ in range(FRAMES + 1):
        engine.set_render_settings(settings)
        wall, cpu = time.perf_counter(), time.process_time()
        engine.render()
        figures.append((time.perf_counter() - wall, time.process_time() - cpu))
    walls, cpus = zip(*figures[1:], strict=True)
    return statistics.median(walls) * 1e3, statistics.median(cpus) * 1e3


def table(rows: Sequence[Mapping[str, float]]) -> str:
    """Make a Markdown table."""
    lines = ["| " + " | ".join(title for _key, title, _form in COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(format(row[key], form) for key, _title, form in COLUMNS) + " |" for row in rows]
    return "\n".join(lines)


def plot(rows: Sequence[Mapping[str, float]]) -> str:
    """Draw ms over cells as SVG, both axes logarithmic."""
    left, top, width, height = 60, 20, 460, 280
    first, last = math.log10(rows[0]["cells"]), math.log10(rows[-1]["cells"])
    times = [row[key] * factor for row in rows for key, factor, _name in CURVES]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def place(cells: float, ms: float) -> tuple[float, float]:
        x = left + width * (math.log10(cells) - first) / (last - first)
        return round(x, 1), round(top + height * (high - math.log10(ms)) / (high - low), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{top + height + 50}">',
        "<style>text { font: 12px sans-serif }</style>",
        f'<rect width="100%" height="100%" fill="white"/><text x="{left}" y="{top + height + 40}">cells</text>',
        f'<text x="8" y="{top + 4}">ms</text>',
    ]
    for power in range(low, high + 1):
        y = place(rows[0]["cells"], 10.0**power)[1]
        parts.append(f'<path d="M{left} {y}h{width}" stroke="#ddd"/><text x="12" y="{y + 16}">{10.0**power:g}</text>')
    for row in rows:
        x = place(row["cells"], 10.0**low)[0]
        parts.append(f'<text x="{x - 10}" y="{top + height + 20}">{row["cells"]:g}</text>')
    for (key, factor, name), color in zip(CURVES, ("#0072b2", "#009e73", "#d55e00", "#cc79a7"), strict=True):
        points = [place(row["cells"], row[key] * factor) for row in rows]
        path = " ".join(f"{x},{y}" for x, y in points)
        x, y = points[-1]
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 6}" y="{y + 4}" fill="{color}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="+", default=[10, 100, 1000], metavar="N")
    parser.add_argument("--threads", type=int, metavar="N", help="default: one for each usable core")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.svg and len(set(options.cells)) < 2:
        parser.error("--svg draws lines: give --cells two numbers or more")
    rows = []
    for cells in sorted(options.cells):
        with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, get_context("spawn")) as pool:
            config = write_circuit(Path(folder) / "circuit", cells=cells)
            rows.append(pool.submit(measure, config, cells, options.threads).result())
    print(table(rows))
    machine = {"processor": platform.processor(), "cores": usable_cores(), "system": platform.system()}
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(plot(rows))
    return 0
