"""Materials of the protocol, packed as rows of numbers for kernels.

The real renderer's objects become materials of OSPRay; what those do that clients cannot set (a coat of plastic, say)
is taken from its documentation of materials.
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
    Phong,
    Plastic,
    Principled,
)
from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.tracing.materials import (
    ABSORBED,
    ALBEDO,
    ALBEDO_MEAN,
    BACK_LIGHT,
    BASE_MEAN,
    COAT,
    COAT_DECAY,
    COAT_INDEX,
    COAT_MEAN,
    COAT_ROUGHNESS,
    CONDUCTOR,
    DIFFUSE,
    EDGE,
    EMISSION,
    ENDS,
    FLAKES,
    GHOST,
    INDEX,
    METALLIC,
    OPACITY,
    PANES,
    ROUGHNESS,
    SHADED,
    SHEEN,
    SHEEN_FALL,
    SHEEN_OF_BASE,
    SPECULAR,
    STRETCH,
    THIN,
    TRANSMISSION,
    TRANSMITTED,
    TURN,
    UNEVEN,
    UNIFORM,
    matte_row,
)
from brayns_widget.service.renderer.translation.albedo import mean_reflectance, mirrored_once

_DARKEST = 1e-6  # of a color that light takes on its way: none is black after any distance
_THINNEST, _THICKEST = 1e-6, 1e6


def row_of(material: Material) -> Floats:
    """Pack a material as kernels read it: float32 (COLUMNS,).

    Raises:
        ValueError: its numbers make no material.
    """
    row = matte_row()
    match material:
        case Plastic():  # which is a Matte, too
            row[[OPACITY, SHADED]] = material.opacity, 1.0
            _pack_coat(row, 1.0, 1.5)
        case Phong():
            row[OPACITY] = material.opacity
        case Matte():
            row[[OPACITY, UNEVEN]] = material.opacity, 1.0
        case CarPaint():
            _pack_coat(row, 1.0, 1.5)
            row[FLAKES] = material.flake_density
        case Metal():
            row[METALLIC] = 1.0
            _pack_roughness(row, material.roughness)
        case Glass():
            index = _checked_index("index_of_refraction", material.index_of_refraction)
            row[[PANES, THIN, ROUGHNESS, SPECULAR, TRANSMISSION, INDEX]] = 1.0, 1.0, 0.0, 1.0, 1.0, index
        case Emissive():
            row[[ENDS, SHADED]] = 1.0
            row[EMISSION : EMISSION + 3] = np.clip(np.array(material.color) * material.intensity, 0.0, 3e38)
        case Ghost():
            row[GHOST] = 1.0
        case Principled():
            _pack_principled(row, material)
    return row


def _pack_principled(row: Floats, material: Principled) -> None:
    """Pack a principled material into a row.

    Widths along and across the direction of anisotropy are those of Burley, "Physically Based Shading at Disney",
    2012, section 5.4.
    """
    row[[METALLIC, SPECULAR, INDEX, DIFFUSE]] = material.metallic, material.specular, material.ior, material.diffuse
    _pack_roughness(row, material.roughness)
    row[[UNEVEN, COAT_ROUGHNESS]] = row[ROUGHNESS], min(max(0.0, material.coat_roughness), 1.0)
    row[[CONDUCTOR, TRANSMISSION, THIN]] = 1.0, material.transmission, material.thin
    row[BASE_MEAN] = material.specular * mean_reflectance(material.ior)
    row[UNIFORM] = material.metallic == 0 and row[BASE_MEAN] == 0 and material.transmission == 0
    _pack_coat(row, material.coat, _checked_index("coat_ior", material.coat_ior))
    row[BACK_LIGHT] = material.back_light if material.thin else 0.0
    row[EDGE : EDGE + 3] = np.clip(material.edge_color, 0, 1)
    # Beer's law: a color is what is left after a depth, or of a coat after a thickness of 1.
    decay = -np.log(np.clip(material.transmission_color, _DARKEST, 1)) / max(material.transmission_depth, _THINNEST)
    if material.thin:
        row[TRANSMITTED : TRANSMITTED + 3] = np.exp(-decay * max(0.0, material.thickness))
    else:
        row[ABSORBED : ABSORBED + 3] = decay
    thickness = min(max(0.0, material.coat_thickness), _THICKEST)
    row[COAT_DECAY : COAT_DECAY + 3] = -np.log(np.clip(material.coat_color, _DARKEST, 1)) * thickness
    sheen, tint = np.clip([material.sheen, material.sheen_tint], 0, 1)
    row[SHEEN : SHEEN + 3] = sheen * (1 - tint) * np.clip(material.sheen_color, 0, 1)
    angle = 2 * math.pi * material.anisotropy_rotation
    row[[STRETCH, TURN, TURN + 1]] = math.sqrt(1 - 0.9 * material.anisotropy), math.cos(angle), math.sin(angle)
    row[[SHEEN_OF_BASE, SHEEN_FALL]] = sheen * tint, 1 / np.clip(material.sheen_roughness, 0.01, 1)


def _pack_roughness(row: Floats, roughness: float) -> None:
    row[ROUGHNESS] = min(max(0.0, roughness), 1.0)
    row[ALBEDO:ALBEDO_MEAN], row[ALBEDO_MEAN] = mirrored_once(float(row[ROUGHNESS]))


def _pack_coat(row: Floats, coat: float, index: float) -> None:
    row[[COAT, COAT_INDEX, COAT_MEAN]] = coat, index, coat * mean_reflectance(index)


def _checked_index(name: str, index: float) -> float:
    if not 0.01 <= index <= 100:
        raise ValueError(f"{name} is an index of refraction, 0.01 to 100, got {index:g}.")
    return index
