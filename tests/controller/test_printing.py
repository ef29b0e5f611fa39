from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from brayns_widget.controller.legend import Legend, LegendEntry, LegendSection
from brayns_widget.controller.palettes import PALETTE
from brayns_widget.controller.printing import print_legend

SIZE = 600, 400
TYPES = LegendSection(1, "mtype", (LegendEntry("L1_DAC", "#d55e00"), LegendEntry("L23_PC", "#56b4e9")))
BAR = LegendSection(2, "y", stops=("#440154", "#21918c", "#fde725"), range=(-10.0, 1500.0), missing="#808080")


def picture(background, *sections, size=SIZE, place="lower left", image_format="png", mode="RGB"):
    """Print a legend into an empty picture; returns it as an image, and its pixels (height, width, 3)."""
    written = io.BytesIO()
    Image.new(mode, size, background).save(written, {"png": "PNG", "jpg": "JPEG"}[image_format])
    data = print_legend(written.getvalue(), image_format, Legend(sections), place, {1: "cortex", 2: "thalamus"})
    image = Image.open(io.BytesIO(data))
    return image, np.asarray(image.convert("RGB")).astype(int)


def where(pixels, color, tolerance=0):
    """Return rows and columns of the pixels that have a color, as (N, 2)."""
    wanted = np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)])
    return np.argwhere(np.abs(pixels - wanted).max(-1) <= tolerance)


@pytest.mark.parametrize("background", ["white", "black", "#808080"])
def test_colors_are_printed_in_their_order_beside_ink_that_can_be_read(background):
    image, pixels = picture(background, TYPES)
    assert (image.mode, image.size) == ("RGB", SIZE)
    first, second = (where(pixels, entry.color) for entry in TYPES.entries)
    assert len(first) > 30
    assert first[:, 0].max() < second[:, 0].min()
    assert first[:, 1].max() == second[:, 1].max()
    label = pixels[first[:, 0].min() : first[:, 0].max(), first[:, 1].max() + 3 : first[:, 1].max() + 50].mean(-1)
    assert np.ptp(label) > 150


@pytest.mark.parametrize("place", ["upper left", "upper right", "lower left", "lower right"])
def test_it_stands_in_its_corner_and_changes_nothing_else(place):
    _, pixels = picture("black", TYPES, place=place)
    changed = np.argwhere(pixels.max(-1) > 0)
    top, left = changed.min(0)
    bottom, right = changed.max(0)
    assert (top < 20, bottom > 380) == (place.startswith("upper"), place.startswith("lower"))
    assert (left < 20, right > 580) == (place.endswith("left"), place.endswith("right"))
    assert right - left < 200
    assert bottom - top < 100


def test_it_grows_with_the_picture():
    areas = [len(where(picture("black", TYPES, size=size)[1], "#d55e00")) for size in ((600, 400), (2400, 1600))]
    assert areas[1] == pytest.approx(16 * areas[0], rel=0.3)


def test_a_color_bar_goes_from_its_first_color_to_its_last():
    _, pixels = picture("white", BAR)
    columns = [where(pixels, color)[:, 1].mean() for color in BAR.stops]
    assert columns == sorted(columns)
    assert len(where(pixels, "#808080")) > 30


def text_of(monkeypatch, background, *sections, **options):
    """Print a legend; returns the texts that are drawn."""
    from PIL import ImageDraw

    texts, draw = [], ImageDraw.ImageDraw.text

    def spy(self, place, text, *args, **how):
        texts.append(text)
        return draw(self, place, text, *args, **how)

    with monkeypatch.context() as patch:
        patch.setattr(ImageDraw.ImageDraw, "text", spy)
        picture(background, *sections, **options)
    return texts


def test_models_are_told_apart_and_numbers_have_their_unit(monkeypatch):
    assert text_of(monkeypatch, "white", TYPES) == ["mtype", "L1_DAC", "L23_PC"]
    bar = LegendSection(2, "current", stops=BAR.stops, range=(-0.25, 1e6), unit="nA")
    texts = text_of(monkeypatch, "white", TYPES, bar)
    assert texts == ["mtype · cortex", "L1_DAC", "L23_PC", "current · thalamus", "-0.25", "1e+06 nA"]


def many(count):
    entries = tuple(LegendEntry(f"type {number}", PALETTE[number % 28]) for number in range(count))
    return LegendSection(None, "mtype", entries)


def test_a_long_one_goes_into_columns_and_ends_with_how_many_are_missing(monkeypatch):
    fits = text_of(monkeypatch, "white", many(30))
    assert fits == ["mtype", *(f"type {number}" for number in range(30))]
    _, pixels = picture("black", many(30))
    assert len({int(column) // 20 for column in where(pixels, PALETTE[0])[:, 1]}) >= 2
    cut = text_of(monkeypatch, "white", many(500))
    shown = sum(text.startswith("type") for text in cut)
    assert 40 < shown < 300
    assert cut[-1] == f"… {500 - shown} more"
    _, pixels = picture("black", many(500))
    assert np.argwhere(pixels.max(-1) > 0)[:, 1].max() < 0.66 * SIZE[0]


@pytest.mark.parametrize("size", [(16, 16), (40, 900), (900, 40)])
def test_any_picture_takes_one(size):
    image, _ = picture("white", many(500), BAR, size=size)
    assert image.size == size


def test_a_text_that_is_too_long_is_cut(monkeypatch):
    section = LegendSection(1, "x" * 500, (LegendEntry("y" * 500, "#d55e00"),))
    title, label = text_of(monkeypatch, "white", section)
    assert title.endswith("x…")
    assert label.endswith("y…")
    assert len(label) < 60


def test_letters_that_no_font_has_are_written_otherwise(monkeypatch):
    load = ImageFont.truetype

    def missing(font, *args, **options):
        if isinstance(font, str):
            raise OSError(font)
        return load(font, *args, **options)

    monkeypatch.setattr(ImageFont, "truetype", missing)
    bar = LegendSection(2, "y", stops=BAR.stops, range=(0, 1), unit="µm")
    assert text_of(monkeypatch, "white", bar) == ["y", "0", "1 um"]


def test_a_jpeg_stays_one_and_a_clear_background_stays_clear():
    image, _ = picture("white", TYPES, image_format="jpg")
    assert image.format == "JPEG"
    image, _ = picture((0, 0, 0, 0), TYPES, mode="RGBA")
    assert image.mode == "RGBA"
    assert image.getpixel((599, 0)) == (0, 0, 0, 0)
