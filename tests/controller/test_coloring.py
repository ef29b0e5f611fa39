from __future__ import annotations

import logging
import math
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brayns_widget.controller.coloring import color_cells
from brayns_widget.controller.legend import LegendEntry
from brayns_widget.controller.palettes import colors_of_names
from brayns_widget.protocol.colors import parse, to_hex


def ids_in(key: str) -> list[int]:
    """Read ids such as "0-79,90", as the renderer does."""
    bounds = [part.split("-") for part in key.split(",")]
    return [number for first, *last in bounds for number in range(int(first), int(last[0] if last else first) + 1)]


def colors_of(values, ids, **options):
    """Color cells; returns each one's "#rrggbb" in the order of ``ids``, and the legend."""
    result = color_cells(values, ids, model=3, **options)
    by_id = {}
    for key, color in result.by_ids.items():
        for node in ids_in(key):
            assert node not in by_id, "one color for each cell"
            by_id[node] = to_hex(color)
    assert sorted(by_id) == sorted(ids), "all cells have a color"
    assert len(set(result.by_ids.values())) == len(result.by_ids), "one key for each color"
    return [by_id[node] for node in ids], result.legend


# viridis as matplotlib has it
LOW, MIDDLE, HIGH = "#440154", "#21918c", "#fde725"
GRAY = "#808080"

# --- where the values come from ---


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2.0, 0.0, 99.0, 1.0], index=[5, 1, 7, 3]),
        pd.Series([2, 0, 99, 1], index=pd.Index([5.0, 1.0, 7.0, 3.0])),
        pd.Series([2, 0, 99, 1], index=np.array([5, 1, 7, 3], np.uint64), dtype="Int64"),
        pd.Series([Fraction(2), 0, 99, np.float32(1)], index=[5, 1, 7, 3], dtype=object),
        {5: 2.0, 1: 0.0, 7: 99.0, 3: 1.0},
        {np.int64(5): 2, 1: 0, 3: 1},
        [0.0, 1.0, 2.0],
        (0, 1, 2),
        np.array([0, 1, 2], np.uint8),
        np.array([0, 1, 2], object),
        np.ma.array([0.0, 1.0, 2.0]),
        pd.Index([0.0, 1.0, 2.0]),
        pd.array([0, 1, 2], dtype="Int8"),
        range(3),
    ],
)
def test_numbers_by_id_or_in_the_order_of_the_cells(values):
    colors, legend = colors_of(values, [1, 3, 5])
    assert colors == [LOW, MIDDLE, HIGH]
    assert legend.range == (0, 2)
    assert legend.missing is None
    assert legend.entries == ()
    assert (legend.stops[0], legend.stops[-1]) == (LOW, HIGH)
    assert len(legend.stops) == 32


def test_the_order_of_loading_is_that_of_an_array():
    assert colors_of([0, 1, 2], [9, 2, 5])[0] == [LOW, MIDDLE, HIGH]
    assert color_cells([0, 0, 1, 0], [9, 2, 5, 3], model=0).by_ids.keys() == {"2-3,9", "5"}


@pytest.mark.parametrize(
    "values",
    [
        [0.0, None, 1.0, math.nan],
        np.array([0, np.nan, 1, np.nan]),
        np.ma.array([0, 5, 1, 5], mask=[False, True, False, True]),
        pd.array([0, None, 1, None], dtype="Int64"),
        pd.Series([0, pd.NA, 1, None], index=[1, 2, 3, 4], dtype=object),
        pd.Series([0, pd.NaT, 1, np.float32("nan")], index=[1, 2, 3, 4], dtype=object),
        {1: 0, 3: 1},
        pd.Series([0.0, 1.0], index=[1, 3]),
    ],
)
def test_cells_without_a_value_are_missing(values):
    colors, legend = colors_of(values, [1, 2, 3, 4])
    assert colors == [LOW, GRAY, HIGH, GRAY]
    assert legend.missing == GRAY
    assert legend.range == (0, 1)


def test_the_color_of_missing_values_is_any_color():
    colors, legend = colors_of({1: 0, 3: 1}, [1, 2, 3], missing=(255, 0, 0, 0.5))
    assert colors[1] == legend.missing == "#ff000080"


@pytest.mark.parametrize(
    "values",
    [
        ["b", None, "a", "b"],
        np.array(["b", None, "a", "b"], object),
        pd.Series(["b", None, "a", "b"], index=range(4)),
        pd.Series(["b", None, "a", "b"], index=range(4), dtype=object),
        pd.Series(["b", None, "a", "b"], index=range(4), dtype="string"),
        pd.Series(["b", None, "a", "b"], index=range(4), dtype="category"),
        pd.Categorical(["b", None, "a", "b"]),
        {0: "b", 1: math.nan, 2: "a", 3: "b"},
        [b"b", None, b"a", b"b"],
    ],
)
def test_texts_are_categories(values):
    colors, legend = colors_of(values, range(4))
    expected = {label: to_hex(color) for label, color in colors_of_names("", ["a", "b"]).items()}
    assert colors == [expected["b"], GRAY, expected["a"], expected["b"]]
    assert legend.entries == (LegendEntry("a", expected["a"]), LegendEntry("b", expected["b"]))
    assert legend.missing == GRAY
    assert (legend.stops, legend.range) == ((), None)


def test_without_missing_values_the_legend_has_none():
    assert colors_of(np.array(["b", "a"]), [0, 1])[1].missing is None


@pytest.mark.parametrize(
    "values",
    [[True, False], np.array([True, False]), pd.array([True, False], dtype="boolean"), np.array([True, False], object)],
)
def test_booleans_are_categories(values):
    assert [entry.label for entry in colors_of(values, [0, 1])[1].entries] == ["False", "True"]


def test_texts_beside_numbers_are_categories():
    assert [entry.label for entry in colors_of([1, "a", 2.5, None], range(4))[1].entries] == ["1", "2.5", "a"]


def test_categoricals_keep_their_order_and_show_what_is_loaded():
    kinds = pd.Categorical([10, 9, 100], categories=[100, 9, 10, 5])
    _, legend = colors_of(pd.Series(kinds, index=[1, 2, 3]), [1, 3])
    assert [entry.label for entry in legend.entries] == ["100", "10"]


def test_categories_that_read_alike_have_one_color():
    kinds = pd.Categorical([1, "1", "b"], categories=[1, "1", "b"])
    colors, legend = colors_of(kinds, range(3))
    assert colors[0] == colors[1] != colors[2]
    assert [entry.label for entry in legend.entries] == ["1", "b"]


def test_the_colors_are_those_of_the_coloring_method_and_do_not_depend_on_what_is_loaded():
    values = pd.Series([f"L{layer}_{kind}" for layer in range(1, 7) for kind in ("PC", "BC", "MC")], name="mtype")
    expected = colors_of_names("mtype", values)
    for ids in (list(range(18)), [2, 5, 17]):
        colors, legend = colors_of(values, ids)
        assert colors == [to_hex(expected[values[node]]) for node in ids]
        assert legend.title == "mtype"


@pytest.mark.parametrize("name", ["id", "solid", "morphology section", ""])
def test_any_title_will_do(name):
    assert len(set(colors_of(pd.Series(["a", "b", "0-5"], name=name), range(3))[0])) == 3


def test_the_legend_has_the_given_title_and_model():
    assert colors_of(pd.Series([0, 1], name="x"), [0, 1], title="depth")[1].title == "depth"
    assert colors_of(pd.Series([0, 1], name=5), [0, 1])[1].title == "5"
    assert colors_of(pd.Series([0, 1]), [0, 1])[1].title == ""
    assert colors_of([0, 1], [0, 1])[1].model == 3


def test_values_that_do_not_fit_are_refused():
    for values, message in [
        ([1, 2], "2 values for 3 loaded cells"),
        ([], "0 values for 3 loaded cells"),
        ([[1, 2]] * 3, "one value for each cell"),
        ([[1], [1, 2], [3]], "one value for each cell"),
        (np.zeros((3, 2)), r"shape \(3, 2\)"),
        ({}, "no values"),
        (pd.Series([], dtype=float), "no values"),
        ({7: 1}, "node ids 7 to 7, loaded are 0 to 2"),
        ({"a": 1}, "indexed by node id.*'a'"),
        ({"0": 1, "1": 2}, "indexed by node id"),
        ({0: 1, 0.5: 1}, r"indexed by node id: index\[1\] is 0.5, which is no whole number"),
        ({0: 1, -2: 1}, r"indexed by node id: index\[1\] is -2, below zero"),
        ({True: 1, False: 0}, "indexed by node id"),
        (pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 0), ("a", 1)])), "node id, not by populations"),
        (pd.Series([1, 2, 3], index=[0, 1, 1]), "Node id 1 has more than one value"),
        (pd.DataFrame({"x": [1, 2, 3]}), "one of them, such as"),
        (np.array(["2020-01-01"] * 3, "datetime64[D]"), "datetime64"),
        (np.array([1j, 2, 3]), "complex128"),
        ([1j, 2, 3], "complex128"),
        ("abc", "got str"),
        (b"abc", "got bytes"),
        ({1, 2, 3}, "got set"),
        (5, "got int"),
        (None, "got NoneType"),
        (iter([1, 2, 3]), "got list_iterator"),
        ([10**400, "a", 1], None),
        ([10**400, 1, 2], "too large"),
    ]:
        if message is None:
            colors_of(values, [0, 1, 2])
            continue
        with pytest.raises(ValueError, match=message):
            color_cells(values, [0, 1, 2], model=0)


@pytest.mark.parametrize("ids", [[], np.zeros((2, 2))])
def test_without_cells_nothing_is_colored(ids):
    with pytest.raises(ValueError, match="No cells"):
        color_cells([], ids, model=0)


# --- numbers ---


def test_a_range_cuts_off_what_is_beyond():
    colors, legend = colors_of([-5, 0, 0.5, 1, 7, -math.inf, math.inf], range(7), range=(0, 1))
    assert colors == [LOW, LOW, MIDDLE, HIGH, HIGH, LOW, HIGH]
    assert legend.range == (0, 1)


def test_infinite_values_do_not_stretch_the_range():
    colors, legend = colors_of([-math.inf, 0, 2, math.inf], range(4))
    assert colors == [LOW, LOW, HIGH, HIGH]
    assert legend.range == (0, 2)


def test_the_range_is_that_of_the_loaded_cells():
    assert colors_of({0: 5, 1: 6, 2: 1000}, [0, 1])[1].range == (5, 6)


@pytest.mark.parametrize("value", [0, 3, -3, 1e-300, 5e-324, 1.7e308, -1.7e308, 2**60])
def test_one_value_has_the_middle_of_the_colormap(value):
    colors, legend = colors_of([value, value], [0, 1])
    if abs(value) < 1e308:  # beyond, there are no larger ones
        assert colors == [colors[0]] * 2
        assert colors[0] in {MIDDLE, "#21908d"}
    low, high = legend.range
    assert low < value < high
    assert math.isfinite(high - low)


def test_the_whole_range_of_numbers_can_be_shown():
    assert colors_of([-1.7e308, 0, 1.7e308], range(3))[0] == [LOW, MIDDLE, HIGH]


@pytest.mark.parametrize("values", [[math.nan, math.nan], [math.inf, -math.inf], [None, None], [math.nan, math.inf]])
def test_nothing_finite_is_refused_without_a_range(values):
    with pytest.raises(ValueError, match=r"None of the loaded cells has a"):
        color_cells(values, [0, 1], model=0)


def test_nothing_finite_is_colored_with_a_range():
    assert colors_of(np.array([math.nan, math.inf]), [0, 1], range=(0, 1))[0] == [GRAY, HIGH]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ((1, 0), "does not ascend"),
        ((1, 1), "does not ascend"),
        ((0, math.inf), "not finite"),
        ((math.nan, 1), "not finite"),
        ((1,), "not two numbers"),
        ((1, 2, 3), "not two numbers"),
        (("a", 1), "not two numbers"),
        (5, "not two numbers"),
    ],
)
def test_a_range_has_to_be_one(wanted, message):
    with pytest.raises(ValueError, match=message):
        color_cells([0, 1], [0, 1], model=0, range=wanted)


@pytest.mark.parametrize(
    ("colormap", "low", "high"),
    [
        ("viridis_r", HIGH, LOW),
        ("magma", "#000004", "#fcfdbf"),
        ("coolwarm", "#3b4cc0", "#b40426"),  # the name of several, which must not make cmap warn
        ("RdBu", "#67001f", "#053061"),
        ("RdBu_r", "#053061", "#67001f"),
        ("jet", "#000080", "#800000"),
        ("twilight", "#e2d9e2", "#e2d9e2"),
        ("tab10", "#1f77b4", "#17becf"),
        (["red", "C0"], "#ff0000", "#1f77b4"),
        ([(0, 0, 0), (1.0, 1.0, 1.0)], "#000000", "#ffffff"),
    ],
)
def test_colormaps_have_their_names_from_matplotlib(colormap, low, high, caplog):
    caplog.set_level(logging.WARNING)
    colors, legend = colors_of([0, 1], [0, 1], colormap=colormap)
    assert colors == [low, high]
    assert (legend.stops[0], legend.stops[-1]) == (low, high)
    assert not caplog.records


def test_a_colormap_with_steps_has_equal_ones():
    colors, legend = colors_of(np.arange(100), range(100), colormap="tab10")
    assert len(set(colors)) == 10
    assert [colors.count(color) for color in dict.fromkeys(colors)] == [10] * 10
    assert len(set(legend.stops)) == 10


@pytest.mark.parametrize(
    ("colormap", "message"),
    [
        ("viridiss", "no colormap 'viridiss'; did you mean 'viridis'"),
        ("Rdbu_q", "did you mean 'RdBu"),
        ("qqqqqqqqqq", "no colormap 'qqqqqqqqqq'"),
        ("", "no colormap ''"),
        (["red", "no color"], "not a colormap.*'no color'"),
        (5, "not a colormap"),
        (None, "not a colormap"),
        ([], "not a colormap"),
    ],
)
def test_unknown_colormaps_are_refused(colormap, message):
    with pytest.raises(ValueError, match=message):
        color_cells([0, 1], [0, 1], model=0, colormap=colormap)


# --- palettes ---


@pytest.mark.parametrize(
    ("palette", "colors"),
    [
        (["red", "#00f"], ["#ff0000", "#0000ff"]),
        (["red", "#00f", "green"], ["#ff0000", "#0000ff"]),
        ({"b": "red", "a": (0, 0, 255), "z": "C0"}, ["#0000ff", "#ff0000"]),
        ("tab10", ["#1f77b4", "#ff7f0e"]),
        ("viridis", [LOW, HIGH]),
    ],
)
def test_palettes(palette, colors):
    found, legend = colors_of(["a", "b"], [0, 1], palette=palette)
    assert found == colors
    assert [entry.color for entry in legend.entries] == colors


def test_booleans_and_numbers_are_keys_of_palettes():
    assert colors_of([True, False], [0, 1], palette={False: "red", True: "blue"})[0] == ["#0000ff", "#ff0000"]
    kinds = pd.Categorical([1, 2])
    assert colors_of(kinds, [0, 1], palette={1: "red", 2: "blue"})[0] == ["#ff0000", "#0000ff"]


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        (["red"], "1 colors for 2 categories"),
        ({"a": "red"}, "no color for 'b'"),
        (["red", "no color"], "not a color"),
        ("no palette", "no colormap"),
    ],
)
def test_palettes_that_do_not_fit_are_refused(palette, message):
    with pytest.raises(ValueError, match=message):
        color_cells(["a", "b"], [0, 1], model=0, palette=palette)


def test_each_category_has_a_key_that_its_color_can_be_changed_by():
    result = color_cells(["a", "b", "a"], [0, 1, 2], model=0, palette=["red", "red"])
    assert result.by_ids == {"0,2": parse("red"), "1": parse("red")}
    assert result.keys == {"a": "0,2", "b": "1"}
    assert [entry.label for entry in result.legend.entries] == ["a", "b"]


@settings(deadline=None)  # the first one imports cmap
@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-(10**9), 10**9)), min_size=1, max_size=30), st.randoms())
def test_every_cell_has_the_color_of_its_value(values, random):
    ids = random.sample(range(100), len(values))
    colors, _ = colors_of(values, ids, range=(-1, 1))
    shuffled = list(zip(ids, values, strict=True))
    random.shuffle(shuffled)
    assert colors_of(dict(shuffled), ids, range=(-1, 1))[0] == colors
    for value, color in zip(values, colors, strict=True):
        if value is None or math.isnan(value):
            assert color == GRAY
        elif value <= -1:
            assert color == LOW
        elif value >= 1:
            assert color == HIGH


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(), st.booleans()), min_size=1, max_size=30))
def test_equal_values_have_equal_colors(values):
    if all(value is None for value in values):
        return
    colors, legend = colors_of(values, range(len(values)))
    by_label = {entry.label: entry.color for entry in legend.entries}
    assert colors == [GRAY if value is None else by_label[str(value)] for value in values]


@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_a_hundred_thousand_cells_are_quick(kind):
    random = np.random.default_rng(0)
    values = random.normal(size=100_000)
    if kind == "texts":
        values = np.array([f"L{layer}" for layer in range(50)])[random.integers(0, 50, len(values))]
    series = pd.Series(values, index=random.permutation(len(values)))
    color_cells(series, range(100), model=0)  # imports and catalogs are not counted
    taken = []
    for _ in range(3):
        begin = time.process_time()
        color_cells(series, np.arange(100_000), model=0)
        taken.append(time.process_time() - begin)
    assert min(taken) < 0.3


def test_pandas_is_not_imported_for_arrays():
    script = (
        "import sys; from brayns_widget.controller.coloring import color_cells; color_cells([1, 2], [0, 1], model=0);"
        "color_cells({0: 'a'}, [0, 1], model=0); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
