from __future__ import annotations

import pytest

from brayns_widget.protocol.brayns.materials import (
    GET_MATERIAL_GLASS,
    MATERIALS,
    SET_MATERIAL_PLASTIC,
    Glass,
    Material,
    Plastic,
    SetMaterialParams,
    getter,
    name_of,
    setter,
)


@pytest.mark.parametrize(("name", "kind"), MATERIALS.items())
def test_each_type_of_material_has_its_methods(name: str, kind: type[Material]):
    assert name_of(kind()) == name
    assert (getter(kind).name, getter(kind).result) == (f"get-material-{name}", kind)
    assert (setter(kind).name, setter(kind).params) == (f"set-material-{name}", SetMaterialParams[kind])  # type: ignore[valid-type]


def test_materials_are_sent_and_read():
    sent = setter(Plastic).encode(SetMaterialParams(model_id=3, material=Plastic(opacity=0.5)))
    assert sent == {"model_id": 3, "material": {"opacity": 0.5}}
    assert setter(Plastic) is SET_MATERIAL_PLASTIC
    assert GET_MATERIAL_GLASS.decode({"index_of_refraction": 1.3}) == Glass(index_of_refraction=1.3)
