"""Atlases: values on a grid, one or a few for each voxel, and which of its voxels mean something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.geometry import Geometry

VoxelType = Literal["scalar", "orientation", "flatmap", "layer_distance", "vector"]
VOXEL_TYPES: tuple[VoxelType, ...] = get_args(VoxelType)

# How many values a voxel has: a number; a quaternion; two coordinates on a flat map; distances to the borders of a
# layer; a vector.
CHANNELS: dict[VoxelType, int] = {"scalar": 1, "orientation": 4, "flatmap": 2, "layer_distance": 2, "vector": 3}


@dataclass(frozen=True, eq=False)
class Atlas:
    """Values on a grid.

    Attributes:
        kind: what they mean.
        values: (nz, ny, nx, CHANNELS[kind]).
        frame: 4x4, affine, from the grid to µm; voxel (x, y, z) reaches from there to (x + 1, y + 1, z + 1).
        cells: whether values are those of voxels, or of their first corners.
    """

    kind: VoxelType
    values: npt.NDArray[Any]
    frame: npt.NDArray[np.float64]
    cells: bool = True

    def meaningful(self) -> npt.NDArray[np.bool_]:
        """(nz, ny, nx), which voxels have values that mean something, as the real renderer tells.

        Numbers must be greater than the least of all, so must both coordinates of flat maps; orientations and vectors
        must not be zero. What is not finite means nothing.
        """
        parts = [self.values[..., part] for part in range(self.values.shape[-1])]
        whole = self.values.dtype.kind in "iu"
        finite = np.ones(self.values.shape[:-1], np.bool_)
        for part in () if whole else parts:
            finite &= np.isfinite(part)
        match self.kind:
            case "scalar" | "flatmap":
                if not finite.any():
                    return finite
                least = min(part.min() if whole else part[finite].min() for part in parts)
                for part in parts:
                    finite &= part > least
            case "orientation" | "vector":
                finite &= np.logical_or.reduce([part != 0 for part in parts])
        return finite


def faces_between(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Find the faces between voxels that are in a mask (nz, ny, nx) and others.

    Returns:
        (F, 4), corners of faces as flat indices of a grid (nz + 1, ny + 1, nx + 1).
    """
    quads = []
    for axis in range(3):
        first, second = (other for other in range(3) if other != axis)
        padded = np.pad(mask, [(1, 1) if other == axis else (0, 0) for other in range(3)])
        corners = np.repeat(np.argwhere(np.diff(padded, axis=axis))[:, None], 4, axis=1)
        corners[:, 1:3, first] += 1
        corners[:, 2:4, second] += 1
        quads.append(np.ravel_multi_index(tuple(np.moveaxis(corners, -1, 0)), tuple(size + 1 for size in mask.shape)))
    return np.concatenate(quads)


def shell(faces: npt.NDArray[np.intp], shape: tuple[int, ...], frame: npt.NDArray[np.float64]) -> Geometry:
    """Make triangles, all of the same colour slot, of the faces between voxels.

    Args:
        faces: see ``faces_between``.
        shape: nz, ny, nx.
        frame: 4x4, affine, from the grid to µm.
    """
    is_used = np.zeros(np.prod([size + 1 for size in shape]), np.bool_)
    is_used[faces] = True
    used = np.flatnonzero(is_used)
    numbers = np.empty(len(is_used), np.uint32)  # of the corners that are used
    numbers[used] = np.arange(len(used), dtype=np.uint32)
    places = np.stack(np.unravel_index(used, tuple(size + 1 for size in shape))[::-1], axis=-1)
    points = places @ frame[:3, :3].T + frame[:3, 3]
    quads = numbers[faces]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    none, nothing = np.empty(0, np.uint32), np.empty((0, 4), np.float32)
    return Geometry(
        nothing, none, none, nothing, none,
        points.astype(np.float32), np.ascontiguousarray(triangles), np.zeros(len(triangles), np.uint32),
    )  # fmt: skip
