from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema
import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.presets import usual_lights
from brayns_widget.controller.state import LightKind
from brayns_widget.protocol.brayns.lights import (
    AmbientLight,
    CameraLight,
    DirectionalLight,
    Light,
    QuadLight,
    SphereLight,
)
from brayns_widget.protocol.brayns.shapes import Sphere
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import WAIT, load
from tests.fakes import JOB_ID
from tests.listening import Listener


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


def sent_since(cluster, begin: int, kind: str) -> list[Any]:
    return [params for method, params in cluster.renderer.requests[begin:] if method == f"add-light-{kind}"]


def test_a_light_is_known_as_it_was_added(controller):
    lamp = controller.lights.add(SphereLight(position=(1, 2, 3), radius=4, color=[1, 0, 0], intensity=5))
    assert (lamp.kind, lamp.color, lamp.intensity, lamp.visible) == ("sphere", "#ff0000", 5.0, True)
    assert lamp.light == SphereLight(position=(1, 2, 3), radius=4, color=[1, 0, 0], intensity=5)
    controller.models.refresh()
    assert lamp.kind == "sphere"
    assert [light.kind for light in controller.lights] == ["ambient", "directional", "directional", "sphere"]


def test_a_light_is_changed_and_what_was_not_given_stays(cluster, controller):
    lamp = controller.lights.add(SphereLight(position=(1, 2, 3), radius=4))
    begin = len(cluster.renderer.requests)
    lamp.intensity = 7
    lamp.color = "#00ff00"
    same = {"position": [1, 2, 3], "radius": 4, "intensity": 7}
    assert sent_since(cluster, begin, "sphere") == [same, {**same, "color": [0, 1, 0]}]
    assert (lamp.intensity, lamp.color, len(controller.lights)) == (7.0, "#00ff00", 4)
    assert lamp in controller.lights
    lamp.remove()
    assert len(controller.lights) == 3
    with pytest.raises(CircuitError, match="was removed before"):
        lamp.intensity = 3


def test_a_change_of_a_light_is_undone_and_done_again(controller):
    lamp = controller.lights.add(AmbientLight(intensity=2))
    lamp.update(intensity=3, color="red")
    lamp.visible = False
    assert controller.history.next_undo == "switch a light off"
    for count, (intensity, visible) in enumerate([(3, True), (2, True)], start=1):
        controller.undo()
        assert (lamp.intensity, lamp.visible, len(controller.lights)) == (intensity, visible, 4), count
    controller.redo()
    controller.redo()
    assert (lamp.intensity, lamp.color, lamp.visible) == (3, "#ff0000", False)


def test_a_light_is_switched(cluster, controller):
    lamp = controller.lights.add(AmbientLight())
    before = controller.state.revision
    lamp.visible = False
    assert cluster.renderer.sent("update-model")[-1] == {"model_id": lamp.id, "model": {"is_visible": False}}
    assert controller.state.revision > before
    assert lamp.visible is False
    before = controller.state.revision
    controller.undo()
    assert controller.state.revision > before
    controller.redo()
    lamp.intensity = 4  # it stays dark
    assert lamp.visible is False


def test_lights_come_back_as_they_were(cluster, controller):
    load(controller)
    lamp = controller.lights.add(AmbientLight())
    lamp.update(intensity=5, visible=False)
    cluster.kill_renderer()
    Listener(controller, lambda state: state.status.state).wait_for(lambda state: state in {"failed", "ended"})
    controller.restore().result(WAIT)
    assert (lamp.kind, lamp.intensity, lamp.visible) == ("ambient", 5.0, False)
    assert len(controller.lights) == 4


def test_lights_of_others_are_switched_and_removed_but_not_changed(cluster, controller):
    controller.start().result(WAIT)
    with Controller(**cluster.options, attach_to=JOB_ID) as second:
        second.start().result(WAIT)
        lamp = second.lights[0]
        assert (lamp.kind, lamp.light, lamp.color, lamp.intensity) == (None, None, None, None)
        lamp.visible = False
        with pytest.raises(CircuitError, match="Others have added this light"):
            lamp.intensity = 2
        lamp.remove()
        assert len(second.lights) == 2


def test_what_is_no_change_of_a_light_is_refused(controller):
    lamp = controller.lights.add(AmbientLight())
    with pytest.raises(ValueError, match="intensity is -1"):
        lamp.intensity = -1
    with pytest.raises(ValueError, match="is not a color"):
        lamp.color = "no color"
    with pytest.raises(CircuitError, match="There is no light 99"):
        controller.lights.change(99, intensity=1)
    assert lamp.intensity == 1


@pytest.mark.parametrize("kind", get_args(LightKind))
def test_a_light_of_each_kind_is_added_where_it_is_seen(cluster, controller, kind):
    cluster.renderer.offers.append("add-light-camera")
    load(controller)
    controller.lights.add_kind(kind)
    assert controller.lights[-1].kind == kind
    sent = cluster.renderer.sent(f"add-light-{kind}")[-1]
    low, high = controller.models[0].bounds
    if "position" in sent:
        assert sent["position"][1] > high[1]
        assert low[0] - (high[0] - low[0]) < sent["position"][0] < high[0]
    assert sent["intensity"] > 0


def test_a_renderer_without_lights_that_turn_says_so(cluster, controller):
    with pytest.raises(CircuitError, match="no light that turns with the camera"):
        controller.lights.add(CameraLight())
    with pytest.raises(CircuitError, match="no light that turns with the camera"):
        controller.lights.add_kind("camera")
    assert len(controller.lights) == 3
    controller.rendering.use_preset("stage")
    fixed = [light.kind for light in controller.lights]
    assert fixed == ["ambient", *["directional"] * 3]
