"""Methods that show atlases."""

from __future__ import annotations

from brayns_widget.protocol.brayns.atlas import (
    GET_AVAILABLE_ATLAS_USECASES,
    VISUALIZE_ATLAS_USECASE,
    AtlasParams,
    UseCase,
    VisualizeParams,
)
from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.atlas import Atlas
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.grids.atlas import LOADER
from brayns_widget.service.renderer.loaders.grids.use_cases import use_cases, visualize
from brayns_widget.service.renderer.memory import allowing
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.service.rpc.running import RunningRequest

PLUGIN = LOADER.plugin
methods: Methods[Context] = Methods()


@methods.add(GET_AVAILABLE_ATLAS_USECASES, plugin=PLUGIN, turn=Turn.BETWEEN)
def get_available_atlas_usecases(context: Context, params: AtlasParams) -> list[UseCase]:
    """Get the ways in which a model's atlas can be shown."""
    atlas = _atlas(context, params.model_id)
    return [UseCase(name=case.name, params_schema=case.schema()) for case in use_cases(atlas)]


@methods.add(VISUALIZE_ATLAS_USECASE, plugin=PLUGIN, cancellable=True, asynchronous=False)
def visualize_atlas_usecase(context: Context, params: VisualizeParams, request: RunningRequest) -> ModelInstance:
    """Add a model that shows a model's atlas in another way."""
    with allowing(context.memory.allowance(context.models.primitives)):
        model = visualize(_atlas(context, params.model_id), params.use_case, request.part(0.0, 0.6), params.params)
    (added,) = context.models.add_loaded([model], None, request.part(0.6, 1.0))
    return added.instance()


def _atlas(context: Context, model_id: int) -> Atlas:
    model = context.models[model_id]
    if model.atlas is None:
        raise RequestError(f"Model {model_id} ({model.kind}) has no atlas", code=INVALID_PARAMS)
    return model.atlas
