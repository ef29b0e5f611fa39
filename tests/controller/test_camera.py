from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.controller.camera import FRONT, Camera, Vector, box_around, corners

NUMBER = st.floats(-1e5, 1e5)
POINT = st.tuples(NUMBER, NUMBER, NUMBER)
HALF = st.floats(1.0, 1e4)
KINDS = ["perspective", "orthographic", "cylindric"]


def project(camera: Camera, point: Vector, aspect: float) -> tuple[float, float]:
    """Where a point is in the picture: -1..1 from left to right and from bottom to top, by a second formula."""
    forward = [t - p for t, p in zip(camera.target, camera.position, strict=True)]
    length = math.hypot(*forward)
    forward = [f / length for f in forward]
    f, u = forward, camera.up
    right = [f[1] * u[2] - f[2] * u[1], f[2] * u[0] - f[0] * u[2], f[0] * u[1] - f[1] * u[0]]
    length = math.hypot(*right)
    right = [r / length for r in right]
    up = [right[1] * f[2] - right[2] * f[1], right[2] * f[0] - right[0] * f[2], right[0] * f[1] - right[1] * f[0]]
    to = [a - b for a, b in zip(point, camera.position, strict=True)]
    x, y, z = (sum(a * b for a, b in zip(to, axis, strict=True)) for axis in (right, up, forward))
    assert z > 0, "behind the eye"
    half = z * math.tan(math.radians(camera.fovy) / 2) if camera.type == "perspective" else camera.height / 2
    return x / (half * aspect), y / half


@given(POINT, st.tuples(HALF, HALF, HALF), st.floats(0.3, 3.0), st.sampled_from(["perspective", "orthographic"]))
def test_framing_shows_every_corner_and_fills_the_picture(center, half, aspect, kind):
    low = tuple(c - h for c, h in zip(center, half, strict=True))
    high = tuple(c + h for c, h in zip(center, half, strict=True))
    camera = Camera(type=kind).framing(corners((low, high)), aspect)
    spots = [project(camera, corner, aspect) for corner in itertools.product(*zip(low, high, strict=True))]
    reach = max(max(abs(x), abs(y)) for x, y in spots)
    assert 0.9 < reach <= 1.0


POINTS = st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 3), min_size=1, max_size=9)


@given(POINTS, POINT, st.floats(0.3, 3.0), st.sampled_from(["perspective", "orthographic"]))
def test_framing_shows_all_points_and_reaches_opposite_edges_with_them(points, position, aspect, kind):
    camera = Camera(position, (3.0, 5.0, 7.0), (0.1, 1.0, 0.2), kind).framing(points, aspect)
    spots = [project(camera, point, aspect) for point in points]
    xs, ys = zip(*spots, strict=True)
    assert max(map(abs, xs + ys)) <= 1.0
    size = math.dist(*box_around(points))
    if size > 2 and (kind == "orthographic" or min(math.dist(camera.position, point) for point in points) > size / 4):
        ends = [(max(values), -min(values)) for values in (xs, ys)]
        assert any(min(both) == pytest.approx(1 / 1.04, abs=1e-3) for both in ends)


def test_a_neurite_that_points_at_the_eye_is_not_touched():
    camera = FRONT.framing([(0.0, 0.0, 0.0), (0.0, 0.0, 100.0)], 1.0)
    assert camera.position[2] == pytest.approx(101)


def test_the_default_view_is_from_the_front_with_y_up():
    camera = FRONT.framing(corners(((-1.0, -2.0, -3.0), (1.0, 2.0, 3.0))), 4 / 3)
    assert camera.target == (0.0, 0.0, 0.0)
    assert camera.position[:2] == (0.0, 0.0)
    assert camera.position[2] > 3
    assert camera.up == (0.0, 1.0, 0.0)
    x, y = project(camera, (1.0, 2.0, 3.0), 4 / 3)
    assert x > 0
    assert y > 0


def test_framing_keeps_direction_and_projection():
    camera = Camera.perspective((1000.0, 0.0, 0.0), (0.0, 0.0, 0.0), fovy=30).framing(
        corners(((0, 0, 0), (10, 10, 10))), 1.0
    )
    assert camera.fovy == 30
    assert camera.position[1:] == pytest.approx((5.0, 5.0))
    assert camera.position[0] > 10


def test_a_cylindric_camera_is_framed_as_a_perspective_one():
    points = [(-50.0, -20.0, 0.0), (50.0, 20.0, 10.0)]
    camera = Camera(type="cylindric").framing(points, 4 / 3)
    assert camera == replace(Camera().framing(points, 4 / 3), type="cylindric")


def test_a_point_is_framed_too():
    camera = FRONT.framing([(5.0, 5.0, 5.0)], 1.0)
    assert camera.target == (5.0, 5.0, 5.0)
    assert camera.position[2] > 6


def test_framing_keeps_up_so_that_turning_goes_on_upright():
    camera = Camera((100.0, 500.0, 100.0), (0.0, 0.0, 0.0)).framing(corners(((0, 0, 0), (10, 10, 10))), 1.0)
    assert camera.up == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("side", "direction", "right", "top"),
    [
        ("front", (0, 0, 1), (1, 0, 0), (0, 1, 0)),
        ("back", (0, 0, -1), (-1, 0, 0), (0, 1, 0)),
        ("left", (-1, 0, 0), (0, 0, 1), (0, 1, 0)),
        ("right", (1, 0, 0), (0, 0, -1), (0, 1, 0)),
        ("top", (0, 1, 0), (1, 0, 0), (0, 0, -1)),
        ("bottom", (0, -1, 0), (1, 0, 0), (0, 0, 1)),
    ],
)
def test_each_side_is_looked_at_upright(side, direction, right, top):
    camera = Camera((30.0, 50.0, -20.0), (10.0, 20.0, 30.0), up=(1.0, 0.0, 0.0)).seen_from(side)
    distance = math.dist((30, 50, -20), (10, 20, 30))
    away = np.subtract(camera.position, camera.target)
    assert away == pytest.approx(np.multiply(direction, distance), abs=distance / 500)
    assert camera.up == (0.0, 1.0, 0.0)
    for axis, seen in ((right, (1, 0)), (top, (0, 1))):
        x, y = project(camera, tuple(np.add(camera.target, axis)), 1.0)
        assert np.array((x, y)) / math.hypot(x, y) == pytest.approx(seen, abs=2e-3)


def test_a_roll_turns_what_is_seen_clockwise():
    camera = FRONT.rolled(90)
    x, y = project(camera, (0.0, 10.0, 0.0), 1.0)  # what was above
    assert x > 0
    assert y == pytest.approx(0, abs=1e-9)
    assert camera.position == FRONT.position
    oblique = Camera((100.0, 500.0, 100.0), (0.0, 0.0, 0.0))
    assert oblique.rolled(360).up == pytest.approx(oblique.up)


def test_pages_frame_and_turn_as_python_does():
    # js/tests/framing.test.ts compares the page's cameras with the same numbers.
    path = Path(__file__).resolve().parents[2] / "js" / "tests" / "framing.json"
    for case in json.loads(path.read_text(encoding="utf-8")):
        camera, (low, high) = Camera.from_dict(case["camera"]), case["box"]
        for name, made in (
            ("framing", camera.framing(corners((low, high)), case["aspect"])),
            ("seen", camera.seen_from(case["side"])),
            ("rolled", camera.rolled(case["degrees"])),
        ):
            expected = Camera.from_dict(case[name])
            for field in ("position", "target", "up", "fovy", "height", "aperture"):
                assert getattr(made, field) == pytest.approx(getattr(expected, field)), (name, field)


@given(POINT, st.sampled_from(KINDS), st.floats(1, 170), st.floats(1, 1e6), st.floats(0, 1e3))
def test_json_holds_all_of_it(position, kind, fovy, height, aperture):
    target = (position[0], position[1], position[2] - 10)
    camera = Camera(position, target, type=kind, fovy=fovy, height=height, aperture=aperture)
    assert Camera.from_dict(camera.to_dict()) == camera


def test_json_may_leave_things_out():
    assert Camera.from_dict({"position": [0, 0, 5]}) == Camera(position=(0.0, 0.0, 5.0))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"position": [0, 0, 0]}, "no view"),
        ({"position": [0, 5, 0], "up": [0, 1, 0]}, "no view"),
        ({"up": [0, 0, 0]}, "no view"),
        ({"position": [1, 2]}, "three numbers"),
        ({"position": "abc"}, "three numbers"),
        ({"position": [1, 2, "3"]}, "not a finite number"),
        ({"position": [1, 2, math.nan]}, "not a finite number"),
        ({"position": [1, 2, True]}, "not a finite number"),
        ({"type": "fisheye"}, "'fisheye'"),
        ({"fovy": 180}, "between 0 and 180"),
        ({"fovy": None}, "not a finite number"),
        ({"height": 0}, "positive"),
        ({"aperture": -1}, "not a radius"),
        ({"roll": 3}, "roll"),
    ],
)
def test_what_is_no_camera_is_refused(data, problem):
    with pytest.raises(ValueError, match=problem):
        Camera.from_dict(data)


def test_calls_of_the_renderer():
    view = {"position": [0.0, 0.0, 9.0], "target": [0.0, 0.0, 0.0], "up": [0.0, 1.0, 0.0]}
    assert sent(Camera.perspective((0, 0, 9), (0, 0, 0), fovy=30)) == [
        ("set-camera-perspective", {"fovy": 30}),
        ("set-camera-view", view),
    ]
    assert sent(Camera.orthographic((0, 0, 9), (0, 0, 0), height=50)) == [
        ("set-camera-orthographic", {"height": 50}),
        ("set-camera-view", view),
    ]
    assert sent(Camera((0, 0, 9), type="cylindric", fovy=30, aperture=2)) == [
        ("set-camera-cylindric", {"fovy": 30}),
        ("set-camera-view", view),
    ]


def test_a_lens_is_focused_at_the_target():
    (call, _) = sent(Camera((0, 0, 9), (0, 0, 2), fovy=30, aperture=0.5))
    assert call == ("set-camera-perspective", {"fovy": 30, "aperture_radius": 0.5, "focus_distance": 7})


def sent(camera: Camera) -> list[tuple[str, Any]]:
    return [(endpoint.name, endpoint.encode(params)) for endpoint, params in camera.calls()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("aperture", [0, 1])
def test_calls_satisfy_the_real_renderers_schemas(shared_dir, kind, aperture):
    schemas = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text(encoding="utf-8"))
    for method, params in sent(Camera(type=kind, aperture=aperture)):
        jsonschema.validate(params, schemas[method]["params"])


def test_arrays_and_numbers_of_numpy_are_taken():
    camera = Camera(position=np.array([0, 0, 5]), target=list(np.zeros(3)), fovy=np.float32(30))  # type: ignore[arg-type]
    assert camera.position == (0.0, 0.0, 5.0)
    assert Camera.from_dict({"position": np.arange(3), "fovy": np.int64(30)}) == Camera((0.0, 1.0, 2.0), fovy=30.0)
    with pytest.raises(ValueError, match="three numbers"):
        Camera(position=np.zeros(4))  # type: ignore[arg-type]


def test_both_projections_show_the_target_at_one_scale():
    assert Camera.perspective((0, 0, 10), (0, 0, 0), fovy=90).height == pytest.approx(20)
