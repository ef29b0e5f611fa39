"""Methods about the radius floor: additions of ours, which the real renderer does not have."""

from __future__ import annotations

from brayns_widget.protocol.brayns.additions import RadiusFloor
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods

methods: Methods[Context] = Methods()

OURS = "brayns-widget"  # in place of the name of one of Brayns' plugins


@methods.add("get-radius-floor", plugin=OURS)
def get_radius_floor(context: Context) -> RadiusFloor:
    """Get the least radius of neurites and spheres on the screen."""
    return RadiusFloor(pixels=context.radius_floor)


@methods.add("set-radius-floor", plugin=OURS)
def set_radius_floor(context: Context, params: RadiusFloor) -> None:
    """Draw neurites and spheres that are thinner on the screen with this radius."""
    context.radius_floor = params.pixels
