"""Colors that other clients have given to models are shown, as far as the renderer tells them."""

from __future__ import annotations

import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.legend import LegendEntry
from tests.controller.scenes import WAIT, load
from tests.fakes import JOB_ID

BLUE, RED = [0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0]


def told(method: str, values: dict[str, list[float]]):
    return lambda _: {"method": method, "values": values}


@pytest.fixture
def joined(cluster):
    """A controller that is yet to join a job, in which there is a circuit."""
    cluster.renderer.add("neurons")
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        yield controller


def test_a_coloring_by_categories_comes_with_its_legend(cluster, joined):
    cluster.renderer.answers["get-model-coloring"] = told("mtype", {"L5_BC": RED, "L23_PC": BLUE})
    joined.start().result(WAIT)
    (model,), (section,) = joined.models, joined.state.legend.sections
    assert (model.colored_by, model.color) == ("mtype", None)
    assert (section.model, section.title) == (model.id, "mtype")
    assert section.entries == (LegendEntry("L5_BC", "#ff0000"), LegendEntry("L23_PC", "#0000ff"))


@pytest.mark.parametrize(
    ("method", "values", "color"),
    [
        ("solid", {"color": BLUE}, "#0000ff"),
        ("id", {}, None),  # there may be a color for each cell
        ("id", {"0-3": RED}, None),
        ("", {}, None),  # nobody has colored it
    ],
)
def test_colors_without_a_meaning_have_no_legend(cluster, joined, method, values, color):
    cluster.renderer.answers["get-model-coloring"] = told(method, values)
    joined.start().result(WAIT)
    (model,) = joined.models
    assert (model.colored_by, model.color) == (method, color)
    assert joined.state.legend is None


def test_brayns_does_not_tell(joined):
    joined.start().result(WAIT)
    (model,) = joined.models
    assert (model.colored_by, model.color) == (None, None)
    assert joined.state.legend is None


def test_a_raw_request_is_taken_in(cluster, controller):
    model = load(controller, color_by="mtype")
    cluster.renderer.answers["get-model-coloring"] = told("morphology section", {"axon": RED})
    controller.renderer.request("color-model", {"id": model.id, "method": "morphology section", "values": {}})
    assert model.colored_by == "morphology section"
    (section,) = controller.state.legend.sections
    assert section.entries == (LegendEntry("axon", "#ff0000"),)


def test_a_load_asks_for_no_colors_of_others(cluster, controller):
    load(controller)
    assert "get-model-coloring" not in cluster.renderer.methods()
