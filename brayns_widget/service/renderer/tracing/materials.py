"""Materials as kernels read them: one row of numbers describes all kinds.

A row is opacity over emission, coat, flakes, and a base that is metal, glass and matte in parts.
"""

from __future__ import annotations

import numpy as np

from brayns_widget.service.renderer.geometry import Floats

# Columns of a row.
OPACITY = 0  # of light that meets it; the color's alpha counts too
GHOST = 1  # 1: opacity falls towards the middle, so that edges remain
EMISSION = 2  # to 4: radiance
ENDS = 5  # 1: it shines and reflects nothing
METALLIC = 6  # share of the base that is metal
EDGE = 7  # to 9: what metal reflects at grazing angles
ROUGHNESS = 10  # of the base, 0 to 1; its square is the width of GGX
SPECULAR = 11  # weight of the base's reflection by Fresnel's equations
INDEX = 12  # the base's index of refraction
TRANSMISSION = 13  # share of what is neither metal nor reflected that goes through
TRANSMITTED = 14  # to 16: the share of each channel that comes through, if it is thin
THIN = 17  # 1: what goes through is not bent, for two close surfaces are drawn as one
DIFFUSE = 18  # weight of the rest
SHEEN = 19  # to 21: added to the rest at grazing angles, by (1 - cosine) ** SHEEN_FALL
BACK_LIGHT = 22  # 0 to 2: half of it is the share of the rest that is scattered forwards
COAT = 23  # weight of a clear coat
COAT_INDEX = 24
COAT_ROUGHNESS = 25
TINT = 26  # to 28: of what comes through the coat
FLAKES = 29  # share of the surface under the coat that is metal flakes
SHEEN_OF_BASE = 30  # added likewise, in the model's color
SHEEN_FALL = 31
ABSORBED = 32  # to 34: of what is not thin, the exponent by which light decays in a µm
STRETCH = 35  # GGX is this much narrower across the direction of anisotropy, and wider along it
TURN = 36  # cosine and sine of that direction's angle to the first tangent
COLUMNS = 38

FLAKE_WIDTH = 0.3  # of GGX: flakes lie nearly flat


def matte_row() -> Floats:
    """float32 (COLUMNS,): a matte, opaque material, the one that models have at first."""
    row = np.zeros(COLUMNS, np.float32)
    row[[OPACITY, ROUGHNESS, INDEX, DIFFUSE, COAT_INDEX]] = 1
    row[EDGE : EDGE + 3] = row[TRANSMITTED : TRANSMITTED + 3] = row[TINT : TINT + 3] = 1
    row[[SHEEN_FALL, STRETCH, TURN]] = 1
    return row


def lets_through(row: Floats) -> bool:
    """Whether light comes through, bent or not; such models do not stop shadow rays, but weaken their light."""
    return bool(row[OPACITY] < 1 or row[GHOST] > 0 or row[TRANSMISSION] > 0)


def is_plain(row: Floats) -> bool:
    """Whether the interactive renderer can shade it as an opaque matte surface with a full shadow."""
    return bool(row[ENDS] == 0) and not lets_through(row)
