"""Cell bodies: a sphere, or the cylinders of an SWC file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import morphio
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_CONTOURS = (morphio.SomaType.SOMA_SIMPLE_CONTOUR, morphio.SomaType.SOMA_UNDEFINED)
_FEWEST_OF_CONTOUR = 4  # points; three are a soma of NeuroMorpho.Org


@dataclass(frozen=True)
class Soma:
    """What is drawn as the cell body.

    Attributes:
        spheres: (K, 4) float32, center and radius in µm.
        cylinders: (C, 2, 4) float32, both ends of each; not cut off but round.
        center: (3,) float32, the mean of the file's points; zeros without a soma.
    """

    spheres: Floats
    cylinders: Floats
    center: Floats

    def with_magnitudes(self) -> Soma:
        """Return it with radii of which none is below 0."""
        return replace(self, spheres=_absolute(self.spheres), cylinders=_absolute(self.cylinders))


def _absolute(spheres: Floats) -> Floats:
    return np.concatenate((spheres[..., :3], np.abs(spheres[..., 3:])), axis=-1)


def no_soma() -> Soma:
    """Make the soma of a cell without one."""
    return Soma(np.empty((0, 4), np.float32), np.empty((0, 2, 4), np.float32), np.zeros(3, np.float32))


def sphere_soma(points: Floats, radius: float) -> Soma:
    """Make a sphere about the mean of points (P, 4)."""
    center = points[:, :3].mean(axis=0)
    return Soma(np.array([[*center, radius]], np.float32), np.empty((0, 2, 4), np.float32), center)


def contour_soma(points: Floats) -> Soma:
    """Make the sphere of a contour's mean radius; points (P, 4)."""
    return sphere_soma(points, _mean_way(points))


def linked_soma(points: Floats, links: Ints) -> Soma:
    """Make the soma that an SWC file describes.

    One point is a sphere; so are three of which the first has both others, as NeuroMorpho.Org writes spheres. Points
    that run around it are its contour. Others are cylinders.

    Args:
        points: (P, 4) center and radius.
        links: (P,) index of the point that each one continues; -1: none.
    """
    if len(points) == 1 or links.tolist() == [-1, 0, 0]:
        return sphere_soma(points, points[0, 3])
    if _is_contour(points, links):
        return contour_soma(points)
    (linked,) = np.nonzero(links >= 0)
    cylinders = np.stack((points[links[linked]], points[linked]), axis=1)
    return Soma(np.empty((0, 4), np.float32), cylinders, points[:, :3].mean(axis=0))


def morphio_soma(soma: Any) -> Soma:
    """Make the soma of a ``morphio.Morphology``; cylinders form one chain."""
    points = np.column_stack((soma.points, soma.diameters / 2)).astype(np.float32)
    if not len(points):
        return no_soma()
    if soma.type == morphio.SomaType.SOMA_CYLINDERS:
        return linked_soma(points, np.arange(-1, len(points) - 1))
    if soma.type in _CONTOURS:
        return contour_soma(points)
    return sphere_soma(points, points[0, 3])


def _mean_way(points: Floats) -> float:
    return float(np.linalg.norm(points[:, :3] - points[:, :3].mean(axis=0), axis=1).mean())


def _is_contour(points: Floats, links: Ints) -> bool:
    """Whether points are a chain that comes back to where it begins, around an empty middle.

    The ends of a chain of cylinders along a line are four of their mean way from the middle apart.
    """
    if len(points) < _FEWEST_OF_CONTOUR or (links != np.arange(-1, len(links) - 1)).any():
        return False
    way = _mean_way(points)
    gap = np.linalg.norm(points[0, :3] - points[-1, :3])
    return bool(gap < way and np.abs(points[:, 3]).max() < way)
