"""Node attributes; the table that they become is in test_cells.py."""

from __future__ import annotations

import pytest

from brayns_widget.controller import cells
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import WAIT, load

ATTRIBUTES = {"x": [0.5, 1.5, 2.5, 3.5], "n": [1, 2, 3, 4], "kind": ["a", "b", "a", "b"]}


@pytest.fixture
def model(cluster, controller):
    cluster.backend.node_attributes = dict(ATTRIBUTES)
    return load(controller)


def test_all_attributes_are_read_or_those_that_are_named(cluster, model):
    table = model.read_cells()
    assert {name: table[name].tolist() for name in table} == ATTRIBUTES
    assert table.index.tolist() == [0, 1, 2, 3]
    assert table.index.name == "node_id"
    assert list(model.read_cells(["kind", "x"])) == ["kind", "x"]
    asked = [params for method, params in cluster.backend.requests if method == "sonata-get-node-attributes"]
    place = {"path": "/data/circuit.json", "population": "cells", "ids": [0, 1, 2, 3]}
    assert asked == [place | {"names": ["x", "n", "kind"]}, place | {"names": ["kind", "x"]}]


def test_no_attributes_are_a_table_without_columns(model):
    table = model.read_cells([])
    assert table.shape == (4, 0)


def test_many_are_asked_for_in_parts(cluster, model, monkeypatch):
    monkeypatch.setattr(cells.in_parts, "__defaults__", (4 * 8,))
    assert list(model.cells) == ["x", "n", "kind"]
    asked = [params["names"] for method, params in cluster.backend.requests if method == "sonata-get-node-attributes"]
    assert asked == [["x"], ["n"], ["kind"]]


def test_an_attribute_that_is_not_there_is_told_with_those_that_are(model):
    with pytest.raises(
        CircuitError, match=r"population 'cells' has no attribute 'nope'\. There are 'x', 'n', 'kind'\."
    ):
        model.read_cells(["x", "nope"])


def test_the_real_backend_tells_none(cluster, controller):
    with pytest.raises(CircuitError, match=r"attributes of '/data/circuit.json' cannot be read: Method not found\."):
        load(controller).read_cells()


def test_the_backends_refusal_is_raised(cluster, model):
    cluster.backend.errors["sonata-get-node-attributes"] = (-32603, "it broke")
    with pytest.raises(CircuitError, match=r"circuit.json' cannot be read: it broke\."):
        model.read_cells()


def test_a_circuit_that_was_not_loaded_from_a_file_has_none(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.add("neurons")
    controller.models.refresh()
    with pytest.raises(CircuitError, match="'neurons' was not loaded from a circuit"):
        controller.models[0].read_cells()
