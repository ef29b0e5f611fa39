"""Methods about models that are circuits."""

from __future__ import annotations

from brayns_widget.protocol.brayns.circuits import (
    GET_CIRCUIT_IDS,
    SET_CIRCUIT_THICKNESS,
    CircuitIdsParams,
    ThicknessParams,
)
from brayns_widget.protocol.errors import DOMAIN_ERROR, RequestError
from brayns_widget.protocol.schema import Size
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()


@methods.add(SET_CIRCUIT_THICKNESS, plugin="Circuit Explorer", cancellable=True, asynchronous=False)
def set_circuit_thickness(context: Context, params: ThicknessParams, request: RunningRequest) -> None:
    """Make the cells, spheres or capsules of a model and its instances thicker or thinner."""
    context.models.thicken(params.model_id, params.radius_multiplier, request)


@methods.add(GET_CIRCUIT_IDS, plugin="Circuit Explorer", turn=Turn.BETWEEN)
def get_circuit_ids(context: Context, params: CircuitIdsParams) -> list[Size]:
    """Get the ids of the cells that a model shows."""
    model = context.models[params.model_id]
    if model.ids is None:
        raise RequestError(f"Model {model.id} ({model.kind}) is not a circuit", code=DOMAIN_ERROR)
    ids: list[int] = model.ids.tolist()
    return ids
