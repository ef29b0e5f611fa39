"""Geometry of atlases: faces between voxels, sticks in voxels, and columns of voxels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.atlas import Atlas
from brayns_widget.service.renderer.content.geometry import Floats, Geometry, Indices
from brayns_widget.service.renderer.content.rotations import quaternion_matrices

_STICK_LENGTH = 0.5  # of the least size of a voxel, so that sticks stay in their voxels
_STICK_RADIUS = 0.05  # likewise for axes; for arrows, of the length of one whose vector has length 1
_NOTHING, _NONE = np.empty((0, 4), np.float32), np.empty(0, np.uint32)


def faces_between(labels: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
    """Find the faces between voxels with different labels (nz, ny, nx); around all voxels the label is 0 (or False).

    Returns:
        (F, 4), corners of faces as flat indices of a grid (nz + 1, ny + 1, nx + 1); (F,), for each face one of the two
        labels, not 0.
    """
    quads, owners = [], []
    for axis in range(3):
        first, second = (other for other in range(3) if other != axis)
        padded = np.moveaxis(np.pad(labels, [(1, 1) if other == axis else (0, 0) for other in range(3)]), axis, 0)
        places = np.argwhere(np.moveaxis(padded[1:] != padded[:-1], 0, axis))
        at = tuple(np.moveaxis(places, -1, 0)[[axis, first, second]])
        before, behind = padded[at], padded[(at[0] + 1, *at[1:])]
        corners = np.repeat(places[:, None], 4, axis=1)
        corners[:, 1:3, first] += 1
        corners[:, 2:4, second] += 1
        quads.append(np.ravel_multi_index(tuple(np.moveaxis(corners, -1, 0)), tuple(size + 1 for size in labels.shape)))
        owners.append(np.where(before != 0, before, behind))
    return np.concatenate(quads), np.concatenate(owners)


def count_faces(labels: npt.NDArray[Any]) -> int:
    """Count the faces that ``faces_between`` finds, in much less time."""
    count = 0
    for axis in range(3):
        along = np.moveaxis(labels, axis, 0)
        count += sum(int(np.count_nonzero(each)) for each in (along[0], along[1:] != along[:-1], along[-1]))
    return count


def shell(
    faces: npt.NDArray[np.intp], slots: Indices, shape: tuple[int, ...], frame: npt.NDArray[np.float64]
) -> Geometry:
    """Make triangles of the faces between voxels.

    Args:
        faces: (F, 4), see ``faces_between``.
        slots: (F,), their color slots.
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
    return _triangles(points, numbers[faces], slots)


def columns(places: Sequence[tuple[int, int]], atlas: Atlas) -> Geometry:
    """Make a box of each column of voxels along y, as the real renderer's a voxel longer at the lower end.

    Args:
        places: x and z of each.
        atlas: what they are columns of.
    """
    height = atlas.values.shape[1]
    boxes = np.array([faces_between(np.ones((1, 1, 1), np.bool_))[0]] * len(places)).reshape(-1, 6, 4)
    boxes += 8 * np.arange(len(places))[:, None, None]
    unit = np.stack(np.unravel_index(np.arange(8), (2, 2, 2))[::-1], axis=-1)
    low = np.array([(x, -1, z) for x, z in places], np.float64).reshape(-1, 1, 3)
    points = (low + unit * (1, height + 1, 1)).reshape(-1, 3) @ atlas.frame[:3, :3].T + atlas.frame[:3, 3]
    slots = np.repeat(np.arange(len(places), dtype=np.uint32), 6)
    return _triangles(points, boxes.reshape(-1, 4).astype(np.uint32), slots)


def arrows(atlas: Atlas, chosen: npt.NDArray[np.bool_]) -> Geometry:
    """Make a cone with a slot of its own in each voxel of a mask, from the voxel's middle along its vector."""
    vectors = atlas.values[chosen].astype(np.float64)
    length = _STICK_LENGTH * atlas.spacing
    starts = atlas.centers(chosen)
    return _sticks(starts, starts + length * vectors, (_STICK_RADIUS * length, 0.0), np.arange(len(starts)))


def axes(atlas: Atlas, chosen: npt.NDArray[np.bool_]) -> Geometry:
    """Make a cylinder for each turned axis in each voxel of a mask; those of x have slot 0, of y 1, of z 2."""
    quaternions = atlas.values[chosen].astype(np.float64)[:, [1, 2, 3, 0]]  # files have w first
    quaternions /= np.abs(quaternions).max(axis=1, keepdims=True)  # now their squares do not overflow
    turned = np.moveaxis(quaternion_matrices(quaternions), 2, 0)  # axis, voxel, direction
    starts = np.tile(atlas.centers(chosen), (3, 1))
    ends = starts + _STICK_LENGTH * atlas.spacing * turned.reshape(-1, 3)
    radius = _STICK_RADIUS * atlas.spacing
    return _sticks(starts, ends, (radius, radius), np.repeat(np.arange(3), len(quaternions)))


def _sticks(
    starts: npt.NDArray[np.float64],
    ends: npt.NDArray[np.float64],
    radii: tuple[float, float],
    slots: npt.NDArray[np.intp],
) -> Geometry:
    vertices: Floats = np.empty((len(starts), 2, 4), np.float32)
    for end, (points, radius) in enumerate(zip((starts, ends), radii, strict=True)):
        vertices[:, end, :3], vertices[:, end, 3] = points, radius
    segments = np.arange(0, 2 * len(starts), 2, dtype=np.uint32)
    return Geometry(vertices.reshape(-1, 4), segments, slots.astype(np.uint32), _NOTHING, _NONE)


def _triangles(points: npt.NDArray[np.float64], quads: Indices, slots: Indices) -> Geometry:
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return Geometry(
        _NOTHING, _NONE, _NONE, _NOTHING, _NONE,
        points.astype(np.float32), np.ascontiguousarray(triangles), np.tile(slots, 2),
    )  # fmt: skip
