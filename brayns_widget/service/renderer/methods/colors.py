"""Methods that color models."""

from __future__ import annotations

from pydantic import ConfigDict

from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.methods.models import GetModelParams
from brayns_widget.service.rpc.methods import Methods
from brayns_widget.service.rpc.schema import Object, Size, Vector4

methods: Methods[Context] = Methods()


class ColorMethodParams(Object):
    """A model and a way to color it."""

    model_config = ConfigDict(title="ColorMethodValuesMessage")

    id: Size
    method: str


class ColorModelParams(Object):
    """A model, a way to color it, and the colors (linear RGBA) by the method's keys."""

    model_config = ConfigDict(title="ColorModelMessage")

    id: Size
    method: str
    values: dict[str, Vector4]


@methods.add("get-color-methods")
def get_color_methods(context: Context, params: GetModelParams) -> list[str]:
    """Get the ways in which a model can be colored."""
    return context.models.coloring(params.id).methods()


@methods.add("get-color-values")
def get_color_values(context: Context, params: ColorMethodParams) -> list[str]:
    """Get the keys that a way to color takes."""
    return context.models.coloring(params.id).values(params.method)


@methods.add("color-model")
def color_model(context: Context, params: ColorModelParams) -> None:
    """Color a model; what has no value keeps its color."""
    context.models.color(params.id, params.method, params.values)
