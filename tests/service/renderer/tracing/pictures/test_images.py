"""Pictures to bytes and back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from brayns_widget.service.renderer.tracing.pictures.images import encode_image

PIXELS = np.zeros((48, 64, 4), np.uint8)
PIXELS[:, :32] = (200, 40, 10, 255)
PIXELS[:, 32:] = (10, 60, 220, 128)


def decode(data):
    return Image.open(io.BytesIO(data))


def test_png_keeps_every_byte():
    picture = decode(encode_image(PIXELS, "png"))
    assert picture.format == "PNG"
    assert (np.asarray(picture) == PIXELS).all()


def test_jpeg_looks_the_same_and_shrinks_with_the_quality():
    good, bad = encode_image(PIXELS, "jpg", 95), encode_image(PIXELS, "jpg", 10)
    picture = decode(good)
    assert (picture.format, picture.size) == ("JPEG", (64, 48))
    assert np.abs(np.asarray(picture).astype(int)[:, 4:28] - PIXELS[:, 4:28, :3]).max() <= 6
    assert len(bad) < len(good)


def test_quality_0_is_the_worst_not_an_error():
    assert decode(encode_image(PIXELS, "jpg", 0)).size == (64, 48)


@pytest.mark.parametrize(("image_format", "quality"), [("gif", 90), ("jpg", 101), ("jpg", -1)])
def test_refuses(image_format, quality):
    with pytest.raises(ValueError, match=r"format|quality"):
        encode_image(PIXELS, image_format, quality)


def test_png_carries_texts():
    texts = {"Title": "Zellen, größer", "Description": "", "Where used": "a, b"}
    image = encode_image(np.zeros((2, 3, 4), np.uint8), "png", texts=texts)
    with Image.open(io.BytesIO(image)) as opened:
        assert opened.text == texts  # type: ignore[attr-defined]
        assert opened.size == (3, 2)
