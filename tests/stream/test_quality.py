from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.stream.quality import BRAYNS, SCALES, Pace, StreamSettings, picture_size, settings_for

SETTINGS = StreamSettings()
SIDES = st.floats(1, 20000)


@given(SIDES, SIDES, st.sampled_from(SCALES))
def test_a_picture_stays_within_what_the_renderer_takes(width: float, height: float, scale: float) -> None:
    size = picture_size(width, height, SETTINGS, scale)
    assert all(64 <= side <= 4096 for side in size)


@given(st.floats(400, 8000), st.floats(400, 8000), st.sampled_from(SCALES))
def test_a_picture_keeps_the_proportions_of_its_view(width: float, height: float, scale: float) -> None:
    # Only where a side is long enough that rounding to whole pixels does not matter.
    columns, rows = picture_size(width, height, SETTINGS, scale)
    assert abs(columns / rows / (width / height) - 1) < 0.02


def test_picture_sizes() -> None:
    assert picture_size(800, 600, SETTINGS) == (800, 600)
    assert picture_size(800, 600, SETTINGS, 0.25) == (200, 150)
    assert picture_size(5120, 2880, SETTINGS) == (4096, 2304)
    assert picture_size(200, 100, SETTINGS, 0.25) == (128, 64)  # not 50 x 25, nor 64 x 64


def _gesture(
    pace: Pace, times: dict[float, float], *, page: float = 0.001, pictures: int = 40, messages: float = 0.0
) -> list[float]:
    """Scales of a gesture. A picture takes ``times`` s by scale to render, ``page`` to draw, ``messages`` to arrive."""
    pace.begin()
    scales = []
    now = 0.0
    for _ in range(pictures):
        scales.append(pace.scale)
        now += max(times[pace.scale], page, messages)
        pace.shown(page, now)
        pace.rendered(times[pace.scale])
    return scales


def _times(full: float, fixed: float = 0.0) -> dict[float, float]:
    """Render times by scale, of ``fixed`` seconds and some that grow with the pixels to ``full``."""
    return {scale: fixed + (full - fixed) * scale**2 for scale in SCALES}


def test_a_fast_scene_is_shown_in_full_and_a_slow_one_small():
    assert _gesture(Pace(SETTINGS), _times(0.010))[-1] == 1.0
    assert _gesture(Pace(SETTINGS), _times(0.280))[-1] == 0.25
    assert _gesture(Pace(SETTINGS), _times(3.000))[-1] == 0.25


@pytest.mark.parametrize(("full", "scale"), [(0.200, 0.375), (0.100, 0.5), (0.022, 0.75), (0.012, 1.0)])
def test_no_picture_is_smaller_than_the_machine_needs(full: float, scale: float) -> None:
    assert _gesture(Pace(SETTINGS), _times(full))[-1] == scale


def test_sizes_follow_one_another():
    scales = _gesture(Pace(SETTINGS), _times(0.010))
    assert list(dict.fromkeys(scales)) == [0.5, 0.75, 1.0]
    scales = _gesture(Pace(SETTINGS), _times(0.280))
    assert list(dict.fromkeys(scales)) == [0.5, 0.375, 0.25]


def test_a_page_that_is_slow_to_draw_gets_half_of_the_size_and_no_less():
    assert _gesture(Pace(SETTINGS), _times(0.005), page=0.200)[-1] == 0.5
    assert _gesture(Pace(SETTINGS), _times(0.005), page=0.025)[-1] == 0.5
    assert _gesture(Pace(SETTINGS), _times(0.005), page=0.004)[-1] == 1.0


def test_pictures_that_wait_for_messages_are_no_smaller_than_they_must_be():
    times = _times(0.150)  # 37 ms at half of the size
    assert _gesture(Pace(SETTINGS), times)[-1] == 0.375
    assert _gesture(Pace(SETTINGS), times, messages=0.050)[-1] == 0.5
    assert _gesture(Pace(SETTINGS), times, messages=0.044)[-1] == 0.375


def test_a_pause_between_gestures_is_no_time_between_pictures():
    pace = Pace(SETTINGS)
    pace.shown(0.001, 0.0)
    pace.begin()
    pace.shown(0.001, 100.0)
    assert _gesture(pace, _times(0.150))[-1] == 0.375


def test_a_larger_picture_that_is_too_slow_is_tried_once_in_a_gesture():
    pace = Pace(SETTINGS)
    times = {0.25: 0.002, 0.375: 0.003, 0.5: 0.006, 0.75: 0.010, 1.0: 0.045}
    scales = _gesture(pace, times)
    assert scales[0] == 0.5
    assert scales[-1] == 0.75
    assert scales.count(1.0) == 3
    assert _gesture(pace, times).count(1.0) == 3


def test_a_picture_with_fixed_costs_is_not_held_small_by_them():
    assert _gesture(Pace(SETTINGS), _times(0.014, fixed=0.009))[-1] == 1.0


def test_one_hiccup_does_not_change_the_size_but_a_long_one_does():
    pace = Pace(SETTINGS)
    for seconds in (0.020, 0.050, 0.020, 0.020):
        pace.rendered(seconds)
    assert pace.scale == 0.5
    pace.rendered(0.400)
    assert pace.scale == 0.375
    pace.rendered(0.400)  # one is enough where it is far too long
    assert pace.scale == 0.25


def test_quality_is_turned_round_for_the_server_that_turns_it_round() -> None:
    assert SETTINGS.jpeg_quality(95) == 95
    assert BRAYNS.jpeg_quality(95) == 5


def test_settings_go_by_the_server():
    assert settings_for(ours=True, gives_way=True) == SETTINGS
    assert settings_for(ours=False, gives_way=False) == BRAYNS
    assert not settings_for(ours=True, gives_way=False).gives_way


def test_the_real_server_gets_as_many_samples_as_ours() -> None:
    assert BRAYNS.rest_passes**2 == SETTINGS.rest_passes
