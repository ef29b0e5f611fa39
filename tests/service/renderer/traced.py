"""What tests of kernels trace, and what pixels they expect."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.tracing.camera import View
from brayns_widget.service.renderer.tracing.tonemap import TABLE_SCALE, tone_table

FROM_Z = View(position=(0.0, 0.0, 10.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))


def spheres(*rows: Sequence[float], slots: Sequence[int] | None = None) -> Geometry:
    """Spheres (x, y, z, radius), all of slot 0 unless told otherwise."""
    none = np.empty(0, np.uint32)
    chosen = np.zeros(len(rows), np.uint32) if slots is None else np.array(slots, np.uint32)
    return Geometry(np.empty((0, 4), np.float32), none, none, np.array(rows, np.float32), chosen)


def byte(light: float) -> int:
    """The level of a channel that shows linear light."""
    return int(tone_table()[min(len(tone_table()) - 1, int(math.sqrt(light) * TABLE_SCALE))])
