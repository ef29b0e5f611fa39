"""Skeletons: what all readers of morphologies return, whatever the file's format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.morphologies import FARTHEST_ROOT
from brayns_widget.service.renderer.loaders.morphologies.soma import Soma, morphio_soma

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Skeleton:
    """Sections of a cell: chains of points that follow one another without gaps.

    Attributes:
        points: (N, 3) in µm.
        radii: (N,) in µm, none below 0.
        section_offsets: (S + 1,) index of each section's first point, and N.
        section_types: (S,) numbers of SWC: 2 axon, 3 dendrite, 4 apical dendrite.
        parents: (S,) the section that each continues, a lower number; -1: none.
        soma: the cell body.
        anchors: (S, 4) float32, the center and radius of what of the soma a section is drawn from by a cone; NaN:
            nothing.
        notices: sentences about what was read otherwise than it is written.
    """

    points: Floats
    radii: Floats
    section_offsets: Ints
    section_types: Ints
    parents: Ints
    soma: Soma
    anchors: Floats
    notices: tuple[str, ...] = ()

    @property
    def starts(self) -> Ints:
        """Index of each section's first point."""
        return self.section_offsets[:-1]

    @property
    def ends(self) -> Ints:
        """Index behind each section's last point."""
        return self.section_offsets[1:]


def of_morphio(morphology: Any, soma: Soma | None = None) -> Skeleton:
    """Make the skeleton of a ``morphio.Morphology``; its root sections have no anchors yet.

    Args:
        morphology: the morphology.
        soma: in place of the morphology's own.

    Raises:
        ValueError: a section has no points, or continues one that does not come before it.
    """
    offsets = np.asarray(morphology.section_offsets, np.int64)
    return checked(
        np.asarray(morphology.points, np.float32).reshape(-1, 3),
        np.asarray(morphology.diameters, np.float32) / np.float32(2),
        offsets,
        np.asarray(morphology.section_types, np.int64),
        _parents(morphology.connectivity, len(offsets) - 1),
        morphio_soma(morphology.soma) if soma is None else soma,
    )


def checked(  # noqa: PLR0917 - a skeleton's parts
    points: Floats, radii: Floats, offsets: Ints, types: Ints, parents: Ints, soma: Soma
) -> Skeleton:
    """Make a skeleton without anchors; radii below 0 are taken by their magnitude, with a notice.

    Raises:
        ValueError: a section has no points or continues one that does not come before it.
    """
    (empty,) = np.nonzero(np.diff(offsets) <= 0)
    if len(empty):
        raise ValueError(f"section {empty[0]} has no points")
    (wrong,) = np.nonzero((parents >= np.arange(len(parents))) | (parents < -1))
    if len(wrong):
        raise ValueError(f"section {wrong[0]} continues section {parents[wrong[0]]}, which does not come before it")
    notices = []
    if (radii < 0).any() or (soma.spheres[:, 3] < 0).any() or (soma.cylinders[..., 3] < 0).any():
        radii, soma = np.abs(radii), soma.with_magnitudes()
        notices.append("some radii are below 0; their magnitudes are shown")
    anchors = np.full((len(types), 4), np.nan, np.float32)
    return Skeleton(points, radii, offsets, types, parents, soma, anchors, tuple(notices))


def _parents(connectivity: Mapping[int, list[int]], count: int) -> Ints:
    parents = np.full(count, -1, np.int64)
    children = np.fromiter(chain.from_iterable(connectivity.values()), np.int64)
    parents[children] = np.repeat(np.fromiter(connectivity, np.int64), [*map(len, connectivity.values())])
    return parents


def anchored_nearby(skeleton: Skeleton) -> Skeleton:
    """Join root sections that begin near the soma to it, for formats that do not say what continues it."""
    soma, roots = skeleton.soma, skeleton.parents < 0
    if not len(soma.spheres):
        return skeleton
    sphere = soma.spheres[0]
    ways = np.linalg.norm(skeleton.points[skeleton.starts] - sphere[:3], axis=1)
    near = roots & (ways <= FARTHEST_ROOT * sphere[3])
    anchors = np.where(near[:, None], sphere, np.float32(np.nan)).astype(np.float32)
    notices = skeleton.notices
    if (roots & ~near).any():
        notices += ("some neurites begin far away from the soma and are shown where they are, without a link to it",)
    return replace(skeleton, anchors=anchors, notices=notices)
