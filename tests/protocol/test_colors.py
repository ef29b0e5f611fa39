from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.protocol.colors import from_srgb, parse, to_hex


def test_srgb_is_made_linear():
    assert from_srgb("#000000") == (0, 0, 0, 1)
    assert from_srgb("#FFFFFF") == pytest.approx((1, 1, 1, 1))
    assert from_srgb("#808080")[0] == pytest.approx(0.2158605, abs=1e-6)  # 0.5020 by IEC 61966-2-1


@pytest.mark.parametrize(
    ("value", "color"),
    [
        # names of CSS and of matplotlib
        ("red", "#ff0000"),
        (" Red ", "#ff0000"),
        ("rebeccapurple", "#663399"),
        ("light blue", "#add8e6"),
        ("grey", "#808080"),
        ("transparent", "#00000000"),
        ("tab:blue", "#1f77b4"),
        ("tab:grey", "#7f7f7f"),
        ("C0", "#1f77b4"),
        ("C9", "#17becf"),
        ("C12", "#2ca02c"),
        ("g", "#008000"),
        ("0.5", "#808080"),
        (".5", "#808080"),
        ("1", "#ffffff"),
        # hexadecimal
        ("#f80", "#ff8800"),
        ("#F80a", "#ff8800aa"),
        ("#Ff8800", "#ff8800"),
        ("#ff880080", "#ff880080"),
        ("#ff8800ff", "#ff8800"),
        # functions of CSS
        ("rgb(255, 128, 0)", "#ff8000"),
        ("RGB(255 128 0 / 50%)", "#ff800080"),
        ("rgba( 255, 128, 0, .5 )", "#ff800080"),
        ("hsl(120, 100%, 50%)", "#00ff00"),
        # numbers
        ((1, 1, 1), "#ffffff"),
        ((0, 0, 1), "#0000ff"),
        ((0, 0, 0, 1), "#000000"),
        ((1, 0.5, 0), "#ff8000"),
        ([1, 0.5, 0, 0.25], "#ff800040"),
        ((255, 128, 0), "#ff8000"),
        ((255, 128, 0, 128), "#ff800080"),
        ((255, 128, 0, 0), "#ff800000"),
        ((255, 128, 0, 0.5), "#ff800080"),
        ((255, 128, 0, 1.0), "#ff8000"),
        ((0, 0, 0, 255), "#000000"),
        (np.array([1.0, 0.5, 0.0]), "#ff8000"),
        (np.array([1, 0.5, 0, 0.25], np.float32), "#ff800040"),
        (np.array([255, 128, 0]), "#ff8000"),
        (np.array([0, 0, 1]), "#0000ff"),
        (np.array([1, 1, 1], np.uint8), "#010101"),
        (np.array([255, 128, 0, 1], np.uint8), "#ff800001"),
        (tuple(np.array([0, 0, 1], np.uint8)), "#000001"),
    ],
)
def test_colors_are_taken_in_every_form(value, color):
    assert to_hex(parse(value)) == color


@pytest.mark.parametrize(
    "value",
    [
        "", "no color", "1.5", "-0.1", "nan", "inf", "#12345", "#12345g", "#", "12345", "C", "C0x", "tab:", "rgb(1, 2)",
        "rgb(1, 2, 3) red", "rgb(1, 2, 3, 4, 5)", "url(x)", (1, 2), (), (1, 2, 3, 4, 5), (True, 0, 0), ("1", 0, 0),
        (None, 0, 0), (float("nan"), 0, 0), (float("inf"), 0, 0), (-1, 0, 0), (256, 0, 0), (255.0, 128.0, 0.0),
        (1.0, 128, 0), (10**400, 0, 0), (255, 128, 0, 1), (255, 128, 0, 1.5), (255, 128, 0, True), (1j, 0, 0),
        np.array([True, False, True]), np.zeros((3, 3)), np.array(5), b"abc", {1, 2, 3}, {1: 2, 3: 4, 5: 6}, None, 5,
        0.5, object(),
    ],
)  # fmt: skip
def test_what_is_no_color_is_refused(value):
    with pytest.raises(ValueError, match="is not a color"):
        parse(value)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("steelbleu", "did you mean 'steelblue'?"),
        ("tab:blu", "did you mean 'tab:blue'?"),
        ("facade", "did you mean '#facade'?"),
        ("f80", "did you mean '#f80'?"),
        ((255, 128, 0, 1), r"1\.0 or 1/255"),
        ("qqqqq", "'tab:blue' or 'C0'"),
    ],
)
def test_errors_say_what_may_have_been_meant(value, hint):
    with pytest.raises(ValueError, match=hint):
        parse(value)


@given(st.binary(min_size=3, max_size=4))
def test_hexadecimal_colors_come_back(channels):
    text = f"#{channels.hex()}"
    assert to_hex(parse(text)) == text.removesuffix("ff" if len(channels) == 4 else "!")
    in_float32 = np.array(parse(text), np.float32).tolist()  # as the wire may carry them
    assert to_hex(in_float32) == to_hex(parse(text))


@given(st.lists(st.integers(0, 255), min_size=3, max_size=3).filter(lambda channels: max(channels) > 1))
def test_bytes_and_shares_and_css_mean_the_same(channels):
    color = parse(channels)
    assert parse([channel / 255 for channel in channels]) == color
    assert parse(np.array(channels, np.uint8)) == color
    assert parse("rgb({}, {}, {})".format(*channels)) == pytest.approx(color)
    assert to_hex(color) == "#{:02x}{:02x}{:02x}".format(*channels)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_shares_are_srgb_and_the_opacity_is_none(channels):
    *color, opacity = parse(channels)
    assert opacity == channels[3]
    for linear, share in zip(color, channels, strict=False):
        assert 0 <= linear <= min(1, share + 1e-12)


@given(st.one_of(st.text(), st.lists(st.one_of(st.integers(), st.floats(), st.booleans(), st.none()))))
def test_nothing_but_value_errors(value):
    try:
        color = parse(value)
    except ValueError:
        return
    assert len(color) == 4
    assert all(type(channel) is float and 0 <= channel <= 1 for channel in color)


def test_what_is_out_of_range_is_cut_off():
    assert to_hex((-1, 2, float("inf"), 7)) == "#00ffff"
    assert to_hex((float("nan"), 0, 0, 1)) == "#000000"


def test_hexadecimal_colors_need_no_package():
    script = (
        "import sys; from brayns_widget.protocol.colors import parse;"
        "parse('#f80'); parse((1, 0, 0)); parse('tab:blue');"
        "print({'cmap', 'numpy', 'PIL'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
