from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.stream.goal import Goal, Refinement, Shot, encode, make_goal

CAMERA = Camera((0, 0, 9))


def _goal(*, moving: bool = False, passes: int = 4, camera: Camera = CAMERA, ao_samples: int = 0) -> Goal:
    calls = [encode(*call) for call in camera.calls()]
    return make_goal(1, calls, (800, 600), passes, moving=moving, ao_samples=ao_samples)


def _next(refinement: Refinement, now: float = 0.0, *, credit: bool = True) -> Shot:
    shot = refinement.next_shot(now, credit=credit, interval=0.1)
    assert shot
    return shot


def test_a_goal_in_requests() -> None:
    assert list(_goal(ao_samples=3).calls.values()) == [
        ("set-framebuffer-static", None),
        ("set-application-parameters", {"viewport": [800, 600]}),
        ("set-camera-perspective", {"fovy": 45}),
        ("set-camera-view", {"position": [0, 0, 9], "target": [0, 0, 0], "up": [0, 1, 0]}),
        ("set-renderer-interactive", {"samples_per_pixel": 4, "ao_samples": 3}),
    ]


def test_both_projections_share_a_slot() -> None:
    orthographic = _goal(camera=Camera.orthographic((0, 0, 9), (0, 0, 0), height=10)).calls
    changed = {slot: call for slot, call in orthographic.items() if _goal().calls[slot] != call}
    assert list(changed.values()) == [("set-camera-orthographic", {"height": 10})]


@pytest.mark.parametrize("method", ["set-application-parameters", "set-camera-view", "set-renderer-interactive"])
def test_requests_follow_the_schemas_of_the_real_renderer(shared_dir: Path, method: str) -> None:
    schemas = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text())
    schema = dict(schemas[method]["params"])
    # The real server reports "plugins" as required and accepts its absence, read-only as it is.
    schema["required"] = [name for name in schema.get("required", []) if name != "plugins"]
    params = dict(_goal().calls.values())[method]
    jsonschema.validate(params, schema)


def test_passes_go_on_without_a_credit_up_to_the_last_picture() -> None:
    refinement = Refinement(_goal(passes=2), 2)
    shot = _next(refinement, credit=False)
    assert shot == Shot(render=True, send=False, final=False)
    refinement.took(shot, 1, 2, 0.0)
    shot = _next(refinement, credit=False)
    assert shot == Shot(render=True, send=True, final=True)
    refinement.took(shot, 2, 2, 0.0)
    assert refinement.complete
    assert refinement.next_shot(9.0, credit=True, interval=0.1) is None


def test_what_begins_anew_sends_only_better_pictures_than_before() -> None:
    refinement = Refinement(_goal(passes=4), 4)
    for made in (1, 2):
        refinement.took(_next(refinement, float(made)), made, 4, float(made))
    refinement.restart()
    sends = []
    for made in (1, 2, 3, 4):
        shot = _next(refinement, 10.0 + made)
        sends.append(shot.send)
        refinement.took(shot, made, 4, 10.0 + made)
    assert sends == [False, False, True, True]
    refinement.restart()
    assert refinement.next_shot(99.0, credit=True, interval=0.1) is None  # it was complete


def test_refining_pictures_keep_their_distance_but_the_last_does_not_wait() -> None:
    refinement = Refinement(_goal(passes=4), 4)
    sends = []
    for number, now in enumerate([0.0, 0.05, 0.11, 0.12], 1):
        shot = _next(refinement, now)
        sends.append(shot.send)
        refinement.took(shot, number, 4, now)
    assert sends == [True, False, True, True]
    assert refinement.complete


def test_rough_pictures_are_held_back_for_a_while() -> None:
    refinement = Refinement(_goal(passes=16), 16, first=4, hold_until=0.5)
    sends = []
    for number in range(1, 5):
        shot = _next(refinement)
        sends.append(shot.send)
        refinement.took(shot, number, 16, 0.0)
    assert sends == [False, False, False, True]
    assert _next(Refinement(_goal(passes=16), 16, first=4, hold_until=0.5), 0.5).send
    assert _next(Refinement(_goal(moving=True, passes=1), 9, first=4, hold_until=0.5)).send


def test_the_last_picture_is_never_rough() -> None:
    assert _next(Refinement(_goal(passes=1), 1, first=4, hold_until=0.5)).send


def test_a_picture_of_few_passes_is_sent_at_once_where_the_first_may_have_one() -> None:
    assert _next(Refinement(_goal(passes=4), 4, first=1, hold_until=0.5)).send


def test_the_server_decides_how_many_passes_there_are() -> None:
    refinement = Refinement(_goal(passes=4), 4)
    shot = _next(refinement)
    refinement.took(shot, 1, 1, 0.0)  # it has only one: what came was not of the last quality
    assert refinement.next_shot(0.0, credit=True, interval=0.1) == Shot(render=False, send=True, final=True)


def test_a_moving_picture_waits_for_a_credit_since_a_newer_camera_will_come() -> None:
    refinement = Refinement(_goal(moving=True, passes=1), 1)
    assert refinement.next_shot(0.0, credit=False, interval=0.1) is None
    shot = _next(refinement)
    assert shot == Shot(render=True, send=True, final=True)
    refinement.took(shot, 1, 1, 0.0)
    assert refinement.complete
