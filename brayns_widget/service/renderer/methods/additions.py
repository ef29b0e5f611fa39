"""Additions of ours, which the real renderer does not have."""

from __future__ import annotations

from brayns_widget.protocol.brayns.additions import (
    GET_CANCELLABLE_METHODS,
    GET_RADIUS_FLOOR,
    SET_RADIUS_FLOOR,
    RadiusFloor,
)
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods, Turn

methods: Methods[Context] = Methods()

OURS = "brayns-widget"  # in place of the name of one of Brayns' plugins


@methods.add(GET_RADIUS_FLOOR, plugin=OURS, turn=Turn.AT_ONCE)
def get_radius_floor(context: Context) -> RadiusFloor:
    """Get the least radius of neurites and spheres on the screen."""
    return RadiusFloor(pixels=context.radius_floor)


@methods.add(SET_RADIUS_FLOOR, plugin=OURS, turn=Turn.AT_ONCE)
def set_radius_floor(context: Context, params: RadiusFloor) -> None:
    """Draw neurites and spheres that are thinner on the screen with this radius."""
    context.radius_floor = params.pixels


@methods.add(GET_CANCELLABLE_METHODS, plugin=OURS, turn=Turn.BETWEEN)
def get_cancellable_methods(context: Context) -> list[str]:
    """Get the names of the methods that ``cancel`` can stop."""
    return sorted(method.name for method in context.methods if method.cancellable)
