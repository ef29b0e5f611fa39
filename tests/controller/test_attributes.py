"""Node attributes; the table that they become is in test_cells.py."""

from __future__ import annotations

import pytest

from brayns_widget.controller import attributes, questions
from brayns_widget.protocol.answers import MAX_ANSWER, VALUE, check_answer
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


def asked(cluster):
    """Names and ids of the requests for values; the ids are None for all."""
    wanted = [params for method, params in cluster.backend.requests if method == "sonata-get-node-attributes"]
    return [(params["names"], params.get("ids")) for params in wanted]


def test_many_attributes_are_asked_for_in_parts(cluster, model, monkeypatch):
    monkeypatch.setattr(attributes, "MAX_ANSWER", 4 * VALUE)
    assert list(model.cells) == ["x", "n", "kind"]
    assert asked(cluster) == [([name], [0, 1, 2, 3]) for name in ATTRIBUTES]


def test_many_cells_are_asked_for_in_parts(cluster, model, monkeypatch):
    monkeypatch.setattr(attributes, "MAX_ANSWER", 2 * VALUE)
    table = model.read_cells(["kind", "x"])
    assert {name: table[name].tolist() for name in table} == {"kind": ATTRIBUTES["kind"], "x": ATTRIBUTES["x"]}
    assert table.index.tolist() == [0, 1, 2, 3]
    assert asked(cluster) == [([name], ids) for name in ("kind", "x") for ids in ([0, 1], [2, 3])]


def test_a_large_population_is_queried_in_parts(cluster, controller, model, monkeypatch):
    monkeypatch.setattr(attributes, "MAX_ANSWER", 2 * VALUE)
    assert controller.models.count_cells("/data/circuit.json", query={"x": {"$gt": 1}}).cells == 3
    assert asked(cluster) == [(["x"], [0, 1]), (["x"], [2, 3])]


def test_long_texts_are_asked_for_again_in_halves(cluster, model, monkeypatch):
    """The sizes of texts are known to the server only."""
    answer = cluster.backend.answer

    def bounded(method, params):
        if method == "sonata-get-node-attributes" and "kind" in params["names"] and len(params["ids"]) > 1:
            check_answer(MAX_ANSWER + 1, "ask for less")
        return answer(method, params)

    monkeypatch.setattr(cluster.backend, "answer", bounded)
    table = model.read_cells()
    assert {name: table[name].tolist() for name in table} == ATTRIBUTES
    ids = [0, 1, 2, 3]
    texts = [(["kind"], part) for part in ([0, 1], [0], [1], [2, 3], [2], [3])]
    assert asked(cluster) == [
        (list(ATTRIBUTES), ids),
        (["x"], ids),
        (["n", "kind"], ids),
        (["n"], ids),
        (["kind"], ids),
        *texts,
    ]


def test_what_is_too_large_by_itself_is_told_once(cluster, model, monkeypatch):
    def refuse(_):
        check_answer(MAX_ANSWER + 1, "ask for less")

    cluster.backend.answers["sonata-get-node-attributes"] = refuse
    with pytest.raises(CircuitError, match=r"cannot be read: That is more than 48 MiB; ask for less\."):
        model.read_cells(["x"])
    assert asked(cluster) == [(["x"], ids) for ids in ([0, 1, 2, 3], [0, 1], [0])]


def test_node_sets_are_asked_for_in_parts(cluster, controller, model, monkeypatch):
    query = {"$or": [{"$node_set": "All"}, {"$node_set": "Layer1"}]}
    for most, parts in ((8, [["All", "Layer1"]]), (4, [["All"], ["Layer1"]]), (1, [["All"], ["Layer1"]])):
        monkeypatch.setattr(questions, "MAX_ANSWER", most * VALUE)
        cluster.backend.requests.clear()
        assert controller.models.count_cells("/data/circuit.json", query=query).cells == 4
        wanted = [params for method, params in cluster.backend.requests if method == "sonata-get-node-set-ids"]
        assert [params["node_sets"] for params in wanted] == parts


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
