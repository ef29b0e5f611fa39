"""Files of morphologies: where a circuit keeps them, and how to read them with MorphIO without a crash.

MorphIO (4.0) crashes on H5 structures without sections, and where sections continue one another tens of thousands of
times, which no cell's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import morphio
import numpy as np

from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.morphologies.morphology import Shape, ShapeOptions, make_shape

morphio.set_maximum_warnings(0)  # they would go to stderr; what is fatal raises

# SWC files may change a branch's type in the middle, as those with the types 5 (fork) and 6 (end) do.
_OPTIONS = morphio.Option.allow_unifurcated_section_change
_DEEPEST = 5000
_MOST_POINTS = 0.95
_SMALL = 200_000  # bytes; a file that is not larger cannot be that deep


def morphology_reader(
    morphologies_dir: str, alternates: Mapping[str, str], first: str
) -> tuple[Callable[[str], Any], str]:
    """Find a population's morphologies; returns a function that reads one, and the name of the place.

    SWC files of ``morphologies_dir`` come first, then the ``alternate_morphologies`` of the circuit: H5 (a directory of
    files or one container) and Neurolucida ASC.

    Args:
        morphologies_dir: directory of SWC files, or "".
        alternates: SONATA's ``alternate_morphologies``: format → directory or container.
        first: name of a morphology that is needed; the first place that has it is taken.

    Raises:
        RequestError: the circuit names no place, or none of them exists.
    """
    places = [(morphologies_dir, ".swc")]
    places += [(alternates.get("h5v1", ""), ".h5"), (alternates.get("neurolucida-asc", ""), ".asc")]
    places = [(place, extension) for place, extension in places if place]
    if not places:
        raise failure("The circuit names no morphologies (neither morphologies_dir nor alternate_morphologies)")
    existing = [(place, extension) for place, extension in places if Path(place).exists()]
    if not existing:
        missing = ", ".join(dict.fromkeys(place for place, _ in places))
        raise failure(f"The morphologies are missing: there is no {missing}")
    for place, extension in existing:
        if Path(place).is_file() or (Path(place) / (first + extension)).is_file():
            return _reader(place, extension), place
    place, extension = existing[0]
    return _reader(place, extension), place


def _reader(place: str, extension: str) -> Callable[[str], Any]:
    if Path(place).is_dir():
        return lambda name: _open(Path(place) / (name + extension))
    try:
        collection = morphio.Collection(place, [extension])
    except (RuntimeError, morphio.MorphioError) as error:
        raise failure(f"{place} is not an HDF5 container of morphologies: {_one_line(error)}") from error

    def load(name: str) -> Any:
        with h5py.File(place, "r") as file:
            if name in file:  # if not, MorphIO says so
                _check_sections(file[name])
        return collection.load(name, _OPTIONS)

    return load


def read_file(path: Path, options: ShapeOptions) -> Shape:
    """Read one morphology file (SWC, H5 or Neurolucida ASC) and make its shape.

    Raises:
        RequestError: it cannot be read.
    """
    try:
        return make_shape(_open(path), options)
    except (RuntimeError, ValueError, morphio.MorphioError, OSError) as error:
        raise failure(f"{path} cannot be read as a morphology: {_one_line(error)}") from error


def read_shape(read: Callable[[str], Any], place: str, name: str, cell: int, options: ShapeOptions) -> Shape:
    """Read one morphology and make its shape.

    Raises:
        RequestError: it is missing or unreadable; names the file and the first cell that needs it.
    """
    morphology = read_morphology(read, place, name, cell)
    try:
        return make_shape(morphology, options)
    except ValueError as error:
        raise failure(f"Morphology {name!r} of cell {cell} cannot be read from {place}: {_one_line(error)}") from error


def read_morphology(read: Callable[[str], Any], place: str, name: str, cell: int) -> Any:
    """Read one morphology.

    Args:
        read: see ``morphology_reader``; ``place`` is its second result.
        place: where it is, for messages.
        name: of the morphology.
        cell: id of the first cell that needs it, for messages.

    Raises:
        RequestError: it is missing or unreadable.
    """
    try:
        return read(name)
    except (RuntimeError, ValueError, morphio.MorphioError, OSError) as error:
        raise failure(f"Morphology {name!r} of cell {cell} cannot be read from {place}: {_one_line(error)}") from error


def _open(path: Path) -> Any:
    """Read a file, unless it would crash the process.

    Raises:
        RuntimeError, ValueError, OSError, morphio.MorphioError: it cannot be read.
    """
    if path.suffix.lower() == ".h5":
        with h5py.File(path, "r") as file:
            _check_sections(file)
        return morphio.Morphology(str(path), _OPTIONS)
    swc, large = path.suffix.lower() == ".swc", path.stat().st_size > _SMALL
    if large:
        _check_depth(_swc_depth(path) if swc else _asc_depth(path))
    morphology = morphio.Morphology(str(path), _OPTIONS)
    if swc and not large and _lacks_points(path, morphology):
        _check_depth(_swc_depth(path))
    return morphology


def _check_depth(depth: float) -> None:
    if depth > _DEEPEST:
        problem = f"{depth:g} times, more than {_DEEPEST}" if depth < np.inf else "in a circle"
        raise ValueError(f"its sections continue one another {problem}")


def _lacks_points(path: Path, morphology: Any) -> bool:
    """Whether MorphIO has left many points of an SWC file out, as it silently does with cycles.

    It leaves out points that repeat the one before, too: up to 1.2 % in real files.
    """
    lines = (line.lstrip() for line in path.read_bytes().splitlines())
    written = sum(1 for line in lines if line and not line.startswith(b"#"))
    repeated = len(morphology.section_types) - len(morphology.root_sections)  # the first of a section that goes on
    return len(morphology.soma.points) + len(morphology.points) - repeated < _MOST_POINTS * written


def _check_sections(group: Any) -> None:
    """Check the structure of an H5 morphology, without which MorphIO crashes.

    Raises:
        ValueError: it has no sections, or one that continues none before it.
    """
    structure = group.get("structure") if isinstance(group, h5py.Group) else None
    if not isinstance(structure, h5py.Dataset):
        return  # an older version of the format; MorphIO tells
    if structure.ndim != 2 or structure.shape[0] < 1 or structure.shape[1] < 3:
        raise ValueError(f"its structure must be a table of at least one section, got the shape {structure.shape}")
    parents = np.asarray(structure[:, 2], np.int64)
    wrong = np.flatnonzero((parents >= np.arange(len(parents))) | (parents < -1))
    if len(wrong):
        raise ValueError(f"section {wrong[0]} continues section {parents[wrong[0]]}, which does not come before it")


def _swc_depth(path: Path) -> float:
    """Count the forks between the farthest point of an SWC file and its root; infinite in a cycle."""
    try:
        numbers, parents = np.loadtxt(path, np.float64, usecols=(0, 6), unpack=True, ndmin=2, encoding="latin-1")
    except (ValueError, IndexError):
        return 0  # MorphIO tells what is wrong
    order = np.argsort(numbers)
    at = np.minimum(np.searchsorted(numbers[order], parents), len(order) - 1)
    parent = np.where(numbers[order][at] == parents, order[at], -1)
    forks = np.bincount(parent[parent >= 0], minlength=len(order)) > 1
    depth = np.where(parent >= 0, forks[parent], 0).astype(np.float64)
    for _round in range(int(np.ceil(np.log2(len(order)))) + 1):  # each doubles how far up a point looks
        above = np.maximum(parent, 0)
        depth += np.where(parent >= 0, depth[above], 0)
        parent = np.where(parent >= 0, parent[above], -1)
    return float(depth.max()) if (parent < 0).all() else np.inf


def _asc_depth(path: Path) -> int:
    """Measure how deep the parentheses of a Neurolucida file are nested."""
    letters = np.fromfile(path, np.uint8)
    return int(np.cumsum((letters == ord("(")).astype(np.int64) - (letters == ord(")"))).max(initial=0))


def _one_line(error: Exception) -> str:
    """Return the first line of a message that is not empty, without terminal colors."""
    lines = [line.strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line and not line.startswith("\x1b")]
    return lines[0] if lines else type(error).__name__
