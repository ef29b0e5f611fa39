"""The shape of one cell: cone-sphere segments and spheres, in the morphology's coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import morphio
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import GeometryType
from brayns_widget.service.renderer.loaders.morphologies import thinning
from brayns_widget.service.renderer.loaders.morphologies.places import Places, point_places, soma_places
from brayns_widget.service.renderer.loaders.morphologies.radii import smoothed


class Section(IntEnum):
    """Types of sections, in the order of a cell's color slots."""

    SOMA = 0
    AXON = 1
    DENDRITE = 2
    APICAL_DENDRITE = 3


# By MorphIO's numbers; types that SWC leaves to its users count as dendrites.
_AXON, _APICAL = 2, 4

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
    """

    vertices: npt.NDArray[np.float32]
    segments: npt.NDArray[np.uint32]
    segment_types: npt.NDArray[np.uint8]
    spheres: npt.NDArray[np.float32]
    sphere_types: npt.NDArray[np.uint8]
    segment_places: Places
    sphere_places: Places

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in vars(self).values())


@dataclass(frozen=True)
class ShapeOptions:
    """Options: which parts of a morphology become geometry, and how.

    Attributes:
        subsampling: keep every n-th point of each section, and its last.
        resampling: least cosine of the angle between two segments that become one; above 1 none do.
        growth: how far neurites have grown, from 0 to 1, see ``thinning.grown``.
    """

    soma: bool
    axon: bool
    dendrites: bool
    geometry_type: GeometryType = "smooth"
    radius_multiplier: float = 1.0
    subsampling: int = 1
    resampling: float = 2.0
    growth: float = 1.0

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


def make_shape(morphology: Any, options: ShapeOptions) -> Shape:
    """Turn a ``morphio.Morphology`` into geometry.

    The soma is a sphere of the mean radius of its contour about its center, and a cone to the start of each root
    section that is loaded; a soma that SWC describes as a chain of cylinders is that chain, as in the real renderer.

    Raises:
        ValueError: a section has no points, or continues one that does not come before it.
    """
    points = np.column_stack((morphology.points, morphology.diameters / 2)).astype(np.float32)
    starts = morphology.section_offsets.astype(np.int64)
    starts, ends = starts[:-1], starts[1:]
    if (ends <= starts).any():
        raise ValueError(f"section {int(np.flatnonzero(ends <= starts)[0])} has no points")
    types = _section_types(morphology.section_types)
    parents = _parents(morphology.connectivity, len(types))
    _set_radii(points, starts, ends, parents, options.geometry_type)
    # Places are those in whole sections, as reports count.
    neurites = _Neurites(points, point_places(starts, ends), starts, ends, types)
    if options.growth < 1:
        neurites = neurites.only(thinning.grown(points, starts, ends, parents, options.growth))
    if options.subsampling > 1:
        neurites = neurites.only(
            thinning.every_nth(len(neurites.points), neurites.starts, neurites.ends, options.subsampling)
        )
    if options.resampling <= 1:
        neurites = neurites.only(thinning.bends(neurites.points, neurites.starts, neurites.ends, options.resampling))
    neurites.points[:, 3] *= options.radius_multiplier  # not the soma's, as the reference pictures show
    wanted = np.isin(types, list(options.sections))
    shape = (_sphere_shape if options.geometry_type == "spheres" else _segment_shape)(neurites, wanted)
    if options.soma:
        roots = neurites.starts[wanted & (parents < 0) & (neurites.ends > neurites.starts)]
        shape = _add_soma(shape, morphology.soma, neurites.points[roots])
    return shape


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


def _section_types(types: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    result = np.full(len(types), Section.DENDRITE, np.uint8)
    result[types == _AXON] = Section.AXON
    result[types == _APICAL] = Section.APICAL_DENDRITE
    return result


def _parents(connectivity: Mapping[int, list[int]], count: int) -> npt.NDArray[np.int64]:
    parents = np.full(count, -1, np.int64)
    for parent, children in connectivity.items():
        if parent >= 0:
            parents[children] = parent
    if (parents >= np.arange(count)).any():
        section = int(np.flatnonzero(parents >= np.arange(count))[0])
        raise ValueError(f"section {section} continues section {parents[section]}, which does not come before it")
    return parents


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


def _add_soma(shape: Shape, soma: Any, roots: npt.NDArray[np.float32]) -> Shape:
    """Add the soma: as its file describes it if it is a chain of cylinders, else a sphere with a cone to each root."""
    points = np.column_stack((soma.points, soma.diameters / 2)).astype(np.float32)
    if not len(points):
        return shape
    if soma.type == morphio.SomaType.SOMA_CYLINDERS:
        return _with_segments(shape, points, np.arange(len(points) - 1))
    center = points[:, :3].mean(axis=0)
    radius = points[0, 3]
    if soma.type in _CONTOURS:
        radius = np.linalg.norm(points[:, :3] - center, axis=1).mean()
    sphere = np.array([*center, radius], np.float32)
    cones = np.empty((len(roots), 2, 4), np.float32)
    cones[:, 0], cones[:, 1] = sphere, roots
    shape = _with_segments(shape, cones.reshape(-1, 4), 2 * np.arange(len(roots)))
    return replace(
        shape,
        spheres=np.concatenate((shape.spheres, sphere[None])),
        sphere_types=np.append(shape.sphere_types, np.uint8(Section.SOMA)),
        sphere_places=np.concatenate((shape.sphere_places, soma_places(1))),
    )


_CONTOURS = (morphio.SomaType.SOMA_SIMPLE_CONTOUR, morphio.SomaType.SOMA_UNDEFINED)


def _with_segments(shape: Shape, vertices: npt.NDArray[np.float32], segments: npt.NDArray[np.int64]) -> Shape:
    """Add segments of the soma; their indices count from the first new vertex."""
    return replace(
        shape,
        vertices=np.concatenate((shape.vertices, vertices)),
        segments=np.concatenate((shape.segments, (segments + len(shape.vertices)).astype(np.uint32))),
        segment_types=np.concatenate((shape.segment_types, np.full(len(segments), Section.SOMA, np.uint8))),
        segment_places=np.concatenate((shape.segment_places, soma_places(len(segments)))),
    )
