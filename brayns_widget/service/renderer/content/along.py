"""Places along the sections of cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.geometry import Geometry


def along(geometry: Geometry, slot: int, point: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Find the place of a section's center line that a point on its surface belongs to.

    Args:
        geometry: of the model; the segments, or spheres, of a section follow one another in their order.
        slot: of the section.
        point: (3,) in the model's own space, in µm.

    Returns:
        The part of the section's length that comes before, 0 to 1, and that length in µm. Both are of the section as
        it is drawn, perhaps with fewer points than it has. (0.5, 0.0) for what has no length, such as a soma of one
        sphere.
    """
    segments = geometry.segments[geometry.segment_slots == slot].astype(np.int64)
    starts, ends = (geometry.vertices[segments + end].astype(np.float64) for end in (0, 1))
    if not len(segments):
        chain = geometry.spheres[geometry.sphere_slots == slot].astype(np.float64)
        starts, ends = chain[:-1], chain[1:]
    axes = ends[:, :3] - starts[:, :3]
    lengths = np.linalg.norm(axes, axis=1)
    total = float(lengths.sum())
    if total == 0:
        return 0.5, 0.0
    offsets = np.asarray(point, np.float64) - starts[:, :3]
    shares = np.einsum("ij,ij->i", offsets, axes) / np.maximum(lengths, np.finfo(np.float64).tiny) ** 2
    shares = np.where(lengths > 0, np.clip(shares, 0, 1), 0)
    radii = starts[:, 3] + shares * (ends[:, 3] - starts[:, 3])
    gaps = np.linalg.norm(offsets - shares[:, None] * axes, axis=1) - radii
    nearest = int(np.argmin(np.abs(gaps)))
    before = float(lengths[:nearest].sum() + shares[nearest] * lengths[nearest])
    return before / total, before
