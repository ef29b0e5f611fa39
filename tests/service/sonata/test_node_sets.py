"""Node sets: libsonata's words, our words, and the same nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.sonata.config import NodeSets, read_node_sets
from brayns_widget.service.sonata.node_sets import nodes_of
from brayns_widget.service.sonata.populations import open_nodes
from brayns_widget.service.sonata.table import Table
from tests.service.sonata.files import write_nodes

CELLS: dict[str, Any] = {"mtype": ["ab", "a", "b", "abc"], "layer": [1, 2, 3, 4], "depth": [0.5, 1.5, 2.5, 3.5]}


def written(values: dict[str, Any]) -> NodeSets:
    return NodeSets(values, dict.fromkeys(values, "sets.json"), ["sets.json"])


@pytest.fixture(params=["libsonata", "ours"])
def population(request, tmp_path: Path) -> Any:
    path = write_nodes(tmp_path / "n.h5", {"0": CELLS})
    return Table(path, "node", "cells", None) if request.param == "ours" else open_nodes(str(path), "", "cells")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"mtype": "a"}, [1]),
        ({"mtype": ["a", "b", "none"]}, [1, 2]),
        ({"mtype": {"$regex": "^ab$"}}, [0]),
        ({"mtype": {"$regex": "b"}}, [0, 2, 3]),
        ({"layer": 2}, [1]),
        ({"layer": [1, 4]}, [0, 3]),
        ({"depth": {"$gt": 1.5}}, [2, 3]),
        ({"depth": {"$lte": 1.5}, "mtype": "a"}, [1]),
        ({"node_id": [1, 9]}, [1]),
        ({"node_id": [3.0, 1]}, [1, 3]),
        ({"node_id": [-1, 10**12]}, []),
        ({"layer": [1, 2.5]}, [0]),
        ({"layer": True}, [0]),
        ({"layer": 10**20}, []),
        ({"mtype": []}, []),
        ({"mtype": {}}, [0, 1, 2, 3]),
        ({"population": []}, []),
        ({"population": "cells"}, [0, 1, 2, 3]),
        ({"population": "others"}, []),
        ({"population": ["cells", "others"], "node_id": 3}, [3]),
        ({}, [0, 1, 2, 3]),
        # what libsonata refuses
        ({"gids": [2, 0]}, [0, 2]),
        ({"depth": {"$gt": 1, "$lt": 3}}, [1, 2]),
        ({"depth": 1.5}, [1]),
    ],
)
def test_rules(population: Any, rules: Any, expected: list[int]):
    assert nodes_of(written({"one": rules}), "one", population).tolist() == expected


def test_sets_of_sets(population: Any):
    sets = {"all": ["low", "more"], "low": {"layer": 1}, "more": ["high"], "high": {"layer": 4}, "odd": ["nowhere"]}
    assert nodes_of(written(sets), "all", population).tolist() == [0, 3]
    assert nodes_of(written({"none": []}), "none", population).tolist() == []


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"one": ["two"]}, "Invalid node set: 'two', which node set 'one' names"),
        ({"one": [3]}, 'has 3 in its list; a list has names of node sets; ids go into {"node_id": [...]}'),
        ({"one": ["two"], "two": ["one"]}, "consists of itself: one → two → one"),
        ({"one": {"nothing": 1}}, "'nothing'"),
        ({"one": {"mtype": 1}}, "its values are texts, but 1 is asked for"),
        ({"one": {"layer": "a"}}, "its values are numbers"),
        ({"one": {"mtype": {"$regex": "("}}}, "can't be used on cells"),
        ({"one": {"layer": {"$regex": "1"}}}, "$regex cannot be used on numbers"),
        ({"one": 7}, "neither an object nor a list"),
        ({"one": {"node_id": [1, "b"]}}, 'node_id has "b", which is no whole number'),
        ({"one": {"node_id": [1.5]}}, "node_id has 1.5, which is no whole number"),
        ({"one": {"mtype": None}}, "its values are texts, but null is asked for"),
        ({"one": {"node_id": {"a": 1}}}, 'node_id has {"a": 1}'),
        ({"one": {"layer": {"$gt": ""}}}, '$gt takes a number, got ""'),
        ({"one": {"mtype": {"$regex": 1}}}, "$regex takes a text, got 1"),
    ],
)
def test_sets_that_make_no_sense_are_told_when_they_are_used(population: Any, sets: Any, message: str):
    everything = written(sets | {"good": {"layer": 1}})
    assert nodes_of(everything, "good", population).tolist() == [0]
    with pytest.raises(RequestError) as caught:
        nodes_of(everything, "one", population)
    assert message in caught.value.message
    assert "in sets.json" in caught.value.message


def test_later_files_override_earlier_ones(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + json.dumps({"x": {"layer": 1}, "y": {}}).encode())
    (tmp_path / "b.json").write_text(json.dumps({"x": {"layer": 2}}))
    paths = [str(tmp_path / "a.json"), "", str(tmp_path / "b.json")]
    found = read_node_sets(paths)
    assert found.values == {"x": {"layer": 2}, "y": {}}
    assert (found.place("x"), found.place("y")) == (paths[2], paths[0])
    assert found.place("z") == f"{paths[0]} and {paths[2]}"
    for content in ("[]", "{"):
        (tmp_path / "b.json").write_text(content)
        with pytest.raises(RequestError, match=r"b\.json is not a node sets file"):
            read_node_sets(paths)
    with pytest.raises(RequestError, match=r"none\.json does not exist"):
        read_node_sets([str(tmp_path / "none.json")])
