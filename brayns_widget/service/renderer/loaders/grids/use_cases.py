"""The ways to show an atlas: use cases of the real renderer's Atlas Explorer, by its published source of 2024."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from brayns_widget.protocol.brayns.atlas import ColumnParams, VoxelType
from brayns_widget.protocol.brayns.loaders import EmptyParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.protocol.schema import json_schema, validate
from brayns_widget.service.renderer.content.atlas import VOXEL_TYPES, Atlas
from brayns_widget.service.renderer.content.atlas_shapes import arrows, axes, columns, count_faces, faces_between, shell
from brayns_widget.service.renderer.content.coloring.primitives import PrimitiveColoring
from brayns_widget.service.renderer.content.geometry import Floats, Geometry
from brayns_widget.service.renderer.content.volumes import Volume
from brayns_widget.service.renderer.loaders.base import LoadedModel, failure
from brayns_widget.service.renderer.loaders.grids.volume import NO_COLORING, NOTHING
from brayns_widget.service.renderer.loaders.palette import distinct_colors
from brayns_widget.service.renderer.memory import allowance
from brayns_widget.service.rpc.running import RunningRequest

_OUTLINE_COLOR = (1.0, 1.0, 1.0, 0.3)  # the real renderer's, as are those of axes and arrows
_AXIS_COLORS = ((1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0))
_LARGEST = 1e15  # µm; far below what single precision can take


@dataclass(frozen=True)
class UseCase:
    """A way to show an atlas.

    Attributes:
        name: as clients know it.
        kinds: what types of voxels can be shown so.
        show: makes the model.
        params: what else it needs to know.
    """

    name: str
    kinds: tuple[VoxelType, ...]
    show: Callable[[Atlas, Any, RunningRequest], LoadedModel]
    params: Any = EmptyParams

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the parameters."""
        return {"type": "object"} if self.params is EmptyParams else json_schema(TypeAdapter(self.params))


def _density(atlas: Atlas, _params: Any, _request: RunningRequest) -> LoadedModel:
    volume = Volume(atlas.values[..., 0], atlas.frame, cells=atlas.cells)
    return LoadedModel(kind="atlas", geometry=NOTHING, coloring=NO_COLORING, volume=volume, atlas=atlas)


def _outline(atlas: Atlas, _params: Any, request: RunningRequest) -> LoadedModel:
    mask = _meaningful(atlas, request)
    return _of_faces(atlas, mask, np.array([_OUTLINE_COLOR], np.float32), request)


def _areas(atlas: Atlas, _params: Any, request: RunningRequest) -> LoadedModel:
    """Show voxels with the same coordinates on the flat map, which are whole numbers, in one color."""
    mask = _meaningful(atlas, request)
    request.progress(0.2, "Looking for areas")
    across, down = (_numbered(atlas.values[mask, part].astype(np.int64)) for part in (0, 1))
    areas = _numbered(across * (down.max() + 1) + down)
    labels = np.zeros(mask.shape, np.int32)
    labels[mask] = areas + 1
    return _of_faces(atlas, labels, distinct_colors(np.arange(areas.max() + 1)), request)


def _numbered(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Assign numbers to the distinct values (N,), from 0 for the least."""
    low = int(values.min())
    span = int(values.max()) - low + 1
    if span > max(4 * len(values), 1 << 20):
        return np.unique(values, return_inverse=True)[1].astype(np.int64)
    there = np.zeros(span, np.bool_)  # sorting millions of values takes seconds
    there[values - low] = True
    return (np.cumsum(there) - 1)[values - low]


def _columns(atlas: Atlas, params: ColumnParams, _request: RunningRequest) -> LoadedModel:
    depth, _, width = atlas.values.shape[:3]
    x, z = params.xz_coordinate
    places = [(x, z), *((x + beside.relative_xz[0], z + beside.relative_xz[1]) for beside in params.neighbours)]
    for place in places:
        if not (0 <= place[0] < width and 0 <= place[1] < depth):
            raise RequestError(
                f"There is no column {list(place)}: x must be below {width}, z below {depth}, and neither below 0",
                code=INVALID_PARAMS,
            )
    _check_count(12 * len(places), "triangles")
    colors = np.array([params.color, *(beside.color for beside in params.neighbours)], np.float32)
    return _model(atlas, columns(places, atlas), colors)


def _arrows(atlas: Atlas, _params: Any, request: RunningRequest) -> LoadedModel:
    mask = _meaningful(atlas, request)
    _check_count(int(np.count_nonzero(mask)), "arrows")
    request.progress(0.5, "Making arrows")
    if not float(np.abs(atlas.values[mask].astype(np.float64)).max()) * atlas.spacing < _LARGEST:
        raise failure(f"There are arrows longer than {_LARGEST:g} µm: the values of voxels are too large")
    colors = np.ones((np.count_nonzero(mask), 4), np.float32)
    colors[:, :3] = np.clip((atlas.values[mask] + 1.0) / 2, 0, 1)
    return _model(atlas, arrows(atlas, mask), colors)


def _axes(atlas: Atlas, _params: Any, request: RunningRequest) -> LoadedModel:
    mask = _meaningful(atlas, request)
    _check_count(3 * int(np.count_nonzero(mask)), "axes")
    request.progress(0.5, "Making axes")
    return _model(atlas, axes(atlas, mask), np.array(_AXIS_COLORS, np.float32))


OUTLINE, DENSITY, COLUMNS = "Outline mesh shell", "Density", "Highlight columns"
USE_CASES = (
    UseCase(DENSITY, ("scalar",), _density),
    UseCase("Flatmap areas", ("flatmap",), _areas),
    UseCase(COLUMNS, VOXEL_TYPES, _columns, ColumnParams),
    UseCase("Orientation field", ("orientation",), _axes),
    UseCase(OUTLINE, VOXEL_TYPES, _outline),
    UseCase("Vector field", ("vector",), _arrows),
)
_ALIASES = {"Highlight column": COLUMNS}  # the published source's name; the official client's is that with the s
_NOWHERE = "Layer distance"  # the official client has it, the published source refuses it


def use_cases(atlas: Atlas) -> list[UseCase]:
    """List the ways to show an atlas."""
    return [case for case in USE_CASES if atlas.kind in case.kinds]


def visualize(atlas: Atlas, name: str, request: RunningRequest, params: Any = None) -> LoadedModel:
    """Make a model that shows an atlas in one of its ways.

    Args:
        atlas: what to show.
        name: of one of ``use_cases``.
        request: told about progress; stops the work when cancelled.
        params: what fits the schema of the use case.

    Raises:
        RequestError: -32602, there is no such way, or not for this atlas, or the parameters do not fit; -32603, there
            is nothing to see, or too much.
    """
    known = {case.name: case for case in use_cases(atlas)}
    case = known.get(_ALIASES.get(name, name))
    if case is None:
        reason = f"An atlas of type {atlas.kind!r} has no use case {name!r}"
        if name == _NOWHERE:
            reason = f"The use case {name!r} is not there, nor does the real renderer show it"
        raise RequestError(f"{reason}, this atlas has: {', '.join(known)}", code=INVALID_PARAMS)
    model = case.show(atlas, validate(TypeAdapter(case.params), params), request)
    request.check()
    return model


def _meaningful(atlas: Atlas, request: RunningRequest) -> npt.NDArray[np.bool_]:
    """Find the voxels with meaningful values."""
    request.progress(0.0, "Looking for voxels that mean something")
    mask = atlas.meaningful()
    if not mask.any():
        raise failure(
            "There is nothing to see, since no voxel means something: all have the same value, or no finite one"
        )
    return mask


def _check_count(count: int, what: str) -> None:
    """Refuse geometry that would not fit into memory, before it is built."""
    if not allowance().fits(count):
        raise failure(f"There would be {count} {what}, which do not fit into memory ({allowance().budget})")


def _of_faces(atlas: Atlas, labels: npt.NDArray[Any], colors: Floats, request: RunningRequest) -> LoadedModel:
    """Show the faces between voxels of different labels, in the colors of labels from 1."""
    request.progress(0.3, "Counting faces")
    _check_count(2 * count_faces(labels), "triangles")
    request.progress(0.4, "Finding faces")
    faces, owners = faces_between(labels)
    request.progress(0.7, "Making triangles")
    slots = owners.astype(np.uint32) - np.uint32(1)
    return _model(atlas, shell(faces, slots, labels.shape, atlas.frame), colors)


def _model(atlas: Atlas, geometry: Geometry, colors: Floats) -> LoadedModel:
    return LoadedModel(kind="atlas", geometry=geometry, coloring=PrimitiveColoring(colors), atlas=atlas)
