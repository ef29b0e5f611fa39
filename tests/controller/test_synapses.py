"""Loads of several populations, and of synapses with the cells that they are on."""

from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.controller.circuits import Population
from brayns_widget.controller.questions import UNKNOWN
from brayns_widget.controller.synapses import synapse_params
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import WAIT, load
from tests.fakes import FakeCluster

HERE = Population("here", "biophysical", 4, afferent=("within", "into"), efferent=("within",))
THERE = Population("there", "virtual", 9, efferent=("into",))


def asked(populations, **options):
    given: dict[str, Any] = {"afferent": (), "efferent": (), "density": 1.0, "radius": 2.0, **options}
    return [
        [(edges.edge_population, edges.load_afferent, edges.edge_percentage, edges.radius) for edges in of]
        for of in synapse_params(populations, **given)
    ]


def test_each_population_gets_its_edges():
    found = asked([HERE, THERE], afferent=["within", "into", "into"], efferent=["into"], density=0.5, radius=3.0)
    assert found == [[("within", True, 0.5, 3.0), ("into", True, 0.5, 3.0)], [("into", False, 0.5, 3.0)]]


def test_edges_can_be_shown_at_both_ends():
    assert asked([HERE], afferent=["within"], efferent=["within"]) == [
        [("within", True, 1.0, 2.0), ("within", False, 1.0, 2.0)]
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"afferent": ["inot"]}, r"'inot' ends at cells of 'here' or 'there'\. Did you mean 'into'\?"),
        ({"efferent": ["x"]}, r"'x' starts at cells of 'here' or 'there'\. There are 'within', 'into'\."),
    ],
)
def test_edges_that_join_no_cell_of_these_are_refused(options, problem):
    with pytest.raises(CircuitError, match=problem):
        asked([HERE, THERE], **options)


def test_where_nobody_tells_the_renderer_decides():
    assert asked([Population("c", "", UNKNOWN)], afferent=["any"]) == [[("any", True, 1.0, 2.0)]]


def settings_of(cluster: FakeCluster) -> list[dict[str, Any]]:
    """The node populations of the last load."""
    loader: dict[str, list[dict[str, Any]]] = cluster.renderer.sent("add-model")[-1]["loader_properties"]
    return loader["node_population_settings"]


@pytest.fixture
def joined(cluster):
    """A cluster whose circuit has two populations, and edges from one to the other."""
    size = {"type": "biophysical", "size": 4}
    cluster.backend.populations = [{"name": "a", **size}, {"name": "b", **size}]
    cluster.backend.edges = [{"name": "a_to_b", "size": 9, "source": "a", "target": "b"}]
    return cluster


def test_several_populations_are_one_load_of_several_models(joined, controller):
    models = controller.load_circuit("/data/circuit.json", population=["a", "b"], node_sets="All", density=0.5)
    assert [model.population for model in models.result(WAIT)] == ["a", "b"]
    first, second = settings_of(joined)
    assert (first["node_population"], second["node_population"]) == ("a", "b")
    assert first | {"node_population": "b"} == second
    assert first["node_sets"] == ["All"]
    assert first["node_percentage"] == 0.5


def test_synapses_are_models_of_their_own(joined, controller):
    models = controller.load_circuit(
        "/data/circuit.json", population=["a", "b"], afferent="a_to_b", synapse_density=0.25, synapse_radius=4
    ).result(WAIT)
    assert [(model.type, model.population) for model in models] == [
        ("neurons", "a"),
        ("neurons", "b"),
        ("afferent_synapses", "a_to_b"),
    ]
    first, second = settings_of(joined)
    assert first["edge_populations"] == []
    (edges,) = second["edge_populations"]
    assert edges == {"edge_population": "a_to_b", "load_afferent": True, "edge_percentage": 0.25, "radius": 4.0}


def test_populations_are_told_with_their_edges(joined, controller):
    found = controller.files.inspect("/data/circuit.json").populations
    assert [(one.afferent, one.efferent) for one in found] == [((), ("a_to_b",)), (("a_to_b",), ())]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"population": ["a", "b"], "node_ids": [0]}, "node_ids are of one population"),
        ({"population": []}, "population is empty"),
        ({"population": "a", "afferent": "a_to_b"}, r"'a_to_b' ends at cells of 'a'\. There are none"),
        ({"population": "a", "synapse_radius": 0.01}, "synapse_radius is 0.01"),
    ],
)
@pytest.mark.usefixtures("joined")
def test_what_cannot_be_meant_is_refused_before_the_renderer_is_asked(cluster, controller, options, problem):
    with pytest.raises((ValueError, CircuitError), match=problem):
        load(controller, **options)
    assert not cluster.renderer.sent("add-model")
