"""The background of pictures, as kernels take it: as light that is tone-mapped, or as what people see; and the fog.

Fog lets surfaces fade into the background, the more the farther they are along the view: the share of the background is
``strength * clamp(a x + b y + c z + d, 0, 1)``, which is 0 where the scene begins and ``strength`` where it ends.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Bounds
from brayns_widget.service.renderer.tracing.camera import rays

# Columns of a packed background.
LIGHT, LIGHT_ALPHA = 0, 3  # what rays find that leave the scene
SHOWN, SHOWN_ALPHA = 4, 7  # what lies behind the picture, sRGB 0..1
BLEND = 8  # how they meet, see below
FOG, FOG_OFFSET, FOG_STRENGTH = 9, 12, 13  # a b c, d and strength
COLUMNS = 14

NONE = 0.0
"""The background is light, and nothing lies behind the picture."""
NEGATIVE = 1.0
"""Squares of numbers of sRGB are mixed in the negative: thin neurites keep their contrast on light ground."""
SQUARES = 2.0
"""Squares of numbers of sRGB, which are nearly light, are mixed: thin neurites keep their contrast on dark ground."""

_MIDDLE = 0.5
_LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec. 709


def packed_background(color: Sequence[float], *, exact: bool) -> NDArray[np.float32]:
    """Pack a background.

    Args:
        color: linear RGBA.
        exact: whether it is shown as it is; else it passes the tone curve, as in Brayns.

    Returns:
        float32 (COLUMNS,)

    Raises:
        ValueError: it is not finite.
    """
    if not np.isfinite(color).all():
        raise ValueError(f"The background color must be finite, got {list(color)}.")
    packed = np.zeros(COLUMNS, np.float32)
    if not exact:
        packed[: LIGHT_ALPHA + 1] = color
        return packed
    packed[SHOWN:SHOWN_ALPHA] = seen = encoded(np.clip(np.array(color[:3]), 0.0, 1.0))
    packed[SHOWN_ALPHA] = min(max(color[3], 0.0), 1.0)
    packed[BLEND] = NEGATIVE if np.dot(_LUMINANCE, seen) > _MIDDLE else SQUARES
    return packed


def add_fog(packed: NDArray[np.float32], strength: float, camera: NDArray[np.float32], box: Bounds) -> None:
    """Add fog to a packed background.

    Args:
        packed: the background.
        strength: share of the background at the far end of the scene, 0 to 1.
        camera: float32 (9, 3), see ``camera.ray_frame``.
        box: lower and upper corner of what is seen, µm; without extent there is no fog.
    """
    low_high = np.array(box, np.float64)
    if strength <= 0 or not np.isfinite(low_high).all():
        return
    origin, ahead = (vector.astype(np.float64) for vector in rays(camera, 0.5, 0.5))
    corners = np.array(np.meshgrid(*low_high.T)).reshape(3, -1).T
    depths = (corners - origin) @ ahead
    begin, end = max(float(depths.min()), 0.0), float(depths.max())  # what lies behind the camera is not seen
    if end > begin:
        packed[FOG:FOG_OFFSET] = ahead / (end - begin)
        packed[FOG_OFFSET] = -(origin @ ahead + begin) / (end - begin)
        packed[FOG_STRENGTH] = min(strength, 1.0)


def encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Encode linear light 0..1 as sRGB 0..1 (IEC 61966-2-1)."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
