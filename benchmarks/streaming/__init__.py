"""Frames in a notebook: the product over each transport beside jupyter_rfb, in a stock JupyterLab in a real Chromium.

Usage: python -m benchmarks streaming [--circuit CONFIG] [--seconds N] [--windows N] [--json FILE]

Needs the extra ``test``, and a browser as the tests do. All views show the same circuit, whole; jupyter_rfb sends the
product's picture at rest, shifted with each move. The pointer moves 60 times a second, by Chrome's own input events.
*Shown* counts animation frames with something new. *Pointer → shown* goes from a move's input event to the animation
frame after the first picture that follows this move or a later one; cameras are matched by their numbers. *Side* is a
moving picture's height as a part of the canvas'. Figures are medians of windows that alternate between the views; gaps
are the longest of all. In the first size cells sleep, loop in Python, and hold the GIL, each for some seconds, while
the pointer moves. The first picture of the circuit counts from the run of the cell: in a new kernel for each size, and
in the same one once more after the first view was closed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
from importlib.util import find_spec
from pathlib import Path

SIZES = ((640, 480), (1280, 720))
TRANSPORTS = ("socket", "comm")


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuit", type=Path, help="a SONATA circuit configuration; default: ten cells of the demo's")
    parser.add_argument("--transports", nargs="+", choices=TRANSPORTS, default=TRANSPORTS)
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="WIDTHxHEIGHT")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a window")
    parser.add_argument("--windows", type=int, default=3, help="of each view and size")
    parser.add_argument("--busy-seconds", type=float, default=5.0, help="length of a busy cell; 0 leaves them out")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    missing = [name for name in ("jupyter_rfb", "jupyterlab", "playwright") if find_spec(name) is None]
    if missing:
        parser.error(f"{', '.join(missing)} missing; install the extra 'test': pip install -e '.[local,lab,test]'")

    from benchmarks.streaming.measure import Plan, measure
    from benchmarks.streaming.report import goals, report
    from brayns_widget.demo import write_circuit

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        circuit = options.circuit or write_circuit(Path(folder) / "circuit", cells=10)
        plan = Plan(
            circuit=circuit.resolve(),
            transports=tuple(options.transports),
            sizes=tuple(options.sizes),
            seconds=options.seconds,
            windows=options.windows,
            busy_seconds=options.busy_seconds,
        )
        results = asyncio.run(measure(plan, Path(folder)))
    print(report(results))
    if options.json:
        machine = {"processor": platform.processor(), "cores": os.cpu_count(), "system": platform.system()}
        written = {"machine": machine, **results, "goals": [goal.row() for goal in goals(results)]}
        options.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)
