"""Materials of models: made of what is asked for, read from the renderer, told in the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from brayns_widget.connection.capabilities import Capabilities
from brayns_widget.connection.server import Server
from brayns_widget.protocol.errors import ProtocolError, RequestError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.materials import Material

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MaterialKind:
    """A kind of material.

    Attributes:
        name: its name, such as "glass".
        options: the JSON Schema of its options.
        reason: why models cannot have it, as a sentence, or "".
    """

    name: str
    options: Mapping[str, Any]
    reason: str = ""


def material_kinds(capabilities: Capabilities) -> tuple[MaterialKind, ...]:
    """Return all kinds of materials, and which of them a renderer offers."""
    from pydantic import TypeAdapter

    from brayns_widget.protocol.brayns.materials import MATERIALS, setter
    from brayns_widget.protocol.schema import json_schema

    return tuple(
        MaterialKind(
            name,
            json_schema(TypeAdapter(kind)),
            "" if capabilities.offers(setter(kind).name) else f"This renderer has no {name} material.",
        )
        for name, kind in MATERIALS.items()
    )


async def read_material(renderer: Server, model_id: int) -> Material:
    """Read the material of a model.

    Raises:
        RequestError: it has none.
    """
    from brayns_widget.protocol.brayns import materials
    from brayns_widget.protocol.brayns.models import GetModelParams

    model = GetModelParams(id=model_id)
    name = await renderer.call(materials.GET_MATERIAL_TYPE, model)
    return cast("Material", await renderer.call(materials.getter(materials.MATERIALS[name]), model))


async def known_material(renderer: Server, model_id: int) -> dict[str, Any]:
    """Return the fields of a model's state that tell its material; models without a surface have none."""
    try:
        return told(await read_material(renderer, model_id))
    except (RequestError, ProtocolError, KeyError):  # a material that Brayns does not have is none of these
        return told(None)


def told(material: Material | None) -> dict[str, Any]:
    """Return the fields of a model's state that tell a material."""
    from brayns_widget.protocol.brayns.materials import name_of

    if material is None:
        return {"material": None, "material_options": {}}
    return {"material": name_of(material), "material_options": material.model_dump(mode="json")}


def made(material: Material | str, options: Options | None, present: Options) -> Material:
    """Make a material of its name and options.

    Args:
        material: the name, or the material itself.
        options: by name; what is left out has its default, but the opacity stays.
        present: options of the present material.

    Raises:
        TypeError: it is no material.
        ValueError: it has no such options.
    """
    from brayns_widget.protocol.brayns.materials import MATERIALS

    if not isinstance(material, str):
        if type(material) not in MATERIALS.values():
            names = ", ".join(kind.__name__ for kind in MATERIALS.values())
            raise TypeError(f"{material!r:.80} is not a material; use one of {names}")
        if options:
            raise ValueError("options go with the name of a material; this one has its own")
        return material
    kind = MATERIALS[material]
    kept = {name: value for name, value in present.items() if name == "opacity" and name in kind.model_fields}
    return kind(**{**kept, **(options or {})})
