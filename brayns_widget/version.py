"""The version of this package."""

from __future__ import annotations

import argparse
from functools import cache
from typing import Any


@cache
def own_version() -> str:
    """Version of the installed package, or "development" in a checkout that is not installed; read once."""
    import importlib.metadata  # takes some milliseconds, and few ask

    try:
        return importlib.metadata.version("brayns-widget")
    except importlib.metadata.PackageNotFoundError:
        return "development"


class ShowVersion(argparse.Action):
    """Action of ``--version``: print the version and exit."""

    def __init__(self, option_strings: list[str], dest: str, **_arguments: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit", default=argparse.SUPPRESS)

    def __call__(self, parser: argparse.ArgumentParser, *_arguments: Any) -> None:
        """Print it."""
        print(f"brayns-widget {own_version()}")
        parser.exit()
