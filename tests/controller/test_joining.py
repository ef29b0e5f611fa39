"""Scenes that others have made are shown as they are."""

from __future__ import annotations

import pytest

from brayns_widget.connection import server
from brayns_widget.connection.busy import BUSY
from brayns_widget.controller.camera import FRONT, Camera, corners
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.joining import sees
from brayns_widget.controller.state import BACKGROUND
from brayns_widget.protocol.errors import METHOD_NOT_FOUND
from tests.controller.scenes import WAIT, until
from tests.fakes import JOB_ID, FakeCluster
from tests.listening import Listener

BOX = ((-100.0, -200.0, -300.0), (100.0, 200.0, 300.0))
VIEW = {"position": [0, 0, 2000], "target": [0, 100, 0], "up": [0, 1, 0]}
READING = ("get-", "registry", "schema", "snapshot")
WHITE = {
    "samples_per_pixel": 1,
    "ao_samples": 7,
    "enable_shadows": False,
    "max_ray_bounces": 2,
    "background_color": [1.0, 1.0, 1.0, 1.0],
}


@pytest.fixture
def cluster():
    with FakeCluster(polls=0) as fake:
        fake.renderer.answers |= {
            "get-camera-view": lambda _: VIEW,
            "get-camera-type": lambda _: "perspective",
            "get-camera-perspective": lambda _: {"fovy": 30.0, "aperture_radius": 0.0, "focus_distance": 1.0},
            "get-renderer-type": lambda _: "interactive",
            "get-renderer-interactive": lambda _: WHITE,
        }
        fake.renderer.add("neurons")
        yield fake


@pytest.fixture
def joined(cluster):
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        yield controller


def test_camera_background_and_settings_are_those_of_the_scene(cluster, joined):
    joined.start().result(WAIT)
    assert joined.camera == Camera.perspective((0, 0, 2000), (0, 100, 0), fovy=30)
    assert joined.background == "#ffffff"
    assert joined.rendering.settings.ao_samples == 7
    assert len(joined.models) == 1
    (sent,) = cluster.renderer.sent("set-renderer-interactive")
    assert sent == WHITE | {"background_color": [1.0, 1.0, 1.0, 1.0]}


def test_nothing_of_the_scene_is_changed(cluster, joined):
    """But for how pictures are drawn: by the settings that it has told, as a whole. A cancel of null is a probe."""
    cluster.renderer.simulation["current"] = 7
    joined.start().result(WAIT)
    joined.snapshot().result(WAIT)
    assert joined.simulation.read_parameters().current == 7
    asked = {method for method in cluster.renderer.methods() if not method.startswith(READING)}
    assert asked == {"cancel", "set-renderer-interactive", "set-framebuffer-static"}
    assert cluster.renderer.sent("cancel") == [{"id": None}]


def test_floor_and_options_of_a_shared_renderer_stay_as_its_clients_have_set_them(cluster, joined):
    cluster.renderer.offers += ["set-radius-floor", "set-picture-options"]
    joined.start().result(WAIT)
    assert not {"set-radius-floor", "set-picture-options"} & set(cluster.renderer.methods())


def test_what_was_set_here_before_stays(joined):
    joined.camera = Camera((7, 8, 9))
    joined.background = "red"
    joined.start().result(WAIT)
    assert joined.camera.position == (7, 8, 9)
    assert joined.background == "#ff0000"


@pytest.mark.parametrize(
    "view",
    [
        {"position": [0, 0, 0], "target": [0, 0, 1], "up": [0, 1, 0]},  # of a new renderer
        {"position": [0, 0, 9000], "target": [0, 0, 9001], "up": [0, 1, 0]},  # it looks away
        {"position": [0, 0, 0], "target": [0, 0, 0], "up": [0, 0, 0]},  # it is none
    ],
)
def test_the_first_picture_is_not_blank_where_nobody_has_aimed_a_camera(cluster, joined, view):
    cluster.renderer.answers["get-camera-view"] = lambda _: view
    joined.start().result(WAIT)
    assert joined.camera == FRONT.framing(corners(BOX), 4 / 3)


def test_an_orthographic_camera_is_taken_over(cluster, joined):
    cluster.renderer.answers["get-camera-type"] = lambda _: "orthographic"
    cluster.renderer.answers["get-camera-orthographic"] = lambda _: {"height": 321.0}
    joined.start().result(WAIT)
    assert (joined.camera.type, joined.camera.height) == ("orthographic", 321.0)


def test_a_lens_is_taken_over(cluster, joined):
    cluster.renderer.answers["get-camera-type"] = lambda _: "perspective"
    cluster.renderer.answers["get-camera-perspective"] = lambda _: {"fovy": 30.0, "aperture_radius": 2.0}
    joined.start().result(WAIT)
    assert (joined.camera.type, joined.camera.fovy, joined.camera.aperture) == ("perspective", 30, 2)


def test_a_cylindric_camera_is_taken_over(cluster, joined):
    cluster.renderer.answers["get-camera-type"] = lambda _: "cylindric"
    cluster.renderer.answers["get-camera-cylindric"] = lambda _: {"fovy": 30.0}
    joined.start().result(WAIT)
    assert (joined.camera.type, joined.camera.fovy) == ("cylindric", 30)


def test_another_renderer_than_the_interactive_one_is_not_taken_over(cluster, joined):
    cluster.renderer.answers["get-renderer-type"] = lambda _: "production"
    joined.start().result(WAIT)
    assert joined.background == BACKGROUND


def test_a_renderer_that_cannot_tell_is_shown_all_the_same(cluster, joined):
    for method in ("get-camera-view", "get-renderer-type"):
        del cluster.renderer.answers[method]
        cluster.renderer.errors[method] = (METHOD_NOT_FOUND, "no")
    joined.start().result(WAIT)
    assert joined.camera == FRONT.framing(corners(BOX), 4 / 3)


def test_an_empty_scene_is_prepared_as_a_new_one(cluster):
    cluster.renderer.models.clear()
    with Controller(renderer=f"{cluster.slave}/renderer", token=cluster.token) as controller:
        controller.start().result(WAIT)
        assert (controller.camera, controller.background) == (FRONT, BACKGROUND)
        assert len(controller.lights) == 3


def test_one_that_is_attached_to_later_is_shown_as_it_is(cluster):
    with FakeCluster(polls=0) as first, Controller(**first.options) as controller:
        controller.camera = Camera((7, 8, 9))
        controller.start().result(WAIT)
        controller.job.connect(renderer=f"{cluster.slave}/renderer", token=cluster.token).result(WAIT)
        until(lambda: controller.camera.position == (0, 0, 2000))


@pytest.mark.parametrize(
    ("camera", "seen"),
    [
        (Camera((0, 0, 1000)), True),
        (Camera((0, 0, -1000), (0, 0, -2000)), False),
        (Camera((0, 0, 50), (0, 0, 100)), True),  # from within
        (Camera((2000, 0, 1000), (2000, 0, 0)), False),
        (Camera((800, 0, 1000), (800, 0, 0)), True),  # at the edge
        (Camera.orthographic((0, 0, 5000), (0, 0, 0), height=100), True),
        (Camera.orthographic((1000, 0, 5000), (1000, 0, 0), height=100), False),
        (Camera.orthographic((0, 0, -5000), (0, 0, -6000), height=100), False),
    ],
)
def test_whether_a_camera_sees_a_box(camera, seen):
    assert sees(camera, BOX, 4 / 3) is seen


@pytest.mark.parametrize("method", ["get-scene", "get-camera-view", "set-framebuffer-static"])
def test_a_scene_is_joined_once_its_renderer_has_done_what_others_have_asked(cluster, joined, monkeypatch, method):
    monkeypatch.setattr(server, "MOMENT", 0.05)
    monkeypatch.setattr(server, "REQUEST_TIMEOUT", 0.2)
    cluster.renderer.delays[method] = 0.5
    statuses = Listener(joined, lambda state: state.status.text)
    joined.start().result(WAIT)
    assert BUSY in statuses.heard
    assert len(joined.models) == 1
