"""Simulations: the current frame, the models that show it, and color ramps (of volumes, too)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import ConfigDict, Field

from brayns_widget.protocol.brayns.models import GetModelParams
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Color4, Object, Size, TakesSequences, Vector2, read_only, unlisted

MOST_COLORS = 256  # of a ramp

if TYPE_CHECKING:
    RampColors: TypeAlias = Sequence[Color4]
else:
    RampColors = Annotated[list[Color4], Field(max_length=MOST_COLORS), TakesSequences]


class SimulationParameters(Object):
    """The range of frames of all simulations, and the current one; ``dt`` is a frame's duration in ``unit``."""

    current: Size = unlisted(0)
    dt: float = read_only()
    end_frame: Size = read_only()
    start_frame: Size = read_only()
    unit: str = read_only()


class EnableSimulationParams(Object):
    """A model, and whether it shows its simulation."""

    model_config = ConfigDict(title="EnableSimulationMessage")

    enabled: bool
    model_id: Size


class ColorRamp(Object):
    """Colors (linear RGBA) at even steps over the range of values."""

    colors: RampColors = unlisted([])
    range: Vector2 = unlisted([0.0, 1.0])


class SetColorRampParams(Object):
    """The id of a model and the color ramp of its simulation or volume."""

    model_config = ConfigDict(title="SetColorRampMessage")

    color_ramp: ColorRamp
    id: Size


GET_SIMULATION_PARAMETERS = Endpoint("get-simulation-parameters", None, SimulationParameters)
SET_SIMULATION_PARAMETERS = Endpoint("set-simulation-parameters", SimulationParameters)
ENABLE_SIMULATION = Endpoint("enable-simulation", EnableSimulationParams)
GET_COLOR_RAMP = Endpoint("get-color-ramp", GetModelParams, ColorRamp)
SET_COLOR_RAMP = Endpoint("set-color-ramp", SetColorRampParams)
