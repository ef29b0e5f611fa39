"""Models that are spheres with a color each, as the loaders of points and molecules make them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.coloring.primitives import PrimitiveColoring
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders.base import LoadedModel, failure

_LARGEST = 1e15  # far below what single precision and the ray tracer can take


def spheres_model(
    kind: str,
    name: str,
    centers: npt.NDArray[np.float64],
    *,
    radii: npt.NDArray[np.float64],
    colors: npt.NDArray[np.float32],
    metadata: Mapping[str, str],
) -> LoadedModel:
    """Make a model.

    Args:
        kind: its ``model_type``.
        name: of the file, for messages.
        centers: (N, 3).
        radii: (N,).
        colors: (N, 4) linear RGBA.
        metadata: what a client may show.

    Raises:
        RequestError: a number cannot be drawn.
    """
    numbers = np.column_stack((centers, radii))
    if not (np.abs(numbers) < _LARGEST).all() or (radii < 0).any():
        raise failure(
            f"{name} has a coordinate or radius that is not a number below {_LARGEST:g}, or a negative radius"
        )
    spheres = numbers.astype(np.float32)
    none = np.empty(0, np.uint32)
    geometry = Geometry(np.empty((0, 4), np.float32), none, none, spheres, np.arange(len(spheres), dtype=np.uint32))
    return LoadedModel(kind=kind, geometry=geometry, coloring=PrimitiveColoring(colors), metadata=metadata)
