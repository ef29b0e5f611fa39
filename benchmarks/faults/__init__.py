"""What faults do to servers and client: fuzz, cycles, kills and damaged files.

Usage: python -m benchmarks faults [--quick] [--only PART]… [--seed N] [--json FILE]

Each part runs the local service, with files in a folder of its own, and says what it found; the exit code is 1 if a
part found what must not be. ``--quick`` does a hundredth of the work.

fuzz     requests of random methods, headers and bodies to the master, and of random parameters and bytes to renderer
         and backend: no status from 500 on, no error from inside, no server that ends
cycles   start, connect, request, close, again and again: memory, threads and sockets of the client stay the same, and
         memory and processes of the service
kills    random kills of renderer, backend, service and kernel while requests run: each request ends with a typed error
         within half a second, and no process is left
damaged  files of each format with random damage, loaded by the renderer: each is shown or refused, and the renderer
         goes on
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.faults import cycles, damaged, fuzz, kills
from benchmarks.faults.place import Findings

PARTS: dict[str, Callable[[int, float], Findings]] = {
    "fuzz": fuzz.run,
    "cycles": cycles.run,
    "kills": kills.run,
    "damaged": damaged.run,
}
"""Each part gets a seed, and a factor for the amount of its work."""

QUICK = 0.01


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the work")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="this part; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    wrong: list[str] = []
    for name in options.only or PARTS:
        began = time.monotonic()
        found = PARTS[name](options.seed, QUICK if options.quick else 1.0)
        figures[name] = found.figures | {"seconds": round(time.monotonic() - began, 1), "wrong": found.wrong}
        wrong += [f"{name}: {text}" for text in found.wrong]
        print(json.dumps({name: figures[name]}, indent=2), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0
