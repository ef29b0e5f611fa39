"""OpenEXR files."""

from __future__ import annotations

import io

import numpy as np
import OpenEXR
import pytest

from brayns_widget.service.renderer.tracing.pictures.exr import encode_exr


@pytest.fixture
def numbers():
    return np.random.default_rng(1).normal(size=(3, 5, 4)).astype(np.float32)


def test_numbers_come_back_exactly(numbers, tmp_path):
    depth = numbers[..., 0].copy()
    depth[0, 0] = np.inf
    path = tmp_path / "x.exr"
    path.write_bytes(encode_exr({"color": numbers, "depth": depth, "normal": numbers[..., :3].copy()}))
    with OpenEXR.File(str(path)) as file:
        parts = {part.name(): part.channels for part in file.parts}
        assert list(parts) == ["color", "depth", "normal"]
        np.testing.assert_array_equal(parts["color"]["RGBA"].pixels, numbers)
        np.testing.assert_array_equal(parts["depth"]["R"].pixels, depth)
        np.testing.assert_array_equal(parts["normal"]["RGB"].pixels, numbers[..., :3])


def test_one_image_makes_one_part_with_texts(numbers):
    data = encode_exr({"color": numbers}, {"title": "T"})
    assert data[:8].hex() == "762f310102000000"  # as the real renderer's: version 2, no multi-part flag
    with OpenEXR.File(io.BytesIO(data)) as file:
        assert file.header()["title"] == "T"
