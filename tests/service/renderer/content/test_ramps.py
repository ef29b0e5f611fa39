"""Color ramps: what was recorded, limits, lookups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from brayns_widget.protocol.brayns.simulation import MOST_COLORS
from brayns_widget.service.renderer.content.ramps import LEVELS, ColorRamp

BLACK_WHITE = np.array([[0, 0, 0, 1], [1, 1, 1, 1]], np.float32)


@pytest.mark.data
def test_the_first_ramp_is_the_recorded_one(shared_dir: Path):
    lines = (shared_dir / "protocol/renderer-transcripts/simulation_parameters.jsonl").read_text().splitlines()
    messages = [json.loads(line).get("text", "") for line in lines]
    recorded = json.loads(next(text for text in messages if '"result":{"colors"' in text))["result"]
    ramp = ColorRamp()
    np.testing.assert_allclose(ramp.colors, recorded["colors"], atol=1e-7)
    assert [ramp.low, ramp.high] == recorded["range"]


def test_values_outside_the_range_have_the_first_and_the_last_color():
    ramp = ColorRamp(BLACK_WHITE, -1.0, 1.0)
    values = np.array([-np.inf, -5, -1, 1, 7, np.inf, np.nan], np.float32)
    assert ramp.levels(values).tolist() == [0, 0, 0, LEVELS - 1, LEVELS - 1, LEVELS - 1, 0]


def test_many_colors_are_told_apart():
    grays = np.repeat(np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None], 4, axis=1)
    np.testing.assert_allclose(ColorRamp(grays, 0.0, 1.0).table(), grays, atol=1.01 / (LEVELS - 1))


def test_colors_mix_by_the_place_in_the_whole_range():
    table = ColorRamp(np.array([[0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]], np.float32)).table()
    place = 51 / 255
    np.testing.assert_allclose(table[51], [place, 0, 0, 1], atol=1e-6)
    place = 102 / 255
    np.testing.assert_allclose(table[102], [1 - place, place, 0, 1], atol=1e-6)


@pytest.mark.parametrize("count", [0, LEVELS + 1])
def test_a_ramp_has_1_to_256_colors(count: int):
    with pytest.raises(ValueError, match=f"got {count}"):
        ColorRamp(np.ones((count, 4), np.float32))


def test_a_range_ascends():
    with pytest.raises(ValueError, match="got 2 to 2"):
        ColorRamp(BLACK_WHITE, 2.0, 2.0)


def test_values_between_two_levels_have_the_lower_one():
    ramp = ColorRamp(BLACK_WHITE, 0.0, LEVELS - 1.0)
    assert ramp.levels(np.array([0.0, 9.25, 9.75, 10.0], np.float32)).tolist() == [0, 9, 9, 10]


def test_ramps_may_have_as_many_colors_as_their_tables():
    assert LEVELS == MOST_COLORS
    with pytest.raises(ValueError, match="1 to 256"):
        ColorRamp(np.ones((LEVELS + 1, 4), np.float32))
