"""Encoders for pictures of bytes: JPEG and PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from simplejpeg import encode_jpeg  # type: ignore[attr-defined]

FORMATS = ("jpg", "png")
_CHECKERS = 40  # in a picture's height
_LIGHT, _DARK = (208, 236), (38, 24)  # the tones of a light one, and of a dark one


def encode_image(
    pixels: NDArray[np.uint8], image_format: str, quality: int = 100, texts: Mapping[str, str] | None = None
) -> bytes:
    """Encode a picture.

    Args:
        pixels: uint8 (height, width, 4), RGBA.
        image_format: "jpg" (without alpha, colors at half the resolution) or "png".
        quality: of the JPEG, 1 to 100; 0 counts as 1.
        texts: by keyword, for the PNG.

    Raises:
        ValueError: unknown format, or the quality is out of range.
    """
    if image_format == "png":
        buffer = io.BytesIO()
        # Level 1 is several times faster than Pillow's default and these pictures hardly grow.
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1, pnginfo=_text_chunks(texts or {}))
        return buffer.getvalue()
    if image_format != "jpg":
        raise ValueError(f"The image format must be one of {', '.join(FORMATS)}, got {image_format!r}.")
    if not 0 <= quality <= 100:
        raise ValueError(f"JPEG quality must lie between 0 and 100, got {quality}.")
    return bytes(encode_jpeg(pixels, max(1, quality), "RGBA", "420"))


def over_checkers(pixels: NDArray[np.uint8], *, light: bool) -> NDArray[np.uint8]:
    """Lay a picture over a checkerboard, as people know it from what is transparent.

    Args:
        pixels: uint8 (height, width, 4), RGBA.
        light: whether it is light, where numbers of sRGB are mixed, or dark, where squares of them are, as in
            ``tracing.ground``.
    """
    height, width = pixels.shape[:2]
    side = max(4, round(height / _CHECKERS))
    odd = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2
    board = np.where(odd, *(_LIGHT if light else _DARK)).astype(np.float32)[..., None]
    alpha = pixels[..., 3:] * np.float32(1 / 255)
    near = pixels[..., :3].astype(np.float32)
    over = np.full_like(pixels, 255)
    if light:
        over[..., :3] = np.rint(alpha * near + (1 - alpha) * board)
    else:
        over[..., :3] = np.rint(np.sqrt(alpha * near * near + (1 - alpha) * board * board))
    return over


def _text_chunks(texts: Mapping[str, str]) -> PngInfo:
    chunks = PngInfo()
    for keyword, text in texts.items():
        chunks.add_itxt(keyword, text)
    return chunks
