"""What a frame costs: our renderer beside a bare Embree loop over the same rays, and its start.

Usage: python -m benchmarks renderer [--circuit CONFIG [--views FOLDER]] [--frames N] [--threads N] [--json FILE]

Without a circuit ten random arbors are traced. The folder holds recorded requests (``interactive_spp1_ao0.json`` and
``closeup_interactive_spp1_ao0.json``), whose cameras are taken; without it cameras are chosen that see as much. Frames
of both kinds alternate, so that both see the same machine. The figures are medians: wall ms a frame, CPU ms a frame of
all threads (comparable on a busy machine), and the bare loop's CPU time over ours. ``Brayns`` is what the real renderer
took on another, quiet machine with two threads for ten real cells with axons; ``gain`` is how many frames we make in
the time of one of those, if the other machine traced the bare loop as fast as this one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight
from brayns_widget.service.cores import usable_cores
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders.circuits.sonata import LOADER
from brayns_widget.service.renderer.tracing.camera import Camera, Perspective, View, ray_frame
from brayns_widget.service.renderer.tracing.cover import warm_up
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.kernels.native import intersect16, kernel, register_symbols, take_number
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.lights import pack_lights
from brayns_widget.service.rpc.running import RunningRequest

SMALL, LARGE = (640, 480), (1280, 720)
# name, view, size, light effects; on the other machine: the real renderer's ms a frame, without and with JPEG, and
# those of a loop that traces the rays in packets, shades and tone-maps them (None: not measured)
ROWS = (
    ("empty", "whole", SMALL, False, (None, 6.0), None),
    ("empty", "whole", LARGE, False, (20.4, 24.3), None),
    ("circuit", "whole", SMALL, False, (14.3, 16.3), 8.2),
    ("circuit", "whole", LARGE, False, (35.3, 40.4), 18.8),
    ("circuit", "close-up", SMALL, False, (35.7, 42.0), 30.4),
    ("circuit", "close-up", LARGE, False, (98.4, 110.7), 79.9),
    ("circuit", "close-up", LARGE, True, (126.6, 139.7), None),
)
REQUESTS = {"whole": "interactive_spp1_ao0.json", "close-up": "closeup_interactive_spp1_ao0.json"}
START = (
    "import time; start = time.perf_counter()\n"
    "from brayns_widget.service.renderer.tracing.engine import Engine\n"
    "with Engine() as engine:\n"
    "    engine.render(); engine.encode()\n"
    "    print(time.perf_counter() - start, time.process_time())\n"
)


@kernel
def _bare(scene: Any, rays: Any, f: Any, i: Any, counter: Any) -> Any:
    """Trace packets of 64 blocks from a shared counter, and count the hits."""
    hits = 0
    start = f.ctypes.data
    for lane in range(16):
        i[9, lane] = -1  # mask
        i[22, lane] = -1  # valid
    while True:
        chunk = take_number(counter.ctypes.data)
        if 64 * chunk >= rays.shape[0]:
            return hits
        for packet in range(64 * chunk, min(64 * chunk + 64, rays.shape[0])):
            for lane in range(16):
                for row in range(3):
                    f[row, lane] = rays[packet, row, lane]
                    f[4 + row, lane] = rays[packet, 3 + row, lane]
                f[8, lane] = np.float32(np.inf)
                i[18, lane] = -1
            intersect16(start + 64 * 22, scene, start, 0)
            for lane in range(16):
                hits += i[18, lane] != -1


class BareLoop:
    """The least that a picture can cost: all its camera rays through rtcIntersect16, nothing else."""

    def __init__(self, threads: int) -> None:
        register_symbols()  # an empty scene is shown without a kernel, so nobody else may have done it yet
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads)

    def prepare(self, view: View, size: tuple[int, int]) -> NDArray[np.float32]:
        """float32 (blocks, 6, 16): origins and directions of the rays, in blocks of 4x4 pixels."""
        width, height = size
        frame = ray_frame(Camera(view, Perspective()), width / height)
        v, u = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
        rays = [frame[k] + u[..., None] * frame[k + 1] + v[..., None] * frame[k + 2] for k in (0, 3)]
        rays[1] /= np.linalg.norm(rays[1], axis=-1, keepdims=True)
        blocks = np.concatenate(rays, axis=-1).reshape(height // 4, 4, width // 4, 4, 6).transpose(0, 2, 4, 1, 3)
        return np.ascontiguousarray(blocks.reshape(-1, 6, 16), np.float32)

    def run(self, scene: int, rays: NDArray[np.float32]) -> int:
        counter = np.zeros(1, np.int64)

        def work(_thread: int) -> int:
            memory = np.zeros(24 * 16 + 16, np.float32)
            scratch = memory[-memory.ctypes.data % 64 // 4 :][: 24 * 16].reshape(24, 16)
            return int(_bare(scene, rays, scratch, scratch.view(np.int32), counter))

        return sum(self.pool.map(work, range(self.threads)))


def arbors(cells: int, seed: int = 1) -> Geometry:
    """Random walks that start at random somas, about 18 000 segments a cell."""
    random = np.random.default_rng(seed)
    branches, steps = 60, 300
    somas = random.uniform([-150, -150, -150, 6], [150, 150, 150, 9], (cells, 4)).astype(np.float32)
    heading = random.normal(size=(cells, branches, 1, 3))
    turns = np.cumsum(random.normal(scale=0.25, size=(cells, branches, steps, 3)), axis=2) + heading
    walk = np.cumsum(2.5 * turns / np.linalg.norm(turns, axis=-1, keepdims=True), axis=2)
    vertices = np.empty((cells, branches, steps + 1, 4), np.float32)
    vertices[:, :, 0] = somas[:, None]
    vertices[:, :, 1:, :3] = somas[:, None, None, :3] + walk
    vertices[:, :, 1:, 3] = np.linspace(1.0, 0.15, steps)
    first = np.arange(cells * branches)[:, None] * (steps + 1) + np.arange(steps)
    segments = first.ravel().astype(np.uint32)
    none = np.zeros(len(segments), np.uint32)
    return Geometry(vertices.reshape(-1, 4), segments, none, somas, np.zeros(cells, np.uint32))


def circuit_geometry(path: str) -> Geometry:
    """All cells of the circuit's first population of neurons, with axons."""
    import libsonata

    config = libsonata.CircuitConfig.from_file(path)
    neurons = [
        name for name in config.node_populations if config.node_population_properties(name).type == "biophysical"
    ]
    settings = {
        "node_population": min(neurons),
        "node_percentage": 1.0,
        "neuron_morphology_parameters": {"load_soma": True, "load_axon": True, "load_dendrites": True},
    }
    return LOADER.read(path, {"node_population_settings": [settings]}, RunningRequest())[0].geometry


def views(geometry: Geometry) -> dict[str, View]:
    low, high = (side.astype(float) for side in geometry.bounds)
    middle = (low + high) / 2
    distance = 1.1 * float((high - low).max())
    soma = geometry.spheres[0, :3].astype(float)

    def from_z(target: NDArray[np.float64], z: float) -> View:
        return View(position=tuple(target + np.array([0.0, 0.0, z])), target=tuple(target), up=(0.0, 1.0, 0.0))

    return {"whole": from_z(middle, distance + (high[2] - low[2]) / 2), "close-up": from_z(soma, 200.0)}


def recorded_views(folder: Path) -> dict[str, View]:
    """Read the cameras of recorded requests for snapshots."""
    params = {name: json.loads((folder / file).read_text())["request"]["params"] for name, file in REQUESTS.items()}
    return {
        name: View(**{key: tuple(vector) for key, vector in each["camera_view"].items()})
        for name, each in params.items()
    }


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU milliseconds of a call, all threads of the process together."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def measure(  # noqa: PLR0917
    engine: Engine, bare: BareLoop, view: View, size: tuple[int, int], effects: bool, frames: int
) -> dict[str, float]:
    renderer = RenderSettings(samples=1, ao_samples=int(effects), shadows=effects)
    engine.set_viewport(*size)
    engine.set_camera(Camera(view, Perspective()))
    engine.set_render_settings(renderer)
    engine.render()
    scene = engine.scene.traced.scene
    rays = bare.prepare(view, size)
    hits = bare.run(scene, rays)
    ours: list[tuple[float, float]] = []
    jpeg: list[tuple[float, float]] = []
    loop: list[tuple[float, float]] = []
    for _ in range(frames):
        engine.set_render_settings(renderer)
        ours.append(timed(engine.render))
        jpeg.append(timed(lambda: engine.encode("jpg", 100)))
        loop.append(timed(lambda: bare.run(scene, rays)))
    (wall, cpu), (jpeg_wall, _), (loop_wall, loop_cpu) = (
        (statistics.median(w for w, _ in times), statistics.median(c for _, c in times)) for times in (ours, jpeg, loop)
    )
    return {
        "wall_ms": wall,
        "wall_with_jpeg_ms": wall + jpeg_wall,
        "cpu_ms": cpu,
        "bare_wall_ms": loop_wall,
        "bare_cpu_ms": loop_cpu,
        "bare_over_ours": loop_cpu / cpu,
        "rays_that_hit": hits / (size[0] * size[1]),
    }


def slowness(rows: list[dict[str, Any]]) -> float:
    """How many times as long as the other machine this one takes: the bare loop's time over that of the packets there.

    Those were shaded and tone-mapped, too, so that this is rather too little, and ``gain`` with it.
    """
    return statistics.geometric_mean(row["bare_wall_ms"] / row["packets_ms"] for row in rows if row["packets_ms"])


def starts() -> dict[str, dict[str, float]]:
    """From a new process to its first encoded picture, with an empty and with a filled cache of compiled kernels."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cold", "warm"):
            run = subprocess.run(
                [sys.executable, "-c", START],
                env=os.environ | {"NUMBA_CACHE_DIR": folder},
                capture_output=True,
                text=True,
                check=True,
                timeout=300,
            )
            wall, cpu = map(float, run.stdout.split())
            results[name] = {"wall_s": wall, "cpu_s": cpu}
    return results


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the figures out for people."""
    slow = slowness(rows)
    lines = [
        f"this machine takes {slow:.2f} times as long as the other one",
        "scene    view      size       effects  wall  +JPEG    CPU  bare: wall   CPU bare/ours Brayns +JPEG gain +JPEG",
    ]
    for row in rows:
        real, real_jpeg = row["brayns_ms"]
        lines.append(
            f"{row['scene']:8} {row['view']:9} {row['size'][0]:4}x{row['size'][1]:<4} "
            f"{'yes' if row['effects'] else 'no':>8} {row['wall_ms']:6.1f} {row['wall_with_jpeg_ms']:6.1f} "
            f"{row['cpu_ms']:6.1f} {row['bare_wall_ms']:11.1f} {row['bare_cpu_ms']:5.1f} {row['bare_over_ours']:9.2f} "
            f"{real or '':>6} {real_jpeg:>5} {real * slow / row['wall_ms'] if real else 0:4.2f} "
            f"{real_jpeg * slow / row['wall_with_jpeg_ms']:5.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuit", help="a SONATA circuit configuration")
    parser.add_argument("--views", type=Path, help="a folder of recorded requests with cameras for it")
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    geometry = circuit_geometry(options.circuit) if options.circuit else arbors(10)
    warm_up()
    print(f"{len(geometry.segments)} segments, {options.threads} threads, load {', '.join(map(str, load()))}")
    bare = BareLoop(options.threads)
    rows = []
    with Engine(options.threads) as engine, bare.pool:
        engine.scene.lights = pack_lights(
            [
                AmbientLight(intensity=0.3),
                DirectionalLight(intensity=3.0, direction=[-0.5, -1.0, -1.0]),
            ]
        )
        build: tuple[float, float] | None = None
        cameras = recorded_views(options.views) if options.views else views(geometry)
        for scene, view, size, effects, real, packets in ROWS:
            if scene == "circuit" and build is None:
                engine.scene.add(geometry, np.ones((geometry.slot_count, 4), np.float32))
                build = timed(engine.scene.commit)
            row = measure(engine, bare, cameras[view], size, effects, options.frames)
            what = {"scene": scene, "view": view, "size": size, "effects": effects}
            rows.append({**what, "brayns_ms": real, "packets_ms": packets, **row})
    print(table(rows))
    assert build is not None
    start = starts()
    print(f"build {build[0]:.0f} ms; start to first picture: cold {start['cold']['wall_s']:.2f} s "
          f"({start['cold']['cpu_s']:.2f} CPU s), warm {start['warm']['wall_s']:.2f} s")  # fmt: skip
    if options.json:
        result = {
            "machine": platform.processor() or platform.machine(),
            "threads": options.threads,
            "load": load(),
            "segments": len(geometry.segments),
            "build_ms": build[0],
            "rows": rows,
            "start": start,
        }
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def load() -> list[float]:
    """Load averages, where the system has them: how busy the machine was."""
    return [round(number, 1) for number in os.getloadavg()] if hasattr(os, "getloadavg") else []


if __name__ == "__main__":
    main()
