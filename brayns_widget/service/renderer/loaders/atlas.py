"""The NRRD loader of atlases, and the ways to show one.

The format: https://teem.sourceforge.net/nrrd/format.html, read with pynrrd. As in the real renderer the space origin is
the first voxel's corner, and what loads shows the outline of all voxels that mean something.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.atlas import CHANNELS, Atlas, VoxelType, faces_between, shell
from brayns_widget.service.renderer.coloring.primitives import PrimitiveColoring
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.volume import NO_COLORING, NOTHING, check_memory
from brayns_widget.service.renderer.memory import allowance
from brayns_widget.service.renderer.volumes import Volume
from brayns_widget.service.rpc.methods import Task
from brayns_widget.service.rpc.schema import Object

OUTLINE, DENSITY = "Outline mesh shell", "Density"
# Use cases of the real renderer that this one does not have.
MISSING = ("Flatmap areas", "Highlight columns", "Layer distance", "Orientation field", "Vector field")

_LARGEST = 1e15  # µm; far below what single precision can take
_BYTES = (("char", 1), ("int8", 1), ("short", 2), ("int16", 2), ("int32", 4), ("float", 4))  # of types; of others 8
_OUTLINE_COLOR = (1.0, 1.0, 1.0, 0.3)  # the real renderer's


class NrrdParams(Object):
    """What the values of a voxel mean."""

    model_config = ConfigDict(title="NRRDLoaderParameters")

    type: VoxelType


def load(path: Path, params: NrrdParams, task: Task) -> list[LoadedModel]:
    """Load an atlas."""
    task.progress(0.0, "Reading values")
    atlas = _read(path, params.type)
    task.progress(0.6, "Finding the outline")
    try:
        return [visualize(atlas, OUTLINE)]
    except RequestError as error:
        raise failure(f"{path}: {error}") from error


LOADER = Loader("NRRD loader", "Atlas Explorer", (".nrrd",), NrrdParams, load)


def use_cases(atlas: Atlas) -> list[str]:
    """Name the ways to show an atlas."""
    return [DENSITY, OUTLINE] if atlas.kind == "scalar" else [OUTLINE]


def visualize(atlas: Atlas, use_case: str) -> LoadedModel:
    """Make a model that shows an atlas in one of its ways.

    Raises:
        RequestError: -32602, there is no such way, or not for this atlas; -32603, there is nothing to see, or too much.
    """
    known = use_cases(atlas)
    if use_case not in known:
        reason = f"An atlas of type {atlas.kind!r} has no use case {use_case!r}"
        if use_case in MISSING:
            reason = f"This version cannot show the use case {use_case!r}"
        raise RequestError(f"{reason}, this atlas has: {', '.join(known)}", code=INVALID_PARAMS)
    if use_case == DENSITY:
        volume = Volume(atlas.values[..., 0], atlas.frame, cells=atlas.cells)
        return LoadedModel(kind="atlas", geometry=NOTHING, coloring=NO_COLORING, volume=volume, atlas=atlas)
    faces = faces_between(atlas.meaningful())
    if not len(faces):
        raise failure("There is no outline, since no voxel means something: all have the same value, or no finite one")
    if not allowance().fits(count := 2 * len(faces)):
        raise failure(f"The outline has {count} triangles, which do not fit into memory ({allowance().budget})")
    geometry = shell(faces, atlas.values.shape[:3], atlas.frame)
    coloring = PrimitiveColoring(np.array([_OUTLINE_COLOR], np.float32))
    return LoadedModel(kind="atlas", geometry=geometry, coloring=coloring, atlas=atlas)


def _read(path: Path, kind: VoxelType) -> Atlas:
    import nrrd  # not at the renderer's start

    try:
        with path.open("rb") as file:
            header = nrrd.read_header(file)
            sizes = _sizes(path, header, kind)
            itemsize = next((size for word, size in _BYTES if word in header["type"]), 8)
            check_memory(str(path), math.prod(sizes) * itemsize)
            values = nrrd.read_data(header, file, str(path), index_order="C")
    except (RequestError, MemoryError):
        raise
    except Exception as error:  # beside its own, pynrrd lets through whatever its parsing and unpacking meets
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise failure(f"{path} cannot be read as NRRD: {reason}") from error
    centers = list(header.get("centerings") or header.get("centers") or [])[-3:]
    cells = "node" not in centers or min(sizes[-3:]) < 2
    values = values.reshape(*reversed(sizes[-3:]), CHANNELS[kind])
    return Atlas(kind, values, _frame(path, header, len(sizes)), cells)


def _sizes(path: Path, header: dict[str, Any], kind: VoxelType) -> list[int]:
    """How many values along each axis: those of a voxel if there are four axes, then x, y and z."""
    sizes = [int(size) for size in header["sizes"]]
    if len(sizes) not in {3, 4} or min(sizes) < 1:
        raise failure(f"{path}: sizes must be three numbers, or four if voxels have several values, got {sizes}")
    held = sizes[0] if len(sizes) == 4 else 1
    if held != CHANNELS[kind]:
        raise failure(f"{path}: a voxel of type {kind!r} has {CHANNELS[kind]} values, but sizes {sizes} give it {held}")
    return sizes


def _frame(path: Path, header: dict[str, Any], axes: int) -> npt.NDArray[np.float64]:
    frame = np.eye(4)
    if "space directions" in header:
        field = "space directions"
        rows = np.array([[np.nan] * 3 if row is None else row for row in header[field]], np.float64)
        frame[:3, :3] = rows[-3:].T if rows.shape == (axes, 3) else np.nan
    elif "spacings" in header:
        field = "spacings"
        frame[:3, :3] = np.diag(np.array(header[field], np.float64)[-3:])
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
