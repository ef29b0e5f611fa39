"""Cells from memory as points and their parents: objects of MorphIO, navis and NEURON, tables and arrays.

Each object is read by its public attributes, so that none of these packages has to be installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.morphologies import FARTHEST_ROOT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SOMA, AXON, DENDRITE, APICAL = 1, 2, 3, 4  # numbers of SWC
RADIUS = 0.5  # µm, where none is given
KNOWN = (
    "a MorphIO morphology, a navis neuron, sections of NEURON, a table with the columns x, y, z, radius and parent, "
    "or points (N, 3) with parents=…"
)
_COLUMNS = 7  # of SWC


@dataclass(frozen=True)
class Skeleton:
    """A cell as points, of which each continues another one.

    Attributes:
        name: of the cell.
        points: (N, 4) x, y, z and radius in µm.
        types: (N,) numbers of SWC.
        parents: (N,) index of the point that each continues; -1: none.

    Raises:
        ValueError: the arrays do not fit each other, a number is not finite, or a parent is not there.
    """

    name: str
    points: Floats
    types: Ints
    parents: Ints

    def __post_init__(self) -> None:
        count = len(self.points)
        if not count:
            raise ValueError(f"{self.name} has no points")
        if len(self.parents) != count or len(self.types) != count:
            lengths = f"{count} points, {len(self.parents)} parents and {len(self.types)} types"
            raise ValueError(f"{self.name} has {lengths}; there must be as many of each")
        (wrong,) = np.nonzero(~np.isfinite(self.points).all(axis=1))
        if len(wrong):
            raise ValueError(f"point {wrong[0]} of {self.name} is not finite: {self.points[wrong[0]].tolist()}")
        (wrong,) = np.nonzero((self.parents >= count) | (self.parents == np.arange(count)))
        if len(wrong):
            raise ValueError(f"point {wrong[0]} of {self.name} continues point {self.parents[wrong[0]]} of {count}")

    def swc(self) -> str:
        """Write it as the text of an SWC file."""
        rows = zip(self.types.tolist(), self.points.tolist(), self.parents.tolist(), strict=True)
        lines = [
            f"{number} {kind} {x:.9g} {y:.9g} {z:.9g} {radius:.9g} {parent + 1 if parent >= 0 else -1}"
            for number, (kind, (x, y, z, radius), parent) in enumerate(rows, 1)
        ]
        return "\n".join(lines) + "\n"

    def segments(
        self, *, soma: bool, axon: bool, dendrites: bool, radius_multiplier: float
    ) -> list[tuple[list[float], list[float]]]:
        """List both ends (x, y, z, radius) of what is drawn from each point to the one that it continues.

        A point that continues none, and that none continues, is a segment of no length. The multiplier is for
        neurites.
        """
        is_soma = self.types == SOMA
        wanted = np.where(is_soma, soma, np.where(self.types == AXON, axon, dendrites)).astype(np.bool_)
        points = self.points.copy()
        points[:, 3] = np.abs(points[:, 3]) * np.where(is_soma, 1.0, radius_multiplier)
        alone = (self.parents < 0) & (
            (np.bincount(self.parents[self.parents >= 0], minlength=len(points)) == 0) | is_soma
        )
        (ends,) = np.nonzero(wanted & ((self.parents >= 0) | alone))
        begins = np.where(self.parents[ends] >= 0, self.parents[ends], ends)
        return list(zip(points[begins].tolist(), points[ends].tolist(), strict=True))


def skeletons_of(source: Any, *, parents: Any = None, radii: Any = None, types: Any = None) -> list[Skeleton]:
    """Read cells of any kind.

    Args:
        source: one of ``KNOWN``, or several of them.
        parents: for points: the index of the point that each one continues; -1: none.
        radii: for points: in µm.
        types: for points: numbers of SWC.

    Raises:
        TypeError: it is nothing of these.
        ValueError: what it holds is no cell.
    """
    if isinstance(source, Skeleton):
        return [source]
    if parents is not None:
        return [_of_points(source, parents, radii, types)]
    read = _reader_of(source)
    if read is not None:
        return [read(source)]
    if hasattr(source, "shape") or not isinstance(source, Iterable) or isinstance(source, str | bytes):
        if np.ndim(source) == 2 and np.shape(source)[1] == _COLUMNS:
            return [_of_rows(np.asarray(source, np.float64))]
        raise TypeError(f"{type(source).__name__} is no morphology; give a path, {KNOWN}")
    items = list(source)
    if items and all(_is_section(item) for item in items):
        return [_of_neuron(items)]
    if items and all(isinstance(item, Skeleton) or _reader_of(item) is not None for item in items):
        return [skeleton for item in items for skeleton in skeletons_of(item)]
    raise TypeError(f"This {type(source).__name__} is no morphology; give a path, {KNOWN}")


def _reader_of(source: Any) -> Any:
    if hasattr(source, "root_sections") and hasattr(source, "soma"):
        return _of_morphio
    if hasattr(getattr(source, "nodes", None), "columns"):
        return _of_navis
    if hasattr(source, "columns") or isinstance(source, Mapping):
        return _of_table
    return (lambda section: _of_neuron([section])) if _is_section(source) else None


def _is_section(source: Any) -> bool:
    return hasattr(source, "n3d") and hasattr(source, "name")  # other objects of NEURON have the former


def _of_points(points: Any, parents: Any, radii: Any, types: Any) -> Skeleton:
    places = _floats(points, "points")
    if places.ndim != 2 or places.shape[1] not in {3, 4}:
        raise ValueError(f"points must be a table of x, y, z (and radius), got the shape {places.shape}")
    if places.shape[1] == 3:
        places = np.column_stack((places, np.full(len(places), RADIUS)))
    if radii is not None:
        places = np.column_stack((places[:, :3], _for_each(_floats(radii, "radii"), len(places), "radii")))
    kinds = np.full(len(places), DENDRITE) if types is None else _whole(types, "types")
    return Skeleton("points", places, _for_each(kinds, len(places), "types"), _whole(parents, "parents"))


def _for_each(values: npt.NDArray[Any], count: int, what: str) -> npt.NDArray[Any]:
    """Return one value for each point, of which one may have been given for all."""
    if values.shape not in {(), (1,), (count,)}:
        raise ValueError(
            f"{what} must be one value, or one for each of the {count} points; its shape is {values.shape}"
        )
    return np.broadcast_to(values, count)


def _floats(values: Any, what: str) -> Floats:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:  # texts, rows of several lengths
        raise ValueError(f"{what} must be numbers: {error}") from error


def _whole(values: Any, what: str) -> Ints:
    numbers = np.asarray(values) if hasattr(values, "dtype") else _floats(values, what)
    if numbers.dtype.kind not in "iu":
        numbers = _floats(numbers, what)
        with np.errstate(invalid="ignore"):  # what is not finite
            if not (numbers.astype(np.int64) == numbers).all():
                raise ValueError(f"{what} must be whole numbers")
    return numbers.astype(np.int64)


def _of_rows(rows: Floats) -> Skeleton:
    return Skeleton(
        "points", rows[:, 2:6], _whole(rows[:, 1], "types"), _indices(_whole(rows[:, 0], "numbers"), rows[:, 6])
    )


def _indices(ids: Ints, parents: Any) -> Ints:
    """Find the index of each point's parent by its number.

    Raises:
        ValueError: it is not there, or a number is there twice.
    """
    wanted = _whole(parents, "parents")
    order = np.argsort(ids, kind="stable")
    if (np.diff(ids[order]) == 0).any():
        raise ValueError(f"two points have the number {ids[order][np.argmax(np.diff(ids[order]) == 0)]}")
    at = order[np.minimum(np.searchsorted(ids[order], wanted), len(ids) - 1)]
    found = ids[at] == wanted
    (missing,) = np.nonzero(~found & (wanted >= 0))
    if len(missing):
        raise ValueError(f"point {ids[missing[0]]} continues point {wanted[missing[0]]}, which is not there")
    return np.where(found, at, -1)


def _column(table: Any, *names: str) -> Any:
    known = list(table.columns if hasattr(table, "columns") else table)
    name = next((name for name in names if name in known), None)
    return None if name is None else np.asarray(table[name])


def _of_table(table: Any, name: str = "table", *, loose: bool = False) -> Skeleton:
    """Read a table; if it is ``loose``, radii that are not above 0 are unknown ones, and become 0."""
    x, y, z = (_column(table, axis) for axis in "xyz")
    parents = _column(table, "parent", "parent_id")
    if x is None or y is None or z is None or parents is None:
        raise ValueError("a table of a morphology has the columns x, y, z and parent; radius, type and id are optional")
    radii, types = _column(table, "radius", "r"), _column(table, "type", "label")
    ids = _column(table, "node_id", "id")
    if radii is None:
        radii = np.full(len(x), RADIUS)
    if loose:
        radii = np.where(radii > 0, radii, 0.0)  # NaN is not above it either
    if types is None or types.dtype.kind not in "iuf":
        types = np.full(len(x), DENDRITE)
    points = np.column_stack((x, y, z, radii)).astype(np.float64)
    ids = np.arange(len(x)) if ids is None else _whole(ids, "ids")
    return Skeleton(name, points, _whole(types, "types"), _indices(ids, parents))


def _of_navis(neuron: Any) -> Skeleton:
    table = _of_table(neuron.nodes, str(getattr(neuron, "name", None) or "neuron"), loose=True)
    points, types = table.points.copy(), table.types.copy()
    units: Any = getattr(neuron, "units", None)
    if hasattr(units, "is_compatible_with") and units.is_compatible_with("micrometer"):
        size = np.asarray(units.to("micrometer").magnitude, np.float64)
        points *= np.append(np.broadcast_to(size, 3), size.mean())
    points[points[:, 3] == 0, 3] = RADIUS  # navis has 0, -1 or NaN where a radius is unknown
    soma = getattr(neuron, "soma", None)
    if soma is not None:
        types[np.isin(_column(neuron.nodes, "node_id"), np.atleast_1d(soma))] = SOMA
    return Skeleton(table.name, points, types, table.parents)


def _of_morphio(morphology: Any) -> Skeleton:
    points, parents, types = _morphio_soma(morphology.soma)
    sphere = points[0] if len(points) == 1 else None
    body = np.array(points).reshape(-1, 4)
    lasts: dict[int, int] = {}  # the last point of each section
    for section in morphology.iter():
        rows = np.column_stack((section.points, np.asarray(section.diameters, np.float64) / 2)).tolist()
        before = -1 if section.is_root else lasts[section.parent.id]
        if before >= 0 and rows[0][:3] == points[before][:3]:
            rows = rows[1:]  # it repeats its parent's last point
        elif before < 0 and len(body):
            ways = np.linalg.norm(body[:, :3] - rows[0][:3], axis=1)
            if sphere is None or ways[0] <= FARTHEST_ROOT * sphere[3]:
                before = int(ways.argmin())
        for row in rows:
            points.append(row)
            parents.append(before)
            types.append(int(section.type))
            before = len(points) - 1
        lasts[section.id] = before
    return Skeleton("morphology", np.array(points, np.float64).reshape(-1, 4), _ints(types), _ints(parents))


def _morphio_soma(soma: Any) -> tuple[list[list[float]], list[int], list[int]]:
    places = np.asarray(soma.points, np.float64).reshape(-1, 3)
    if not len(places):
        return [], [], []
    radii = np.asarray(soma.diameters, np.float64) / 2
    kind = getattr(soma.type, "name", str(soma.type))
    if "CYLINDERS" in kind and "THREE_POINT" not in kind:
        chain = list(range(-1, len(places) - 1))
        return np.column_stack((places, radii)).tolist(), chain, [SOMA] * len(places)
    center = places.mean(axis=0)
    of_contour = "CONTOUR" in kind or "UNDEFINED" in kind
    radius = np.linalg.norm(places - center, axis=1).mean() if of_contour else radii[0]
    return [[*center.tolist(), float(radius)]], [-1], [SOMA]


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, np.int64)


# Parts of the names of sections, as templates and importers of NEURON give them.
_NAMES = (("soma", SOMA), ("apic", APICAL), ("axon", AXON))


def _of_neuron(sections: Sequence[Any]) -> Skeleton:
    points: list[list[float]] = []
    parents: list[int] = []
    types: list[int] = []
    firsts: dict[str, int] = {}
    for section in sections:
        count = int(section.n3d())
        if not count:
            raise ValueError(f"section {section.name()} of NEURON has no 3D points; call h.define_shape() first")
        firsts[section.name()] = len(points)
        kind = next((kind for part, kind in _NAMES if part in section.name().rpartition(".")[2]), DENDRITE)
        parents += [-1, *range(len(points), len(points) + count - 1)]
        points += [[section.x3d(i), section.y3d(i), section.z3d(i), section.diam3d(i) / 2] for i in range(count)]
        types += [kind] * count
    for section in sections:
        place = section.parentseg()
        if place is not None and place.sec.name() in firsts:
            parents[firsts[section.name()]] = firsts[place.sec.name()] + _nearest(place)
    return Skeleton("sections", np.array(points, np.float64), _ints(types), _ints(parents))


def _nearest(place: Any) -> int:
    """Find the 3D point of a section of NEURON that is nearest to a place on it."""
    section = place.sec
    path = np.array([section.arc3d(i) for i in range(int(section.n3d()))])
    return int(np.abs(path - place.x * path[-1]).argmin())
