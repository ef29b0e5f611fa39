"""Loads and counts by ids, node sets and queries, with either kind of backend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.selection import thinned
from brayns_widget.protocol.errors import CircuitError, ProtocolError, QueryError
from tests.controller.scenes import WAIT, load, until
from tests.fakes import FakeCluster

ATTRIBUTES: dict[str, list[Any]] = {
    "layer": [4, 5, 5, 6],
    "mtype": ["L4_PC", "L5_TPC:A", "L5_TPC:B", "L6_PC"],
    "x": [0.0, 50.0, 150.0, 200.0],
}
SELECTIONS = {"sonata-get-node-attributes", "sonata-get-node-set-ids", "sonata-load-nodes", "sonata-get-node-positions"}


@pytest.fixture
def cluster():
    with FakeCluster(polls=0) as fake:
        assert fake.backend is not None
        fake.backend.node_attributes = ATTRIBUTES
        yield fake


@pytest.fixture
def brayns():
    """A controller of a cluster whose backend is as Brayns' own."""
    with FakeCluster(polls=0) as fake:
        assert fake.backend is not None
        fake.backend.positions = [(x, 0.0, 1.0) for x in ATTRIBUTES["x"]]
        with Controller(**fake.options) as made:
            vars(made)["cluster"] = fake
            yield made


def sent(cluster: FakeCluster) -> dict[str, Any]:
    """What the last load asked of the renderer about cells."""
    (settings,) = cluster.renderer.sent("add-model")[-1]["loader_properties"]["node_population_settings"]
    keys = ("node_ids", "node_sets", "node_percentage", "node_count_limit")
    return {key: settings[key] for key in keys if key in settings and settings[key] != 1.0}


def asked(cluster: FakeCluster) -> list[tuple[str, Any]]:
    """What the backend was asked about cells."""
    assert cluster.backend is not None
    return [(method, params) for method, params in cluster.backend.requests if method in SELECTIONS]


@pytest.mark.parametrize(
    ("options", "request_"),
    [
        ({}, {}),
        ({"node_sets": "Layer1"}, {"node_sets": ["Layer1"]}),
        (
            {"node_sets": ["Layer1", "All"], "density": 0.5, "limit": 3},
            {"node_sets": ["Layer1", "All"], "node_percentage": 0.5, "node_count_limit": 3},
        ),
        ({"node_ids": [3, 1, 1]}, {"node_ids": [1, 3]}),
        ({"node_ids": np.array([True, False, False, True])}, {"node_ids": [0, 3]}),
        ({"node_ids": range(4)}, {}),
        ({"node_ids": range(3), "density": 0.5}, {"node_ids": [0, 1]}),
        ({"node_ids": range(3), "limit": 2}, {"node_ids": [0, 1]}),
        ({"node_ids": [0, 1], "node_sets": "Layer1"}, {"node_ids": [1]}),
        ({"query": {"layer": 5}}, {"node_ids": [1, 2]}),
        ({"query": {"layer": [4, 5], "mtype": {"$regex": "L5_TPC.*"}, "x": {"$gt": 100}}}, {"node_ids": [2]}),
        ({"query": {"$or": [{"layer": 4}, {"$node_set": "Layer1"}]}}, {"node_ids": [0, 1, 3]}),
        ({"query": {"$node_set": "Layer1"}}, {"node_sets": ["Layer1"]}),
        ({"query": {"$node_set": "Layer1"}, "node_ids": [0, 3]}, {"node_ids": [3]}),
        ({"query": {"layer": 5}, "node_ids": [0, 2], "node_sets": "All"}, {"node_ids": [2]}),
        ({"query": {"layer": [4, 5]}, "density": 0.34}, {"node_ids": [0]}),
        ({"query": {}}, {}),
        ({"query": {"node_id": [3], "population": "cells"}}, {"node_ids": [3]}),
    ],
)
def test_the_renderer_is_asked_for_what_was_chosen(cluster, controller, options, request_):
    load(controller, **options)
    assert sent(cluster) == request_


def test_a_query_reads_what_it_names_and_nothing_else(cluster, controller):
    load(controller, query={"layer": 5, "$or": [{"x": [0, 100]}, {"layer": 6}]})
    (method, params), *rest = asked(cluster)
    assert (method, params["names"], "ids" in params, rest) == ("sonata-get-node-attributes", ["layer", "x"], False, [])


def test_ids_alone_are_no_question_to_the_backend(cluster, controller):
    load(controller, node_ids=[1])
    assert asked(cluster) == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"node_ids": [0, 4]}, r"node_ids\[1\] is 4, but population 'cells' has 4 cells"),
        ({"node_ids": [True] * 3}, "mask of 3 values, but population 'cells' has 4 cells"),
        ({"node_sets": "layer1"}, r"no node set 'layer1'\. Did you mean 'Layer1'\?"),
        ({"population": "cell"}, r"no node population 'cell'.*Did you mean 'cells'\? It has: cells"),
        ({"query": {"mtyp": "a"}}, r"no attribute 'mtyp'\. Did you mean 'mtype'\?"),
        ({"query": {"$node_set": "al"}, "node_ids": [1]}, r"no node set 'al'\. Did you mean 'All'\?"),
        (
            {"query": {"mtype": "L5_TPC"}},
            r"No cells of population 'cells' are selected\. No cell has the mtype 'L5_TPC'\. Did you mean 'L5_TPC:B'\?",
        ),
        (
            {"query": {"layer": 4}, "node_ids": [1]},
            "No cells of population 'cells' are selected.*to meet node_ids, node_sets and query",
        ),
    ],
)
def test_what_cannot_be_chosen_is_told_and_nothing_is_loaded(cluster, controller, options, problem):
    with pytest.raises(CircuitError, match=problem):
        load(controller, **options)
    assert cluster.renderer.sent("add-model") == []


def test_a_mistake_in_a_query_has_its_place(controller):
    with pytest.raises(QueryError) as caught:
        load(controller, query={"$and": [{"layer": 4}, {"mtyp": "a"}]})
    assert caught.value.place == "/$and/1/mtyp"


def test_values_that_no_cell_has_are_told_when_others_are_found(controller):
    load(controller, query={"mtype": ["L4_PC", "L5_PC"]})
    notice = controller.state.notice
    assert notice is not None
    assert (notice.level, notice.text) == ("warning", "No cell has the mtype 'L5_PC'. Did you mean 'L6_PC'?")


def test_objects_of_other_libraries_are_taken_as_they_are(cluster, controller):
    class Circuit:
        config: dict[str, str] = {}
        nodes = None

        def __getstate__(self):
            return "/data/circuit.json"

    class NodePopulation:
        circuit, name, size = Circuit(), "cells", 4

    population: Any = NodePopulation()
    circuit: Any = Circuit()
    mask: Any = pd.Series([True, False], index=[2, 3])
    controller.load_circuit(population, node_ids=mask).result(WAIT)
    controller.load_circuit(circuit, population=population, node_ids=pd.Index([2])).result(WAIT)
    assert sent(cluster) == {"node_ids": [2]}
    assert [params["path"] for params in cluster.renderer.sent("add-model")] == ["/data/circuit.json"] * 2
    with pytest.raises(ValueError, match=r"path is 7"):
        controller.load_circuit(7)


def test_a_restored_scene_has_the_same_cells(cluster, controller):
    load(controller, query={"layer": 5})
    before = cluster.renderer.sent("add-model")
    cluster.backend.node_attributes = {name: values[::-1] for name, values in ATTRIBUTES.items()}
    cluster.kill_renderer("it crashed")
    until(lambda: controller.state.status.state in {"ended", "failed"})
    controller.job.restore().result(WAIT)
    assert cluster.renderer.sent("add-model") == before * 2


# --- counts ---


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 4),
        ({"node_sets": "Layer1"}, 2),
        ({"query": {"$node_set": "Layer1"}}, 2),
        ({"query": {"layer": 5}, "density": 0.5}, 1),
        ({"query": {"layer": 7}}, 0),
        ({"node_ids": [0, 1], "limit": 1}, 1),
    ],
)
def test_cells_are_counted_before_a_load(cluster, controller, options, count):
    found = controller.models.count_cells("/data/circuit.json", **options)
    assert (found.population, found.cells, found.size) == ("cells", count, 4)
    assert cluster.renderer.sent("add-model") == []


def test_a_count_has_remarks(controller):
    (remark,) = controller.models.count_cells("c.json", query={"$or": [{"layer": 7}, {"x": 0}]}).remarks
    assert (remark.place, remark.text) == ("/$or/0/layer", "No cell has such a layer; it goes from 4 to 6.")


def test_a_count_of_what_is_not_there_is_refused(controller):
    with pytest.raises(QueryError, match="no attribute 'nope'"):
        controller.models.count_cells("c.json", query={"nope": 1})


def test_all_node_sets_are_counted_by_one_question(cluster, controller):
    counts = [
        {"name": "All", "count": 4, "reason": ""},
        {"name": "None", "count": 0, "reason": ""},
        {"name": "Odd", "reason": "it has no attribute 'x'"},
        {"name": "Slow", "reason": ""},
    ]
    cluster.backend.answers["sonata-count-node-sets"] = lambda _: {"node_sets": counts}
    found = controller.models.count_node_sets("/data/c.json", population="cells")
    assert [(one.name, one.cells, one.reason) for one in found] == [
        ("All", 4, ""),
        ("None", 0, "no cell of cells"),
        ("Odd", None, "it has no attribute 'x'"),
        ("Slow", None, ""),
    ]
    asked = [params for method, params in cluster.backend.requests if method == "sonata-count-node-sets"]
    assert asked == [{"path": "/data/c.json", "population": "cells"}]
    cluster.backend.errors["sonata-count-node-sets"] = (-32603, "it broke")
    with pytest.raises(CircuitError, match="cannot be counted: it broke"):
        controller.models.count_node_sets("/data/c.json", population="cells")


def test_a_backend_that_does_not_count_node_sets_says_so(cluster, controller):
    cluster.backend.node_attributes = {}
    with pytest.raises(CircuitError, match="no backend that counts all node sets at once"):
        controller.models.count_node_sets("/data/c.json", population="cells")


@pytest.mark.parametrize(
    ("density", "limit", "ids"),
    [(1.0, None, range(10)), (0.5, None, [0, 2, 4, 6, 8]), (0.01, None, [0]), (1.0, 3, [0, 3, 6]), (0.5, 2, [0, 4])],
)
def test_cells_are_taken_at_even_steps(density, limit, ids):
    assert thinned(np.arange(10), density, limit).tolist() == list(ids)


def test_of_no_cells_none_is_taken():
    assert thinned(np.arange(0), 0.5, 3).tolist() == []


# --- Brayns' own backend, and none ---


@pytest.mark.parametrize(
    ("options", "request_"),
    [
        ({"query": {"x": {"$gt": 100}}}, {"node_ids": [2, 3]}),
        ({"query": {"x": {"$gt": 100}, "$node_set": "Layer1"}}, {"node_ids": [3]}),
        ({"query": {"$or": [{"$node_set": "Layer1"}, {"node_id": 0}]}}, {"node_ids": [0, 1, 3]}),
        ({"query": {"$node_set": "Layer1"}}, {"node_sets": ["Layer1"]}),
        ({"node_ids": [True, True, False, False], "node_sets": "Layer1"}, {"node_ids": [1]}),
    ],
)
def test_brayns_own_backend_knows_node_sets_and_positions(brayns, options, request_):
    load(brayns, **options)
    assert sent(brayns.cluster) == request_
    assert brayns.cluster.backend.selections == {}, "all are given back"


def test_what_brayns_own_backend_does_not_know_is_said(brayns):
    with pytest.raises(CircuitError, match="no backend that can tell the mtype, layer of cells"):
        load(brayns, query={"x": {"$gt": 1}, "$or": [{"mtype": "a"}, {"layer": 1}]})


def test_wrong_answers_of_brayns_own_backend_are_refused(brayns):
    backend = brayns.cluster.backend
    backend.members["Layer1"] = [0, 0, 0]
    select = backend._select

    def answer(method: str, params: Any) -> Any:
        result, payload = select(method, params)
        return ({**result, "count": 3} if method == "sonata-load-nodes" else result), payload

    backend._select = answer
    with pytest.raises(ProtocolError, match="named 1 nodes, not 3"):
        load(brayns, node_sets="Layer1", node_ids=[0])
    assert backend.selections == {}
    backend.positions = [(0.0, 0.0, 0.0)] * 4
    backend.members["Layer1"] = [1]
    backend._select = lambda method, params: (select(method, params)[0], b"")
    with pytest.raises(ProtocolError, match="answered 0 coordinates of 4 nodes"):
        load(brayns, query={"x": [0, 1]})


def test_refusals_of_backends_name_the_circuit(cluster, controller, brayns):
    cluster.backend.errors["sonata-get-node-set-ids"] = (-32603, "it broke")
    with pytest.raises(CircuitError, match=r"node sets of '/data/circuit.json' cannot be read: it broke\."):
        load(controller, node_ids=[1], node_sets="All")
    brayns.cluster.backend.errors["sonata-load-nodes"] = (-32603, "it broke")
    with pytest.raises(CircuitError, match=r"positions in '/data/circuit.json' cannot be read: it broke\."):
        load(brayns, query={"x": [0, 1]})


def test_a_selection_of_brayns_own_backend_is_given_back_after_an_error(brayns):
    brayns.cluster.backend.errors["sonata-get-node-ids"] = (-32603, "it broke")
    with pytest.raises(CircuitError, match="it broke"):
        load(brayns, node_ids=[1], node_sets="All")
    assert brayns.cluster.backend.selections == {}


def test_node_sets_that_cannot_be_listed_are_the_renderers_matter(cluster, controller):
    cluster.backend.errors["sonata-get-node-sets"] = (-32603, "it broke")
    load(controller, node_sets="Any")
    assert sent(cluster) == {"node_sets": ["Any"]}


def test_without_a_backend_ids_and_node_sets_are_taken_on_trust():
    with FakeCluster(polls=0, backend=False) as cluster, Controller(**cluster.options) as controller:
        load(controller, population="cells", node_ids=[9, 7])
        assert sent(cluster) == {"node_ids": [7, 9]}
        load(controller, population="cells", node_sets="Any")
        assert sent(cluster) == {"node_sets": ["Any"]}
        for options, problem in (
            ({"query": {"layer": 4}}, "no backend, so it cannot answer queries"),
            ({"node_ids": [True]}, "nobody can tell the population's size"),
            ({"node_ids": [1], "node_sets": "All"}, "no backend that can tell which cells are in a node set"),
        ):
            with pytest.raises(CircuitError, match=problem):
                load(controller, population="cells", **options)


@pytest.mark.parametrize("fails", ["sonata-list-populations", "sonata-get-node-sets"])
def test_what_brayns_own_backend_cannot_read_is_loaded_by_name(brayns, fails):
    brayns.cluster.backend.errors[fails] = (-32603, "'target_simulator' is missing")
    model = load(brayns, population="cells", node_sets="Layer1")
    assert sent(brayns.cluster) == {"node_sets": ["Layer1"]}
    if fails == "sonata-list-populations":
        assert "'target_simulator' is missing" in model.notices[0]
        with pytest.raises(CircuitError, match="'target_simulator' is missing"):
            load(brayns)


def test_what_our_backend_says_of_a_circuit_holds_for_its_renderer(cluster):
    assert cluster.backend is not None
    cluster.backend.answers["registry"] = lambda _: ["sonata-describe-circuit"]
    cluster.backend.errors["sonata-describe-circuit"] = (-32603, "it is no circuit")
    with Controller(**cluster.options) as controller, pytest.raises(CircuitError, match="it is no circuit"):
        load(controller, population="cells")
