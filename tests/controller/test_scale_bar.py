from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.scale_bar import length_text, print_scale_bar, round_length


@given(st.floats(1e-6, 1e9))
def test_lengths_are_round_and_as_long_as_may_be(most):
    length = round_length(most)
    assert length <= most * (1 + 1e-9)
    assert most < length * 2.5 * (1 + 1e-9)
    digits = length / 10 ** math.floor(math.log10(length) + 1e-9)
    assert min(abs(digits - step) for step in (1, 2, 5)) < 1e-6


@pytest.mark.parametrize(
    ("length", "text"), [(0.05, "0.05 µm"), (2.0, "2 µm"), (500.0, "500 µm"), (1000.0, "1 mm"), (20_000.0, "20 mm")]
)
def test_lengths_have_the_unit_that_people_use(length, text):
    assert length_text(length) == text


def printed(background, visible_height, size=(600, 400), place="lower right", image_format="png"):
    written = io.BytesIO()
    Image.new("RGB", size, background).save(written, {"png": "PNG", "jpg": "JPEG"}[image_format])
    data = print_scale_bar(written.getvalue(), image_format, visible_height, place)
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)


def longest_run(pixels, ink):
    """Return the length of the longest row of ink."""
    best = 0
    for row in np.abs(pixels - ink) < 40:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
        best = max([best, *(edges[1::2] - edges[::2])])
    return best


@pytest.mark.parametrize(("background", "ink"), [("white", 20), ("black", 240)])
@pytest.mark.parametrize("place", ["lower right", "lower left"])
def test_the_bar_is_as_long_as_it_says(background, ink, place):
    pixels = printed(background, 800.0, place=place)  # 2 µm a pixel: the longest of 300 µm is 200
    assert longest_run(pixels, ink) == 100
    changed = np.argwhere(pixels != pixels[0, 0])
    assert changed[:, 0].min() > 340
    assert (changed[:, 1].min() > 400) == (place == "lower right")


def test_a_large_picture_has_a_large_bar_in_jpeg_as_well():
    assert longest_run(printed("white", 800.0, size=(2400, 1600), image_format="jpg"), 20) == pytest.approx(400, abs=2)


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_a_picture_of_a_few_pixels_takes_one(size):
    assert printed("white", 800.0, size=size).shape == size[::-1]


def test_both_projections_see_as_much_at_the_target():
    camera = Camera.perspective((0, 0, 10), (0, 0, 0), fovy=90)
    assert camera.visible_height == pytest.approx(20)
    assert Camera.orthographic((0, 0, 10), (0, 0, 0), height=50).visible_height == 50
