from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.protocol.ids import ascending, format_ids
from brayns_widget.service.renderer.content.coloring.base import parse_ids


@given(st.lists(st.integers(0, 2**40)))
def test_ids_are_put_in_order_each_once(ids):
    assert ascending(np.array(ids, np.int64)).tolist() == sorted(set(ids))


def test_ids_in_order_stay_the_same_array():
    ids = np.arange(5) * 2
    assert ascending(ids) is ids


@pytest.mark.parametrize(("ids", "text"), [([0, 1, 2, 5, 7, 8], "0-2,5,7-8"), ([3], "3"), ([], "")])
def test_ids_are_written_as_ranges(ids, text):
    assert format_ids(np.array(ids, np.int64)) == text


@given(st.sets(st.integers(0, 2**40), min_size=1))
def test_the_renderer_reads_what_is_written(ids):
    ranges = parse_ids(format_ids(np.array(sorted(ids))))
    assert [first for first, _ in ranges] == [first for first in sorted(ids) if first - 1 not in ids]
    assert sum(last - first + 1 for first, last in ranges) == len(ids)
