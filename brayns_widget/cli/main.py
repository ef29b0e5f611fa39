"""The command ``brayns-widget`` with its subcommands.

Each subcommand lives in a module that offers ``add_parser(subparsers)``, which sets ``run`` as the
parser's default: a function from the parsed arguments to an exit code. Modules are imported only when
their subcommand is named, so that ``brayns-widget renderer`` does not pay for the notebook's imports.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from brayns_widget import installed
from brayns_widget.version import ShowVersion

# subcommand → (module, one line of help)
COMMANDS: dict[str, tuple[str, str]] = {
    "service": ("brayns_widget.service.main", "run the local Brayns service: proxy master and slave"),
    "renderer": ("brayns_widget.service.renderer.main", "run one renderer (the flags of braynsService)"),
    "backend": ("brayns_widget.service.backend.main", "run one metadata backend"),
    "frames": ("brayns_widget.frames.process", "make the frames of a kernel's widgets (a kernel starts it)"),
    "snapshot": ("brayns_widget.cli.snapshot", "render one picture of a circuit without a notebook"),
    "demo": ("brayns_widget.cli.demo", "write a synthetic SONATA circuit"),
}

_NEED_LOCAL = {"service", "renderer", "backend", "demo"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="brayns-widget", description="Brayns in a notebook.")
    parser.add_argument("--version", action=ShowVersion)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        if arguments[:1] == [name]:
            importlib.import_module(module).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=text, add_help=False)
    options = parser.parse_args(arguments)
    if options.command in _NEED_LOCAL and (missing := installed.missing()):
        print(f"brayns-widget {options.command}: {', '.join(missing)} missing. {installed.HINT}", file=sys.stderr)
        return 1
    code: int = options.run(options)
    return code


def renderer() -> int:
    """Run ``brayns-widget-renderer``, the same as ``brayns-widget renderer``.

    For clients that start an executable by its name and cannot pass a subcommand, such as ``brayns.Service``.
    """
    return main(["renderer", *sys.argv[1:]])
