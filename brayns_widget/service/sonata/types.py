"""Types of nodes and edges in CSV files: attributes that all elements of a type share.

Format: SONATA developer guide, "CSV": columns separated by blanks, fields with blanks in double quotes, ``NULL`` for no
value; the column ``population``, if there is one, tells whose types they are. Tabs and commas are understood, too.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.service.sonata.problems import failure, text_content

Array = npt.NDArray[Any]
_NULL = frozenset(("", "NULL", "NONE"))
_KEYS = ("node_type_id", "edge_type_id", "population")  # columns that are no attributes


class Types:
    """The types of a population.

    Args:
        path: the CSV file.
        population: whose types they are.

    Attributes:
        columns: names of their attributes; those that no type has a value of are none.

    Raises:
        RequestError: the file cannot be read; names the line.
    """

    def __init__(self, path: Path, population: str) -> None:
        header, rows = _read(path)
        key = next((name for name in _KEYS[:2] if name in header), None)
        if key is None:
            raise failure(
                f"{path} has no column node_type_id or edge_type_id; it begins with {', '.join(header)[:60]!r}"
            )
        if "population" in header:
            place = header.index("population")
            rows = [(line, row) for line, row in rows if row[place] in {population, *_NULL}]
        place = header.index(key)
        self._rows: dict[int, int] = {}
        for index, (line, row) in enumerate(rows):
            try:
                self._rows.setdefault(int(row[place]), index)
            except ValueError:
                raise failure(f"{path}, line {line}: {key} is no whole number: {row[place]!r}") from None
        values = {name: [row[header.index(name)] for _line, row in rows] for name in header if name not in _KEYS}
        self._values = {name: texts for name, texts in values.items() if not _NULL.issuperset(texts)}
        self.columns = tuple(self._values)

    def lookup(self, column: str, type_ids: Array, missing: float = np.nan) -> Array:
        """Return an attribute (N,) of elements.

        Args:
            column: one of ``columns``.
            type_ids: (N,) of the elements.
            missing: the number where their type has none; texts are "" then.
        """
        values = _typed(self._values[column], missing)
        different, codes = np.unique(type_ids, return_inverse=True)
        rows = np.array([self._rows.get(int(number), -1) for number in different], np.intp)
        if (rows < 0).any():  # the last value, which -1 means, is that of types that the table lacks
            filler = np.array([""], object) if values.dtype == object else np.array([missing])
            values = np.concatenate([values, filler])
        found: Array = values[rows][codes]
        return found

    def missing(self, type_ids: Array) -> list[int]:
        """Return the types of elements that the file does not have."""
        return [int(number) for number in np.unique(type_ids) if int(number) not in self._rows]


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the names of the columns, and each row with the number of its line."""
    content = text_content(path, "cannot be read as a table of types")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")  # as Excel saves "Unicode text"
    else:
        try:
            text = content.decode("utf-8-sig")
        except ValueError:
            text = content.decode("latin-1")
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    first = lines[0][1].strip()
    separator = next((one for one in ",\t" if one in first and not re.search(rf"[^{one}] ", first)), " ")
    header = _fields(first, separator)
    rows = []
    for number, line in lines[1:]:
        row = _fields(line, separator)
        if len(row) != len(header):
            cut = "; it is the last line: was the file cut?" if number == lines[-1][0] else ""
            raise failure(f"{path}, line {number}: {len(row)} fields, but the table has {len(header)} columns{cut}")
        rows.append((number, row))
    return header, rows


def _fields(line: str, separator: str) -> list[str]:
    line = line.replace("\t", " ").strip() if separator == " " else line.strip(" ")
    reader = csv.reader([line], delimiter=separator, skipinitialspace=True)
    return [field.strip() for field in next(reader)]


def _typed(texts: list[str], missing: float) -> Array:
    """Return a column as numbers if it has nothing else, or as texts."""
    for kind in (int, float):
        try:
            numbers = [missing if text in _NULL else kind(text) for text in texts]
        except ValueError:
            continue
        whole = kind is int and _NULL.isdisjoint(texts)
        return np.array(numbers, np.int64 if whole else np.float64)
    return np.array(["" if text in _NULL else text for text in texts], object)
