"""Lights as kernels read them: one light from everywhere, and a row of numbers for each of the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Floats

# Columns of a row.
PLACE = 0  # to 2: middle; of a directional light the unit vector towards it
POWER = 3  # to 5: over pi, the irradiance of a directional light, else the intensity (along the normal, of a quad)
KIND = 6
FACES = 7  # to 9: unit normal on the side where a quad shines
EDGE1 = 10  # to 12: sides of a quad
EDGE2 = 13  # to 15
RADIUS = 16  # of a sphere
HARD = 17  # 1: all its light comes from its middle
COLUMNS = 18

DIRECTIONAL, SPHERE, QUAD = 0, 1, 2
CAMERA = 3  # directional along the axes of the camera, see ``turned``: kernels do not know it


class PackedLights(NamedTuple):
    """The lights of a scene.

    Attributes:
        ambient: float32 (3,), the radiance from everywhere.
        rows: float32 (L, COLUMNS), the other lights, columns as named above.
    """

    ambient: Floats
    rows: Floats


def no_lights() -> PackedLights:
    """Return an empty set of lights."""
    return PackedLights(np.zeros(3, np.float32), np.zeros((0, COLUMNS), np.float32))


def turned(lights: Floats, axes: NDArray[np.float64]) -> Floats:
    """Turn lights that follow the camera into directional ones.

    Args:
        lights: the rows.
        axes: (3, 3), unit vectors in the world: to the right of the picture, up, and towards the viewer.
    """
    follow = lights[:, KIND] == CAMERA
    if not follow.any():
        return lights
    lights = lights.copy()
    lights[follow, PLACE : PLACE + 3] = lights[follow, PLACE : PLACE + 3] @ axes
    lights[follow, KIND] = DIRECTIONAL
    return lights


def hardened(lights: Floats) -> Floats:
    """Let all light come from the middles of lights, as strong as it was, so that shadows are hard.

    The real renderer's "scivis" does so (OSPRay's documentation of quad lights; pictures of a sphere light).
    """
    hard = lights.copy()
    hard[:, EDGE1:RADIUS] = 0
    hard[:, HARD] = 1
    return hard


def have_places(lights: Floats) -> bool:
    """Whether any light is not directional; only some kernels support those."""
    return bool((lights[:, KIND] != DIRECTIONAL).any())
