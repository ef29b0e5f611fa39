"""The nodes of node sets, against libsonata itself."""

from __future__ import annotations

import json
import shutil

import libsonata
import numpy as np
import pytest

from brayns_widget.demo.sonata import POPULATION
from brayns_widget.protocol import answers
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from tests.service.backend.asking import answer

METHOD = "sonata-get-node-set-ids"


def test_the_nodes_of_each_node_set_come_in_turn(demo, fetch):
    config = str(demo / "circuit_config.json")
    names = ["Layer5", "All", "Excitatory", "Layer5"]
    result, payload = fetch(demo, METHOD, path=config, population=POPULATION, node_sets=names)
    circuit = libsonata.CircuitConfig.from_file(config)
    sets = libsonata.NodeSets.from_file(circuit.node_sets_path)
    nodes = circuit.node_population(POPULATION)
    expected = [sets.materialize(name, nodes).flatten() for name in names]
    assert result == {"counts": [len(ids) for ids in expected]}
    assert np.frombuffer(payload, "<i8").tolist() == np.concatenate(expected).tolist()
    assert fetch(demo, METHOD, path=config, population=POPULATION, node_sets=[]) == ({"counts": []}, b"")


@pytest.mark.parametrize(
    ("params", "problem"),
    [({"population": "nope"}, "no node population 'nope'"), ({"node_sets": ["All", "nope"]}, "no node set 'nope'")],
)
def test_what_is_not_there_is_refused(demo, fetch, params, problem):
    wanted = {"path": str(demo / "circuit_config.json"), "population": POPULATION, "node_sets": ["All"], **params}
    with pytest.raises(RequestError, match=problem) as caught:
        fetch(demo, METHOD, **wanted)
    assert caught.value.code == INVALID_PARAMS


def test_an_answer_that_is_too_large_is_refused_before_it_is_made(demo, monkeypatch):
    def ask(*names):
        config = str(demo / "circuit_config.json")
        return answer("get-node-set-ids", str(demo), config, population=POPULATION, node_sets=list(names))

    (count,) = ask("All")["result"]["counts"]
    monkeypatch.setattr(answers, "MAX_ANSWER", 8 * count)
    assert "result" in ask("All")
    assert ask("All", "All")["error"]["code"] == INVALID_PARAMS
    assert "fewer or smaller node sets" in ask("All", "All")["error"]["message"]


def test_node_sets_outside_the_base_directory_are_not_read(demo, tmp_path, fetch):
    inner = shutil.copytree(demo, tmp_path / "inner")
    content = json.loads((inner / "circuit_config.json").read_text())
    content["node_sets_file"] = "../node_sets.json"
    shutil.move(inner / "node_sets.json", tmp_path / "node_sets.json")
    (inner / "circuit_config.json").write_text(json.dumps(content))
    wanted = {"path": str(inner / "circuit_config.json"), "population": POPULATION, "node_sets": ["All"]}
    with pytest.raises(RequestError, match="outside"):
        fetch(inner, METHOD, **wanted)
