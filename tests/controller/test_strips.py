"""Pictures side by side."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from brayns_widget.controller.strips import side_by_side


def _png(color, mode="RGB"):
    file = io.BytesIO()
    Image.new(mode, (160, 120), color).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("background", ["#000000", "#ffffff"])
def test_pictures_stand_in_rows_with_captions_that_can_be_read(background):
    made = side_by_side([_png("red"), _png("green"), _png("blue")], ["x = 1 µm", "2", "3"], 2, background)
    pixels = np.asarray(made.pil()).astype(int)
    height, width = pixels.shape[:2]
    assert made.size == (width, height)
    assert width > 320
    assert pixels[60, 80].tolist() == [255, 0, 0]
    assert pixels[60, width - 80].tolist() == [0, 128, 0]
    lower = height // 2 + 60
    assert pixels[lower - 20, 80].tolist() == [0, 0, 255]
    ground = 0 if background == "#000000" else 255
    assert pixels[lower, width - 20].tolist() == [ground] * 3  # there is no fourth
    caption = pixels[121 : height // 2, :160]
    assert abs(caption - ground).max() > 150


def test_a_transparent_background_stays_so():
    made = side_by_side([_png((255, 0, 0, 0), "RGBA"), _png("green")], ["a", "b"], 2, "transparent")
    pixels = np.asarray(made.pil())
    assert pixels.shape[2] == 4
    assert pixels[60, 80, 3] == 0
    assert pixels[60, -80].tolist() == [0, 128, 0, 255]
    assert pixels[121:, 170:180, 3].max() == 0  # between the captions
    caption = pixels[121:, :160]
    assert caption[..., 3].max() > 150
    assert (caption[caption[..., 3] > 0][:, :3] == 128).all()  # is read on light and on dark paper
