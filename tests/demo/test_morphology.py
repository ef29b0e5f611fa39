"""Morphology files as MorphIO reads them, and the cutting into compartments."""

from __future__ import annotations

from pathlib import Path

import morphio
import numpy as np
import pytest

from brayns_widget.demo.cortex import CELL_TYPES, HEIGHT
from brayns_widget.demo.growth import AXON, SOMA, Blueprint, Program, Root, Tree, grow
from brayns_widget.demo.morphology import COMPARTMENT_LENGTH, compartments, soma_contour, write_morphology

TYPES = {cell_type.mtype: cell_type for cell_type in CELL_TYPES}


def grown(mtype: str, count: int = 1) -> list[Tree]:
    cell_type = TYPES[mtype]
    blueprint = Blueprint(cell_type.roots, cell_type.radius, sum(cell_type.depths) / 2)
    return grow([blueprint] * count, np.random.default_rng(5), floor=HEIGHT)


def test_morphio_reads_what_was_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    (tree,) = grown("L5_TPC:A")
    write_morphology(tmp_path / "cell.h5", tree, 9.5)
    read = morphio.Morphology(tmp_path / "cell.h5")

    assert capfd.readouterr() == ("", "")
    assert read.soma.type == morphio.SomaType.SOMA_SIMPLE_CONTOUR
    np.testing.assert_allclose(read.soma.points.mean(axis=0)[[0, 2]], 0, atol=0.5)
    assert len(read.sections) == len(tree.kinds)
    for section in read.iter():
        part = tree.points[tree.offsets[section.id] : tree.offsets[section.id + 1]]
        np.testing.assert_array_equal(section.points, part[:, :3])
        np.testing.assert_array_equal(section.diameters, part[:, 3])
        assert int(section.type) == tree.kinds[section.id]
        assert (-1 if section.is_root else section.parent.id) == tree.parents[section.id]


def test_a_pyramidal_soma_is_drawn_up():
    round_soma, drawn = soma_contour(8.0, pyramidal=False), soma_contour(8.0, pyramidal=True)
    np.testing.assert_allclose(np.linalg.norm(round_soma[:, :2], axis=1), 8.0, rtol=1e-6)
    assert drawn[:, 1].max() > 10 > -drawn[:, 1].min()


def test_compartments_cover_their_sections():
    (tree,) = grown("L23_LBC")
    parts = compartments(tree)
    assert (parts.section[0], parts.kind[0], parts.distance[0]) == (0, SOMA, 0)
    assert (np.diff(parts.section.astype(int)) >= 0).all()
    for section in range(len(tree.kinds)):
        mine = parts.section == section + 1
        begin, end = tree.distance[tree.offsets[section]], tree.distance[tree.offsets[section + 1] - 1]
        longest = COMPARTMENT_LENGTH[int(tree.kinds[section])]
        assert mine.sum() == 1 + 2 * int((end - begin) / longest)
        assert parts.length[mine].sum() == pytest.approx(end - begin, rel=1e-4)
        assert set(parts.kind[mine].tolist()) == {tree.kinds[section]}
        assert ((parts.distance[mine] > begin) & (parts.distance[mine] < end)).all()
        assert parts.fraction[mine].mean() == pytest.approx(0.5)


def test_centers_lie_on_the_path():
    program = Program(AXON, 1000.0, (1.0, 0.5), wander=0.0)
    (tree,) = grow([Blueprint([Root(program, elevation=(90, 90))], 5.0, 2000.0)], np.random.default_rng(0))
    parts = compartments(tree)
    assert len(parts.section) > 2
    np.testing.assert_allclose(parts.center[1:, 1], 5.0 + parts.distance[1:], rtol=1e-5)
    np.testing.assert_allclose(parts.center[1:, [0, 2]], 0, atol=1e-3)


# Ranges around the reconstructed cells of rat S1 in the shared data: an L5 pyramidal cell has 47 + 103 dendritic
# sections of 9.3 mm and rises 1,018 µm; L6 ones have 63 to 143 sections of 5 to 11 mm.
@pytest.mark.parametrize(
    ("mtype", "sections", "millimeters", "rise"),
    [
        ("L5_TPC:A", (60, 220), (5, 15), (900, 1200)),
        ("L6_TPC:A", (35, 150), (3.5, 12), (700, 1300)),
        ("L23_PC", (25, 130), (2, 8), (250, 480)),
        ("L4_SSC", (30, 110), (1.5, 6), (60, 260)),
    ],
)
def test_dendrites_have_the_size_of_real_ones(mtype, sections, millimeters, rise):
    counts, lengths, tops = [], [], []
    for tree in grown(mtype, 12):
        dendritic = tree.kinds != AXON
        spans = tree.distance[tree.offsets[1:] - 1] - tree.distance[tree.offsets[:-1]]
        points = np.repeat(dendritic, np.diff(tree.offsets))
        counts.append(dendritic.sum())
        lengths.append(spans[dendritic].sum() / 1000)
        tops.append(tree.points[points, 1].max())
    assert sections[0] < np.median(counts) < sections[1]
    assert millimeters[0] < np.median(lengths) < millimeters[1]
    assert rise[0] < np.median(tops) < rise[1]
