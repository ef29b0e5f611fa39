"""Colors of triangles, by themselves and by their corners."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.coloring.meshes import MeshColoring

RED, GREEN, BLUE = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]
WHITE = [1.0] * 4


@pytest.fixture
def coloring():
    """Two triangles that share an edge."""
    return MeshColoring(np.array([[0, 1, 2], [1, 2, 3]], np.uint32), 4, np.ones((2, 4), np.float32))


def test_keys_are_ranges_of_all(coloring):
    assert coloring.methods() == ["solid", "triangle", "vertex"]
    assert [coloring.values(method) for method in coloring.methods()] == [["color"], ["0-1"], ["0-3"]]


def test_solid_colors_all(coloring):
    assert coloring.color("solid", {"color": RED}).tolist() == [RED, RED]


def test_triangles_by_number(coloring):
    assert coloring.color("triangle", {"1,1-1": BLUE}).tolist() == [WHITE, BLUE]
    assert coloring.colors.tolist() == [WHITE, BLUE]


def test_corners_have_their_own_colors(coloring):
    coloring.color("triangle", {"1": BLUE})
    assert not coloring.by_corner
    corners = coloring.color("vertex", {"1": RED, "2": GREEN})  # of the edge that both triangles have
    assert coloring.by_corner
    assert corners.tolist() == [WHITE, RED, GREEN, RED, GREEN, BLUE]
    assert coloring.color("vertex", {"0-1": BLUE}).tolist() == [BLUE, BLUE, GREEN, BLUE, GREEN, BLUE]
    assert coloring.color("triangle", {"0": RED}).tolist() == [RED, RED, RED, BLUE, GREEN, BLUE]
    assert coloring.color("solid", {"color": GREEN}).tolist() == [GREEN, GREEN]
    assert not coloring.by_corner


def test_corners_may_have_colors_from_the_start():
    colors = np.array([RED, GREEN, BLUE, WHITE], np.float32)
    coloring = MeshColoring(np.array([[2, 1, 0]], np.uint32), 4, np.ones((1, 4), np.float32), colors)
    assert coloring.colors.tolist() == [BLUE, GREEN, RED]


@pytest.mark.parametrize(
    ("method", "values", "message"),
    [
        ("solid", {}, "Color values cannot be empty"),
        ("solid", {"colors": RED}, "takes one value, 'color'"),
        ("triangle", {"0": RED, "1-2": RED}, r"Range out of bounds: 1-2 of 2 \(from 0\)"),
        ("vertex", {"3-2": RED}, "Range out of bounds: 3-2 of 4"),
        ("triangle", {"0": RED, "x": RED}, "Cannot parse 'x' as a number"),
        ("primitive", {"0": RED}, "Invalid coloring method 'primitive', this model has: solid, triangle, vertex"),
    ],
)
def test_what_means_nothing_is_refused_and_changes_nothing(coloring, method, values, message):
    with pytest.raises(RequestError, match=message):
        coloring.color(method, values)
    assert coloring.colors.tolist() == [WHITE, WHITE]
    with pytest.raises(RequestError, match="Invalid coloring method"):
        coloring.values("nope")
