"""Files that would end the process if MorphIO read them, and some that it reads only if told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.morphologies.files import morphology_reader, read_file, read_shape
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, ShapeOptions

OPTIONS = ShapeOptions(soma=True, axon=True, dendrites=True, geometry_type="original")


def write_h5(file: Any, structure: Any) -> None:
    file["points"] = np.arange(40, dtype=np.float32).reshape(10, 4)
    file["structure"] = np.array(structure, np.int32).reshape(-1, 3)
    metadata = file.create_group("metadata")
    metadata.attrs["version"] = np.array([1, 1], np.uint32)
    metadata.attrs.create("cell_family", 0, dtype=np.uint32)


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        ([], r"table of at least one section, got the shape \(0, 3\)"),
        ([[0, 1, -1], [3, 3, 9]], "section 1 of its dataset structure continues section 9"),
        ([[0, 1, -1], [3, 3, 2], [5, 3, 1]], "section 1 of its dataset structure continues section 2"),
        ([[0, 1, -1], [3, 3, 1]], "section 1 of its dataset structure continues section 1"),
        ([[0, 1, -1], [3, 3, -2]], "section 1 of its dataset structure continues section -2"),
    ],
)
def test_sections_must_continue_sections_before_them(tmp_path: Path, structure: Any, message: str):
    alone, container = tmp_path / "cell.h5", tmp_path / "cells.h5"
    with h5py.File(alone, "w") as file:
        write_h5(file, structure)
    with h5py.File(container, "w") as file:
        write_h5(file.create_group("cell"), structure)
        write_h5(file.create_group("good"), [[0, 1, -1], [3, 3, 0]])
    with pytest.raises(RequestError, match=message):
        read_file(alone, OPTIONS)
    read, place = morphology_reader("", {"h5v1": str(container)}, "cell")
    with pytest.raises(RequestError, match=f"Morphology 'cell' of cell 7 cannot be read from {container}: .*{message}"):
        read_shape(read, place, "cell", 7, OPTIONS)
    assert len(read_shape(read, place, "good", 8, OPTIONS).segments)


def ladder(steps: int) -> str:
    """A dendrite that forks at each step, into its next point and one that ends."""
    lines = ["1 1 0 0 0 2 -1", "2 3 3 0 0 1 1"]
    last = 2
    for step in range(steps):
        lines += [f"{2 * step + 3} 3 {step + 4} 0 0 1 {last}", f"{2 * step + 4} 3 {step + 4} 5 0 1 {last}"]
        last = 2 * step + 3
    return "\n".join(lines) + "\n"


def nested(steps: int) -> str:
    """The same in Neurolucida's words."""
    return "((Dendrite) (0 0 0 1) (1 0 0 1) " + "((2 0 0 1) (3 0 0 1) " * steps + "| (2 1 0 1))" * steps + ")\n"


def test_what_is_deeper_than_any_cell_is_refused(tmp_path: Path):
    path = tmp_path / "cell.asc"
    path.write_text(nested(16_000))
    with pytest.raises(RequestError, match=r"its sections continue one another 16002 times, more than 5000"):
        read_file(path, OPTIONS)


def test_a_deep_swc_file_is_read(tmp_path: Path):
    """MorphIO would end the process."""
    path = tmp_path / "cell.swc"
    path.write_text(ladder(40_000))
    assert len(read_file(path, OPTIONS).segments) == 80_001


def test_points_in_a_circle_are_refused(tmp_path: Path):
    path = tmp_path / "cell.swc"
    path.write_text(ladder(10_000).replace("2 3 3 0 0 1 1\n", "2 3 3 0 0 1 19999\n"))
    with pytest.raises(RequestError, match="continue one another in a circle"):
        read_file(path, OPTIONS)


def test_points_in_a_small_circle_are_refused(tmp_path: Path):
    """MorphIO shows the rest as if that were all."""
    path = tmp_path / "cell.swc"
    rest = "1 1 0 0 0 2 -1\n2 3 3 0 0 1 1\n3 3 6 0 0 1 2\n"
    path.write_text(f"{rest}4 3 9 9 0 1 6\n5 3 12 9 0 1 4\n6 3 15 9 0 1 5\n")
    with pytest.raises(RequestError, match="continue one another in a circle"):
        read_file(path, OPTIONS)
    path.write_text(f"# a comment\n\n{rest}")
    assert len(read_file(path, OPTIONS).segments) == 2


def test_large_files_that_are_not_deep_are_read(tmp_path: Path):
    path = tmp_path / "cell.swc"
    branch = [f"{number} 3 {number} 0 0 1 {number - 1}" for number in range(3, 20_000)]
    path.write_text("# long\n1 1 0 0 0 2 -1\n2 3 3 0 0 1 1\n" + "\n".join(branch) + "\n")
    assert path.stat().st_size > 200_000
    assert len(read_file(path, OPTIONS).segments) == 19_998  # with the cone to the soma


def test_a_branch_may_change_its_type(tmp_path: Path):
    """As files with the types 5 (fork) and 6 (end) do, and axons that continue dendrites."""
    path = tmp_path / "cell.swc"
    path.write_text("1 1 0 0 0 2 -1\n2 3 3 0 0 1 1\n3 5 9 0 0 1 2\n4 3 15 5 0 1 3\n5 6 20 5 0 1 4\n6 2 15 -5 0 1 3\n")
    shape = read_file(path, OPTIONS)
    kinds = np.bincount(shape.segment_types, minlength=4)
    assert (kinds[Section.AXON], kinds[Section.DENDRITE]) == (1, 3)


def test_names_may_have_their_ending_and_shapes_know_where_the_soma_is(tmp_path: Path):
    """As BMTK's nodes have them, whose somas are anywhere."""
    (tmp_path / "cell.swc").write_text("1 1 300 400 30 5 -1\n2 3 300 405 30 1 1\n3 3 300 440 30 1 2\n")
    for name in ("cell", "cell.swc"):
        read, place = morphology_reader(str(tmp_path), {"h5v1": str(tmp_path / "none.h5")}, name)
        shape = read_shape(read, place, name, 0, OPTIONS)
        assert (place, shape.soma_center) == (str(tmp_path), (300, 400, 30))
    with pytest.raises(
        RequestError, match=r"'other.swc' of cell 3 cannot be read from .*other.swc: there is no such file"
    ):
        read_shape(read, place, "other.swc", 3, OPTIONS)
