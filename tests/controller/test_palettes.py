from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.controller.palettes import PALETTE, colors_by_value, palette
from brayns_widget.protocol.colors import parse, to_hex

# Machado, Oliveira and Fernandes (2009), "A Physiologically-based Model for Simulation of Color Vision Deficiency",
# table 1, severity 1.0; for linear RGB.
EYES = {
    "normal": np.eye(3),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(linear):
    """CIE L*a*b* of linear RGB, for the white of sRGB."""
    xyz = np.clip(linear, 0, 1) @ TO_XYZ.T / TO_XYZ.sum(1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def ciede2000(one, other):
    """The distance by Sharma, Wu and Dalal (2005), equations 2 to 22."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = np.where(c1 * c2 == 0, 0, (h2 - h1 + 180) % 360 - 180)
    hue_difference = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    total = h1 + h2
    around = np.where(total < 360, total + 360, total - 360) / 2
    hue = np.where(c1 * c2 == 0, total, np.where(np.abs(h1 - h2) <= 180, total / 2, around))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    waves = ((0.17, 1, -30), (-0.24, 2, 0), (-0.32, 3, 6), (0.2, 4, -63))
    weight = 1 - sum(part * np.cos(np.radians(times * hue + shift)) for part, times, shift in waves)
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    rotation = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    mixed = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(2 * rotation))
    x, y, z = (l2 - l1) / s_l, (c2 - c1) / s_c, hue_difference / s_h
    return np.sqrt(x**2 + y**2 + z**2 + mixed * y * z)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [  # from table 1 of Sharma, Wu and Dalal (2005)
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ],
)
def test_the_distance_is_that_of_the_standard(one, other, distance):
    assert ciede2000(np.array(one, float), np.array(other, float)) == pytest.approx(distance, abs=5e-5)


def smallest_distances(colors, eyes):
    seen = lab(np.array(colors)[:, :3] @ EYES[eyes].T)
    first, second = np.triu_indices(len(seen), 1)
    cie76 = np.linalg.norm(seen[first] - seen[second], axis=1)
    return ciede2000(seen[first], seen[second]).min(), cie76.min()


@pytest.mark.parametrize(
    ("eyes", "size", "ciede", "cie76"),
    [  # the table of the module
        ("normal", 7, 21.7, 26.4), ("deutan", 7, 11.6, 17.0), ("protan", 7, 12.2, 20.7),
        ("normal", 14, 17.0, 26.4), ("deutan", 14, 11.6, 17.0), ("protan", 14, 12.2, 14.3),
        ("normal", 24, 10.8, 13.6), ("deutan", 24, 8.0, 10.3), ("protan", 24, 8.1, 10.5),
        ("normal", 28, 10.6, 13.6), ("deutan", 28, 7.7, 9.5), ("protan", 28, 7.9, 10.5),
    ],
)  # fmt: skip
def test_all_eyes_tell_the_colors_apart(eyes, size, ciede, cie76):
    assert smallest_distances(palette(size), eyes) == pytest.approx((ciede, cie76), abs=0.05)


def test_no_color_is_taken_for_that_of_missing_values_or_vanishes():
    colors = np.array(palette(28))[:, :3]
    gray = lab(np.array(parse("#808080"))[:3])
    for matrix in EYES.values():
        assert ciede2000(lab(colors @ matrix.T), gray).min() > 7.5
    assert lab(colors)[:, 0].min() > 33
    assert lab(colors)[:, 0].max() < 90


def test_the_palette_begins_with_that_of_okabe_and_ito():
    assert PALETTE[:7] == ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
    assert [to_hex(color).upper() for color in palette(28)] == list(PALETTE)
    assert palette(30)[28:] == palette(2)


@given(st.sets(st.text(min_size=1), min_size=1, max_size=28))
def test_up_to_28_values_look_different(values):
    colors = colors_by_value("mtype", values)
    assert colors.keys() == values
    assert len(set(colors.values())) == len(values)
    assert all(0 <= channel <= 1 for color in colors.values() for channel in color)


@pytest.mark.parametrize("method", ["synapse class", "synapse_class", "morphology section", "ei"])
def test_customary_colors_do_not_clash_with_others(method):
    values = ["EXC", "INH", "e", "i", "soma", "axon", "dendrite", "apical_dendrite", *map(str, range(20))]
    assert len(set(colors_by_value(method, values).values())) == len(values)


def test_order_does_not_matter_and_more_values_than_colors_do():
    values = [f"L{layer}_{kind}" for layer in range(12) for kind in ("PC", "BC", "MC", "NGC", "SBC")]
    colors = colors_by_value("mtype", values)
    assert colors == colors_by_value("mtype", reversed(values))
    assert len(colors) == 60
    assert len(set(colors.values())) == 28


def test_a_value_keeps_its_color_in_another_circuit():
    assert colors_by_value("mtype", ["L5_TPC:A"]) == {
        "L5_TPC:A": colors_by_value("mtype", ["L5_TPC:A", "L1_DAC"])["L5_TPC:A"]
    }


@given(st.sets(st.text(min_size=1), min_size=1, max_size=40), st.data())
def test_a_value_keeps_its_color_whichever_cells_are_loaded(values, data):
    loaded = data.draw(st.sets(st.sampled_from(sorted(values)), min_size=1))
    colors = colors_by_value("mtype", values)
    assert colors_by_value("mtype", loaded, among=values) == {value: colors[value] for value in loaded}


@pytest.mark.parametrize("method", ["synapse class", "synapse_class"])
def test_excitation_is_warm_and_inhibition_cold(method):
    colors = colors_by_value(method, ["EXC", "INH"])
    assert colors["EXC"][0] > colors["EXC"][2]
    assert colors["INH"][2] > colors["INH"][0]


def test_cells_next_to_each_other_in_a_range_of_ids_have_different_colors():
    colors = colors_by_value("id", ["0-29,40"])
    keys = list(colors)
    assert keys[0] == "0,28"
    assert keys[1] == "1,29"
    assert keys[2] == "2,40"
    assert len(keys) == len(set(colors.values())) == 28
    assert list(colors_by_value("id", ["7"])) == ["7"]
