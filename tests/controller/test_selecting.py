from __future__ import annotations

from typing import Any

import libsonata
import pandas as pd
import pytest

from brayns_widget.controller import rows
from brayns_widget.protocol.errors import CircuitError, QueryError
from tests.controller.scenes import load, until


def test_cells_are_selected_and_read(controller):
    load(controller)
    selection = controller.selection
    selection.set([3, 1])
    assert (selection.ids().tolist(), len(selection), bool(selection)) == ([1, 3], 2, True)
    assert selection.value == controller.state.selection == {"cells": "1,3"}
    selection.add([2, 3])
    assert selection.ids("cells").tolist() == [1, 2, 3]
    selection.remove(libsonata.Selection([2]))
    assert selection.ids().tolist() == [1, 3]
    assert libsonata.Selection(selection.ids()).ranges == [(1, 2), (3, 4)]
    selection.clear()
    assert (selection.ids().tolist(), len(selection), bool(selection), selection.populations) == ([], 0, False, ())


def test_it_can_be_assigned_and_compared(controller):
    controller.selection = {"a": [1], "b": "2-4"}
    assert controller.selection == {"a": "1", "b": "2-4"}
    assert controller.selection.populations == ("a", "b")
    assert repr(controller.selection) == "<Selection: 1 of 'a', 3 of 'b'>"
    controller.selection.set(controller.selection)
    assert len(controller.selection) == 4
    with pytest.raises(CircuitError, match="several populations"):
        controller.selection.ids()
    with pytest.raises(TypeError):
        hash(controller.selection)


def test_nothing_is_started_for_it(cluster, controller):
    controller.selection.set([1], "cells")
    assert controller.status.state == "idle"
    assert controller.state.notice.text == "No loaded model shows population 'cells'."


def test_listeners_hear_of_it(controller):
    heard: list[Any] = []
    controller.listen(lambda state: state.selection, heard.append)
    controller.selection.set({"a": [1]})
    controller.selection.set({"a": [1]})
    controller.selection.clear()
    assert heard == [{"a": "1"}, {}]


def test_the_picture_need_not_be_drawn_again_for_it(controller):
    load(controller)
    before = controller.state.revision
    controller.selection.set([1])
    assert controller.state.revision == before


def test_cells_that_no_model_shows_are_kept_and_told(cluster, controller):
    cluster.renderer.answers["get-circuit-ids"] = lambda _: [0, 2]
    load(controller)
    controller.selection.set([0, 2])
    controller.selection.set([0, 1, 3])
    until(lambda: controller.state.notice is not None)
    notice = controller.state.notice
    assert notice.level == "info"
    assert notice.text == "2 of the selected cells of 'cells' are in no loaded model, such as 1."
    assert controller.selection.ids().tolist() == [0, 1, 3]
    assert len(cluster.renderer.sent("get-circuit-ids")) == 1  # a model's cells never change


def test_a_removed_model_takes_nothing_from_it(controller):
    model = load(controller)
    controller.selection.set([1])
    model.remove()
    assert controller.selection == {"cells": "1"}
    controller.clear()
    assert controller.selection == {"cells": "1"}


def test_masks_are_as_long_as_the_population(cluster, controller):
    load(controller)
    controller.selection.set([False, True, False, True])
    assert controller.selection.ids().tolist() == [1, 3]
    with pytest.raises(CircuitError, match="has 4 cells"):
        controller.selection.set([True])
    assert controller.selection.ids().tolist() == [1, 3]


def test_a_generator_is_read_once(controller):
    load(controller)
    controller.selection.set(number for number in (1, 2))
    assert controller.selection.ids().tolist() == [1, 2]


# ---------------------------------------------------------------------- attributes


@pytest.fixture
def attributes(cluster) -> dict[str, list[Any]]:
    cluster.backend.node_attributes = {"mtype": ["B", "A", "B", "C"], "x": [0.0, 1.0, 2.0, 3.0]}
    found: dict[str, list[Any]] = cluster.backend.node_attributes
    return found


@pytest.mark.usefixtures("attributes")
def test_selected_cells_are_rows(controller):
    load(controller)
    controller.selection.set([3, 1])
    frame = controller.selected
    assert frame.index.names == ["population", "node_id"]
    assert frame.index.tolist() == [("cells", 1), ("cells", 3)]
    assert (frame["mtype"].tolist(), frame["x"].tolist()) == (["A", "C"], [1.0, 3.0])
    assert controller.selection.read_cells(["x"]).columns.tolist() == ["x"]
    with pytest.raises(QueryError, match="no attribute 'y'"):
        controller.selection.read_cells(["y"])


@pytest.mark.usefixtures("attributes")
def test_rows_are_a_selection(controller):
    load(controller)
    controller.selection.set([1, 2, 3])
    frame = controller.selected
    controller.selection.set(frame[frame["x"] > 1].index)
    assert controller.selection.ids().tolist() == [2, 3]


def test_many_cells_are_read_in_parts(controller, attributes, monkeypatch):
    monkeypatch.setattr(rows, "ROWS", 2)
    load(controller)
    controller.selection.set([0, 1, 3])
    columns: list[list[int]] = []

    async def read(server: Any, path: str, population: str, ids: list[int], names: Any) -> pd.DataFrame:
        columns.append(ids)
        values = [attributes["mtype"][one] for one in ids]
        return pd.DataFrame({"mtype": pd.Categorical(values)}, index=pd.Index(ids, name="node_id"))

    monkeypatch.setattr(rows, "read_columns", read)
    frame = controller.selected
    assert columns == [[0, 1], [3]]
    assert frame["mtype"].tolist() == ["B", "A", "C"]
    assert frame["mtype"].cat.categories.tolist() == ["A", "B", "C"]


def test_without_a_backend_there_are_the_ids_alone(cluster, controller):
    cluster.backend = None
    load(controller, population="cells")
    controller.selection.set([1, 2])
    frame = controller.selected
    assert (frame.index.tolist(), frame.columns.tolist()) == ([("cells", 1), ("cells", 2)], [])
    assert "no backend" in controller.state.notice.text


@pytest.mark.usefixtures("attributes")
def test_cells_of_a_population_that_is_not_loaded_have_no_attributes(controller):
    load(controller)
    controller.selection.set({"cells": [1], "others": [7]})
    frame = controller.selected
    assert frame.index.tolist() == [("cells", 1), ("others", 7)]
    assert frame["x"].iloc[0] == 1.0
    assert pd.isna(frame["x"].iloc[1])
    assert "'others' are not known" in controller.state.notice.text


@pytest.mark.usefixtures("attributes")
def test_where_the_backend_refuses_there_are_the_ids_alone(controller):
    load(controller)
    controller.selection.set([1, 99])
    frame = controller.selected
    assert (frame.index.tolist(), frame.columns.tolist()) == ([("cells", 1), ("cells", 99)], [])
    assert "no node 99" in controller.state.notice.text


def test_nothing_selected_is_an_empty_frame(controller):
    assert controller.selected.index.names == ["population", "node_id"]
    assert len(controller.selected) == 0
