from __future__ import annotations

import json

import jsonschema
import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.presets import usual_lights
from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight, Light, QuadLight, SphereLight
from brayns_widget.protocol.brayns.shapes import Sphere
from tests.controller.scenes import WAIT, load
from tests.fakes import JOB_ID


def test_a_new_scene_is_lit(cluster, controller):
    controller.start().result(WAIT)
    assert len(controller.lights) == 3
    assert [light.type for light in controller.lights] == ["light"] * 3
    sent = [params for method, params in cluster.renderer.requests if method.startswith("add-light")]
    assert sent == [light.model_dump(exclude_unset=True) for light in usual_lights()]
    assert list(controller.models) == []


def test_the_usual_lights_satisfy_the_real_renderers_schemas(shared_dir):
    schemas = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text(encoding="utf-8"))
    for light in usual_lights():
        kind = "ambient" if isinstance(light, AmbientLight) else "directional"
        jsonschema.validate(light.model_dump(exclude_unset=True), schemas[f"add-light-{kind}"]["params"])


def test_a_scene_without_lights_that_one_attaches_to_is_lit(cluster, controller):
    controller.start().result(WAIT)
    controller.lights.clear()
    with Controller(**cluster.options, attach_to=JOB_ID) as second:
        second.start().result(WAIT)
        assert len(second.lights) == 3


@pytest.mark.parametrize(
    ("light", "method", "sent"),
    [
        (AmbientLight(intensity=2), "add-light-ambient", {"intensity": 2}),
        (DirectionalLight(direction=(1, 0, 0)), "add-light-directional", {"direction": [1, 0, 0]}),
        (SphereLight(position=(1, 2, 3), radius=4), "add-light-sphere", {"position": [1, 2, 3], "radius": 4}),
        (QuadLight(color=[1, 0, 0]), "add-light-quad", {"color": [1, 0, 0]}),
    ],
)
def test_lights_are_added(cluster, controller, light: Light, method, sent):
    part = controller.lights.add(light)
    assert cluster.renderer.sent(method)[-1] == sent
    assert controller.lights[-1] == part
    assert len(controller.lights) == 4


@pytest.mark.parametrize("light", [3, {"intensity": 1}, Sphere(center=(0, 0, 0), radius=1), None])
def test_what_is_no_light_is_refused(cluster, controller, light):
    with pytest.raises(TypeError, match=r"should be an instance of AmbientLight or DirectionalLight or SphereLight or"):
        controller.lights.add(light)
    assert cluster.calls == []


def test_lights_are_removed(cluster, controller):
    part = controller.lights.add(AmbientLight())
    part.remove()
    assert part not in controller.lights
    assert cluster.renderer.sent("remove-model") == [{"ids": [part.id]}]
    controller.lights.clear()
    assert len(controller.lights) == 0
    assert cluster.renderer.models == []


def test_a_scene_that_has_lost_its_lights_is_lit_again_by_the_next_load(cluster, controller):
    load(controller)
    cluster.renderer.models.clear()  # as by another client's clear-models
    controller.models.refresh()
    assert list(controller.lights) == []
    load(controller)
    assert len(controller.lights) == 3


def test_lights_that_the_user_has_taken_away_stay_away(controller):
    load(controller)
    controller.lights.clear()
    load(controller)
    assert list(controller.lights) == []
