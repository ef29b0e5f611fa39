"""The shape of one cell: cone-sphere segments and spheres, in the morphology's coordinates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import GeometryType
from brayns_widget.service.renderer.loaders.morphologies import thinning
from brayns_widget.service.renderer.loaders.morphologies.places import (
    APICAL,
    AXON,
    Places,
    dendrites_first,
    path_starts,
    point_places,
    soma_places,
)
from brayns_widget.service.renderer.loaders.morphologies.radii import smoothed
from brayns_widget.service.renderer.loaders.morphologies.skeleton import Skeleton
from brayns_widget.service.renderer.loaders.morphologies.soma import Soma


class Section(IntEnum):
    """Types of sections, in the order of a cell's color slots."""

    SOMA = 0
    AXON = 1
    DENDRITE = 2
    APICAL_DENDRITE = 3


CONSTANT_RADIUS = 1.0  # of neurites, in µm; as the bounds tell that the real renderer answers


@dataclass(frozen=True)
class Shape:
    """A cell made of cone-spheres and spheres.

    Attributes:
        vertices: (V, 4) float32, center and radius in µm.
        segments: (S,) uint32; segment i joins vertices ``segments[i]`` and ``segments[i] + 1``.
        segment_types: (S,) uint8, the ``Section`` of each segment.
        spheres: (P, 4) float32, center and radius.
        sphere_types: (P,) uint8.
        segment_places: (S, 2) float32, the section and how far along it each segment stands, see ``places``.
        sphere_places: (P, 2) float32.
        section_ids: (K,) int32 ids of all sections of the morphology, without the soma.
        section_starts: (K,) float32, see ``places.path_starts``.
        soma_center: the middle of the soma, in µm.
        notices: sentences about what was read otherwise than it is written.
    """

    vertices: npt.NDArray[np.float32]
    segments: npt.NDArray[np.uint32]
    segment_types: npt.NDArray[np.uint8]
    spheres: npt.NDArray[np.float32]
    sphere_types: npt.NDArray[np.uint8]
    segment_places: Places
    sphere_places: Places
    section_ids: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    section_starts: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    soma_center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    notices: tuple[str, ...] = ()

    def starts_of(self, ids: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
        """Return ``section_starts`` of some sections; that of the soma is 0."""
        order = np.argsort(self.section_ids)
        ordered = self.section_ids[order]
        at = np.minimum(np.searchsorted(ordered, ids), max(0, len(ordered) - 1))
        starts = np.zeros(len(ids), np.float32)
        known = ordered[at] == ids if len(ordered) else np.zeros(len(ids), np.bool_)
        starts[known] = self.section_starts[order[at[known]]]
        return starts

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in vars(self).values() if isinstance(array, np.ndarray))


@dataclass(frozen=True)
class ShapeOptions:
    """Options: which parts of a morphology become geometry, and how.

    Attributes:
        subsampling: keep every n-th point of each section, and its last.
        resampling: least cosine of the angle between two segments that become one; above 1 none do.
        growth: how far neurites have grown, from 0 to 1, see ``thinning.grown``.
        dendrites_first: how sections are numbered, see ``places``.
    """

    soma: bool
    axon: bool
    dendrites: bool
    geometry_type: GeometryType = "smooth"
    radius_multiplier: float = 1.0
    subsampling: int = 1
    resampling: float = 2.0
    growth: float = 1.0
    dendrites_first: bool = False

    @property
    def sections(self) -> frozenset[Section]:
        """The section types to load."""
        chosen = {
            Section.SOMA: self.soma,
            Section.AXON: self.axon,
            Section.DENDRITE: self.dendrites,
            Section.APICAL_DENDRITE: self.dendrites,
        }
        return frozenset(section for section, wanted in chosen.items() if wanted)


def point_shape(radius: float) -> Shape:
    """Make the shape of a cell of which no morphology is loaded: a sphere."""
    return Shape(
        vertices=np.empty((0, 4), np.float32),
        segments=np.empty(0, np.uint32),
        segment_types=np.empty(0, np.uint8),
        spheres=np.array([[0, 0, 0, radius]], np.float32),
        sphere_types=np.array([Section.SOMA], np.uint8),
        segment_places=soma_places(0),
        sphere_places=soma_places(1),
    )


def make_shape(skeleton: Skeleton, options: ShapeOptions) -> Shape:
    """Turn a skeleton into geometry.

    Sections are chains of cone-spheres. The soma is spheres or cylinders, with a cone to each root section that is
    loaded and has an anchor there, as in the real renderer. A section of one point that nothing continues is a segment
    from what it continues, or a sphere.

    Raises:
        ValueError: a number of what is loaded is not finite.
    """
    starts, ends, parents = skeleton.starts, skeleton.ends, skeleton.parents
    points = np.column_stack((skeleton.points, skeleton.radii)).astype(np.float32)
    types = _section_types(skeleton.section_types)
    wanted = np.array([section in options.sections for section in Section])[types]
    if not np.isfinite(points).all():
        _check_finite(points[np.repeat(wanted, ends - starts)], "its sections have a point")
    _set_radii(points, starts, ends, parents, options.geometry_type)
    # Places are those in whole sections, as reports count.
    numbers = dendrites_first(skeleton.section_types) if options.dendrites_first else np.arange(1, len(starts) + 1)
    neurites = _Neurites(points, point_places(starts, ends, numbers), starts, ends, types)
    if options.growth < 1:
        neurites = neurites.only(thinning.grown(points, starts, ends, parents, options.growth))
    if options.subsampling > 1:
        neurites = neurites.only(
            thinning.every_nth(len(neurites.points), neurites.starts, neurites.ends, options.subsampling)
        )
    if options.resampling <= 1:
        neurites = neurites.only(thinning.bends(neurites.points, neurites.starts, neurites.ends, options.resampling))
    neurites.points[:, 3] *= options.radius_multiplier  # not the soma's, as the reference pictures show
    there = wanted & (neurites.ends > neurites.starts)
    anchored = np.isfinite(skeleton.anchors[:, 0]) & options.soma
    if options.geometry_type == "spheres":
        shape = _sphere_shape(neurites, wanted)
    else:
        shape = _segment_shape(neurites, wanted)
        goes_on = np.zeros(len(types), np.bool_)
        goes_on[parents[parents >= 0]] = True
        lone = there & (ends - starts == 1) & ~goes_on
        shape = _with_lone_points(shape, neurites, parents, lone & ~anchored)
    if options.soma:
        roots = there & anchored
        shape = _with_soma(shape, skeleton.soma, skeleton.anchors[roots], neurites.points[neurites.starts[roots]])
    x, y, z = skeleton.soma.center.tolist()
    return replace(
        shape,
        section_ids=numbers.astype(np.int32),
        section_starts=path_starts(points, starts, ends, parents),
        soma_center=(x, y, z),
        notices=skeleton.notices,
    )


@dataclass(frozen=True)
class _Neurites:
    """Sections that follow one another without gaps; they may be empty.

    Attributes:
        points: (N, 4) x, y, z, radius.
        places: (N, 2) see ``places``.
        starts: (S,) index of each section's first point.
        ends: (S,) index behind each section's last point.
        types: (S,) the ``Section`` of each.
    """

    points: npt.NDArray[np.float32]
    places: Places
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    types: npt.NDArray[np.uint8]

    def only(self, kept: npt.NDArray[np.bool_]) -> _Neurites:
        """Leave points out."""
        index = np.concatenate(([0], np.cumsum(kept)))
        return _Neurites(self.points[kept], self.places[kept], index[self.starts], index[self.ends], self.types)


def _section_types(types: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Sort sections by their types in SWC; those that it leaves to its users count as dendrites."""
    result = np.full(len(types), Section.DENDRITE, np.uint8)
    result[types == AXON] = Section.AXON
    result[types == APICAL] = Section.APICAL_DENDRITE
    return result


def _check_finite(points: npt.NDArray[np.float32], what: str) -> None:
    finite = np.isfinite(points)
    if not finite.all():
        wrong = np.flatnonzero(~finite.all(axis=1))
        numbers = ", ".join(f"{number:g}" for number in points[wrong[0]])
        raise ValueError(f"{what} that is not finite (x, y, z and radius are {numbers})")


def _set_radii(
    points: npt.NDArray[np.float32],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    parents: npt.NDArray[np.int64],
    geometry_type: GeometryType,
) -> None:
    if not len(starts):
        return
    if geometry_type == "smooth":
        before = np.arange(-1, len(points) - 1)
        before[starts] = np.where(parents >= 0, ends[parents] - 1, -1)
        points[:, 3] = smoothed(points[:, 3], before)
    elif geometry_type == "section_smooth":
        before = np.arange(-1, len(points) - 1)
        before[starts] = -1
        points[:, 3] = smoothed(points[:, 3], before)
    elif geometry_type == "constant_radii":
        points[:, 3] = CONSTANT_RADIUS


def _segment_shape(neurites: _Neurites, wanted: npt.NDArray[np.bool_]) -> Shape:
    lengths = neurites.ends - neurites.starts
    kept = np.repeat(wanted, lengths)
    begins = np.ones(len(kept), np.bool_)
    begins[neurites.ends[lengths > 0] - 1] = False  # the last point of a section begins no segment
    new_index = np.cumsum(kept) - 1
    chosen = kept & begins
    return Shape(
        vertices=neurites.points[kept],
        segments=new_index[chosen].astype(np.uint32),
        segment_types=np.repeat(neurites.types, lengths)[chosen],
        spheres=np.empty((0, 4), np.float32),
        sphere_types=np.empty(0, np.uint8),
        segment_places=neurites.places[chosen],
        sphere_places=soma_places(0),
    )


def _sphere_shape(neurites: _Neurites, wanted: npt.NDArray[np.bool_]) -> Shape:
    lengths = neurites.ends - neurites.starts
    kept = np.repeat(wanted, lengths)
    return Shape(
        vertices=np.empty((0, 4), np.float32),
        segments=np.empty(0, np.uint32),
        segment_types=np.empty(0, np.uint8),
        spheres=neurites.points[kept],
        sphere_types=np.repeat(neurites.types, lengths)[kept],
        segment_places=soma_places(0),
        sphere_places=neurites.places[kept],
    )


def _with_lone_points(
    shape: Shape, neurites: _Neurites, parents: npt.NDArray[np.int64], lone: npt.NDArray[np.bool_]
) -> Shape:
    """Add what sections of one point show: a segment from the section that they continue, or a sphere."""
    linked, alone = np.flatnonzero(lone & (parents >= 0)), np.flatnonzero(lone & (parents < 0))
    if len(linked):
        befores = neurites.ends[parents[linked]] - 1
        pairs = np.stack((neurites.points[befores], neurites.points[neurites.starts[linked]]), axis=1)
        shape = _with_segments(shape, pairs, neurites.types[linked], neurites.places[neurites.starts[linked]])
    if len(alone):
        first = neurites.starts[alone]
        shape = _with_spheres(shape, neurites.points[first], neurites.types[alone], neurites.places[first])
    return shape


def _with_soma(shape: Shape, soma: Soma, anchors: npt.NDArray[np.float32], roots: npt.NDArray[np.float32]) -> Shape:
    """Add the soma, and a cone from each anchor to the root section's first point."""
    _check_finite(np.concatenate((soma.spheres, soma.cylinders.reshape(-1, 4))), "its soma has a point")
    pairs = np.concatenate((soma.cylinders, np.stack((anchors, roots), axis=1)))
    kinds = np.full(len(pairs), Section.SOMA, np.uint8)
    shape = _with_segments(shape, pairs, kinds, soma_places(len(pairs)))
    count = len(soma.spheres)
    return _with_spheres(shape, soma.spheres, np.full(count, Section.SOMA, np.uint8), soma_places(count))


def _with_segments(shape: Shape, pairs: npt.NDArray[np.float32], types: npt.NDArray[np.uint8], places: Places) -> Shape:
    """Add segments; pairs (N, 2, 4): their ends."""
    return replace(
        shape,
        vertices=np.concatenate((shape.vertices, pairs.reshape(-1, 4))),
        segments=np.concatenate((shape.segments, (2 * np.arange(len(pairs)) + len(shape.vertices)).astype(np.uint32))),
        segment_types=np.concatenate((shape.segment_types, types)),
        segment_places=np.concatenate((shape.segment_places, places)),
    )


def _with_spheres(
    shape: Shape, spheres: npt.NDArray[np.float32], types: npt.NDArray[np.uint8], places: Places
) -> Shape:
    return replace(
        shape,
        spheres=np.concatenate((shape.spheres, spheres)),
        sphere_types=np.concatenate((shape.sphere_types, types)),
        sphere_places=np.concatenate((shape.sphere_places, places)),
    )
