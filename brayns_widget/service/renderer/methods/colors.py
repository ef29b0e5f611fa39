"""Methods that color models."""

from __future__ import annotations

from brayns_widget.protocol.brayns.colors import (
    COLOR_MODEL,
    GET_COLOR_METHODS,
    GET_COLOR_VALUES,
    ColorMethodParams,
    ColorModelParams,
)
from brayns_widget.protocol.brayns.models import GetModelParams
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods, Turn

methods: Methods[Context] = Methods()


@methods.add(GET_COLOR_METHODS, turn=Turn.BETWEEN)
def get_color_methods(context: Context, params: GetModelParams) -> list[str]:
    """Get the ways in which a model can be colored."""
    return context.models.coloring(params.id).methods()


@methods.add(GET_COLOR_VALUES, turn=Turn.BETWEEN)
def get_color_values(context: Context, params: ColorMethodParams) -> list[str]:
    """Get the keys that a way to color takes."""
    return context.models.coloring(params.id).values(params.method)


@methods.add(COLOR_MODEL)
def color_model(context: Context, params: ColorModelParams) -> None:
    """Color a model; what has no value keeps its color."""
    context.models.color(params.id, params.method, params.values)
