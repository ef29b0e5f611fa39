from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.circuits.reduction import FittedShapes
from brayns_widget.service.renderer.loaders.morphologies.files import read_file
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, Shape, ShapeOptions
from brayns_widget.service.renderer.memory import PRIMITIVE_BYTES, VARIABLE, Allowance, allowing

# A soma, a dendrite of 17 points with a branch of 9 points at its end, and an axon of 40 points.
POINTS = 17, 9, 40
FULL = ShapeOptions(soma=True, axon=True, dendrites=True, geometry_type="original")


def write_cell(folder: Path) -> Path:
    lines = ["1 1 0 0 0 2 -1"]
    number = 2
    for kind, count, (start, first, step) in zip(
        (3, 3, 2),
        POINTS,
        ((1, (0, 3, 0), (0, 1, 0)), (18, (1, 20, 0), (1, 0, 0)), (1, (0, -3, 0), (0, -1, 0))),
        strict=True,
    ):
        parent = start
        for point in range(count):
            x, y, z = np.array(first) + point * np.array(step)
            lines.append(f"{number} {kind} {x} {y} {z} {1 - point / 100} {parent}")
            parent = number
            number += 1
    # A second branch, so that the first dendrite is a section of its own.
    lines.append(f"{number} 3 -1 20 0 0.5 18")
    lines.append(f"{number + 1} 3 -2 20 0 0.5 {number}")
    path = folder / "cell.swc"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def cell(tmp_path: Path) -> Path:
    return write_cell(tmp_path)


def fitted(path: Path, primitives: float, cells: int = 1, options: ShapeOptions = FULL) -> FittedShapes:
    with allowing(Allowance(primitives * PRIMITIVE_BYTES, "a test")):
        shapes = FittedShapes(np.array([cells]), options)
        shapes.add(read_file(path, options))
        shapes.finish()
    return shapes


def size(shape: Shape) -> int:
    return len(shape.segments) + len(shape.spheres)


def ends(shape: Shape, kind: Section) -> np.ndarray:
    """First and last point of each segment of a kind, (S, 2, 3)."""
    first = shape.segments[shape.segment_types == kind].astype(int)
    return shape.vertices[np.stack((first, first + 1), axis=1), :3]


def test_nothing_is_left_out_of_what_fits(cell: Path):
    whole = read_file(cell, FULL)
    shapes = fitted(cell, size(whole))
    assert size(shapes[0]) == size(whole)
    assert shapes.metadata == {}


def test_axons_go_first(cell: Path, caplog: pytest.LogCaptureFixture):
    whole = read_file(cell, FULL)
    with caplog.at_level(logging.WARNING):
        shapes = fitted(cell, size(whole) - 1)
    (shape,) = shapes
    without = read_file(cell, ShapeOptions(soma=True, axon=False, dendrites=True, geometry_type="original"))
    assert Section.AXON not in shape.segment_types
    np.testing.assert_array_equal(ends(shape, Section.DENDRITE), ends(without, Section.DENDRITE))
    assert len(ends(shape, Section.SOMA)) == 2  # a cone to each of the roots, of which the dendrite's is there
    assert shapes.metadata == {"left_out": "axons", "memory_budget": "a test"}
    assert "axons" in caplog.text


def test_then_points_go_but_branches_stay_whole(cell: Path):
    whole = read_file(cell, FULL)
    least = sum(whole.segment_types == Section.SOMA) + 1
    budgets = range(size(whole), least + 3, -1)
    sizes = []
    for budget in budgets:
        shapes = fitted(cell, budget)
        (shape,) = shapes
        sizes.append(size(shape))
        assert sizes[-1] <= budget
        if not shapes.left_out.endswith("of the dendrites"):
            continue
        lines = ends(shape, Section.DENDRITE)
        # The trunk from the soma to the branching point, and the longer branch from there to its tip.
        trunk = lines[(lines[:, :, 0] == 0).all(axis=1)]
        assert trunk[0, 0].tolist() == [0, 3, 0]
        assert trunk[-1, 1].tolist() == [0, 19, 0]
        np.testing.assert_array_equal(trunk[1:, 0], trunk[:-1, 1])
        assert lines[..., 0].max() == 9
        assert lines[..., 0].min() == -2
        assert ((shape.segment_places[:, 1] >= 0) & (shape.segment_places[:, 1] < 1)).all()
    assert len(set(sizes)) >= 5  # whole, without axons, and ever fewer points
    assert sizes == sorted(sizes, reverse=True)


def test_then_only_somas_are_left(cell: Path):
    shapes = fitted(cell, 7, cells=5)
    assert [size(shape) for shape in shapes] == [1]
    assert shapes[0].spheres.tolist() == [[0, 0, 0, 2]]
    assert shapes.left_out == "axons and dendrites"


def test_and_then_the_load_is_refused(cell: Path):
    with pytest.raises(RequestError) as caught:
        fitted(cell, 4, cells=5)
    assert caught.value.code == -32603
    for words in ("5 cells", "a test", "300 bytes", "node_percentage", "--memory-budget", VARIABLE):
        assert words in caught.value.message


def test_cells_without_somas_do_not_vanish(cell: Path):
    with pytest.raises(RequestError, match="without somas nothing is left"):
        fitted(cell, 1, options=ShapeOptions(soma=False, axon=True, dendrites=True))


def test_axons_alone_lose_points(cell: Path):
    options = ShapeOptions(soma=True, axon=True, dendrites=False)
    shapes = fitted(cell, 30, options=options)
    assert shapes.left_out == "1 of 2 points of the axons"
    assert Section.AXON in shapes[0].segment_types


@pytest.mark.parametrize(("budget", "words"), [(60, "1 of 2"), (40, "3 of 4"), (20, "7 of 8")])
def test_spheres_are_thinned_too(cell: Path, budget: int, words: str):
    options = ShapeOptions(soma=True, axon=True, dendrites=False, geometry_type="spheres")
    shapes = fitted(cell, budget, cells=2, options=options)
    assert words in shapes.left_out
    assert Section.SOMA in shapes[0].sphere_types
    assert 2 * size(shapes[0]) <= budget


def test_later_shapes_are_reduced_as_the_first(cell: Path):
    whole = read_file(cell, FULL)
    with allowing(Allowance(1.5 * size(whole) * PRIMITIVE_BYTES)):
        shapes = FittedShapes(np.array([1, 1]), FULL)
        shapes.add(whole)
        assert shapes.left_out == ""  # what is not read yet cannot be counted
        shapes.add(whole)
    assert size(shapes[0]) == size(shapes[1])
    assert shapes.left_out == "axons"


def test_what_one_population_takes_another_has_not(cell: Path):
    whole = read_file(cell, FULL)
    with allowing(Allowance(2 * size(whole) * PRIMITIVE_BYTES - 1)):
        left_out = []
        for _ in range(2):
            shapes = FittedShapes(np.array([1]), FULL)
            shapes.add(whole)
            shapes.finish()
            left_out.append(shapes.left_out)
    assert left_out == ["", "axons"]
