from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.scene.colors import colors_by_value, from_srgb, palette, parse


def test_srgb_is_made_linear():
    assert from_srgb("#000000") == (0, 0, 0, 1)
    assert from_srgb("#FFFFFF") == pytest.approx((1, 1, 1, 1))
    assert from_srgb("#808080")[0] == pytest.approx(0.2158605, abs=1e-6)  # 0.5020 by IEC 61966-2-1


@given(st.sets(st.text(min_size=1), min_size=1, max_size=21))
def test_up_to_21_values_look_different(values):
    colors = colors_by_value("mtype", values)
    assert colors.keys() == values
    assert len(set(colors.values())) == len(values)
    assert all(0 <= channel <= 1 for color in colors.values() for channel in color)


@pytest.mark.parametrize("method", ["synapse class", "morphology section"])
def test_customary_colors_do_not_clash_with_others(method):
    values = ["EXC", "INH", "soma", "axon", "dendrite", "apical_dendrite", "other"]
    assert len(set(colors_by_value(method, values).values())) == len(values)


def test_order_does_not_matter_and_more_values_than_colors_do():
    values = [f"L{layer}_{kind}" for layer in range(6) for kind in ("PC", "BC", "MC", "NGC", "SBC")]
    assert colors_by_value("mtype", values) == colors_by_value("mtype", reversed(values))
    assert len(colors_by_value("mtype", values)) == 30


def test_a_value_keeps_its_color_in_another_circuit():
    assert colors_by_value("mtype", ["L5_TPC:A"]) == {
        "L5_TPC:A": colors_by_value("mtype", ["L5_TPC:A", "L1_DAC"])["L5_TPC:A"]
    }


def test_excitation_is_warm_and_inhibition_cold():
    colors = colors_by_value("synapse class", ["EXC", "INH"])
    assert colors["EXC"][0] > colors["EXC"][2]
    assert colors["INH"][2] > colors["INH"][0]


def test_neighbors_in_the_palette_differ_for_color_blind_eyes():
    # Deuteranopia (Viénot et al. 1999, linear RGB): red and green are mixed 0.29 : 0.71.
    seen = [(0.29 * r + 0.71 * g, b) for r, g, b, _ in palette(7)]
    gaps = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1


@pytest.mark.parametrize(
    ("value", "color"),
    [
        ((0, 0.5, 1), (0.0, 0.5, 1.0, 1.0)),
        ([0, 0.5, 1, 0.25], (0.0, 0.5, 1.0, 0.25)),
        ("#ffffff", (1.0, 1.0, 1.0, 1.0)),
    ],
)
def test_users_write_colors_in_three_ways(value, color):
    assert parse(value) == pytest.approx(color)


@pytest.mark.parametrize("value", ["red", "#12345", "#12345g", (1, 2, 3), (1, 1), (True, 0, 0), ("1", 0, 0), None, 5])
def test_what_is_no_color_is_refused(value):
    with pytest.raises(ValueError, match="is not a color"):
        parse(value)


def test_cells_next_to_each_other_in_a_range_of_ids_have_different_colors():
    colors = colors_by_value("id", ["0-22,40"])
    keys = list(colors)
    assert keys[0] == "0,21"
    assert keys[1] == "1,22"
    assert keys[2] == "2,40"
    assert len(keys) == len(set(colors.values())) == 21
    assert list(colors_by_value("id", ["7"])) == ["7"]
