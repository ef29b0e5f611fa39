from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema
import pytest

from brayns_widget.controller.presets import PresetName, presets
from brayns_widget.controller.rendering import interactive
from brayns_widget.controller.state import BACKGROUND, FOG, Shading
from brayns_widget.protocol import colors
from brayns_widget.protocol.brayns.renderers import Interactive, Production
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import WAIT, on_loop
from tests.listening import Listener


def test_a_job_begins_with_all_settings(cluster, controller):
    controller.start().result(WAIT)
    assert "set-framebuffer-static" in cluster.renderer.methods()
    assert cluster.renderer.sent("set-renderer-interactive") == [
        {
            "samples_per_pixel": 1,
            "ao_samples": 1,
            "enable_shadows": True,
            "max_ray_bounces": 3,
            "background_color": pytest.approx(colors.parse(BACKGROUND)),
        }
    ]


def test_settings_satisfy_the_real_renderers_schemas(shared_dir):
    schemas = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text(encoding="utf-8"))
    settings = interactive(Interactive(ao_samples=1), "red", samples=4)
    jsonschema.validate(settings.model_dump(exclude_unset=True), schemas["set-renderer-interactive"]["params"])


@pytest.mark.parametrize("offered", [True, False])
def test_a_renderer_that_knows_radius_floors_is_told_to_have_one(cluster, controller, offered):
    if offered:
        cluster.renderer.offers.append("set-radius-floor")
    controller.start().result(WAIT)
    assert cluster.renderer.sent("set-radius-floor") == ([{"pixels": 0.5}] if offered else [])


@pytest.mark.parametrize("offered", [True, False])
def test_a_renderer_that_can_make_better_pictures_is_asked_for_them(cluster, controller, offered):
    if offered:
        cluster.renderer.offers.append("set-picture-options")
    controller.start().result(WAIT)
    options = dict.fromkeys(("all_materials", "centered", "exact_background", "soft_shadows", "stepwise"), True)
    assert cluster.renderer.sent("set-picture-options") == ([options] if offered else [])


def test_the_radius_floor_is_set_where_there_is_one(cluster, controller):
    with pytest.raises(CircuitError, match="has no minimum radius"):
        controller.rendering.set_radius_floor(2)
    with pytest.raises(ValueError, match="pixels is 17"):
        controller.rendering.set_radius_floor(17)
    controller.close()


def test_a_radius_floor_stays_for_the_next_job(cluster, controller):
    cluster.renderer.offers.append("set-radius-floor")
    controller.rendering.set_radius_floor(2)
    cluster.kill_renderer()
    Listener(controller, lambda state: state.status.state).wait_for(lambda state: state in {"failed", "ended"})
    controller.restore().result(WAIT)
    assert cluster.renderer.sent("set-radius-floor")[-1] == {"pixels": 2.0}


def test_our_renderer_takes_a_radius_floor(cluster, controller):
    cluster.renderer.offers.append("set-radius-floor")
    controller.start().result(WAIT)
    before = controller.state.revision
    controller.rendering.set_radius_floor(2)
    assert cluster.renderer.sent("set-radius-floor")[-1] == {"pixels": 2.0}
    assert controller.state.revision > before


def test_a_radius_floor_is_undone_and_done_again(cluster, controller):
    cluster.renderer.offers.append("set-radius-floor")
    controller.rendering.set_radius_floor(2)
    assert controller.history.next_undo == "change the minimum radius"
    controller.undo()
    assert cluster.renderer.sent("set-radius-floor")[-1] == {"pixels": 0.5}
    controller.redo()
    assert cluster.renderer.sent("set-radius-floor")[-1] == {"pixels": 2.0}


def test_the_background_can_be_set_before_and_after_the_start(cluster, controller):
    backgrounds = Listener(controller, lambda state: state.background)
    controller.rendering.background = "#000000"
    assert cluster.calls == []
    controller.start().result(WAIT)
    before = controller.state.revision
    controller.rendering.background = "tab:blue"
    assert controller.state.revision > before
    assert backgrounds.heard == ["#000000", "#1f77b4"]
    assert controller.rendering.background == "#1f77b4"
    sent = [params["background_color"] for params in cluster.renderer.sent("set-renderer-interactive")]
    assert sent == [[0, 0, 0, 1], pytest.approx(colors.parse("tab:blue"))]
    with pytest.raises(ValueError, match="is not a color"):
        controller.rendering.background = "no color"
    assert controller.rendering.background == "#1f77b4"


def test_what_is_set_while_the_job_is_prepared_is_not_lost(cluster, controller):
    seen: list[Any] = []

    def answer(params: Any) -> None:
        if not seen:
            # While the first settings are on their way somebody sets others.
            seen.append(params)
            on_loop(controller, lambda: controller.rendering.set_background.aio("white"))

    cluster.renderer.answers["set-renderer-interactive"] = answer
    controller.start().result(WAIT)
    sent = [params["background_color"] for params in cluster.renderer.sent("set-renderer-interactive")]
    assert sent[-1] == [1, 1, 1, 1]
    assert len(sent) == 2


def test_settings_can_be_set_before_and_after_the_start(cluster, controller):
    assert controller.rendering.settings.max_ray_bounces == 3
    controller.rendering.settings = Interactive(enable_shadows=False)
    controller.start().result(WAIT)
    controller.rendering.settings = Interactive(max_ray_bounces=1)
    first, second = cluster.renderer.sent("set-renderer-interactive")
    assert (first["enable_shadows"], second["enable_shadows"]) == (False, True)
    assert second["max_ray_bounces"] == 1
    assert first["samples_per_pixel"] == second["samples_per_pixel"] == 1
    assert second["background_color"] == first["background_color"]
    assert controller.rendering.settings.max_ray_bounces == 1


@pytest.mark.parametrize("without_effect", [{"samples_per_pixel": 9}, {"background_color": [1, 0, 0, 1]}])
def test_settings_that_would_have_no_effect_are_refused(controller, without_effect):
    with pytest.raises(ValueError, match="has no effect here"):
        controller.rendering.settings = Interactive(**without_effect)


@pytest.mark.parametrize("settings", [3, {}, Production()])
def test_what_are_no_settings_is_refused(controller, settings):
    with pytest.raises(TypeError, match="should be an instance of Interactive"):
        controller.rendering.settings = settings


@pytest.mark.parametrize("offered", [True, False])
def test_a_renderer_that_has_fog_gets_some(cluster, controller, offered):
    if offered:
        cluster.renderer.offers.append("set-fog")
    assert controller.rendering.fog == FOG
    controller.start().result(WAIT)
    assert cluster.renderer.sent("set-fog") == ([{"strength": FOG}] if offered else [])
    assert controller.rendering.fog == (FOG if offered else None)
    if not offered:
        with pytest.raises(CircuitError, match="has no fog"):
            controller.rendering.fog = 0.5
        return
    before = controller.state.revision
    controller.rendering.fog = 0.7
    assert cluster.renderer.sent("set-fog")[-1] == {"strength": 0.7}
    assert controller.state.revision > before
    controller.undo()
    assert controller.rendering.fog == FOG


@pytest.mark.parametrize("name", get_args(PresetName))
def test_a_preset_sets_all_of_the_look_in_one_step(cluster, controller, name):
    cluster.renderer.offers += ["set-fog", "set-outlines", "add-light-camera"]
    controller.start().result(WAIT)
    controller.rendering.use_preset("stage" if name == "readable" else "readable")
    before = controller.background, controller.rendering.settings, controller.rendering.fog, len(controller.lights)
    preset = presets()[name]
    seen = len(cluster.renderer.requests)
    controller.rendering.use_preset(name)
    assert controller.background == preset.background
    assert controller.rendering.settings == preset.settings
    assert controller.rendering.fog == preset.fog
    added = [params for method, params in cluster.renderer.requests[seen:] if method.startswith("add-light")]
    assert added == [light.model_dump(exclude_unset=True) for light in preset.lights]
    assert len(controller.lights) == len(preset.lights)
    controller.undo()
    after = controller.background, controller.rendering.settings, controller.rendering.fog, len(controller.lights)
    assert after == before


def test_a_preset_does_without_fog_where_there_is_none(cluster, controller):
    controller.rendering.use_preset("paper")
    assert controller.background == "#ffffff"
    assert controller.rendering.fog is None


@pytest.mark.parametrize("offered", [True, False])
def test_a_renderer_that_has_outlines_draws_them(cluster, controller, offered):
    if offered:
        cluster.renderer.offers.append("set-outlines")
    controller.start().result(WAIT)
    assert cluster.renderer.sent("set-outlines") == ([{"strength": 0.0}] if offered else [])
    assert controller.rendering.outlines == (0.0 if offered else None)
    if not offered:
        with pytest.raises(CircuitError, match="has no outlines"):
            controller.rendering.outlines = 0.5
        return
    before = controller.state.revision
    controller.rendering.outlines = 0.7
    assert cluster.renderer.sent("set-outlines")[-1] == {"strength": 0.7}
    assert controller.state.revision > before
    assert controller.history.next_undo == "change the outlines"
    controller.undo()
    assert controller.rendering.outlines == 0.0
    with pytest.raises(ValueError, match=r"strength is 1\.5"):
        controller.rendering.outlines = 1.5


def test_shadows_and_ambient_occlusion_are_set_one_by_one(cluster, controller):
    controller.start().result(WAIT)
    controller.rendering.shadows = False
    controller.rendering.ambient_occlusion = 4
    sent = cluster.renderer.sent("set-renderer-interactive")[-1]
    assert (sent["enable_shadows"], sent["ao_samples"], sent["max_ray_bounces"]) == (False, 4, 3)
    assert controller.history.next_undo == "change the ambient occlusion"
    controller.undo()
    assert (controller.rendering.shadows, controller.rendering.ambient_occlusion) == (False, 1)
    controller.undo()
    assert controller.rendering.shadows is True
    assert controller.state.shading == Shading(at_rest=None, outlines=None)
    controller.rendering.settings = Interactive(ao_samples=2)
    assert controller.rendering.ambient_occlusion == 2
    with pytest.raises(ValueError, match="rays is 65"):
        controller.rendering.ambient_occlusion = 65


@pytest.mark.parametrize("offered", [True, False])
def test_a_renderer_that_can_traces_paths_at_rest(cluster, controller, offered):
    if offered:
        cluster.renderer.offers.append("set-picture-options")
    controller.start().result(WAIT)
    assert controller.rendering.at_rest == ("interactive" if offered else None)
    if not offered:
        with pytest.raises(CircuitError, match="no path tracer for views"):
            controller.rendering.at_rest = "path tracer"
        return
    before = controller.state.revision
    controller.rendering.at_rest = "path tracer"
    assert controller.state.revision > before
    assert controller.rendering.at_rest == "path tracer"
    controller.undo()
    assert controller.rendering.at_rest == "interactive"
    with pytest.raises(ValueError, match="renderer is 'fast'"):
        controller.rendering.at_rest = "fast"


def test_the_whole_look_stays_for_the_next_job(cluster, controller):
    cluster.renderer.offers += ["set-outlines", "set-picture-options", "set-fog"]
    controller.rendering.outlines = 0.4
    controller.rendering.at_rest = "path tracer"
    controller.rendering.shadows = False
    controller.background = "transparent"
    shading = controller.state.shading
    cluster.kill_renderer()
    Listener(controller, lambda state: state.status.state).wait_for(lambda state: state in {"failed", "ended"})
    controller.restore().result(WAIT)
    assert controller.state.shading == shading == Shading(shadows=False, outlines=0.4, at_rest="path tracer")
    assert cluster.renderer.sent("set-outlines")[-1] == {"strength": 0.4}
    sent = cluster.renderer.sent("set-renderer-interactive")[-1]
    assert (sent["enable_shadows"], sent["background_color"]) == (False, [0, 0, 0, 0])
    assert controller.background == "#00000000"


def test_a_preset_can_be_undone_where_fog_and_outlines_are_missing(controller):
    controller.start().result(WAIT)
    controller.rendering.use_preset("stage")
    controller.undo()
    assert controller.background == BACKGROUND
    assert controller.rendering.outlines is None
