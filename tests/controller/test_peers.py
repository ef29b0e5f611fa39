from __future__ import annotations

import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.protocol.errors import CircuitError, DeadlineExceeded, RequestError
from tests.controller.scenes import WAIT, elsewhere, load
from tests.fakes import JPEG, FakeCluster


def test_any_request_can_be_sent(cluster, controller):
    assert controller.renderer.request("get-version").result["major"] == 3
    assert bytes(controller.renderer.request("render-image", {}).payload) == JPEG
    assert elsewhere(lambda: controller.renderer.request.aio("get-version")).result["minor"] == 10
    cluster.renderer.answers["upload-model"] = lambda _: []
    controller.renderer.request("upload-model", {"type": "obj"}, b"v 0 0 0")
    assert cluster.renderer.payloads == [b"v 0 0 0"]
    assert cluster.renderer.sent("upload-model") == [{"type": "obj"}]


def test_what_a_server_refuses_is_raised(controller):
    with pytest.raises(RequestError) as caught:
        controller.renderer.request("no-such-method", {"a": 1})
    assert caught.value.code == -32601


def test_a_request_has_a_deadline(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.silent.add("registry")
    with pytest.raises(DeadlineExceeded):
        controller.renderer.request("registry", timeout=0.05)
    with pytest.raises(ValueError, match="timeout is 0"):
        controller.renderer.request("registry", timeout=0)


def test_the_models_follow_what_requests_add_and_remove(cluster, controller):
    model = load(controller)
    before = controller.state.revision
    controller.renderer.request("add-spheres", [])
    assert [m.type for m in controller.models] == ["neurons", "geometry"]
    assert controller.state.revision > before
    controller.renderer.request("update-model", {"model_id": model.id, "model": {"is_visible": False}})
    assert not model.visible
    controller.renderer.request("clear-models")
    assert list(controller.models) == []
    assert len(controller.lights) == 3
    controller.renderer.request("clear-lights")
    assert list(controller.lights) == []
    controller.renderer.request("add-clipping-planes", {"primitives": []})
    assert len(controller.clipping) == 1


@pytest.mark.parametrize("method", ["get-version", "registry", "render-image", "inspect", "quit"])
def test_after_requests_that_change_nothing_the_scene_is_not_read(cluster, controller, method):
    controller.start().result(WAIT)
    read = len(cluster.renderer.sent("get-scene"))
    revision = controller.state.revision
    controller.renderer.request(method)
    assert len(cluster.renderer.sent("get-scene")) == read
    assert controller.state.revision == revision


def test_the_backend_takes_requests_as_well(controller):
    assert controller.backend.request("fs-get-root").result == "/data"
    with pytest.raises(RequestError):
        controller.backend.request("no-such-method")


def test_without_a_backend_there_is_none_to_ask():
    cluster = FakeCluster(polls=0, backend=False)
    with cluster, Controller(**cluster.options) as made, pytest.raises(CircuitError, match="no backend"):
        made.backend.request("version")


def test_what_a_request_colors_is_known_to_be_colored_otherwise(controller):
    model = load(controller, color_by="mtype")
    params = {"id": model.id, "method": "solid", "values": {"color": [1, 0, 0, 1]}}
    controller.renderer.request("color-model", params)
    assert (model.color, model.colored_by, controller.legend) == (None, None, None)


@pytest.mark.parametrize("kind", ["perspective", "orthographic", "cylindric"])
def test_the_camera_and_the_background_follow_requests(cluster, controller, kind):
    view = {"position": [1.0, 2.0, 3.0], "target": [0.0, 0.0, 0.0], "up": [0.0, 1.0, 0.0]}
    cluster.renderer.answers |= {
        "get-camera-view": lambda _: view,
        "get-camera-type": lambda _: kind,
        "get-camera-perspective": lambda _: {"fovy": 12.0, "aperture_radius": 0.5},
        "get-camera-cylindric": lambda _: {"fovy": 12.0},
        "get-camera-orthographic": lambda _: {"height": 34.0},
        "get-renderer-interactive": lambda _: {"background_color": [0.0, 0.0, 1.0, 1.0]},
    }
    controller.renderer.request("set-camera-view", view)
    assert (controller.camera.position, controller.camera.type) == ((1, 2, 3), kind)
    assert (controller.camera.height if kind == "orthographic" else controller.camera.fovy) in {12, 34}
    assert controller.camera.aperture == (0.5 if kind == "perspective" else 0)
    controller.renderer.request("set-renderer-interactive", {"background_color": [0, 0, 1, 1]})
    assert controller.background == "#0000ff"


def test_a_request_sees_through_the_present_camera_wherever_it_was_meanwhile(cluster, controller):
    def seen() -> float:
        return float(cluster.renderer.sent("set-camera-view")[-1]["position"][0])

    controller.camera = there = Camera((1.0, 0.0, 9.0))
    controller.renderer.request("inspect")
    assert seen() == 1
    controller.camera = Camera((2.0, 0.0, 9.0))
    controller.pictures.inspect(0.5, 0.5)
    assert seen() == 2
    controller.camera = there
    controller.renderer.request("inspect")
    assert seen() == 1


def test_a_picture_that_requests_refine_does_not_begin_anew(cluster, controller):
    for _ in range(3):
        controller.renderer.request("render-image", {})
    assert len(cluster.renderer.sent("set-camera-view")) == 1


def test_a_request_that_failed_leaves_the_camera_to_the_next_one(cluster, controller):
    cluster.renderer.errors["inspect"] = (-32603, "out of memory")
    with pytest.raises(RequestError):
        controller.renderer.request("inspect")
    controller.renderer.request("render-image", {})
    assert len(cluster.renderer.sent("set-camera-view")) == 2
