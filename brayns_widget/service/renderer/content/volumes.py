"""Volumes: values on a regular grid, their colors, and how kernels read them (``kernels.volumes``).

As in the real renderer (OSPRay), a ramp's opacity is how much light a µm stops: of the light that enters a part with
opacity a, exp(-a s) is left after s µm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.geometry import Bounds, Floats
from brayns_widget.service.renderer.content.ramps import ColorRamp

Matrix = npt.NDArray[np.float64]

MACRO_BITS = 3
MACRO = 1 << MACRO_BITS  # cells a side of a block of the coarse grid, by which kernels skip empty space
LEVELS = 1024  # colors of a volume's table
CLEAREST = 8  # most blocks that can be skipped at once
LONGEST = 4096  # samples of a volume along a ray, at most

# Kinds of values.
BYTE, SHORT, UNSIGNED_SHORT, SINGLE = range(4)
_KINDS = {"uint8": BYTE, "int16": SHORT, "uint16": UNSIGNED_SHORT, "float32": SINGLE}

# Columns of ``Packed.numbers``: the first three rows of the matrix from the world to the grid, µm from sample to
# sample, the value of level 0, levels per value.
GRID, STEP, LOW, SCALE, NUMBERS = 0, 12, 13, 14, 15
# Columns of ``Packed.places``: address and kind of the values, whether they are those of cells, how many there are
# along x, y and z, address of the colors (red, green, blue, opacity and optical depth of a step for each level),
# address of the coarse grid (a byte for each block of cells: 0 if something can be seen in it, else n if nothing can be
# in the 2 n - 1 blocks a side around it), and how many blocks it has along x and y.
VALUES, KIND, CELLS, SIZE, COLORS, COARSE, COARSE_X, COARSE_Y, PLACES = 0, 1, 2, 3, 6, 7, 8, 9, 10


class Volume:
    """Values on a regular grid. Immutable but for the ramp.

    Args:
        values: (nz, ny, nx); uint8, int16, uint16 and float32 are kept, others become float32. NaN is invisible.
        frame: 4x4, affine, from the grid to the model's space. Value (x, y, z) is that of the cell from there to
            (x + 1, y + 1, z + 1), or of the vertex at that place.
        cells: whether values are those of cells, constant in each, or of vertices, interpolated between them.

    Attributes:
        bounds: in the model's space, as float32 (3,) each.
        value_range: least and greatest finite value; 0, 0 if there is none.
        ramp: colors by value. At first from clear black to opaque white over all values.

    Raises:
        ValueError: there are no values (fewer than two vertices along an axis), or the frame is not affine or flat.
    """

    def __init__(self, values: npt.NDArray[np.generic], frame: Matrix, *, cells: bool = True) -> None:
        least = 1 if cells else 2
        if values.ndim != 3 or min(values.shape) < least:
            raise ValueError(f"A volume must have at least {least} values along each axis, got {values.shape[::-1]}.")
        frame = np.array(frame, np.float64)
        if frame.shape != (4, 4) or not np.isfinite(frame).all() or (frame[3] != (0, 0, 0, 1)).any():
            raise ValueError(f"The frame of a volume must be an affine 4x4 matrix, got {frame.tolist()}.")
        if not abs(np.linalg.det(frame)) > 0:
            raise ValueError("The frame of a volume must not be flat.")
        if str(values.dtype) not in _KINDS:
            with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite
                values = values.astype(np.float32)
        self.values = np.require(values, requirements=("C", "A"))
        self.frame = frame
        self.cells = cells
        self.bounds = _bounds(frame, np.array(values.shape[::-1]) - (0 if cells else 1))
        self.value_range, self._coarse = _summary(self.values, cells)
        low, high = self.value_range
        clear_to_white = np.array([[0, 0, 0, 0], [1, 1, 1, 1]], np.float32)
        self.ramp = ColorRamp(clear_to_white, low, high if high > low else np.nextafter(low, np.inf) + 1.0)
        self._shown: tuple[ColorRamp, float, _Shown] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of values and coarse grid."""
        return self.values.nbytes + self._coarse.nbytes

    def shown(self, step: float) -> _Shown:
        """Make colors for samples that are ``step`` µm apart, and find the visible blocks."""
        if self._shown is None or self._shown[:2] != (self.ramp, step):
            self._shown = (self.ramp, step, _shown(self.ramp, step, self._coarse))
        return self._shown[2]


@dataclass(frozen=True, eq=False)
class _Shown:
    colors: Floats  # (LEVELS, 5)
    coarse: npt.NDArray[np.uint8]  # (z, y, x)
    low: float
    scale: float


@dataclass(frozen=True, eq=False)
class Packed:
    """Volumes of a scene as kernels read them.

    Attributes:
        numbers: float32 (V, NUMBERS), columns as named above.
        places: int64 (V, PLACES), columns as named above.
    """

    numbers: Floats = field(default_factory=lambda: np.zeros((0, NUMBERS), np.float32))
    places: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, PLACES), np.int64))
    _kept: tuple[object, ...] = ()  # places has addresses only

    def __len__(self) -> int:
        return len(self.numbers)


def pack_volumes(volumes: Iterable[tuple[Volume, Matrix]]) -> Packed:
    """List volumes, each with the affine matrix from its model's space to the world, for kernels.

    Volumes that a matrix flattens, or makes too large or too small to draw, are left out.
    """
    numbers: list[list[float]] = []
    places: list[list[int]] = []
    kept: list[object] = []
    for volume, transform in volumes:
        world = transform @ volume.frame
        size = np.array(volume.values.shape[::-1])
        edges = np.linalg.norm(world[:3, :3], axis=0)
        step = max(float(edges.min()), float(edges @ size) / LONGEST)
        try:
            grid = np.linalg.inv(world)[:3]
        except np.linalg.LinAlgError:
            continue
        with np.errstate(over="ignore"):  # checked next
            if not (np.isfinite(grid.astype(np.float32)).all() and 1e-30 < step < 1e30):
                continue
        shown = volume.shown(step)
        numbers.append([*grid.ravel(), step, shown.low, shown.scale])
        places.append(
            [
                volume.values.ctypes.data, _KINDS[str(volume.values.dtype)], int(volume.cells), *size.tolist(),
                shown.colors.ctypes.data, shown.coarse.ctypes.data, shown.coarse.shape[2], shown.coarse.shape[1],
            ]
        )  # fmt: skip
        kept += [volume, shown]
    with np.errstate(over="ignore"):  # of ramps only, whose ends then lie at infinity
        packed = np.array(numbers, np.float32).reshape(-1, NUMBERS)
    return Packed(packed, np.array(places, np.int64).reshape(-1, PLACES), tuple(kept))


def _bounds(frame: Matrix, size: npt.NDArray[np.intp]) -> Bounds:
    corners = np.stack(np.meshgrid(*((0, edge) for edge in size)), axis=-1).reshape(-1, 3)
    corners = corners @ frame[:3, :3].T + frame[:3, 3]
    return corners.min(axis=0).astype(np.float32), corners.max(axis=0).astype(np.float32)


def _summary(values: npt.NDArray[np.generic], cells: bool) -> tuple[tuple[float, float], Floats]:
    """Find the range of finite values, of all and of each block: float32 (2, z, y, x), NaN where there is none."""
    starts = [np.arange(0, size, MACRO) for size in values.shape]
    coarse = np.empty((2, *map(len, starts)), np.float32)
    exact = values.dtype.kind == "f"
    ranges = []
    for row, start in enumerate(starts[0]):
        slab = values[start : start + MACRO]
        for number, least in enumerate((np.fmin, np.fmax)):
            flat = least.reduce(slab, axis=0)
            coarse[number, row] = least.reduceat(least.reduceat(flat, starts[1], axis=0), starts[2], axis=1)
        finite = slab[np.isfinite(slab)] if exact else slab
        if finite.size:
            ranges.append((float(finite.min()), float(finite.max())))
    if not cells:
        # What is between the last vertices of a block and the first ones of the next is its, too.
        for number, least in enumerate((np.fmin, np.fmax)):
            for axis in range(3):
                block = np.moveaxis(coarse[number], axis, 0)
                block[:-1] = least(block[:-1], block[1:])
    if not ranges:
        return (0.0, 0.0), coarse
    return (min(low for low, _ in ranges), max(high for _, high in ranges)), coarse


def _shown(ramp: ColorRamp, step: float, coarse: Floats) -> _Shown:
    colors = np.empty((LEVELS, 5))
    place = np.linspace(0, 1, LEVELS)
    given = ramp.colors.astype(np.float64)
    for channel in range(4):
        colors[:, channel] = np.interp(place, np.linspace(0, 1, len(given)), given[:, channel])
    with np.errstate(over="ignore"):  # as opaque as can be
        colors[:, 4] = np.minimum(np.maximum(colors[:, 3], 0) * step, 1e30)
        colors[:, 3] = -np.expm1(-colors[:, 4])
    low, scale = ramp.low, (LEVELS - 1) / (ramp.high - ramp.low)
    # Of a block whose values have the levels first to last, something can be seen if one of these can.
    seen = np.concatenate([[0], np.cumsum(colors[:, 3] > 0)])
    with np.errstate(over="ignore", invalid="ignore"):  # infinite values have the outermost colors
        scaled = (coarse.astype(np.float64) - low) * scale
    first, last = np.clip(np.nan_to_num([np.floor(scaled[0]), np.ceil(scaled[1])]), 0, LEVELS - 1).astype(np.intp)
    visible = (seen[last + 1] > seen[first]) & ~np.isnan(coarse[0])
    return _Shown(colors.astype(np.float32), _distances(visible), low, scale)


def _distances(visible: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Count the blocks to the nearest visible one, at most CLEAREST, diagonals counted as one."""
    distances = np.where(visible, np.uint8(0), np.uint8(CLEAREST))
    near = visible
    for distance in range(1, CLEAREST):
        for axis in range(3):
            grown = near.copy()
            moved, still = np.moveaxis(grown, axis, 0), np.moveaxis(near, axis, 0)
            moved[1:] |= still[:-1]
            moved[:-1] |= still[1:]
            near = grown
        distances[near & (distances == CLEAREST)] = distance
    return distances
