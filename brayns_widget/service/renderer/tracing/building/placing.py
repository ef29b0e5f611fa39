"""Placing: vertices in world space, and what Embree needs to know of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import LARGEST_COORDINATE, Floats, Indices
from brayns_widget.service.renderer.tracing.embree import NEIGHBOR_LEFT, NEIGHBOR_RIGHT


def place_spheres(points: Floats, transform: NDArray[np.float64], out: Floats) -> None:
    """Move points (N, 4: x, y, z, radius) by an affine matrix that scales all directions alike.

    Raises:
        ValueError: a coordinate becomes too large for Embree.
    """
    if (transform == np.eye(4)).all():
        out[:] = points
    else:
        linear = transform[:3, :3]
        with np.errstate(over="ignore", invalid="ignore"):  # checked next
            out[:, :3] = points[:, :3] @ linear.T + transform[:3, 3]
            out[:, 3] = points[:, 3] * np.cbrt(abs(np.linalg.det(linear)))  # one scale for all axes, see ``instances``
    check_traceable(out)


def check_traceable(points: Floats) -> None:
    """Check that no coordinate is too large for Embree, which would leave it out silently.

    Raises:
        ValueError: one is.
    """
    if len(points) and not max(abs(float(points.min())), abs(float(points.max()))) < LARGEST_COORDINATE:
        raise ValueError(f"Coordinates must stay below {LARGEST_COORDINATE:g} µm.")


def neighbor_flags(segments: Indices) -> NDArray[np.uint8]:
    """Tell for each segment which of its ends continues in its neighbor in the list."""
    follows = segments[1:] == segments[:-1] + np.uint32(1)
    flags = np.zeros(len(segments), np.uint8)
    flags[1:] |= follows * np.uint8(NEIGHBOR_LEFT)
    flags[:-1] |= follows * np.uint8(NEIGHBOR_RIGHT)
    return flags
