"""``brayns-widget snapshot``: one picture of a circuit, without a notebook."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from brayns_widget.tasks import Task

INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def add_parser(subparsers: Any) -> None:
    """Add the subcommand to the command's parser."""
    parser = subparsers.add_parser("snapshot", help="render one picture of a circuit without a notebook")
    parser.add_argument("circuit", metavar="CIRCUIT", type=Path, help="SONATA circuit or simulation configuration")
    parser.add_argument("-o", "--output", metavar="OUT.png", type=Path, required=True, help="picture file, PNG or JPEG")
    parser.add_argument("--size", metavar="WxH", type=_size, default=(800, 600), help="in pixels (default: 800x600)")
    parser.add_argument("--population", metavar="NAME", help="node population (default: the largest biophysical one)")
    parser.add_argument("--density", type=float, default=1.0, help="share of the cells, up to 1 (default: 1.0)")
    parser.add_argument("--axon", action=argparse.BooleanOptionalAction, default=False, help="load axons too")
    parser.add_argument("--samples", metavar="N", type=int, default=16, help="samples per pixel (default: 16)")
    parser.add_argument("--color-by", metavar="METHOD", help="color by an attribute, such as mtype or layer")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Render the picture and return the exit code."""
    from brayns_widget.controller import Controller
    from brayns_widget.protocol.errors import BraynsWidgetError
    from brayns_widget.scene import pictures

    progress = _ProgressLine(sys.stderr)
    try:
        circuit = _existing(options.circuit)
        output = _writable(options.output)
        with Controller() as controller:
            # What can be wrong with the picture is told before the work, not after it.
            pictures.snapshot_params(
                controller.camera,
                controller.background,
                size=options.size,
                samples=options.samples,
                image_format=pictures.format_of(output, None),
            )
            controller.aspect = options.size[0] / options.size[1]
            loading = controller.load_circuit(
                circuit,
                population=options.population,
                density=options.density,
                axon=options.axon,
                color_by=options.color_by,
            )
            progress.follow(loading)
            rendering = controller.snapshot(output, size=options.size, samples=options.samples)
            progress.follow(rendering)
            cells = sum(model.cells or 0 for model in controller.models)
    except KeyboardInterrupt:
        progress.end("Interrupted.")
        return INTERRUPTED
    except (BraynsWidgetError, ValueError, OSError) as error:
        progress.end(f"brayns-widget snapshot: {' '.join(str(error).split())}")
        return 1
    progress.end(f"{options.output}: {cells} cells, {options.size[0]}x{options.size[1]} pixels.")
    return 0


class _ProgressLine:
    """Progress on one line that is rewritten in a terminal, on a line for each step elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._width = 0
        self._last = ""

    def follow(self, task: Task[Any]) -> None:
        """Show a task's progress until it is done, and raise what it raises."""
        for progress in task:
            amount = "" if progress.amount is None else f" {progress.amount:4.0%}"
            if self._terminal:
                self._rewrite(f"{progress.operation}{amount}")
            elif progress.operation != self._last:
                self._last = progress.operation
                print(progress.operation, file=self._stream, flush=True)
        task.result()

    def end(self, text: str) -> None:
        """Show the last words, and end the line."""
        if self._terminal:
            self._rewrite(text)
            text = ""
        print(text, file=self._stream, flush=True)

    def _rewrite(self, text: str) -> None:
        self._stream.write(f"\r{text.ljust(self._width)}")
        self._stream.flush()
        self._width = len(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 800x600") from None


def _existing(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"{str(path)!r} does not exist.")
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a directory; name the circuit's configuration file in it.")
    return path


def _writable(path: Path) -> Path:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no directory {str(path.parent)!r} to write {path.name!r} to.")
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a directory, not a picture file.")
    return path
