"""Colors of a single neuron's sections."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.coloring.base import YELLOW
from brayns_widget.service.renderer.content.coloring.sections import SectionColoring

RED, GREEN = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.5]
NAMES = ["soma", "axon", "dendrite", "apical_dendrite"]


@pytest.fixture
def coloring() -> SectionColoring:
    return SectionColoring(np.array([0, 2, 3, 11]), np.array([0, 1, 2, 1]), NAMES, np.zeros(4, np.float32))


def test_sections_are_colored_by_type_and_one_by_one(coloring: SectionColoring):
    yellow = list(YELLOW)
    assert coloring.colors.tolist() == [yellow] * 4
    assert coloring.color("morphology section", {"axon": RED, "apical_dendrite": GREEN})[:, :].tolist() == [
        yellow, RED, yellow, RED,
    ]  # fmt: skip
    changed = coloring.color("morphology section geometry", {"11": GREEN, "0": RED, "7": RED, "x": RED})
    assert changed.tolist() == coloring.colors.tolist() == [RED, RED, yellow, GREEN]
    assert coloring.color("solid", {"color": GREEN}).tolist() == [GREEN] * 4


def test_values_are_what_there_is(coloring: SectionColoring):
    assert coloring.methods() == ["morphology section", "morphology section geometry", "solid"]
    assert coloring.values("solid") == ["color"]
    assert coloring.values("morphology section") == ["axon", "dendrite", "soma"]
    assert coloring.values("morphology section geometry") == ["0", "11", "2", "3"]


@pytest.mark.parametrize(
    ("method", "values", "code"),
    [
        ("id", {"0": RED}, -32602),
        ("solid", {"colors": RED}, -32602),
        ("morphology section geometry", {}, -32602),
        ("morphology section", {"axon": RED, "glia": GREEN}, -32603),
    ],
)
def test_what_means_nothing_is_refused_and_changes_nothing(
    coloring: SectionColoring, method: str, values: dict[str, list[float]], code: int
):
    with pytest.raises(RequestError) as caught:
        coloring.color(method, values)
    assert caught.value.code == code
    assert coloring.colors.tolist() == [list(YELLOW)] * 4
    with pytest.raises(RequestError):
        coloring.values("id")
