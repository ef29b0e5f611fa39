from __future__ import annotations

from typing import Any

import libsonata
import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller.selected import (
    MOST_CELLS,
    NOTHING,
    count_of,
    ids_of,
    joined,
    make_selected,
    parse_ranges,
    read_selected,
)
from brayns_widget.protocol.errors import CircuitError
from brayns_widget.protocol.ids import ascending


@pytest.mark.parametrize(
    ("text", "ids"),
    [("", []), ("0", [0]), ("0-3", [0, 1, 2, 3]), ("7,1-2", [1, 2, 7]), ("1-3,2-5,3", [1, 2, 3, 4, 5])],
)
def test_ranges_are_read(text, ids):
    found = parse_ranges(text, "ids")
    assert (found.tolist(), found.dtype) == (ids, np.dtype(np.int64))


@pytest.mark.parametrize("text", ["a", "1-", "-1", "1,,2", "1 ", "1.5", "٣", "1-2-3", "3-1", "9" * 19, "1\n"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ValueError, match=r"x (is|has)"):
        parse_ranges(text, "x")


@pytest.mark.parametrize(
    "text", [f"0-{MOST_CELLS}", "0-999999999999999999,0-999999999999999999", "0-99999999," * 5 + "0"]
)
def test_a_short_text_cannot_fill_the_memory(text):
    with pytest.raises(ValueError, match="at most"):
        parse_ranges(text, "x")


def test_a_selection_goes_to_texts_and_back():
    ids = np.array([0, 1, 2, 9, 11, 12], np.int64)
    selected = make_selected({"cells": ids, "none": np.empty(0, np.int64)})
    assert selected == {"cells": "0-2,9,11-12"}
    assert ids_of(selected, "cells").tolist() == ids.tolist()
    assert ids_of(selected, "others").tolist() == []
    assert (count_of(selected), count_of(NOTHING)) == (6, 0)


def test_a_selection_cannot_be_changed_in_place():
    selected: Any = make_selected({"cells": np.array([1])})
    with pytest.raises(TypeError):
        selected["cells"] = "2"


def test_selections_are_joined_by_population():
    one = read_selected({"a": [1, 2], "b": [5]})
    other = read_selected({"a": [2, 3], "c": [7]})
    both = joined(one, other, lambda a, b: ascending(np.concatenate([a, b])))
    assert both == {"a": "1-3", "b": "5", "c": "7"}
    assert joined(one, other, np.setdiff1d) == {"a": "1", "b": "5"}
    assert joined(one, one, np.setdiff1d) == {}


FORMS = [
    [3, 1, 2],
    {3, 1, 2},
    range(1, 4),
    np.array([1, 2, 3], np.uint8),
    [False, True, True, True],
    libsonata.Selection([(1, 4)]),
    pd.Index([1, 2, 3]),
    pd.Series([False, True, True, True]),
    {"cells": "1-3"},
    {"cells": [1, 2, 3]},
    {"cells": libsonata.Selection([1, 2, 3])},
    pd.MultiIndex.from_tuples([("cells", 3), ("cells", 1), ("cells", 2)]),
]


@pytest.mark.parametrize("value", FORMS, ids=repr)
def test_ids_come_in_any_form(value):
    assert read_selected(value, known=["cells", "cells"], sizes={"cells": 4}) == {"cells": "1-3"}


def test_libsonata_takes_what_is_selected():
    selected = read_selected({"cells": [0, 1, 2, 9]})
    assert libsonata.Selection(ids_of(selected, "cells")).ranges == [(0, 3), (9, 10)]


def test_the_named_population_is_taken():
    assert read_selected([1], population="b", known=["a", "b"]) == {"b": "1"}
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    assert read_selected(index) == {"a": "1", "b": "2"}
    assert read_selected(index, population="b") == {"b": "2"}


@pytest.mark.parametrize("value", [[], {}, np.empty(0, np.int64), [False, False], {"cells": []}, {"cells": ""}])
def test_nothing_needs_no_population(value):
    assert read_selected(value, sizes={"cells": 2}) == {}


@pytest.mark.parametrize(("known", "told"), [([], "No circuit is loaded"), (["a", "b"], "'a', 'b'")])
def test_ids_without_a_population_are_refused_where_it_is_not_clear(known, told):
    with pytest.raises(CircuitError, match=told):
        read_selected([1], known=known)


def test_ids_by_population_have_no_other_one():
    with pytest.raises(ValueError, match="leave out population='b'"):
        read_selected({"a": [1]}, population="b")


def test_masks_need_the_size_of_their_population():
    with pytest.raises(CircuitError, match="nobody can tell"):
        read_selected([True, False], known=["cells"])
    with pytest.raises(CircuitError, match="has 3 cells"):
        read_selected([True, False], known=["cells"], sizes={"cells": 3})


@pytest.mark.parametrize(
    "value", ["1-3", 1.5, [-1], [[1]], {"cells": [1.5]}, {"cells": "x"}, {3: [1]}, {"": [1]}, None]
)
def test_other_values_are_refused(value):
    with pytest.raises(ValueError, match="selection"):
        read_selected(value, known=["cells"])
