"""Comparing pictures with those of the real renderer."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.int64]


class Likeness(NamedTuple):
    """How a picture compares with another: correlation, and the sum of differences over the other's sum."""

    correlation: float
    difference: float


def pixels(image: bytes) -> Pixels:
    """Decode a picture to (height, width, 3)."""
    with Image.open(io.BytesIO(image)) as opened:
        return np.asarray(opened.convert("RGB")).astype(np.int64)


def averages(image: Pixels) -> npt.NDArray[np.float64]:
    """8 by 8 box averages in linear light."""
    encoded = image / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    height, width = (side // 8 * 8 for side in image.shape[:2])
    boxes: npt.NDArray[np.float64] = linear[:height, :width].reshape(height // 8, 8, width // 8, 8, 3).mean(axis=(1, 3))
    return boxes


def likeness(ours: bytes, theirs: bytes) -> Likeness:
    """Compare two encoded pictures of the same size by their box averages."""
    one, other = averages(pixels(ours)), averages(pixels(theirs))
    correlation = float(np.nan_to_num(np.corrcoef(one.ravel(), other.ravel())[0, 1]))
    return Likeness(correlation, float(np.abs(one - other).sum() / other.sum()))
