"""Rays that are traced from Python: for picking, and for buffers of depth, albedo and normals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.tracing.embree import library
from brayns_widget.service.renderer.tracing.scene import Traced

_ROWS = 24  # of a RTCRayHit16 (16 lanes each), padded to keep the next one aligned to 64 bytes
_ORG, _TNEAR, _DIR, _TFAR, _MASK, _NORMAL, _UV, _PRIMITIVE, _GEOMETRY, _INSTANCE = 0, 3, 4, 8, 9, 12, 15, 17, 18, 19
_PACKETS_BETWEEN_CHECKS = 1024


@dataclass(frozen=True)
class Hits:
    """The first hits of rays.

    Attributes:
        distance: float32 (N,), in lengths of the direction; infinite where nothing is hit.
        geometry: int32 (N,), Embree's geomID, or -1.
        primitive: int32 (N,), number of the primitive in it.
        normal: float32 (N, 3), of the surface, neither normalized nor oriented.
        uv: float32 (N, 2), barycentric coordinates in a triangle: weights of its second and third corner.
    """

    distance: Floats
    geometry: NDArray[np.int32]
    primitive: NDArray[np.int32]
    normal: Floats
    uv: Floats

    def facing(self, directions: Floats) -> Floats:
        """float32 (N, 3), unit normals that face the rays' origins; 0 where nothing is hit."""
        lengths = np.linalg.norm(self.normal, axis=1, keepdims=True)
        normals: Floats = np.divide(self.normal, lengths, out=np.zeros_like(self.normal), where=lengths > 0)
        normals[self.geometry < 0] = 0
        away = np.einsum("ij,ij->i", normals, directions) > 0
        normals[away] *= -1
        return normals


def first_hits(
    traced: Traced, origins: Floats, directions: Floats, near: float, proceed: Callable[[], None] = lambda: None
) -> Hits:
    """Trace rays to their first hits.

    Args:
        traced: the scene.
        origins: float32 (N, 3).
        directions: float32 (N, 3).
        near: where they start, in lengths of the directions.
        proceed: called every 1024 packets; an exception that it raises stops the work.
    """
    count = len(origins)
    packets = -(-count // 16)
    memory = np.zeros(packets * _ROWS * 16 + 16, np.float32)
    start = -memory.ctypes.data % 64 // 4  # packets must lie at multiples of 64 bytes
    rays = memory[start : start + packets * _ROWS * 16].reshape(packets, _ROWS, 16)
    numbers = rays.view(np.int32)
    lanes = np.zeros((packets * 16, 3), np.float32)
    for row, vectors in ((_ORG, origins), (_DIR, directions)):
        lanes[:count] = vectors
        rays[:, row : row + 3] = lanes.reshape(packets, 16, 3).transpose(0, 2, 1)
    rays[:, _TNEAR], rays[:, _TFAR] = min(near, float(np.finfo(np.float32).max)), np.inf
    numbers[:, _MASK] = numbers[:, _GEOMETRY] = numbers[:, _INSTANCE] = -1
    valid = np.full(32, -1, np.int32)
    valid = valid[-valid.ctypes.data % 64 // 4 :][:16]
    intersect = library().rtcIntersect16
    for packet in range(packets):
        if packet % _PACKETS_BETWEEN_CHECKS == 0:
            proceed()
        if packet == packets - 1:
            valid[:] = np.where(np.arange(16) < count - 16 * packet, -1, 0)
        intersect(valid.ctypes.data, traced.scene, rays[packet].ctypes.data, None)
    geometry = numbers[:, _GEOMETRY].ravel()[:count]
    normal = np.ascontiguousarray(rays[:, _NORMAL : _NORMAL + 3].transpose(0, 2, 1).reshape(-1, 3)[:count])
    instance = numbers[:, _INSTANCE].ravel()[:count]
    within = (geometry >= 0) & (instance >= 0)
    geometry = np.where(within, instance, geometry)
    for number in np.unique(instance[within]):
        matrix = traced.primitives[number].normal_matrix
        assert matrix is not None
        normal[within & (instance == number)] @= matrix.T
    return Hits(
        distance=np.where(geometry >= 0, rays[:, _TFAR].ravel()[:count], np.float32(np.inf)),
        geometry=geometry,
        primitive=numbers[:, _PRIMITIVE].ravel()[:count],
        normal=normal,
        uv=np.ascontiguousarray(rays[:, _UV : _UV + 2].transpose(0, 2, 1).reshape(-1, 2)[:count]),
    )
