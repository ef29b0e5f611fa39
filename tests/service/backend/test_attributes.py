"""Attributes of nodes: written to a small file, read through the backend."""

from __future__ import annotations

import json
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller.cells import to_frame
from brayns_widget.demo.sonata import POPULATION
from brayns_widget.protocol import answers
from brayns_widget.protocol.backend import NodeAttributesResult
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from tests.service.backend.asking import answer

TEXT = h5py.string_dtype()

MTYPES = ["L1_DAC", "L23_PC", "L1_DAC", "é", ""]
FLAGS = [True, False, True, True, False]
COLUMNS: dict[str, list[Any]] = {
    "depth": [0.5, np.nan, -1.0, np.inf, 1e300],
    "age": [1, -2, 3, 2**40, 0],
    "level": [7, 8, 9, 10, 255],
    "mtype": MTYPES,
    "flag": [int(flag) for flag in FLAGS],
    "layer": ["5", "1", "5", "5", "1"],
    "holding": [1.5, 2.5, 3.5, 4.5, 5.5],
    "@dynamics:depth": [9.0, 8.0, 7.0, 6.0, 5.0],
}


def write(folder, nodes=None, size=5, kind="point_neuron"):
    """Write a circuit with the population "cells"; ``nodes`` adds to the group of its attributes."""
    with h5py.File(folder / "nodes.h5", "w") as file:
        population = file.create_group("nodes/cells")
        population["node_type_id"] = np.zeros(size, np.int64)
        group = population.create_group("0")
        if nodes is not None:
            nodes(group)
    config = {
        "networks": {"nodes": [{"nodes_file": "nodes.h5", "populations": {"cells": {"type": kind}}}], "edges": []}
    }
    (folder / "circuit.json").write_text(json.dumps(config))
    return str(folder / "circuit.json")


def all_kinds(group):
    group["depth"] = np.array(COLUMNS["depth"])
    group["age"] = np.array(COLUMNS["age"])
    group["level"] = np.array(COLUMNS["level"], np.uint8)
    group["mtype"] = np.array(MTYPES, dtype=TEXT)
    group["layer"] = np.array([1, 0, 3, 1, 0], np.uint32)
    group["@library/layer"] = np.array(["1", "5", "unused", "5"], dtype=TEXT)
    group["dynamics_params/holding"] = np.array(COLUMNS["holding"], np.float32)
    group["dynamics_params/depth"] = np.array(COLUMNS["@dynamics:depth"])
    group["flag"] = np.array(FLAGS)
    group["grid"] = np.zeros((5, 2))


@pytest.fixture
def config(tmp_path):
    return write(tmp_path, all_kinds)


@pytest.fixture
def frame(tmp_path, config, fetch):
    def read(ids=None, **params):
        if ids is not None:
            params["ids"] = ids
        result, payload = fetch(tmp_path, "sonata-get-node-attributes", path=config, population="cells", **params)
        return to_frame(NodeAttributesResult.model_validate(result), payload, ids)

    return read


# --- lists ---


def test_attributes_are_listed_with_their_types(tmp_path, config, call):
    assert call(tmp_path, "sonata-list-node-attributes", path=config, population="cells") == {
        "count": 5,
        "attributes": [
            {"name": "age", "type": "integer", "dynamics": False},
            {"name": "depth", "type": "float", "dynamics": False},
            {"name": "flag", "type": "integer", "dynamics": False},
            {"name": "layer", "type": "string", "dynamics": False, "color_method": "layer"},
            {"name": "level", "type": "integer", "dynamics": False},
            {"name": "mtype", "type": "string", "dynamics": False, "color_method": "mtype"},
            {"name": "@dynamics:depth", "type": "float", "dynamics": True},
            {"name": "holding", "type": "float", "dynamics": True},
        ],
        "left_out": ["grid"],
    }


def test_a_list_of_the_demo_tells_how_its_cells_can_be_colored(demo, call):
    config = str(demo / "circuit_config.json")
    found = call(demo, "sonata-list-node-attributes", path=config, population=POPULATION)
    methods = {attribute["name"]: attribute.get("color_method") for attribute in found["attributes"]}
    assert methods["mtype"] == "mtype"
    assert methods["synapse_class"] == "synapse class"
    assert methods["x"] is None
    simulation = str(demo / "simulation_config.json")
    assert call(demo, "sonata-list-node-attributes", path=simulation, population=POPULATION) == found


# --- values ---


def test_all_attributes_of_all_nodes(frame):
    read = frame()
    assert read.index.name == "node_id"
    assert read.index.tolist() == [0, 1, 2, 3, 4]
    assert list(read) == ["age", "depth", "flag", "layer", "level", "mtype", "@dynamics:depth", "holding"]
    for name, column in COLUMNS.items():
        np.testing.assert_array_equal(read[name].to_numpy(), column)
    assert read.dtypes["depth"] == np.float64
    assert read.dtypes["level"] == np.int64
    assert list(read["mtype"].cat.categories) == ["", "L1_DAC", "L23_PC", "é"]
    assert list(read["layer"].cat.categories) == ["1", "5", "unused"], "the library's, each once"


@pytest.mark.parametrize("ids", [[3], [4, 0, 2], [1, 1, 0, 1], [], list(range(5))])
def test_nodes_come_in_the_order_of_their_ids(frame, ids):
    read = frame(ids)
    assert read.index.tolist() == ids
    for name, column in COLUMNS.items():
        np.testing.assert_array_equal(read[name].to_numpy(), [column[node] for node in ids])


def test_names_choose_and_order_the_columns(frame):
    read = frame(names=["mtype", "holding", "age", "@dynamics:depth"])
    assert list(read) == ["mtype", "holding", "age", "@dynamics:depth"]
    assert read.loc[3].tolist() == ["é", 4.5, 2**40, 6.0]
    assert list(frame(names=[])) == []
    assert len(frame(names=[])) == 5


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"names": ["mtype", "nothing"]}, INVALID_PARAMS, "no attribute 'nothing'; it has age, depth, flag, layer"),
        ({"names": ["grid"]}, INTERNAL_ERROR, "'grid' of population 'cells' cannot be read: its shape is"),
        ({"ids": [0, 5]}, INVALID_PARAMS, "Node id 5 is not in population 'cells', which has 5 nodes"),
        ({"ids": [2**70]}, INVALID_PARAMS, "is not in population"),
        ({"ids": [-1]}, INVALID_PARAMS, "Invalid params"),
        ({"ids": [0.5]}, INVALID_PARAMS, "Invalid params"),
        ({"ids": "all"}, INVALID_PARAMS, "Invalid params"),
        ({"population": "nothing"}, INVALID_PARAMS, "no node population 'nothing' in .*; there are 'cells'"),
        ({"population": None}, INVALID_PARAMS, "Invalid params"),
        ({"other": 1}, INVALID_PARAMS, "Invalid params"),
    ],
)
def test_what_is_not_there_is_an_error(tmp_path, config, fetch, params, code, message):
    with pytest.raises(RequestError, match=message) as caught:
        fetch(tmp_path, "sonata-get-node-attributes", **{"path": config, "population": "cells", **params})
    assert caught.value.code == code


def test_a_circuit_without_nodes_has_no_population(tmp_path):
    (tmp_path / "circuit.json").write_text('{"networks": {"nodes": [], "edges": []}}')
    reply = answer("node-attributes", str(tmp_path), str(tmp_path / "circuit.json"), population="cells")
    assert "there is none" in reply["error"]["message"]


@pytest.mark.parametrize("size", [0, 1])
def test_populations_without_nodes_or_attributes(tmp_path, fetch, call, size):
    config = write(tmp_path, size=size)
    listed = call(tmp_path, "sonata-list-node-attributes", path=config, population="cells")
    assert listed == {"count": size, "attributes": [], "left_out": []}
    read, payload = fetch(tmp_path, "sonata-get-node-attributes", path=config, population="cells")
    assert read == {"count": size, "attributes": []}
    assert payload == b""


def test_virtual_populations_have_attributes_too(tmp_path, call):
    config = write(tmp_path, all_kinds, kind="virtual")
    assert call(tmp_path, "sonata-list-populations", path=config)["populations"] == []
    assert call(tmp_path, "sonata-list-node-attributes", path=config, population="cells")["count"] == 5


def test_ids_may_be_many(tmp_path, fetch):
    count = 30_000  # more than pipes hold

    def numbered(group):
        group["number"] = np.arange(count)
        group["text"] = np.array([str(number) for number in range(count)], dtype=TEXT)

    config = write(tmp_path, numbered, size=count)
    ids = np.random.default_rng(0).permutation(count).tolist()
    result, payload = fetch(tmp_path, "sonata-get-node-attributes", path=config, population="cells", ids=ids)
    read = to_frame(NodeAttributesResult.model_validate(result), payload, ids)
    assert (read["number"] == read.index).all()
    assert (read["text"].astype(str) == read.index.astype(str)).all()


def test_an_answer_that_is_too_large_is_refused_before_it_is_read(config, tmp_path, monkeypatch):
    def ask(**params):
        return answer("get-node-attributes", str(tmp_path), config, **{"population": "cells", "ids": None, **params})

    monkeypatch.setattr(answers, "MAX_ANSWER", 40)
    assert "result" in ask(names=["age"])
    for params in ({"names": ["age", "depth"]}, {"names": None}, {"names": ["mtype", "layer"]}):
        assert ask(**params)["error"]["code"] == INVALID_PARAMS
        assert "fewer attributes, nodes or edges" in ask(**params)["error"]["message"]
    assert "result" in ask(names=["age", "depth"], ids=[0, 1])


def test_files_outside_the_base_directory_are_not_read(tmp_path, config, call):
    inner = tmp_path / "inner"
    inner.mkdir()
    content = json.loads((tmp_path / "circuit.json").read_text())
    content["networks"]["nodes"][0]["nodes_file"] = "../nodes.h5"
    (inner / "circuit.json").write_text(json.dumps(content))
    for path in (str(inner / "circuit.json"), config):
        for method in ("sonata-list-node-attributes", "sonata-get-node-attributes"):
            with pytest.raises(RequestError, match="outside") as caught:
                call(inner, method, path=path, population="cells")
            assert caught.value.code == INVALID_PARAMS


# --- damage ---


def points_beyond(group):
    group["layer"] = np.array([0, 1, 2, 1, 0], np.uint32)
    group["@library/layer"] = np.array(["1", "5"], dtype=TEXT)


def no_text(group):
    group["mtype"] = np.array([b"a", b"\xff\xfe", b"c", b"d", b"e"], dtype=TEXT)


@pytest.mark.parametrize("damage", [points_beyond, no_text])
def test_damage_is_an_error(tmp_path, damage):
    config = write(tmp_path, damage)
    reply = answer("get-node-attributes", str(tmp_path), config, population="cells", ids=None, names=None)
    assert reply["error"]["code"] == INTERNAL_ERROR
    assert "circuit.json" in reply["error"]["message"] or "'cells'" in reply["error"]["message"]


def test_an_attribute_that_is_too_short_stands_in_nobodys_way(tmp_path):
    def short(group):
        group["depth"] = np.zeros(3)
        group["age"] = np.arange(5)

    config = write(tmp_path, short)
    ask = {"population": "cells", "ids": None}
    assert answer("node-attributes", str(tmp_path), config, population="cells")["result"]["left_out"] == ["depth"]
    found = answer("get-node-attributes", str(tmp_path), config, **ask, names=None)["result"]
    assert [attribute["name"] for attribute in found["attributes"]] == ["age"]
    reply = answer("get-node-attributes", str(tmp_path), config, **ask, names=["depth"])
    assert (
        "'depth' of population 'cells' cannot be read: it has 3 values, but 5 are needed" in reply["error"]["message"]
    )


@pytest.mark.parametrize("method", ["sonata-list-node-attributes", "sonata-get-node-attributes"])
def test_garbage_is_an_error(tmp_path, config, call, method):
    (tmp_path / "nodes.h5").write_bytes((tmp_path / "nodes.h5").read_bytes()[:1000])
    with pytest.raises(RequestError, match=r"nodes\.h5") as caught:
        call(tmp_path, method, path=config, population="cells")
    assert caught.value.code == INTERNAL_ERROR


# --- real circuits ---


def test_attributes_of_a_real_circuit(data_dir, fetch, call):
    config = str(data_dir / "tiny_circuits" / "N_10__top_nodes_dim6" / "circuit_config.json")
    wanted = {"path": config, "population": "S1nonbarrel_neurons"}
    listed = call(data_dir, "sonata-list-node-attributes", **wanted)
    assert listed["count"] == 10
    assert listed["left_out"] == []
    result, payload = fetch(data_dir, "sonata-get-node-attributes", **wanted)
    read = to_frame(NodeAttributesResult.model_validate(result), payload)
    assert list(read) == [attribute["name"] for attribute in listed["attributes"]]
    with h5py.File(data_dir / "tiny_circuits" / "N_10__top_nodes_dim6" / "S1nonbarrel_neurons" / "nodes.h5") as file:
        group = file["nodes/S1nonbarrel_neurons/0"]
        np.testing.assert_array_equal(read["x"], group["x"][:])
        np.testing.assert_array_equal(read["holding_current"], group["dynamics_params/holding_current"][:])
        stored = group["mtype"][:]
        if stored.dtype.kind in "iu":
            stored = group["@library/mtype"][:][stored]
        assert read["mtype"].tolist() == [name.decode() for name in stored]
    assert isinstance(read["mtype"].dtype, pd.CategoricalDtype)
