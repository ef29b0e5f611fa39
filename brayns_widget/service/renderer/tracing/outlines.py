"""Outlines: dark lines on what lies behind the edges of surfaces, so that one sees what passes in front of what.

They are found in the depths of the picture's pixels, not in its colors. A line lies on what is behind, and is the
darker the farther that is, so thin neurites keep their colors, and a surface that is seen at an angle has none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Floats

FINE = 2
"""Depths a side of a pixel, so that lines are smooth; in a picture of one sample there is one."""

MOST_DEPTHS = 1 << 25  # 128 MB; larger pictures have one for each pixel

_HEIGHT = 700  # pixels of a picture whose lines are one pixel wide; larger ones have wider lines
_BEGIN, _FULL = 3.0, 30.0  # pixels that something lies behind an edge where its line begins, and from there to black
_ROWS = 256  # that are compared at once


def fineness(size: tuple[int, int], samples: int) -> int:
    """Return how many depths a side of a pixel a picture needs."""
    return FINE if samples > 1 and size[0] * size[1] * FINE**2 <= MOST_DEPTHS else 1


def lines(depths: Floats, camera: Floats, fine: int) -> Floats:
    """Find the lines of a picture.

    Args:
        depths: float32 (fine * height, fine * width), distances along rays; infinite where nothing is hit.
        camera: see ``camera.ray_frame``.
        fine: depths a side of a pixel.

    Returns:
        float32 (height, width), 0 where there is no line, to 1.
    """
    height, width = depths.shape
    scaled = _in_pixels(depths, camera)
    reach = fine * max(1.0, height / fine / _HEIGHT)
    rim = int(reach)
    shares = np.empty((height // fine, width // fine), np.float32)
    for top in range(0, height, _ROWS):
        rows = np.pad(
            scaled[max(0, top - rim) : top + _ROWS + rim],
            ((max(0, rim - top), max(0, top + _ROWS + rim - height)), (rim, rim)),
            mode="edge",
        )
        share = _darkness(rows, rim, reach)[: height - top].reshape(-1, fine, width // fine, fine)
        shares[top // fine : (top + _ROWS) // fine] = share.mean((1, 3), dtype=np.float32)
    return shares


def draw(pixels: NDArray[np.uint8], shares: Floats, strength: float) -> NDArray[np.uint8]:
    """Draw lines over a picture.

    Args:
        pixels: uint8 (height, width, 4), RGBA.
        shares: see ``lines``.
        strength: of the darkest line, 0 to 1.
    """
    left = 1 - np.float32(strength) * shares
    alpha = pixels[..., 3] * np.float32(1 / 255)
    whole = 1 - left * (1 - alpha)
    drawn = np.empty_like(pixels)
    scale = np.divide(left * alpha, whole, out=np.zeros_like(whole), where=whole > 0)
    drawn[..., :3] = np.rint(pixels[..., :3] * scale[..., None])
    drawn[..., 3] = np.rint(255 * whole)
    return drawn


def _in_pixels(depths: Floats, camera: Floats) -> Floats:
    """Measure depths by what a pixel covers there, so that a difference says how steep something is on the screen."""
    height = depths.shape[0]
    start, slope = (float(np.linalg.norm(row)) / height for row in (camera[2], camera[5]))
    slope /= float(np.linalg.norm(camera[3] + camera[7] + (camera[4] + camera[5]) / 2))
    hit = np.isfinite(depths)
    covered = start + slope * depths[hit]
    scaled = np.zeros_like(depths)
    # The integral of 1 / (start + slope depth).
    scaled[hit] = np.log(covered) / slope if slope > 0 else depths[hit] / start
    scaled[~hit] = scaled[hit].max(initial=0) + 2 * _FULL
    return scaled


def _darkness(rows: Floats, rim: int, reach: float) -> Floats:
    """Compute how much of a disc around each lies in front of it; ``rim`` is the margin that ``rows`` has.

    Beside the edge of something wide that is half of the disc, beside what is thinner than a pixel little of it.
    """
    height, width = rows.shape[0] - 2 * rim, rows.shape[1] - 2 * rim
    here = rows[rim : rim + height, rim : rim + width] - np.float32(_BEGIN)
    total, count = np.zeros_like(here), 0
    for y in range(-rim, rim + 1):
        for x in range(-rim, rim + 1):
            if 0 < x * x + y * y <= reach * reach:
                part = here - rows[rim + y : rim + y + height, rim + x : rim + x + width]
                total += np.clip(part, 0, _FULL, out=part)
                count += 1
    total *= np.float32(2 / (count * _FULL))
    return np.minimum(total, 1, out=total)
