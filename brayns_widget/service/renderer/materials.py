"""Materials as kernels read them: a row of numbers for what clients set on a model.

The real renderer's objects become materials of OSPRay; what those do that clients cannot set (a coat of plastic, say)
is taken from its documentation of materials. One row describes all of them: opacity over emission, coat, flakes, and a
base that is metal, glass and matte in parts.
"""

from __future__ import annotations

import math

import numpy as np

from brayns_widget.protocol.brayns.materials import (
    CarPaint,
    Emissive,
    Ghost,
    Glass,
    Material,
    Matte,
    Metal,
    Plastic,
    Principled,
)
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

_DARKEST = 1e-6  # of a color that light takes on its way: none is black after any distance
_THINNEST, _THICKEST = 1e-6, 1e6


def row_of(material: Material) -> Floats:
    """Pack a material as kernels read it: float32 (COLUMNS,).

    Raises:
        ValueError: its numbers make no material.
    """
    row = _plain_row()
    match material:
        case Plastic():  # which is a Matte, too
            row[OPACITY] = material.opacity
            row[[COAT, COAT_INDEX]] = 1.0, 1.5
        case Matte():
            row[OPACITY] = material.opacity
        case CarPaint():
            row[[COAT, COAT_INDEX, FLAKES]] = 1.0, 1.5, material.flake_density
        case Metal():
            row[[METALLIC, ROUGHNESS]] = 1.0, material.roughness
        case Glass():
            index = _checked_index("index_of_refraction", material.index_of_refraction)
            row[[ROUGHNESS, SPECULAR, TRANSMISSION, INDEX]] = 0.0, 1.0, 1.0, index
        case Emissive():
            row[ENDS] = 1.0
            row[EMISSION : EMISSION + 3] = np.clip(np.array(material.color) * material.intensity, 0.0, 3e38)
        case Ghost():
            row[GHOST] = 1.0
        case Principled():
            _pack_principled(row, material)
    return row


def lets_through(row: Floats) -> bool:
    """Whether light comes through, bent or not; such models do not stop shadow rays, but weaken their light."""
    return bool(row[OPACITY] < 1 or row[GHOST] > 0 or row[TRANSMISSION] > 0)


def is_plain(row: Floats) -> bool:
    """Whether the interactive renderer can shade it as an opaque matte surface with a full shadow."""
    return bool(row[ENDS] == 0) and not lets_through(row)


def _plain_row() -> Floats:
    """Make the row of a matte and opaque material."""
    row = np.zeros(COLUMNS, np.float32)
    row[[OPACITY, ROUGHNESS, INDEX, DIFFUSE, COAT_INDEX]] = 1
    row[EDGE : EDGE + 3] = row[TRANSMITTED : TRANSMITTED + 3] = row[TINT : TINT + 3] = 1
    row[[SHEEN_FALL, STRETCH, TURN]] = 1
    return row


def _pack_principled(row: Floats, material: Principled) -> None:
    """Write all that it has into a row.

    Widths along and across the direction of anisotropy are those of Burley, "Physically Based Shading at Disney",
    2012, section 5.4.
    """
    row[[METALLIC, SPECULAR, INDEX, DIFFUSE]] = material.metallic, material.specular, material.ior, material.diffuse
    row[[ROUGHNESS, COAT_ROUGHNESS]] = np.clip([material.roughness, material.coat_roughness], 0, 1)
    row[[TRANSMISSION, THIN, COAT]] = material.transmission, material.thin, material.coat
    row[COAT_INDEX] = _checked_index("coat_ior", material.coat_ior)
    row[BACK_LIGHT] = material.back_light if material.thin else 0.0
    row[EDGE : EDGE + 3] = np.clip(material.edge_color, 0, 1)
    # Beer's law: a color is what is left after a depth, or of a coat after a thickness of 1.
    decay = -np.log(np.clip(material.transmission_color, _DARKEST, 1)) / max(material.transmission_depth, _THINNEST)
    if material.thin:
        row[TRANSMITTED : TRANSMITTED + 3] = np.exp(-decay * max(0.0, material.thickness))
    else:
        row[ABSORBED : ABSORBED + 3] = decay
    coat = np.clip(material.coat_color, _DARKEST, 1) ** np.clip(material.coat_thickness, 0, _THICKEST)
    row[TINT : TINT + 3] = 1 - material.coat * (1 - coat)
    sheen, tint = np.clip([material.sheen, material.sheen_tint], 0, 1)
    row[SHEEN : SHEEN + 3] = sheen * (1 - tint) * np.clip(material.sheen_color, 0, 1)
    angle = 2 * math.pi * material.anisotropy_rotation
    row[[STRETCH, TURN, TURN + 1]] = math.sqrt(1 - 0.9 * material.anisotropy), math.cos(angle), math.sin(angle)
    row[[SHEEN_OF_BASE, SHEEN_FALL]] = sheen * tint, 1 / np.clip(material.sheen_roughness, 0.01, 1)


def _checked_index(name: str, index: float) -> float:
    if not 0.01 <= index <= 100:
        raise ValueError(f"{name} is an index of refraction, 0.01 to 100, got {index:g}.")
    return index
