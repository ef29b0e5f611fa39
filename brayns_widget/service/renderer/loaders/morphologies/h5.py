"""H5 morphologies, alone and in containers: read with MorphIO, and with h5py what MorphIO cannot read.

MorphIO's wheels (3.5) have none of HDF5's filters, refuse the types 0 and above 19, and end the process at structures
without sections. Format: MorphIO's H5v1, ``points`` (N, 4) with diameters and ``structure`` (S, 3), the first point,
type and parent of each section; that of the soma has the type 1.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import morphio
import numpy as np

from brayns_widget.service import hdf5
from brayns_widget.service.recognised import hdf5_words
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
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if (text := hdf5_words(str(error))) != str(error):
            raise ValueError(text) from error
        raise


class Container:
    """A file of many morphologies.

    Args:
        path: the file.

    Raises:
        RuntimeError, ValueError, OSError, morphio.MorphioError: it is none.
    """

    def __init__(self, path: Path) -> None:
        self._file = _opened(path)  # kept open: opening it for every morphology would take as long as reading one
        weakref.finalize(self, self._file.close)
        self._collection = morphio.Collection(str(path), [".h5"])

    def read(self, name: str) -> Skeleton:
        """Read a morphology.

        Raises:
            RuntimeError, ValueError, OSError, morphio.MorphioError: it is not there or cannot be read.
        """
        group = hdf5.found(self._file, name)
        if not isinstance(group, h5py.Group):
            raise ValueError(  # noqa: TRY004 - a mistake of the file
                f"it has no morphology {name!r}, but {len(self._file)} others"
            )
        return _read(group, lambda: self._collection.load(name, _OPTIONS))


def _read(group: Any, morphio_morphology: Callable[[], Any]) -> Skeleton:
    hdf5.check(group)
    structure, points = group.get("structure"), group.get("points")
    if not (isinstance(structure, h5py.Dataset) and isinstance(points, h5py.Dataset)):
        _check_kind(group)
        return anchored_nearby(of_morphio(morphio_morphology()))  # another version of the format; MorphIO tells
    sections = _checked(structure, points)
    if _is_plain(structure, np.int32) and _is_plain(points, np.float32):
        try:
            return anchored_nearby(of_morphio(morphio_morphology()))
        except (RuntimeError, IndexError, morphio.MorphioError):
            if not _is_known(group):
                raise
    return anchored_nearby(_read_sections(np.asarray(points[:], np.float32), sections))


def _check_kind(group: Any) -> None:
    """Recognise files of other content.

    Raises:
        ValueError: it is one; says which.
    """
    names = list(group)
    parts = [name for name in ("nodes", "edges", "report", "spikes") if name in names]
    if parts:
        raise ValueError(f"it holds SONATA's {' and '.join(parts)}; load the circuit by its configuration (JSON)")
    many = [name for name in names if isinstance(group[name], h5py.Group) and "structure" in group[name]]
    if many:
        raise ValueError(
            f"it is a container of {len(many)} morphologies ({many[0]}, …) for circuits; save the one that "
            "is to be shown as a file of its own"
        )


def _is_plain(dataset: Any, kind: Any) -> bool:
    """Whether MorphIO reads a dataset, and without a word about its type on the terminal."""
    return bool(dataset.dtype == kind) and dataset.compression is None


def _is_known(group: Any) -> bool:
    metadata = group.get("metadata")
    return metadata is None or bool(np.atleast_1d(metadata.attrs.get("version", 1))[0] == 1)


def _checked(structure: Any, points: Any) -> Any:
    """Read the sections (S, 3), first point, type and parent, as far as MorphIO would crash at them.

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
    if not len(points):
        raise ValueError("its dataset points is empty")
    stored = structure[()]
    unsigned = stored.dtype.kind == "u"  # -1 without a sign
    sections = (stored.astype(f"i{stored.dtype.itemsize}") if unsigned else stored)[:, :3].astype(np.int64)
    starts, _, parents = sections.T
    (wrong,) = np.nonzero((parents >= np.arange(len(parents))) | (parents < -1))
    if len(wrong):
        raise ValueError(
            f"section {wrong[0]} of its dataset structure continues section {parents[wrong[0]]}, which does not come "
            "before it"
        )
    (wrong,) = np.nonzero((starts < 0) | (starts >= len(points)) | (np.diff(starts, prepend=0) < 0))
    if len(wrong):
        raise ValueError(
            f"section {wrong[0]} of its dataset structure begins at point {starts[wrong[0]]} of {len(points)}, "
            "or before the section before it"
        )
    return sections


def _read_sections(rows: Any, sections: Any) -> Skeleton:
    starts, types, parents = sections.T
    ends = np.append(starts[1:], len(rows))
    is_soma = types == _SOMA
    of_soma = np.repeat(is_soma, ends - starts)
    rows = rows[starts[0] :].copy()
    rows[:, 3] /= 2  # files have diameters
    neurites = np.flatnonzero(~is_soma)
    number = np.full(len(types) + 1, -1)  # the last one: of sections without a parent
    number[neurites] = np.arange(len(neurites))
    offsets = np.concatenate(([0], np.cumsum((ends - starts)[neurites]))).astype(np.int64)
    kept, soma = rows[~of_soma], _soma(rows[of_soma])
    return checked(kept[:, :3], kept[:, 3], offsets, types[neurites], number[parents[neurites]], soma)


def _soma(points: Any) -> Soma:
    if len(points) > 1:
        return contour_soma(points)
    return sphere_soma(points, points[0, 3]) if len(points) else no_soma()
