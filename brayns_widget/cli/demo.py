"""``brayns-widget demo``: write a synthetic SONATA circuit."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from brayns_widget.protocol.errors import BraynsWidgetError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no public name


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand ``demo``."""
    parser = subparsers.add_parser(
        "demo",
        help="write a synthetic SONATA circuit",
        description="Write a synthetic SONATA circuit, a piece of cortex with spikes and voltage reports.",
    )
    parser.add_argument("directory", metavar="DIR", help="directory; missing, empty, or with the same circuit")
    parser.add_argument("--cells", type=int, metavar="N", help="number of cells (default: 80)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the random numbers (default: 0)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the circuit and print the path of its configuration."""
    from brayns_widget.demo import DEFAULT_CELLS, write_circuit

    try:
        cells = DEFAULT_CELLS if options.cells is None else options.cells
        print(write_circuit(options.directory, cells=cells, seed=options.seed))
    except BraynsWidgetError as error:
        print(f"brayns-widget demo: {error}", file=sys.stderr)
        return 1
    return 0
