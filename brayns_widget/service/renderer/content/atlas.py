"""Atlases: values on a grid, one or a few for each voxel, and which voxels are meaningful."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.atlas import VoxelType

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

    @property
    def spacing(self) -> float:
        """The least size of a voxel in µm."""
        return float(np.linalg.norm(self.frame[:3, :3], axis=0).min())

    def centers(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """(N, 3), the middles of voxels of a mask (nz, ny, nx) in µm, in the order of their values."""
        places = np.argwhere(chosen)[:, ::-1] + 0.5
        return places @ self.frame[:3, :3].T + self.frame[:3, 3]

    def meaningful(self) -> npt.NDArray[np.bool_]:
        """(nz, ny, nx), which voxels have meaningful values, as the real renderer defines it.

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
