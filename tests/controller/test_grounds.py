from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from brayns_widget.controller.grounds import lay_under


def laid(pixels, ground, image_format="png"):
    buffer = io.BytesIO()
    Image.fromarray(np.array(pixels, np.uint8)).save(buffer, "PNG")
    picture = Image.open(io.BytesIO(lay_under(buffer.getvalue(), ground, image_format)))
    assert picture.format == {"png": "PNG", "jpg": "JPEG"}[image_format]
    return np.asarray(picture)


def column(rows, pixel=(0, 0, 0, 0)):
    return [[pixel] * 4] * rows


def test_nothing_shows_the_gradient_from_top_to_bottom():
    picture = laid(column(5), ("#000000", "#ff8000"))
    assert picture[:, 0, 0].tolist() == [0, 64, 128, 191, 255]
    assert picture[-1, 0].tolist() == [255, 128, 0, 255]


def test_what_is_opaque_covers_it():
    assert (laid(column(3, (10, 20, 30, 255)), ("#ff0000", "#00ff00")) == [10, 20, 30, 255]).all()


@pytest.mark.parametrize(("ground", "pixel", "seen"), [("#ffffff", 0, 128), ("#000000", 255, 180)])
def test_edges_keep_their_contrast_on_light_and_on_dark_ground(ground, pixel, seen):
    picture = laid(column(2, (pixel, pixel, pixel, 127)), (ground, ground))
    assert picture[0, 0].tolist() == pytest.approx([seen, seen, seen, 255], abs=1)


def test_a_gradient_may_end_in_nothing():
    picture = laid(column(3), ("#ffffff", "#ffffff00"))
    assert picture[:, 0, 3].tolist() == [255, 128, 0]


def test_a_jpeg_has_no_alpha():
    picture = laid(column(16), ("#ffffff", "#ffffff"), "jpg")
    assert picture.shape == (16, 4, 3)
    assert picture.min() > 250
