"""Colors with the real local service: what pictures show of values that several models share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

WAIT = 60
TYPES = [f"L{layer}_{kind}" for layer in (1, 23, 4, 5, 6) for kind in ("BC", "MC", "PC", "NGC")]
CELLS = len(TYPES)
pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A controller, and two circuits of a row of cells, 10 µm apart: one of all types, one of a few."""
    whole = write_circuit(tmp_path_factory.mktemp("whole"), {**places(CELLS), "mtype": TYPES})
    few = write_circuit(tmp_path_factory.mktemp("few"), {**places(3), "mtype": ["L5_MC", "L6_XC", "L4_PC"]})
    for path in (whole, few):
        (path.parent / "morphologies" / "cell.swc").write_text("1 1 0 0 0 4 -1\n2 3 0 3 0 1 1\n")
    with Controller() as controller:
        controller.background = "black"
        yield controller, whole, few


@pytest.fixture
def controller(shared: Any) -> Controller:
    """A controller with an empty scene, which looks at the row from the front: each cell has 10 of 200 pixels."""
    controller: Controller = shared[0]
    controller.clear()
    controller.camera = Camera.orthographic((95, 0, 100), (95, 0, 0), height=10)
    return controller


def load(controller, path, **options):
    (model,) = controller.load_circuit(path, color_by="mtype", dendrites=False, frame=False, **options).result(WAIT)
    return model


def seen(controller, cell):
    """Return the mean color in the middle of a cell."""
    picture = np.asarray(controller.snapshot(size=(200 * 4, 10 * 4), samples=4).result(WAIT))[..., :3].astype(float)
    return picture[16:24, cell * 40 + 16 : cell * 40 + 24].mean((0, 1))


def test_a_value_has_one_color_in_all_models_and_whatever_share_is_loaded(controller, shared):
    _, whole, few = shared
    part = load(controller, whole, node_ids=[13])  # L5_MC
    first = controller.colors.of("mtype")
    assert first.keys() == set(TYPES), "all values of the population have a color"
    alone = seen(controller, 13)
    part.remove()
    load(controller, whole)
    assert controller.colors.of("mtype") == first
    assert seen(controller, 13) == pytest.approx(alone, abs=3)
    load(controller, few)
    assert controller.colors.of("mtype").items() > first.items()
    controller.models[0].visible = False
    assert seen(controller, 0) == pytest.approx(alone, abs=3), "the same value in another circuit"
    legend = {entry.label: entry.color for section in controller.state.sections for entry in section.entries}
    assert len(set(legend.values())) == len(TYPES) + 1


def test_a_value_that_is_recolored_is_seen_so_in_all_models(controller, shared):
    _, whole, few = shared
    load(controller, whole)
    load(controller, few)
    controller.colors.set("mtype", {"L5_MC": "lime"})
    for model, cell in ((0, 13), (1, 0)):
        controller.models[model].visible = True
        controller.models[1 - model].visible = False
        red, green, blue = seen(controller, cell)
        assert green > 100 > 50 > max(red, blue)
    controller.colors.set("mtype", {"L5_MC": None})
    red, green, blue = seen(controller, 0)
    assert not green > 2 * max(red, blue)


def test_cells_are_selected_by_the_value_that_the_legend_tells(controller, shared):
    _, whole, _ = shared
    load(controller, whole)
    controller.selection.set_by_value("mtype", "L5_MC")
    assert controller.selection.ids().tolist() == [13]
    model = controller.models[0]
    model.color_by(model.cells["mtype"].str[:2])
    controller.selection.set_by_value("mtype", "L5")
    assert controller.selection.ids().tolist() == [12, 13, 14, 15]


def test_a_snapshot_with_the_legend_shows_the_colors_flat_in_their_corner(controller, shared):
    _, whole, _ = shared
    load(controller, whole, node_ids=[13])
    wanted = controller.colors.of("mtype")["L5_MC"]
    plain, printed = (
        np.asarray(controller.snapshot(size=(800, 400), samples=1, legend=legend).result(WAIT))[..., :3]
        for legend in (False, "upper right")
    )
    flat = np.array([int(wanted[start : start + 2], 16) for start in (1, 3, 5)])
    rows, columns = np.nonzero((printed == flat).all(-1))
    assert len(rows) > 40
    assert rows.max() < 100
    assert columns.min() > 600
    assert (printed[100:, :600] == plain[100:, :600]).all(), "the rest of the picture is the same"
