"""Methods about the models of the scene."""

from __future__ import annotations

from brayns_widget.protocol.brayns.models import (
    CLEAR_MODELS,
    CLEAR_RENDERABLES,
    GET_MODEL,
    GET_SCENE,
    INSPECT,
    INSTANTIATE_MODEL,
    NOTHING,
    REMOVE_MODEL,
    UPDATE_MODEL,
    GetModelParams,
    InspectParams,
    InspectResult,
    InstantiateParams,
    ModelInstance,
    RemoveModelParams,
    SceneInfo,
    UpdateModelParams,
)
from brayns_widget.protocol.errors import DOMAIN_ERROR, INTERNAL_ERROR, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.scene.entries import bounds_of
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()


@methods.add(GET_SCENE, turn=Turn.BETWEEN)
def get_scene(context: Context) -> SceneInfo:
    """Get all models and lights."""
    return SceneInfo(bounds=bounds_of(context.models.box), models=[model.instance() for model in context.models])


@methods.add(GET_MODEL, turn=Turn.BETWEEN)
def get_model(context: Context, params: GetModelParams) -> ModelInstance:
    """Get one model."""
    return context.models[params.id].instance()


@methods.add(UPDATE_MODEL, cancellable=True, asynchronous=False)
def update_model(context: Context, params: UpdateModelParams, request: RunningRequest) -> ModelInstance:
    """Show, hide or place a model; a transform is replaced whole."""
    changes = {name: getattr(params.model, name) for name in params.model.model_fields_set}
    model = context.models.update(
        params.model_id, visible=changes.get("is_visible"), transform=changes.get("transform"), request=request
    )
    return model.instance()


@methods.add(INSTANTIATE_MODEL, cancellable=True, asynchronous=False)
def instantiate_model(context: Context, params: InstantiateParams, request: RunningRequest) -> list[ModelInstance]:
    """Add models that differ from one in their place only; coloring one of them colors all."""
    handle = context.models[params.model_id].handle
    if not params.transforms:
        raise RequestError("The list of transforms cannot be empty", code=DOMAIN_ERROR)
    count = 0 if handle is None else len(params.transforms) * context.engine.scene.primitives(handle)
    allowed = context.memory.allowance(context.models.primitives)
    if not allowed.fits(count):
        raise RequestError(
            f"There is not enough memory for {count} more primitives (the budget is {allowed.budget})",
            code=INTERNAL_ERROR,
        )
    return [model.instance() for model in context.models.instantiate(params.model_id, params.transforms, request)]


@methods.add(INSPECT, turn=Turn.BETWEEN)
def inspect(context: Context, params: InspectParams) -> InspectResult:
    """Find out what is seen at a point of the picture."""
    u, v = params.position
    pick = context.prepared_engine().pick(u, 1 - v) if 0 <= u <= 1 and 0 <= v <= 1 else None
    if pick is None:
        return InspectResult(hit=False, metadata=NOTHING, model_id=0, position=[0.0, 0.0, 0.0])
    model = context.models.at(pick.handle)
    position = [float(str(number)) for number in pick.position]
    return InspectResult(hit=True, metadata=model.describe(pick.slot), model_id=model.id, position=position)


@methods.add(REMOVE_MODEL, cancellable=True, asynchronous=False)
def remove_model(context: Context, params: RemoveModelParams, request: RunningRequest) -> None:
    """Remove models; none of them if one id is unknown."""
    context.models.remove(params.ids, request)
    context.playback.settle()


@methods.add(CLEAR_MODELS, cancellable=True, asynchronous=False)
def clear_models(context: Context, request: RunningRequest) -> None:
    """Remove everything, lights too."""
    context.models.clear(request=request)
    context.playback.settle()


@methods.add(CLEAR_RENDERABLES, cancellable=True, asynchronous=False)
def clear_renderables(context: Context, request: RunningRequest) -> None:
    """Remove everything that can be seen, which lights cannot."""
    context.models.clear(lambda model: model.handle is not None, request)
    context.playback.settle()
