"""Tone mapping against levels read from the real renderer's pictures."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.service.renderer.tracing.tonemap import HDR_MAX, MID_IN, MID_OUT, TABLE_SCALE, filmic, tone_table

# Light that arrives at the reference pictures' unlit sides through k of 16 samples, and the byte found there; then
# the background of renderer.md.
LEVELS = [(0.3 * k / 16, byte) for k, byte in zip(
    range(1, 17), (38, 55, 67, 78, 86, 94, 101, 108, 114, 119, 124, 129, 133, 137, 141, 144), strict=True
)] + [(0.3 + 3 / np.pi, 216), (0.004, 17), (0.016, 35), (0.102, 90)]  # fmt: skip


@pytest.mark.parametrize(("light", "byte"), LEVELS)
def test_gives_the_real_renderers_bytes(light, byte):
    assert abs(int(tone_table()[int(light**0.5 * TABLE_SCALE)]) - byte) <= 1


def test_curve_passes_its_two_points():
    assert filmic(np.array([MID_IN, HDR_MAX])) == pytest.approx([MID_OUT, 1.0])


def test_table_rises_from_black_to_white():
    table = tone_table().astype(int)
    assert table[0] == 0
    assert table[-1] == 255
    assert (np.diff(table) >= 0).all()
    assert np.diff(table).max() <= 1
