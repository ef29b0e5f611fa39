"""Nothing is drawn that is not there, and nothing vanishes without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import morphio
import numpy as np
import pytest

from brayns_widget.service.renderer.loaders.morphologies.files import morphology_reader, read_morphology_file
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, ShapeOptions, make_shape
from brayns_widget.service.renderer.loaders.morphologies.points import read_table, table_skeleton
from brayns_widget.service.renderer.loaders.morphologies.skeleton import of_morphio
from tests.service.renderer.loaders.morphologies.files import (
    ASC,
    CONTOUR,
    SWC,
    balls_of,
    lines_of,
    shape_of,
    write_group,
    write_h5,
)

CONES = {
    ((0, 0, 0), (0, 5, 0)),
    ((0, 0, 0), (0, -5, 0)),
    ((0, 0, 0), (5, 0, 0)),
}
NEURITES = {
    ((0, 5, 0), (0, 40, 0)),
    ((0, 40, 0), (20, 60, 0)),
    ((0, 40, 0), (-20, 60, 0)),
    ((0, -5, 0), (0, -60, 0)),
    ((5, 0, 0), (60, 0, 0)),
}


def written(folder: Path, kind: str, text: str) -> Path:
    path = folder / f"cell.{kind}"
    path.write_bytes(text.encode("utf-8"))
    return path


# --- branches that do not exist


def test_pieces_without_a_parent_stay_where_they_are(tmp_path: Path):
    pieces = "10 2 100 -50 0 .5 -1\n11 2 150 -50 0 .5 10\n12 2 6 0 0 .5 -1\n13 2 9 9 0 .5 12\n"
    shape = shape_of(written(tmp_path, "swc", SWC + pieces))
    assert lines_of(shape) == CONES | NEURITES | {((100, -50, 0), (150, -50, 0)), ((6, 0, 0), (9, 9, 0))}


def test_what_continues_the_soma_is_joined_to_it_however_far_it_is(tmp_path: Path):
    shape = shape_of(written(tmp_path, "swc", SWC + "10 2 400 0 0 .5 1\n11 2 450 0 0 .5 10\n"))
    assert ((0, 0, 0), (400, 0, 0)) in lines_of(shape, Section.SOMA)


@pytest.mark.parametrize("kind", ["asc", "h5"])
def test_where_no_parents_are_known_the_way_to_the_soma_decides(tmp_path: Path, kind: str):
    near, far = 5 * 5.2, 5 * 20  # radii, see FARTHEST_ROOT
    if kind == "asc":
        trees = "".join(f"((Axon) ({x} 0 0 1) ({x} 9 0 1))\n" for x in (near, far))
        path = written(tmp_path, kind, CONTOUR + trees)
    else:
        path = tmp_path / "cell.h5"
        soma = [[5, 0, 0, 0], [0, 5, 0, 0], [-5, 0, 0, 0], [0, -5, 0, 0]]
        pieces = [[near, 0, 0, 1], [near, 9, 0, 1], [far, 0, 0, 1], [far, 9, 0, 1]]
        write_h5(path, points=soma + pieces, structure=[[0, 1, -1], [4, 2, 0], [6, 2, 0]])
    shape = shape_of(path)
    assert lines_of(shape, Section.SOMA) == {((0, 0, 0), (near, 0, 0))}
    assert len(lines_of(shape, Section.AXON)) == 2
    assert "begin far away from the soma" in shape.notices[0]


@pytest.mark.data
def test_no_cone_of_a_real_cell_is_lost(data_dir: Path):
    """Where the limit comes from: the farthest root section that the real renderer joins to a soma."""
    farthest = 0.0
    for container in data_dir.rglob("merged-morphologies.h5"):
        with h5py.File(container) as file:
            names = list(file)
        read, _ = morphology_reader("", {"h5v1": str(container)}, names[0])
        for name in names:
            skeleton = read(name)
            roots = skeleton.parents < 0
            assert np.isfinite(skeleton.anchors[roots]).all(), name
            (sphere,) = skeleton.soma.spheres
            ways = np.linalg.norm(skeleton.points[skeleton.starts[roots]] - sphere[:3], axis=1) / sphere[3]
            farthest = max(farthest, float(ways.max()))
    assert farthest == pytest.approx(5.15, abs=0.01)


# --- nothing vanishes


@pytest.mark.parametrize("kind", ["swc", "asc", "h5"])
def test_all_formats_show_the_same_cell(tmp_path: Path, kind: str):
    path = tmp_path / "cell.h5"
    if kind == "h5":
        write_h5(path)
    else:
        path = written(tmp_path, kind, SWC if kind == "swc" else ASC)
    shape = shape_of(path)
    assert (lines_of(shape, Section.SOMA), lines_of(shape)) == (CONES, CONES | NEURITES)
    assert (balls_of(shape), shape.notices) == ([[0, 0, 0, 5]], ())


def test_neurites_of_one_point_on_a_soma_of_cylinders(tmp_path: Path):
    path = written(tmp_path, "swc", "1 1 0 0 0 4 -1\n2 1 4 0 0 4 1\n3 3 0 60 0 1 1\n4 3 60 0 0 1 2\n")
    soma = {((0, 0, 0), (4, 0, 0))}
    assert lines_of(shape_of(path)) == soma | {((0, 0, 0), (0, 60, 0)), ((4, 0, 0), (60, 0, 0))}
    assert balls_of(shape_of(path, soma=False)) == [[0, 60, 0, 1], [60, 0, 0, 1]]


@pytest.mark.parametrize("kind", ["swc", "asc", "h5"])
def test_neurites_of_one_point_on_other_somas(tmp_path: Path, kind: str):
    if kind == "h5":
        path = tmp_path / "cell.h5"
        soma = [[5, 0, 0, 0], [0, 5, 0, 0], [-5, 0, 0, 0], [0, -5, 0, 0]]
        write_h5(path, points=[*soma, [0, 9, 0, 2], [99, 0, 0, 2]], structure=[[0, 1, -1], [4, 3, 0], [5, 3, 0]])
    elif kind == "asc":
        path = written(tmp_path, kind, CONTOUR + "((Dendrite) (0 9 0 2))\n((Dendrite) (99 0 0 2))\n")
    else:
        path = written(tmp_path, kind, "1 1 0 0 0 5 -1\n2 3 0 9 0 1 1\n3 3 99 0 0 1 -1\n")
    shape = shape_of(path)
    assert lines_of(shape) == {((0, 0, 0), (0, 9, 0))}
    assert balls_of(shape) == [[0, 0, 0, 5], [99, 0, 0, 1]]


def test_a_section_of_one_point_goes_on_from_its_parent(tmp_path: Path):
    path = tmp_path / "cell.h5"
    points = [[0, 0, 0, 2], [9, 0, 0, 2], [20, 0, 0, 2], [9, 9, 0, 2], [9, 20, 0, 2]]
    write_h5(path, points=points, structure=[[0, 3, -1], [2, 3, 0], [3, 3, 0]])
    assert lines_of(shape_of(path)) == {((0, 0, 0), (9, 0, 0)), ((9, 0, 0), (20, 0, 0)), ((9, 9, 0), (9, 20, 0))}


def test_one_point_without_a_soma_is_a_ball(tmp_path: Path):
    shape = shape_of(written(tmp_path, "swc", "1 3 7 0 0 2 -1\n"))
    assert (lines_of(shape), balls_of(shape)) == (set(), [[7, 0, 0, 2]])


def test_old_line_ends_and_byte_order_marks(tmp_path: Path):
    for text in (SWC.replace("\n", "\r"), SWC.replace("\n", "\r\n"), "\ufeff" + SWC):
        assert lines_of(shape_of(written(tmp_path, "swc", text))) == CONES | NEURITES
    comment = "; drawn by hand\n"
    assert lines_of(shape_of(written(tmp_path, "asc", (comment + ASC).replace("\n", "\r")))) == CONES | NEURITES
    path = tmp_path / "cell.swc"
    path.write_bytes(SWC.encode("utf-16"))
    assert lines_of(shape_of(path)) == CONES | NEURITES


def test_trees_without_a_type_are_dendrites(tmp_path: Path):
    asc = ASC.replace("(Apical) ", "").replace("(Dendrite) ", "").replace("(Axon)", "(Unknown)")
    outlines = '("Pia" (Closed) (0 0 0 1) (900 0 0 1) (900 900 0 1))\n(Cross (Name "m") (7 7 7 1))\n'
    shape = shape_of(written(tmp_path, "asc", asc + outlines))
    assert lines_of(shape, Section.DENDRITE) == NEURITES
    assert shape.notices == ("trees without a type are shown as dendrites",)
    types = {"asc": None, "0": "0", "7": "7", "25": "25"}
    for kind in [kind for kind in types.values() if kind]:
        swc = "\n".join(
            f"{n} {kind if t != '1' else t} {rest}" for n, t, rest in (x.split(" ", 2) for x in SWC.splitlines())
        )
        assert lines_of(shape_of(written(tmp_path, "swc", swc)), Section.DENDRITE) == NEURITES
    path = tmp_path / "cell.h5"
    write_h5(path, structure=[[0, 1, -1], [4, 0, 0], [6, 25, 1], [8, 7, 1], [10, 0, 0], [12, -1, 0]])
    assert lines_of(shape_of(path), Section.DENDRITE) == NEURITES


def test_somas_of_contours(tmp_path: Path):
    small = CONTOUR.replace("5", "2").replace(" 0)", " 1)")
    shape = shape_of(written(tmp_path, "asc", small + ASC + small))
    assert (balls_of(shape), lines_of(shape)) == ([[0, 0, 0, 5]], CONES | NEURITES)
    assert shape.notices == ("its soma has several contours, of which the largest is shown",)
    one = ASC.replace(CONTOUR, "((CellBody) (0 0 0 10))\n")
    assert balls_of(shape_of(written(tmp_path, "asc", one))) == [[0, 0, 0, 5]]
    ring = [(5 * np.cos(angle), 5 * np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False)]
    rows = [f"{n} 1 {x:.4f} {y:.4f} 0 0.1 {n - 1 or -1}" for n, (x, y) in enumerate(ring, 1)]
    shape = shape_of(written(tmp_path, "swc", "\n".join([*rows, "20 3 9 0 0 1 1", "21 3 30 0 0 1 20"])))
    assert balls_of(shape) == [[0, 0, 0, 5]]
    assert lines_of(shape) == {((0, 0, 0), (9, 0, 0)), ((9, 0, 0), (30, 0, 0))}


@pytest.mark.parametrize(
    "soma",
    [
        [(x, 0, 1) for x in (0, 5, 10, 15, 20)],  # thin, along a line
        [(5, 0, 9), (0, 5, 9), (-5, 0, 9), (0, -5, 9)],  # around, but thicker than it is wide
    ],
)
def test_chains_that_are_no_contours_are_cylinders(tmp_path: Path, soma: list[tuple[int, int, int]]):
    rows = [f"{n} 1 {x} {y} 0 {radius} {n - 1 or -1}" for n, (x, y, radius) in enumerate(soma, 1)]
    shape = shape_of(written(tmp_path, "swc", "\n".join([*rows, "20 3 0 90 0 1 1", "21 3 0 99 0 1 20"])))
    assert balls_of(shape) == []
    assert len(lines_of(shape, Section.SOMA)) == len(soma) - 1


def test_somas_that_branch_are_cylinders_between_points_that_continue_one_another(tmp_path: Path):
    soma = "1 1 0 0 0 5 -1\n2 1 9 0 0 3 1\n3 1 -9 0 0 3 1\n4 1 0 9 0 3 1\n"
    shape = shape_of(written(tmp_path, "swc", soma + "5 3 0 20 0 1 4\n6 3 0 50 0 1 5\n"))
    assert lines_of(shape, Section.SOMA) == {((0, 0, 0), (x, y, 0)) for x, y in ((9, 0), (-9, 0), (0, 9))}


@pytest.mark.parametrize("packing", [{"compression": "gzip"}, {"compression": "lzf"}, {"types": (">f8", ">i8")}])
def test_packed_and_big_endian_h5(tmp_path: Path, packing: Any, capfd: pytest.CaptureFixture[str]):
    path, container = tmp_path / "cell.h5", tmp_path / "cells.h5"
    write_h5(path, **packing)
    assert lines_of(shape_of(path)) == CONES | NEURITES
    with h5py.File(path) as alone, h5py.File(container, "w") as file:
        write_group(file.create_group("folded/cell"), alone["points"][:], alone["structure"][:], **packing)
    read, _ = morphology_reader("", {"h5v1": str(container)}, "folded/cell")
    options = ShapeOptions(soma=True, axon=True, dendrites=True, geometry_type="original")
    assert lines_of(make_shape(read("folded/cell"), options)) == CONES | NEURITES
    assert capfd.readouterr().err == ""


def test_skeletons_with_the_soma_under_a_neurite_begin_at_the_soma(tmp_path: Path):
    """As from electron microscopy: the root is somewhere."""
    rows = ["1 4 20 60 0 0.8 -1", "2 4 0 40 0 1 1", "3 4 -20 60 0 0.8 2", "4 4 0 5 0 1 2", "5 1 0 0 0 5 4"]
    rows += ["6 2 0 -5 0 0.5 5", "7 2 0 -60 0 0.5 6", "8 3 5 0 0 1 5", "9 3 60 0 0 1 8"]
    path = written(tmp_path, "swc", "\n".join(rows))
    assert lines_of(shape_of(path)) == CONES | NEURITES
    assert (read_morphology_file(path).parents < 0).sum() == 3


def test_several_roots_and_somas(tmp_path: Path):
    second = "".join(
        f"{n + 20} {t} {float(x) + 500} {rest.rsplit(' ', 1)[0]} {int(rest.rsplit(' ', 1)[1]) % 100 + 20}\n"
        for n, t, x, rest in ((int(a), b, c, d) for a, b, c, d in (r.split(" ", 3) for r in SWC.splitlines()))
    )
    second = second.replace(" 119\n", " -1\n")
    shape = shape_of(written(tmp_path, "swc", SWC + second))
    assert balls_of(shape) == [[0, 0, 0, 5], [500, 0, 0, 5]]
    assert len(lines_of(shape)) == 2 * len(CONES | NEURITES)
    bare = "1 3 0 0 0 1 -1\n2 3 9 0 0 1 1\n3 3 50 0 0 1 -1\n4 3 59 0 0 1 3\n"
    assert lines_of(shape_of(written(tmp_path, "swc", bare))) == {((0, 0, 0), (9, 0, 0)), ((50, 0, 0), (59, 0, 0))}
    two = "1 1 0 0 0 5 -1\n2 3 9 0 0 1 1\n3 3 90 0 0 1 2\n4 1 100 0 0 5 3\n5 3 109 0 0 1 4\n6 3 200 0 0 1 5\n"
    shape = shape_of(written(tmp_path, "swc", two))
    assert balls_of(shape) == [[0, 0, 0, 5], [100, 0, 0, 5]]
    assert {((90, 0, 0), (100, 0, 0)), ((100, 0, 0), (109, 0, 0))} < lines_of(shape)


@pytest.mark.parametrize("kind", ["swc", "asc", "h5"])
def test_negative_radii_are_taken_by_their_magnitude(tmp_path: Path, kind: str):
    path = tmp_path / "cell.h5"
    if kind == "h5":
        write_h5(path)
        with h5py.File(path, "a") as file:
            file["points"][10:12, 3] = -1
    elif kind == "asc":
        path = written(tmp_path, kind, ASC.replace("(0 -60 0 1)", "(0 -60 0 -1)"))
    else:
        path = written(tmp_path, kind, SWC.replace("0.5 6", "-0.5 6").replace("0 0 5 -1", "0 0 -5 -1"))
    shape = shape_of(path)
    assert set(shape.vertices[:, 3].tolist()) == {5.0, 1.0, np.float32(0.8), 0.5}
    assert balls_of(shape) == [[0, 0, 0, 5]]
    assert shape.notices == ("some radii are below 0; their magnitudes are shown",)


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e4])
def test_units_that_are_not_micrometers(tmp_path: Path, factor: float):
    rows = [line.split() for line in SWC.splitlines()]
    text = "\n".join(
        " ".join([n, t, *(str(float(v) * factor) for v in (x, y, z, r)), p]) for n, t, x, y, z, r, p in rows
    )
    (notice,) = shape_of(written(tmp_path, "swc", text)).notices
    assert pytest.approx(120 * factor, rel=0.2) == float(notice.split(" µm across")[0].rsplit(" ", 1)[1])
    assert not shape_of(written(tmp_path, "swc", SWC)).notices
    assert not shape_of(written(tmp_path, "swc", "1 1 0 0 0 5 -1\n")).notices
    (notice,) = shape_of(written(tmp_path, "swc", f"1 1 0 0 0 {10 * factor} -1\n")).notices
    assert "µm across" in notice


# --- our reading is MorphIO's


@pytest.mark.parametrize("seed", range(40))
def test_tables_make_the_sections_that_morphio_makes(seed: int):
    random = np.random.default_rng(seed)
    types, rows = {1: 1}, ["1 1 0 0 0 5 -1"]
    for point in range(2, 60):
        parent = int(random.integers(max(1, point - 6), point))
        new = types[parent] == 1 or random.random() < 0.1
        types[point] = int(random.integers(2, 5)) if new else types[parent]
        x, y, z = random.normal(size=3) * 10
        rows.append(f"{point} {types[point]} {x:.3f} {y:.3f} {z:.3f} 1 {parent}")
    if seed % 4 == 0:
        rows += ["70 3 500 0 0 1 -1", "71 3 510 0 0 1 70"]
    text = "\n".join(rows) + "\n"
    assert_same(text)


@pytest.mark.data
def test_tables_of_real_cells_make_the_sections_that_morphio_makes(data_dir: Path):
    found = sorted(data_dir.rglob("*.swc"))
    assert found
    for path in found:
        assert_same(path.read_text())


def assert_same(text: str) -> None:
    option = morphio.Option.allow_unifurcated_section_change
    expected, ours = of_morphio(morphio.Morphology(text, "swc", option)), table_skeleton(read_table(text))
    for name in ("section_offsets", "section_types", "parents"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(expected, name))
    for name in ("points", "radii"):
        np.testing.assert_allclose(getattr(ours, name), getattr(expected, name), rtol=1e-6, atol=1e-5)
    for name in ("spheres", "cylinders", "center"):
        np.testing.assert_allclose(getattr(ours.soma, name), getattr(expected.soma, name), rtol=1e-5, atol=1e-4)
