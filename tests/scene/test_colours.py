from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.scene.colours import colours_by_value, from_srgb, palette, parse


def test_srgb_is_made_linear():
    assert from_srgb("#000000") == (0, 0, 0, 1)
    assert from_srgb("#FFFFFF") == pytest.approx((1, 1, 1, 1))
    assert from_srgb("#808080")[0] == pytest.approx(0.2158605, abs=1e-6)  # 0.5020 by IEC 61966-2-1


@given(st.sets(st.text(min_size=1), min_size=1, max_size=21))
def test_up_to_21_values_look_different(values):
    colours = colours_by_value("mtype", values)
    assert colours.keys() == values
    assert len(set(colours.values())) == len(values)
    assert all(0 <= channel <= 1 for colour in colours.values() for channel in colour)


@pytest.mark.parametrize("method", ["synapse class", "morphology section"])
def test_customary_colours_do_not_clash_with_others(method):
    values = ["EXC", "INH", "soma", "axon", "dendrite", "apical_dendrite", "other"]
    assert len(set(colours_by_value(method, values).values())) == len(values)


def test_order_does_not_matter_and_more_values_than_colours_do():
    values = [f"L{layer}_{kind}" for layer in range(6) for kind in ("PC", "BC", "MC", "NGC", "SBC")]
    assert colours_by_value("mtype", values) == colours_by_value("mtype", reversed(values))
    assert len(colours_by_value("mtype", values)) == 30


def test_a_value_keeps_its_colour_in_another_circuit():
    assert colours_by_value("mtype", ["L5_TPC:A"]) == {
        "L5_TPC:A": colours_by_value("mtype", ["L5_TPC:A", "L1_DAC"])["L5_TPC:A"]
    }


def test_excitation_is_warm_and_inhibition_cold():
    colours = colours_by_value("synapse class", ["EXC", "INH"])
    assert colours["EXC"][0] > colours["EXC"][2]
    assert colours["INH"][2] > colours["INH"][0]


def test_neighbours_in_the_palette_differ_for_colour_blind_eyes():
    # Deuteranopia (Viénot et al. 1999, linear RGB): red and green are mixed 0.29 : 0.71.
    seen = [(0.29 * r + 0.71 * g, b) for r, g, b, _ in palette(7)]
    gaps = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1


@pytest.mark.parametrize(
    ("value", "colour"),
    [
        ((0, 0.5, 1), (0.0, 0.5, 1.0, 1.0)),
        ([0, 0.5, 1, 0.25], (0.0, 0.5, 1.0, 0.25)),
        ("#ffffff", (1.0, 1.0, 1.0, 1.0)),
    ],
)
def test_users_write_colours_in_three_ways(value, colour):
    assert parse(value) == pytest.approx(colour)


@pytest.mark.parametrize("value", ["red", "#12345", "#12345g", (1, 2, 3), (1, 1), (True, 0, 0), ("1", 0, 0), None, 5])
def test_what_is_no_colour_is_refused(value):
    with pytest.raises(ValueError, match="is not a colour"):
        parse(value)


def test_cells_next_to_each_other_in_a_range_of_ids_have_different_colours():
    colours = colours_by_value("id", ["0-22,40"])
    keys = list(colours)
    assert keys[0] == "0,21"
    assert keys[1] == "1,22"
    assert keys[2] == "2,40"
    assert len(keys) == len(set(colours.values())) == 21
    assert list(colours_by_value("id", ["7"])) == ["7"]
