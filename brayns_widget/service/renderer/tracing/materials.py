"""Materials as kernels read them: one row of numbers describes all kinds.

A row is opacity over emission, coat, flakes, and a base that is metal, glass and matte in parts.
"""

from __future__ import annotations

import numpy as np

from brayns_widget.service.renderer.content.geometry import Floats

FAINT_ALPHA = 0.1
"""Colors with a smaller alpha are faint: they cast no shadow, and do not count among the surfaces that a ray meets."""

# Columns of a row.
OPACITY = 0  # multiplied by the color's alpha
GHOST = 1  # 1: it only adds light of its color, most at silhouettes
EMISSION = 2  # to 4: radiance
ENDS = 5  # 1: it emits and reflects nothing, so that paths end
METALLIC = 6  # share of metal in the base
EDGE = 7  # to 9: what metal reflects at grazing angles, or its tint there if it is CONDUCTOR
ROUGHNESS = 10  # of the base, 0 to 1; its square is the width of GGX
SPECULAR = 11  # weight of the base's reflection by Fresnel's equations
INDEX = 12  # the base's index of refraction
TRANSMISSION = 13  # transmitted share of what is neither metal nor reflected
TRANSMITTED = 14  # to 16: share of each channel that is transmitted, if it is thin
THIN = 17  # 1: one surface stands for two close ones, which do not refract
DIFFUSE = 18  # weight of the rest
SHEEN = 19  # to 21: added to the rest at grazing angles, by (1 - cosine) ** SHEEN_FALL
BACK_LIGHT = 22  # 0 to 2: half of it is the share of the rest that is scattered forwards
COAT = 23  # weight of a clear coat
COAT_INDEX = 24
COAT_ROUGHNESS = 25
COAT_DECAY = 26  # to 28: absorption coefficient of the coat for a way straight through it
FLAKES = 29  # share of the surface under the coat that metal flakes cover
SHEEN_OF_BASE = 30  # the same, in the model's color
SHEEN_FALL = 31
ABSORBED = 32  # to 34: absorption coefficient per µm, if it is not thin
STRETCH = 35  # factor by which GGX is narrower across the direction of anisotropy, and wider along it
TURN = 36  # cosine and sine of that direction's angle to the first tangent
UNEVEN = 38  # roughness of the matte part, 0 to 1: of Oren and Nayar's model, 0 is Lambert's
PANES = 39  # 1: what it encloses has walls of glass in the model's color, so thin that they do not refract
CONDUCTOR = 40  # 1: metal reflects by Fresnel's equations, 0: by Schlick's approximation
COAT_MEAN = 41  # what the coat reflects of light from everywhere
BASE_MEAN = 42  # and what the base reflects by Fresnel's equations
UNIFORM = 43  # 1: under the coat there is nothing but matte, so that all light is mixed
ALBEDO = 44  # to 59: what perfect mirrors as GGX microfacets of ROUGHNESS reflect once, at cosines from 0 to 1
ALBEDO_STEPS = 16
ALBEDO_MEAN = 60  # of light from everywhere
SHADED = 61  # 1: the interactive renderer of Brayns shows it as an opaque surface that does not shine
COLUMNS = 62

# Flakes, as OSPRay has them where nothing else is set (its documentation of the material "carPaint").
FLAKES_PER_UNIT = 100  # in each direction
FLAKE_JITTER = 0.75  # how far they lie beside the points of a grid, of its cells' size
FLAKE_SPREAD = 0.09  # their slopes' deviation times the square root of 2
FLAKE_WIDTH = 0.09  # of GGX
FLAKE_INDEX = (1.697, 0.87983, 0.53017)  # of refraction, aluminum's in red, green and blue
FLAKE_EXTINCTION = (9.30201, 6.27604, 4.89434)  # the imaginary part


def matte_row() -> Floats:
    """float32 (COLUMNS,): a matte, opaque material, the one that models have at first."""
    row = np.zeros(COLUMNS, np.float32)
    row[[OPACITY, ROUGHNESS, INDEX, DIFFUSE, COAT_INDEX]] = 1
    row[EDGE : EDGE + 3] = row[TRANSMITTED : TRANSMITTED + 3] = 1
    row[[SHEEN_FALL, STRETCH, TURN, UNIFORM]] = 1
    row[ALBEDO : ALBEDO_MEAN + 1] = 1
    return row


def lets_through(row: Floats) -> bool:
    """Whether light passes through, refracted or not; such surfaces weaken shadow rays instead of stopping them."""
    return bool(row[OPACITY] < 1 or row[GHOST] > 0 or row[TRANSMISSION] > 0)


def plainly_shaded(rows: Floats) -> Floats:
    """Return materials as the interactive renderer of Brayns shows them: opaque and lit, if they are SHADED."""
    plain = rows.copy()
    shaded = rows[:, SHADED] != 0
    plain[shaded, OPACITY], plain[shaded, ENDS] = 1, 0
    return plain


def is_plain(row: Floats) -> bool:
    """Whether the interactive renderer can shade it as an opaque matte surface that casts a full shadow."""
    return bool(row[ENDS] == 0) and not lets_through(row)
