"""Models with the real local service: what pictures and picks show of where they are and what they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

WAIT = 240  # kernels for transparent surfaces are compiled once
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("nothing_is_left")]
PIXELS = 4  # for one µm


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A controller, and a circuit of three somas in a row, 10 µm apart, with a radius of 4 µm."""
    circuit = write_circuit(tmp_path_factory.mktemp("row"), {**places(3), "mtype": ["a", "b", "c"]})
    (circuit.parent / "morphologies" / "cell.swc").write_text("1 1 0 0 0 4 -1\n2 3 0 3 0 1 1\n")
    with Controller() as controller:
        controller.background = "black"
        yield controller, circuit


@pytest.fixture
def controller(shared: Any) -> Controller:
    """A controller whose camera sees 60 x 60 µm about the middle of the row, 4 pixels for one µm."""
    controller: Controller = shared[0]
    controller.clear()
    controller.camera = Camera.orthographic((10, 0, 200), (10, 0, 0), height=60)
    return controller


@pytest.fixture
def model(controller, shared):
    (model,) = controller.load_circuit(shared[1], dendrites=False, frame=False).result(WAIT)
    model.color = "white"
    return model


def picture(controller):
    size = (60 * PIXELS, 60 * PIXELS)
    return np.asarray(controller.snapshot(size=size, samples=4).result(WAIT))[..., :3].mean(-1)


def seen(controller, x, y=0.0):
    """Return how bright a place of the plane z = 0 is."""
    column, row = round((x + 20) * PIXELS), round((30 - y) * PIXELS)
    return picture(controller)[row - 2 : row + 2, column - 2 : column + 2].mean()


def cell_at(controller, x, y=0.0):
    return controller.selection.pick((x + 20) / 60, (30 - y) / 60, aspect=1).cell


def test_a_model_is_seen_and_picked_where_it_was_put(controller, model):
    assert (seen(controller, 0) > 100, cell_at(controller, 0), cell_at(controller, 20)) == (True, 0, 2)
    model.turn(z=90)
    assert seen(controller, 0) == 0
    assert [cell_at(controller, 10, y) for y in (-10, 0, 10)] == [0, 1, 2]
    model.move(0, 12)
    assert [cell_at(controller, 10, y) for y in (2, 12, 22)] == [0, 1, 2]
    model.scale(0.5)
    assert [cell_at(controller, 10, y) for y in (7, 12, 17)] == [0, 1, 2]
    low, high = np.array(model.bounds)
    assert (low + high) / 2 == pytest.approx([10, 12, 0], abs=0.01)
    assert high - low == pytest.approx([4, 14, 4], abs=0.01)
    model.frame()
    assert controller.camera.target == pytest.approx((10, 12, 0), abs=0.01)
    controller.camera = Camera.orthographic((10, 0, 200), (10, 0, 0), height=60)
    model.put_back()
    assert [cell_at(controller, x) for x in (0, 10, 20)] == [0, 1, 2]


def test_selected_cells_are_framed_where_they_are(controller, model):
    model.move(100, 0, 0)
    controller.selection = [0]
    controller.selection.frame()
    assert controller.camera.target == pytest.approx((100, 0, 0), abs=0.5)


def test_the_opacity_of_the_three_materials_that_have_one_is_seen(controller, model):
    for name in ("phong", "matte", "plastic"):
        model.material = name
        model.opacity = 1
        opaque = seen(controller, 0)
        model.opacity = 0.1
        assert 0 < seen(controller, 0) < 0.8 * opaque


def test_options_of_a_material_are_seen(controller, model):
    model.color = "black"
    assert seen(controller, 0) < 30
    model.set_material("emissive", {"color": "white", "intensity": 1})
    assert model.opacity is None
    assert seen(controller, 0) > 150


def test_a_model_is_as_thick_as_it_was_set(controller, model):
    assert seen(controller, 5) == 0
    model.thickness = 1.5
    assert seen(controller, 5) > 0
    assert model.bounds[1][1] == pytest.approx(6, abs=0.01)
    model.thickness = 1
    assert seen(controller, 5) == 0


def test_a_copy_has_a_color_and_a_place_of_its_own(controller, model):
    model.name = "row"
    copy = model.copy().result(WAIT)
    assert (copy.name, copy.color != model.color) == ("row (copy)", True)
    copy.move(0, 15)
    model.visible = False
    assert (seen(controller, 0), seen(controller, 0, 15) > 0) == (0, True)
    assert controller.selection.pick(1 / 3, 0.25, aspect=1).model == "row (copy)"


def test_all_of_it_comes_back(controller, model):
    model.turn(z=90)
    model.update(name="column", opacity=0.5, thickness=1.25)
    copy = model.copy().result(WAIT)
    controller.models.reorder([copy, model])
    before = picture(controller)
    states = [(one.name, one.opacity, one.thickness, one.placement) for one in controller.models]
    controller.job.stop()
    controller.job.restore().result(WAIT)
    assert [(one.name, one.opacity, one.thickness, one.placement) for one in controller.models] == states
    assert np.abs(picture(controller) - before).mean() < 1
