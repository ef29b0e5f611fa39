"""Material, opacity, thickness and place of a model: what is sent, and what is known of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brayns_widget.controller.surfaces import material_kinds
from brayns_widget.protocol.brayns.materials import MATERIALS, Glass, Matte, Metal, Plastic
from brayns_widget.protocol.brayns.models import Transform
from brayns_widget.protocol.errors import CircuitError, RequestError
from tests.controller.scenes import load, on_loop
from tests.controller.test_restoring import sleep, wake


def test_a_material_is_set_by_name_with_options(cluster, controller):
    model = load(controller)
    model.set_material("carpaint", {"flake_density": 0.25})
    assert cluster.renderer.sent("set-material-carpaint")[-1]["material"] == {"flake_density": 0.25}
    assert (model.state.material, model.state.material_options) == ("carpaint", {"flake_density": 0.25})
    model.material = "metal"
    assert model.material == Metal()
    assert model.state.material_options == {"roughness": 0.1}


def test_the_opacity_stays_when_only_the_material_is_named(controller):
    model = load(controller)
    model.material = Matte(opacity=0.5)
    model.material = "plastic"
    assert (model.material, model.opacity) == (Plastic(opacity=0.5), 0.5)
    model.set_material("phong", {"opacity": 0.75})
    assert model.opacity == 0.75
    model.material = Plastic()
    assert model.opacity == 1.0


@pytest.mark.parametrize(
    ("material", "options", "problem"),
    [
        ("glas", None, "it should be 'carpaint', "),
        ("metal", {"rough": 1}, "rough"),
        ("metal", {"roughness": 7}, "less than or equal to 1"),
        (Glass(), {"index_of_refraction": 2}, "options go with the name"),
    ],
)
def test_what_a_material_cannot_be_is_refused(cluster, controller, material, options, problem):
    model = load(controller)
    with pytest.raises(ValueError, match=problem):
        model.set_material(material, options)
    assert not [method for method in cluster.renderer.methods() if method.startswith("set-material")]


def test_opacity_is_that_of_the_material(cluster, controller):
    model = load(controller)
    model.opacity = 0.25
    assert cluster.renderer.sent("set-material-matte") == [{"model_id": model.id, "material": {"opacity": 0.25}}]
    model.material = "glass"
    assert model.opacity is None
    with pytest.raises(CircuitError, match=r"'cells' has no opacity: glass has none. matte, phong and plastic have"):
        model.opacity = 0.5
    with pytest.raises(ValueError, match=r"opacity is 1\.5"):
        model.opacity = 1.5


def test_what_has_no_surface_has_no_opacity(cluster, controller):
    def refuse(_: object) -> None:
        raise RequestError("no material", code=0)

    cluster.renderer.answers["get-material-type"] = refuse
    model = load(controller)
    assert (model.state.material, model.opacity) == (None, None)
    with pytest.raises(CircuitError, match="it has no material"):
        model.opacity = 0.5


@pytest.mark.parametrize("answer", ["velvet", 7])
def test_a_material_that_brayns_does_not_have_is_none(cluster, controller, answer):
    cluster.renderer.answers["get-material-type"] = lambda _: answer
    assert load(controller).state.material is None


def test_materials_of_others_are_known(cluster, controller):
    controller.start().result(10)
    stranger = cluster.renderer.add("neurons")
    cluster.renderer.materials[stranger["model_id"]] = "metal", {"roughness": 0.7}
    controller.models.refresh()
    assert controller.models[0].state.material_options == {"roughness": 0.7}
    request = {"model_id": stranger["model_id"], "material": {"opacity": 0.5}}
    controller.renderer.request("set-material-phong", request)
    assert (controller.models[0].state.material, controller.models[0].opacity) == ("phong", 0.5)


def test_the_kinds_of_materials_are_told_with_what_a_renderer_lacks(controller):
    controller.start().result(10)
    kinds = {kind.name: kind for kind in controller.models.materials()}
    assert list(kinds) == list(MATERIALS)
    assert kinds["metal"].options["properties"]["roughness"]["minimum"] == 0.01
    capabilities = controller.state.capabilities
    offered = {kind.name for kind in material_kinds(capabilities) if not kind.reason}
    assert offered == {name for name in MATERIALS if capabilities.offers(f"set-material-{name}")}
    missing = next(kind for kind in kinds.values() if kind.reason)
    assert missing.reason == f"This renderer has no {missing.name} material."


def test_thickness_is_told_from_the_load(cluster, controller):
    model = load(controller)
    model.thickness = 3
    model.thicken(2)
    assert model.thickness == 6.0
    model.thickness = 1.5
    factors = [params["radius_multiplier"] for params in cluster.renderer.sent("set-circuit-thickness")]
    assert (factors, model.thickness) == ([3.0, 2.0, 0.25], 1.5)
    cluster.renderer.add("mesh")
    controller.models.refresh()
    assert controller.models[1].thickness is None


@pytest.mark.parametrize("value", [-1e300, 1e16])
def test_a_move_beyond_all_coordinates_is_refused_in_words(cluster, controller, value):
    model = load(controller)
    with pytest.raises(ValueError, match=r"^x is .*: it should be (greater|less) than"):
        model.move(value)


def test_a_model_is_moved_turned_scaled_and_put_back(cluster, controller):
    model = load(controller)
    model.move(10, y=20)
    model.turn(z=180)
    model.scale(2)
    sent = cluster.renderer.sent("update-model")[-1]["model"]["transform"]
    assert sent["translation"] == pytest.approx([10, 20, 0])
    assert sent["rotation"] == pytest.approx([0, 0, 1, 0])
    assert sent["scale"] == [2, 2, 2]
    placement = model.placement
    assert (placement.move, placement.turn, placement.scale) == ((10, 20, 0), (0, 0, 180), (2, 2, 2))
    model.place(Transform(translation=(1, 2, 3)))
    assert (model.placement.move, model.placement.turn) == ((1, 2, 3), (0, 0, 0))
    model.put_back()
    assert cluster.renderer.sent("update-model")[-1]["model"]["transform"]["translation"] == [0, 0, 0]


def test_calls_at_the_same_time_lose_nothing(cluster, controller):
    model = load(controller)
    cluster.renderer.delays["update-model"] = 0.05

    async def both() -> None:
        import asyncio

        await asyncio.gather(model.move.aio(5), model.turn.aio(90), model.scale.aio(3))

    on_loop(controller, both)
    placement = model.placement
    assert (placement.move[0], placement.turn[0], placement.scale[0]) == (5, 90, 3)


def test_what_others_have_moved_is_known(cluster, controller):
    model = load(controller)
    cluster.renderer.models[-1]["transform"] = {
        "rotation": [0, 0, 0, 1],
        "scale": [1, 1, 1],
        "translation": [7.0, 0, 0],
    }
    controller.models.refresh()
    assert model.placement.move == (7, 0, 0)


def test_all_of_it_comes_back(cluster, controller):
    model = load(controller)
    model.update(name="mine", opacity=0.5, thickness=2)
    model.turn(0, 100, 0)
    before = model.state
    sleep(controller)
    wake(controller)
    assert model.state == replace(before, id=model.id)
    assert (model.name, model.opacity, model.thickness) == ("mine", 0.5, 2)
    assert cluster.renderer.sent("set-circuit-thickness")[-1]["radius_multiplier"] == 2


def test_what_a_renderer_refuses_is_not_told_to_have_come_back(cluster, controller):
    model = load(controller)
    model.update(opacity=0.5, thickness=2)
    sleep(controller)
    cluster.renderer.errors |= {"set-material-matte": (-32602, "no"), "set-circuit-thickness": (-32602, "no")}
    wake(controller)
    assert (model.state.material, model.opacity, model.thickness) == (None, None, 1.0)
