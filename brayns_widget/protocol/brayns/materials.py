"""Materials, which say how a model's surface reflects light, named as in Brayns 3.10."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field

from brayns_widget.protocol.brayns.models import GetModelParams
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import FLOAT32, Color3, Float32, Object, Size, unlisted

Share = Annotated[float, Field(ge=0, le=1)]
Color = Color3


class Material(Object):
    """Base of all materials; a model without one is matte and opaque."""


class Matte(Material):
    """Scatters light as rough surfaces do, in the production renderer."""

    opacity: Share = unlisted(1.0)


class Phong(Matte):
    """Scatters light evenly: the real renderer has no highlight either."""


class Plastic(Matte):
    """Matte under a smooth clear coat."""


class CarPaint(Material):
    """Matte paint with gray metal flakes under a clear coat."""

    flake_density: Share = unlisted(0.0)


class Metal(Material):
    """Reflects in its color; ``roughness`` blurs."""

    roughness: Annotated[float, Field(ge=0.01, le=1)] = unlisted(0.1)


class Glass(Material):
    """A shell of thin panes around nothing, in the model's color: reflects, does not refract."""

    index_of_refraction: Float32 = unlisted(1.5)


class Emissive(Material):
    """Shines with its own color, whatever the model's."""

    color: Color = unlisted([1.0, 1.0, 1.0])
    intensity: Annotated[float, Field(ge=0), FLOAT32] = unlisted(1.0)


class Ghost(Material):
    """Only adds light of its color, most at edges; hides nothing, casts no shadow and is not lit."""


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


MaterialName = Literal["carpaint", "emissive", "ghost", "glass", "matte", "metal", "phong", "plastic", "principled"]

# By the names in methods; a model without a material is matte.
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
M = TypeVar("M", bound=Material)


def name_of(material: Material) -> str:
    """Name the type of a material as methods do."""
    return next(name for name, kind in MATERIALS.items() if type(material) is kind)


class SetMaterialParams(Object, Generic[M]):
    """The id of a model and its material."""

    model_config = ConfigDict(title="SetMaterialMessage")

    material: M
    model_id: Size


GET_MATERIAL_TYPE = Endpoint("get-material-type", GetModelParams, str)
GET_MATERIAL_CARPAINT = Endpoint("get-material-carpaint", GetModelParams, CarPaint)
SET_MATERIAL_CARPAINT = Endpoint("set-material-carpaint", SetMaterialParams[CarPaint])
GET_MATERIAL_EMISSIVE = Endpoint("get-material-emissive", GetModelParams, Emissive)
SET_MATERIAL_EMISSIVE = Endpoint("set-material-emissive", SetMaterialParams[Emissive])
GET_MATERIAL_GHOST = Endpoint("get-material-ghost", GetModelParams, Ghost)
SET_MATERIAL_GHOST = Endpoint("set-material-ghost", SetMaterialParams[Ghost])
GET_MATERIAL_GLASS = Endpoint("get-material-glass", GetModelParams, Glass)
SET_MATERIAL_GLASS = Endpoint("set-material-glass", SetMaterialParams[Glass])
GET_MATERIAL_MATTE = Endpoint("get-material-matte", GetModelParams, Matte)
SET_MATERIAL_MATTE = Endpoint("set-material-matte", SetMaterialParams[Matte])
GET_MATERIAL_METAL = Endpoint("get-material-metal", GetModelParams, Metal)
SET_MATERIAL_METAL = Endpoint("set-material-metal", SetMaterialParams[Metal])
GET_MATERIAL_PHONG = Endpoint("get-material-phong", GetModelParams, Phong)
SET_MATERIAL_PHONG = Endpoint("set-material-phong", SetMaterialParams[Phong])
GET_MATERIAL_PLASTIC = Endpoint("get-material-plastic", GetModelParams, Plastic)
SET_MATERIAL_PLASTIC = Endpoint("set-material-plastic", SetMaterialParams[Plastic])
GET_MATERIAL_PRINCIPLED = Endpoint("get-material-principled", GetModelParams, Principled)
SET_MATERIAL_PRINCIPLED = Endpoint("set-material-principled", SetMaterialParams[Principled])

_GETTERS: dict[type[Material], Endpoint[GetModelParams, Any]] = {
    CarPaint: GET_MATERIAL_CARPAINT,
    Emissive: GET_MATERIAL_EMISSIVE,
    Ghost: GET_MATERIAL_GHOST,
    Glass: GET_MATERIAL_GLASS,
    Matte: GET_MATERIAL_MATTE,
    Metal: GET_MATERIAL_METAL,
    Phong: GET_MATERIAL_PHONG,
    Plastic: GET_MATERIAL_PLASTIC,
    Principled: GET_MATERIAL_PRINCIPLED,
}
_SETTERS: dict[type[Material], Endpoint[Any, None]] = {
    CarPaint: SET_MATERIAL_CARPAINT,
    Emissive: SET_MATERIAL_EMISSIVE,
    Ghost: SET_MATERIAL_GHOST,
    Glass: SET_MATERIAL_GLASS,
    Matte: SET_MATERIAL_MATTE,
    Metal: SET_MATERIAL_METAL,
    Phong: SET_MATERIAL_PHONG,
    Plastic: SET_MATERIAL_PLASTIC,
    Principled: SET_MATERIAL_PRINCIPLED,
}


def getter(kind: type[M]) -> Endpoint[GetModelParams, M]:
    """Return the method that gets a model's material of a given type."""
    return _GETTERS[kind]


def setter(kind: type[M]) -> Endpoint[SetMaterialParams[M], None]:
    """Return the method that sets a model's material to one of a given type."""
    return _SETTERS[kind]
