"""Headers of NRRD files as lines and texts, for the renderer and the backend.

The format: https://teem.sourceforge.net/nrrd/format.html. pynrrd makes numbers of them; it would take any file as one
endless header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import IO

MAX_SIZE = 1 << 20  # bytes; real headers have a few hundred
_MAGIC = re.compile(r"NRRD\d{4}")
_DETACHED = re.compile(r"data ?file\s*:", re.IGNORECASE)  # the header of another file needs no empty line at its end

_LIST = re.compile(r"data ?file\s*:\s*LIST\b", re.IGNORECASE)  # the last field, which names of files follow


def header_lines(file: IO[bytes]) -> list[str]:
    """Read the lines of a header, without their ends and without comments; the file is right behind it then.

    Args:
        file: open at its begin.

    Raises:
        ValueError: it is empty, of another format, cut, or its header is too long or has a line without a field.
    """
    lines: list[str] = []
    left = MAX_SIZE
    while data := file.readline(left):
        left -= len(data)
        line = data.decode("utf-8", "replace").rstrip()
        if not lines and not _MAGIC.fullmatch(line):
            raise ValueError("it does not begin with NRRD and a version")
        if not line:
            return lines
        if not left:
            raise ValueError(f"its header has more than {MAX_SIZE} bytes")
        if lines and not line.startswith("#") and ":" not in line:
            raise ValueError(f"a line of its header is not 'field: value': {line[:60]!r}")
        if not line.startswith("#"):
            lines.append(line)
        if _LIST.match(line):
            return lines
    if not lines:
        raise ValueError("it is empty")
    if not any(map(_DETACHED.match, lines)):
        raise ValueError("no empty line ends its header; it was cut")
    return lines


def fields(lines: Sequence[str]) -> dict[str, str]:
    """Return the fields and key/value pairs of a header as they are written, and the version as "NRRD version"."""
    pairs = (re.split(":=?", line, maxsplit=1) for line in lines[1:])
    return {"NRRD version": lines[0].removeprefix("NRRD")} | {name.strip(): value.strip() for name, value in pairs}
