"""Numbers of nodes in all node sets, by one question."""

from __future__ import annotations

import json
import shutil

import libsonata
import pytest

from brayns_widget.demo.sonata import POPULATION
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.backend import circuits
from tests.service.backend.asking import answer

METHOD = "sonata-count-node-sets"


@pytest.fixture
def odd(demo, tmp_path):
    """The demo circuit with an empty node set and one that makes no sense."""
    folder = shutil.copytree(demo, tmp_path / "odd")
    sets = json.loads((folder / "node_sets.json").read_text())
    sets |= {"Empty": {"layer": "no such layer"}, "Senseless": {"no_such_attribute": 1}}
    (folder / "node_sets.json").write_text(json.dumps(sets))
    return folder


def test_each_node_set_has_the_count_of_libsonata_or_a_reason(odd, fetch):
    config = str(odd / "circuit_config.json")
    result, _ = fetch(odd, METHOD, path=config, population=POPULATION)
    circuit = libsonata.CircuitConfig.from_file(config)
    sets, nodes = libsonata.NodeSets.from_file(circuit.node_sets_path), circuit.node_population(POPULATION)
    found = {one["name"]: one for one in result["node_sets"]}
    assert list(found) == sorted(sets.names)
    assert "no_such_attribute" in found.pop("Senseless")["reason"]
    assert found["Empty"] == {"name": "Empty", "count": 0, "reason": ""}
    assert {name: one["count"] for name, one in found.items()} == {
        name: len(sets.materialize(name, nodes).flatten()) for name in found
    }


def test_an_unknown_population_is_refused(demo, fetch):
    with pytest.raises(RequestError, match="no node population 'nope'") as caught:
        fetch(demo, METHOD, path=str(demo / "circuit_config.json"), population="nope")
    assert caught.value.code == INVALID_PARAMS


def test_what_takes_too_long_is_left_uncounted(demo, monkeypatch):
    monkeypatch.setattr(circuits, "_COUNTING", -1.0)
    config = str(demo / "circuit_config.json")
    found = answer("count-node-sets", str(demo), config, population=POPULATION)["result"]["node_sets"]
    assert found
    assert all("count" not in one and one["reason"] == "" for one in found)
