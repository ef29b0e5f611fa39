from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.brayns.loaders import GeometryType
from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.morphologies.files import (
    morphology_reader,
    read_morphology_file,
    read_shape,
)
from brayns_widget.service.renderer.loaders.morphologies.morphology import (
    Section,
    Shape,
    ShapeOptions,
    make_shape,
    point_shape,
)
from brayns_widget.service.renderer.loaders.morphologies.skeleton import Skeleton

# A soma of radius 2, an axon of 2 segments, a dendrite that forks into a dendrite and an apical dendrite.
SWC = """\
1 1 0 0 0 2 -1
2 2 0 -3 0 0.5 1
3 2 0 -4 0 0.5 2
4 2 0 -6 0 0.25 3
5 3 3 0 0 1 1
6 3 4 0 0 0.8 5
7 3 5 1 0 0.2 6
8 3 6 1 0 0.4 7
9 4 5 -1 0 0.6 6
"""
ALL = {"soma": True, "axon": True, "dendrites": True}


@pytest.fixture
def morphology(tmp_path: Path) -> Skeleton:
    path = tmp_path / "cell.swc"
    path.write_text(SWC)
    return read_morphology_file(path)


def ends(shape: Shape, section: Section) -> set[tuple[tuple[float, ...], ...]]:
    """Both ends of each segment of a type, rounded."""
    found = shape.segments[shape.segment_types == section]
    pairs = zip(shape.vertices[found], shape.vertices[found + 1], strict=True)
    return {tuple(tuple(np.round(end.astype(float), 4).tolist()) for end in pair) for pair in pairs}


def shape_of(morphology: Skeleton, geometry_type: GeometryType = "original", **options: Any) -> Shape:
    return make_shape(morphology, ShapeOptions(**(ALL | options), geometry_type=geometry_type))


def test_sections_become_chains_and_the_soma_a_sphere_with_cones(morphology: Skeleton):
    shape = shape_of(morphology)
    assert ends(shape, Section.AXON) == {((0, -3, 0, 0.5), (0, -4, 0, 0.5)), ((0, -4, 0, 0.5), (0, -6, 0, 0.25))}
    assert ends(shape, Section.DENDRITE) == {
        ((3, 0, 0, 1), (4, 0, 0, 0.8)),
        ((4, 0, 0, 0.8), (5, 1, 0, 0.2)),
        ((5, 1, 0, 0.2), (6, 1, 0, 0.4)),
    }
    assert ends(shape, Section.APICAL_DENDRITE) == {((4, 0, 0, 0.8), (5, -1, 0, 0.6))}
    assert ends(shape, Section.SOMA) == {((0, 0, 0, 2), (0, -3, 0, 0.5)), ((0, 0, 0, 2), (3, 0, 0, 1))}
    np.testing.assert_array_equal(shape.spheres, [[0, 0, 0, 2]])
    np.testing.assert_array_equal(shape.sphere_types, [Section.SOMA])


def test_what_is_not_wanted_leaves_no_cone(morphology: Skeleton):
    shape = shape_of(morphology, axon=False)
    assert set(shape.segment_types) == {Section.SOMA, Section.DENDRITE, Section.APICAL_DENDRITE}
    assert ends(shape, Section.SOMA) == {((0, 0, 0, 2), (3, 0, 0, 1))}
    soma = shape_of(morphology, axon=False, dendrites=False)
    assert (len(soma.segments), len(soma.spheres)) == (0, 1)
    assert set(shape_of(morphology, soma=False, axon=False).segment_types) == {
        Section.DENDRITE,
        Section.APICAL_DENDRITE,
    }


def test_the_radii_of_neurites_grow_with_the_multiplier(morphology: Skeleton):
    shape, thick = shape_of(morphology), shape_of(morphology, radius_multiplier=3)
    neurites = shape.segments[shape.segment_types != Section.SOMA]
    np.testing.assert_allclose(thick.vertices[neurites, 3], 3 * shape.vertices[neurites, 3])
    np.testing.assert_array_equal(thick.spheres, shape.spheres)
    np.testing.assert_array_equal(thick.vertices[:, :3], shape.vertices[:, :3])


def test_smooth_radii_follow_the_ones_nearer_to_the_soma(morphology: Skeleton):
    def radii_at(shape: Shape, point: list[float]) -> list[float]:
        return sorted({round(float(v[3]), 5) for v in shape.vertices if v[:3].tolist() == point})

    smooth = shape_of(morphology, "smooth", soma=False)
    assert radii_at(smooth, [3, 0, 0]) == [1]
    # A section repeats its parent's last point, and is one step further there.
    assert radii_at(smooth, [4, 0, 0]) == pytest.approx([0.93**2, 0.93], abs=1e-5)
    assert radii_at(smooth, [5, 1, 0]) == pytest.approx([0.93**3], abs=1e-5)
    by_section = shape_of(morphology, "section_smooth", soma=False)
    assert radii_at(by_section, [4, 0, 0]) == pytest.approx([0.8, 0.93], abs=1e-5)
    assert radii_at(by_section, [5, -1, 0]) == pytest.approx([0.93 * 0.8], abs=1e-5)


def test_constant_radii_are_one_micrometer_except_for_the_soma(morphology: Skeleton):
    assert set(shape_of(morphology, "constant_radii", soma=False).vertices[:, 3].tolist()) == {1.0}
    assert set(shape_of(morphology, "constant_radii", radius_multiplier=0.5).vertices[:, 3].tolist()) == {0.5, 2.0}


def test_spheres_have_no_segments_but_the_somas_cones(morphology: Skeleton):
    shape = shape_of(morphology, "spheres")
    assert set(shape.segment_types) == {Section.SOMA}
    assert len(shape.spheres) == len(morphology.points) + 1


def test_a_contour_becomes_a_sphere_of_its_mean_radius(tmp_path: Path):
    path = tmp_path / "contour.asc"
    path.write_text(
        '("CellBody" (CellBody) (4 0 0 0) (0 2 0 0) (-4 0 0 0) (0 -2 0 0))\n((Dendrite) (5 0 0 1) (9 0 0 1))\n'
    )
    shape = shape_of(read_morphology_file(path))
    np.testing.assert_allclose(shape.spheres, [[0, 0, 0, 3]])


def test_a_soma_of_cylinders_is_drawn_as_they_are(tmp_path: Path):
    path = tmp_path / "cylinders.swc"
    path.write_text("1 1 0 0 0 1 -1\n2 1 0 2 0 3 1\n3 1 0 5 0 2 2\n4 1 0 6 0 1 3\n5 3 0 9 0 1 4\n6 3 0 12 0 1 5\n")
    shape = shape_of(read_morphology_file(path))
    assert ends(shape, Section.SOMA) == {
        ((0, 0, 0, 1), (0, 2, 0, 3)),
        ((0, 2, 0, 3), (0, 5, 0, 2)),
        ((0, 5, 0, 2), (0, 6, 0, 1)),
    }
    assert len(shape.spheres) == 0


def test_a_morphology_without_soma_has_none(tmp_path: Path):
    path = tmp_path / "bare.swc"
    path.write_text("1 3 0 0 0 1 -1\n2 3 1 0 0 1 1\n")
    shape = shape_of(read_morphology_file(path))
    assert (len(shape.spheres), set(shape.segment_types)) == (0, {Section.DENDRITE})


def test_a_point_is_a_sphere():
    np.testing.assert_array_equal(point_shape(2).spheres, [[0, 0, 0, 2]])


def test_places_of_morphologies_in_their_order(tmp_path: Path, morphology: Skeleton):
    swc, asc = str(tmp_path), str(tmp_path / "asc")
    read, place = morphology_reader(swc, {"neurolucida-asc": asc}, "cell")
    assert place == swc
    assert len(read("cell").points) == len(morphology.points)
    Path(asc).mkdir()
    (Path(asc) / "other.asc").write_text("((Dendrite) (5 0 0 1) (9 0 0 1))\n")
    read, place = morphology_reader(swc, {"neurolucida-asc": asc}, "other")
    assert place == asc
    assert len(read("other").points) == 2


@pytest.mark.parametrize(
    ("directory", "alternates", "message"),
    [
        ("", {}, "names no morphologies"),
        ("/no/such/place", {"h5v1": "/nor/this.h5"}, "are missing: there is no /no/such/place, /nor/this.h5"),
    ],
)
def test_no_place_is_an_error(directory: str, alternates: dict[str, str], message: str):
    with pytest.raises(RequestError, match=message):
        morphology_reader(directory, alternates, "cell")


def test_a_broken_file_is_named_with_its_cell(tmp_path: Path):
    (tmp_path / "bad.swc").write_text("1 2 3")
    read, place = morphology_reader(str(tmp_path), {}, "bad")
    for name in ("bad", "missing"):
        with pytest.raises(RequestError) as caught:
            read_shape(read, place, name, 7, ShapeOptions(soma=True, axon=True, dendrites=True))
        assert caught.value.message.startswith(
            f"Morphology '{name}' of cell 7 cannot be read from {tmp_path / name}.swc: "
        )
        assert "\n" not in caught.value.message
        assert "\x1b" not in caught.value.message


def test_subsampling_keeps_every_nth_point_and_where_sections_join(tmp_path: Path):
    points = "".join(f"{n} 3 {n} 0 0 1 {n - 1}\n" for n in range(2, 9))
    path = tmp_path / "cell.swc"
    path.write_text(f"1 1 0 0 0 1 -1\n{points}9 3 9 1 0 1 8\n10 3 9 -1 0 1 8\n")
    for step, kept in ((1, [2, 3, 4, 5, 6, 7, 8]), (3, [2, 5, 8]), (4, [2, 6, 8]), (100, [2, 8])):
        shape = shape_of(read_morphology_file(path), soma=False, subsampling=step)
        assert shape.vertices[: len(kept), 0].tolist() == kept
        assert shape.vertices[len(kept) :, :2].tolist() == [[8, 0], [9, 1], [8, 0], [9, -1]]
        assert len(shape.segments) == len(kept) - 1 + 2


def test_segments_that_go_straight_on_become_one(morphology: Skeleton):
    shape = shape_of(morphology, resampling=0.999)
    assert ends(shape, Section.AXON) == {((0, -3, 0, 0.5), (0, -6, 0, 0.25))}
    assert ends(shape, Section.DENDRITE) == ends(shape_of(morphology), Section.DENDRITE)
    assert ends(shape_of(morphology, resampling=1.1), Section.AXON) == ends(shape_of(morphology), Section.AXON)


def test_neurites_grow_from_the_soma(morphology: Skeleton):
    young = shape_of(morphology, growth=0.5)
    assert ends(young, Section.AXON) == {((0, -3, 0, 0.5), (0, -4, 0, 0.5))}
    assert ends(young, Section.DENDRITE) == {((3, 0, 0, 1), (4, 0, 0, 0.8))}
    unborn = shape_of(morphology, growth=0.0)
    assert len(unborn.segments) == 0
    assert unborn.spheres.tolist() == [[0, 0, 0, 2]]


def test_what_has_not_grown_takes_no_place_of_the_sections_path(morphology: Skeleton):
    young, whole = shape_of(morphology, growth=0.5, soma=False), shape_of(morphology, soma=False)
    (axon,) = np.flatnonzero(young.segment_types == Section.AXON)
    first = np.flatnonzero(whole.segment_types == Section.AXON)[0]
    np.testing.assert_array_equal(young.segment_places[axon], whole.segment_places[first])  # as reports count
