"""Paths in configurations: variables, relative ones, slashes of either kind."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brayns_widget.service.sonata.problems import failure

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_MOST_ROUNDS = 20  # of replacing variables by variables


class Paths:
    """The paths of a configuration file.

    Args:
        file: the configuration, absolute.
        manifest: its variables, such as ``{"$BASE_DIR": "."}``.
    """

    def __init__(self, file: Path, manifest: Mapping[str, Any]) -> None:
        self._file = file
        # BMTK defines the first two without a manifest.
        self._variables: dict[str, Any] = {"configdir": str(file.parent), "workingdir": str(file.parent)}
        self._variables |= {name.strip("${}"): value for name, value in manifest.items()}

    def resolve(self, text: str, where: str, folder: str = "") -> str:
        """Make a path absolute.

        Args:
            text: as it is written; "" stays so.
            where: for messages: key and file.
            folder: what it is relative to; "": the directory of the configuration.

        Raises:
            RequestError: it uses a variable that the manifest lacks, or that leads to itself.
        """
        if not text:
            return ""
        written = self._expanded(text, where)
        place = Path(folder or self._file.parent)
        if os.sep == "/" and "\\" in written and not (place / written).exists():
            written = written.replace("\\", "/")  # written on Windows
        return os.path.abspath(place / written)  # noqa: PTH100 - a Path would keep ".."

    def _expanded(self, text: str, where: str) -> str:
        written = text
        for _round in range(_MOST_ROUNDS):
            if "$" not in written:
                return written
            replaced = _VARIABLE.sub(lambda match: self._value(match, where), written)
            if replaced == written:
                return written  # a dollar that is part of a name
            written = replaced
        raise failure(f"{where} uses variables of the manifest that lead to themselves: {text!r}")

    def _value(self, match: re.Match[str], where: str) -> str:
        name = match[1] or match[2]
        value = self._variables.get(name)
        if not isinstance(value, str):
            known = ", ".join(f"${name}" for name in self._variables if name not in ("configdir", "workingdir"))
            has = f"it has {known}" if known else "it has none"
            raise failure(f"{where} uses ${name}, which the manifest does not define ({has})")
        return value
