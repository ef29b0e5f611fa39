"""Methods about the radius floor: additions of ours, which the real renderer does not have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods
from brayns_widget.service.rpc.schema import Object

methods: Methods[Context] = Methods()

OURS = "brayns-widget"  # in place of the name of one of Brayns' plugins


class RadiusFloor(Object):
    """The least radius of neurites and spheres, in pixels of a picture with one sample a pixel; 0: no floor."""

    pixels: Annotated[float, Field(ge=0, le=16)]


@methods.add("get-radius-floor", plugin=OURS)
def get_radius_floor(context: Context) -> RadiusFloor:
    """Get the least radius of neurites and spheres on the screen."""
    return RadiusFloor(pixels=context.radius_floor)


@methods.add("set-radius-floor", plugin=OURS)
def set_radius_floor(context: Context, params: RadiusFloor) -> None:
    """Draw neurites and spheres that are thinner on the screen with this radius."""
    context.radius_floor = params.pixels
