"""What a user who turns and zooms a large scene waits for: moving pictures, refinement, and the way back.

Usage: python -m benchmarks interactive [--circuit CONFIG] [--cells N] [--threads N] [--json FILE]

Copies of the circuit's cells (of random arbors without one) stand side by side until there are N, in a view of 1280 x
720 pixels, lit as the widget does, with shadows and its radius floor. Pictures are asked for as it does, too: one
sample in the size that ``stream.quality.Pace`` allows while the camera moves, sixteen in full size at rest; what is
interrupted has a ray for ambient occlusion besides. The camera goes around, and to and fro, so that other copies with a
floor are built aside. Times in ms.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.renderer import arbors, circuit_geometry, load
from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.service.cores import usable_cores
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.camera import Camera, Perspective, View
from brayns_widget.service.renderer.tracing.cover import warm_up as warm_up_cover
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.tracing.tracer import warm_up
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.stream.quality import Pace, StreamSettings, picture_size

SIZE = (1280, 720)
FLOOR = 0.5  # pixels, as the widget sets it
GESTURES, FRAMES = 3, 50
INTERRUPTS = 100


def side_by_side(geometry: Geometry, cells: int) -> list[Geometry]:
    """Copies of a circuit shifted along x and z, until there are as many cells."""
    low, high = geometry.bounds
    count = max(1, round(cells / len(geometry.spheres)))
    across = math.ceil(math.sqrt(count))
    copies = []
    for number in range(count):
        shift = np.zeros(4, np.float32)
        shift[0], shift[2] = (
            (0.15 * (high - low) * divmod(number, across)[0])[0],
            0.15 * (high - low)[2] * (number % across),
        )
        copies.append(replace(geometry, vertices=geometry.vertices + shift, spheres=geometry.spheres + shift))
    return copies


class Watcher:
    """Draws what a view of the widget would show."""

    def __init__(self, engine: Engine, middle: np.ndarray, distance: float) -> None:
        self.engine = engine
        self.settings = StreamSettings()
        self.pace = Pace(self.settings)
        self.middle, self.distance = middle, distance

    def look(self, step: int, samples: int, scale: float, ambient: int = 0) -> None:
        """Set everything as the stream does."""
        turn, zoom = 0.02 * step, 1.0 + 0.6 * math.sin(0.03 * step)
        away = self.distance * zoom * np.array([math.sin(turn), 0.2, math.cos(turn)])
        self.engine.set_viewport(*picture_size(*SIZE, self.settings, scale))
        view = View(position=(self.middle + away).tolist(), target=self.middle.tolist(), up=(0.0, 1.0, 0.0))
        self.engine.set_camera(Camera(view, Perspective()))
        self.engine.set_render_settings(RenderSettings(samples=samples, ao_samples=ambient, shadows=True))

    def gesture(self, first: int) -> list[float]:
        """Move; returns ms between pictures, the first one counted from the beginning."""
        self.pace.begin()
        times = []
        for step in range(first, first + FRAMES):
            start = time.perf_counter()
            self.look(step, 1, self.pace.scale)
            self.engine.render()
            self.engine.encode("jpg", self.settings.moving_quality)
            times.append(time.perf_counter() - start)
            self.pace.rendered(times[-1])
        return [1e3 * seconds for seconds in times]

    def rest(self, step: int, interrupt_after: float | None = None, ambient: int = 0) -> tuple[float, float]:
        """Refine, and stop after so many seconds; returns ms until the end, and from the interrupt to the end."""
        self.look(step, self.settings.rest_passes, 1.0, ambient)
        told = threading.Event()
        moment = 0.0

        def interrupt() -> None:
            nonlocal moment
            moment = time.perf_counter()
            told.set()
            self.engine.interrupt()

        start = time.perf_counter()
        timer = threading.Timer(interrupt_after or 1e6, interrupt)
        if interrupt_after is not None:
            timer.start()
        while not told.is_set() and self.engine.accumulation < self.engine.max_accumulation:
            self.engine.render(told.is_set)
        end = time.perf_counter()
        timer.cancel()
        return 1e3 * (end - start), 1e3 * (end - moment) if told.is_set() else 0.0


def measure(engine: Engine, middle: np.ndarray, distance: float) -> dict[str, float]:
    """Turn, zoom and rest; returns the row of a view."""
    watcher = Watcher(engine, middle, distance)
    watcher.gesture(0)
    chance = random.Random(1)
    moving, first = [], []
    for number in range(GESTURES):
        watcher.rest(FRAMES * number, 0.3)
        times = watcher.gesture(FRAMES * number)
        moving += times
        first.append(times[0])
    scale = watcher.pace.scale
    refined, _ = watcher.rest(0)
    waits = [watcher.rest(step, 0.005 + 0.1 * chance.random(), ambient=1)[1] for step in range(INTERRUPTS)]
    waits = sorted(wait for wait in waits if wait > 0)
    return {
        "pictures_per_s": 1e3 / statistics.fmean(moving),
        "moving_ms": statistics.median(moving),
        "longest_gap_ms": max(moving),
        "first_of_gesture_ms": max(first),
        "scale": scale,
        "refined_ms": refined,
        "interrupt_median_ms": statistics.median(waits),
        "interrupt_99_ms": waits[math.ceil(0.99 * len(waits)) - 1],
        "interrupts": len(waits),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuit", help="a SONATA circuit configuration")
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    copies = side_by_side(circuit_geometry(options.circuit) if options.circuit else arbors(10), options.cells)
    warm_up()
    warm_up_cover()
    rows = {}
    with Engine(options.threads) as engine:
        engine.scene.lights = pack_lights(
            [
                AmbientLight(intensity=0.8),
                DirectionalLight(intensity=4.0, direction=[-0.5, -1.0, -1.0]),
                DirectionalLight(intensity=1.5, direction=[0.5, 0.4, 1.0]),
            ]
        )
        for geometry in copies:
            engine.scene.add(geometry, np.ones((geometry.slot_count, 4), np.float32))
        engine.scene.commit()
        engine.set_radius_floor(FLOOR)
        low, high = engine.scene.bounds()
        soma = copies[len(copies) // 2].spheres[0, :3].astype(np.float64)
        segments = sum(len(geometry.segments) for geometry in copies)
        print(f"{segments} segments, {options.threads} threads, load {', '.join(map(str, load()))}")
        for name, middle, distance in (
            ("whole", (low + high).astype(np.float64) / 2, 1.2 * float((high - low).max())),
            ("close-up", soma, 250.0),
        ):
            rows[name] = measure(engine, middle, distance)
            print(name, ", ".join(f"{key} {value:.1f}" for key, value in rows[name].items()))
    if options.json:
        options.json.write_text(json.dumps({"segments": segments, "load": load(), **rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
