"""Atlases: the ways to show them, and the parameters of each."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict

from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Color4, Int2, Items, JsonSchema, Object, Size, Size2, unlisted

VoxelType = Literal["scalar", "orientation", "flatmap", "layer_distance", "vector"]


class AtlasParams(Object):
    """The id of a model that shows an atlas."""

    model_config = ConfigDict(title="GetAvailableUseCasesMessage")

    model_id: Size


class UseCase(Object):
    """A way to show an atlas and the schema of its parameters."""

    model_config = ConfigDict(title="UseCaseMessage")

    name: str
    params_schema: JsonSchema


class VisualizeParams(Object):
    """The id of an atlas' model, a way to show the atlas, and the parameters of that way."""

    model_config = ConfigDict(title="VisualizeUseCaseMessage")

    model_id: Size
    params: Any
    use_case: str


class Neighbor(Object):
    """A column beside another one: its offset in voxels, and its color."""

    model_config = ConfigDict(title="HighlightNeighbour")

    color: Color4
    relative_xz: Int2


class ColumnParams(Object):
    """A column: its voxels' x and z, its color, and the columns beside it."""

    model_config = ConfigDict(title="HighlightColumParams")  # as the real renderer spells it

    color: Color4
    neighbours: Items[Neighbor] = unlisted([])
    xz_coordinate: Size2


GET_AVAILABLE_ATLAS_USECASES = Endpoint("get-available-atlas-usecases", AtlasParams, list[UseCase])
VISUALIZE_ATLAS_USECASE = Endpoint("visualize-atlas-usecase", VisualizeParams, ModelInstance)
