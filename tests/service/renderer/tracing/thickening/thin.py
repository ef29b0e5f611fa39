"""Thin things, and a floor that is thicker."""

from __future__ import annotations

import numpy as np

from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.thickening.floor import Floor

NONE = np.empty(0, np.uint32)
WHITE = [[1.0, 1.0, 1.0, 1.0]]
FAR = Floor((0.0, 0.0, 100.0), 0.0, 0.01, 0.5)  # pixels of 1 µm at distance 100


def neurite(points=101, radius=0.001, spacing=0.1):
    """A straight neurite along x, through (0, 0.12, 0): beside a line of samples."""
    vertices = np.zeros((points, 4), np.float32)
    vertices[:, 0] = (np.arange(points) - (points - 1) / 2) * spacing
    vertices[:, 1] = 0.12
    vertices[:, 3] = radius
    count = points - 1
    spheres = np.empty((0, 4), np.float32)
    return Geometry(vertices, np.arange(count, dtype=np.uint32), np.zeros(count, np.uint32), spheres, NONE)


def ball(radius=1.0, x=0.0):
    spheres = np.array([[x, 0, 0, radius]], np.float32)
    return Geometry(np.empty((0, 4), np.float32), NONE, NONE, spheres, np.zeros(1, np.uint32))
