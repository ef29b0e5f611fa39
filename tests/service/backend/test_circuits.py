"""What the child process tells of configurations, good and bad."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from brayns_widget.demo.sonata import EDGE_POPULATION, POPULATION
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS
from brayns_widget.service.sonata import config as configurations
from tests.service.backend.asking import answer


@pytest.fixture
def copy(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "copy"))


def edit(path: Path, change) -> str:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return str(path)


def error(reply):
    assert list(reply) == ["error"]
    assert reply["error"]["message"]
    return reply["error"]


def test_a_circuit(demo):
    config = str(demo / "circuit_config.json")
    reply = answer("populations", str(demo), config)
    size = reply["result"]["edges"][0].pop("size")
    assert size > 0
    assert reply["result"] == {
        "populations": [{"name": POPULATION, "type": "biophysical", "size": 4}],
        "reports": [],
        "edges": [{"name": EDGE_POPULATION, "source": POPULATION, "target": POPULATION}],
    }
    names = answer("node-sets", str(demo), config)["result"]["node_sets"]
    assert names == sorted(names)
    assert {"All", "Excitatory", "Layer5", "L23_PC"} <= set(names)


def test_a_simulation(demo):
    config = str(demo / "simulation_config.json")
    result = answer("populations", str(demo), config)["result"]
    assert [population["size"] for population in result["populations"]] == [4]
    assert result["reports"] == [
        {"type": "spikes", "name": "", "start": 0.0, "end": 50.0, "delta": 0.1, "unit": "ms", "cells": "All"},
        {
            "type": "compartment", "name": "compartment_voltage", "start": 0.0, "end": 50.0, "delta": 0.5,
            "unit": "mV", "cells": "Reported",
        },
        {
            "type": "compartment", "name": "soma_voltage", "start": 0.0, "end": 50.0, "delta": 0.2,
            "unit": "mV", "cells": "All",
        },
    ]  # fmt: skip
    assert answer("node-sets", str(demo), config) == answer("node-sets", str(demo), str(demo / "circuit_config.json"))


def test_a_disabled_report_is_not_told(copy):
    config = edit(copy / "simulation_config.json", lambda c: c["reports"]["soma_voltage"].update(enabled=False))
    reports = answer("populations", str(copy), config)["result"]["reports"]
    assert [report["name"] for report in reports] == ["", "compartment_voltage"]


@pytest.mark.parametrize("change", [{"reports": []}, {"run": 3}, {"run": {"tstop": "long"}}])
def test_reports_that_make_no_sense_do_not_hide_the_circuit(copy, change):
    config = edit(copy / "simulation_config.json", lambda c: c.update(change))
    found = answer("contents", str(copy), config)["result"]
    assert (len(found["populations"]), found["reports"][0]["type"]) == (1, "spikes")
    assert any(f"in {config} has the wrong type" in notice for notice in found["notices"])


def test_virtual_populations_are_left_out(copy):
    def change(config):
        config["networks"]["nodes"][0]["populations"][POPULATION] = {"type": "virtual"}

    config = edit(copy / "circuit_config.json", change)
    assert answer("populations", str(copy), config)["result"]["populations"] == []
    (listed,) = answer("contents", str(copy), config)["result"]["populations"]
    assert listed == {"name": POPULATION, "type": "virtual", "size": 4, "reason": ""}


def test_a_circuit_without_nodes(tmp_path):
    config = tmp_path / "empty.json"
    config.write_text('{"networks": {"nodes": [], "edges": []}}')
    assert answer("populations", str(tmp_path), str(config)) == {
        "result": {"populations": [], "reports": [], "edges": []}
    }
    assert answer("node-sets", str(tmp_path), str(config)) == {"result": {"node_sets": []}}


def test_a_missing_node_sets_file_counts_as_empty(copy):
    (copy / "node_sets.json").unlink()
    assert answer("node-sets", str(copy), str(copy / "circuit_config.json")) == {"result": {"node_sets": []}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"{",
        b"[]",
        b"[1, 2]",
        b'"networks"',
        b"null",
        b"{}",
        b"\xff\xfe\x00",
        b'{"networks": 5}',
        b'{"networks": {}}',
        b'{"networks": {"nodes": {}, "edges": 7}}',
        b'{"networks": {"nodes": [{"nodes_file": 5, "populations": {"a": {}}}], "edges": []}}',
        b'{"run": {}}',
        b'{"run": {"tstop": 1, "dt": 1, "random_seed": 1}}',  # of the circuit_config.json beside it, which is missing
        b"[" * 100_000,
        b"\x89HDF\r\n\x1a\n",
    ],
)
@pytest.mark.parametrize("question", ["populations", "node-sets"])
def test_garbage_is_an_error(content, question, tmp_path):
    config = tmp_path / "config.json"
    config.write_bytes(content)
    assert error(answer(question, str(tmp_path), str(config)))["code"] == INTERNAL_ERROR


def test_what_is_no_file_is_a_bad_parameter(tmp_path):
    assert error(answer("populations", str(tmp_path), str(tmp_path / "nothing")))["code"] == INVALID_PARAMS


def test_a_huge_configuration_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(configurations, "MAX_SIZE", 10)
    (tmp_path / "config.json").write_text('{"networks": {}}')
    assert "too large" in error(answer("populations", str(tmp_path), str(tmp_path / "config.json")))["message"]


@pytest.mark.parametrize("name", ["nodes.h5", "edges.h5"])
@pytest.mark.parametrize("damage", ["missing", "empty", "text", "half", "directory"])
def test_damaged_files(copy, name, damage):
    file = copy / name
    content = file.read_bytes()
    file.unlink()
    if damage == "directory":
        file.mkdir()
    elif damage != "missing":
        file.write_bytes({"empty": b"", "text": b"hello", "half": content[: len(content) // 2]}[damage])
    config = str(copy / "circuit_config.json")
    if name == "nodes.h5":
        found = error(answer("populations", str(copy), config))
        assert found["code"] == INTERNAL_ERROR
        assert str(copy) in found["message"]
        return
    # Edges that nobody asked for stand in nobody's way.
    result = answer("populations", str(copy), config)["result"]
    assert [population["name"] for population in result["populations"]] == [POPULATION]
    assert result["edges"] == []
    (notice,) = answer("contents", str(copy), config)["result"]["notices"]
    assert str(file) in notice
    assert EDGE_POPULATION in notice


@pytest.mark.parametrize("damage", ["missing", "text"])
def test_a_population_that_cannot_be_read_stands_in_nobodys_way(copy, damage):
    def change(config):
        config["networks"]["nodes"].append(
            {"nodes_file": "other.h5", "populations": {"other": {"type": "biophysical"}}}
        )

    if damage == "text":
        (copy / "other.h5").write_text("hello")
    config = edit(copy / "circuit_config.json", change)
    result = answer("populations", str(copy), config)["result"]
    assert [population["name"] for population in result["populations"]] == [POPULATION]
    found = {item["name"]: item for item in answer("contents", str(copy), config)["result"]["populations"]}
    assert found[POPULATION] == {"name": POPULATION, "type": "biophysical", "size": 4, "reason": ""}
    assert "other.h5" in found["other"]["reason"]


def test_a_population_that_is_not_in_its_file(copy):
    def change(config):
        populations = config["networks"]["nodes"][0]["populations"]
        populations["other"] = populations.pop(POPULATION)

    config = edit(copy / "circuit_config.json", change)
    assert error(answer("populations", str(copy), config))["code"] == INTERNAL_ERROR


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_instead_of_nodes_is_not_waited_for(copy):
    (copy / "nodes.h5").unlink()
    os.mkfifo(copy / "nodes.h5")
    found = error(answer("populations", str(copy), str(copy / "circuit_config.json")))
    assert found["code"] == INTERNAL_ERROR
    assert "not a regular file" in found["message"]


# --- configurations that point out of the base directory ---


def test_a_population_outside_is_refused(copy, demo):
    def change(config):
        config["networks"]["nodes"][0]["nodes_file"] = str(demo / "nodes.h5")

    config = edit(copy / "circuit_config.json", change)
    found = error(answer("populations", str(copy), config))
    assert found["code"] == INVALID_PARAMS
    assert "outside" in found["message"]


def test_edges_outside_are_not_read(copy, demo):
    def change(config):
        config["networks"]["edges"][0]["edges_file"] = str(demo / "edges.h5")

    config = edit(copy / "circuit_config.json", change)
    result = answer("contents", str(copy), config)["result"]
    assert result["edges"] == []
    assert "outside" in result["notices"][0]


def test_a_types_file_outside_is_refused(copy, demo):
    (demo.parent / "types.csv").write_text("node_type_id\n0\n")
    config = edit(
        copy / "circuit_config.json",
        lambda c: c["networks"]["nodes"][0].update(node_types_file=str(demo.parent / "types.csv")),
    )
    assert error(answer("populations", str(copy), config))["code"] == INVALID_PARAMS


@pytest.mark.parametrize("name", ["circuit_config.json", "simulation_config.json"])
def test_node_sets_outside_are_refused(copy, demo, name):
    config = edit(copy / name, lambda c: c.update(node_sets_file=str(demo / "node_sets.json")))
    assert error(answer("node-sets", str(copy), config))["code"] == INVALID_PARAMS


@pytest.mark.parametrize("question", ["populations", "node-sets"])
def test_a_circuit_outside_is_refused(copy, demo, question):
    config = edit(copy / "simulation_config.json", lambda c: c.update(network=str(demo / "circuit_config.json")))
    assert error(answer(question, str(copy), config))["code"] == INVALID_PARAMS


def test_dots_and_manifests_do_not_help(copy, demo):
    def change(config):
        config["manifest"] = {"$BASE_DIR": os.path.relpath(demo, copy)}

    config = edit(copy / "circuit_config.json", change)
    assert error(answer("populations", str(copy), config))["code"] == INVALID_PARAMS
    assert "result" in answer("populations", os.path.commonpath([copy, demo]), config)


def test_a_link_to_nodes_outside_is_refused(copy, demo):
    (copy / "nodes.h5").unlink()
    try:
        (copy / "nodes.h5").symlink_to(demo / "nodes.h5")
    except OSError:
        pytest.skip("this system lets us make no symbolic links")
    found = error(answer("populations", str(copy), str(copy / "circuit_config.json")))
    assert found["code"] == INVALID_PARAMS
