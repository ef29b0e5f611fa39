"""The color maps that are offered."""

from __future__ import annotations

import re

from brayns_widget.controller.color_maps import color_maps, map_names
from brayns_widget.controller.coloring import STOPS, color_cells, table_of


def test_each_map_has_another_name_and_its_colors():
    maps = color_maps()
    assert len({one.name for one in maps}) == len(maps)
    assert {one.kind for one in maps} == {"sequential", "diverging", "cyclic", "categories"}
    for one in maps:
        assert all(re.fullmatch("#[0-9a-f]{6}", color) for color in one.stops)
        assert 8 <= len(one.stops) <= 20 if one.kind == "categories" else len(one.stops) == STOPS


def test_the_colors_are_those_of_the_legend_so_that_a_map_is_known_by_them():
    for one in color_maps():
        if one.kind == "categories":
            letters = "abcde"
            entries = color_cells(list(letters), range(5), model=1, palette=one.name).legend.entries
            assert tuple(entry.color for entry in entries) == one.stops[:5]
        else:
            assert color_cells([0.0, 1.0], range(2), model=1, colormap=one.name).legend.stops == one.stops


def test_all_names_can_be_given_and_those_that_are_offered_are_among_them():
    names = map_names()
    assert {one.name for one in color_maps()} <= set(names)
    assert len(set(names)) == len(names) > 500
    for name in names[::40]:
        assert len(table_of(name)) > 1
