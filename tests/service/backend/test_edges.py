"""Edges between two sets of nodes, compared with all edges of the file."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from benchmarks.edges import EDGES, write
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.backend import edges as module
from tests.service.backend.asking import answer

CELLS, COUNT = 50, 4000
NO_INDEX = "without indices"


@pytest.fixture(scope="module")
def circuits(tmp_path_factory):
    """Configurations of the same circuit, with and without indices."""
    found = {}
    for kind in ("with indices", NO_INDEX):
        folder = tmp_path_factory.mktemp("edges")
        found[kind] = write(folder, CELLS, COUNT)
        if kind == NO_INDEX:
            with h5py.File(folder / "edges.h5", "a") as file:
                del file[f"edges/{EDGES}/indices"]
    return found


@pytest.fixture(params=["with indices", NO_INDEX])
def config(request, circuits):
    return circuits[request.param]


@pytest.fixture(scope="module")
def stored(circuits):
    """All edges: sources, targets, conductances."""
    with h5py.File(circuits[NO_INDEX].parent / "edges.h5") as file:
        group = file[f"edges/{EDGES}"]
        return tuple(np.asarray(group[name]) for name in ("source_node_id", "target_node_id", "0/conductance"))


@pytest.fixture(params=["few at once", "all at once"])
def piece(request, monkeypatch):
    if request.param == "few at once":
        monkeypatch.setattr(module, "_PIECE", 7)
        monkeypatch.setattr(module, "_FEW_EDGES", 3)


def inside(stored, sources, targets):
    keep = np.ones(COUNT, bool)
    for ends, nodes in zip(stored[:2], (sources, targets), strict=True):
        keep &= True if nodes is None else np.isin(ends, nodes)
    return np.flatnonzero(keep)


def get(config, names=("conductance",), *, sources=None, targets=None, limit=None, first=0, count=None):
    """The answer's numbers, and the columns by name."""
    wanted = {"sources": sources, "targets": targets, "limit": limit, "first": first, "count": count}
    found = answer("get-edges", str(config.parent), str(config), population=EDGES, names=list(names), **wanted)
    result, payload, columns = found["result"], found.get("payload", b""), {}
    for column in result.pop("attributes"):
        kind = {"integer": "<i8", "float": "<f8"}[column["type"]]
        columns[column["name"]] = np.frombuffer(payload, kind, result["count"])
        payload = payload[columns[column["name"]].nbytes :]
    assert not payload
    return result, columns


BETWEEN = [
    (None, None),
    ([7], None),
    (None, [7]),
    ([3, 3, 1, 49], [2, 30]),
    (list(range(0, CELLS, 2)), list(range(25))),
    (None, [CELLS + 5]),
    ([], None),
]


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize(("sources", "targets"), BETWEEN)
def test_the_edges_between_nodes_are_found_whatever_tells_them(config, stored, sources, targets):
    expected = inside(stored, sources, targets)
    result, columns = get(config, sources=sources, targets=targets)
    assert result == dict.fromkeys(("total", "chosen", "count"), len(expected))
    assert columns["@edge_id"].tolist() == expected.tolist()
    for name, values in zip(("@source_node", "@target_node", "conductance"), stored, strict=True):
        assert columns[name].tolist() == values[expected].tolist()


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("targets", [None, [2, 30, 31], list(range(40))])
def test_pages_hold_each_of_the_chosen_edges_once(config, stored, targets):
    expected = inside(stored, None, targets)
    chosen = expected[np.arange(100) * len(expected) // 100]
    pages = [get(config, targets=targets, limit=100, first=first, count=30) for first in range(0, 120, 30)]
    assert [result["count"] for result, _ in pages] == [30, 30, 30, 10]
    assert {(result["total"], result["chosen"]) for result, _ in pages} == {(len(expected), 100)}
    assert np.concatenate([columns["@edge_id"] for _, columns in pages]).tolist() == chosen.tolist()
    result, columns = get(config, targets=targets, limit=100, first=500)
    assert (result["count"], len(columns["@edge_id"])) == (0, 0)


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("by", ["source", "target"])
@pytest.mark.parametrize(("sources", "targets"), BETWEEN)
def test_edges_are_counted_also_by_node(config, stored, sources, targets, by):
    expected = inside(stored, sources, targets)
    wanted = {"sources": sources, "targets": targets, "by": by}
    found = answer("count-edges", str(config.parent), str(config), population=EDGES, **wanted)
    nodes, counts = np.unique(stored[by == "target"][expected], return_counts=True)
    assert found["result"] == {"count": len(expected), "nodes": len(nodes)}
    assert np.frombuffer(found.get("payload", b""), "<i8").tolist() == [*nodes.tolist(), *counts.tolist()]


def test_a_client_gets_names_counts_and_edges(circuits, fetch):
    config = circuits["with indices"]
    about = {"path": str(config), "population": EDGES}
    listed, _ = fetch(config.parent, "sonata-list-edge-attributes", **about)
    assert (listed["count"], listed["source"], listed["target"]) == (COUNT, "cells", "cells")
    assert {one["name"] for one in listed["attributes"]} == {"conductance", *(f"afferent_center_{a}" for a in "xyz")}
    assert fetch(config.parent, "sonata-count-edges", **about)[0] == {"count": COUNT, "nodes": 0}
    found, payload = fetch(config.parent, "sonata-get-edges", **about, targets=[1], limit=5)
    assert (found["chosen"], found["count"], len(payload)) == (5, 5, 5 * 8 * 7)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"population": "nope"}, "no edge population 'nope'"),
        ({"names": ["nope"]}, "no attribute 'nope'"),
        ({"sources": [1 << 70]}, "too large"),
    ],
)
def test_what_is_not_there_is_refused(circuits, fetch, wrong, told):
    config = circuits["with indices"]
    with pytest.raises(RequestError, match=told) as caught:
        fetch(config.parent, "sonata-get-edges", **{"path": str(config), "population": EDGES, **wrong})
    assert caught.value.code == INVALID_PARAMS


def test_too_many_edges_for_one_answer_are_refused_not_cut(circuits, fetch, monkeypatch):
    config = circuits["with indices"]
    found = answer("get-edges", str(config.parent), str(config), population=EDGES, sources=None, targets=None, names=[],
                   limit=None, first=0, count=None)  # fmt: skip
    assert found["result"]["count"] == COUNT
    monkeypatch.setattr("brayns_widget.protocol.answers.MAX_ANSWER", COUNT * 24 - 1)
    found = answer("get-edges", str(config.parent), str(config), population=EDGES, sources=None, targets=None, names=[],
                   limit=None, first=0, count=None)  # fmt: skip
    assert found["error"]["code"] == INVALID_PARAMS
    assert "ask for fewer edges" in found["error"]["message"]
