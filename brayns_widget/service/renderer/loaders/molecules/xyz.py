"""The XYZ loader: point clouds, and molecules in the format of the same name.

A point cloud has a line ``x y z`` for each point; what follows on a line is ignored. A molecule has the number of its
atoms, a line of comment, and a line ``element x y z`` for each atom, in Å; an element is a symbol, after which
may stand what tells atoms apart (``C1``), or an atomic number.
"""

from __future__ import annotations

import re
from typing import Any

import gemmi
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import XYZ, AnyXyzParams, XyzParams
from brayns_widget.service.recognised import quoted
from brayns_widget.service.renderer.loaders.base import Content, LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.molecules.spheres import spheres_model
from brayns_widget.service.renderer.loaders.palette import element_color
from brayns_widget.service.rpc.running import RunningRequest

_READING = "Reading points"
_AT_ONCE = 10_000  # lines between two looks at whether that is still wanted
_LAST_ELEMENT = 118  # oganesson
_LONGEST = 60  # letters of a line that a message quotes
_RADIUS = 0.15  # µm, of points in the real renderer


def load(content: Content, params: Any, request: RunningRequest) -> list[LoadedModel]:
    """Load points or atoms as spheres; see ``Loader.load``."""
    request.progress(0.0, _READING)
    lines = bytes(content.data).decode(errors="replace").splitlines()
    if lines and lines[0].strip().isdecimal():
        return [_molecule(content.name, lines, request)]
    points = _numbers(content.name, _rows(lines, 0, request), 0, request)
    metadata = {"points": str(len(points))}
    by_density = isinstance(params, XyzParams) and params.by_density
    radii = np.full(len(points), _radius(points) if by_density else _RADIUS)
    white = np.ones((len(points), 4), np.float32)
    return [spheres_model("points", content.name, points, radii=radii, colors=white, metadata=metadata)]


LOADER = Loader(XYZ, "Molecule Explorer", ("xyz",), AnyXyzParams, load, binary=True)


def _molecule(name: str, lines: list[str], request: RunningRequest) -> LoadedModel:
    """Make the model of a molecule; what follows its last atom, such as other frames, is ignored."""
    count, rows = int(lines[0]), _rows(lines, 2, request)
    if len(rows) < count:
        raise failure(f"{name} has {len(rows)} atoms, but says that it has {count}")
    rows = rows[:count]
    elements = [_element(words[0]) for _, words in rows]
    return spheres_model(
        "points",
        name,
        _numbers(name, rows, 1, request),
        radii=np.array([element.vdw_r for element in elements]),
        colors=np.array([element_color(element.name) for element in elements], np.float32),
        metadata={"points": str(count)},
    )


def _element(word: str) -> gemmi.Element:
    """Look an element up; unknown names give gemmi's unknown element."""
    if word.isascii() and word.isdecimal():
        number = int(word[:4])
        return gemmi.Element(number if number <= _LAST_ELEMENT else 0)
    letters = re.match(r"[A-Za-z]+", word)
    return gemmi.Element(letters[0] if letters else "X")


def _rows(lines: list[str], skipped: int, request: RunningRequest) -> list[tuple[int, list[str]]]:
    """Split lines into words, without empty lines and comments; returns line numbers (from 1) and words."""
    rows = []
    for number, line in enumerate(lines[skipped:], skipped + 1):
        if number % _AT_ONCE == 0:
            request.progress(0.5 * number / len(lines), _READING)
        words = line.split()
        if words and not words[0].startswith("#"):
            rows.append((number, words))
    return rows


def _numbers(
    name: str, rows: list[tuple[int, list[str]]], column: int, request: RunningRequest
) -> npt.NDArray[np.float64]:
    """Parse three numbers of each row, from a column on: (N, 3)."""
    found: list[tuple[float, float, float]] = []
    for number, words in rows:
        if len(found) % _AT_ONCE == 0:
            request.progress(0.5 + 0.5 * len(found) / len(rows), _READING)
        try:
            x, y, z = (float(word) for word in words[column : column + 3])
        except ValueError:
            got = quoted(" ".join(words), _LONGEST)
            raise failure(f"{name}, line {number}: expected three coordinates, got {got}") from None
        found.append((x, y, z))
    if not found:
        raise failure(f"{name} has no points")
    return np.array(found)


def _radius(points: npt.NDArray[np.float64]) -> float:
    """Estimate half the distance of neighbors, as if points filled their box evenly; of a single point 1."""
    with np.errstate(over="ignore"):  # such points are refused later
        sides = np.ptp(points, axis=0)
    sides = sides[sides > 0]
    if not len(sides):
        return 1.0
    return float(np.exp(np.log(sides).mean()) / len(points) ** (1 / len(sides)) / 2)
