from __future__ import annotations

from typing import NamedTuple

import libsonata
import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller.cell_ids import read_ids
from brayns_widget.protocol.errors import CircuitError

SIZE = 6


class CircuitNodeId(NamedTuple):
    """As bluepysnap's."""

    population: str
    id: int


class CircuitNodeIds:
    """Has what is public of bluepysnap's."""

    def __init__(self, pairs):
        self.index = pd.MultiIndex.from_tuples(pairs, names=["population", "node_ids"])

    def get_populations(self):
        return self.index.get_level_values(0).to_numpy()

    def get_ids(self):
        return self.index.get_level_values(1).to_numpy()


def ids_of(value):
    return read_ids(value).within("cells", SIZE).tolist()


PAIRS = [("cells", 4), ("other", 99), ("cells", 1)]


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ([4, 1, 1], [1, 4]),
        ((4, 1), [1, 4]),
        ({4, 1}, [1, 4]),
        (range(1, 3), [1, 2]),
        (iter([3]), [3]),
        (3, [3]),
        (np.int32(3), [3]),
        ([], []),
        (np.array([]), []),
        (np.array([4, 1], np.uint64), [1, 4]),
        (np.array([4.0, 1.0]), [1, 4]),
        ([4.0, np.int8(1)], [1, 4]),
        (np.array([4, 1], object), [1, 4]),
        (pd.Index([4, 1]), [1, 4]),
        (pd.RangeIndex(2), [0, 1]),
        (pd.Series([4, 1], index=[0, 5]), [1, 4]),
        (pd.Series([4, 1], dtype="Int64"), [1, 4]),
        (libsonata.Selection([(1, 3), (4, 5)]), [1, 2, 4]),
        (libsonata.Selection([]), []),
        (CircuitNodeIds(PAIRS), [1, 4]),
        ([CircuitNodeId(*pair) for pair in PAIRS], [1, 4]),
        (pd.MultiIndex.from_tuples(PAIRS), [1, 4]),
    ],
)
def test_ids_come_in_many_forms(value, ids):
    assert ids_of(value) == ids


MASK = [False, True, False, False, True, False]


@pytest.mark.parametrize(
    "mask",
    [
        MASK,
        tuple(MASK),
        np.array(MASK),
        np.array(MASK, object),
        list(np.array(MASK)),
        pd.Series(MASK),
        pd.Series(MASK, dtype="boolean"),
        pd.array(MASK, dtype="boolean"),
    ],
)
def test_a_mask_is_a_mask(mask):
    assert ids_of(mask) == [1, 4]
    shorter = mask[:-1]
    with pytest.raises(CircuitError, match=r"mask of 5 values, but population 'cells' has 6 cells\. Give the ids"):
        ids_of(shorter)
    with pytest.raises(CircuitError, match="nobody can tell the population's size"):
        read_ids(mask).within("cells", None)


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([1, 4, 5]),
        pd.Index([1, 4, 5], name="node_id"),
        pd.MultiIndex.from_tuples([("cells", 1), ("cells", 4), ("cells", 5)]),
    ],
)
def test_a_mask_with_ids_is_read_by_these(index):
    assert ids_of(pd.Series([True, False, True], index=index)) == [1, 5]


def test_rows_that_are_called_node_ids_are_so_even_if_they_begin_at_0():
    # As of a model of the first three cells: the mask has no value for the others.
    for name in ("node_id", "node_ids"):
        assert ids_of(pd.Series([True, False, True], index=pd.RangeIndex(3, name=name))) == [0, 2]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([1, 1.5, -1], r"node_ids\[1\] is 1\.5, which is no whole number"),
        (np.array([1, 1.5, -1]), r"node_ids\[1\] is 1\.5, which is no whole number"),
        ([1, -3, -4], r"node_ids\[1\] is -3, below zero"),
        (np.array([1, -3, -4]), r"node_ids\[1\] is -3, below zero"),
        (pd.Index([-1]), r"node_ids\[0\] is -1, below zero"),
        ([1, 2**70], r"node_ids\[1\] is 1180591620717411303424, which is too large"),
        (np.array([2**63], np.uint64), "too large"),
        ([float("nan")], r"node_ids\[0\] is nan, which is no id"),
        (np.array([0, np.inf]), r"node_ids\[1\] is inf, which is no id"),
        (pd.Series([1, pd.NA], dtype="Int64"), r"node_ids\[1\] is nan, which is no id"),
        (pd.Series([True, pd.NA], dtype="boolean"), r"node_ids\[1\] is <NA>, and a mask has nothing but"),
        ([1, True], r"node_ids\[1\] is True, which is no id"),
        (["1"], r"node_ids\[0\] is '1', which is no id"),
        ([None], r"node_ids\[0\] is None"),
        (np.zeros((2, 2), int), r"shape \(2, 2\)"),
        ([[1, 2]], r"node_ids\[0\] is \[1, 2\], which is no id"),
        ("All", "names of node sets go into node_sets"),
        ({"layer": 4}, "a query goes into query="),
        (pd.DataFrame({"a": [1]}), "a table; pass its index"),
        (object(), "which is no list of ids"),
        (pd.MultiIndex.from_tuples([("cells", 1), ("cells", -1)]), r"node_ids\[1\] is -1"),
    ],
)
def test_the_first_bad_id_is_named(value, problem):
    with pytest.raises(ValueError, match=problem):
        read_ids(value)


def test_ids_beyond_the_population_are_named():
    with pytest.raises(CircuitError, match=r"node_ids\[1\] is 6, but population 'cells' has 6 cells\..*0 to 5"):
        ids_of([2, 6, 9])
    with pytest.raises(CircuitError, match=r"node_ids\[2\] is 6, but"):
        ids_of([CircuitNodeId("other", 99), CircuitNodeId("cells", 0), CircuitNodeId("cells", 6)])
    assert read_ids([2, 10**9]).within("cells", None).tolist() == [2, 10**9]


def test_ids_of_other_populations_only_are_refused():
    with pytest.raises(CircuitError, match=r"no cell of population 'cells'\. Did you mean 'cell'\?"):
        ids_of([CircuitNodeId("cell", 1)])


@pytest.mark.parametrize(("value", "empty"), [([], True), ([False, False], True), ([0], False), ([False, True], False)])
def test_whether_nothing_is_chosen_is_known_without_the_population(value, empty):
    assert read_ids(value).is_empty is empty
