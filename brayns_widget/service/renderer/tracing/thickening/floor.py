"""The radius floor: the least radius that what is round has in a picture, and how much two floors differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from brayns_widget.service.renderer.content.geometry import Bounds, Floats

_STEPS = 8  # to an octave of radii
_CELLS = 4  # a side, in the distance from which on a floor has an effect


@dataclass(frozen=True)
class Floor:
    """The least radius everywhere, in pixels, and how large pixels are: ``base + slope * distance`` µm.

    Attributes:
        position: of the camera, in µm.
        base: size in µm of an orthographic camera's pixels, which is the same everywhere.
        slope: size of a perspective camera's pixels at distance 1.
        pixels: the least radius in pixels.
    """

    position: tuple[float, float, float]
    base: float
    slope: float
    pixels: float

    @classmethod
    def of(cls, camera: Floats, height: int, pixels: float) -> Floor:
        """Make the floor of a picture: its camera (see ``camera.ray_frame``), height and least radius in pixels."""
        x, y, z = (float(number) for number in camera[0])
        base, slope = (float(np.linalg.norm(camera[row].astype(np.float64))) / height for row in (2, 5))
        return cls((x, y, z), base, slope, pixels)

    def snapped(self, bounds: Bounds, thin: float) -> Floor:
        """Round it by at most a third of an octave, so that cameras nearby share a floor, whatever came before.

        Arguments are those of ``octaves_from``.
        """
        size = self.base + self.slope
        pixels = 2 ** (round(math.log2(size * self.pixels) * _STEPS) / _STEPS) / size
        if self.slope == 0:
            return replace(self, position=(0.0, 0.0, 0.0), pixels=pixels)
        nearest = self._nearest(bounds, thin)
        if not 0 < nearest < math.inf:
            return replace(self, pixels=pixels)
        cell = 2 ** math.floor(math.log2(nearest)) / _CELLS
        x, y, z = (round(place / cell) * cell for place in self.position)
        return replace(self, position=(x, y, z), pixels=pixels)

    def octaves_from(self, other: Floor, bounds: Bounds, thin: float) -> float:
        """Measure how much two floors differ where they have an effect, in octaves (powers of two).

        Args:
            other: the other floor.
            bounds: of the scene, in µm.
            thin: radius of the thinnest neurites in µm; near the camera, where that exceeds the floor, a floor has no
                effect.
        """
        return abs(self.octaves_above(other)) + self._octaves_moved(other, bounds, thin)

    def octaves_exceeded(self, other: Floor, bounds: Bounds, thin: float) -> float:
        """Bound by how many octaves another floor may be thicker; arguments are those of ``octaves_from``."""
        return -self.octaves_above(other) + self._octaves_moved(other, bounds, thin)

    def octaves_above(self, other: Floor) -> float:
        """Measure by how many octaves its pixels make it thicker; -inf for another projection."""
        mine, others = ((floor.base + floor.slope) * floor.pixels for floor in (self, other))
        ratio = mine / others if others > 0 else math.inf
        if (self.slope > 0) != (other.slope > 0) or not 0 < ratio < math.inf:
            return -math.inf
        return math.log2(ratio)

    def _octaves_moved(self, other: Floor, bounds: Bounds, thin: float) -> float:
        moved = math.dist(self.position, other.position)
        if self.slope == 0 or moved == 0:
            return 0.0
        nearest = self._nearest(bounds, thin)
        return math.log2(1 + moved / nearest) if nearest > 0 else math.inf

    def _nearest(self, bounds: Bounds, thin: float) -> float:
        """Distance in µm of the nearest place where the floor has an effect; its slope must not be 0."""
        here = np.array(self.position)
        outside = float(np.linalg.norm(np.clip(here, *bounds) - here))
        return max(outside, thin / (self.slope * self.pixels))
