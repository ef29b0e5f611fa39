"""Methods of our renderer that the real one lacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from brayns_widget.protocol.brayns.loaders import MorphologyParams
from brayns_widget.protocol.brayns.models import GetModelParams, ModelInstance
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object, Vector4


class RadiusFloor(Object):
    """The minimum radius of neurites and spheres, in pixels of a picture with one sample per pixel; 0: no minimum."""

    pixels: Annotated[float, Field(ge=0, le=16)]


class PictureOptions(Object):
    """Where pictures differ from Brayns', for people's sake; what is left out stays, and at first all is as in Brayns.

    ``centered``: a pixel's first sample lies in its middle, not 1.5 pixels beside it. ``stepwise``: each picture of
    ``render-image`` adds one sample, instead of having all at once. In the interactive renderer, ``soft_shadows``: of
    sphere and quad lights, where there is more than one sample; ``all_materials``: emissive shines, and plastic can be
    transparent.
    """

    all_materials: bool = False
    centered: bool = False
    soft_shadows: bool = False
    stepwise: bool = False


class ModelColoring(Object):
    """How a model was colored last, "" if nobody has, and the colors (linear RGBA) by keys of ``get-color-values``.

    Other keys, such as ranges of ids, are left out, because there may be one for each cell.
    """

    method: str = ""
    values: dict[str, Vector4] = {}


class AddMorphologyParams(Object):
    """A single cell as the text of a file, its format, its name for messages, and the parameters of the loader."""

    loader_properties: MorphologyParams
    name: str = ""
    text: str
    type: Literal["swc", "asc"]


ADD_MORPHOLOGY = Endpoint("add-morphology", AddMorphologyParams, list[ModelInstance])
GET_MODEL_COLORING = Endpoint("get-model-coloring", GetModelParams, ModelColoring)
GET_RADIUS_FLOOR = Endpoint("get-radius-floor", None, RadiusFloor)
SET_RADIUS_FLOOR = Endpoint("set-radius-floor", RadiusFloor)
GET_PICTURE_OPTIONS = Endpoint("get-picture-options", None, PictureOptions)
SET_PICTURE_OPTIONS = Endpoint("set-picture-options", PictureOptions)
GET_CANCELLABLE_METHODS = Endpoint("get-cancellable-methods", None, list[str])
