"""Methods of our renderer that the real one lacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from brayns_widget.protocol.brayns.loaders import MorphologyParams
from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object


class RadiusFloor(Object):
    """The minimum radius of neurites and spheres, in pixels of a picture with one sample per pixel; 0: no minimum."""

    pixels: Annotated[float, Field(ge=0, le=16)]


class AddMorphologyParams(Object):
    """A single cell as the text of a file, its format, its name for messages, and the parameters of the loader."""

    loader_properties: MorphologyParams
    name: str = ""
    text: str
    type: Literal["swc", "asc"]


ADD_MORPHOLOGY = Endpoint("add-morphology", AddMorphologyParams, list[ModelInstance])
GET_RADIUS_FLOOR = Endpoint("get-radius-floor", None, RadiusFloor)
SET_RADIUS_FLOOR = Endpoint("set-radius-floor", RadiusFloor)
GET_CANCELLABLE_METHODS = Endpoint("get-cancellable-methods", None, list[str])
