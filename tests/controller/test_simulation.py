from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from tests.controller.scenes import load


@pytest.fixture
def frames(cluster):
    cluster.renderer.simulation = {"start_frame": 0, "current": 2, "end_frame": 9, "dt": 0.1, "unit": "ms"}


@pytest.mark.usefixtures("frames")
def test_the_frames_are_read(controller):
    found = controller.simulation.parameters
    assert (found.start_frame, found.current, found.end_frame, found.dt, found.unit) == (0, 2, 9, 0.1, "ms")
    assert controller.simulation.frame == 2


def test_without_a_simulation_all_is_0(controller):
    assert controller.simulation.parameters.end_frame == controller.simulation.frame == 0


@pytest.mark.usefixtures("frames")
def test_a_frame_is_shown_by_assignment(cluster, controller):
    controller.simulation.frame = 5
    assert cluster.renderer.sent("set-simulation-parameters") == [{"current": 5}]
    assert controller.simulation.frame == 5
    controller.simulation.frame = np.int64(6)
    controller.simulation.show(7)
    assert controller.simulation.frame == 7
    with pytest.raises(ValueError, match="frame is -1"):
        controller.simulation.frame = -1
    with pytest.raises(ValueError, match=r"frame is 1\.5"):
        controller.simulation.show(1.5)


def test_a_frame_that_the_renderer_refuses_raises(cluster, controller):
    cluster.renderer.errors["set-simulation-parameters"] = (-32602, "there is no frame 7")
    before = controller.state.revision
    with pytest.raises(RequestError, match="no frame 7"):
        controller.simulation.frame = 7
    assert cluster.renderer.sent("set-simulation-parameters") == [{"current": 7}]
    assert before == 0


def test_models_show_their_simulation_or_their_colors(cluster, controller):
    model = load(controller)
    before = controller.state.revision
    controller.simulation.enable(model.id)
    controller.simulation.enable(model.id, enabled=False)
    assert cluster.renderer.sent("enable-simulation") == [
        {"model_id": model.id, "enabled": True},
        {"model_id": model.id, "enabled": False},
    ]
    assert controller.state.revision > before
    with pytest.raises(RequestError):
        controller.simulation.enable(99)
