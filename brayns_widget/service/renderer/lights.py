"""Lights, as kernels read them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from brayns_widget.service.renderer.geometry import Floats
from brayns_widget.service.renderer.settings import AmbientLight, Light


def pack_lights(lights: Iterable[Light]) -> tuple[Floats, Floats]:
    """Sum up the ambient lights and list the directional ones.

    Returns:
        float32 (3,), the radiance from everywhere, and float32 (L, 6), for each directional light the unit vector
        towards it and its irradiance / pi (a matte surface scatters it evenly).

    Raises:
        ValueError: a direction is zero, or a number is not finite.
    """
    ambient = np.zeros(3)
    directional: list[list[float]] = []
    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        for light in lights:
            power = np.array(light.color, np.float64) * light.intensity
            if isinstance(light, AmbientLight):
                ambient += power
                continue
            direction = np.array(light.direction, np.float64)
            largest = float(np.abs(direction).max())
            if not 0 < largest < math.inf:
                raise ValueError(f"A directional light needs a direction other than zero, got {light.direction}.")
            direction /= largest  # squares of tiny and of huge numbers are none
            directional.append([*(-direction / np.linalg.norm(direction)), *(power / math.pi)])
        packed = np.array(directional, np.float32).reshape(-1, 6)
        everywhere = ambient.astype(np.float32)
    if not (np.isfinite(packed).all() and np.isfinite(everywhere).all()):
        raise ValueError("Colour and intensity of a light must be finite.")
    return everywhere, packed
