"""The NRRD loader of atlases.

The format: https://teem.sourceforge.net/nrrd/format.html, read with pynrrd. As in the real renderer the space origin is
the first voxel's corner, and what loads shows the outline of all voxels that mean something.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.atlas import VoxelType
from brayns_widget.protocol.brayns.loaders import NRRD, NrrdParams
from brayns_widget.protocol.errors import CANCELLED, RequestError
from brayns_widget.service.nrrd_header import header_lines
from brayns_widget.service.renderer.content.atlas import CHANNELS, Atlas
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.grids.nrrd_values import embedded, open_values
from brayns_widget.service.renderer.loaders.grids.use_cases import OUTLINE, visualize
from brayns_widget.service.renderer.loaders.grids.volume import check_memory
from brayns_widget.service.rpc.running import RunningRequest

_LARGEST = 1e15  # µm; far below what single precision can take
_SPACE_KINDS = {"domain", "space", "time", "none", "???"}  # of axes along which values lie, or that say nothing
_BYTES = (  # of types, by the first of these words that is in their names
    ("char", 1), ("int8", 1), ("short", 2), ("int16", 2), ("long", 8), ("int64", 8), ("double", 8), ("float", 4),
    ("int", 4),
)  # fmt: skip


def load(path: Path, params: NrrdParams, request: RunningRequest) -> list[LoadedModel]:
    """Load an atlas."""
    request.progress(0.0, "Reading values")
    atlas = _read(path, params.type)
    try:
        return [visualize(atlas, OUTLINE, request.part(0.5, 1.0))]
    except RequestError as error:
        if error.code == CANCELLED:
            raise
        raise failure(f"{path}: {error}") from error


LOADER = Loader(NRRD, "Atlas Explorer", (".nrrd",), NrrdParams, load)


def _read(path: Path, kind: VoxelType) -> Atlas:
    import nrrd  # not at the renderer's start

    try:
        with path.open("rb") as file:
            header = nrrd.read_header(header_lines(file))
            if missing := [key for key in ("type", "dimension", "sizes", "encoding") if key not in header]:
                raise failure(f"{path} cannot be read as NRRD: add {', '.join(missing)} to its header")
            axis = _values_axis(header)
            sizes = _sizes(path, header, kind, axis)
            size = math.prod(sizes) * _item_size(path, header["type"])
            check_memory(str(path), size)
            with open_values(path, header, file, size) as values_file:
                values = nrrd.read_data(embedded(header), values_file, index_order="C")
    except (RequestError, MemoryError):
        raise
    except Exception as error:  # beside its own, pynrrd lets through whatever its parsing and unpacking meets
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise failure(f"{path} cannot be read as NRRD: {reason}") from error
    if axis is None:
        values = values[..., None]
    else:
        values = np.ascontiguousarray(np.moveaxis(values, 3 - axis, -1))  # axes of arrays are those of files, reversed
    centers = _of_space(list(header.get("centerings") or header.get("centers") or []), axis)
    cells = "node" not in centers or min(values.shape[:3]) < 2
    return Atlas(kind, values, _frame(path, header, axis), cells)


def _item_size(path: Path, name: str) -> int:
    size = next((size for word, size in _BYTES if word in name), None)
    if size is None:
        raise failure(f"{path} cannot be read as NRRD: its type {name!r} is not one of numbers")
    return size


def _values_axis(header: dict[str, Any]) -> int | None:
    """Find which of four axes holds a voxel's values: by kinds, or else by directions, or the first; of three, none."""
    if len(header["sizes"]) != 4:
        return None
    told = [kind not in _SPACE_KINDS for kind in header.get("kinds", [])]
    if sum(told) != 1:
        told = [row is None or bool(np.isnan(row).all()) for row in header.get("space directions", [])]
    return told.index(True) if sum(told) == 1 and told.index(True) < 4 else 0


def _of_space(items: Sequence[Any], axis: int | None) -> list[Any]:
    """Remove the entry of the axis of values."""
    return [item for at, item in enumerate(items) if at != axis]


def _sizes(path: Path, header: dict[str, Any], kind: VoxelType, axis: int | None) -> list[int]:
    """Return the number of values along each axis."""
    sizes = [int(size) for size in header["sizes"]]
    if len(sizes) not in {3, 4} or min(sizes) < 1:
        raise failure(f"{path}: sizes must be three numbers, or four if voxels have several values, got {sizes}")
    held = 1 if axis is None else sizes[axis]
    if held != CHANNELS[kind]:
        raise failure(f"{path}: a voxel of type {kind!r} has {CHANNELS[kind]} values, but sizes {sizes} give it {held}")
    return sizes


def _frame(path: Path, header: dict[str, Any], axis: int | None) -> npt.NDArray[np.float64]:
    frame = np.eye(4)
    if "space directions" in header:
        field = "space directions"
        rows = np.array(_of_space([[np.nan] * 3 if row is None else row for row in header[field]], axis), np.float64)
        frame[:3, :3] = rows.T if rows.shape == (3, 3) else np.nan
    elif "spacings" in header:
        field = "spacings"
        spacings = np.array(_of_space(header[field], axis), np.float64)
        frame[:3, :3] = np.diag(spacings) if len(spacings) == 3 else np.nan
    else:
        field = "space origin"
    if "space origin" in header:
        origin = np.array(header["space origin"], np.float64)
        frame[:3, 3] = origin if origin.shape == (3,) else np.nan
    if not (np.abs(frame) < _LARGEST).all() or not abs(np.linalg.det(frame)) > 0:
        raise failure(
            f"{path}: {field} and space origin must give each axis a direction in three dimensions that is not 0, "
            f"in µm below {_LARGEST:g}, got {frame[:3].tolist()}"
        )
    return frame
