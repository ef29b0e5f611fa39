"""Projections with the real local service: where pictures show somas, and how sharp."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

WAIT = 240
SIDE = 240  # pixels
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("nothing_is_left")]


@pytest.fixture(scope="module")
def controller(tmp_path_factory):
    """A controller with white somas, with a radius of 2 µm, at 0, 10 and 20 µm along x."""
    circuit = write_circuit(tmp_path_factory.mktemp("row"), {**places(3), "mtype": ["a", "b", "c"]})
    (circuit.parent / "morphologies" / "cell.swc").write_text("1 1 0 0 0 2 -1\n2 3 0 2 0 1 1\n")
    with Controller() as controller:
        controller.background = "black"
        (model,) = controller.load_circuit(circuit, dendrites=False, frame=False).result(WAIT)
        model.color = "white"
        yield controller


def picture(controller: Controller, samples: int = 4) -> Any:
    return np.asarray(controller.snapshot(size=(SIDE, SIDE), samples=samples).result(WAIT))[..., :3].mean(-1)


def test_a_cylindric_camera_sees_half_a_turn(controller):
    controller.camera = Camera((10, 0, 10), (10, 0, 0), type="cylindric", fovy=60)
    shown = picture(controller)
    columns = [round(SIDE * (0.5 + math.atan2(x, 10) / math.pi)) for x in (-10, 0, 10)]
    assert [round(column / SIDE, 2) for column in columns] == [0.25, 0.5, 0.75]
    bright = [shown[SIDE // 2 - 2 : SIDE // 2 + 2, column - 2 : column + 2].mean() for column in columns]
    assert min(bright) > 60
    between = [shown[:, (a + b) // 2].max() for a, b in itertools.pairwise(columns)]
    assert max(between) < 20


def test_a_lens_blurs_what_is_not_at_the_target(controller):
    # Along the row, and so that no soma hides another one.
    camera = Camera((-20, 5, 0), (0, 0, 0), fovy=40)
    controller.camera = camera
    sharp = picture(controller, 64)
    controller.camera.aperture = 1.5
    assert controller.camera == Camera((-20, 5, 0), (0, 0, 0), fovy=40, aperture=1.5)
    blurred = picture(controller, 64)
    near, far = (edges(shown) for shown in (sharp, blurred))
    rows = {x: row_of(camera, x) for x in (0, 20)}
    assert rows[0] - rows[20] > 20  # pixels, so that each has rows of its own
    assert far[rows[0]] > 0.7 * near[rows[0]]  # in focus
    assert far[rows[20]] < 0.5 * near[rows[20]]


def edges(shown: Any) -> Any:
    """Return the strongest edge in each row."""
    return np.abs(np.diff(shown, axis=1)).max(1)


def row_of(camera: Camera, x: float) -> int:
    """Return the row in which a camera that looks along x, and down, sees a point of the axis."""
    eye, target = np.array(camera.position), np.array(camera.target)
    forward = (target - eye) / np.linalg.norm(target - eye)
    top = np.cross(np.cross(forward, [0, 1, 0]), forward)
    offset = np.array([x, 0, 0]) - eye
    slope = offset @ top / np.linalg.norm(top) / (offset @ forward)
    return int(SIDE * (0.5 - slope / (2 * math.tan(math.radians(camera.fovy) / 2))))
