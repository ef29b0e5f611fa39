"""Methods about simulations: which frame is shown, by which models, in which colors; and the colors of volumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from brayns_widget.protocol.brayns.models import GetModelParams
from brayns_widget.protocol.brayns.simulation import (
    ENABLE_SIMULATION,
    GET_COLOR_RAMP,
    GET_SIMULATION_PARAMETERS,
    SET_COLOR_RAMP,
    SET_SIMULATION_PARAMETERS,
    ColorRamp,
    EnableSimulationParams,
    SetColorRampParams,
    SimulationParameters,
)
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()


@methods.add(GET_SIMULATION_PARAMETERS, turn=Turn.BETWEEN)
def get_simulation_parameters(context: Context) -> SimulationParameters:
    """Get the frames of all simulations and the one that is shown; all 0 if there is no simulation."""
    line = context.playback.timeline
    if line is None:
        return SimulationParameters(current=0, dt=0.0, end_frame=0, start_frame=0, unit="ms")
    return SimulationParameters(
        current=context.playback.frame, dt=line.dt, end_frame=line.end, start_frame=line.start, unit=line.unit
    )


@methods.add(SET_SIMULATION_PARAMETERS, cancellable=True, asynchronous=False)
def set_simulation_parameters(context: Context, params: SimulationParameters, request: RunningRequest) -> None:
    """Show another frame."""
    if "current" in params.model_fields_set:
        context.playback.seek(params.current, request)


@methods.add(ENABLE_SIMULATION, cancellable=True, asynchronous=False)
def enable_simulation(context: Context, params: EnableSimulationParams, request: RunningRequest) -> None:
    """Let a model show its simulation, or its own colors."""
    context.playback.enable(params.model_id, enabled=params.enabled, request=request)


@methods.add(GET_COLOR_RAMP, turn=Turn.BETWEEN)
def get_color_ramp(context: Context, params: GetModelParams) -> ColorRamp:
    """Get the colors of a model's simulation or volume."""
    volume = context.models[params.id].volume
    ramp = context.playback.ramp(params.id) if volume is None else volume.ramp
    colors = [[float(str(number)) for number in color] for color in ramp.colors]
    return ColorRamp(colors=colors, range=[ramp.low, ramp.high])


@methods.add(SET_COLOR_RAMP, cancellable=True, asynchronous=False)
def set_color_ramp(context: Context, params: SetColorRampParams, request: RunningRequest) -> None:
    """Set the colors of a model's simulation or volume; what is left out stays."""
    volume = context.models[params.id].volume
    ramp = context.playback.ramp(params.id) if volume is None else volume.ramp
    given = params.color_ramp
    try:
        if "colors" in given.model_fields_set:
            ramp = replace(ramp, colors=np.array(given.colors, np.float32).reshape(-1, 4))
        if "range" in given.model_fields_set:
            ramp = replace(ramp, low=given.range[0], high=given.range[1])
    except ValueError as error:
        raise RequestError(str(error), code=INVALID_PARAMS) from error
    if volume is None:
        context.playback.set_ramp(params.id, ramp, request)
    else:
        context.models.set_ramp(volume, ramp)
