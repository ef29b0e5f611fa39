"""H5 morphologies, alone and in containers: read with MorphIO, and with h5py what MorphIO cannot read.

MorphIO's wheels (3.5) have none of HDF5's filters, refuse the types 0 and above 19, and end the process at structures
without sections. Format: MorphIO's H5v1, ``points`` (N, 4) with diameters and ``structure`` (S, 3), the first point,
type and parent of each section; that of the soma has the type 1.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import morphio
import numpy as np

from brayns_widget.service.renderer.loaders.morphologies.skeleton import Skeleton, anchored_nearby, checked, of_morphio
from brayns_widget.service.renderer.loaders.morphologies.soma import Soma, contour_soma, no_soma, sphere_soma

_OPTIONS = morphio.Option.allow_unifurcated_section_change
_SOMA = 1


def read_h5(path: Path) -> Skeleton:
    """Read a file of one morphology.

    Raises:
        RuntimeError, ValueError, OSError, morphio.MorphioError: it cannot be read.
    """
    with _opened(path) as file:
        return _read(file, lambda: morphio.Morphology(str(path), _OPTIONS))


def _opened(path: Path) -> Any:
    if not h5py.is_hdf5(path):
        raise ValueError("it does not begin as an HDF5 file; is it another format?")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if "truncated file" in str(error):
            size = path.stat().st_size
            raise ValueError(f"it was cut: it has {size} bytes, fewer than it says; copy it again") from error
        raise


class Container:
    """A file of many morphologies.

    Args:
        path: the file.

    Raises:
        RuntimeError, ValueError, OSError, morphio.MorphioError: it is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        _opened(path).close()
        self._collection = morphio.Collection(str(path), [".h5"])

    def read(self, name: str) -> Skeleton:
        """Read a morphology.

        Raises:
            RuntimeError, ValueError, OSError, morphio.MorphioError: it is not there or cannot be read.
        """
        with _opened(self._path) as file:
            group = file.get(name)
            if group is None:
                raise ValueError(f"it has no morphology {name!r}, but {len(file)} others")
            return _read(group, lambda: self._collection.load(name, _OPTIONS))


def _read(group: Any, morphio_morphology: Callable[[], Any]) -> Skeleton:
    structure, points = group.get("structure"), group.get("points")
    if not (isinstance(structure, h5py.Dataset) and isinstance(points, h5py.Dataset)):
        return anchored_nearby(of_morphio(morphio_morphology()))  # another version of the format; MorphIO tells
    _check_sections(structure, points)
    if all(_is_plain(dataset) for dataset in (structure, points)):
        try:
            return anchored_nearby(of_morphio(morphio_morphology()))
        except (RuntimeError, IndexError, morphio.MorphioError):
            if group.get("metadata") is not None and not _is_known(group["metadata"]):
                raise
    return anchored_nearby(_read_sections(points, np.asarray(structure[:, :3], np.int64)))


def _is_plain(dataset: Any) -> bool:
    """Whether MorphIO reads a dataset, and without a word about its type on the terminal."""
    return dataset.compression is None and dataset.dtype in (np.dtype(np.float32), np.dtype(np.int32))


def _is_known(metadata: Any) -> bool:
    version = np.atleast_1d(metadata.attrs.get("version", [1]))
    return bool(version[0] == 1)


def _check_sections(structure: Any, points: Any) -> None:
    """Check what MorphIO would crash at.

    Raises:
        ValueError: there are no sections or no points, or a section continues none before it.
    """
    if structure.ndim != 2 or structure.shape[0] < 1 or structure.shape[1] < 3 or structure.dtype.kind not in "iuf":
        raise ValueError(
            f"its dataset structure must be a table of at least one section, got the shape {structure.shape} of "
            f"{structure.dtype}"
        )
    if points.ndim != 2 or points.shape[1] != 4 or points.dtype.kind not in "iuf":
        raise ValueError(
            f"its dataset points must be a table of x, y, z and diameter, got the shape {points.shape} of "
            f"{points.dtype}"
        )
    parents = _signed(structure[:, 2])
    (wrong,) = np.nonzero((parents >= np.arange(len(parents))) | (parents < -1))
    if len(wrong):
        raise ValueError(
            f"section {wrong[0]} of its dataset structure continues section {parents[wrong[0]]}, which does not come "
            "before it"
        )

    if not len(points):
        raise ValueError("its dataset points is empty")
    starts = np.asarray(structure[:, 0], np.int64)
    (wrong,) = np.nonzero((starts < 0) | (starts >= len(points)) | (np.diff(starts, prepend=0) < 0))
    if len(wrong):
        raise ValueError(
            f"section {wrong[0]} of its dataset structure begins at point {starts[wrong[0]]} of {len(points)}, "
            "or before the section before it"
        )


def _signed(parents: Any) -> Any:
    """Numbers as they are meant where -1 was stored without a sign."""
    return np.asarray(parents, np.int32 if parents.dtype == np.uint32 else np.int64).astype(np.int64)


def _read_sections(points: Any, structure: Any) -> Skeleton:
    rows = np.asarray(points[:], np.float32)
    starts, types, parents = structure.T
    ends = np.append(starts[1:], len(rows))
    is_soma = types == _SOMA
    of_soma = np.repeat(is_soma, ends - starts)
    rows = rows[starts[0] :].copy()
    rows[:, 3] /= 2
    soma = _soma(rows[of_soma])
    neurites = np.flatnonzero(~is_soma)
    number = np.full(len(types) + 1, -1)  # the last one: of sections without a parent
    number[neurites] = np.arange(len(neurites))
    offsets = np.concatenate(([0], np.cumsum((ends - starts)[neurites]))).astype(np.int64)
    kept = rows[~of_soma]
    return checked(kept[:, :3], kept[:, 3], offsets, types[neurites], number[parents[neurites]], soma)


def _soma(points: Any) -> Soma:
    if len(points) > 1:
        return contour_soma(points)
    return sphere_soma(points, points[0, 3]) if len(points) else no_soma()
