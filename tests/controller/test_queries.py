from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.controller.queries import Cells, parse
from brayns_widget.protocol.errors import QueryError

FRAME = pd.DataFrame(
    {
        "mtype": pd.Categorical(
            ["L4_PC", "L5_TPC:A", "L5_TPC:B", "L5_BC", "L4_PC"], ["L4_PC", "L5_BC", "L5_TPC:A", "L5_TPC:B", "X"]
        ),
        "layer": [4, 5, 5, 5, 4],
        "x": [0.0, 100.0, 150.0, 200.0, np.nan],
        "name": ["a", "b", None, "c", "a"],
        "flag": [True, False, True, False, False],
    }
)
CELLS = Cells(
    "cells",
    "biophysical",
    5,
    {str(name): FRAME[name] for name in FRAME},
    {"Some": np.array([1, 4]), "None": np.array([], np.int64)},
)


def find(query: Any) -> list[int]:
    mask, _ = parse(query).find(CELLS)
    found: list[int] = np.flatnonzero(mask).tolist()
    return found


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"mtype": "L4_PC"}, [0, 4]),
        ({"mtype": ["L4_PC", "L5_BC"]}, [0, 3, 4]),
        ({"mtype": []}, []),
        ({"mtype": {"$regex": "L5_TPC.*"}}, [1, 2]),
        ({"mtype": {"$regex": "L5"}}, []),  # all of the text has to match
        ({"mtype": {"$regex": "L5|L4_PC"}}, [0, 4]),
        ({"name": "a"}, [0, 4]),
        ({"name": {"$regex": ".*"}}, [0, 1, 3, 4]),  # one has no name
        ({"layer": 4}, [0, 4]),
        ({"layer": 4.0}, [0, 4]),
        ({"layer": np.int8(4)}, [0, 4]),
        ({"layer": [4, 6]}, [0, 4]),
        ({"layer": np.array([5])}, [1, 2, 3]),
        ({"layer": {5}}, [1, 2, 3]),
        ({"layer": pd.Series([5, 6])}, [1, 2, 3]),
        ({"layer": {"$gt": 4}}, [1, 2, 3]),
        ({"flag": True}, [0, 2]),
        ({"x": 100}, [1]),
        ({"x": [100, 150]}, [1, 2]),
        ({"x": (100, 150.0)}, [1, 2]),
        ({"x": {"$gt": 100}}, [2, 3]),
        ({"x": {"$gte": 100, "$lt": 200}}, [1, 2]),
        ({"x": {"$lte": 0}}, [0]),
        ({"node_id": 2}, [2]),
        ({"node_id": [4, 2]}, [2, 4]),
        ({"node_id": []}, []),
        ({"node_id": FRAME["layer"] == 4}, [0, 4]),
        ({"$node_set": "Some"}, [1, 4]),
        ({"$node_set": "None"}, []),
        ({"population": "cells"}, [0, 1, 2, 3, 4]),
        ({"population": ["a", "cells"], "layer": 4}, [0, 4]),
        ({"population": "other"}, []),
        ({"population_type": "biophysical", "layer": 4}, [0, 4]),
        ({"population_type": ["virtual"]}, []),
        ({"layer": 5, "x": {"$gt": 100}, "mtype": {"$regex": ".*TPC.*"}}, [2]),
        ({"$and": [{"layer": 5}, {"x": [0, 150]}]}, [1, 2]),
        ({"$or": [{"layer": 4}, {"x": 200}]}, [0, 3, 4]),
        ({"$or": [{"layer": 4}, {"x": 200}], "$node_set": "Some"}, [4]),
        ({"$or": []}, []),
        ({"$and": []}, [0, 1, 2, 3, 4]),
        ({"$or": [{"$and": [{"layer": 5}, {"$or": [{"x": 100}, {"x": 200}]}]}, {"node_id": 0}]}, [0, 1, 3]),
        # What is asked of another population is no matter here.
        ({"$or": [{"population": "other", "node_id": 99}, {"population": "cells", "node_id": 3}]}, [3]),
    ],
)
def test_the_grammar(query, ids):
    assert find(query) == ids


@pytest.mark.parametrize(
    ("query", "place", "problem"),
    [
        ([], "", "not a dictionary"),
        ("All", "", "not a dictionary"),
        ({4: 1}, "/4", "4 is no name of an attribute"),
        ({"x": {"$gtt": 1}}, "/x", r"'\$gtt' is no operator\. Did you mean '\$gt'\?"),
        ({"x": {}}, "/x", "compared with nothing"),
        ({"x": {"gt": 1}}, "/x", "is no operator"),
        ({"x": {"$gt": "1"}}, "/x", r"\$gt takes a number, not '1'"),
        ({"x": {"$gt": [1]}}, "/x", "takes a number"),
        ({"x": {"$gt": True}}, "/x", "takes a number"),
        ({"x": {"$gt": float("nan")}}, "/x", "takes a number"),
        ({"x": None}, "/x", "compared with None"),
        ({"x": [1, None]}, "/x", "compared with None"),
        ({"x": float("nan")}, "/x", "compared with nan"),
        ({"mtype": {"$regex": "("}}, "/mtype", r"'\(' is no regular expression: missing \)"),
        ({"mtype": {"$regex": 4}}, "/mtype", "no regular expression"),
        ({"$regex": "a"}, "/$regex", "stands behind an attribute"),
        ({"$orr": []}, "/$orr", r"Did you mean '\$or'\?"),
        ({"$or": {"layer": 4}}, "/$or", "not a list of queries"),
        ({"$and": [4]}, "/$and", "not a list of queries"),
        ({"$node_set": ["a"]}, "/$node_set", "not the name of a node set"),
        ({"population": 4}, "/population", "neither a name nor a list"),
        ({"edge_id": 4}, "/edge_id", "Use node_id"),
        ({"node_id": [0, 1.5]}, "/node_id", r"node_id\[1\] is 1\.5"),
        ({"$and": [{"layer": 4}, {"$or": [{"a/b~c": {"$x": 1}}]}]}, "/$and/1/$or/0/a~1b~0c", "is no operator"),
    ],
)
def test_mistakes_are_told_with_their_place_before_anything_is_read(query, place, problem):
    with pytest.raises(QueryError, match=problem) as caught:
        parse(query)
    assert caught.value.place == place


def test_a_query_that_never_ends_is_refused():
    query: dict[str, Any] = {}
    query["$and"] = [query]
    with pytest.raises(QueryError, match="nested deeper than 50 times"):
        parse(query)


@pytest.mark.parametrize(
    ("query", "place", "problem"),
    [
        ({"mtype": {"$gt": 1}}, "/mtype", r"mtype has texts, and \$gt compares numbers"),
        ({"x": {"$regex": "1"}}, "/x", r"x has numbers, and \$regex matches texts"),
        ({"layer": "4"}, "/layer", "layer has numbers, and '4' is a text"),
        ({"x": [1, 2, 3]}, "/x", r"a list is a range: \[lowest, highest\].*\$or"),
        ({"x": [1]}, "/x", "a list is a range"),
        ({"$or": [{"node_id": [0, 5]}]}, "/$or/0/node_id", r"node_id\[1\] is 5, but population 'cells' has 5 cells"),
    ],
)
def test_what_does_not_go_with_the_values_is_told_with_its_place(query, place, problem):
    with pytest.raises(QueryError, match=problem) as caught:
        find(query)
    assert caught.value.place == place


@pytest.mark.parametrize(
    ("query", "place", "text"),
    [
        ({"mtype": "L5_TPC"}, "/mtype", "No cell has the mtype 'L5_TPC'. Did you mean 'L5_TPC:B'?"),
        ({"$or": [{"mtype": ["L4_PC", "nope"]}]}, "/$or/0/mtype", "No cell has the mtype 'nope'. There are 'L4_PC',"),
        ({"name": 4}, "/name", "No cell has the name 4."),
        ({"mtype": {"$regex": "L5_TPC"}}, "/mtype", "No mtype matches 'L5_TPC'. Did you mean 'L5_TPC:B'?"),
        ({"layer": 3}, "/layer", "No cell has such a layer; it goes from 4 to 5."),
    ],
)
def test_values_that_no_cell_has_are_remarked(query, place, text):
    (remark,) = parse(query).find(CELLS)[1]
    assert remark.place == place
    assert remark.text.startswith(text)


def test_what_a_query_names_is_known_before_it_is_read():
    query = parse({"$or": [{"mtype": "a", "$node_set": "A"}, {"x": 1, "node_id": 3, "population": "p"}], "x": 2})
    assert query.attributes == {"mtype": ("$or", 0, "mtype"), "x": ("$or", 1, "x")}
    assert query.node_sets == {"A": ("$or", 0, "$node_set")}
    assert query.only_node_set is None
    assert parse({"$node_set": "A"}).only_node_set == "A"
    assert parse(query) is query


# --- against a plain evaluation, cell by cell ---

VALUES = {
    "mtype": st.sampled_from(["L4_PC", "L5_BC", "L5_TPC:A", "nope"]),
    "layer": st.integers(3, 6),
    "x": st.sampled_from([0.0, 100.0, 150.0, 175.5]),
}
RULES = {
    "mtype": VALUES["mtype"]
    | st.lists(VALUES["mtype"], max_size=3)
    | st.fixed_dictionaries({"$regex": st.sampled_from(["L5.*", ".*PC", "L4_P.", ".*"])}),
    "layer": VALUES["layer"] | st.lists(VALUES["layer"], max_size=3),
    "x": st.tuples(VALUES["x"], VALUES["x"]),
}
for name in ("layer", "x"):
    RULES[name] |= st.dictionaries(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), VALUES[name], min_size=1)
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        **RULES,
        "node_id": st.lists(st.integers(0, 4), max_size=3),
        "$node_set": st.sampled_from(["Some", "None"]),
        "population": st.sampled_from(["cells", "other"]),
    },
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {}, optional={"$and": st.lists(inner, max_size=3), "$or": st.lists(inner, max_size=3)}
    ),
    max_leaves=8,
)


def satisfies(node: int, query: dict[str, Any]) -> bool:
    return all(_entry(node, key, value) for key, value in query.items())


def _entry(node: int, key: str, value: Any) -> bool:
    match key:
        case "$and":
            return all(satisfies(node, part) for part in value)
        case "$or":
            return any(satisfies(node, part) for part in value)
        case "node_id":
            return node in value
        case "$node_set":
            return node in CELLS.node_sets[value]
        case "population":
            return bool(value == "cells")
    own = FRAME[key][node]
    if isinstance(value, dict):
        checks = {
            "$regex": lambda limit: re.fullmatch(limit, own) is not None,
            "$gt": lambda limit: own > limit,
            "$gte": lambda limit: own >= limit,
            "$lt": lambda limit: own < limit,
            "$lte": lambda limit: own <= limit,
        }
        return all(checks[operator](limit) for operator, limit in value.items())
    if key == "x":
        return bool(value[0] <= own <= value[1])
    return own in value if isinstance(value, list) else bool(own == value)


@given(QUERIES)
def test_every_query_finds_what_it_says(query):
    assert find(query) == [node for node in range(5) if satisfies(node, query)]


@pytest.mark.data
def test_bluepysnap_itself_finds_the_same(data_dir: Path):
    bluepysnap = pytest.importorskip("bluepysnap")
    circuit = bluepysnap.Circuit(str(data_dir / "tiny_circuits/N_10__top_nodes_dim6/circuit_config.json"))
    nodes = circuit.nodes["S1nonbarrel_neurons"]
    frame = nodes.get()
    low, high = sorted(frame["x"])[2:7:4]
    queries: list[dict[str, Any]] = [
        {"mtype": "L23_CHC"},
        {"mtype": ["L23_CHC", "L6_BPC"]},
        {"mtype": {"$regex": "L6.*"}},
        {"mtype": {"$regex": "L6"}},
        {"x": (low, high)},
        {"x": [low, high]},
        {"layer": "3"},
        {"layer": [3]},
        {"node_id": [1, 3]},
        {"node_id": []},
        {"population": nodes.name, "population_type": ["biophysical"]},
        {"population": "other"},
        {"$node_set": "Excitatory", "mtype": "L6_BPC"},
        {"$or": [{"$and": [{"node_id": [0, 1, 2]}, {"x": (low, high)}]}, {"node_id": 5}]},
        {"$or": []},
        {"$and": []},
        {},
    ]
    for content in queries:
        query = parse(content)
        columns = {name: frame[name] for name in query.attributes}
        sets = {name: np.asarray(nodes.ids(name)) for name in query.node_sets}
        mask, _ = query.find(Cells(nodes.name, nodes.type, nodes.size, columns, sets))
        assert np.flatnonzero(mask).tolist() == nodes.ids(content).tolist(), content
