"""Connections with the real local service: what pictures show of synapses, lines and points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_edges

WAIT = 60
SIZE = 160, 80
CELLS = 4
TRACED = 0.005  # of a picture's pixels
Picture = npt.NDArray[np.int64]
pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A controller, and the path of a circuit of four cells in a row, 10 µm apart, with synapses above them."""
    attributes = {**places(CELLS), "synapse_class": ["EXC", "INH", "EXC", "INH"]}
    path = write_circuit(tmp_path_factory.mktemp("row"), attributes)
    centers = {"afferent_center_x": [0.0, 10.0, 30.0], "afferent_center_y": [6.0] * 3, "afferent_center_z": [0.0] * 3}
    write_edges(path, [1, 0, 0], [0, 1, 3], attributes=centers)
    with Controller() as controller:
        controller.background = "black"
        yield controller, path


@pytest.fixture
def controller(shared: Any) -> Controller:
    """A controller that shows the row from the front, in dark gray, each cell in a quarter of the picture."""
    controller: Controller
    controller, path = shared
    controller.clear()
    controller.selection.clear()
    controller.load_circuit(path).result(WAIT)
    controller.camera = Camera.orthographic((15, 0, 100), (15, 0, 0), height=20)
    controller.models[0].color = "#333333"
    return controller


def picture(controller: Controller) -> Picture:
    """Render the scene: (height, width, 3)."""
    return np.asarray(controller.snapshot(size=SIZE, samples=4).result(WAIT))[..., :3].astype(np.int64)


def colored(found: Picture, color: str) -> list[bool]:
    """Tell of each quarter whether enough of its pixels are of a color: "warm" or "cold"."""
    red, blue = found[..., 0], found[..., 2]
    mask = red - blue > 60 if color == "warm" else blue - red > 60
    return [bool(part.mean() > TRACED) for part in np.split(mask, CELLS, axis=1)]


def test_synapses_are_where_they_are_in_the_colors_of_their_type(controller):
    controller.synapses().show(color_by="type", radius=2)
    found = picture(controller)
    assert colored(found, "warm") == [False, True, False, True]  # from cell 0
    assert colored(found, "cold") == [True, False, False, False]  # from cell 1


def test_lines_go_from_soma_to_soma(controller):
    controller.models[0].visible = False
    controller.synapses(source=0, target=3).show("lines", color="orange", radius=2)
    found = picture(controller)
    assert colored(found, "warm") == [True] * CELLS
    rows = [np.flatnonzero(part.sum(axis=(1, 2)) > 0) for part in np.split(found, CELLS, axis=1)]
    assert len(rows[1]) > len(rows[2])  # thinner towards its end


def test_isolated_partners_stay_and_the_rest_fades(controller):
    controller.models[0].color = "white"
    before = picture(controller).sum(axis=(0, 2))
    controller.partners(3).isolate()
    after = picture(controller).sum(axis=(0, 2))
    was, now = (np.array([part.sum() for part in np.split(sums, CELLS)]) for sums in (before, after))
    assert (now < 0.6 * was).tolist() == [False, True, True, False]


def test_points_and_electrodes_are_seen(controller, tmp_path):
    controller.add_points(pd.DataFrame({"x": [0.0, 20.0], "y": 6.0, "z": 0.0}), radius=2, color="orange")
    assert colored(picture(controller), "warm") == [True, False, True, False]
    (tmp_path / "probe.csv").write_text("x_pos y_pos z_pos\n10 6 0\n")
    controller.load_electrodes(tmp_path / "probe.csv", radius=2, color="dodgerblue")
    assert colored(picture(controller), "cold") == [False, True, False, False]
