"""Models and lights of the scene: their properties, their transforms, and the sources they were loaded from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, PlainSerializer
from pydantic.json_schema import SkipJsonSchema

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Items, Object, Quaternion, Size, Vector2, Vector3, read_only, unlisted


class Bounds(Object):
    """A box in µm; an empty one has the largest floats, with minimum and maximum swapped."""

    max: Vector3 = read_only()
    min: Vector3 = read_only()


class Transform(Object):
    """Scale, then rotate (quaternion x, y, z, w), then translate."""

    rotation: Quaternion = unlisted([0.0, 0.0, 0.0, 1.0])
    scale: Vector3 = unlisted([1.0, 1.0, 1.0])
    translation: Vector3 = unlisted([0.0, 0.0, 0.0])


class LoadInfo(Object):
    """The source of a model."""

    load_parameters: Any = read_only()
    loader_name: str = read_only()
    path: str = read_only()
    source: Literal["from_file", "from_blob", "none"] = read_only()


class ModelInfo(Object):
    """Properties of a model; lights have none."""

    base_transform: Transform | None = read_only(required=False)
    load_info: LoadInfo | None = read_only(required=False)
    metadata: dict[str, str] | None = read_only(required=False)
    # An addition of ours, absent without any: what could not be read or was read otherwise than it is written.
    notices: Annotated[list[str] | None, SkipJsonSchema()] = read_only(required=False)


class ModelInstance(Object):
    """A model or a light in the scene."""

    bounds: Bounds = read_only()
    info: ModelInfo = read_only()
    is_visible: bool = unlisted(default=True)
    model_id: Size = read_only()
    model_type: str = read_only()
    transform: Transform = unlisted(Transform())


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
    """The id of a model and its changed properties."""

    model_config = ConfigDict(title="UpdateModelMessage")

    model: ModelInstance
    model_id: Size


class RemoveModelParams(Object):
    """Ids of models."""

    model_config = ConfigDict(title="RemoveModelMessage")

    ids: Items[Size]


class InstantiateParams(Object):
    """The id of a model and the transform of each copy."""

    model_config = ConfigDict(title="InstantiateMessage")

    model_id: Size
    transforms: Items[Transform]


class InspectParams(Object):
    """A point of the picture, 0 to 1, from the left and from the bottom, as OSPRay's ``ospPick`` counts."""

    model_config = ConfigDict(title="InspectMessage")

    position: Vector2


NOTHING = object()  # becomes null, while None is left out of results


class InspectResult(Object):
    """The model seen at a point of the picture, and the position (µm) of its surface there."""

    hit: bool = read_only()
    metadata: Annotated[Any, PlainSerializer(lambda value: None if value is NOTHING else value)] = read_only()
    model_id: Size = read_only()
    position: Vector3 = read_only()


GET_SCENE = Endpoint("get-scene", None, SceneInfo)
GET_MODEL = Endpoint("get-model", GetModelParams, ModelInstance)
UPDATE_MODEL = Endpoint("update-model", UpdateModelParams, ModelInstance)
INSTANTIATE_MODEL = Endpoint("instantiate-model", InstantiateParams, list[ModelInstance])
INSPECT = Endpoint("inspect", InspectParams, InspectResult)
REMOVE_MODEL = Endpoint("remove-model", RemoveModelParams)
CLEAR_MODELS = Endpoint("clear-models")
CLEAR_RENDERABLES = Endpoint("clear-renderables")
