"""What a circuit holds, with what cannot be shown and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import libsonata
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.protocol.reasons import NO_PLACES
from brayns_widget.service.sonata.config import read_configuration
from brayns_widget.service.sonata.listing import Circuit
from tests.service.backend.asking import answer
from tests.service.sonata.files import write_edges, write_nodes

PLACED = {"x": [0.0, 1.0], "y": [0.0, 1.0]}


def circuit(folder: Path, **networks: Any) -> Circuit:
    path = folder / "circuit_config.json"
    path.write_text(json.dumps({"networks": {"nodes": [{"nodes_file": "n.h5"}], **networks}}))
    return Circuit(read_configuration(path)[0])


@pytest.mark.parametrize(
    ("attributes", "types", "kind", "reason"),
    [
        (PLACED, None, "biophysical", ""),
        (PLACED | {"model_type": ["virtual", "virtual"]}, None, "virtual", ""),
        (PLACED | {"model_type": ["virtual", "biophysical"]}, None, "biophysical", ""),
        ({"model_type": ["virtual", "virtual"]}, None, "virtual", NO_PLACES),
        (PLACED, "point_process", "point_process", ""),
        ({"age": [1, 2]}, "virtual", "virtual", NO_PLACES),
        (PLACED | {"model_type": ["", "virtual"]}, None, "virtual", ""),
        ({"positions": [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]}, "point_neuron", "point_neuron", ""),
    ],
)
def test_types_are_those_of_the_nodes(tmp_path: Path, attributes: Any, types: str | None, kind: str, reason: str):
    write_nodes(tmp_path / "n.h5", {"0": attributes})
    file = {"nodes_file": "n.h5"}
    if types:
        (tmp_path / "types.csv").write_text(f"node_type_id model_type\n0 {types}\n")
        file["node_types_file"] = "types.csv"
    (found,) = circuit(tmp_path, nodes=[file]).listed_nodes()
    assert (found.name, found.type, found.size, found.reason, found.error) == ("cells", kind, 2, reason, None)


def test_the_configurations_type_goes_before(tmp_path: Path):
    write_nodes(tmp_path / "n.h5", {"0": PLACED | {"model_type": ["virtual", "virtual"]}})
    nodes = [{"nodes_file": "n.h5", "populations": {"cells": {"type": "astrocyte"}}}]
    (found,) = circuit(tmp_path, nodes=nodes).listed_nodes()
    assert found.type == "astrocyte"


def test_vessels_have_places_of_their_own(tmp_path: Path):
    write_nodes(tmp_path / "n.h5", {"0": {"start_x": [0.0]}})
    nodes = [{"nodes_file": "n.h5", "populations": {"cells": {"type": "vasculature"}}}]
    (found,) = circuit(tmp_path, nodes=nodes).listed_nodes()
    assert (found.type, found.reason) == ("vasculature", "")


def test_files_that_cannot_be_read_harm_no_other(tmp_path: Path):
    write_nodes(tmp_path / "n.h5", {"0": PLACED})
    (tmp_path / "broken.h5").write_text("hello")
    write_edges(tmp_path / "e.h5", [0], [1])
    nodes = [{"nodes_file": "none.h5"}, {"nodes_file": "n.h5"}, {"nodes_file": "broken.h5", "populations": {"b": {}}}]
    edges = [{"edges_file": "none.h5"}, {"edges_file": "broken.h5", "populations": {"odd": {}}}, {"edges_file": "e.h5"}]
    found = circuit(tmp_path, nodes=nodes, edges=edges)
    broken, cells = found.listed_nodes()
    assert (cells.name, cells.size, cells.reason) == ("cells", 2, "")
    assert (broken.name, broken.size) == ("b", 0)
    assert str(tmp_path / "broken.h5") in broken.reason
    assert [edges.name for edges in found.listed_edges()] == ["joins"]
    problems = list(found.problems)
    assert len(problems) == 3
    for problem, words in zip(problems, ("A file of nodes", "A file of edges", "Edge population odd"), strict=True):
        assert problem.startswith(f"{words}")
    assert all(isinstance(error, RequestError) for error in found.errors)


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("edge_type_id", ("joins", 2, "axons", "cells")),
        ("target_node_id", None),
        ("target_node_id/node_population", ("joins", 2, "axons", "")),
        ("0", ("joins", 2, "axons", "cells")),
    ],
)
def test_edges_that_lack_a_part_harm_nothing(tmp_path: Path, indexed: bool, missing: str, expected: Any):
    write_nodes(tmp_path / "n.h5", {"0": PLACED})
    path = write_edges(tmp_path / "e.h5", [0, 1], [1, 0])
    if indexed:
        libsonata.EdgePopulation.write_indices(str(path), "joins", 2, 2)
    with h5py.File(path, "a") as file:
        dataset, _, attribute = missing.partition("/")
        if attribute:
            del file["edges/joins"][dataset].attrs[attribute]
        else:
            del file["edges/joins"][dataset]
    described = answer("contents", str(tmp_path), str(circuit(tmp_path, edges=[{"edges_file": "e.h5"}]).config.path))
    (cells,) = described["result"]["populations"]
    assert (cells["name"], cells["reason"]) == ("cells", "")
    found = [
        tuple(edges[key] for key in ("name", "size", "source", "target")) for edges in described["result"]["edges"]
    ]
    assert found == ([expected] if expected else [])
    assert len(described["result"]["notices"]) == (0 if expected else 1)


def test_nodes_without_types_are_listed(tmp_path: Path):
    write_nodes(tmp_path / "n.h5", {"0": PLACED}, node_type_id=None)
    (found,) = circuit(tmp_path).listed_nodes()
    assert (found.size, found.reason, found.error) == (2, "", None)


def test_a_type_that_makes_no_sense_harms_no_other(tmp_path: Path):
    for name in ("a", "b"):
        write_nodes(tmp_path / "n.h5", {"0": PLACED}, name=name)
    nodes = [{"nodes_file": "n.h5", "populations": {"a": {"type": 7}, "b": {}}}]
    odd, good = circuit(tmp_path, nodes=nodes).listed_nodes()
    assert (odd.name, odd.type, good.name, good.reason) == ("a", "", "b", "")
    assert "networks.nodes[0].populations.a.type in" in odd.reason


def test_what_libsonata_sees_only_later_stands_in_nobodys_way(tmp_path: Path):
    write_nodes(tmp_path / "n.h5", {"0": PLACED}, node_type_id=None)
    write_edges(tmp_path / "e.h5", [0], [1], change=lambda joins: joins["source_node_id"].attrs.clear())
    write_edges(tmp_path / "f.h5", [0], [1], change=lambda joins: joins.pop("source_node_id"))
    found = circuit(tmp_path, edges=[{"edges_file": "e.h5"}, {"edges_file": "f.h5", "populations": {"joins": {}}}])
    assert [(nodes.name, nodes.size, nodes.reason) for nodes in found.listed_nodes()] == [("cells", 2, "")]
    assert [(edges.name, edges.source, edges.target) for edges in found.listed_edges()] == [("joins", "", "cells")]


def test_that_it_cannot_be_read_is_said_once(tmp_path: Path):
    (tmp_path / "n.h5").write_bytes(b"")
    nodes = [{"nodes_file": "n.h5", "populations": {"cells": {}}}, {"nodes_file": "n.h5"}]
    found = circuit(tmp_path, nodes=nodes)
    said = [next(iter(found.listed_nodes())).reason, *found.problems]
    empty = f"{tmp_path / 'n.h5'} cannot be read: it is empty; copy or download it again"
    assert said == [f"Population cells: {empty}", f"A file of nodes: {empty}"]


def test_no_file_is_opened_that_may_not_be(tmp_path: Path):
    write_nodes(tmp_path / "n.h5", {"0": PLACED})
    write_edges(tmp_path / "e.h5", [0], [1])
    (tmp_path / "types.csv").write_text("node_type_id model_type\n0 virtual\n")
    nodes = [{"nodes_file": "n.h5", "node_types_file": "types.csv"}]
    config = circuit(tmp_path, nodes=nodes, edges=[{"edges_file": "e.h5", "edge_types_file": "types.csv"}]).config

    def refuse(path: str) -> None:
        if Path(path).name in refused:
            raise RequestError(f"{path} is outside", code=-32602)

    for name in ("n.h5", "types.csv"):
        refused = {name}
        assert all(item.error for item in Circuit(config, refuse).listed_nodes())
        with pytest.raises((RequestError, KeyError)):
            Circuit(config, refuse).nodes("cells")
    for name in ("e.h5", "types.csv"):
        refused = {name}
        with pytest.raises((RequestError, KeyError)):
            Circuit(config, refuse).edges("joins")
