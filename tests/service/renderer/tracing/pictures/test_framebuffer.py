"""Framebuffer sizes."""

from __future__ import annotations

import pytest

from brayns_widget.service.renderer.tracing.pictures.framebuffer import Frame, checked_size, coarse_size


@pytest.mark.parametrize(
    ("size", "scale", "coarse"),
    [((1280, 720), 4, (320, 180)), ((320, 100), 4, (80, 64)), ((30, 20), 4, (30, 20)), ((100, 200), 1, (100, 200))],
)
def test_coarse_size_has_64_pixels_a_side_if_there_are(size, scale, coarse):
    assert coarse_size(size[0], size[1], scale) == coarse


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 10), (16385, 10), (10, 10**6), (16384, 8193)])
def test_refuses_sizes_that_cannot_be_traced(size):
    with pytest.raises(ValueError, match="A picture must have"):
        checked_size(*size)


def test_pixels_are_the_image_in_bytes():
    frame = Frame(5, 3, accumulates=True)
    frame.image[2, 4] = 0x04030201
    assert frame.pixels.shape == (3, 5, 4)
    assert frame.pixels[2, 4].tolist() == [1, 2, 3, 4]
