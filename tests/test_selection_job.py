"""The selection with the real local service: what pictures show of cells that are hidden, isolated, colored, framed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

WAIT = 60
SIZE = 160, 80
CELLS = 4
UPRIGHT = "1 1 0 0 0 2 -1\n2 3 0 3 0 1 1\n3 3 0 10 0 0.5 2\n"
Picture = npt.NDArray[np.int64]
pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A controller, and the path of a circuit of four cells in a row, 10 µm apart."""
    path = write_circuit(tmp_path_factory.mktemp("row"), {**places(CELLS), "mtype": ["A", "B", "A", "B"]})
    (path.parent / "morphologies" / "cell.swc").write_text(UPRIGHT)
    with Controller() as controller:
        controller.background = "black"
        yield controller, path


@pytest.fixture
def controller(shared: Any) -> Controller:
    """A controller that shows the row from the front, each cell in a quarter of the picture."""
    controller: Controller
    controller, path = shared
    controller.clear()
    controller.selection.clear()
    controller.load_circuit(path, radius_multiplier=2.0).result(WAIT)
    controller.camera = Camera.orthographic((15, 4, 100), (15, 4, 0), height=20)
    controller.models[0].color_by("mtype", palette={"A": "red", "B": "lime"})
    return controller


def picture(controller: Controller) -> Picture:
    """Render the scene: (height, width, 3)."""
    return np.asarray(controller.snapshot(size=SIZE, samples=4).result(WAIT))[..., :3].astype(np.int64)


def quarters(found: Picture) -> list[Picture]:
    """Cut a picture into what shows each cell."""
    return np.split(found, CELLS, axis=1)


def test_the_camera_shows_each_cell_in_a_quarter(controller):
    for cell, part in enumerate(quarters(picture(controller))):
        red, green = part[..., 0].sum(), part[..., 1].sum()
        assert red > 10 * green if cell % 2 == 0 else green > 10 * red


def test_hidden_cells_are_not_seen_and_come_back_exactly(controller):
    before = picture(controller)
    controller.selection.set([1, 2])
    controller.selection.hide()
    parts = quarters(picture(controller))
    assert [part.any() for part in parts] == [True, False, False, True]
    controller.selection.set([3])
    controller.selection.hide()
    assert [part.any() for part in quarters(picture(controller))] == [True, False, False, False]
    controller.selection.show_all()
    assert (picture(controller) == before).all()


def test_isolated_cells_stay_and_the_rest_fades(controller):
    before = picture(controller)
    controller.selection.set([1])
    controller.selection.isolate()
    for cell, (old, new) in enumerate(zip(quarters(before), quarters(picture(controller)), strict=True)):
        if cell == 1:
            assert np.abs(old - new).mean() < 1  # but for another noise in its shadows
        else:
            assert 0 < new.max() < old.max() / 3
    controller.selection.show_all()
    assert (picture(controller) == before).all()


def test_a_hidden_cell_that_is_isolated_is_seen(controller):
    controller.selection.set([0, 1])
    controller.selection.hide()
    controller.selection.set([1])
    controller.selection.isolate()
    parts = quarters(picture(controller))
    assert not parts[0].any()
    assert parts[1].max() > 2 * parts[2].max() > 0


def test_colored_cells_have_their_color_until_the_model_is_colored(controller):
    before = picture(controller)
    controller.selection.set([0])
    controller.selection.color("blue")
    now = quarters(picture(controller))
    assert now[0][..., 2].sum() > 10 * now[0][..., 0].sum()
    assert all((a == b).all() for a, b in zip(now[1:], quarters(before)[1:], strict=True))
    controller.selection.hide()
    controller.selection.show_all()
    assert all((a == b).all() for a, b in zip(now, quarters(picture(controller)), strict=True))
    controller.models[0].color_by("mtype", palette={"A": "red", "B": "lime"})
    assert (picture(controller) == before).all()


def test_hidden_cells_stay_hidden_when_the_model_is_colored(controller):
    controller.selection.set([0, 1])
    controller.selection.hide()
    for values in ("solid", "mtype", [1.0, 2.0, 3.0, 4.0], "id", "morphology section"):
        controller.models[0].color_by(values)
        assert [part.any() for part in quarters(picture(controller))] == [False, False, True, True], values
        controller.selection.show_all()
        shown = picture(controller)
        controller.models[0].color_by(values)
        assert (picture(controller) == shown).all(), values
        controller.selection.hide()


def test_framed_cells_fill_the_picture(controller):
    row = controller.camera.value
    controller.selection.set([2])
    controller.selection.frame()
    assert controller.camera.target[0] == pytest.approx(20, abs=2)
    assert controller.camera.height < row.height
    middle = slice(3 * SIZE[0] // 8, 5 * SIZE[0] // 8)
    assert picture(controller)[:, middle].any(axis=(1, 2)).mean() > 0.8  # from top to bottom
    controller.selection.hide()
    assert not picture(controller)[:, middle].any()  # it was this cell
    controller.selection.show_all()
    controller.selection.set([0, 1, 2, 3])
    controller.selection.frame()
    whole = controller.camera.value
    controller.models[0].frame()  # by its outline, which lies within the boxes of its cells
    assert controller.camera.target == pytest.approx(whole.target, abs=0.1)
    assert whole.height * 0.98 < controller.camera.height <= whole.height


def test_a_selection_becomes_a_model(controller):
    controller.selection.set([1, 3])
    (model,) = controller.selection.to_model().result(WAIT)
    assert model.ids() == [1, 3]
    assert controller.selection == {"cells": "1,3"}
    controller.models[0].visible = False
    parts = quarters(picture(controller))
    assert [part.any() for part in parts] == [False, True, False, True]
    # With the same radii.
    controller.models[0].visible = True
    model.visible = False
    old = quarters(picture(controller))
    assert ((old[1] > 0).any(axis=2) == (parts[1] > 0).any(axis=2)).all()


def test_what_was_hidden_is_hidden_in_the_next_renderer(controller):
    controller.selection.set([1])
    controller.selection.color("blue")
    controller.selection.set([0])
    controller.selection.hide()
    before = picture(controller)
    controller.job.stop()
    controller.job.restore().result(WAIT)
    assert (picture(controller) == before).all()
    controller.selection.show_all()
    parts = quarters(picture(controller))
    assert parts[0][..., 0].sum() > 0
    assert parts[1][..., 2].sum() > 10 * parts[1][..., 1].sum()


def test_a_pick_selects_what_the_picture_shows(controller):
    controller.camera = Camera.orthographic((20, 2, 100), (20, 2, 0), height=20)  # more room above than below
    middle = picture(controller)[:, SIZE[0] // 2]
    rows = np.flatnonzero(middle.any(axis=1))
    assert rows[0] + rows[-1] < SIZE[1] - 10
    picked = controller.selection.pick(0.5, (rows[0] + 3) / SIZE[1])  # the tip of the third one
    assert (picked.cell, picked.population, picked.attributes["mtype"]) == (2, "cells", "A")
    assert (picked.section_type, picked.section) == ("dendrite", 1)
    assert picked.part > 0.8
    assert controller.selected["x"].tolist() == [20.0]
