"""Models that are circuits."""

from __future__ import annotations

from pydantic import ConfigDict

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object, Size


class CircuitIdsParams(Object):
    """The id of a circuit's model."""

    model_config = ConfigDict(title="LoadedIdsModelMessage")

    model_id: Size


class ThicknessParams(Object):
    """The id of a model and a factor for its radii; the factors of several calls multiply."""

    model_config = ConfigDict(title="SetCircuitThicknessMessage")

    model_id: Size
    radius_multiplier: float


SET_CIRCUIT_THICKNESS = Endpoint("set-circuit-thickness", ThicknessParams)
GET_CIRCUIT_IDS = Endpoint("get-circuit-ids", CircuitIdsParams, list[Size])
