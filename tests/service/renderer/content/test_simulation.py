"""Colors of simulations."""

from __future__ import annotations

import numpy as np

from brayns_widget.protocol.colors import parse
from brayns_widget.service.reading.reader import Runner
from brayns_widget.service.renderer.content.ramps import NOT_A_NUMBER, ColorRamp
from brayns_widget.service.renderer.content.reports import Floats, Timeline
from brayns_widget.service.renderer.content.simulation import Simulation
from brayns_widget.service.rpc.running import RunningRequest


class Values:
    """A report of one frame."""

    timeline = Timeline(1.0, 0, 0)

    def __init__(self, *values: float) -> None:
        self._values = np.array(values, np.float32)

    def read(self, frame: int, request: RunningRequest | None = None) -> Floats:
        return self._values

    def try_again(self) -> None:
        pass

    def read_by(self, runner: Runner) -> None:
        pass

    def close(self) -> None:
        pass


def test_what_is_not_a_number_has_a_color_of_its_own() -> None:
    simulation = Simulation(Values(0.0, np.nan, 1.0, -np.inf), np.array([0, 1, 2, 3, -1]))
    simulation.ramp = ColorRamp(np.array([[0, 0, 1, 1], [1, 0, 0, 1]], np.float32), 0.0, 1.0)
    own = np.ones((5, 4), np.float32)
    blue, red, gray = [0, 0, 1, 1], [1, 0, 0, 1], np.array(NOT_A_NUMBER, np.float32).tolist()
    assert simulation.colors(own).tolist() == [blue, gray, red, blue, [1, 1, 1, 1]]


def test_this_color_is_that_of_cells_without_a_value() -> None:
    np.testing.assert_allclose(NOT_A_NUMBER, parse("#808080"), atol=1e-4)
