"""Methods about the models of the scene."""

from __future__ import annotations

from pydantic import ConfigDict

from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.models import Bounds, ModelInstance, bounds_of
from brayns_widget.service.rpc.methods import Methods
from brayns_widget.service.rpc.schema import Object, Size, read_only

methods: Methods[Context] = Methods()


class SceneInfo(Object):
    """All models and lights, and the box around them."""

    model_config = ConfigDict(title="Scene")

    bounds: Bounds = read_only()
    models: list[ModelInstance] = read_only()


class GetModelParams(Object):
    """The id of a model."""

    model_config = ConfigDict(title="GetModelMessage")

    id: Size


class UpdateModelParams(Object):
    """The id of a model and what changes."""

    model_config = ConfigDict(title="UpdateModelMessage")

    model: ModelInstance
    model_id: Size


class RemoveModelParams(Object):
    """Ids of models."""

    model_config = ConfigDict(title="RemoveModelMessage")

    ids: list[Size]


@methods.add("get-scene")
def get_scene(context: Context) -> SceneInfo:
    """Get all models and lights."""
    return SceneInfo(bounds=bounds_of(context.models.box), models=[model.instance() for model in context.models])


@methods.add("get-model")
def get_model(context: Context, params: GetModelParams) -> ModelInstance:
    """Get one model."""
    return context.models[params.id].instance()


@methods.add("update-model")
def update_model(context: Context, params: UpdateModelParams) -> ModelInstance:
    """Show, hide or place a model; a transform is replaced whole."""
    changes = {name: getattr(params.model, name) for name in params.model.model_fields_set}
    model = context.models.update(
        params.model_id, visible=changes.get("is_visible"), transform=changes.get("transform")
    )
    return model.instance()


@methods.add("remove-model")
def remove_model(context: Context, params: RemoveModelParams) -> None:
    """Remove models; none of them if one id is unknown."""
    context.models.remove(params.ids)


@methods.add("clear-models")
def clear_models(context: Context) -> None:
    """Remove everything, lights too."""
    context.models.clear()


@methods.add("clear-renderables")
def clear_renderables(context: Context) -> None:
    """Remove everything that can be seen, which lights cannot."""
    context.models.clear(lambda model: model.light is None)
