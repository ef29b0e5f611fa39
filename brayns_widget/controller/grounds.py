"""Gradients behind pictures that are transparent."""

from __future__ import annotations

import io
from collections.abc import Sequence

_LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec. 709
_DARK, _LIGHT = 0.25, 0.75  # luminances between which one way to mix becomes the other


def lay_under(data: bytes, ground: Sequence[str], image_format: str) -> bytes:
    """Lay a gradient under a picture.

    Colors meet it as they meet backgrounds in our renderer: on light ground numbers of sRGB are mixed, on dark ground
    their squares, so that thin neurites keep their contrast on both.

    Args:
        data: a PNG with alpha.
        ground: the colors at the top and at the bottom, "#rrggbb" or "#rrggbbaa".
        image_format: of the result, "png" or "jpg", which shows no alpha.

    Returns:
        the picture.
    """
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"), np.float32) / 255
    ends = np.array([_channels(color) for color in ground], np.float32)
    share = np.linspace(0, 1, len(pixels), dtype=np.float32)[:, None]
    behind = ((1 - share) * ends[0] + share * ends[1])[:, None]
    luminance = behind[..., :3] @ np.array(_LUMINANCE, np.float32)
    power = 2 - np.clip((luminance - _DARK) / (_LIGHT - _DARK), 0, 1)[..., None]
    near = pixels[..., 3:]
    far = (1 - near) * behind[..., 3:]
    whole = near + far
    mixed = (near * pixels[..., :3] ** power + far * behind[..., :3] ** power) / np.maximum(whole, 1e-6)
    laid = np.concatenate([mixed ** (1 / power), whole], axis=-1)
    image = Image.fromarray(np.rint(255 * laid).astype(np.uint8), "RGBA")
    buffer = io.BytesIO()
    if image_format == "png":
        image.save(buffer, "PNG")
    else:
        image.convert("RGB").save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _channels(color: str) -> list[float]:
    digits = f"{color[1:]:f<8}"
    return [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4, 6)]
