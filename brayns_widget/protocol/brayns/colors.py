"""Colors of models."""

from __future__ import annotations

from pydantic import ConfigDict

from brayns_widget.protocol.brayns.models import GetModelParams
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object, Size, Vector4

# The renderer's coloring methods for attributes of cells, and SONATA's names of these attributes.
CELL_ATTRIBUTES = {
    "etype": "etype",
    "hemisphere": "hemisphere",
    "layer": "layer",
    "morphology": "morphology",
    "morphology class": "morph_class",
    "mtype": "mtype",
    "region": "region",
    "subregion": "subregion",
    "synapse class": "synapse_class",
}


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


GET_COLOR_METHODS = Endpoint("get-color-methods", GetModelParams, list[str])
GET_COLOR_VALUES = Endpoint("get-color-values", ColorMethodParams, list[str])
COLOR_MODEL = Endpoint("color-model", ColorModelParams)
