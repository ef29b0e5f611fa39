"""Cells from memory: each kind of object gives the same points, whether by the package or by a stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller.skeletons import RADIUS, Skeleton, skeletons_of

# A soma of radius 5, an axon of two segments, and a dendrite that forks.
ROWS = [
    (1, 1, 0.0, 0.0, 0.0, 5.0, -1),
    (2, 2, 0.0, -5.0, 0.0, 0.5, 1),
    (3, 2, 0.0, -30.0, 0.0, 0.5, 2),
    (4, 2, 0.0, -60.0, 0.0, 0.5, 3),
    (5, 3, 0.0, 5.0, 0.0, 1.0, 1),
    (6, 3, 0.0, 40.0, 0.0, 1.0, 5),
    (7, 3, 20.0, 60.0, 0.0, 0.75, 6),
    (8, 3, -20.0, 60.0, 0.0, 0.75, 6),
]
SWC = "".join(f"{n} {t} {x:g} {y:g} {z:g} {r:g} {p}\n" for n, t, x, y, z, r, p in ROWS)
POINTS = np.array([row[2:5] for row in ROWS])
RADII = np.array([row[5] for row in ROWS])
TYPES = np.array([row[1] for row in ROWS])
PARENTS = np.array([row[6] - 1 if row[6] > 0 else -1 for row in ROWS])


def links(skeleton: Skeleton) -> set[tuple[int, tuple[float, ...], tuple[float, ...] | None]]:
    """Type, place and radius of each point, and those of the point that it continues."""
    rounded = [tuple(point) for point in np.round(skeleton.points, 4).tolist()]
    parents = [rounded[parent] if parent >= 0 else None for parent in skeleton.parents.tolist()]
    return set(zip(skeleton.types.tolist(), rounded, parents, strict=True))


EXPECTED = links(Skeleton("expected", np.column_stack((POINTS, RADII)), TYPES, PARENTS))


def one(source: Any, **arrays: Any) -> Skeleton:
    (skeleton,) = skeletons_of(source, **arrays)
    return skeleton


def table(**names: str) -> pd.DataFrame:
    columns = ["node_id", "label", "x", "y", "z", "radius", "parent_id"]
    return pd.DataFrame(ROWS, columns=columns).rename(columns=names)


def test_arrays() -> None:
    assert links(one(POINTS, parents=PARENTS, radii=RADII, types=TYPES)) == EXPECTED
    assert links(one(np.column_stack((POINTS, RADII)).tolist(), parents=PARENTS.tolist(), types=TYPES)) == EXPECTED
    assert links(one(np.array(ROWS))) == EXPECTED
    plain = one(POINTS, parents=PARENTS)
    assert (set(plain.points[:, 3]), set(plain.types)) == ({RADIUS}, {3})


@pytest.mark.parametrize("names", [{}, {"parent_id": "parent", "label": "type", "node_id": "id", "radius": "r"}])
def test_tables(names: dict[str, str]) -> None:
    assert links(one(table(**names))) == EXPECTED
    assert links(one({name: table(**names)[name].tolist() for name in table(**names)})) == EXPECTED
    shuffled = table(**names).sample(frac=1, random_state=1)
    assert links(one(shuffled)) == EXPECTED


# --- MorphIO


def test_morphio_objects(tmp_path: Path) -> None:
    morphio = pytest.importorskip("morphio")
    path = tmp_path / "cell.swc"
    path.write_text(SWC)
    assert links(one(morphio.Morphology(str(path)))) == EXPECTED
    assert links(one(morphio.mut.Morphology(str(path)))) == EXPECTED


def test_morphio_objects_of_contours_and_far_pieces(tmp_path: Path) -> None:
    morphio = pytest.importorskip("morphio")
    path = tmp_path / "cell.asc"
    path.write_text(
        "((CellBody) (5 0 0 0) (0 5 0 0) (-5 0 0 0) (0 -5 0 0))\n((Axon) (0 9 0 1) (0 20 0 1))\n"
        "((Axon) (0 99 0 1) (0 120 0 1))\n"
    )
    skeleton = one(morphio.Morphology(str(path)))
    assert skeleton.points[0].tolist() == [0, 0, 0, 5]
    assert skeleton.parents.tolist() == [-1, 0, 1, -1, 3]


def test_morphio_objects_with_somas_of_cylinders(tmp_path: Path) -> None:
    morphio = pytest.importorskip("morphio")
    path = tmp_path / "cell.swc"
    path.write_text("1 1 0 0 0 4 -1\n2 1 9 0 0 3 1\n3 3 20 0 0 1 2\n4 3 60 0 0 1 3\n")
    skeleton = one(morphio.Morphology(str(path)))
    assert skeleton.points.tolist() == [[0, 0, 0, 4], [9, 0, 0, 3], [20, 0, 0, 1], [60, 0, 0, 1]]
    assert (skeleton.types.tolist(), skeleton.parents.tolist()) == ([1, 1, 3, 3], [-1, 0, 1, 2])


@dataclass
class Section:
    id: int
    points: Any
    diameters: Any
    type: int
    parent: Section | None = None

    @property
    def is_root(self) -> bool:
        return self.parent is None


class MorphioLike:
    """A morphology with MorphIO's public attributes."""

    def __init__(self) -> None:
        self.soma = SimpleNamespace(
            points=POINTS[:1], diameters=RADII[:1] * 2, type=SimpleNamespace(name="SOMA_SINGLE_POINT")
        )
        axon = Section(0, POINTS[1:4], RADII[1:4] * 2, 2)
        stem = Section(1, POINTS[4:6], RADII[4:6] * 2, 3)
        forks = [Section(n, POINTS[[5, n + 4]], RADII[[5, n + 4]] * 2, 3, stem) for n in (2, 3)]
        self.root_sections = [axon, stem]
        self._sections = [axon, stem, *forks]

    def iter(self) -> Iterator[Section]:
        return iter(self._sections)


def test_what_is_like_morphio() -> None:
    assert links(one(MorphioLike())) == EXPECTED


# --- navis


@dataclass
class Units:
    """Of pint, as far as navis' neurons have it."""

    factor: float | None

    def is_compatible_with(self, unit: str) -> bool:
        return self.factor is not None

    def to(self, unit: str) -> SimpleNamespace:
        return SimpleNamespace(magnitude=self.factor)


@dataclass
class NavisLike:
    """A neuron with the public attributes of navis' TreeNeuron."""

    nodes: Any
    soma: Any
    units: Any = field(default_factory=lambda: Units(None))
    name: str = "DA1"


class NavisListLike(list[NavisLike]):
    """A list of neurons with the public attributes of navis' NeuronList."""

    @property
    def nodes(self) -> Any:
        return pd.concat([neuron.nodes for neuron in self])

    @property
    def name(self) -> Any:
        return np.array([neuron.name for neuron in self])

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)


def test_what_is_like_navis() -> None:
    nodes = table()
    nodes["label"] = pd.Categorical([0, 2, 2, 2, 3, 3, 3, 3])
    nodes["type"] = pd.Categorical(["root", "slab", "slab", "end", "slab", "branch", "end", "end"])
    skeleton = one(NavisLike(nodes, soma=1))
    assert (links(skeleton), skeleton.name) == (EXPECTED, "DA1")
    nanometers = nodes.copy()
    nanometers[["x", "y", "z", "radius"]] *= 1000
    assert links(one(NavisLike(nanometers, [1], Units(0.001)))) == EXPECTED
    nodes["radius"] = [5, -1, 0, np.nan, 1, 1, 1, 1]
    assert one(NavisLike(nodes, None)).points[1:4, 3].tolist() == [RADIUS] * 3
    several = [NavisLike(nodes, 1, name="a"), NavisLike(nodes, 1, name="b")]
    for source in (several, NavisListLike(several)):
        assert [cell.name for cell in skeletons_of(source)] == ["a", "b"]


def test_navis_itself(tmp_path: Path) -> None:
    navis = pytest.importorskip("navis")
    path = tmp_path / "cell.swc"
    path.write_text(SWC)
    neuron = navis.read_swc(str(path))
    assert links(one(neuron)) == EXPECTED
    nanometers = neuron * 1000
    nanometers.units = "1 nanometer"
    both = navis.NeuronList([neuron, nanometers])
    assert [links(cell) for cell in skeletons_of(both)] == [EXPECTED, EXPECTED]


# --- NEURON


class NeuronSection:
    """A section with the methods of NEURON's."""

    def __init__(self, name: str, points: Any, radii: Any, parent: NeuronSection | None = None, x: float = 1.0) -> None:
        self._name, self._points, self._radii = name, points, radii
        self._parent = None if parent is None else SimpleNamespace(sec=parent, x=x)

    def name(self) -> str:
        return self._name

    def n3d(self) -> int:
        return len(self._points)

    def x3d(self, i: int) -> float:
        return float(self._points[i][0])

    def y3d(self, i: int) -> float:
        return float(self._points[i][1])

    def z3d(self, i: int) -> float:
        return float(self._points[i][2])

    def diam3d(self, i: int) -> float:
        return 2 * float(self._radii[i])

    def arc3d(self, i: int) -> float:
        return float(np.linalg.norm(np.diff(self._points[: i + 1], axis=0), axis=1).sum())

    def parentseg(self) -> Any:
        return self._parent


def neuron_sections() -> list[NeuronSection]:
    soma = NeuronSection("cell[0].soma[0]", POINTS[:1], RADII[:1])
    axon = NeuronSection("cell[0].axon[0]", POINTS[1:4], RADII[1:4], soma, 0.5)
    dend = NeuronSection("cell[0].dend[0]", POINTS[4:6], RADII[4:6], soma, 0.5)
    forks = [NeuronSection(f"cell[0].dend[{n}]", POINTS[[n]], RADII[[n]], dend) for n in (6, 7)]
    return [*forks, soma, axon, dend]  # NEURON's order is none to rely on


def test_what_is_like_neuron() -> None:
    assert links(one(iter(neuron_sections()))) == EXPECTED
    (dend,) = [section for section in neuron_sections() if section.name().endswith("dend[0]")]
    assert one(dend).parents.tolist() == [-1, 0]
    (apical,) = skeletons_of([NeuronSection("cell[0].apic[0]", POINTS[4:6], RADII[4:6])])
    assert apical.types.tolist() == [4, 4]


def test_neuron_itself() -> None:
    neuron = pytest.importorskip("neuron")
    h = neuron.h
    soma, dend = h.Section(name="soma"), h.Section(name="dend")
    for section, rows in ((soma, [(0, 0, 0, 10), (10, 0, 0, 10)]), (dend, [(10, 0, 0, 2), (90, 0, 0, 1)])):
        section.pt3dclear()
        for row in rows:
            section.pt3dadd(*row)
    dend.connect(soma(1))
    skeleton = one(h.allsec())
    assert skeleton.parents.tolist() == [-1, 0, 1, 2]
    assert skeleton.types.tolist() == [1, 1, 3, 3]


# --- what is no cell


@pytest.mark.parametrize("source", [3, object(), [], ["cell"], POINTS, [POINTS, POINTS]])
def test_what_is_no_morphology_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="no morphology; give a path, a MorphIO morphology, a navis neuron"):
        skeletons_of(source)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"parents": PARENTS[:-1]}, "8 points, 7 parents and 8 types"),
        ({"parents": np.where(PARENTS == 5, 8, PARENTS)}, "point 6 of points continues point 8 of 8"),
        ({"parents": np.arange(8)}, "point 0 of points continues point 0 of 8"),
        ({"parents": PARENTS + 0.5}, r"parents must be whole numbers; parents\[0\] is -0.5"),
        ({"parents": [np.nan, *PARENTS[1:]]}, r"parents must be whole numbers; parents\[0\] is nan"),
        ({"parents": [None, *PARENTS[1:]]}, r"parents must be whole numbers; parents\[0\] is nan"),
        ({"parents": ["root", *PARENTS[1:]]}, "parents must be numbers: .*'root'"),
        (
            {"parents": PARENTS, "radii": [1, 2]},
            r"radii must be one number, or one for each of 8 points, got the shape",
        ),
        (
            {"parents": PARENTS, "types": [1, 2]},
            r"types must be one number, or one for each of 8 points, got the shape",
        ),
        ({"parents": PARENTS, "radii": [np.nan] * 8}, r"point 0 of points is not finite: \[0.0, 0.0, 0.0, nan\]"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        skeletons_of(POINTS, **arrays)


def test_other_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match=r"points must be numbers: .*'a'"):
        skeletons_of([["a", "b", "c"]], parents=[-1])
    with pytest.raises(ValueError, match=r"x, y, z and radius must be numbers: .*'thick'"):
        skeletons_of(table().assign(radius="thick"))
    with pytest.raises(ValueError, match="must be a table of x, y, z"):
        skeletons_of(POINTS[:, :2], parents=PARENTS)
    with pytest.raises(ValueError, match=r"points must be numbers: .*inhomogeneous"):
        skeletons_of([[0, 0, 0], [1, 2]], parents=[-1, 0])
    with pytest.raises(ValueError, match="has the columns x, y, z and parent"):
        skeletons_of(table().drop(columns="z"))
    with pytest.raises(ValueError, match="point 7 continues point 66, which is not there"):
        skeletons_of(table().replace({"parent_id": {6: 66}}))
    with pytest.raises(ValueError, match="two points have the number 2"):
        skeletons_of(table().replace({"node_id": {3: 2}}))
    with pytest.raises(ValueError, match=r"section dend of NEURON has no 3D points; call h.define_shape\(\) first"):
        skeletons_of([NeuronSection("dend", [], [])])


def test_written_as_swc() -> None:
    assert one(POINTS, parents=PARENTS, radii=RADII, types=TYPES).swc() == SWC


def test_segments_of_the_chosen_parts() -> None:
    skeleton = one(POINTS, parents=PARENTS, radii=RADII, types=TYPES)
    every = skeleton.segments(soma=True, axon=True, dendrites=True, radius_multiplier=2)
    assert len(every) == len(ROWS)
    soma = [0.0, 0.0, 0.0, 5.0]
    assert every[:2] == [(soma, soma), (soma, [0.0, -5.0, 0.0, 1.0])]
    negative = one(POINTS, parents=PARENTS, radii=-RADII, types=TYPES)
    assert negative.segments(soma=True, axon=True, dendrites=True, radius_multiplier=2) == every
    assert len(skeleton.segments(soma=False, axon=True, dendrites=False, radius_multiplier=1)) == 3
