"""Methods of our renderer that the real one lacks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object


class RadiusFloor(Object):
    """The minimum radius of neurites and spheres, in pixels of a picture with one sample per pixel; 0: no minimum."""

    pixels: Annotated[float, Field(ge=0, le=16)]


GET_RADIUS_FLOOR = Endpoint("get-radius-floor", None, RadiusFloor)
SET_RADIUS_FLOOR = Endpoint("set-radius-floor", RadiusFloor)
GET_CANCELLABLE_METHODS = Endpoint("get-cancellable-methods", None, list[str])
