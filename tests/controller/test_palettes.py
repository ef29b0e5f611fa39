from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.controller.palettes import LAYERS, PALETTE, colors_of_ids, colors_of_names, palette
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


def smallest_distance(colors, eyes):
    seen = lab(np.array(colors)[:, :3] @ EYES[eyes].T)
    first, second = np.triu_indices(len(seen), 1)
    return ciede2000(seen[first], seen[second]).min()


@pytest.mark.parametrize(
    ("size", "normal", "deutan", "protan"),
    [(6, 19.3, 17.1, 20.2), (12, 18.3, 13.9, 14.2), (20, 11.8, 8.6, 8.9), (28, 10.5, 8.1, 8.1)],  # the module's table
)
def test_all_eyes_tell_the_colors_apart(size, normal, deutan, protan):
    found = [smallest_distance(palette(size), eyes) for eyes in ("normal", "deutan", "protan")]
    assert found == pytest.approx([normal, deutan, protan], abs=0.05)


@pytest.mark.parametrize("eyes", EYES)
def test_a_dozen_values_are_better_told_apart_than_with_the_set_of_okabe_and_ito(eyes):
    okabe_ito = ["#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]
    assert smallest_distance(palette(12), eyes) > 13.5
    assert smallest_distance([parse(color) for color in okabe_ito], "deutan") < 12


@pytest.mark.parametrize("eyes", EYES)
def test_neighbors_of_a_layer_differ_for_all_eyes(eyes):
    for colors in LAYERS:
        seen = lab(np.array([parse(color)[:3] for color in colors]) @ EYES[eyes].T)
        assert ciede2000(seen[:-1], seen[1:]).min() > 12


@pytest.mark.parametrize("eyes", EYES)
def test_layers_beside_each_other_differ_as_a_whole_for_all_eyes(eyes):
    means = [lab(np.array([parse(color)[:3] for color in colors]) @ EYES[eyes].T).mean(0) for colors in LAYERS]
    assert ciede2000(np.array(means[:-1]), np.array(means[1:])).min() > 12


@pytest.mark.parametrize("eyes", EYES)
def test_no_two_types_of_any_layers_look_the_same(eyes):
    assert smallest_distance([parse(color) for colors in LAYERS for color in colors], eyes) > 3.4


def test_no_color_is_taken_for_that_of_missing_values_or_vanishes():
    for texts, distance in ((PALETTE, 8), ([color for colors in LAYERS for color in colors], 6)):
        colors = np.array([parse(color) for color in texts])[:, :3]
        gray = lab(np.array(parse("#808080"))[:3])
        for matrix in EYES.values():
            assert ciede2000(lab(colors @ matrix.T), gray).min() > distance
        assert lab(colors)[:, 0].min() > 33
        assert lab(colors)[:, 0].max() < 91


def test_the_palette_begins_with_the_customary_colors():
    assert PALETTE[:3] == ("#D55E00", "#56B4E9", "#F0E442")
    assert [to_hex(color).upper() for color in palette(28)] == list(PALETTE)
    assert palette(30)[28:] == palette(2)


@given(st.sets(st.text(min_size=1), min_size=1, max_size=28))
def test_up_to_28_values_look_different(values):
    colors = colors_of_names("mtype", values)
    assert colors.keys() == values
    assert len(set(colors.values())) == len(values)
    assert all(0 <= channel <= 1 for color in colors.values() for channel in color)


@pytest.mark.parametrize("method", ["synapse class", "synapse_class", "morphology section", "ei"])
def test_customary_colors_do_not_clash_with_others(method):
    values = ["EXC", "INH", "e", "i", "soma", "axon", "dendrite", "apical_dendrite", *map(str, range(20))]
    assert len(set(colors_of_names(method, values).values())) == len(values)


@pytest.mark.parametrize("eyes", EYES)
def test_layers_have_the_hue_of_their_types_and_differ_as_a_dozen_values_do(eyes):
    given = colors_of_names("layer", "123456")
    hues = (0, 1, 1, 2, 3, 4)
    assert all(to_hex(given[str(layer)]).upper() in LAYERS[hue] for layer, hue in enumerate(hues, 1))
    assert smallest_distance(list(given.values()), eyes) > 14


def test_order_does_not_matter_and_more_values_than_colors_do():
    values = [f"region {number}" for number in range(60)]
    colors = colors_of_names("region", values)
    assert colors == colors_of_names("region", reversed(values))
    assert len(colors) == 60
    assert len(set(colors.values())) == 28


MTYPES = [
    f"L{layer}_{kind}"
    for layer, kinds in {
        "1": "DAC DLAC HAC LAC NGC-DA NGC-SA",
        "23": "BP BTC CHC DBC LBC MC NBC NGC SBC",
        "2": "IPC TPC:A TPC:B",
        "3": "TPC:A TPC:C",
        "4": "BP BTC CHC DBC LBC MC NBC NGC SBC SSC TPC UPC",
        "5": "BP BTC CHC DBC LBC MC NBC NGC SBC TPC:A TPC:B TPC:C UPC",
        "6": "BP BTC CHC DBC LBC MC NBC NGC SBC BPC HPC IPC TPC:A TPC:C UPC",
    }.items()
    for kind in kinds.split()
]


@pytest.mark.parametrize("eyes", EYES)
def test_types_of_a_cortical_column_take_the_hue_of_their_layer(eyes):
    colors = colors_of_names("mtype", MTYPES)
    hues = {name: next(n for n, some in enumerate(LAYERS) if to_hex(colors[name]).upper() in some) for name in colors}
    assert {hues[name] for name in MTYPES if name.startswith("L5")} == {3}
    assert {hues[name] for name in MTYPES if name[1] in "23"} == {1}
    assert len(set(colors.values())) == len(MTYPES) == 60
    seen = lab(np.array([colors[name][:3] for name in sorted(MTYPES)]) @ EYES[eyes].T)
    assert ciede2000(seen[:-1], seen[1:]).min() > 9


def test_a_dozen_types_take_colors_that_differ_most():
    colors = colors_of_names("mtype", MTYPES[::5])
    assert {to_hex(color).upper() for color in colors.values()} == set(PALETTE[:12])


def test_types_of_a_layer_that_has_too_many_take_other_colors():
    colors = colors_of_names("mtype", [f"L4_{number:02}" for number in range(20)] + ["L5_A"])
    assert len(set(colors.values())) == 21


def test_a_value_keeps_its_color_in_another_circuit():
    assert colors_of_names("mtype", ["L5_TPC:A"]) == {
        "L5_TPC:A": colors_of_names("mtype", ["L5_TPC:A", "L1_DAC"])["L5_TPC:A"]
    }


@given(st.lists(st.text(min_size=1), min_size=1, max_size=40, unique=True), st.data())
def test_a_given_color_stays_whatever_comes_later(values, data):
    first = data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
    given = colors_of_names("mtype", first)
    colors = colors_of_names("mtype", values, given)
    assert {name: colors[name] for name in first} == given
    assert colors.keys() == set(values)
    if len(values) <= len(PALETTE):
        assert len(set(colors.values())) == len(values)


@pytest.mark.parametrize("method", ["synapse class", "synapse_class"])
def test_excitation_is_warm_and_inhibition_cold(method):
    colors = colors_of_names(method, ["EXC", "INH"])
    assert colors["EXC"][0] > colors["EXC"][2]
    assert colors["INH"][2] > colors["INH"][0]


def test_cells_next_to_each_other_in_a_range_of_ids_have_different_colors():
    colors = colors_of_ids(["0-29,40"])
    keys = list(colors)
    assert keys[0] == "0,28"
    assert keys[1] == "1,29"
    assert keys[2] == "2,40"
    assert len(keys) == len(set(colors.values())) == 28
    assert list(colors_of_ids(["7"])) == ["7"]


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("name", ["viridis", "cividis", "inferno", "plasma"])
def test_color_maps_for_numbers_become_lighter_for_all_eyes(name, eyes):
    import cmap

    table = np.array([parse(tuple(row))[:3] for row in cmap.Colormap(name).lut(64).clip(0, 1).tolist()])
    assert (np.diff(lab(table @ EYES[eyes].T)[:, 0]) > 0).all()
