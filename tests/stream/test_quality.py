from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.stream.quality import BRAYNS, Pace, StreamSettings, picture_size, settings_for

SETTINGS = StreamSettings()
SIDES = st.floats(1, 20000)


@given(SIDES, SIDES, st.sampled_from([1.0, 0.5, 0.25]))
def test_a_picture_stays_within_what_the_renderer_takes(width: float, height: float, scale: float) -> None:
    size = picture_size(width, height, SETTINGS, scale)
    assert all(64 <= side <= 4096 for side in size)


@given(st.floats(400, 8000), st.floats(400, 8000), st.sampled_from([1.0, 0.5, 0.25]))
def test_a_picture_keeps_the_proportions_of_its_view(width: float, height: float, scale: float) -> None:
    # Only where a side is long enough that rounding to whole pixels does not matter.
    columns, rows = picture_size(width, height, SETTINGS, scale)
    assert abs(columns / rows / (width / height) - 1) < 0.02


def test_picture_sizes() -> None:
    assert picture_size(800, 600, SETTINGS) == (800, 600)
    assert picture_size(800, 600, SETTINGS, 0.25) == (200, 150)
    assert picture_size(5120, 2880, SETTINGS) == (4096, 2304)
    assert picture_size(200, 100, SETTINGS, 0.25) == (128, 64)  # not 50 x 25, nor 64 x 64


def test_the_pace_starts_in_the_middle() -> None:
    assert Pace(SETTINGS).choose((800, 600)) == 0.5


def test_a_fast_scene_is_shown_in_full_and_a_slow_one_small() -> None:
    fast, slow = Pace(SETTINGS), Pace(SETTINGS)
    fast.measured(0.005, (800, 600), 1)
    slow.measured(0.300, (800, 600), 1)
    assert fast.choose((800, 600)) == 1.0
    assert slow.choose((800, 600)) == 0.25


def test_the_cost_counts_samples_and_pixels() -> None:
    pace = Pace(SETTINGS)
    pace.measured(0.4, (800, 600), 16)  # 25 ms a sample
    assert pace.choose((800, 600)) == 0.5  # 25 ms would do, were it not for the room to spare
    assert pace.choose((400, 300)) == 1.0


def test_a_scale_that_barely_fits_is_kept_but_not_taken_up() -> None:
    pace = Pace(SETTINGS)
    pace.measured(0.010, (800, 600), 1)
    assert pace.choose((800, 600)) == 1.0
    for _ in range(50):
        pace.measured(0.030, (800, 600), 1)
    assert pace.choose((800, 600)) == 1.0
    for _ in range(50):
        pace.measured(0.040, (800, 600), 1)
    assert pace.choose((800, 600)) == 0.5
    for _ in range(50):
        pace.measured(0.030, (800, 600), 1)
    assert pace.choose((800, 600)) == 0.5


def test_quality_is_turned_round_for_the_server_that_turns_it_round() -> None:
    assert SETTINGS.jpeg_quality(95) == 95
    assert BRAYNS.jpeg_quality(95) == 5


def test_settings_go_by_the_server():
    assert settings_for({"major": 3, "minor": 10, "patch": 1, "revision": "brayns-widget 0.1.0"}) == SETTINGS
    assert settings_for({"major": 3, "minor": 10, "patch": 1, "revision": "747afcdfc"}) == BRAYNS
    assert settings_for(None) == BRAYNS


def test_the_real_server_gets_as_many_samples_as_ours() -> None:
    assert BRAYNS.rest_passes**2 == SETTINGS.rest_passes
