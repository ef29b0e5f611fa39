"""Legends, and what else is drawn by Pillow over a finished snapshot."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from brayns_widget.controller.legend import Legend, LegendSection

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

LegendPlace = Literal["upper left", "upper right", "lower left", "lower right"]

_SHARE = 1 / 42  # of the picture's shorter side: the height of the letters
_SMALLEST = 9  # pixels, below which nobody reads
_WIDEST, _HIGHEST = 0.6, 0.94  # shares of the picture that a legend may have
_LONGEST = 0.34  # share of the picture's width that a text may have
_MORE = "… {} more"
_Rgba = tuple[int, int, int, int]
_PAPERS: Mapping[bool, tuple[_Rgba, _Rgba]] = {
    True: ((255, 255, 255, 224), (20, 20, 24, 255)),
    False: ((20, 20, 24, 216), (240, 240, 240, 255)),
}
"""Colors of paper and ink on light backgrounds, and on dark ones."""

# Pillow's own font has few letters beyond these, so others need a font of the system.
_OWN = {*map(chr, range(32, 127)), *"·…"}
_FONTS = ("DejaVuSans.ttf", "Arial.ttf", "LiberationSans-Regular.ttf", "Arial Unicode.ttf")
_INSTEAD = str.maketrans({"µ": "u", "Ω": "Ohm"})


class Drawing(Protocol):
    """Draws something for a picture."""

    def __call__(self, size: tuple[int, int], *, is_light: bool) -> Image.Image:
        """Draw it in RGBA for a picture of a size, where its corner is light or dark."""


@dataclass(frozen=True)
class _Line:
    """A line of a legend: a title, a color with its label, a color bar, or its ends."""

    kind: Literal["title", "entry", "bar", "ends", "gap"]
    text: str = ""
    colors: tuple[str, ...] = ()


def print_legend(data: bytes, image_format: str, legend: Legend, place: LegendPlace, names: Mapping[int, str]) -> bytes:
    """Draw a legend into a picture.

    A long one goes into columns, and ends with "… 12 more" where these do not suffice.

    Args:
        data: the picture, a PNG or JPEG.
        image_format: "png" or "jpg".
        legend: the legend.
        place: the corner.
        names: of models, by their ids.

    Returns:
        the picture with the legend, in the same format.
    """

    def draw(size: tuple[int, int], *, is_light: bool) -> Image.Image:
        return _Printer(size, _lines(legend, names), is_light=is_light).draw()

    return print_on(data, image_format, place, draw)


def print_on(data: bytes, image_format: str, place: LegendPlace, draw: Drawing) -> bytes:
    """Put what ``draw`` makes, for the picture's size and for light or dark ground, into a corner of a picture."""
    from PIL import Image

    image = Image.open(io.BytesIO(data))
    mode, canvas = image.mode, image.convert("RGBA")
    printed = draw(canvas.size, is_light=_is_light(canvas, place))
    margin = max(round(min(canvas.size) * 0.02), 2)
    vertical, horizontal = place.split()
    left = margin if horizontal == "left" else canvas.width - printed.width - margin
    top = margin if vertical == "upper" else canvas.height - printed.height - margin
    canvas.alpha_composite(printed, (max(left, 0), max(top, 0)))
    written = io.BytesIO()
    if image_format == "png":
        canvas.convert(mode).save(written, "PNG")
    else:
        canvas.convert("RGB").save(written, "JPEG", quality=95)
    return written.getvalue()


def _is_light(image: Image.Image, place: str) -> bool:
    """Whether a corner of a picture is light; the paper is like it."""
    vertical, horizontal = place.split()
    width, height = max(image.width // 16, 1), max(image.height // 16, 1)
    left = 0 if horizontal == "left" else image.width - width
    top = 0 if vertical == "upper" else image.height - height
    corner = image.crop((left, top, left + width, top + height)).convert("L").resize((1, 1))
    lightness: Any = corner.getpixel((0, 0))
    return bool(lightness > 127)


def _lines(legend: Legend, names: Mapping[int, str]) -> list[_Line]:
    found: list[_Line] = []
    for section in legend.sections:
        name = names.get(section.model, "") if section.model is not None and len(legend.sections) > 1 else ""
        found += [_Line("gap")] if found else []
        if title := " · ".join(filter(None, [section.title, name])):
            found.append(_Line("title", title))
        found += _rows(section)
    return found


def _rows(section: LegendSection) -> Iterator[_Line]:
    for entry in section.entries:
        yield _Line("entry", entry.label, (entry.color,))
    if section.stops:
        yield _Line("bar", colors=section.stops)
    if section.range is not None:
        low, high = (f"{end:.6g}" for end in section.range)
        yield _Line("ends", f"{low}\n{high} {section.unit}".rstrip())
    if section.missing is not None:
        yield _Line("entry", "no value", (section.missing,))


class _Printer:
    """Draws the lines of a legend for a picture of some size."""

    def __init__(self, size: tuple[int, int], lines: Sequence[_Line], *, is_light: bool) -> None:
        self._size = size
        self._em = letters(size)
        self._font, self._instead = font(self._em, "".join(line.text for line in lines))
        self._row = round(self._em * 1.45)
        self._paper, self._ink = paper_and_ink(is_light=is_light)
        self._columns = self._flow(lines)

    def draw(self) -> Image.Image:
        """Draw it: RGBA."""
        from PIL import Image, ImageDraw

        gap = self._em
        widths = [max(map(self._width, column)) for column in self._columns]
        rows = max(map(len, self._columns))
        size = sum(widths) + gap * (len(widths) + 1), rows * self._row + self._em
        image = Image.new("RGBA", size)
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius=self._em // 3, fill=self._paper)
        left = gap
        for column, width in zip(self._columns, widths, strict=True):
            for row, line in enumerate(column):
                self._draw_line(draw, line, left, self._em // 2 + row * self._row, width)
            left += width + gap
        return image

    def _flow(self, lines: Sequence[_Line]) -> list[list[_Line]]:
        """Put the lines into columns that fit, of about the same length."""
        wide, high = self._size[0] * _WIDEST - self._em, self._size[1] * _HIGHEST - self._em
        rows = max(int(high // self._row), 1)
        across = max(int(wide // (max(map(self._width, lines)) + self._em)), 1)
        if len(lines) > rows * across:
            kept = list(lines[: rows * across - 1])
            while len(kept) > 1 and kept[-1].kind != "entry":
                kept.pop()
            hidden = sum(line.kind in {"entry", "bar"} for line in lines[len(kept) :])
            lines = [*kept, _Line("title", _MORE.format(hidden))]
        rows = -(-len(lines) // -(-len(lines) // rows))
        return [list(lines[start : start + rows]) for start in range(0, len(lines), rows)]

    def _width(self, line: _Line) -> int:
        if line.kind in {"bar", "ends"}:
            return min(self._em * 12, int(self._size[0] * _LONGEST))
        indent = self._row if line.kind == "entry" else 0
        return indent + int(self._font.getlength(self._cut(line.text))) + 1

    def _cut(self, text: str) -> str:
        """Shorten a text that is too long."""
        text, longest = text.translate(self._instead), self._size[0] * _LONGEST
        if self._font.getlength(text) <= longest:
            return text
        while text and self._font.getlength(f"{text}…") > longest:
            text = text[:-1]
        return f"{text}…"

    def _draw_line(self, draw: ImageDraw.ImageDraw, line: _Line, left: int, top: int, width: int) -> None:
        middle, box = top + self._row / 2, self._em
        if line.kind == "bar":
            for step in range(width):
                color = line.colors[step * len(line.colors) // width]
                draw.line((left + step, middle - box / 2, left + step, middle + box / 2), fill=color)
        elif line.kind == "ends":
            low, _, high = line.text.partition("\n")
            draw.text((left, middle), self._cut(low), fill=self._ink, font=self._font, anchor="lm")
            draw.text((left + width, middle), self._cut(high), fill=self._ink, font=self._font, anchor="rm")
        elif line.kind != "gap":
            if line.kind == "entry":
                frame = left, middle - box / 2, left + box, middle + box / 2
                draw.rectangle(frame, fill=line.colors[0], outline=(*self._ink[:3], 96))
                left += self._row
            draw.text((left, middle), self._cut(line.text), fill=self._ink, font=self._font, anchor="lm")


def letters(size: tuple[int, int]) -> int:
    """Return the height of letters in a picture of a size."""
    return max(round(min(size) * _SHARE), _SMALLEST)


def paper_and_ink(*, is_light: bool) -> tuple[_Rgba, _Rgba]:
    """Return the colors of paper and ink on light or on dark ground."""
    return _PAPERS[is_light]


def font(size: int, text: str) -> tuple[ImageFont.FreeTypeFont, Mapping[int, str]]:
    """Return a font for a text, and what is written instead of letters that it has not.

    It is Pillow's own, which is there on every machine, or one of the system if the text has other letters.
    """
    from PIL import ImageFont

    if not _OWN.issuperset(text.replace("\n", "")):
        for name in _FONTS:
            try:
                return ImageFont.truetype(name, size), {}
            except OSError:
                continue
    own: Any = ImageFont.load_default(size)
    return own, _INSTEAD
