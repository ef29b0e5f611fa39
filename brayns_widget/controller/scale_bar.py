"""Scale bars in pictures: a round length, and how long it is seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from brayns_widget.controller.printing import font, letters, paper_and_ink, print_on

if TYPE_CHECKING:
    from PIL import Image

    from brayns_widget.controller.printing import LegendPlace

_LONGEST = 1 / 4  # of the picture's width
_STEPS = (5, 2, 1)
_MM = 1000.0


def round_length(most: float) -> float:
    """Return the longest length of 1, 2 or 5 times a power of ten that is not above ``most``."""
    power = 10.0 ** math.floor(math.log10(most))
    return next((step * power for step in _STEPS if step * power <= most), power)


def length_text(length: float) -> str:
    """Return a length (µm) with its unit, for people."""
    return f"{length / _MM:g} mm" if length >= _MM else f"{length:g} µm"


def print_scale_bar(data: bytes, image_format: str, visible_height: float, place: LegendPlace) -> bytes:
    """Draw a scale bar into a picture.

    Args:
        data: the picture, a PNG or JPEG.
        image_format: "png" or "jpg".
        visible_height: what the picture shows from its lower to its upper edge, µm.
        place: the corner.

    Returns:
        the picture with the bar, in the same format.
    """

    def draw(size: tuple[int, int], *, is_light: bool) -> Image.Image:
        unit = visible_height / size[1]
        length = round_length(size[0] * _LONGEST * unit)
        width = max(round(length / unit), 1)  # a picture of a few pixels has no room for less
        return _draw(size, width, length_text(length), is_light=is_light)

    return print_on(data, image_format, place, draw)


def _draw(size: tuple[int, int], width: int, text: str, *, is_light: bool) -> Image.Image:
    """Draw it: RGBA."""
    from PIL import Image, ImageDraw

    em = letters(size)
    face, instead = font(em, text)
    text = text.translate(instead)
    thick = max(em // 5, 2)
    whole = max(width, math.ceil(face.getlength(text)))
    paper, ink = paper_and_ink(is_light=is_light)
    image = Image.new("RGBA", (whole + 2 * em, round(2.1 * em) + thick))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, image.width - 1, image.height - 1), radius=em // 3, fill=paper)
    draw.text((image.width / 2, 0.95 * em), text, fill=ink, font=face, anchor="mm")
    left, top = (image.width - width) // 2, round(1.65 * em)
    draw.rectangle((left, top, left + width - 1, top + thick - 1), fill=ink)
    return image
