"""Methods about the materials of models: a getter and a setter for each type."""

from __future__ import annotations

from brayns_widget.protocol.brayns.materials import (
    GET_MATERIAL_TYPE,
    MATERIALS,
    M,
    SetMaterialParams,
    getter,
    name_of,
    setter,
)
from brayns_widget.protocol.brayns.models import GetModelParams
from brayns_widget.protocol.errors import INVALID_PARAMS, INVALID_REQUEST, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods, Turn

methods: Methods[Context] = Methods()


@methods.add(GET_MATERIAL_TYPE, turn=Turn.BETWEEN)
def get_material_type(context: Context, params: GetModelParams) -> str:
    """Get the type of a model's material."""
    return name_of(context.models.material(params.id))


def _declare(name: str, kind: type[M]) -> None:
    """Declare the methods of one type of material."""

    @methods.add(
        getter(kind),
        description=f"Get the {name} material of a model, if it has one of that type.",
        turn=Turn.BETWEEN,
    )
    def get_material(context: Context, params: GetModelParams) -> M:
        material = context.models.material(params.id)
        if not isinstance(material, kind) or name_of(material) != name:
            raise RequestError(f"Invalid material type (should be {name_of(material)!r})", code=INVALID_REQUEST)
        return material

    @methods.add(
        setter(kind),
        description=f"Give a model and its instances a {name} material; what is left out has its default.",
    )
    def set_material(context: Context, params: SetMaterialParams[M]) -> None:
        try:
            context.models.set_material(params.model_id, params.material)
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error


for _name, _kind in MATERIALS.items():
    _declare(_name, _kind)
