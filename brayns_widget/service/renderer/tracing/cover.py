"""Cover: a mask of the pixels whose camera rays may hit anything; the others need not be traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numba import types
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Bounds, Floats, point_bounds, sphere_bounds
from brayns_widget.service.renderer.tracing.compiling import Compilation
from brayns_widget.service.renderer.tracing.embree import ROUND_LINEAR_CURVE, SPHERE_POINT, Primitives
from brayns_widget.service.renderer.tracing.kernels import cover as k

Mask = NDArray[np.uint8]

_ROUNDING = 1e-6  # relative error of single precision, of the largest coordinate and of sums with it
_SMALLEST_VIEW = 1e-6  # side of a picture at distance 1, or in µm
_LEAST_PIXELS = 0.5  # pixels for each primitive below which a mask costs more than it saves
_LARGEST = 1e12  # entry of a lens: products with coordinates must not overflow
_NO_SEGMENTS = np.empty(0, np.uint32)

_FLOATS = types.Array(types.float32, 2, "C")
_TABLE, _STATE = types.Array(types.int64, 2, "C"), types.Array(types.int64, 1, "C")
_LENS, _MASK = types.Array(types.float32, 1, "C"), types.Array(types.uint8, 2, "C")
_COMPILATIONS = (
    Compilation(k.group, (_FLOATS, types.Array(types.uint32, 1, "C"), _FLOATS)),
    Compilation(k.cover, (_TABLE, _STATE, _LENS, types.int64, types.int64, _MASK)),
)


def ready() -> bool:
    """Whether masks can be made; if not, their kernels are being compiled, or loaded, on other threads."""
    if all(each.ready for each in _COMPILATIONS):
        return True
    start_compiling()
    return False


def start_compiling() -> None:
    """Compile, or load, the kernels on other threads."""
    for each in _COMPILATIONS:
        each.start()


def warm_up() -> None:
    """Compile, or load, the kernels, and wait for the end.

    Raises:
        EmbreeMissing: there is no Embree on this machine.
    """
    start_compiling()
    for each in _COMPILATIONS:
        each.wait()


@dataclass(frozen=True, eq=False)
class _Outline:
    """What a mask needs of primitives: bounds, and if they are round, spheres around groups and a row of the table."""

    revision: int
    bounds: Bounds
    groups: Floats | None = None
    row: tuple[int, ...] = ()


class Cover:
    """Makes masks. Used by one thread at a time; what it caches of primitives is freed with them."""

    def __init__(self) -> None:
        self._outlines: WeakKeyDictionary[Primitives, _Outline] = WeakKeyDictionary()
        self._mask = whole_mask(1, 1)

    def mask(
        self,
        primitives: Sequence[Primitives],
        camera: Floats,
        size: tuple[int, int],
        offset: tuple[float, float],
        *,
        run: Callable[[Callable[[], None]], None],
        state: NDArray[np.int64],
    ) -> Mask:
        """Mark the pixels whose rays may hit something.

        Args:
            primitives: all that can be traced.
            camera: float32 (9, 3), see ``camera.ray_frame``.
            size: width and height of the picture in pixels.
            offset: of rays from their pixels' corners, in pixels.
            run: calls a function on all threads at once, and waits.
            state: int64 (2,), zeros; see ``kernels.cover.cover``.

        Returns:
            uint8, see ``whole_mask``; valid until the next call.
        """
        width, height = size
        if self._mask.shape != _mask_shape(width, height):
            self._mask = whole_mask(width, height)
        mask = self._mask
        mask.fill(0)
        outlines = [self._outline(each) for each in primitives if each.visible and len(each.vertices)]
        if not outlines:
            return mask
        lens = make_lens(camera, size, offset, _largest(outlines))
        if lens is None:
            mask[:height, :width] = 1
            return mask
        rows = []
        chunks = 0
        for outline in outlines:
            if outline.groups is None:
                _mark_box(mask[:height, :width], lens, outline.bounds)
            else:
                after = chunks - (-len(outline.groups) // k.CHUNK)
                rows.append((*outline.row, chunks, after))
                chunks = after
        if rows:
            table = np.array(rows, np.int64)
            run(lambda: k.cover(table, state, lens, width, height, mask))
        return mask

    def _outline(self, primitives: Primitives) -> _Outline:
        known = self._outlines.get(primitives)
        if known is None or known.revision != primitives.revision:
            known = self._outlines[primitives] = _outline(primitives)
        return known


def worthwhile(primitives: Sequence[Primitives], size: tuple[int, int]) -> bool:
    """Whether a mask is likely to save more than it costs, which depends on the number of primitives per pixel."""
    count = sum(len(each.vertices if each.indices is None else each.indices) for each in primitives if each.visible)
    return size[0] * size[1] >= _LEAST_PIXELS * count


def whole_mask(width: int, height: int) -> Mask:
    """Make the mask that marks all pixels: uint8, 1, with zeros up to the next multiples of 4."""
    mask = np.zeros(_mask_shape(width, height), np.uint8)
    mask[:height, :width] = 1
    return mask


def _mask_shape(width: int, height: int) -> tuple[int, int]:
    return -(-height // 4) * 4, -(-width // 4) * 4


def _outline(primitives: Primitives) -> _Outline:
    vertices = primitives.vertices
    if primitives.kind not in (ROUND_LINEAR_CURVE, SPHERE_POINT):
        return _Outline(primitives.revision, point_bounds(vertices))
    segments = _NO_SEGMENTS if primitives.indices is None else primitives.indices
    count = len(vertices) if primitives.indices is None else len(segments)
    groups = np.empty((-(-count // k.GROUP), 4), np.float32)
    k.group(vertices, segments, groups)
    address = 0 if primitives.indices is None else segments.ctypes.data
    row = (vertices.ctypes.data, address, groups.ctypes.data, count)
    return _Outline(primitives.revision, sphere_bounds(groups), groups, row)


def _largest(outlines: Sequence[_Outline]) -> float:
    return max(float(np.abs(side).max()) for outline in outlines for side in outline.bounds)


def make_lens(camera: Floats, size: tuple[int, int], offset: tuple[float, float], largest: float) -> Floats | None:
    """Describe the projection from world space to the picture.

    Args:
        camera: float32 (9, 3), see ``camera.ray_frame``.
        size: width and height of the picture in pixels.
        offset: of rays from their pixels' corners, in pixels: there the lens has whole numbers.
        largest: largest coordinate of the primitives.

    Returns:
        float32 (LENS_SIZE,), see ``kernels.cover``; None if the camera is cylindric, the picture shows so little that
        its pixels hardly differ, or the numbers overflow.
    """
    if camera[6, 1] != 0:
        return None
    frame = camera.astype(np.float64)
    perspective = bool(frame[4].any())
    sides = frame[4:6] if perspective else frame[1:3]
    lengths = np.linalg.norm(sides, axis=1)
    if lengths.min() < _SMALLEST_VIEW:
        return None
    axes = sides / lengths[:, None]
    forward = np.cross(axes[0], axes[1])
    depth = float(forward @ frame[3])  # of the picture, where sides are as long as given
    if depth < 0:
        forward, depth = -forward, -depth
    start = axes @ frame[3] if perspective else np.zeros(2)
    scale = (depth if perspective else 1.0) / lengths * size
    first = -start / lengths * size - offset
    # The farthest pixel from where rays are at right angles to the picture.
    edge = np.maximum(np.abs(first + 1), np.abs(first - size)) / scale if perspective else np.zeros(2)
    lens = np.zeros(k.LENS_SIZE, np.float32)
    lens[k.ORIGIN : k.ORIGIN + 3] = frame[0]
    for place, axis in ((k.RIGHT, axes[0]), (k.DOWN, axes[1]), (k.FORWARD, forward)):
        lens[place : place + 3] = axis
    lens[[k.SCALE_X, k.SCALE_Y]], lens[[k.START_X, k.START_Y]] = scale, first
    lens[[k.EDGE_X, k.EDGE_Y]] = edge
    lens[[k.REACH_X, k.REACH_Y]] = scale * np.hypot(1, edge)
    lens[k.UNSURE] = _ROUNDING * max(largest, float(np.abs(frame[:3]).max()))
    lens[k.PERSPECTIVE] = perspective
    return lens if np.abs(lens).max() < _LARGEST else None


def _mark_box(mask: Mask, lens: Floats, bounds: Bounds) -> None:
    """Mark the pixels around all corners of a box; all pixels if a part of it lies behind the camera."""
    corners = np.array(np.meshgrid(*np.transpose(bounds)), np.float64).reshape(3, 8).T - lens[k.ORIGIN : k.ORIGIN + 3]
    across, down, ahead = (corners @ lens[axis : axis + 3].astype(np.float64) for axis in (k.RIGHT, k.DOWN, k.FORWARD))
    if not lens[k.PERSPECTIVE]:
        ahead[:] = 1
    if ahead.min() <= lens[k.UNSURE]:
        mask[:] = 1
        return
    sides = []
    for places, scale, start, reach, length in (
        (down, lens[k.SCALE_Y], lens[k.START_Y], lens[k.REACH_Y], mask.shape[0]),
        (across, lens[k.SCALE_X], lens[k.START_X], lens[k.REACH_X], mask.shape[1]),
    ):
        pixels = scale * places / ahead + start
        margin = 1 + reach * lens[k.UNSURE] / ahead.min()
        low, high = np.clip((pixels.min() - margin, pixels.max() + margin), 0, length).astype(np.int64)
        sides.append(slice(low, high + 1))
    mask[tuple(sides)] = 1
