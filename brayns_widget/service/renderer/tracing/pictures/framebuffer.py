"""Framebuffer: a picture that accumulates samples, and the sizes of its steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.tracing.ground import BLEND, LIGHT_ALPHA, SHOWN, SHOWN_ALPHA
from brayns_widget.service.renderer.tracing.kernels.surfaces import TILE
from brayns_widget.service.renderer.tracing.tonemap import tone_bytes

LARGEST_SIDE = 16384  # pixels; our own client asks for less, see controller/pictures.py
MOST_PIXELS = 1 << 27  # 15360 x 8640 are enough for print; a frame takes 2 GB while it accumulates
_SMALLEST_COARSE_SIDE = 64


def checked_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of a picture if it can be traced.

    Raises:
        ValueError: a side is less than 1 or more than LARGEST_SIDE pixels, or there are more than MOST_PIXELS.
    """
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise ValueError(f"A picture must have 1 to {LARGEST_SIDE} pixels a side, got {width} x {height}.")
    if width * height > MOST_PIXELS:
        raise ValueError(f"A picture must have at most {MOST_PIXELS} pixels, got {width} x {height}.")
    return width, height


def coarse_size(width: int, height: int, scale: int) -> tuple[int, int]:
    """Size of a first, coarse picture: ``scale`` times smaller a side, but 64 pixels if the full one has as many."""
    return (
        min(width, max(_SMALLEST_COARSE_SIDE, width // scale)),
        min(height, max(_SMALLEST_COARSE_SIDE, height // scale)),
    )


def tiles(width: int, height: int) -> NDArray[np.int32]:
    """int32 (tiles,), zeros: how many samples each tile of TILE x TILE pixels has."""
    return np.zeros(-(-width // TILE) * -(-height // TILE), np.int32)


class Frame:
    """Sums of samples and the picture made of them.

    Args:
        width: in pixels.
        height: in pixels.
        accumulates: whether there will be more than one sample; sums of a single one are not kept.

    Attributes:
        sums: float32 (height, width, 4), linear RGBA; (0, 0, 4) if nothing accumulates.
        image: uint32 (height, width), RGBA bytes.
        done: int32 (tiles,), samples that each tile of TILE x TILE pixels has.
        samples: samples that every tile has.
    """

    def __init__(self, width: int, height: int, accumulates: bool) -> None:
        self.accumulates = accumulates
        self.sums = np.empty((height, width, 4) if accumulates else (0, 0, 4), np.float32)
        self.image = np.zeros((height, width), "<u4")
        self.done = tiles(width, height)
        self.samples = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.image.shape
        return width, height

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """uint8 (height, width, 4), RGBA: the same memory as ``image``."""
        return self.image.view(np.uint8).reshape(*self.image.shape, 4)

    def fill(self, background: NDArray[np.float32]) -> None:
        """Add a sample of the background alone, see ``ground.packed_background``, to every pixel."""
        color = np.append(background[:LIGHT_ALPHA], np.clip(background[LIGHT_ALPHA], 0, 1)).astype(np.float32)
        if self.samples == 0:
            self.sums[:] = color
        else:
            self.sums += color
        if background[BLEND] > 0:
            pixel = (background[SHOWN : SHOWN_ALPHA + 1] * 255 + 0.5).astype(np.uint8)
        else:
            pixel = np.append(tone_bytes(color[:3]), np.uint8(color[3] * 255 + 0.5))
        self.image.fill(int.from_bytes(pixel.tobytes(), "little"))
        self.samples += 1
        self.done[:] = self.samples

    @property
    def traced(self) -> float:
        """Samples that the tiles have in the mean."""
        return self.samples + float(np.mean(self.done > self.samples))

    @property
    def light(self) -> NDArray[np.float32]:
        """float32 (height, width, 4), the mean of all samples in linear light, RGBA; the frame must accumulate."""
        return self.sums / np.float32(self.samples)

    def restart(self) -> None:
        """Forget all samples; the picture stays until the first new one overwrites it."""
        self.done[:] = 0
        self.samples = 0
