"""Instances: round primitives whose transform stretches them, so that Embree traces them in their own space.

A ball whose axes are scaled differently is an ellipsoid, for which Embree has no primitive. Models that are only
translated, rotated and scaled uniformly are flattened into the scene instead, see ``scene``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Bounds, Floats
from brayns_widget.service.renderer.tracing.building.placing import check_traceable
from brayns_widget.service.renderer.tracing.clipping import seen_from
from brayns_widget.service.renderer.tracing.embree import FORMAT_ROWS, INSTANCE, Bvh, Device, Primitives

_EVEN = 1e-5  # relative difference up to which the scales of axes count as equal
_FLATTEST = 1e-5  # least scale of an axis, relative to the largest: rays need the inverse of the matrix


def is_even(transform: NDArray[np.float64]) -> bool:
    """Whether an affine matrix (4x4) scales uniformly, so that balls stay balls."""
    linear = transform[:3, :3] / max(np.abs(transform[:3, :3]).max(), np.finfo(np.float64).tiny)
    squares = linear.T @ linear
    return bool(np.abs(squares - np.eye(3) * squares[0, 0]).max() <= 2 * _EVEN * squares.max())


class Instance(Primitives):
    """Primitives seen through an affine transform; their hits have the instance's number as instID.

    Args:
        device: Embree's.
        inner: round primitives in their own space; closed with the instance.
        bounds: the primitives' bounds in that space.
        transform: 4x4, from that space to world space. An axis that it flattens keeps a hundred-thousandth of its
            width.

    Raises:
        ValueError: a transformed coordinate is too large for Embree.

    Attributes:
        inner: the primitives in their own space.
        transform: as given.
        scale: cube root of the factor by which volumes grow.
    """

    def __init__(self, device: Device, inner: Primitives, bounds: Bounds, transform: NDArray[np.float64]) -> None:
        device.forget(inner)  # it sees clipping from its own space
        self.inner = inner
        self.transform = transform
        u, sizes, v = np.linalg.svd(transform[:3, :3])
        self._matrix = transform.copy()
        self._matrix[:3, :3] = u * np.maximum(sizes, _FLATTEST * sizes[0]) @ v
        self.scale = float(np.cbrt(np.abs(np.linalg.det(self._matrix[:3, :3]))))
        inverse = np.linalg.inv(self._matrix[:3, :3] / sizes[0])
        self.normal_matrix = np.ascontiguousarray(inverse.T, np.float32)
        corners = np.stack(np.meshgrid(*zip(*bounds, strict=True)), axis=-1).reshape(-1, 3)
        placed = (corners @ self._matrix[:3, :3].T + self._matrix[:3, 3]).astype(np.float32)
        check_traceable(placed)
        self._inner_scene: Bvh | None = None
        super().__init__(device, INSTANCE, placed)

    @property
    def bounds(self) -> Bounds:
        """Bounds in world space: those of the transformed corners."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)

    def placed(self, spheres: Floats) -> Floats:
        """Transform spheres (N, 4) to world space, as balls of the same volume as the ellipsoids there."""
        matrix = self._matrix[:3]
        moved = np.empty_like(spheres)
        moved[:, :3] = spheres[:, :3] @ matrix[:, :3].T + matrix[:, 3]
        moved[:, 3] = spheres[:, 3] * self.scale
        return moved

    def taken_back(self, spheres: Floats) -> Floats:
        """Transform spheres back, the inverse of ``placed``."""
        matrix = self._matrix[:3]
        moved = np.empty_like(spheres)
        moved[:, :3] = (spheres[:, :3] - matrix[:, 3]) @ np.linalg.inv(matrix[:, :3]).T
        moved[:, 3] = spheres[:, 3] / self.scale
        return moved

    def _describe(self) -> None:
        rows = np.ascontiguousarray(self._matrix[:3], np.float32)
        calls = self.device.library
        self._inner_scene = Bvh(self.device, [self.inner], lambda _amount: True)
        calls.rtcSetGeometryInstancedScene(self.handle, self._inner_scene.handle)
        calls.rtcSetGeometryTransform(self.handle, 0, FORMAT_ROWS, rows.ctypes.data)

    def set_filter(self, function: int | None, data: Floats | None) -> None:
        """Let a function reject hits, see ``Device.set_filter``: Embree asks it about rays in the inner space."""
        self.inner.set_filter(function, None if data is None else seen_from(data, self._matrix))

    def filter_moved(self, data: Floats) -> None:
        """Take in that the filter's numbers have changed in place."""
        self.inner.move_filter_data(seen_from(data, self._matrix))

    def close(self) -> None:
        """Release it and what it holds."""
        super().close()
        if self._inner_scene is not None:
            self._inner_scene.close()
        self.inner.close()
