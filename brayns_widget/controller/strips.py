"""Several pictures side by side as one, each with a caption below."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from brayns_widget.controller.encoded import Snapshot
from brayns_widget.controller.printing import font, letters
from brayns_widget.protocol import colors

_LIGHT = 0.5  # of a background, above which captions are dark
_ON_ANY = "#808080"  # is read on light and on dark paper


def side_by_side(pictures: Sequence[bytes], captions: Sequence[str], columns: int, background: str) -> Snapshot:
    """Put pictures of one size into rows.

    Args:
        pictures: PNGs.
        captions: what stands below each.
        columns: how many stand side by side.
        background: in any form that ``colors.parse`` reads, between them and behind the captions.

    Returns:
        the whole, a PNG.
    """
    from PIL import Image, ImageDraw

    opened = [Image.open(io.BytesIO(data)) for data in pictures]
    mode = "RGBA" if any(picture.mode == "RGBA" for picture in opened) else "RGB"
    width, height = opened[0].size
    em = letters((width, height))
    face, instead = font(em, "".join(captions))
    columns, below = min(columns, len(opened)), 2 * em
    rows = math.ceil(len(opened) / columns)
    red, green, blue, alpha = colors.parse(background)
    paper = colors.to_hex((red, green, blue, alpha if mode == "RGBA" else 1.0))
    sheet = Image.new(mode, (columns * (width + em) - em, rows * (height + below) + (rows - 1) * em), paper)
    draw = ImageDraw.Draw(sheet)
    ink = "#111111" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > _LIGHT else "#eeeeee"
    if mode == "RGBA" and alpha < _LIGHT:
        ink = _ON_ANY
    for number, (picture, caption) in enumerate(zip(opened, captions, strict=True)):
        left, top = number % columns * (width + em), number // columns * (height + below + em)
        sheet.paste(picture.convert(mode), (left, top))
        place = left + width / 2, top + height + below / 2
        draw.text(place, caption.translate(instead), fill=ink, font=face, anchor="mm")
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return Snapshot(file.getvalue(), "png", sheet.size)
