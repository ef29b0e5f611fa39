"""Color ramps: from values to colors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

RESTING, SPIKING = -80.0, -10.0  # mV, the range of a ramp that nobody has set, as recorded from Brayns 3.10.1
# The color of what is not a number, linear RGBA: #808080, the gray that the widget has for cells without a value.
NOT_A_NUMBER = (0.21586, 0.21586, 0.21586, 1.0)
LEVELS = 256  # colors of a table; the protocol allows ramps of as many

# The colors of a ramp that nobody has set, as recorded from Brayns 3.10.1: black, blue, red, yellow, white.
_DEFAULT = (
    "0000000101210202420303640404850505a70914af0c22b80f30c1133fc9164dd2195cdb1d6ae32078ec2387f43877df"
    "4d67cb6257b67b4998933a7aab2b5dc41d3fdc0e22f40004f40504f30b04f21104f11604f01c04ef2203ee2803ee2d03"
    "ed3303ec3903eb3f03ea4402e94a02e85002e85602e75b02e66102e56701e46c01e37201e27801e17e01e18301e08900"
    "df8f00de9500dd9a00dca000dba600dbac00dbae04dcb009ddb30ddeb512deb716dfba1be0bc20e1be24e1c129e2c32d"
    "e3c632e4c837e5ca3be5cd40e6cf44e7d149e8d44ee8d652e9d957eadb5bebdd60ebe065ece269ede46eeee772efe977"
    "efec7cf0ee80f1f085f2f389f2f58ef3f793f4fa97f5fc9cf6ffa0f6ffa3f6ffa5f6ffa8f6ffaaf7ffacf7ffaff7ffb1"
    "f7ffb3f8ffb6f8ffb8f8ffbaf8ffbdf8ffbff9ffc1f9ffc4f9ffc6f9ffc8faffcbfaffcdfaffcffaffd2faffd4fbffd7"
    "fbffd9fbffdbfbffdefcffe0fcffe2fcffe5fcffe7fcffe9fdffecfdffeefdfff0fdfff3fefff5fefff7fefffaffffff"
)


def default_colors() -> Floats:
    """Make the default colors (128, 4)."""
    codes = np.frombuffer(bytes.fromhex(_DEFAULT), np.uint8).reshape(-1, 3)
    return np.column_stack((codes / np.float32(255), np.ones(len(codes)))).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ColorRamp:
    """Colors from the lowest value to the highest; values outside get the first or the last.

    Args:
        colors: float32 (N, 4), linear RGBA, at even steps, 1 to 256 of them.
        low: value of the first color.
        high: value of the last one.

    Raises:
        ValueError: there are no colors or too many, or the range is empty.
    """

    colors: Floats = field(default_factory=default_colors)
    low: float = RESTING
    high: float = SPIKING

    def __post_init__(self) -> None:
        if not 1 <= len(self.colors) <= LEVELS:
            raise ValueError(f"A color ramp takes 1 to {LEVELS} colors, got {len(self.colors)}")
        if not self.low < self.high:
            raise ValueError(f"The range of a color ramp must ascend, got {self.low:g} to {self.high:g}")

    def table(self) -> Floats:
        """Make the (256, 4) colors that ``levels`` index.

        As Brayns 3.10.1 mixes them, fitted to reference pictures: the place in the whole range, t, and not that
        between two colors, is the part of the second one: (1 - t) * color[n] + t * color[n + 1], n = floor(t * N).
        """
        last = len(self.colors) - 1
        part = np.linspace(0, 1, LEVELS)
        index = np.minimum((part * len(self.colors)).astype(np.intp), last)
        part = part[:, None]
        mixed = (1 - part) * self.colors[index] + part * self.colors[np.minimum(index + 1, last)]
        table: Floats = mixed.astype(np.float32)
        return table

    def levels(self, values: Floats) -> npt.NDArray[np.uint8]:
        """Find the rows of ``table`` for values, rounded down; NaN has the lowest, see ``NOT_A_NUMBER``."""
        with np.errstate(over="ignore"):  # what becomes infinite is at an end of the ramp
            scaled = (values - np.float32(self.low)) * np.float32((LEVELS - 1) / (self.high - self.low))
        levels: npt.NDArray[np.uint8] = np.nan_to_num(scaled, nan=0.0).clip(0, LEVELS - 1).astype(np.uint8)
        return levels
