from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

from brayns_widget.controller import table
from brayns_widget.controller.circuits import Column
from brayns_widget.controller.controller import Controller
from brayns_widget.protocol.errors import CircuitError, QueryError
from tests.controller.scenes import WAIT, load
from tests.fakes import FakeCluster


@pytest.fixture
def controller(cluster):
    cluster.backend.node_attributes = {"mtype": ["B", "A", "B", "C"], "x": [0.5, math.nan, -2.0, 3.0]}
    cluster.backend.members = {"Some": [0, 3]}
    cluster.backend.node_sets = ["Some"]
    with Controller(**cluster.options) as made:
        load(made)
        yield made


def cells(controller: Controller, **options: Any) -> list[int]:
    return list(controller.table.rows(**options).cells)


def asked(cluster: FakeCluster) -> int:
    assert cluster.backend is not None
    return cluster.backend.methods().count("sonata-get-node-attributes")


def test_rows_are_the_cells_of_the_population_that_is_loaded(controller):
    rows = controller.table.rows(count=3)
    assert (rows.population, rows.size, rows.count, rows.first) == ("cells", 4, 4, 0)
    assert rows.columns == (Column("mtype", is_number=False), Column("x", is_number=True))
    assert rows.cells == (0, 1, 2)
    assert rows.values == (("B", 0.5), ("A", None), ("B", -2.0))
    assert cells(controller, first=3, count=9) == [3]
    assert controller.table.rows("cells", count=0).values == ()


def test_numbers_that_json_has_not_are_no_values(cluster, controller):
    cluster.backend.node_attributes = {"x": [math.inf, -math.inf, math.nan, 1.0]}
    assert controller.table.rows().values == ((None,), (None,), (None,), (1.0,))
    assert cells(controller, sort="x") == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, [0, 1, 2, 3]),
        ({"descending": True}, [3, 2, 1, 0]),
        ({"sort": "x"}, [2, 0, 3, 1]),
        ({"sort": "x", "descending": True}, [3, 0, 2, 1]),
        ({"sort": "mtype"}, [1, 0, 2, 3]),
        ({"sort": "mtype", "descending": True}, [3, 0, 2, 1]),
        ({"query": {"mtype": "B"}}, [0, 2]),
        ({"query": {"mtype": ["A", "B"], "x": {"$gt": -10}}, "sort": "x"}, [2, 0]),
        ({"query": {"$node_set": "Some"}, "descending": True}, [3, 0]),
        ({"query": {"node_id": [1, 2]}}, [1, 2]),
        ({"selected": True}, []),
    ],
)
def test_rows_are_filtered_and_sorted(controller, options, ids):
    assert cells(controller, **options) == ids
    assert controller.table.rows(**options).count == len(ids)


def test_selected_rows_follow_the_selection(controller):
    for selected in ([3, 1], [2]):
        controller.selection.set(selected, "cells")
        assert cells(controller, selected=True) == sorted(selected)
    assert cells(controller, selected=True, query={"mtype": "A"}) == []


def test_texts_and_places_come_first(cluster):
    names = {"a": [1.0] * 4, "y": [0.0] * 4, "b": ["t"] * 4, "x": [2.0] * 4, "c": ["u"] * 4}
    cluster.backend.node_attributes = names
    with Controller(**cluster.options) as controller:
        load(controller)
        assert [column.name for column in controller.table.rows().columns] == ["b", "c", "y", "x", "a"]


def test_a_cell_is_found_in_its_row(controller):
    assert controller.table.rows(sort="x", find=3).place == 2
    assert controller.table.rows(query={"mtype": "A"}, find=3).place is None
    assert controller.table.rows(find=77).place is None


def test_rows_are_selected_as_they_stand(controller):
    assert controller.table.select(first=1, last=2, sort="x") == 2
    assert controller.selection == {"cells": "0,3"}
    assert controller.table.select(query={"mtype": "A"}, add=True) == 1
    assert controller.selection == {"cells": "0-1,3"}
    assert controller.table.select(first=9) == 0
    assert not controller.selection


def test_attributes_are_read_once_while_their_circuit_is_loaded(cluster, controller):
    before = asked(cluster)
    cells(controller, sort="x", query={"mtype": "B"})
    cells(controller)
    assert asked(cluster) == before + 1
    controller.models.clear()
    with pytest.raises(CircuitError, match="No circuit is loaded"):
        cells(controller)
    load(controller)
    cells(controller)
    assert asked(cluster) == before + 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sort": "mtyp"}, "no attribute 'mtyp'.*mtype"),
        ({"query": {"mtyp": "A"}}, "no attribute 'mtyp'.*mtype"),
        ({"query": {"$node_set": "Sone"}}, "no node set 'Sone'.*Some"),
        ({"query": {"mtype": {"$gt": 1}}}, "mtype"),
        ({"population": "cell"}, "No loaded model shows population 'cell'.*cells"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest_name(controller, options, message):
    with pytest.raises((QueryError, CircuitError), match=f"(?s){message}"):
        cells(controller, **options)


def test_without_a_backend_that_reads_attributes_it_says_so(cluster):
    with Controller(**cluster.options) as controller:
        load(controller)
        with pytest.raises(CircuitError):
            cells(controller)


def test_a_population_that_is_too_large_is_told_before_it_is_read(cluster, controller, monkeypatch):
    monkeypatch.setattr(table, "MOST_CELLS", 3)
    before = asked(cluster)
    with pytest.raises(CircuitError, match="has 4 cells; a table shows at most 3"):
        cells(controller)
    assert asked(cluster) == before


def test_a_large_table_is_filtered_and_sorted_at_once(cluster, controller, monkeypatch):
    """100,000 rows with a regular expression: at most 100 ms, of which a page's scrolling sees nothing."""
    count = 100_000
    random = np.random.default_rng(0)
    texts = [f"L{number % 6 + 1}_T{number % 50}" for number in range(count)]
    frame = table_frame(texts, random.random(count))

    async def read_columns(*_: Any) -> Any:
        return frame

    monkeypatch.setattr(table, "read_columns", read_columns)
    cells(controller)
    durations = []
    for number in range(7):
        began = time.perf_counter()
        controller.table.rows(
            sort="x", descending=bool(number % 2), query={"mtype": {"$regex": f"L{number % 6 + 1}_.*"}}
        )
        durations.append(time.perf_counter() - began)
    assert sorted(durations)[3] < 0.1


def table_frame(texts: list[str], numbers: Any) -> Any:
    import pandas as pd

    return pd.DataFrame({"mtype": pd.Categorical(texts), "x": numbers})


def test_calls_have_awaitable_forms(controller):
    done = controller.loop.submit(controller.table.rows.aio(count=1))
    assert done.result(WAIT).cells == (0,)
