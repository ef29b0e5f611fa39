from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.coloring.base import YELLOW, parse_ids
from brayns_widget.service.renderer.content.coloring.cells import CellColoring, Labels

RED, GREEN = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.5]


def coloring(*loaded: str) -> CellColoring:
    ids = np.array([0, 1, 2, 7])
    return CellColoring(ids, {"layer": Labels.of(np.array([6, 3, 6, 3]))}, ["soma", "axon"], loaded or ["soma", "axon"])


def test_methods_are_those_of_all_cells_and_of_the_circuit():
    cells = coloring()
    assert cells.methods() == ["id", "layer", "morphology section", "solid"]
    assert cells.values("solid") == ["color"]
    assert cells.values("id") == ["0-2,7"]
    assert cells.values("layer") == ["3", "6"]
    assert cells.values("morphology section") == ["axon", "soma"]


def test_somas_alone_have_no_sections_to_tell_apart():
    somas = coloring("soma")
    assert somas.methods() == ["id", "layer", "solid"]
    with pytest.raises(RequestError, match="this model has: id, layer, solid"):
        somas.color("morphology section", {"soma": RED})
    assert somas.id_of(7) == 7
    assert coloring("axon").methods() == ["id", "layer", "morphology section", "solid"]


def test_cells_start_yellow_with_a_row_for_each_section():
    np.testing.assert_array_equal(coloring().colors, [YELLOW] * 8)


def test_solid_colors_everything():
    np.testing.assert_array_equal(coloring().color("solid", {"color": RED}), [RED] * 8)


def test_an_attribute_colors_the_cells_that_have_it_and_leaves_the_others():
    colors = coloring().color("layer", {"3": RED, "5": GREEN})
    np.testing.assert_array_equal(colors.reshape(4, 2, 4)[[1, 3]], np.broadcast_to(RED, (2, 2, 4)))
    np.testing.assert_array_equal(colors.reshape(4, 2, 4)[[0, 2]], np.broadcast_to(YELLOW, (2, 2, 4)))


def test_sections_and_ids():
    cells = coloring()
    colors = cells.color("morphology section", {"axon": RED})
    np.testing.assert_array_equal(colors[1::2], [RED] * 4)
    colors = cells.color("id", {"1-2,7": GREEN, "999": RED})
    np.testing.assert_array_equal(colors[:2], [YELLOW, RED])
    np.testing.assert_array_equal(colors[2:], [GREEN] * 6)


@pytest.mark.parametrize(
    ("method", "values", "code", "message"),
    [
        ("layer", {}, INVALID_PARAMS, "Color values cannot be empty"),
        ("nope", {"x": RED}, INVALID_PARAMS, "Invalid coloring method 'nope'"),
        ("solid", {"colors": RED}, INVALID_PARAMS, "takes one value"),
        ("morphology section", {"axon": GREEN, "nope": RED}, INTERNAL_ERROR, "Invalid enum name 'nope'"),
        ("id", {"0": GREEN, "x": RED}, INTERNAL_ERROR, "Cannot parse 'x' as a number"),
    ],
)
def test_a_mistake_changes_nothing(method: str, values: dict[str, list[float]], code: int, message: str):
    cells = coloring()
    with pytest.raises(RequestError, match=message) as caught:
        cells.color(method, values)
    assert caught.value.code == code
    np.testing.assert_array_equal(cells.colors, [YELLOW] * 8)


def test_unknown_methods_have_no_values():
    with pytest.raises(RequestError, match="this model has: id, layer, morphology section, solid"):
        coloring().values("nope")


@pytest.mark.parametrize("text", ["", "-", "1-", "-1", "1.5", "1-2-3", "²", "9" * 30])
def test_what_is_no_range_is_refused(text: str):
    with pytest.raises(RequestError, match="Cannot parse"):
        parse_ids(text)
