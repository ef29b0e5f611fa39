"""Files of morphologies: where a circuit keeps them, how to read one of any format, and what to say of bad ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import morphio
import numpy as np
import numpy.typing as npt

from brayns_widget.service.confined import check_confined
from brayns_widget.service.recognised import BEGINNING, check_beginning, decoded, morphology_kind, quoted
from brayns_widget.service.renderer.loaders.base import Content, failure
from brayns_widget.service.renderer.loaders.morphologies.asc import read_asc
from brayns_widget.service.renderer.loaders.morphologies.h5 import Container, read_h5
from brayns_widget.service.renderer.loaders.morphologies.morphology import Shape, ShapeOptions, make_shape
from brayns_widget.service.renderer.loaders.morphologies.skeleton import Skeleton
from brayns_widget.service.renderer.loaders.morphologies.swc import read_swc

morphio.set_maximum_warnings(0)  # they would go to stderr; what is fatal raises

Reader: TypeAlias = Callable[[str], Skeleton]
"""Reads a morphology by its name; raises ``Unreadable``."""

EXTENSIONS = (".swc", ".h5", ".asc")
SMALLEST, LARGEST = 1.0, 1e5  # µm across: less is a speck of a cell, more are ten centimetres
_TEXTS = {".swc": read_swc, ".asc": read_asc}
_ERRORS = (RuntimeError, ValueError, IndexError, KeyError, TypeError, OSError, morphio.MorphioError)


class Unreadable(Exception):
    """A morphology cannot be read.

    Attributes:
        where: the file.
        problem: what is wrong with it.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where} cannot be read as a morphology: {problem}")
        self.where = where
        self.problem = problem


def morphology_reader(
    morphologies_dir: str, alternates: Mapping[str, str], first: str, *, circuit: str = "The circuit"
) -> tuple[Reader, str]:
    """Find a population's morphologies; returns a function that reads one, and the name of the place.

    SWC files of ``morphologies_dir`` come first, then the ``alternate_morphologies`` of the circuit: H5 (a directory of
    files or one container) and Neurolucida ASC. Names may have their ending.

    Args:
        morphologies_dir: directory of SWC files, or "".
        alternates: SONATA's ``alternate_morphologies``: format → directory or container.
        first: name of a morphology that is needed; the first place that has it is taken.
        circuit: the configuration, for messages.

    Raises:
        RequestError: the circuit names no place, or none of them exists.
    """
    places = [(morphologies_dir, ".swc")]
    places += [(alternates.get("h5v1", ""), ".h5"), (alternates.get("neurolucida-asc", ""), ".asc")]
    places = [(place, extension) for place, extension in places if place]
    if not places:
        raise failure(f"{circuit} names no morphologies (neither morphologies_dir nor alternate_morphologies)")
    existing = [(place, extension) for place, extension in places if Path(place).exists()]
    if not existing:
        missing = ", ".join(dict.fromkeys(place for place, _ in places))
        raise failure(f"The morphologies are missing: there is no {missing}")
    for place, extension in existing:
        if Path(place).is_file() or _file(place, first, extension).is_file():
            return _reader(place, extension), place
    place, extension = existing[0]
    return _reader(place, extension), place


def _file(place: str, name: str, extension: str) -> Path:
    return Path(place) / (name if name.lower().endswith(EXTENSIONS) else name + extension)


def _reader(place: str, extension: str) -> Reader:
    if Path(place).is_dir():
        return lambda name: read_morphology_file(_file(place, name, extension))
    check_confined(place)
    try:
        container = Container(Path(place))
    except _ERRORS as error:
        raise failure(f"{place} is not an HDF5 container of morphologies: {problem_of(error)}") from error

    def load(name: str) -> Skeleton:
        try:
            return _measured(container.read(name))
        except _ERRORS as error:
            raise Unreadable(place, problem_of(error)) from error

    return load


def read_morphology_file(path: Path) -> Skeleton:
    """Read one morphology file, by its ending: SWC, H5 or Neurolucida ASC.

    Raises:
        Unreadable: it is missing or cannot be read.
        RequestError: -32602, it is outside of what this process may read.
    """
    check_confined(str(path))
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is no file")  # to read a pipe may take for ever
        with path.open("rb") as file:
            beginning = file.read(BEGINNING)
            kind = path.suffix.lower()
            if kind not in EXTENSIONS:
                raise ValueError(f"its ending is none of {', '.join(EXTENSIONS)}")
            check_beginning(beginning, hdf5=kind == ".h5")
            if (looks := morphology_kind(beginning)) not in ("", kind):
                raise ValueError(f"it begins as a morphology of another format; give it the ending {looks}")
            if kind == ".h5":
                return _measured(read_h5(path))
            return read_morphology_text(beginning + file.read(), kind, str(path))
    except FileNotFoundError as error:
        raise Unreadable(str(path), "there is no such file") from error
    except _ERRORS as error:
        raise Unreadable(str(path), problem_of(error, where=str(path))) from error


def read_morphology_text(data: bytes, kind: str, where: str) -> Skeleton:
    """Read the bytes of an SWC or ASC file.

    Args:
        data: the bytes.
        kind: ".swc" or ".asc".
        where: the file, for messages.

    Raises:
        Unreadable: they cannot be read.
    """
    text = decoded(data)
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused when it is to be shown
            return _measured(_TEXTS[kind](text))
    except _ERRORS as error:
        raise Unreadable(where, problem_of(error, text)) from error


def _measured(skeleton: Skeleton) -> Skeleton:
    """Add a notice to what is so small or large that its unit cannot be µm.

    Raises:
        ValueError: there is nothing to see.
    """
    soma = np.concatenate((skeleton.soma.spheres, skeleton.soma.cylinders.reshape(-1, 4)))
    if not len(skeleton.points) + len(soma):
        raise ValueError("it has no points")
    size = _size(skeleton.points if len(skeleton.points) > 1 or not len(soma) else soma[:, :3])
    if not len(skeleton.points):
        size += 2 * float(soma[:, 3].max())
    if SMALLEST <= size <= LARGEST or size == 0 or not np.isfinite(size):
        return skeleton
    text = f"it is about {size:.1g} µm across, so its numbers are hardly µm; scale it by the model's transform"
    return replace(skeleton, notices=(*skeleton.notices, text))


def _size(points: npt.NDArray[np.float32]) -> float:
    """Measure the longest side of the box around points."""
    columns = np.ascontiguousarray(points.T)  # NumPy is slow along short rows
    return float((columns.max(axis=1) - columns.min(axis=1)).max())


def read_file(path: Path, options: ShapeOptions) -> Shape:
    """Read one morphology file (SWC, H5 or Neurolucida ASC) and make its shape.

    Raises:
        RequestError: it cannot be read.
    """
    try:
        return make_shape(read_morphology_file(path), options)
    except Unreadable as error:
        raise failure(str(error)) from error
    except ValueError as error:
        raise failure(f"{path} cannot be shown: {error}") from error


def read_upload(content: Content, options: ShapeOptions) -> Shape:
    """Make the shape of an uploaded SWC or ASC file; see ``read_file``."""
    kind = f".{content.kind}"
    if kind not in _TEXTS:
        raise failure(f"{content.name} is of type {content.kind!r}; only {', '.join(_TEXTS)} can be uploaded")
    try:
        data = bytes(content.data)
        check_beginning(data[:BEGINNING], hdf5=False)
        return make_shape(read_morphology_text(data, kind, content.name), options)
    except Unreadable as error:
        raise failure(str(error)) from error
    except ValueError as error:
        raise failure(f"{content.name} cannot be shown: {error}") from error


def read_shape(read: Reader, place: str, name: str, cell: int, options: ShapeOptions) -> Shape:
    """Read one morphology and make its shape.

    Raises:
        RequestError: it is missing or unreadable; names the file and the first cell that needs it.
    """
    morphology = read_morphology(read, name, cell)
    try:
        return make_shape(morphology, options)
    except ValueError as error:
        raise failure(f"Morphology {name!r} of cell {cell} in {place} cannot be shown: {error}") from error


def read_morphology(read: Reader, name: str, cell: int) -> Skeleton:
    """Read one morphology.

    Args:
        read: see ``morphology_reader``.
        name: of the morphology.
        cell: id of the first cell that needs it, for messages.

    Raises:
        RequestError: it is missing or unreadable.
    """
    try:
        return read(name)
    except Unreadable as error:
        raise failure(
            f"Morphology {name!r} of cell {cell} cannot be read from {error.where}: {error.problem}"
        ) from error


_PLACE = re.compile(r"(?:\x1b\[[\d;]*m)?[^\n\x1b]*:(\d+):(?:error|warning)(?:\x1b\[[\d;]*m)?")
_LONGEST = 60  # letters of a line that a message quotes


def problem_of(error: Exception, text: str = "", where: str = "") -> str:
    """Say in one line what MorphIO, HDF5 or we have found, with the lines of ``text`` that it is about.

    Args:
        error: what was raised.
        text: the file's text.
        where: the file, whose name need not be said again.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnicodeDecodeError):  # of what MorphIO quotes
        return "it holds bytes that are no text, where a number or a name should be"
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    numbers = [int(number) for number in _PLACE.findall(message)]
    parts = [part.strip() for part in _PLACE.sub("", message).replace("$STRING$", "the file").splitlines()]
    parts = [part for part in parts if where not in part or part.removeprefix("Error in ") != where]
    said = " ".join(part for part in parts if part).rstrip(":. ") or type(error).__name__
    lines = text.split("\n")
    found = [_quoted(number, lines) for number in dict.fromkeys(numbers)]
    if not found:
        return said
    advice = _ADVICE.get(said.split(":")[0], "")
    return f"{', '.join(found)}: {said}{advice}"


def _quoted(number: int, lines: list[str]) -> str:
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return f"line {number}" + (f" ({quoted(line, _LONGEST)})" if line else "")


_COLUMNS = "; a line has seven numbers with decimal points and blanks: number, type, x, y, z, radius, parent"
_ADVICE = {
    "Unable to parse this line": _COLUMNS,
    "The end of the file was reached before parsing finshed": "; the file was cut, copy it again",  # sic
    "Hit end of file while consuming a neurite": "; the file was cut, copy it again",
}
