from __future__ import annotations

import copy
import dataclasses
import queue
from typing import Any

import numpy as np
import pytest

from brayns_widget.controller.camera import FRONT, Camera, corners
from brayns_widget.controller.views import LiveCamera, read_camera
from tests.controller.scenes import WAIT, load, on_loop, until
from tests.listening import Listener

FIELDS: dict[str, Any] = {
    "position": (1.0, 2.0, 3.0),
    "target": (0.0, 0.0, -5.0),
    "up": (1.0, 0.0, 0.0),
    "type": "orthographic",
    "fovy": 30.0,
    "height": 50.0,
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_set_takes_effect_and_can_be_read_at_once(controller, name):
    cameras = Listener(controller, lambda state: state.camera)
    setattr(controller.camera, name, FIELDS[name])
    assert getattr(controller.camera, name) == FIELDS[name]
    assert cameras.wait_for() == dataclasses.replace(FRONT, **{name: FIELDS[name]})
    assert controller.camera.value == controller.state.camera == cameras.heard[-1]


def test_fields_are_set_on_the_loop_thread_as_well(controller):
    async def listener() -> None:
        controller.camera.fovy = 30
        assert controller.camera.fovy == 30
        controller.camera = {"position": (0, 0, 9)}
        assert controller.camera.position == (0, 0, 9)
        await controller.camera.reset.aio()

    on_loop(controller, listener)
    assert controller.camera == FRONT


def test_fields_are_set_in_a_listener(controller):
    seen: queue.Queue[float] = queue.Queue()

    def follow(camera: Camera) -> None:
        if camera.fovy != 30:
            controller.camera.fovy = 30
        seen.put(controller.camera.fovy)

    controller.listen(lambda state: state.camera, follow)
    controller.camera.position = (0, 0, 9)
    assert seen.get(timeout=WAIT) == 30
    assert controller.camera == Camera((0, 0, 9), fovy=30)


def test_a_field_that_is_set_undoes_no_change_of_the_same_moment(controller):
    # A page moves the camera on the loop thread while a cell sets the opening angle.
    moved = Camera(position=(7.0, 0.0, 9.0))
    controller.loop.post(setattr, controller, "camera", moved)
    controller.camera.fovy = 30
    assert controller.camera == dataclasses.replace(moved, fovy=30)


@pytest.mark.parametrize(
    "camera",
    [
        Camera((0.0, 0.0, 9.0)),
        {"position": (0, 0, 9)},
        {"position": [0, 0, 9], "target": [0, 0, 0]},
        {"position": np.array([0, 0, 9])},
    ],
)
def test_a_camera_is_assigned_as_a_whole_or_as_a_dictionary(controller, camera):
    controller.camera.fovy = 30
    controller.camera = camera
    assert controller.camera == Camera((0.0, 0.0, 9.0))  # what a dictionary leaves out takes its default


def test_the_camera_of_another_controller_is_one_to_assign(controller, cluster):
    other = type(controller)(**cluster.options)
    other.camera = Camera((0.0, 0.0, 9.0))
    controller.camera = other.camera
    other.camera.fovy = 30
    assert controller.camera == Camera((0.0, 0.0, 9.0))


def test_what_cannot_take_effect_raises(controller):
    camera = controller.camera
    with pytest.raises(AttributeError, match=r"no 'fov'; it has position, target, up, type, fovy, height, aperture\."):
        camera.fov = 1
    with pytest.raises(TypeError, match="does not support item assignment"):
        camera["fovy"] = 1
    with pytest.raises(ValueError, match="between 0 and 180"):
        camera.fovy = 200
    with pytest.raises(ValueError, match="no view"):
        camera.position = (0, 0, 0)
    with pytest.raises(ValueError, match="camera has no"):
        controller.camera = {"fov": 1}
    with pytest.raises(ValueError, match="3 is not a camera: use a Camera"):
        controller.camera = 3
    assert camera == FRONT


def test_its_value_is_a_camera_to_keep(controller):
    kept = controller.camera.value
    controller.camera.fovy = 30
    assert type(kept) is Camera
    assert kept == FRONT != controller.camera
    controller.camera = kept
    assert controller.camera == kept


def test_it_is_a_camera_in_every_way(controller):
    camera = controller.camera
    assert isinstance(camera, Camera)
    assert repr(camera) == repr(FRONT)
    assert camera == FRONT
    assert camera == controller.camera
    assert camera != Camera((0.0, 0.0, 9.0))
    assert camera.__eq__(3) is False
    assert camera.to_dict() == FRONT.to_dict()
    assert camera.view == FRONT.view
    assert dataclasses.asdict(camera) == dataclasses.asdict(FRONT)
    changed = dataclasses.replace(camera, fovy=30)
    assert type(changed) is Camera
    assert (changed.fovy, camera.fovy) == (30, 45)
    assert type(copy.copy(camera)) is Camera
    assert copy.deepcopy(camera) == FRONT
    with pytest.raises(TypeError, match="unhashable"):
        hash(camera)  # it changes


def test_cameras_are_read_in_every_form(controller):
    camera = Camera((0.0, 0.0, 9.0))
    assert read_camera(camera) is camera
    assert read_camera(controller.camera) is FRONT
    assert read_camera({}) == FRONT
    assert isinstance(controller.camera, LiveCamera)


def test_the_same_camera_again_is_no_change(controller):
    cameras = Listener(controller, lambda state: state.camera)
    revision = controller.state.revision
    for _ in range(2):
        controller.camera = Camera(position=(1.0, 2.0, 3.0))
    controller.camera = Camera(position=(1.0, 2.0, 4.0))
    assert [camera.position[2] for camera in cameras.heard] == [3.0, 4.0]
    assert controller.state.revision == revision  # a camera makes no picture stale


def test_it_is_reset_to_what_is_visible(controller):
    model = load(controller)
    framed = controller.camera.value
    controller.aspect = 0.25
    controller.camera.fovy = 30
    controller.reset_camera()
    assert controller.camera.position[2] > framed.position[2]
    assert controller.camera.fovy == 30  # the projection stays
    model.visible = False
    controller.camera.reset()
    assert controller.camera == dataclasses.replace(FRONT, fovy=30)


def test_all_visible_models_are_looked_at_from_a_side(controller):
    controller.camera.fovy = 30
    controller.camera.look_from("right")
    assert controller.camera.position == pytest.approx((1000, 0, 0))
    load(controller)  # 200, 400 and 600 µm around the origin
    controller.camera.target = (500, 0, 0)
    controller.camera.look_from("back")
    assert controller.camera == dataclasses.replace(FRONT, fovy=30).seen_from("back").framing(
        corners(((-100, -200, -300), (100, 200, 300))), controller.aspect
    )
    with pytest.raises(ValueError, match="side"):
        controller.camera.look_from("behind")
    controller.undo()
    assert controller.camera.target == (500, 0, 0)


def test_cells_are_framed_as_tightly_as_the_renderer_tells_their_outline(cluster, controller):
    points = [(-100.0, 0.0, 0.0), (100.0, 0.0, 0.0), (0.0, 10.0, 300.0)]
    cluster.renderer.answers["get-model-outline"] = lambda _: {"points": points}
    model = load(controller)
    controller.camera.look_from("front")
    assert controller.camera == FRONT.framing(points, controller.aspect)
    model.move(0, 50, 0)
    moved = [(x, y + 50, z) for x, y, z in points]
    controller.camera.look_from("front")
    assert controller.camera.position == pytest.approx(FRONT.framing(moved, controller.aspect).position)
    controller.camera.look_from("left")
    model.frame()
    assert controller.camera.target == pytest.approx(FRONT.seen_from("left").framing(moved, controller.aspect).target)


def test_a_roll_can_be_undone(controller):
    controller.camera.roll(90)
    assert controller.camera.up == pytest.approx((-1, 0, 0))
    assert controller.state.past.undo == "roll the camera"
    controller.undo()
    assert controller.camera == FRONT


def test_a_box_is_framed_from_the_present_direction(controller):
    controller.camera = Camera(position=(1000.0, 0.0, 0.0))
    controller.camera.frame((0, 0, 0), np.array([10.0, 10.0, 10.0]))
    assert controller.camera.target == (5.0, 5.0, 5.0)
    assert controller.camera.position[1:] == (5.0, 5.0)
    with pytest.raises(ValueError, match="low is"):
        controller.camera.frame((0, 0), (1, 1, 1))


@pytest.mark.parametrize("aspect", [0, 0.001, 1000, float("nan")])
def test_no_picture_has_such_an_aspect(controller, aspect):
    with pytest.raises(ValueError, match="not a plausible width / height"):
        controller.aspect = aspect
    assert controller.aspect == 4 / 3


def test_a_camera_that_was_set_before_the_first_circuit_stays(cluster, controller):
    controller.camera = Camera((1.0, 2.0, 3.0))
    load(controller)
    assert controller.camera.position == (1, 2, 3)


def test_a_camera_that_was_set_while_the_first_circuit_loads_stays(cluster, controller):
    cluster.renderer.delays["add-model"] = 0.2
    task = controller.load_circuit("/data/circuit.json")
    until(lambda: "add-model" in cluster.renderer.methods())
    controller.camera.position = (0, 0, 77)
    task.result(WAIT)
    assert controller.camera.position == (0, 0, 77)


def test_a_camera_that_was_set_for_other_models_does_not_stay(cluster, controller):
    load(controller)
    controller.camera = Camera((1.0, 2.0, 3.0))
    controller.clear()
    load(controller)
    assert controller.camera.position != (1, 2, 3)


def test_a_gesture_over_an_empty_scene_does_not_aim(cluster, controller):
    controller.start().result(WAIT)

    async def steer() -> None:
        controller.camera._steer(Camera((1.0, 2.0, 3.0)))

    on_loop(controller, steer)
    load(controller)
    assert controller.camera.position != (1, 2, 3)


def test_a_reset_fits_the_height_and_keeps_it_where_there_is_nothing_to_fit(controller):
    controller.camera = Camera.orthographic((0.0, 0.0, 9.0), (0.0, 0.0, 0.0), height=123.0)
    controller.camera.fovy = 20
    controller.reset_camera()
    assert (controller.camera.type, controller.camera.height, controller.camera.fovy) == ("orthographic", 123, 20)
    load(controller)
    controller.reset_camera()
    assert (controller.camera.type, controller.camera.fovy) == ("orthographic", 20)
    assert controller.camera.height == pytest.approx(400 * 1.04)
