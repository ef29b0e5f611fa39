"""Materials: what clients set on a model, as Brayns 3.10 names it, and the row of numbers that kernels read.

The real renderer's objects become materials of OSPRay; what those do that clients cannot set (a coat of plastic, say)
is taken from its documentation of materials.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field

from brayns_widget.service.renderer.geometry import Floats
from brayns_widget.service.renderer.tracing.materials import (
    ABSORBED,
    BACK_LIGHT,
    COAT,
    COAT_INDEX,
    COAT_ROUGHNESS,
    DIFFUSE,
    EDGE,
    EMISSION,
    ENDS,
    FLAKES,
    GHOST,
    INDEX,
    METALLIC,
    OPACITY,
    ROUGHNESS,
    SHEEN,
    SHEEN_FALL,
    SHEEN_OF_BASE,
    SPECULAR,
    STRETCH,
    THIN,
    TINT,
    TRANSMISSION,
    TRANSMITTED,
    TURN,
    matte_row,
)
from brayns_widget.service.rpc.schema import FLOAT32, Float32, Object, Vector3, unlisted

_DARKEST = 1e-6  # of a color that light takes on its way: none is black after any distance
_THINNEST, _THICKEST = 1e-6, 1e6

Share = Annotated[float, Field(ge=0, le=1)]
Color = Vector3


class Material(Object):
    """How a model's surface reflects light; without anything set it is matte and opaque."""

    def row(self) -> Floats:
        """float32 (COLUMNS,): the material as kernels read it, see ``tracing.materials``.

        Raises:
            ValueError: its numbers make no material.
        """
        return matte_row()


class Matte(Material):
    """Scatters light evenly."""

    opacity: Share = unlisted(1.0)

    def row(self) -> Floats:
        """Return a matte row with this opacity."""
        row = super().row()
        row[OPACITY] = self.opacity
        return row


class Phong(Matte):
    """Scatters light evenly too: the real renderer sets no highlight either."""


class Plastic(Matte):
    """Matte under a smooth clear coat."""

    def row(self) -> Floats:
        """Return a matte row with a coat."""
        row = super().row()
        row[[COAT, COAT_INDEX]] = 1.0, 1.5
        return row


class CarPaint(Material):
    """Matte paint with metal flakes under a clear coat."""

    flake_density: Share = unlisted(0.0)

    def row(self) -> Floats:
        """Return a coated row with flakes."""
        row = super().row()
        row[[COAT, COAT_INDEX, FLAKES]] = 1.0, 1.5, self.flake_density
        return row


class Metal(Material):
    """Reflects in its color; ``roughness`` blurs."""

    roughness: Annotated[float, Field(ge=0.01, le=1)] = unlisted(0.1)

    def row(self) -> Floats:
        """Return a row of metal only."""
        row = super().row()
        row[[METALLIC, ROUGHNESS]] = 1.0, self.roughness
        return row


class Glass(Material):
    """Reflects and refracts; clear, whatever the model's colors."""

    index_of_refraction: Float32 = unlisted(1.5)

    def row(self) -> Floats:
        """Return a row that lets through what it does not reflect."""
        row = super().row()
        index = _checked_index("index_of_refraction", self.index_of_refraction)
        row[[ROUGHNESS, SPECULAR, TRANSMISSION, INDEX]] = 0.0, 1.0, 1.0, index
        return row


class Emissive(Material):
    """Shines with its own color, whatever the model's."""

    color: Color = unlisted([1.0, 1.0, 1.0])
    intensity: Annotated[float, Field(ge=0), FLOAT32] = unlisted(1.0)

    def row(self) -> Floats:
        """Return a row that shines and reflects nothing."""
        row = super().row()
        row[ENDS] = 1.0
        row[EMISSION : EMISSION + 3] = np.clip(np.array(self.color) * self.intensity, 0.0, 3e38)
        return row


class Ghost(Material):
    """Matte, transparent where it faces the viewer: only edges show."""

    def row(self) -> Floats:
        """Return a matte row whose opacity depends on the angle."""
        row = super().row()
        row[GHOST] = 1.0
        return row


class Principled(Material):
    """Metal, glass and matte in parts, coat and sheen, as in OSPRay."""

    model_config = ConfigDict(title="Principled")

    anisotropy: Share = unlisted(0.0)
    anisotropy_rotation: Share = unlisted(0.0)
    back_light: Annotated[float, Field(ge=0, le=2)] = unlisted(0.0)
    coat: Share = unlisted(0.0)
    coat_color: Color = unlisted([1.0, 1.0, 1.0])
    coat_ior: Float32 = unlisted(1.5)
    coat_roughness: Float32 = unlisted(0.0)
    coat_thickness: Float32 = unlisted(1.0)
    diffuse: Share = unlisted(1.0)
    edge_color: Color = unlisted([1.0, 1.0, 1.0])
    ior: Annotated[float, Field(ge=1), FLOAT32] = unlisted(1.0)
    metallic: Share = unlisted(0.0)
    roughness: Float32 = unlisted(0.0)
    sheen: Float32 = unlisted(0.0)
    sheen_color: Color = unlisted([1.0, 1.0, 1.0])
    sheen_roughness: Float32 = unlisted(0.2)
    sheen_tint: Float32 = unlisted(0.0)
    specular: Share = unlisted(1.0)
    thickness: Float32 = unlisted(1.0)
    thin: bool = unlisted(default=False)
    transmission: Share = unlisted(0.0)
    transmission_color: Color = unlisted([1.0, 1.0, 1.0])
    transmission_depth: Float32 = unlisted(1.0)

    def row(self) -> Floats:
        """Return a row of all that it has.

        Widths along and across the direction of anisotropy are those of Burley, "Physically Based Shading at Disney",
        2012, section 5.4.
        """
        row = super().row()
        row[[METALLIC, SPECULAR, INDEX, DIFFUSE]] = self.metallic, self.specular, self.ior, self.diffuse
        row[[ROUGHNESS, COAT_ROUGHNESS]] = np.clip([self.roughness, self.coat_roughness], 0, 1)
        row[[TRANSMISSION, THIN, COAT]] = self.transmission, self.thin, self.coat
        row[COAT_INDEX] = _checked_index("coat_ior", self.coat_ior)
        row[BACK_LIGHT] = self.back_light if self.thin else 0.0
        row[EDGE : EDGE + 3] = np.clip(self.edge_color, 0, 1)
        # Beer's law: a color is what is left after a depth, or of a coat after a thickness of 1.
        decay = -np.log(np.clip(self.transmission_color, _DARKEST, 1)) / max(self.transmission_depth, _THINNEST)
        if self.thin:
            row[TRANSMITTED : TRANSMITTED + 3] = np.exp(-decay * max(0.0, self.thickness))
        else:
            row[ABSORBED : ABSORBED + 3] = decay
        coat = np.clip(self.coat_color, _DARKEST, 1) ** np.clip(self.coat_thickness, 0, _THICKEST)
        row[TINT : TINT + 3] = 1 - self.coat * (1 - coat)
        sheen, tint = np.clip([self.sheen, self.sheen_tint], 0, 1)
        row[SHEEN : SHEEN + 3] = sheen * (1 - tint) * np.clip(self.sheen_color, 0, 1)
        angle = 2 * math.pi * self.anisotropy_rotation
        row[[STRETCH, TURN, TURN + 1]] = math.sqrt(1 - 0.9 * self.anisotropy), math.cos(angle), math.sin(angle)
        row[[SHEEN_OF_BASE, SHEEN_FALL]] = sheen * tint, 1 / np.clip(self.sheen_roughness, 0.01, 1)
        return row


# By the names that methods use; a model that nobody has given a material is matte.
MATERIALS: dict[str, type[Material]] = {
    "carpaint": CarPaint,
    "emissive": Emissive,
    "ghost": Ghost,
    "glass": Glass,
    "matte": Matte,
    "metal": Metal,
    "phong": Phong,
    "plastic": Plastic,
    "principled": Principled,
}


def _checked_index(name: str, index: float) -> float:
    if not 0.01 <= index <= 100:
        raise ValueError(f"{name} is an index of refraction, 0.01 to 100, got {index:g}.")
    return index


def name_of(material: Material) -> str:
    """Name the type of a material as methods do."""
    return next(name for name, kind in MATERIALS.items() if type(material) is kind)
