"""``brayns-widget snapshot``: one picture of a circuit or of a single cell, without a notebook."""

from __future__ import annotations

import argparse
import json
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, Union, get_args, get_origin

if TYPE_CHECKING:
    from brayns_widget.controller.arguments import Arguments
    from brayns_widget.controller.tasks import Task

MORPHOLOGY = "morphology"  # Brayns' model type of a single cell
INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def add_parser(subparsers: Any) -> None:
    """Add the subcommand to the command's parser."""
    parser = subparsers.add_parser("snapshot", help="render one picture of a circuit or a cell without a notebook")
    parser.add_argument(
        "circuit",
        metavar="CIRCUIT",
        type=Path,
        help="SONATA circuit or simulation configuration, a directory that holds one, or a morphology: SWC, H5 or ASC",
    )
    parser.add_argument("-o", "--output", metavar="OUT.png", type=Path, required=True, help="picture file, PNG or JPEG")
    parser.add_argument("--size", metavar="WxH", type=_size, default=(800, 600), help="in pixels (default: 800x600)")
    parser.add_argument("--samples", metavar="N", type=int, default=16, help="samples per pixel (default: 16)")
    from brayns_widget.controller.models import Models
    from brayns_widget.controller.printing import LegendPlace
    from brayns_widget.controller.where import WHERE

    parser.add_argument(
        "--legend",
        nargs="?",
        const=True,
        default=False,
        choices=get_args(LegendPlace),
        metavar="PLACE",
        help=f"draw the legend, at the lower left or one of: {', '.join(get_args(LegendPlace))}",
    )
    parser.add_argument("--scale-bar", action="store_true", help="draw a scale bar")
    _add_options(parser, Models.load_circuit.arguments)
    place = parser.add_argument_group("where it is rendered")
    _add_options(place, WHERE, without=("token",))
    place.add_argument(
        "--token-file",
        metavar="FILE",
        help="holds the bearer token of a proxy master (default: the environment variable BRAYNS_WIDGET_TOKEN)",
    )
    parser.set_defaults(run=run)


def _add_options(parser: argparse._ActionsContainer, arguments: Arguments, without: Sequence[str] = ()) -> None:
    """Add a flag for each option of a call."""
    for name, parameter in arguments.options.items():
        if name in without:
            continue
        kind, many = _element(arguments.types[name])
        options: dict[str, Any] = {"default": parameter.default, "help": arguments.texts[name].replace("%", "%%")}
        if kind is dict:
            options |= {"type": _read_json, "metavar": "JSON"}
        elif kind is bool:
            options["action"] = argparse.BooleanOptionalAction
        else:
            options |= {"type": kind, "metavar": kind.__name__.upper()} | ({"nargs": "+"} if many else {})
        parser.add_argument(f"--{name.replace('_', '-')}", **options)


def _element(kind: Any) -> tuple[type, bool]:
    """Return the type of an option's value, or of each of its values if it takes several."""
    if get_origin(kind) is Annotated:
        return _element(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        return _element(next(option for option in get_args(kind) if option is not type(None)))
    if get_origin(kind) is Sequence:
        return _element(get_args(kind)[0])[0], True
    return (dict if get_origin(kind) is Mapping else kind), False


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r:.80} is not JSON: {error}") from None


def run(options: argparse.Namespace) -> int:
    """Render the picture and return the exit code."""
    from brayns_widget.controller.controller import Controller
    from brayns_widget.controller.encoded import check_writable
    from brayns_widget.controller.models import Models
    from brayns_widget.controller.pictures import Pictures, format_of
    from brayns_widget.protocol.errors import BraynsWidgetError

    progress = _ProgressLine(sys.stderr)
    from brayns_widget.controller.where import WHERE

    place = {name: getattr(options, name) for name in WHERE.options if name != "token"}
    if options.token_file is not None:
        place["token"] = {"file": options.token_file}
    is_here = options.master is None and options.renderer is None
    try:
        # Elsewhere paths are those of another machine.
        circuit = _existing(options.circuit) if is_here else options.circuit
        output = check_writable(options.output)
        with Controller(**place) as controller:
            # Errors in the picture's arguments are reported before the work, not after it.
            how = {name: getattr(options, name) for name in ("size", "samples", "legend", "scale_bar")}
            Pictures.snapshot.arguments.bind((output,), dict(how))
            format_of(output, None)
            controller.aspect = options.size[0] / options.size[1]
            wanted = {name: getattr(options, name) for name in Models.load_circuit.arguments.options}
            loading = controller.load_circuit(circuit, **wanted)
            progress.follow(loading)
            for notice in dict.fromkeys(notice for model in controller.models for notice in model.notices):
                progress.say(notice)
            rendering = controller.snapshot(output, **how)
            progress.follow(rendering)
            cells = sum(1 if model.type == MORPHOLOGY else model.cells or 0 for model in controller.state.models)
    except KeyboardInterrupt:
        progress.end("Interrupted.")
        return INTERRUPTED
    except (BraynsWidgetError, ValueError, OSError) as error:
        progress.end(f"brayns-widget snapshot: {' '.join(str(error).split())}")
        return 1
    count = "1 cell" if cells == 1 else f"{cells} cells"
    progress.end(f"{options.output}: {count}, {options.size[0]}x{options.size[1]} pixels.")
    return 0


class _ProgressLine:
    """Progress display: one rewritten line in a terminal, one line per step elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._width = 0
        self._last = ""

    def follow(self, task: Task[Any]) -> None:
        """Show a task's progress until it is done; raises the task's error."""
        for progress in task:
            amount = "" if progress.amount is None else f" {progress.amount:4.0%}"
            if self._terminal:
                self._rewrite(f"{progress.operation}{amount}")
            elif progress.operation != self._last:
                self._last = progress.operation
                print(progress.operation, file=self._stream, flush=True)
        task.result()

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self.end(text)
        self._width = 0

    def end(self, text: str) -> None:
        """Show the final text, and end the line."""
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
    return path
