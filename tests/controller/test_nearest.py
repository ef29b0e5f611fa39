from __future__ import annotations

import pytest

from brayns_widget.controller.nearest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("mtyp", ["etype", "mtype", "x"], "Did you mean 'mtype'?"),
        ("ALL", ["All", "Layer1"], "Did you mean 'All'?"),
        (4, ["4", "5"], "Did you mean '4'?"),
        ("nope", ["x", "y"], "There are 'x', 'y'."),
        ("nope", [f"a{n}" for n in range(14)], f"There are {', '.join(repr(f'a{n}') for n in range(12))} and 2 more."),
        ("nope", [], "There are none."),
    ],
)
def test_the_nearest_name_is_asked_for_or_all_are_listed(name, known, text):
    assert nearest(name, known) == text


def test_what_is_far_is_not_asked_for():
    assert did_you_mean("nope", ["x", "y"]) == ""
